package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// Every array of every file of the group, of both kinds, as NumPy wrote them.
// The expected files hold little-endian numbers in C order, booleans as uint8.
func TestGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "files/npy") {
		t.Run(c.Name, func(t *testing.T) {
			arrays := map[string]*Array{}
			var err error
			if filepath.Ext(c.File) == ".npz" {
				arrays, err = ReadNPZ(c.Path())
			} else {
				arrays["data"], err = Read(c.Path())
			}
			if err != nil {
				t.Fatal(err)
			}
			var contents []struct {
				Path, Kind string
				Value      []string
			}
			if err := json.Unmarshal(c.Contents, &contents); err != nil {
				t.Fatal(err)
			}
			strung := false
			for _, w := range contents {
				if w.Kind != "char" {
					continue
				}
				strung = true
				got, err := arrays[w.Path].Strings()
				if err != nil || !slices.Equal(got, w.Value) {
					t.Errorf("%s: %q, want %q (%v)", w.Path, got, w.Value, err)
				}
			}
			for _, w := range c.Arrays {
				a := arrays[w.Name]
				if a == nil && strung && w.Name == "n" { // how many strings there are
					if n := arrays["data"].Len(); float64(n) != c.Array(t, "n").Data[0] {
						t.Errorf("%d strings, want %v", n, c.Array(t, "n").Data)
					}
					continue
				}
				if a == nil || fmt.Sprint(a.Shape) != fmt.Sprint(w.Shape) {
					t.Errorf("%s: %v, want shape %v", w.Name, a, w.Shape)
					continue
				}
				got, err := a.Float64s()
				if err != nil {
					t.Error(err)
				}
				c.Compare(t, "float64", w.Name, got)
			}
			if !strung && len(arrays) != len(c.Arrays) {
				t.Errorf("%d arrays, want %d", len(arrays), len(c.Arrays))
			}
		})
	}
}

