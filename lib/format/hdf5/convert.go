package hdf5

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/spindle-lab/spindle/lib/internal/half"
)

// A column is where the values of one kind lie in elements that follow one
// another: whole elements, or a member of compounds.
type column struct {
	f      *File
	t      *Dtype // never an array: per values of it follow one another
	offset int    // of the member
	stride int    // from one element to the next
	per    int    // values per element; 0 means 1
}

// dense tells that values lie side by side, in little-endian order.
func (c column) dense() bool {
	return c.offset == 0 && c.stride == c.t.Size*max(c.per, 1) && c.t.Order == binary.LittleEndian
}

// each calls do with the bytes of every value.
func (c column) each(n int, src []byte, do func(i int, b []byte) error) error {
	per, size := max(c.per, 1), c.t.Size
	for i := range n {
		at := i/per*c.stride + c.offset + i%per*size
		if err := do(i, src[at:at+size]); err != nil {
			return err
		}
	}
	return nil
}

// integral returns the type of the integers that a type stores, or nil.
func (t *Dtype) integral() *Dtype {
	switch t.Class {
	case Integer, Bitfield:
		return t
	case Enum:
		return t.Base
	}
	return nil
}

func (t *Dtype) errKind(want string) error {
	return fmt.Errorf("elements are %v, expected %s", t, want)
}

// number returns the function that takes one number as float64.
func (t *Dtype) number() (func(b []byte) float64, error) {
	if it := t.integral(); it != nil {
		if it.Signed {
			return func(b []byte) float64 { return float64(int64(it.integer(b))) }, nil
		}
		return func(b []byte) float64 { return float64(it.bits(b)) }, nil
	}
	if t.Class != Float {
		return nil, t.errKind("numbers")
	}
	if !t.ieee {
		return nil, fmt.Errorf("floats of %d bytes are not laid out as IEEE 754 has it", t.Size)
	}
	o := t.Order
	switch t.Size {
	case 2:
		return func(b []byte) float64 { return float64(half.Float32(o.Uint16(b))) }, nil
	case 4:
		return func(b []byte) float64 { return float64(math.Float32frombits(o.Uint32(b))) }, nil
	}
	return func(b []byte) float64 { return math.Float64frombits(o.Uint64(b)) }, nil
}

func (c column) float64s(dst []float64, src []byte) error {
	if c.dense() && c.t.Class == Float && c.t.ieee {
		switch c.t.Size {
		case 8:
			for i := range dst {
				dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
			}
			return nil
		case 4:
			for i := range dst {
				dst[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
			}
			return nil
		}
	}
	num, err := c.t.number()
	if err != nil {
		return err
	}
	return c.each(len(dst), src, func(i int, b []byte) error { dst[i] = num(b); return nil })
}

func (c column) float32s(dst []float32, src []byte) error {
	if c.dense() && c.t.Class == Float && c.t.ieee && c.t.Size == 4 {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
		return nil
	}
	num, err := c.t.number()
	if err != nil {
		return err
	}
	return c.each(len(dst), src, func(i int, b []byte) error { dst[i] = float32(num(b)); return nil })
}

func (c column) int64s(dst []int64, src []byte) error {
	t := c.t.integral()
	if t == nil {
		return c.t.errKind("integers")
	}
	return c.each(len(dst), src, func(i int, b []byte) error {
		v := t.integer(b)
		if !t.Signed && v > math.MaxInt64 {
			return fmt.Errorf("value %d is %d, beyond int64", i, v)
		}
		dst[i] = int64(v)
		return nil
	})
}

func (c column) uint64s(dst []uint64, src []byte) error {
	t := c.t.integral()
	if t == nil {
		return c.t.errKind("integers")
	}
	return c.each(len(dst), src, func(i int, b []byte) error {
		v := t.integer(b)
		if t.Signed && int64(v) < 0 {
			return fmt.Errorf("value %d is %d, beyond uint64", i, int64(v))
		}
		dst[i] = v
		return nil
	})
}

// strings reads strings of either kind; budget is what they may take together.
func (c column) strings(dst []string, src []byte, budget *int64) error {
	if !c.t.IsString() {
		return c.t.errKind("strings")
	}
	return c.each(len(dst), src, func(i int, b []byte) error {
		if c.t.Class == VarLen {
			var err error
			if b, err = c.f.variable(b, 1); err != nil {
				return fmt.Errorf("string %d: %w", i, err)
			}
		}
		switch c.t.Padding {
		case 2:
			b = bytes.TrimRight(b, " ")
		case 1:
			b = bytes.TrimRight(b, "\x00")
		default:
			if n := bytes.IndexByte(b, 0); n >= 0 {
				b = b[:n]
			}
		}
		if *budget -= int64(len(b)) + 16; *budget < 0 {
			return c.f.errMemory("the strings", uint64(c.f.max-*budget))
		}
		dst[i] = strings.Clone(string(b))
		return nil
	})
}

// sequences reads variable-length elements as the bytes of their base elements.
func (c column) sequences(dst [][]byte, src []byte, budget *int64) error {
	if c.t.Class != VarLen {
		return c.t.errKind("variable-length sequences")
	}
	return c.each(len(dst), src, func(i int, b []byte) error {
		v, err := c.f.variable(b, c.t.Base.Size)
		if err != nil {
			return fmt.Errorf("sequence %d: %w", i, err)
		}
		if *budget -= int64(len(v)) + 24; *budget < 0 {
			return c.f.errMemory("the sequences", uint64(c.f.max-*budget))
		}
		dst[i] = bytes.Clone(v)
		return nil
	})
}

// A Ref refers to an object in the same file; zero refers to none.
type Ref uint64

func (c column) refs(dst []Ref, src []byte) error {
	if c.t.Class != Reference || !c.t.Object {
		return c.t.errKind("object references")
	}
	if c.t.Size < c.f.offsetSize {
		return fmt.Errorf("references of %d bytes, expected %d", c.t.Size, c.f.offsetSize)
	}
	return c.each(len(dst), src, func(i int, b []byte) error {
		s := c.f.scan(b, 0, "reference")
		dst[i] = Ref(s.offset())
		return s.err
	})
}

// Follow returns the object that a reference means. Its path is not known: it
// goes by the one given.
func (f *File) Follow(r Ref, path string) (Object, error) {
	if r == 0 || uint64(r) == nowhere {
		return nil, f.fail(path, fmt.Errorf("a reference to nothing"))
	}
	o, err := f.object(uint64(r), path)
	return o, f.fail(path, err)
}
