// Package matfile reads MATLAB's MAT-files of level 5 (versions 5 to 7.2, the
// ones that MATLAB writes with -v6 and -v7): the format of the Character
// Trajectories, of TrialData structs and of spykesML's recordings.
//
// Numeric arrays of every class, complex, logical, char, sparse, cell and struct
// arrays are read at any nesting, compressed or not, of either byte order, with
// data stored narrower than their class, as MATLAB stores doubles that happen to
// be small integers. Function handles and opaque objects are kept by name and
// class only. MAT v7.3 files are HDF5 files, for package hdf5.
//
// Arrays are column-major, as in the file: element (i, j) of an array of
// dimensions [rows, cols] is number i + j*rows. Values have the units of the
// file. Indices in paths count from 0: trial_data(3).pos is the field pos of the
// fourth element, cell{2} the third cell.
//
// Files are not trusted: every size is checked against the bytes that are there
// before memory is taken, inflated data and decoded arrays against a budget,
// nesting against a depth. An error names the file, the path of the variable in
// it and the byte offset.
//
// Source: MathWorks, MAT-File Format (R2023b), and the behaviour of MATLAB
// that document leaves out, as recorded in spec/06, trap 12.
package matfile

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// A Class is the MATLAB class of an array.
type Class uint8

// The classes, with their numbers in the file.
const (
	Cell     Class = 1
	Struct   Class = 2
	Object   Class = 3
	Char     Class = 4
	Sparse   Class = 5
	Double   Class = 6
	Single   Class = 7
	Int8     Class = 8
	Uint8    Class = 9
	Int16    Class = 10
	Uint16   Class = 11
	Int32    Class = 12
	Uint32   Class = 13
	Int64    Class = 14
	Uint64   Class = 15
	Function Class = 16
	Opaque   Class = 17
)

var classNames = [...]string{"class 0", "cell", "struct", "object", "char", "sparse", "double", "single",
	"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "function_handle", "opaque"}

// String returns MATLAB's name of the class.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "class " + strconv.Itoa(int(c))
}

// Numeric tells whether arrays of the class are full arrays of numbers.
func (c Class) Numeric() bool { return c >= Double && c <= Uint64 }

// A File is a decoded MAT-file.
type File struct {
	Header string            // the descriptive text, trailing blanks removed
	Names  []string          // the variables, in the order of the file
	Vars   map[string]*Array // by name
}

// An Array is a MATLAB array of any class. Which fields are set depends on Class.
type Array struct {
	Class   Class
	Dims    []int // at least two, except for Opaque
	Logical bool  // MATLAB's logical; the values are 0 and 1 in Real
	Global  bool

	// Real and Imag hold the values of numeric and sparse arrays, column-major,
	// whatever their class; Imag is nil unless the array is complex. Values of
	// int64 and uint64 beyond 2^53 are rounded here, and exact in Ints or Uints.
	Real, Imag []float64
	Ints       []int64  // class int64 only
	Uints      []uint64 // class uint64 only

	// Lines holds the rows of a char array; Text is the rows joined by newlines.
	Lines []string
	Text  string

	Cells []*Array // class cell: column-major

	// Fields holds the field names of a struct array or object in the order of
	// the file, Struct per field its values, one per element, column-major.
	Fields []string
	Struct map[string][]*Array

	// ClassName is the name of an object's or opaque value's class.
	ClassName string

	// RowIndex and ColStart place the values of a sparse array: those of column
	// j are Real[ColStart[j]:ColStart[j+1]], in rows RowIndex of the same range.
	RowIndex, ColStart []int
}

// Len returns the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Dims {
		n *= d
	}
	return n
}

// Rows returns the first dimension.
func (a *Array) Rows() int {
	if len(a.Dims) == 0 {
		return 0
	}
	return a.Dims[0]
}

// Cols returns the product of the other dimensions: the columns of a matrix.
func (a *Array) Cols() int {
	n := 1
	for _, d := range a.Dims[min(1, len(a.Dims)):] {
		n *= d
	}
	return n
}

// At returns element (i, j) of a full numeric matrix; further dimensions are
// folded into j. It panics where the array has none.
func (a *Array) At(i, j int) float64 {
	if !a.Class.Numeric() {
		panic("matfile: At on an array of class " + a.Class.String())
	}
	if i < 0 || j < 0 || i >= a.Rows() || j >= a.Cols() {
		panic(fmt.Sprintf("matfile: element (%d, %d) of %d × %d", i, j, a.Rows(), a.Cols()))
	}
	return a.Real[i+j*a.Rows()]
}

