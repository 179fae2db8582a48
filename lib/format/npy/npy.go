// Package npy reads and writes NumPy's .npy and .npz files: the form in which
// muscle dictionaries are exported and score tables and data sets leave.
//
// Read are versions 1 to 3 of the header, C and Fortran order, both byte orders,
// booleans, integers, floats of 2, 4 and 8 bytes, complex numbers, and strings of
// both kinds (S and U). Arrays come out in C order whatever their order in the
// file. Object arrays are pickles, which are never run, and structured types are
// not read: both are errors that say so. Values have the units of the file.
//
// Files are not trusted: a size is checked against the bytes that are there
// before memory is taken, what is inflated against [Options]. Errors name the
// file, the array and what was expected. (npyio, which the golden vectors are read
// with, refuses version 3, and takes sizes and headers as they come.)
//
// Source: numpy.lib.format, NumPy enhancement proposal 1.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spindle-lab/spindle/lib/internal/half"
)

// Options hold the limits of reading. The zero value has the defaults.
type Options struct {
	MaxBytes int64 // of one array, as it lies in the file; 0 means 4 GiB
}

func (o Options) max() int64 {
	if o.MaxBytes <= 0 {
		return 4 << 30
	}
	return o.MaxBytes
}

const (
	magic     = "\x93NUMPY"
	maxHeader = 1 << 16
	maxRank   = 64
)

// An Array is an array of a file, in C order.
type Array struct {
	Shape []int  // nil for a single value
	Dtype string // as the file has it: "<f8", "|b1", "<U5"

	name string // for errors
	kind byte   // of the dtype: b i u f c S U
	size int    // bytes of a value
	data []byte
	o    binary.ByteOrder
}

// Read reads a .npy file with the default limits.
func Read(path string) (*Array, error) { return Options{}.Read(path) }

// Read reads a .npy file.
func (o Options) Read(path string) (*Array, error) {
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
		return nil, fmt.Errorf("npy: %s: expected a file, found a %s", path, st.Mode().Type())
	}
	return o.Decode(f, st.Size(), path)
}

// Decode reads an array from the next size bytes of r; name stands for it in errors.
func (o Options) Decode(r io.Reader, size int64, name string) (*Array, error) {
	a, err := o.decode(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: %s: %w", name, err)
	}
	a.name = name
	return a, nil
}

func (o Options) decode(r io.Reader, size int64) (*Array, error) {
	var lead [12]byte
	if _, err := io.ReadFull(r, lead[:10]); err != nil {
		return nil, fmt.Errorf("header: %w", noEOF(err))
	}
	if string(lead[:6]) != magic {
		return nil, fmt.Errorf("byte 0: %q, expected %q: not a .npy file", lead[:6], magic)
	}
	used := int64(10)
	n := int64(binary.LittleEndian.Uint16(lead[8:]))
	switch lead[6] {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, lead[10:]); err != nil {
			return nil, fmt.Errorf("header: %w", noEOF(err))
		}
		used, n = 12, int64(binary.LittleEndian.Uint32(lead[8:]))
	default:
		return nil, fmt.Errorf("byte 6: version %d, expected 1 to 3", lead[6])
	}
	if n > maxHeader || n > size-used {
		return nil, fmt.Errorf("byte 8: header of %d bytes, the file has %d", n, size)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("header: %w", noEOF(err))
	}
	used += n
	a, fortran, err := parseHeader(string(head))
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	need, ok := bytesOf(a.Shape, max(a.size, 1)) // strings of no width are counted, too
	if !ok || need > o.max() {
		return nil, fmt.Errorf("shape %v of %s takes more than the limit of %d bytes (Options.MaxBytes)", a.Shape, a.Dtype, o.max())
	}
	if a.size == 0 {
		need = 0
	}
	if need > size-used {
		return nil, fmt.Errorf("shape %v of %s takes %d bytes, %d are left", a.Shape, a.Dtype, need, size-used)
	}
	if a.data, err = readAll(r, need); err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	if fortran && len(a.Shape) > 1 {
		a.data = cOrder(a.data, a.Shape, a.size)
	}
	return a, nil
}

