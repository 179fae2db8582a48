package hdf5

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A Class is the kind of a datatype.
type Class uint8

// The classes, with their numbers in the file.
const (
	Integer   Class = 0
	Float     Class = 1
	Time      Class = 2
	String    Class = 3 // of fixed length
	Bitfield  Class = 4
	Opaque    Class = 5
	Compound  Class = 6
	Reference Class = 7
	Enum      Class = 8
	VarLen    Class = 9 // sequences, or strings of variable length
	ArrayOf   Class = 10
)

var classNames = [...]string{"integer", "float", "time", "string", "bitfield", "opaque", "compound", "reference", "enum", "vlen", "array"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// A Dtype describes the elements of a dataset or attribute.
type Dtype struct {
	Class Class
	Size  int // bytes of an element in the file
	Order binary.ByteOrder

	Signed    bool // integers
	bitOffset int
	precision int
	ieee      bool // a float laid out as IEEE 754 has it

	VarString bool // VarLen: a string
	Padding   int  // strings: 0 ends at a NUL, 1 padded with NULs, 2 with blanks

	Base    *Dtype   // of Enum, VarLen and ArrayOf
	Dims    []int    // ArrayOf: its shape
	Members []Member // Compound
	Names   []string // Enum: the names,
	Values  []uint64 // and their values, as the base type stores them

	Object bool // Reference: to an object, not to a region
}

// A Member is one field of a compound.
type Member struct {
	Name   string
	Offset int // bytes from the beginning of the element
	Dtype  *Dtype
}

// IsString tells whether elements are strings of either kind.
func (t *Dtype) IsString() bool { return t.Class == String || t.Class == VarLen && t.VarString }

// IsBool tells h5py's booleans: an enumeration of FALSE and TRUE.
func (t *Dtype) IsBool() bool {
	return t.Class == Enum && len(t.Names) == 2 && t.Size == 1 &&
		t.Names[0] == "FALSE" && t.Names[1] == "TRUE" && t.Values[0] == 0 && t.Values[1] == 1
}

// String returns the type as NumPy writes it where NumPy has it ("<f8", "|b1",
// "|S5"), otherwise the name of its class.
func (t *Dtype) String() string {
	order := "<"
	switch {
	case t.Size == 1:
		order = "|"
	case t.Order == binary.BigEndian:
		order = ">"
	}
	switch t.Class {
	case Integer:
		if t.Signed {
			return fmt.Sprintf("%si%d", order, t.Size)
		}
		return fmt.Sprintf("%su%d", order, t.Size)
	case Float:
		return fmt.Sprintf("%sf%d", order, t.Size)
	case String:
		return fmt.Sprintf("|S%d", t.Size)
	case Enum:
		if t.IsBool() {
			return "|b1"
		}
		return "enum " + t.Base.String()
	case VarLen:
		if t.VarString {
			return "string"
		}
		return "vlen " + t.Base.String()
	case ArrayOf:
		return fmt.Sprintf("%v%v", t.Dims, t.Base)
	case Compound:
		parts := make([]string, len(t.Members))
		for i, m := range t.Members {
			parts[i] = m.Name + " " + m.Dtype.String()
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return t.Class.String()
}

// dtype reads a datatype message, following a reference to a committed one.
func (f *File) dtype(m *message) (*Dtype, error) {
	m, err := f.resolve(m)
	if err != nil {
		return nil, err
	}
	s := f.scan(m.data, m.addr, "datatype")
	return s.dtype(0), s.err
}

const maxTypeDepth = 16

// dtype takes a datatype.
func (s *scanner) dtype(depth int) *Dtype {
	if depth > maxTypeDepth {
		s.fail("types nested deeper than %d", maxTypeDepth)
		return nil
	}
	lead := s.u8()
	version := lead >> 4
	t := &Dtype{Class: Class(lead & 15), Order: binary.LittleEndian}
	bits := uint32(s.uint(3))
	size := s.u32()
	if s.err == nil && (version < 1 || version > 5) {
		s.fail("datatype of version %d, expected 1 to 5", version)
	}
	if s.err == nil && (size == 0 || uint64(size) > uint64(s.f.max)) {
		s.fail("elements of %d bytes", size)
	}
	t.Size = int(size)
	if bits&1 != 0 {
		t.Order = binary.BigEndian
	}
	switch t.Class {
	case Integer, Bitfield:
		t.Signed = bits&8 != 0
		t.bitOffset, t.precision = int(s.u16()), int(s.u16())
		if s.err == nil && (t.Size > 8 || t.precision < 1 || t.bitOffset+t.precision > 8*t.Size) {
			s.fail("integer of %d bits at bit %d in %d bytes", t.precision, t.bitOffset, t.Size)
		}
	case Float:
		s.float(t, bits)
	case Time:
		s.skip(2)
	case String:
		t.Padding = int(bits & 15)
	case Opaque:
		s.skip((int(bits&255) + 7) / 8 * 8)
	case Compound:
		s.compound(t, int(bits&0xffff), version, depth)
	case Reference:
		t.Object = bits&15 == 0 || bits&15 == 2
	case Enum:
		s.enum(t, int(bits&0xffff), version, depth)
	case VarLen:
		t.VarString = bits&15 == 1
		t.Padding = int(bits >> 4 & 15)
		t.Base = s.dtype(depth + 1)
		if s.err == nil && t.Size != 8+s.f.offsetSize {
			s.fail("sequence of %d bytes, expected %d", t.Size, 8+s.f.offsetSize)
		}
	case ArrayOf:
		s.array(t, version, depth)
	default:
		s.fail("datatype of class %d, expected 0 to 10", t.Class)
	}
	if s.err != nil {
		return nil
	}
	return t
}

// float takes the layout of a floating-point type and compares it with IEEE's.
func (s *scanner) float(t *Dtype, bits uint32) {
	signAt := int(bits >> 8 & 255)
	if bits&0x40 != 0 {
		s.fail("a float in VAX order")
	}
	offset, precision := int(s.u16()), int(s.u16())
	expAt, expSize, manAt, manSize, bias := int(s.u8()), int(s.u8()), int(s.u8()), int(s.u8()), s.u32()
	layout := [6]int{precision, expAt, expSize, manSize, int(bias), signAt}
	want := map[int][6]int{
		2: {16, 10, 5, 10, 15, 15},
		4: {32, 23, 8, 23, 127, 31},
		8: {64, 52, 11, 52, 1023, 63},
	}[t.Size]
	t.ieee = layout == want && offset == 0 && manAt == 0
}

func (s *scanner) compound(t *Dtype, n int, version uint8, depth int) {
	for i := 0; i < n && s.err == nil; i++ {
		var m Member
		if version < 3 {
			m.Name = s.text(8)
			m.Offset = int(s.u32())
		} else {
			m.Name = s.text(1)
			m.Offset = int(s.uint(encodedSize(uint64(t.Size))))
		}
		var dims []int
		if version == 1 {
			rank := int(s.u8())
			s.skip(11)
			var all [4]int
			for d := range all {
				all[d] = int(s.u32())
			}
			if rank > 4 {
				s.fail("member %q of %d dimensions", m.Name, rank)
				return
			}
			dims = all[:rank]
		}
		m.Dtype = s.dtype(depth + 1)
		if s.err == nil && len(dims) > 0 {
			m.Dtype = s.arrayOf(m.Dtype, dims)
		}
		if s.err == nil && (m.Offset > t.Size || m.Dtype.Size > t.Size-m.Offset) {
			s.fail("member %q of %d bytes at %d in %d", m.Name, m.Dtype.Size, m.Offset, t.Size)
		}
		t.Members = append(t.Members, m)
	}
}

func (s *scanner) enum(t *Dtype, n int, version uint8, depth int) {
	t.Base = s.dtype(depth + 1)
	if s.err == nil && (t.Base.Class != Integer || t.Base.Size != t.Size) {
		s.fail("enumeration over %v of %d bytes, expected integers of %d", t.Base.Class, t.Base.Size, t.Size)
	}
	pad := 8
	if version >= 3 {
		pad = 1
	}
	for i := 0; i < n && s.err == nil; i++ {
		t.Names = append(t.Names, s.text(pad))
	}
	for i := 0; i < n && s.err == nil; i++ {
		if b := s.take(t.Size); b != nil {
			t.Values = append(t.Values, t.Base.bits(b))
		}
	}
}

func (s *scanner) array(t *Dtype, version uint8, depth int) {
	rank := int(s.u8())
	if version < 3 {
		s.skip(3)
	}
	if rank > maxRank {
		s.fail("array of %d dimensions", rank)
		return
	}
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = int(s.u32())
	}
	if version < 3 {
		s.skip(4 * rank)
	}
	base := s.dtype(depth + 1)
	if s.err != nil {
		return
	}
	size := t.Size
	if *t = *s.arrayOf(base, dims); t.Size != size && s.err == nil {
		s.fail("array %v of %d-byte elements says that it takes %d bytes", dims, base.Size, size)
	}
}

// arrayOf returns the type of an array of base.
func (s *scanner) arrayOf(base *Dtype, dims []int) *Dtype {
	size := uint64(base.Size)
	ok := true
	for _, d := range dims {
		if size, ok = mul(size, uint64(d)); !ok || size == 0 || size > uint64(s.f.max) {
			s.fail("array of dimensions %v", dims)
			return base
		}
	}
	return &Dtype{Class: ArrayOf, Size: int(size), Order: base.Order, Base: base, Dims: dims}
}

// bits returns the bits of an integer as stored, without sign extension.
func (t *Dtype) bits(b []byte) uint64 {
	v := uint64(0)
	if t.Order == binary.BigEndian {
		for _, c := range b[:t.Size] {
			v = v<<8 | uint64(c)
		}
	} else {
		for i, c := range b[:t.Size] {
			v |= uint64(c) << (8 * i)
		}
	}
	return v >> t.bitOffset & (^uint64(0) >> (64 - t.precision))
}

// integer returns an integer with its sign, as bits of an int64 or uint64.
func (t *Dtype) integer(b []byte) uint64 {
	v := t.bits(b)
	if t.Signed && t.precision < 64 && v>>(t.precision-1) != 0 {
		v |= ^uint64(0) << t.precision
	}
	return v
}