// file is a .npy file of a header and data.
func file(version byte, dict string, data []byte) []byte {
	b := append([]byte(magic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(append(b, dict...), data...)
}

func decode(b []byte) (*Array, error) {
	return Options{}.Decode(bytes.NewReader(b), int64(len(b)), "a.npy")
}

// Types and headers that the golden files lack. The bytes are those of NumPy's
// tobytes for the same values.
func TestTypes(t *testing.T) {
	for _, c := range []struct {
		descr string
		data  []byte
		want  any
	}{
		{"<f2", []byte{0x00, 0x3c, 0xff, 0x7b}, []float64{1, 65504}},
		{">i2", []byte{0xff, 0xfe, 0x00, 0x03}, []float64{-2, 3}},
		{"|i1", []byte{0xfe, 3}, []float64{-2, 3}},
		{"?", []byte{1, 0}, []float64{1, 0}},
		{"=u4", []byte{1, 0, 0, 0x80, 2, 0, 0, 0}, []float64{1<<31 + 1, 2}},
		{">c8", []byte{0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []complex128{1 - 2i, 0}},
		{"|S3", []byte("ab\x00cde"), []string{"ab", "cde"}},
		{">U2", []byte("\x00\x00\x00a\x00\x00\x00\x00\x00\x01\xf6\x00\x00\x00\x00b"), []string{"a", "😀b"}},
		{"|S0", nil, []string{"", ""}},
	} {
		a, err := decode(file(3, fmt.Sprintf(`{"shape":(2L,),'fortran_order' : True,'descr':'%s'}`, c.descr), c.data))
		if err != nil {
			t.Errorf("%s: %v", c.descr, err)
			continue
		}
		var got any
		switch c.want.(type) {
		case []float64:
			got, err = a.Float64s()
		case []complex128:
			got, err = a.Complex128s()
		default:
			got, err = a.Strings()
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v (%v)", c.descr, got, c.want, err)
		}
	}
	a, err := decode(file(1, "{'descr': '<u8', 'fortran_order': False, 'shape': (), }", []byte{0, 0, 0, 0, 0, 0, 0, 0x80}))
	if err != nil {
		t.Fatal(err)
	}
	if u, err := a.Uint64s(); err != nil || u[0] != 1<<63 {
		t.Errorf("%v (%v)", u, err)
	}
	for _, err := range []error{second(a.Int64s()), second(a.Strings()), second(a.Complex128s())} {
		if err == nil || !strings.HasPrefix(err.Error(), "npy: a.npy: ") {
			t.Errorf("a uint64 as another type: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for _, compress := range []bool{false, true} {
		path := filepath.Join(dir, "new", "a.npz")
		w, err := Create(path, compress)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			w.Write("trial_1/muscle_len", []float64{1, 2, 3, 4, 5, math.NaN()}, 3, 2),
			w.Write("f4", []float32{0.5}), w.Write("i8", []int64{-1 << 62}), w.Write("int", []int{7, 8}), w.Write("i4", []int32{-3}),
			w.Write("i2", []int16{-3}), w.Write("i1", []int8{-3}), w.Write("u8", []uint64{1 << 63}), w.Write("u4", []uint32{3}),
			w.Write("u2", []uint16{3}), w.Write("u1", []uint8{3}), w.Write("b", []bool{true, false}), w.Write("scalar", 2.5),
			w.Write("n", 3), w.Write("names", []string{"Snap", "", "café"}), w.Write("one", "text"), w.Write("empty", []float32{}, 0, 3),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			err  error
			want string
		}{
			{w.Write("n", 1), "a name of its own"}, {w.Write("", 1), "a name of its own"},
			{w.Write("x", []float64{1}, 2), "1 values for shape [2]"}, {w.Write("x", []float64{1, 2}, -1, -2), "shape"},
			{w.Write("x", 1.0, 1), "shape"}, {w.Write("x", struct{}{}), "cannot be written"}, {w.Write("x", []string{"a\xff"}), "UTF-8"},
		} {
			if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
				t.Errorf("%v, want %q", c.err, c.want)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		a, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if names := a.Names(); len(names) != 17 || names[0] != "trial_1/muscle_len" {
			t.Errorf("names %v", names)
		}
		for name, want := range map[string]string{"f4": "[] <f4 [0.5]", "i8": "[] <i8 [-4.611686018427388e+18]", "int": "[] <i8 [7 8]",
			"i4": "[] <i4 [-3]", "i2": "[] <i2 [-3]", "i1": "[] |i1 [-3]", "u8": "[] <u8 [9.223372036854775808e+18]", "u4": "[] <u4 [3]",
			"u2": "[] <u2 [3]", "u1": "[] |u1 [3]", "b": "[] |b1 [1 0]", "scalar": "[] <f8 [2.5]", "n": "[] <i8 [3]", "empty": "[0 3] <f4 []",
			"trial_1/muscle_len": "[3 2] <f8 [1 2 3 4 5 NaN]"} {
			v, err := a.Array(name)
			if err != nil {
				t.Error(err)
				continue
			}
			x, err := v.Float64s()
			shape := v.Shape
			if len(shape) == 1 {
				if shape[0] != len(x) {
					t.Errorf("%s: shape %v", name, shape)
				}
				shape = nil
			}
			got := fmt.Sprint(shape, " ", v.Dtype, " ", x)
			if err != nil || strings.ReplaceAll(got, "9.223372036854776e+18", "9.223372036854775808e+18") != want {
				t.Errorf("%s: %s, want %s (%v)", name, got, want, err)
			}
		}
		for name, want := range map[string][]string{"names": {"Snap", "", "café"}, "one": {"text"}} {
			v, err := a.Array(name)
			if err != nil {
				t.Fatal(err)
			}
			if s, err := v.Strings(); err != nil || !slices.Equal(s, want) {
				t.Errorf("%s: %q (%v)", name, s, err)
			}
		}
		if _, err := a.Array("nobody"); err == nil || !strings.Contains(err.Error(), "there are 17") {
			t.Errorf("an unknown array: %v", err)
		}
		a.Close()
	}
	path := filepath.Join(dir, "a.npy")
	if err := Write(path, []int16{1, 2, 3, 4, 5, 6}, 2, 3); err != nil {
		t.Fatal(err)
	}
	a, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := a.Int64s(); err != nil || !slices.Equal(v, []int64{1, 2, 3, 4, 5, 6}) || !slices.Equal(a.Shape, []int{2, 3}) {
		t.Errorf("%v %v (%v)", a.Shape, v, err)
	}
	w, err := Create(filepath.Join(dir, "gone.npz"), true)
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	left, err := filepath.Glob(filepath.Join(dir, "*gone*"))
	if err != nil || len(left) != 0 {
		t.Errorf("Abort leaves %v (%v)", left, err)
	}
}

// np.save(a) of np.arange(3, dtype='<i2') with NumPy 1.26 and 2.4: our bytes are its bytes.
func TestSameAsNumPy(t *testing.T) {
	want := "\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }"
	want += strings.Repeat(" ", 127-len(want)) + "\n\x00\x00\x01\x00\x02\x00"
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := Write(path, []int16{0, 1, 2}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%q, want %q (%v)", got, want, err)
	}
}

func TestBadInput(t *testing.T) {
	const good = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "header"},
		{"text", []byte("no array at all"), "not a .npy file"},
		{"version", file(9, good, make([]byte, 8)), "version 9"},
		{"header", append([]byte(magic), 2, 0, 0xff, 0xff, 0xff, 0xff, 1, 2), "header of 4294967295 bytes"},
		{"cut", file(1, good, make([]byte, 7)), "takes 8 bytes"},
		{"huge", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000), }", nil), "Options.MaxBytes"},
		{"overflow", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", nil), "Options.MaxBytes"},
		{"no width", file(1, "{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000,), }", nil), "Options.MaxBytes"},
		{"negative", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", nil), "not negative"},
		{"objects", file(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", make([]byte, 8)), "pickles"},
		{"structured", file(1, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", make([]byte, 8)), "structured"},
		{"float 16", file(1, "{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", make([]byte, 16)), "not read"},
		{"date", file(1, "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", make([]byte, 8)), "<M8"},
		{"order", file(1, "{'descr': '<f8', 'fortran_order': 1, 'shape': (1,), }", make([]byte, 8)), "True or False"},
		{"missing", file(1, "{'descr': '<f8', 'shape': (1,), }", make([]byte, 8)), "fortran_order"},
		{"twice", file(1, "{'descr': '<f8', 'descr': '<f8'}", nil), "twice"},
		{"foreign", file(1, "{'other': 1}", nil), "other"},
		{"code", file(1, "__import__('os')", nil), "expected '{'"},
		{"rest", file(1, good+"x", make([]byte, 8)), "follows"},
		{"rank", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': ("+strings.Repeat("1,", 65)+"), }", make([]byte, 8)), "at most 64"},
	} {
		if _, err := decode(c.file); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "npy: a.npy: ") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected a file") {
		t.Errorf("a folder: %v", err)
	}
	b := []byte("not a zip")
	if _, err := (Options{}).Archive(bytes.NewReader(b), int64(len(b)), "a.npz"); err == nil || !strings.Contains(err.Error(), "expected an .npz file") {
		t.Errorf("no archive: %v", err)
	}
}

// archive is a .npz of one array; size is what it says of its length, or -1.
func archive(t testing.TB, array []byte, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("x.npy")
	if err == nil {
		_, err = w.Write(array)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	out := b.Bytes()
	if size >= 0 { // in the central directory, 24 bytes after its signature
		at := bytes.LastIndex(out, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint32(out[at+24:], uint32(size))
	}
	return out
}

// Compressed arrays that lie: by their own size, by the archive's, by their checksum.
func TestBombs(t *testing.T) {
	read := func(o Options, b []byte) error {
		a, err := o.Archive(bytes.NewReader(b), int64(len(b)), "a.npz")
		if err != nil {
			return err
		}
		_, err = a.Array("x")
		return err
	}
	dict := "{'descr': '|u1', 'fortran_order': False, 'shape': (1048576,), }"
	whole := file(1, dict, make([]byte, 1<<20))
	if err := read(Options{}, archive(t, whole, -1)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		o    Options
		b    []byte
		want string
	}{
		"limit":    {Options{MaxBytes: 1 << 16}, archive(t, whole, -1), "Options.MaxBytes"},
		"claims":   {Options{}, archive(t, file(1, dict, make([]byte, 8)), math.MaxUint32-1), "say that they hold"},
		"short":    {Options{}, archive(t, file(1, dict, make([]byte, 8)), 1<<16), "are left"},
		"too long": {Options{}, archive(t, append(bytes.Clone(whole), 1), -1), "bytes follow"},
	} {
		if err := read(c.o, c.b); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "npy: a.npz: x: ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	stored := filepath.Join(t.TempDir(), "a.npz")
	w, err := Create(stored, false)
	if err == nil {
		err = w.Write("x", []uint8{1, 2, 3, 4, 5, 6, 7, 8})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte{1, 2, 3, 4, 5, 6})] ^= 1
	if err := read(Options{}, b); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a flipped bit: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2), }", make([]byte, 16)))
	f.Add(file(3, "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }", make([]byte, 16)))
	f.Add(file(2, "{'descr': '>c8', 'fortran_order': False, 'shape': (), }", make([]byte, 8)))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Options{MaxBytes: 1 << 16}.Decode(bytes.NewReader(b), int64(len(b)), "fuzz.npy")
		if err != nil {
			return
		}
		a.Float64s()
		a.Float32s()
		a.Int64s()
		a.Uint64s()
		a.Complex128s()
		a.Strings()
	})
}

func FuzzArchive(f *testing.F) {
	f.Add(archive(f, file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2), }", make([]byte, 16)), -1))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Options{MaxBytes: 1 << 16}.Archive(bytes.NewReader(b), int64(len(b)), "fuzz.npz")
		if err != nil {
			return
		}
		for _, name := range a.Names() {
			a.Array(name)
		}
	})
}

// An array written row by row is that written at once; a row that fails leaves
// no file behind.
func TestWriteRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.npz")
	all := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	w, err := Create(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteRows("rows", 2, []int{3, 2}, func(i int, dst []float32) error { copy(dst, all[6*i:]); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.Write("all", all, 2, 3, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteRows("none", 0, []int{3}, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteRows("large", 1<<40, []int{1 << 40}, nil); err == nil {
		t.Error("2^80 values accepted")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := ReadNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got["rows"].Shape, []int{2, 3, 2}) || !reflect.DeepEqual(got["rows"].data, got["all"].data) || got["none"].Len() != 0 {
		t.Errorf("read back %+v and %+v", got["rows"], got["none"])
	}
	broken := filepath.Join(t.TempDir(), "broken.npz")
	if w, err = Create(broken, false); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteRows("rows", 2, []int{3}, func(i int, _ []float32) error { return fmt.Errorf("row %d is gone", i) }); err == nil || !strings.Contains(err.Error(), "row 0 is gone") {
		t.Errorf("error %v", err)
	}
	w.Abort()
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(broken), "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
