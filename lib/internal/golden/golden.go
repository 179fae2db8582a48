// Package golden finds the reference data that tests compare with, and reads
// the golden vectors: index.json, which lists every case with its group, its
// arrays and its tolerances, and one .npz per case.
//
// The data lie in $SPINDLE_DATA, by default ../shared/data beside the module.
// A test that needs them calls [Dir], [Cases] or [Path]; where the data are
// absent it is skipped with one line, or fails if SPINDLE_REQUIRE_DATA is set,
// as it is in CI. Tests take every case of a group, of any length and shape,
// so that another folder of the same form runs through them unchanged.
package golden

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/sbinet/npyio/npz"

	"github.com/spindle-lab/spindle/lib/run"
)

// RequireEnv names the variable that turns a skip for want of data into a failure.
const RequireEnv = "SPINDLE_REQUIRE_DATA"

// Dir returns the data folder, or skips the test where there is none.
func Dir(t testing.TB) string {
	t.Helper()
	dir, ok := run.DataDir()
	if !ok {
		Missing(t, dir)
	}
	return dir
}

// Missing skips the test, or fails it where the data are required.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(RequireEnv) != "" {
		t.Fatalf("reference data missing: %s (and %s is set)", what, RequireEnv)
	}
	t.Skipf("reference data missing: %s; set %s to the data folder", what, run.DataEnv)
}

// Path returns the path of a file or folder in the data folder, or skips the
// test where it does not exist.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{Dir(t)}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		Missing(t, p)
	}
	return p
}

// Glob returns the files of the data folder that match, at least one, or skips the test.
func Glob(t testing.TB, elem ...string) []string {
	t.Helper()
	pattern := filepath.Join(append([]string{Dir(t)}, elem...)...)
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		Missing(t, pattern)
	}
	return files
}

// A Case is one entry of index.json.
type Case struct {
	Name     string
	File     string
	Expected string
	Group    string
	What     string
	Library  string
	Params   json.RawMessage
	Contents json.RawMessage
	Arrays   []struct {
		Name, Role, Dtype string
		Shape             []int
	}
	Tol   json.RawMessage
	Notes string

	dir    string
	arrays map[string]*Array
}

// Cases returns all cases of a group, at least one, or skips the test.
func Cases(t testing.TB, group string) []*Case {
	t.Helper()
	dir := filepath.Dir(Path(t, "golden", "index.json"))
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index struct{ Cases []*Case }
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatalf("index.json: %v", err)
	}
	var cs []*Case
	for _, c := range index.Cases {
		if c.Group == group {
			c.dir = dir
			cs = append(cs, c)
		}
	}
	if len(cs) == 0 {
		Missing(t, "golden group "+group)
	}
	return cs
}

// Path returns the path of the case's own file (for the files/* groups: the sample).
func (c *Case) Path() string { return filepath.Join(c.dir, filepath.FromSlash(c.File)) }

// Decode reads the case's params into v.
func (c *Case) Decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(c.Params, v); err != nil {
		t.Fatalf("%s: params: %v", c.Name, err)
	}
}

// Has tells whether the case holds an array of that name.
func (c *Case) Has(t testing.TB, name string) bool {
	t.Helper()
	c.load(t)
	_, ok := c.arrays[name]
	return ok
}

// Array returns an array of the case's .npz (or of its expected .npz).
func (c *Case) Array(t testing.TB, name string) *Array {
	t.Helper()
	c.load(t)
	a, ok := c.arrays[name]
	if !ok {
		t.Fatalf("%s: no array %q", c.Name, name)
	}
	return a
}

func (c *Case) load(t testing.TB) {
	t.Helper()
	if c.arrays != nil {
		return
	}
	file := c.File
	if c.Expected != "" {
		file = c.Expected
	}
	arrays, err := ReadNPZ(filepath.Join(c.dir, filepath.FromSlash(file)))
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	c.arrays = arrays
}

// Tolerance returns the tolerance of an array for "float64" or "float32": one
// number for the case, or one per array. Some are relative per entry instead
// ("relative 1e-9 per entry"): see [Case.PerEntry].
func (c *Case) Tolerance(t testing.TB, precision, array string) float64 {
	t.Helper()
	tol, _ := c.tolerance(t, precision, array)
	return tol
}

// PerEntry tells whether the tolerance of an array holds for each of its
// entries by itself, not for the array as a whole.
func (c *Case) PerEntry(t testing.TB, precision, array string) bool {
	t.Helper()
	_, each := c.tolerance(t, precision, array)
	return each
}

func (c *Case) tolerance(t testing.TB, precision, array string) (tol float64, perEntry bool) {
	t.Helper()
	var byPrecision map[string]json.RawMessage
	if err := json.Unmarshal(c.Tol, &byPrecision); err != nil {
		t.Fatalf("%s: tol: %v", c.Name, err)
	}
	raw := byPrecision[precision]
	var byArray map[string]json.RawMessage
	if json.Unmarshal(raw, &byArray) == nil && byArray != nil {
		raw = byArray[array]
	}
	if string(raw) != "null" && json.Unmarshal(raw, &tol) == nil {
		return tol, false
	}
	var words string
	if json.Unmarshal(raw, &words) == nil {
		if _, err := fmt.Sscanf(words, "relative %g per entry", &tol); err == nil {
			return tol, true
		}
	}
	t.Fatalf("%s: index.json gives no %s tolerance for %s", c.Name, precision, array)
	return 0, false
}