// readAll reads n bytes. Memory follows the data that come: the size of a
// compressed array is only what the archive claims.
func readAll(r io.Reader, n int64) ([]byte, error) {
	b := make([]byte, min(n, 1<<20))
	for at := 0; ; {
		got, err := io.ReadFull(r, b[at:])
		at += got
		if err != nil {
			return nil, fmt.Errorf("%d of %d bytes: %w", at, n, noEOF(err))
		}
		if int64(at) == n {
			return b, nil
		}
		grown := make([]byte, min(n, 2*int64(at)))
		copy(grown, b)
		b = grown
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// bytesOf is the size of an array, false where it overflows.
func bytesOf(shape []int, size int) (int64, bool) {
	n, zero := int64(size), false
	for _, d := range shape {
		switch {
		case d == 0:
			zero = true
		case n > math.MaxInt64/int64(d):
			return 0, false
		default:
			n *= int64(d)
		}
	}
	if zero {
		n = 0
	}
	return n, true
}

// cOrder turns values in Fortran order around.
func cOrder(b []byte, shape []int, size int) []byte {
	out := make([]byte, len(b))
	if len(b) == 0 {
		return out
	}
	stride := make([]int, len(shape))
	s := size
	for d, n := range shape {
		stride[d] = s
		s *= n
	}
	idx := make([]int, len(shape))
	from := 0
	for at := 0; at < len(out); at += size {
		copy(out[at:at+size], b[from:])
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			from += stride[d]
			if idx[d] < shape[d] {
				break
			}
			from -= stride[d] * shape[d]
			idx[d] = 0
		}
	}
	return out
}

// Len returns the number of values.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

func (a *Array) wrong(want string) error {
	return fmt.Errorf("npy: %s: values of dtype %s, expected %s", a.name, a.Dtype, want)
}

// bits returns value i of a number as it is stored.
func (a *Array) bits(i int) uint64 {
	b := a.data[i*a.size:]
	switch a.size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(a.o.Uint16(b))
	case 4:
		return uint64(a.o.Uint32(b))
	}
	return a.o.Uint64(b)
}

// signed returns value i of an integer with its sign.
func (a *Array) signed(i int) int64 {
	shift := 64 - 8*a.size
	return int64(a.bits(i)<<shift) >> shift
}

// float returns value i of a float of size bytes at byte at.
func (a *Array) float(at, size int) float64 {
	b := a.data[at:]
	switch size {
	case 2:
		return float64(half.Float32(a.o.Uint16(b)))
	case 4:
		return float64(math.Float32frombits(a.o.Uint32(b)))
	}
	return math.Float64frombits(a.o.Uint64(b))
}

// Float64s returns numbers, booleans as 0 and 1; integers beyond 2^53 are rounded.
func (a *Array) Float64s() ([]float64, error) {
	if strings.IndexByte("biuf", a.kind) < 0 {
		return nil, a.wrong("numbers")
	}
	v := make([]float64, a.Len())
	for i := range v {
		switch a.kind {
		case 'f':
			v[i] = a.float(i*a.size, a.size)
		case 'i':
			v[i] = float64(a.signed(i))
		default:
			v[i] = float64(a.bits(i))
		}
	}
	return v, nil
}

// Float32s returns numbers rounded to float32.
func (a *Array) Float32s() ([]float32, error) {
	if a.kind == 'f' && a.size == 4 {
		v := make([]float32, a.Len())
		for i := range v {
			v[i] = math.Float32frombits(a.o.Uint32(a.data[4*i:]))
		}
		return v, nil
	}
	w, err := a.Float64s()
	if err != nil {
		return nil, err
	}
	v := make([]float32, len(w))
	for i, x := range w {
		v[i] = float32(x)
	}
	return v, nil
}

