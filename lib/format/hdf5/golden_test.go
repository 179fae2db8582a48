package hdf5

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npz"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

type entry struct {
	Path, Kind, Dtype, Key string
	Shape, Chunks          []int
	MaxShape               []*int
	Members                []string
	Shuffle                bool
	Compression            *string
	Value                  json.RawMessage
	Attrs                  map[string]struct {
		Value json.RawMessage
		Dtype string
		Shape []int
	}
}

// Every object, attribute and value of every file of the group, as h5py wrote
// them with the oldest and the latest structures of the format.
func TestGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "files/hdf5") {
		t.Run(c.Name, func(t *testing.T) {
			f, err := Open(c.Path())
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var contents []entry
			if err := json.Unmarshal(c.Contents, &contents); err != nil {
				t.Fatal(err)
			}
			z, err := npz.Open(path.Join(path.Dir(c.Path()), path.Base(c.Expected)))
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			listed := map[string]bool{}
			for _, e := range contents {
				listed[e.Path] = true
				compareObject(t, f, z, e)
			}
			root, err := f.Root()
			if err != nil {
				t.Fatal(err)
			}
			err = root.Walk(func(o Object) error {
				if !listed[o.Path()] {
					t.Errorf("%s is in the file and not in the index", o.Path())
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func compareObject(t *testing.T, f *File, z *npz.Reader, e entry) {
	t.Helper()
	o, err := f.Object(e.Path)
	if err != nil {
		t.Error(err)
		return
	}
	attrs, err := o.Attrs()
	if err != nil {
		t.Error(err)
	}
	if len(attrs) != len(e.Attrs) {
		t.Errorf("%s: %d attributes, want %d", e.Path, len(attrs), len(e.Attrs))
	}
	for _, a := range attrs {
		w, ok := e.Attrs[a.Name]
		if !ok {
			t.Errorf("%s: attribute %q is not in the index", e.Path, a.Name)
			continue
		}
		if fmt.Sprint(a.Shape) != fmt.Sprint(w.Shape) {
			t.Errorf("%s: attribute %q of shape %v, want %v", e.Path, a.Name, a.Shape, w.Shape)
		}
		if w.Dtype == "string" {
			got, err := a.Strings()
			compareStrings(t, e.Path+"@"+a.Name, got, err, w.Value)
			continue
		}
		got, err := a.Float64s()
		if a.Dtype.String() != w.Dtype || err != nil {
			t.Errorf("%s: attribute %q is %v, want %s (%v)", e.Path, a.Name, a.Dtype, w.Dtype, err)
		}
		compareJSON(t, e.Path+"@"+a.Name, got, w.Value)
	}
	switch o := o.(type) {
	case *Group:
		if e.Kind != "group" || !slices.Equal(o.Names(), sorted(e.Members)) {
			t.Errorf("%s: a group of %v, want a %s of %v", e.Path, o.Names(), e.Kind, e.Members)
		}
	case *Dataset:
		if e.Kind != "dataset" {
			t.Errorf("%s: a dataset, want a %s", e.Path, e.Kind)
			return
		}
		compareDataset(t, z, o, e)
	default:
		t.Errorf("%s: a %T", e.Path, o)
	}
}

func sorted(v []string) []string {
	v = slices.Clone(v)
	slices.Sort(v)
	return v
}

func compareDataset(t *testing.T, z *npz.Reader, d *Dataset, e entry) {
	t.Helper()
	if fmt.Sprint(d.Shape) != fmt.Sprint(e.Shape) || fmt.Sprint(d.Chunk) != fmt.Sprint(e.Chunks) {
		t.Errorf("%s: shape %v in chunks %v, want %v in %v", e.Path, d.Shape, d.Chunk, e.Shape, e.Chunks)
		return
	}
	for i, m := range e.MaxShape {
		want := -1
		if m != nil {
			want = *m
		}
		if d.MaxShape[i] != want {
			t.Errorf("%s: largest shape %v, dimension %d should be %d", e.Path, d.MaxShape, i, want)
		}
	}
	if gzip := e.Compression != nil && *e.Compression == "gzip"; gzip != slices.Contains(d.Filters, filterDeflate) ||
		e.Shuffle != slices.Contains(d.Filters, filterShuffle) {
		t.Errorf("%s: filters %v, want gzip %v, shuffle %v", e.Path, d.Filters, gzip, e.Shuffle)
	}
	if e.Dtype == "string" {
		got, err := d.Strings()
		compareStrings(t, e.Path, got, err, e.Value)
		return
	}
	if d.Dtype.String() != e.Dtype {
		t.Errorf("%s: %v, want %s", e.Path, d.Dtype, e.Dtype)
	}
	if e.Key == "" {
		got, err := d.Float64s()
		if err != nil {
			t.Error(err)
		}
		compareJSON(t, e.Path, got, e.Value)
		return
	}
	compareArray(t, z, d, e)
	compareRows(t, d)
}

func compareStrings(t *testing.T, what string, got []string, err error, want json.RawMessage) {
	t.Helper()
	var one string
	var many []string
	if json.Unmarshal(want, &one) == nil {
		many = []string{one}
	} else if err := json.Unmarshal(want, &many); err != nil {
		t.Fatal(err)
	}
	if err != nil || !slices.Equal(got, many) {
		t.Errorf("%s: %q, want %q (%v)", what, got, many, err)
	}
}

func compareJSON(t *testing.T, what string, got []float64, want json.RawMessage) {
	t.Helper()
	var one float64
	var many []float64
	if json.Unmarshal(want, &one) == nil {
		many = []float64{one}
	} else if err := json.Unmarshal(want, &many); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !slices.Equal(got, many) {
		t.Errorf("%s: %v, want %v", what, got, many)
	}
}

// compareArray compares with the .npz, in C order and native byte order there.
func compareArray(t *testing.T, z *npz.Reader, d *Dataset, e entry) {
	t.Helper()
	name := e.Key + ".npy"
	if z.Header(name) == nil {
		name = e.Key
	}
	h := z.Header(name)
	if h == nil || h.Descr.Fortran && len(e.Shape) > 1 {
		t.Fatalf("%s: no array %q in C order", e.Path, e.Key)
	}
	switch h.Descr.Type[1:] {
	case "f8":
		compareValues[float64](t, z, name, d, d.Float64s)
	case "f4":
		compareValues[float32](t, z, name, d, d.Float32s)
	case "u8":
		compareValues[uint64](t, z, name, d, d.Uint64s)
	case "i8":
		compareValues[int64](t, z, name, d, d.Int64s)
	case "i4":
		compareInts[int32](t, z, name, d)
	case "i2":
		compareInts[int16](t, z, name, d)
	case "i1":
		compareInts[int8](t, z, name, d)
	case "u4":
		compareInts[uint32](t, z, name, d)
	case "u2":
		compareInts[uint16](t, z, name, d)
	case "u1":
		compareInts[uint8](t, z, name, d)
	default:
		t.Errorf("%s: dtype %s is not one that this test knows", e.Path, h.Descr.Type)
	}
}

func readNPZ[T any](t *testing.T, z *npz.Reader, name string, d *Dataset) []T {
	t.Helper()
	if d.Len() == 0 {
		return nil
	}
	if len(d.Shape) == 0 {
		v := make([]T, 1)
		if err := z.Read(name, &v[0]); err != nil {
			t.Fatal(err)
		}
		return v
	}
	var v []T
	if err := z.Read(name, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func compareValues[T float32 | float64 | int64 | uint64](t *testing.T, z *npz.Reader, name string, d *Dataset, read func() ([]T, error)) {
	t.Helper()
	want := readNPZ[T](t, z, name, d)
	got, err := read()
	if err != nil || len(got) != len(want) {
		t.Errorf("%s: %d values, want %d (%v)", d.Path(), len(got), len(want), err)
		return
	}
	for i, w := range want {
		if g := got[i]; g != w && !(g != g && w != w) {
			t.Errorf("%s: value %d is %v, want %v", d.Path(), i, g, w)
			return
		}
	}
}

func compareInts[T int8 | int16 | int32 | uint8 | uint16 | uint32](t *testing.T, z *npz.Reader, name string, d *Dataset) {
	t.Helper()
	want := readNPZ[T](t, z, name, d)
	got, err := d.Int64s()
	if err != nil || len(got) != len(want) {
		t.Errorf("%s: %d values, want %d (%v)", d.Path(), len(got), len(want), err)
		return
	}
	for i, w := range want {
		if got[i] != int64(w) {
			t.Errorf("%s: value %d is %v, want %v", d.Path(), i, got[i], w)
			return
		}
	}
}

// compareRows reads rows in parts, from the ends and the middle, against all at once.
func compareRows(t *testing.T, d *Dataset) {
	t.Helper()
	all, err := d.Float64s()
	if err != nil {
		t.Error(err)
		return
	}
	n, w := d.Rows(), d.RowLen()
	for _, r := range [][2]int{{0, min(1, n)}, {n / 2, n / 2}, {n / 3, n}, {min(1, n), max(n-1, min(1, n))}, {n / 2, min(n/2+2, n)}} {
		got, err := d.Float64Rows(r[0], r[1])
		if err != nil || !equal(got, all[r[0]*w:r[1]*w]) {
			t.Errorf("%s: rows %v differ from the same rows of the whole (%v)", d.Path(), r, err)
		}
	}
}

func equal(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// The checksum is Bob Jenkins' published one: driver5 of lookup3.c.
func TestLookup3(t *testing.T) {
	for _, c := range []struct {
		text string
		want uint32
	}{{"", 0xdeadbeef}, {"Four score and seven years ago", 0x17770551}} {
		if got := lookup3([]byte(c.text)); got != c.want {
			t.Errorf("%q: %08x, want %08x", c.text, got, c.want)
		}
	}
}

func TestFilters(t *testing.T) {
	b := []byte("abcdefghijklm")
	s := shuffle(b, 4)
	if string(s[:12]) != "aeibfjcgkdhl" || s[12] != 'm' {
		t.Errorf("shuffled: %q", s)
	}
	if got, err := unshuffle(s, 4); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("unshuffled: %q %v", got, err)
	}
	// The 16-bit sums of the usual definition: "abcde" little-endian gives
	// F04FC729; HDF5 takes words big-endian, so the pairs are swapped here.
	if got := fletcher32([]byte("badc\x00e")); got != 0xF04FC729 {
		t.Errorf("Fletcher-32: %08x", got)
	}
	sum := make([]byte, 4)
	binary.LittleEndian.PutUint32(sum, fletcher32(b))
	if _, err := unfletcher(append(slices.Clone(b), sum...)); err != nil {
		t.Error(err)
	}
	sum[0] ^= 1
	if _, err := unfletcher(append(slices.Clone(b), sum...)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a wrong checksum: %v", err)
	}
}
