package hdf5

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sample writes a file with all that the writer can do: the paper's layout of
// spec/01, 2.9, and values of every type. step is how many rows go into a call.
func sample(t *testing.T, path string, gzip, rows, step int) {
	t.Helper()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	spindle, err := w.Dataset("/spindle_info", Spec{Dtype: "<f4", Row: []int{3, 5, 2}, Gzip: gzip})
	check(err)
	label, err := w.Dataset("label", Spec{Dtype: "<i8", ChunkRows: 8, Gzip: gzip, Shuffle: true})
	check(err)
	for i := 0; i < rows; i += step {
		n := min(step, rows-i)
		x, l := make([]float32, 30*n), make([]int64, n)
		for j := range x {
			x[j] = float32(30*i+j) / 7
		}
		for j := range l {
			l[j] = int64(i+j)*1e12 - 3
		}
		check(spindle.Append(x))
		check(label.Append(l))
	}
	_, err = w.Dataset("/g/none", Spec{Dtype: "<f8", Row: []int{4}, Gzip: gzip})
	check(err)
	check(w.Write("/train_data_mean", []float64{1.5, math.NaN(), -3, math.Inf(1), 5, 6}, 3, 2))
	check(w.Write("/g/h/names", []string{"Snap", "", "café", strings.Repeat("long ", 2000)}))
	check(w.Write("/scalar", 2.5))
	check(w.Write("/text", "one string"))
	check(w.Write("/empty", []float32{}, 0, 3))
	check(w.Write("/flags", []bool{true, false, true}))
	check(w.Write("/i1", []int8{-1, 2}))
	check(w.Write("/i2", []int16{-300, 2}))
	check(w.Write("/i4", []int32{-70000, 2}))
	check(w.Write("/i8", []int{-1 << 60, 2}))
	check(w.Write("/u1", []uint8{200, 2}))
	check(w.Write("/u2", []uint16{60000, 2}))
	check(w.Write("/u4", []uint32{4e9, 2}))
	check(w.Write("/u8", []uint64{1 << 63, 2}))
	check(w.Group("/g/empty"))
	for i := range 300 {
		check(w.Write(fmt.Sprintf("/many/d%03d", i), []int64{int64(i)}))
	}
	check(w.Attr("/", "rate", 100.0))
	check(w.Attr("/", "rate", 101.0)) // set again
	check(w.Attr("spindle_info", "unit", "mm"))
	check(w.Attr("spindle_info", "names", []string{"length", "velocity"}))
	check(w.Attr("/g/h", "n", 7))
	check(w.Attr("/g/h", "list", []int64{1, 2, 3}))
	check(w.Attr("/g/h", "ok", true))
	for i := range 20 {
		check(w.Attr("/g", fmt.Sprintf("a%02d", i), float64(i)/2))
	}
	check(w.Close())
}

// What is written is read, by our own reader, for row counts on both sides of
// the limits of a chunk (8 rows), of a node (64 chunks) and of a tree of two
// levels (4096).
func TestRoundTrip(t *testing.T) {
	for _, rows := range []int{0, 1, 7, 8, 9, 64, 65, 200, 4097} {
		for _, gzip := range []int{0, 4} {
			if gzip == 0 && rows > 200 {
				continue
			}
			path := filepath.Join(t.TempDir(), "a.h5")
			sample(t, path, gzip, rows, 37)
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			d := mustDataset(t, f, "/spindle_info")
			x, err := d.Float32s()
			if want := []int{rows, 3, 5, 2}; err != nil || !reflect.DeepEqual(d.Shape, want) || d.MaxShape[0] != -1 || len(x) != 30*rows {
				t.Fatalf("%d rows: shape %v of %v, %d values, want %v (%v)", rows, d.Shape, d.MaxShape, len(x), want, err)
			}
			for i, v := range x {
				if v != float32(i)/7 {
					t.Fatalf("%d rows: value %d is %v, want %v", rows, i, v, float32(i)/7)
				}
			}
			l, err := mustDataset(t, f, "label").Int64s()
			if err != nil || len(l) != rows {
				t.Fatalf("%d labels, want %d (%v)", len(l), rows, err)
			}
			for i, v := range l {
				if v != int64(i)*1e12-3 {
					t.Fatalf("label %d is %d", i, v)
				}
			}
			names, err := mustDataset(t, f, "/g/h/names").Strings()
			if want := []string{"Snap", "", "café", strings.Repeat("long ", 2000)}; err != nil || !reflect.DeepEqual(names, want) {
				t.Errorf("names %q (%v)", names, err)
			}
			u8, err := mustDataset(t, f, "u8").Uint64s()
			if err != nil || u8[0] != 1<<63 {
				t.Errorf("u8 %v (%v)", u8, err)
			}
			flags := mustDataset(t, f, "flags")
			b, err := flags.Int64s()
			if err != nil || flags.Dtype.String() != "|b1" || !reflect.DeepEqual(b, []int64{1, 0, 1}) {
				t.Errorf("flags %v %v (%v)", flags.Dtype, b, err)
			}
			g, err := f.Group("/g")
			if err != nil {
				t.Fatal(err)
			}
			attrs, err := g.Attrs()
			if err != nil || len(attrs) != 20 {
				t.Errorf("%d attributes, want 20 (%v)", len(attrs), err)
			}
			a, err := mustDataset(t, f, "spindle_info").Attr("unit")
			if err != nil {
				t.Fatal(err)
			}
			if unit, err := a.Text(); unit != "mm" || err != nil {
				t.Errorf("unit %q (%v)", unit, err)
			}
		}
	}
}