// Compare fails the test unless got is within the case's tolerance of the
// array: max|got−ref| ≤ tol·max|ref|, absolute where ref is all zero, NaN only
// where ref is NaN, an infinity only where ref has the same.
func (c *Case) Compare(t testing.TB, precision, array string, got []float64) {
	t.Helper()
	want := c.Array(t, array).Data
	tol, perEntry := c.tolerance(t, precision, array)
	if !perEntry {
		Close(t, c.Name+"/"+array, got, want, tol)
		return
	}
	if len(got) != len(want) {
		t.Errorf("%s/%s: %d values, want %d", c.Name, array, len(got), len(want))
		return
	}
	for i := range want {
		Close(t, fmt.Sprintf("%s/%s[%d]", c.Name, array, i), got[i:i+1], want[i:i+1], tol)
	}
}

// Close is Compare's rule for any pair of arrays.
func Close(t testing.TB, name string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(got), len(want))
		return
	}
	scale := 0.0
	for _, w := range want {
		if a := math.Abs(w); a > scale && !math.IsInf(w, 0) {
			scale = a
		}
	}
	if scale == 0 {
		scale = 1
	}
	worst, at := -1.0, -1
	for i, w := range want {
		g := got[i]
		switch {
		case math.IsNaN(w) != math.IsNaN(g), (math.IsInf(w, 0) || math.IsInf(g, 0)) && g != w:
			t.Errorf("%s: value %d is %v, want %v", name, i, g, w)
			return
		case math.IsNaN(w) || g == w:
		default:
			if d := math.Abs(g - w); d > worst {
				worst, at = d, i
			}
		}
	}
	if worst > tol*scale {
		t.Errorf("%s: value %d is %.17g, want %.17g: difference %.3g of max|ref| %.3g, tolerance %.3g relative",
			name, at, got[at], want[at], worst, scale, tol)
	}
}

// An Array is one array of an .npz, its values as float64 in C order.
type Array struct {
	Shape []int
	Dtype string // NumPy's, such as "<f8"
	Data  []float64
}

// Ints returns the values as ints.
func (a *Array) Ints() []int {
	v := make([]int, len(a.Data))
	for i, x := range a.Data {
		v[i] = int(x)
	}
	return v
}

// Float32 returns the values rounded to float32.
func (a *Array) Float32() []float32 {
	v := make([]float32, len(a.Data))
	for i, x := range a.Data {
		v[i] = float32(x)
	}
	return v
}

// ReadNPZ reads the numeric arrays of an .npz file; others (strings) are left out.
func ReadNPZ(path string) (map[string]*Array, error) {
	f, err := npz.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := make(map[string]*Array)
	for _, key := range f.Keys() {
		h := f.Header(key)
		if h == nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("no header for %s", key)}
		}
		data, err := readFloats(f, key, h.Descr.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, key, err)
		}
		if data == nil {
			continue
		}
		a := &Array{Shape: h.Descr.Shape, Dtype: h.Descr.Type, Data: data}
		if h.Descr.Fortran && len(a.Shape) > 1 {
			a.Data = cOrder(a.Data, a.Shape)
		}
		out[trimNPY(key)] = a
	}
	return out, nil
}

func trimNPY(key string) string {
	if ext := filepath.Ext(key); ext == ".npy" {
		return key[:len(key)-len(ext)]
	}
	return key
}

func cOrder(v []float64, shape []int) []float64 {
	out := make([]float64, len(v))
	idx := make([]int, len(shape))
	for i := range out {
		p, stride := 0, 1
		for d := range shape {
			p += idx[d] * stride
			stride *= shape[d]
		}
		out[i] = v[p]
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			if idx[d] < shape[d] {
				break
			}
			idx[d] = 0
		}
	}
	return out
}

func readFloats(f *npz.Reader, key, dtype string) ([]float64, error) {
	switch dtype[1:] {
	case "f8":
		return readAs[float64](f, key)
	case "f4":
		return readAs[float32](f, key)
	case "i8":
		return readAs[int64](f, key)
	case "i4":
		return readAs[int32](f, key)
	case "i2":
		return readAs[int16](f, key)
	case "i1":
		return readAs[int8](f, key)
	case "u8":
		return readAs[uint64](f, key)
	case "u4":
		return readAs[uint32](f, key)
	case "u2":
		return readAs[uint16](f, key)
	case "u1":
		return readAs[uint8](f, key)
	case "b1":
		var v []bool
		if err := f.Read(key, &v); err != nil {
			return nil, err
		}
		out := make([]float64, len(v))
		for i, b := range v {
			if b {
				out[i] = 1
			}
		}
		return out, nil
	}
	return nil, nil
}

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func readAs[T number](f *npz.Reader, key string) ([]float64, error) {
	var v []T
	if err := f.Read(key, &v); err != nil {
		return nil, err
	}
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out, nil
}
