package matfile

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// storageSize returns the bytes of one number of a storage type, 0 if it is none.
func storageSize(kind uint32) int {
	switch kind {
	case miINT8, miUINT8:
		return 1
	case miINT16, miUINT16:
		return 2
	case miINT32, miUINT32, miSINGLE:
		return 4
	case miDOUBLE, miINT64, miUINT64:
		return 8
	}
	return 0
}

// widen converts numbers of any storage type to float64.
func widen(dst []float64, b []byte, kind uint32, o binary.ByteOrder) {
	little := o == binary.LittleEndian
	switch kind {
	case miINT8:
		for i := range dst {
			dst[i] = float64(int8(b[i]))
		}
	case miUINT8:
		for i := range dst {
			dst[i] = float64(b[i])
		}
	case miINT16:
		for i := range dst {
			dst[i] = float64(int16(o.Uint16(b[2*i:])))
		}
	case miUINT16:
		for i := range dst {
			dst[i] = float64(o.Uint16(b[2*i:]))
		}
	case miINT32:
		for i := range dst {
			dst[i] = float64(int32(o.Uint32(b[4*i:])))
		}
	case miUINT32:
		for i := range dst {
			dst[i] = float64(o.Uint32(b[4*i:]))
		}
	case miSINGLE:
		for i := range dst {
			dst[i] = float64(math.Float32frombits(o.Uint32(b[4*i:])))
		}
	case miDOUBLE:
		if little { // the common case, without a call per value
			for i := range dst {
				dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
			}
			return
		}
		for i := range dst {
			dst[i] = math.Float64frombits(o.Uint64(b[8*i:]))
		}
	case miINT64:
		for i := range dst {
			dst[i] = float64(int64(o.Uint64(b[8*i:])))
		}
	case miUINT64:
		for i := range dst {
			dst[i] = float64(o.Uint64(b[8*i:]))
		}
	}
}

// integers fills a.Ints or a.Uints; v holds the same values as float64, exact
// for every storage type but the 64-bit integers.
func integers(a *Array, v []float64, b []byte, kind uint32, o binary.ByteOrder) {
	for i, x := range v {
		switch {
		case kind == miINT64 || kind == miUINT64:
			w := o.Uint64(b[8*i:])
			if a.Ints != nil {
				a.Ints[i] = int64(w)
			} else {
				a.Uints[i] = w
			}
		case a.Ints != nil:
			a.Ints[i] = int64(x)
		case x > 0:
			a.Uints[i] = uint64(x)
		}
	}
}

// chars decodes a char array of n UTF-16 units (or code points, as SciPy counts
// them) into its rows.
func (c *cursor) chars(path string, a *Array, n int) error {
	kind, data, start, err := c.element(path, "characters")
	if err != nil {
		return err
	}
	units, err := c.units(path, start, kind, data, n)
	if err != nil {
		return err
	}
	if err := c.d.spend(int64(n) * 8); err != nil {
		return c.fail(path, start, "characters: %w", err)
	}
	if n == 0 {
		return nil
	}
	rows := a.Dims[0]
	cols := n / rows
	// As with arrays of no characters, rows are bounded by the data: n = rows*cols > 0.
	a.Lines = make([]string, rows)
	line := make([]rune, cols)
	for i := range a.Lines {
		for j := range line {
			line[j] = units[i+j*rows]
		}
		a.Lines[i] = joinSurrogates(line)
	}
	a.Text = strings.Join(a.Lines, "\n")
	return nil
}

// units returns the n characters of an element: UTF-16 units or code points.
func (c *cursor) units(path string, start int, kind uint32, data []byte, n int) ([]rune, error) {
	size := 1
	switch kind {
	case miUINT8, miINT8, miUTF8:
	case miUINT16, miUTF16, miINT16:
		size = 2
	case miUINT32, miUTF32, miINT32:
		size = 4
	default:
		return nil, c.fail(path, start, "characters: stored as type %d, expected characters", kind)
	}
	mismatch := func() ([]rune, error) {
		return nil, c.fail(path, start, "characters: %d bytes of type %d, expected %d characters", len(data), kind, n)
	}
	if kind != miUTF8 && (len(data)%size != 0 || len(data)/size != n) {
		return mismatch()
	}
	if err := c.d.spend(int64(len(data)/size) * 8); err != nil {
		return nil, c.fail(path, start, "characters: %w", err)
	}
	var u []rune
	switch o := c.d.order; {
	case kind == miUTF8:
		if !utf8.Valid(data) {
			return nil, c.fail(path, start, "characters: invalid UTF-8")
		}
		u = []rune(string(data))
		if len(u) != n { // MATLAB counts UTF-16 units
			u = u[:0:0]
			for _, w := range utf16.Encode([]rune(string(data))) {
				u = append(u, rune(w))
			}
		}
		if len(u) != n {
			return mismatch()
		}
	case size == 1:
		u = make([]rune, n)
		for i, b := range data {
			u[i] = rune(b)
		}
	case size == 2:
		u = make([]rune, n)
		for i := range u {
			u[i] = rune(o.Uint16(data[2*i:]))
		}
	default:
		u = make([]rune, n)
		for i := range u {
			u[i] = rune(o.Uint32(data[4*i:]))
		}
	}
	return u, nil
}

// joinSurrogates returns a row as a string: pairs of UTF-16 surrogates become
// one character, lone ones U+FFFD.
func joinSurrogates(line []rune) string {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		if i+1 < len(line) && utf16.IsSurrogate(line[i]) {
			if r := utf16.DecodeRune(line[i], line[i+1]); r != utf8.RuneError {
				b.WriteRune(r)
				i++
				continue
			}
		}
		b.WriteRune(line[i])
	}
	return b.String()
}