func mustDataset(t *testing.T, f *File, path string) *Dataset {
	t.Helper()
	d, err := f.Dataset(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// How rows are divided among calls does not show in the file.
func TestSameBytes(t *testing.T) {
	x := make([]float32, 6*1000)
	for i := range x {
		x[i] = float32(i % 91)
	}
	var first []byte
	for _, step := range []int{1, 5, 8, 1000} {
		path := filepath.Join(t.TempDir(), "a.h5")
		w, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		a, err := w.Dataset("/x", Spec{Dtype: "<f4", Row: []int{2, 3}, ChunkRows: 8, Gzip: 6, Shuffle: true})
		for i := 0; i < 1000 && err == nil; i += step {
			err = a.Append(x[6*i : 6*min(i+step, 1000)])
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			t.Errorf("%d rows a call give another file than one", step)
		}
	}
}

// The uncompressed sample as h5py 3.16 on HDF5 2.0.0 and h5py 3.8 on HDF5 1.12.2
// read it, value for value (testdata/check.py): where the digest is still the
// same, so is what they read. TestH5py asks again where there is an h5py.
func TestDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.h5")
	sample(t, path, 0, 200, 13)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	const want = "ffd69d145c4eb8513f77dd86b8e45b456de54b7e794772ec39411db1b9c3d34a"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("digest %s, want %s: if the writer was meant to change, run testdata/check.py on its file and put the new digest here", got, want)
	}
}

// pythonEnv names the Python that has h5py, for tests against it.
const pythonEnv = "SPINDLE_PYTHON"

func python(t *testing.T) string {
	t.Helper()
	py := os.Getenv(pythonEnv)
	if py == "" {
		py = "python3"
	}
	if err := exec.Command(py, "-c", "import h5py").Run(); err != nil {
		t.Skipf("%s has no h5py; set %s to a Python that has", py, pythonEnv)
	}
	return py
}

// h5py reads what we write.
func TestH5py(t *testing.T) {
	py := python(t)
	for _, rows := range []int{0, 1, 200, 4097} {
		for _, gzip := range []int{0, 9} {
			path := filepath.Join(t.TempDir(), "a.h5")
			sample(t, path, gzip, rows, 37)
			out, err := exec.Command(py, filepath.Join("testdata", "check.py"), path, fmt.Sprint(rows)).CombinedOutput()
			if err != nil {
				t.Errorf("%d rows, deflate %d: %v\n%s", rows, gzip, err, out)
			}
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.h5")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Dataset("/x", Spec{Dtype: "<f4", Row: []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{a.Append([]float64{1, 2}), "expected <f4"},
		{a.Append([]float32{1, 2, 3}), "whole rows"},
		{w.Write("/x", 1.0), "one already"},
		{w.Write("/x/y", 1.0), "expected a group"},
		{w.Write("/y", []float64{1, 2}, 3), "2 values for shape [3]"},
		{w.Write("/y", []float64{1, 2}, -1, -2), "shape"},
		{w.Write("/y", map[string]int{}), "cannot be written"},
		{w.Write("/", 1.0), "no name"},
		{w.Attr("/nobody", "a", 1.0), "no such object"},
		{w.Attr("/x", "a", make([]float64, 10000)), "60000 bytes"},
		{second(w.Dataset("/z", Spec{Dtype: "f4"})), "dtype"},
		{second(w.Dataset("/z", Spec{Dtype: "<f8", Row: []int{1 << 20, 1 << 20}})), "1 GiB"},
		{second(w.Dataset("/z", Spec{Dtype: "<f8", Row: []int{1 << 40}, ChunkRows: 1 << 30})), "1 GiB"},
		{second(w.Dataset("/z", Spec{Dtype: "<f8", Gzip: 10})), "level"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || !strings.HasPrefix(c.err.Error(), "hdf5: ") {
			t.Errorf("%v, want %q", c.err, c.want)
		}
	}
	w.Abort()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("Abort leaves %v", left)
	}
	if _, err := Create(filepath.Join(path, "\x00")); err == nil {
		t.Error("a path that cannot be made is made")
	}
}

func second[T any](_ T, err error) error { return err }