// Column returns column j of a full numeric matrix, not copied.
func (a *Array) Column(j int) []float64 {
	if !a.Class.Numeric() {
		panic("matfile: Column of an array of class " + a.Class.String())
	}
	if j < 0 || j >= a.Cols() {
		panic(fmt.Sprintf("matfile: column %d of %d", j, a.Cols()))
	}
	r := a.Rows()
	return a.Real[j*r : (j+1)*r : (j+1)*r]
}

// Scalar returns the first value of a numeric array that is not empty.
func (a *Array) Scalar() (v float64, ok bool) {
	if !a.Class.Numeric() || len(a.Real) == 0 {
		return 0, false
	}
	return a.Real[0], true
}

// Field returns a field of the first element of a struct array, or nil.
func (a *Array) Field(name string) *Array { return a.FieldAt(0, name) }

// FieldAt returns a field of element i of a struct array, or nil.
func (a *Array) FieldAt(i int, name string) *Array {
	v := a.Struct[name]
	if i < 0 || i >= len(v) {
		return nil
	}
	return v[i]
}

// String describes the array in one line, as MATLAB's whos would.
func (a *Array) String() string {
	var b strings.Builder
	for i, d := range a.Dims {
		if i > 0 {
			b.WriteByte('x')
		}
		b.WriteString(strconv.Itoa(d))
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	switch {
	case a.Logical && a.Class == Sparse:
		b.WriteString("sparse logical")
	case a.Logical:
		b.WriteString("logical")
	default:
		b.WriteString(a.Class.String())
	}
	switch {
	case a.Class == Char:
		fmt.Fprintf(&b, " %q", a.Text)
	case a.Class.Numeric() && len(a.Real) == 1 && a.Imag == nil:
		fmt.Fprintf(&b, " %v", a.Real[0])
	case a.Imag != nil:
		b.WriteString(" complex")
	case len(a.Fields) > 0:
		b.WriteString(" " + strings.Join(a.Fields, ", "))
	}
	return b.String()
}

// Get returns the array at a path such as "trial_data(3).marker_names{0}"
// (indices from 0, column-major; an index (0) may be left out).
func (f *File) Get(path string) (*Array, error) {
	end := strings.IndexAny(path, ".({")
	if end < 0 {
		end = len(path)
	}
	a := f.Vars[path[:end]]
	if a == nil {
		return nil, fmt.Errorf("matfile: no variable %q; the file has %s", path[:end], strings.Join(f.Names, ", "))
	}
	v, err := a.get(path[end:])
	if err != nil {
		return nil, fmt.Errorf("matfile: %s: %w", path, err)
	}
	return v, nil
}

func (a *Array) get(rest string) (*Array, error) {
	elem := 0
	for rest != "" {
		switch rest[0] {
		case '(', '{':
			closing := map[byte]string{'(': ")", '{': "}"}[rest[0]]
			n := strings.Index(rest, closing)
			if n < 0 {
				return nil, fmt.Errorf("no %s after %q", closing, rest)
			}
			i, err := strconv.Atoi(rest[1:n])
			if err != nil || i < 0 || i >= a.Len() {
				return nil, fmt.Errorf("no element %s: the array is %v", rest[:n+1], a)
			}
			if rest[0] == '(' {
				elem = i
			} else {
				if a.Class != Cell {
					return nil, fmt.Errorf("%s of an array that is no cell array: %v", rest[:n+1], a)
				}
				a = a.Cells[i]
			}
			rest = rest[n+1:]
		case '.':
			rest = rest[1:]
			n := strings.IndexAny(rest, ".({")
			if n < 0 {
				n = len(rest)
			}
			next := a.FieldAt(elem, rest[:n])
			if next == nil {
				return nil, fmt.Errorf("no field %q: the array is %v", rest[:n], a)
			}
			a, elem, rest = next, 0, rest[n:]
		default:
			return nil, fmt.Errorf("%q follows an index: expected ., ( or {", rest)
		}
	}
	return a, nil
}

// A Reader holds the limits of reading. The zero value has the defaults.
type Reader struct {
	MaxBytes int64 // decoded data of one file, in bytes; 0 means 4 GiB
	MaxDepth int   // nesting of cells and structs; 0 means 64
}

// Read reads a MAT-file with the default limits.
func Read(path string) (*File, error) { return Reader{}.Read(path) }

// Decode reads a MAT-file of size bytes; name stands for it in errors.
func Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	return Reader{}.Decode(r, size, name)
}

// Read reads a MAT-file.
func (o Reader) Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("matfile: %s: expected a MAT-file, found a %s", path, st.Mode().Type())
	}
	return o.Decode(f, st.Size(), path)
}
