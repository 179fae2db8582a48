package matfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func decode(b []byte) (*File, error) { return Decode(bytes.NewReader(b), int64(len(b)), "test.mat") }

func orders(t *testing.T, test func(t *testing.T, e encoder)) {
	t.Run("little", func(t *testing.T) { test(t, encoder{binary.LittleEndian}) })
	t.Run("big", func(t *testing.T) { test(t, encoder{binary.BigEndian}) })
}

// What SciPy's writer never makes, in both byte orders. The layouts follow
// MathWorks' MAT-File Format; the same reader was run over SciPy's own test
// files, which MATLAB 5.3 to 8 wrote on SPARC, Linux and Windows.
func TestEncoded(t *testing.T) {
	orders(t, func(t *testing.T, e encoder) {
		child := func(class int32, dims []int32, parts ...[]byte) []byte { return e.matrix("", class, dims, parts...) }
		huge := uint64(math.MaxUint64 - 1)
		f, err := decode(e.file(
			e.matrix("narrow", int32(Double), []int32{1, 3}, e.tag(miINT16, e.i16(-2, 300, 7))),
			e.compressed(e.matrix("small", int32(Double), []int32{1, 2}, e.small(miUINT8, []byte{3, 250}))),
			e.matrix("cplx", int32(Double)|flagComplex, []int32{2, 1}, e.tag(miDOUBLE, e.f64(1, 2)), e.small(miINT8, []byte{0xff, 4})),
			e.matrix("u64", int32(Uint64), []int32{1, 1}, e.tag(miUINT64, e.u64(huge))),
			e.matrix("i64", int32(Int64), []int32{1, 2}, e.small(miINT16, e.i16(-5, 6))),
			e.matrix("flag", int32(Uint8)|flagLogical|flagGlobal, []int32{1, 2}, e.small(miUINT8, []byte{1, 0})),
			e.matrix("text", int32(Char), []int32{2, 3}, e.tag(miUINT16, e.i16('a', 'd', 'b', 'e', 'c', 'é'))),
			e.matrix("emoji", int32(Char), []int32{1, 3}, e.tag(miUTF8, []byte("x😀"))),
			e.matrix("sparse", int32(Sparse), []int32{3, 2}, e.tag(miINT32, e.i32(2, 0)), e.tag(miINT32, e.i32(0, 1, 2)), e.tag(miDOUBLE, e.f64(5, 6))),
			e.matrix("lsparse", int32(Sparse)|flagLogical, []int32{3, 1}, e.small(miINT32, e.i32(1)), e.tag(miINT32, e.i32(0, 1)), e.small(miDOUBLE, []byte{1})),
			e.matrix("s", int32(Struct), []int32{1, 2}, e.small(miINT32, e.i32(8)), e.tag(miINT8, names(8, "pos", "tag")),
				child(int32(Double), []int32{1, 1}, e.tag(miDOUBLE, e.f64(1.5))), child(int32(Char), []int32{1, 1}, e.small(miUINT16, e.i16('R'))),
				e.tag(miMATRIX, nil), child(int32(Cell), []int32{1, 2}, e.tag(miMATRIX, nil), child(int32(Single), []int32{1, 1}, e.small(miUINT8, []byte{9})))),
			e.tag(miMATRIX, bytes.Join([][]byte{e.tag(miUINT32, e.i32(int32(Opaque), 0)), e.small(miINT8, []byte("when")), e.small(miINT8, []byte("MCOS")), e.tag(miINT8, []byte("datetime"))}, nil)),
			e.matrix("cube", int32(Double), []int32{2, 1, 2}, e.small(miUINT8, []byte{1, 2, 3, 4})),
		))
		if err != nil {
			t.Fatal(err)
		}
		if want := "narrow small cplx u64 i64 flag text emoji sparse lsparse s when cube"; strings.Join(f.Names, " ") != want {
			t.Errorf("names %v, want %s", f.Names, want)
		}
		get := func(path string) *Array {
			t.Helper()
			a, err := f.Get(path)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		same := func(what string, got, want any) {
			t.Helper()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		same("narrow", get("narrow").Real, []float64{-2, 300, 7})
		same("small", get("small").Real, []float64{3, 250})
		same("real part", get("cplx").Real, []float64{1, 2})
		same("imaginary part", get("cplx").Imag, []float64{-1, 4})
		same("u64", get("u64").Uints, []uint64{huge})
		same("i64", get("i64").Ints, []int64{-5, 6})
		same("logical", get("flag").Logical && get("flag").Global, true)
		same("text", get("text").Lines, []string{"abc", "deé"})
		same("emoji", get("emoji").Text, "x😀")
		dense, err := get("sparse").Dense()
		same("dense", dense, []float64{0, 0, 5, 6, 0, 0})
		same("dense error", err, nil)
		same("logical sparse", get("lsparse").Real, []float64{1})
		same("field", get("s(0).pos").Real, []float64{1.5})
		same("char field", get("s(0).tag").Text, "R")
		same("empty field", get("s(1).pos").Dims, []int{0, 0})
		same("cell in field", get("s(1).tag{1}").Real, []float64{9})
		same("opaque", get("when").ClassName, "datetime")
		same("third dimension", get("cube").At(1, 1), 4.0)
		same("column", get("cube").Column(1), []float64{3, 4})
		same("describes itself", get("s").String(), "1x2 struct pos, tag")
		for _, path := range []string{"nobody", "s(2).pos", "s.who", "narrow{0}", "s(x)", "s(0", "s(0)x"} {
			if _, err := f.Get(path); err == nil {
				t.Errorf("Get(%q) succeeds", path)
			}
		}
	})
}

// Damaged and hostile files: one sentence with file, variable, byte and what was expected.
func TestBadInput(t *testing.T) {
	e := encoder{binary.LittleEndian}
	matrix := func(name string, parts ...[]byte) []byte {
		return e.matrix(name, int32(Double), []int32{1, 1}, parts...)
	}
	good := e.file(e.compressed(matrix("x", e.tag(miDOUBLE, e.f64(1)))))
	edit := func(at int, b ...byte) []byte {
		v := bytes.Clone(good)
		copy(v[at:], b)
		return v
	}
	deep := e.tag(miMATRIX, nil)
	for range 100 {
		deep = e.matrix("deep", int32(Cell), []int32{1, 1}, deep)
	}
	lie := e.compressed(append(e.i32(miMATRIX, math.MaxInt32), make([]byte, 64)...))
	short := e.compressed(append(e.i32(miMATRIX, 4096), make([]byte, 64)...))
	for _, c := range []struct {
		name string
		file []byte
		want string // parts of the message, separated by |
	}{
		{"empty", nil, "0 bytes|header"},
		{"v4", make([]byte, 200), "v4"},
		{"v7.3", edit(124, 0, 2), "lib/format/hdf5"},
		{"hdf5", append([]byte("\x89HDF\r\n\x1a\n"), make([]byte, 600)...), "lib/format/hdf5"},
		{"version", edit(124, 7, 7), "byte 124|0x0707"},
		{"mark", edit(126, 'X', 'Y'), "endian"},
		{"cut", good[:len(good)-3], "byte 128|left"},
		{"cut tag", good[:132], "tag"},
		{"flipped", edit(len(good)-2, 1, 1), "checksum"},
		{"top type", e.file(e.tag(miDOUBLE, e.f64(1))), "type 9"},
		{"too long", e.file(e.tag(miMATRIX, nil)[:4], e.i32(1<<30)), "1073741824 bytes"},
		{"bomb", e.file(lie), "more than deflate can"},
		{"short inflated", e.file(short), "of 4096 bytes inflated"},
		{"dims", e.file(e.matrix("x", int32(Double), []int32{1 << 30, 1 << 30}, e.tag(miDOUBLE, e.f64(1)))), "x: byte|values"},
		{"dims overflow", e.file(e.matrix("x", int32(Double), []int32{1 << 30, 1 << 30, 1 << 30}, nil)), "overflow"},
		{"negative", e.file(e.matrix("x", int32(Double), []int32{-1, 1}, nil)), "dimension 0 is -1"},
		{"one dimension", e.file(e.matrix("x", int32(Double), []int32{1}, nil)), "1 dimensions"},
		{"cells", e.file(e.matrix("c", int32(Cell), []int32{1 << 30, 1}, nil)), "c: byte|cannot fit"},
		{"fields", e.file(e.matrix("s", int32(Struct), []int32{1, 1}, e.small(miINT32, e.i32(0)), e.tag(miINT8, nil))), "field name length"},
		{"field width", e.file(e.matrix("s", int32(Struct), []int32{1, 1}, e.small(miINT32, e.i32(2000)), e.tag(miINT8, names(2000, "a")), e.tag(miMATRIX, nil))), "field name length [2000]"},
		{"long name", e.file(e.matrix(strings.Repeat("x", 2000), int32(Double), []int32{0, 0}, e.tag(miDOUBLE, nil))), "name of 2000 bytes"},
		{"field twice", e.file(e.matrix("s", int32(Struct), []int32{1, 1}, e.small(miINT32, e.i32(8)), e.tag(miINT8, names(8, "a", "a")), e.tag(miMATRIX, nil), e.tag(miMATRIX, nil))), "twice"},
		{"struct path", e.file(e.matrix("s", int32(Struct), []int32{1, 2}, e.small(miINT32, e.i32(8)), e.tag(miINT8, names(8, "a")), e.tag(miMATRIX, nil), matrix("", e.tag(miDOUBLE, e.f64(1, 2))))), "test.mat: s(1).a: byte"},
		{"deep", e.file(deep), "nested deeper than 64"},
		{"class", e.file(e.matrix("x", 99, []int32{1, 1}, nil)), "class 99"},
		{"storage", e.file(matrix("x", e.tag(miUTF8, e.f64(1)))), "type 16"},
		{"char count", e.file(e.matrix("x", int32(Char), []int32{1, 3}, e.small(miUINT8, []byte("ab")))), "expected 3 characters"},
		{"utf8", e.file(e.matrix("x", int32(Char), []int32{1, 1}, e.small(miUTF8, []byte{0xff}))), "UTF-8"},
		{"small", e.file(matrix("x", e.i32(miDOUBLE|5<<16, 0))), "at most 4"},
		{"sparse rows", e.file(e.matrix("x", int32(Sparse), []int32{3, 1}, e.small(miINT32, e.i32(3)), e.tag(miINT32, e.i32(0, 1)), e.tag(miDOUBLE, e.f64(1)))), "row index 3"},
		{"sparse starts", e.file(e.matrix("x", int32(Sparse), []int32{3, 1}, e.small(miINT32, e.i32(3)), e.tag(miINT32, e.i32(0, -1)), e.tag(miDOUBLE, e.f64(1)))), "column start"},
	} {
		f, err := decode(c.file)
		if err == nil {
			t.Errorf("%s: read as %v", c.name, f.Names)
			continue
		}
		msg := err.Error()
		if !strings.HasPrefix(msg, "matfile: test.mat: ") {
			t.Errorf("%s: %q does not name the file", c.name, msg)
		}
		for _, part := range strings.Split(c.want, "|") {
			if !strings.Contains(msg, part) {
				t.Errorf("%s: %q lacks %q", c.name, msg, part)
			}
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected a MAT-file") {
		t.Errorf("a folder: %v", err)
	}
}

// Every prefix of a good file and every flipped byte of it is an error or a
// file, never a panic.
func TestEveryCutAndFlip(t *testing.T) {
	e := encoder{binary.BigEndian}
	good := e.file(
		e.matrix("s", int32(Struct), []int32{1, 1}, e.small(miINT32, e.i32(8)), e.tag(miINT8, names(8, "a", "b")),
			e.tag(miMATRIX, nil), e.matrix("", int32(Char), []int32{2, 2}, e.small(miUINT8, []byte("abcd")))),
		e.compressed(e.matrix("c", int32(Cell), []int32{2, 1}, e.tag(miMATRIX, nil), e.matrix("", int32(Int64), []int32{1, 1}, e.small(miINT8, []byte{5})))),
	)
	if _, err := decode(good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		decode(good[:i])
		for _, x := range []byte{1, 0x80, 0xff} {
			b := bytes.Clone(good)
			b[i] ^= x
			decode(b)
		}
	}
}

// A compressed element that inflates a thousandfold is stopped by the budget,
// which the arrays of a good file of the same size do not reach.
func TestMemoryIsBounded(t *testing.T) {
	e := encoder{binary.LittleEndian}
	n := int32(1 << 20)
	b := e.file(e.compressed(e.matrix("zeros", int32(Double), []int32{n, 1}, e.tag(miDOUBLE, make([]byte, 8*n)))))
	if len(b) > 20000 {
		t.Fatalf("the bomb takes %d bytes, no bomb", len(b))
	}
	o := Reader{MaxBytes: 8 << 20}
	if _, err := o.Decode(bytes.NewReader(b), int64(len(b)), "bomb.mat"); err == nil || !strings.Contains(err.Error(), "MaxBytes") {
		t.Errorf("8 MiB of zeros within 8 MiB for everything: %v", err)
	}
	o.MaxBytes = 32 << 20
	if _, err := o.Decode(bytes.NewReader(b), int64(len(b)), "zeros.mat"); err != nil {
		t.Error(err)
	}
}

// A struct of no elements takes memory for every field all the same.
func TestFieldsCost(t *testing.T) {
	e := encoder{binary.LittleEndian}
	var all []string
	for i := range 50000 {
		all = append(all, fmt.Sprintf("%05d", i))
	}
	b := e.file(e.matrix("s", int32(Struct), []int32{0, 0}, e.small(miINT32, e.i32(6)), e.tag(miINT8, names(6, all...))))
	o := Reader{MaxBytes: 4 << 20}
	if _, err := o.Decode(bytes.NewReader(b), int64(len(b)), "s.mat"); err == nil || !strings.Contains(err.Error(), "50000 fields: needs more memory") {
		t.Errorf("50000 fields within 4 MiB: %v", err)
	}
	o.MaxBytes = 16 << 20
	if _, err := o.Decode(bytes.NewReader(b), int64(len(b)), "s.mat"); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range []encoder{{binary.LittleEndian}, {binary.BigEndian}} {
		f.Add(e.file(e.compressed(e.matrix("x", int32(Double)|flagComplex, []int32{1, 2}, e.small(miUINT8, []byte{1, 2}), e.tag(miDOUBLE, e.f64(1, 2))))))
		f.Add(e.file(e.matrix("s", int32(Struct), []int32{1, 1}, e.small(miINT32, e.i32(8)), e.tag(miINT8, names(8, "a", "b")),
			e.tag(miMATRIX, nil), e.matrix("", int32(Char), []int32{2, 2}, e.small(miUTF8, []byte("abcd")))),
			e.matrix("c", int32(Cell), []int32{1, 1}, e.tag(miMATRIX, nil)),
			e.matrix("p", int32(Sparse), []int32{3, 1}, e.small(miINT32, e.i32(2)), e.tag(miINT32, e.i32(0, 1)), e.tag(miDOUBLE, e.f64(1)))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Reader{MaxBytes: 1 << 20}.Decode(bytes.NewReader(b), int64(len(b)), "fuzz.mat")
		if err != nil {
			return
		}
		for _, name := range file.Names {
			check(t, name, file.Vars[name])
		}
	})
}

// check fails unless an array is what its fields say.
func check(t *testing.T, path string, a *Array) {
	if a.Class == Opaque || a.Class == Function {
		return
	}
	n := a.Len()
	switch {
	case a.Class.Numeric() && len(a.Real) != n, a.Imag != nil && len(a.Imag) != len(a.Real),
		a.Class == Cell && len(a.Cells) != n, len(a.Fields) != len(a.Struct):
		t.Fatalf("%s: %v holds %d values, %d cells", path, a, len(a.Real), len(a.Cells))
	}
	for i, c := range a.Cells {
		check(t, fmt.Sprintf("%s{%d}", path, i), c)
	}
	for name, vs := range a.Struct {
		if len(vs) != n {
			t.Fatalf("%s.%s: %d values of %d", path, name, len(vs), n)
		}
		for _, v := range vs {
			check(t, path+"."+name, v)
		}
	}
}