// Int64s returns integers and booleans; a uint64 beyond an int64 is an error.
func (a *Array) Int64s() ([]int64, error) {
	if strings.IndexByte("biu", a.kind) < 0 {
		return nil, a.wrong("integers")
	}
	v := make([]int64, a.Len())
	for i := range v {
		if a.kind == 'i' {
			v[i] = a.signed(i)
			continue
		}
		u := a.bits(i)
		if u > math.MaxInt64 {
			return nil, fmt.Errorf("npy: %s: value %d is %d, beyond int64", a.name, i, u)
		}
		v[i] = int64(u)
	}
	return v, nil
}

// Uint64s returns integers and booleans; a negative one is an error.
func (a *Array) Uint64s() ([]uint64, error) {
	if strings.IndexByte("biu", a.kind) < 0 {
		return nil, a.wrong("integers")
	}
	v := make([]uint64, a.Len())
	for i := range v {
		if v[i] = a.bits(i); a.kind == 'i' {
			n := a.signed(i)
			if n < 0 {
				return nil, fmt.Errorf("npy: %s: value %d is %d, beyond uint64", a.name, i, n)
			}
			v[i] = uint64(n)
		}
	}
	return v, nil
}

// Complex128s returns complex numbers.
func (a *Array) Complex128s() ([]complex128, error) {
	if a.kind != 'c' {
		return nil, a.wrong("complex numbers")
	}
	v := make([]complex128, a.Len())
	for i := range v {
		v[i] = complex(a.float(i*a.size, a.size/2), a.float(i*a.size+a.size/2, a.size/2))
	}
	return v, nil
}

// Strings returns strings without the NULs that fill them up. Those of kind S
// are taken as UTF-8.
func (a *Array) Strings() ([]string, error) {
	if a.kind != 'S' && a.kind != 'U' {
		return nil, a.wrong("strings")
	}
	v := make([]string, a.Len())
	for i := range v {
		b := a.data[i*a.size : (i+1)*a.size]
		if a.kind == 'S' {
			v[i] = strings.TrimRight(string(b), "\x00")
			continue
		}
		var s strings.Builder
		for ; len(b) >= 4; b = b[4:] {
			r := a.o.Uint32(b)
			if r > utf8.MaxRune {
				return nil, fmt.Errorf("npy: %s: string %d: character %#x is not Unicode", a.name, i, r)
			}
			s.WriteRune(rune(r))
		}
		v[i] = strings.TrimRight(s.String(), "\x00")
	}
	return v, nil
}

// parseDtype reads NumPy's name of a type into the array.
func (a *Array) parseDtype(s string) error {
	a.Dtype = s
	a.o = binary.LittleEndian
	if s == "" {
		return errors.New("descr is empty")
	}
	if s[0] == '>' {
		a.o = binary.BigEndian
	}
	rest := strings.TrimLeft(s[:1], "<>|=") + s[1:]
	if rest == "" {
		return fmt.Errorf("dtype %q", s)
	}
	a.kind = rest[0]
	if a.kind == '?' {
		a.kind, rest = 'b', "b1"
	}
	if a.kind == 'O' {
		return fmt.Errorf("dtype %q: object arrays are pickles, which are not read", s)
	}
	n, err := strconv.Atoi(rest[1:])
	if err != nil || n < 0 || n > 1<<28 {
		return fmt.Errorf("dtype %q", s)
	}
	a.size = n
	sizes := map[byte]string{'b': " 1 ", 'i': " 1 2 4 8 ", 'u': " 1 2 4 8 ", 'f': " 2 4 8 ", 'c': " 8 16 "}[a.kind]
	switch {
	case a.kind == 'U':
		a.size = 4 * n
	case a.kind == 'S':
	case !strings.Contains(sizes, " "+strconv.Itoa(n)+" "):
		return fmt.Errorf("dtype %q is not read: expected numbers, booleans or strings", s)
	}
	return nil
}
