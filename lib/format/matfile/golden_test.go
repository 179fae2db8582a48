package matfile

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npz"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// Every array of every file of the group, value for value: written by SciPy, and
// in MATLAB's own manner (spec/06, trap 12). Nothing in the files may be left
// over either.
func TestGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "files/mat") {
		t.Run(c.Name, func(t *testing.T) {
			f, err := Read(c.Path())
			if err != nil {
				t.Fatal(err)
			}
			expected := filepath.Join(filepath.Dir(c.Path()), filepath.Base(c.Expected))
			z, err := npz.Open(expected)
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			var contents []struct {
				Path, Kind, Dtype, Key string
				Shape                  []int
				Length                 *int
				Value                  json.RawMessage
			}
			if err := json.Unmarshal(c.Contents, &contents); err != nil {
				t.Fatal(err)
			}
			leaves := 0
			for _, want := range contents {
				a, err := f.Get(want.Path)
				if err != nil {
					t.Error(err)
					continue
				}
				switch want.Kind {
				case "cell", "struct array":
					if want.Length != nil && a.Len() != *want.Length {
						t.Errorf("%s: %v, want length %d", want.Path, a, *want.Length)
					}
					if is := a.Class == Cell; is != (want.Kind == "cell") {
						t.Errorf("%s: %v, want %s", want.Path, a, want.Kind)
					}
				case "char":
					leaves++
					var s string
					var lines []string
					if json.Unmarshal(want.Value, &s) != nil {
						if err := json.Unmarshal(want.Value, &lines); err != nil {
							t.Fatal(err)
						}
						s = strings.Join(lines, "\n")
					}
					if a.Class != Char || a.Text != s {
						t.Errorf("%s: %v, want %q", want.Path, a, s)
					}
				default:
					leaves++
					compareNumbers(t, z, want.Key, want.Dtype, want.Shape, a)
				}
			}
			n := 0
			for _, name := range f.Names {
				n += countLeaves(f.Vars[name])
			}
			if n != leaves {
				t.Errorf("%d numeric and char arrays read, the index lists %d", n, leaves)
			}
		})
	}
}

func countLeaves(a *Array) int {
	n := 0
	switch a.Class {
	case Cell:
		for _, c := range a.Cells {
			n += countLeaves(c)
		}
	case Struct:
		for _, vs := range a.Struct {
			for _, v := range vs {
				n += countLeaves(v)
			}
		}
	default:
		n = 1
	}
	return n
}

var classOf = map[string]Class{"f8": Double, "c16": Double, "f4": Single, "c8": Single, "b1": Uint8,
	"i1": Int8, "i2": Int16, "i4": Int32, "i8": Int64, "u1": Uint8, "u2": Uint16, "u4": Uint32, "u8": Uint64}

func compareNumbers(t *testing.T, z *npz.Reader, key, dtype string, shape []int, a *Array) {
	t.Helper()
	if a.Class != classOf[dtype[1:]] || a.Logical != (dtype == "|b1") || fmt.Sprint(a.Dims) != fmt.Sprint(shape) {
		t.Errorf("%s: %v, want %s %v", key, a, dtype, shape)
		return
	}
	if (a.Imag != nil) != (dtype[1] == 'c') {
		t.Errorf("%s: complex %v, want %s", key, a.Imag != nil, dtype)
	}
	name := key + ".npy"
	if z.Header(name) == nil {
		name = key
	}
	h := z.Header(name)
	if h == nil {
		t.Errorf("%s: the expected file has no such array", key)
		return
	}
	// The expected arrays are in C order unless their header says otherwise.
	at := func(k int) int {
		if h.Descr.Fortran {
			return k
		}
		c := 0
		for d, n := range shape {
			stride := 1
			for _, m := range shape[:d] {
				stride *= m
			}
			c = c*n + k/stride%n
		}
		return c
	}
	read := func(v any) {
		t.Helper()
		if err := z.Read(name, v); err != nil {
			t.Fatal(err)
		}
	}
	bad := func(k int, got, want any) {
		t.Helper()
		t.Errorf("%s: element %d is %v, want %v", key, k, got, want)
	}
	switch h.Descr.Type[1:] {
	case "i8":
		var w []int64
		read(&w)
		for k := range a.Real {
			if x := w[at(k)]; a.Ints == nil && a.Real[k] != float64(x) || a.Ints != nil && a.Ints[k] != x {
				bad(k, a.Real[k], x)
			}
		}
	case "u8":
		var w []uint64
		read(&w)
		for k := range a.Real {
			if x := w[at(k)]; a.Uints == nil && a.Real[k] != float64(x) || a.Uints != nil && a.Uints[k] != x {
				bad(k, a.Real[k], x)
			}
		}
	case "c16":
		var w []complex128
		read(&w)
		for k := range a.Real {
			if x := w[at(k)]; x != complex(a.Real[k], a.Imag[k]) {
				bad(k, complex(a.Real[k], a.Imag[k]), x)
			}
		}
	case "c8":
		var w []complex64
		read(&w)
		for k := range a.Real {
			if x := w[at(k)]; complex128(x) != complex(a.Real[k], a.Imag[k]) {
				bad(k, complex(a.Real[k], a.Imag[k]), x)
			}
		}
	default:
		w := readFloats(t, z, name, h.Descr.Type[1:])
		if len(w) != len(a.Real) {
			t.Errorf("%s: %d values, want %d", key, len(a.Real), len(w))
			return
		}
		for k, x := range a.Real {
			if y := w[at(k)]; x != y && !(math.IsNaN(x) && math.IsNaN(y)) || math.Signbit(x) != math.Signbit(y) {
				bad(k, x, y)
			}
		}
	}
}

func readFloats(t *testing.T, z *npz.Reader, name, dtype string) []float64 {
	t.Helper()
	switch dtype {
	case "f8":
		return readAs[float64](t, z, name)
	case "f4":
		return readAs[float32](t, z, name)
	case "i4":
		return readAs[int32](t, z, name)
	case "i2":
		return readAs[int16](t, z, name)
	case "i1":
		return readAs[int8](t, z, name)
	case "u4":
		return readAs[uint32](t, z, name)
	case "u2":
		return readAs[uint16](t, z, name)
	case "u1":
		return readAs[uint8](t, z, name)
	}
	t.Fatalf("%s: dtype %s is not one that this test knows", name, dtype)
	return nil
}

func readAs[T int8 | int16 | int32 | uint8 | uint16 | uint32 | float32 | float64](t *testing.T, z *npz.Reader, name string) []float64 {
	t.Helper()
	var v []T
	if err := z.Read(name, &v); err != nil {
		t.Fatal(err)
	}
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}

// The pen strokes: 2858 cells of [3,T], labels 1 to 20 and the letters
// (characters/SOURCE.txt).
func TestCharacters(t *testing.T) {
	for _, path := range golden.Glob(t, "characters", "*.mat") {
		f, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		mix := f.Vars["mixout"]
		if mix == nil || mix.Class != Cell || mix.Len() == 0 {
			t.Fatalf("%s: mixout is %v, want cells", path, mix)
		}
		for i, c := range mix.Cells {
			if c.Class != Double || c.Rows() != 3 || c.Cols() < 2 {
				t.Fatalf("%s: mixout{%d} is %v, want 3 rows of doubles", path, i, c)
			}
		}
		labels, key := f.Vars["charlabels"], f.Vars["key"]
		if consts := f.Vars["consts"]; consts != nil { // the layout of mixoutALL_shifted.mat
			labels, key = consts.Field("charlabels"), consts.Field("key")
		}
		if labels == nil || labels.Len() != mix.Len() {
			t.Fatalf("%s: charlabels is %v, want %d", path, labels, mix.Len())
		}
		for i, l := range labels.Real {
			if l < 1 || int(l) > key.Len() || l != math.Trunc(l) {
				t.Fatalf("%s: label %d is %v of %d letters", path, i, l, key.Len())
			}
		}
	}
}

// The recording: counts, position and velocity of one length; position is the
// integral of velocity over 50 ms bins almost everywhere (recordings/SOURCE.txt).
func TestRecording(t *testing.T) {
	for _, path := range golden.Glob(t, "recordings", "*.mat") {
		f, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		spikes, pos, vel := f.Vars["spikes"], f.Vars["pos"], f.Vars["vel"]
		if spikes == nil || pos == nil || vel == nil {
			t.Fatalf("%s: variables %v, want spikes, pos, vel", path, f.Names)
		}
		bins := spikes.Rows()
		if pos.Rows() != bins || vel.Rows() != bins || pos.Cols() != 2 || vel.Cols() != 2 {
			t.Fatalf("%s: spikes %v, pos %v, vel %v", path, spikes, pos, vel)
		}
		joined := 0
		for i := 1; i < bins; i++ {
			dx := pos.At(i, 0) - pos.At(i-1, 0) - 0.05*vel.At(i, 0)
			dy := pos.At(i, 1) - pos.At(i-1, 1) - 0.05*vel.At(i, 1)
			if math.Hypot(dx, dy) > 0.5 {
				joined++
			}
		}
		if joined > bins/50 {
			t.Errorf("%s: %d of %d steps are not the velocity's", path, joined, bins)
		}
	}
}

func BenchmarkReadRecording(b *testing.B) {
	path := golden.Glob(b, "recordings", "*.mat")[0]
	for b.Loop() {
		if _, err := Read(path); err != nil {
			b.Fatal(err)
		}
	}
}
