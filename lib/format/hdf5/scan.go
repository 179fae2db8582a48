package hdf5

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// A scanner takes numbers from a structure one after the other. The first error
// sticks: what follows it yields zeros, and err is looked at once, at the end.
type scanner struct {
	f    *File
	b    []byte
	pos  int
	addr uint64 // of b
	what string
	err  error
}

func (f *File) scan(b []byte, addr uint64, what string) *scanner {
	return &scanner{f: f, b: b, addr: addr, what: what}
}

// fail notes an error at the present position.
func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%s: byte %d: %w", s.what, s.addr+uint64(s.pos), fmt.Errorf(format, args...))
	}
}

// take returns the next n bytes, or nil at the end.
func (s *scanner) take(n int) []byte {
	if s.err != nil {
		return nil
	}
	if n < 0 || n > len(s.b)-s.pos {
		s.fail("%d bytes left, expected %d more", len(s.b)-s.pos, n)
		return nil
	}
	s.pos += n
	return s.b[s.pos-n : s.pos : s.pos]
}

func (s *scanner) skip(n int)  { s.take(n) }
func (s *scanner) left() int   { return len(s.b) - s.pos }
func (s *scanner) u8() uint8   { return uint8(s.uint(1)) }
func (s *scanner) u16() uint16 { return uint16(s.uint(2)) }
func (s *scanner) u32() uint32 { return uint32(s.uint(4)) }
func (s *scanner) u64() uint64 { return s.uint(8) }

// uint returns a little-endian number of n bytes, n ≤ 8.
func (s *scanner) uint(n int) uint64 {
	v := uint64(0)
	for i, c := range s.take(n) {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// offset and length return numbers of the sizes that the file has chosen.
func (s *scanner) offset() uint64 {
	v := s.uint(s.f.offsetSize)
	if s.err == nil && s.f.undefined(v) {
		return ^uint64(0) // one value for "nowhere", whatever the size
	}
	return v
}

func (s *scanner) length() uint64 { return s.uint(s.f.lengthSize) }

// expect takes a signature.
func (s *scanner) expect(sig string) {
	if got := s.take(len(sig)); s.err == nil && string(got) != sig {
		s.pos -= len(sig)
		s.fail("found %q, expected %q", got, sig)
	}
}

// version takes a version byte that must be one of those.
func (s *scanner) version(ok ...uint8) uint8 {
	v := s.u8()
	for _, o := range ok {
		if v == o {
			return v
		}
	}
	if s.err == nil {
		s.pos--
		s.fail("version %d, expected %v", v, ok)
	}
	return v
}

// checksum takes the checksum of all bytes before it and compares.
func (s *scanner) checksum() {
	end := s.pos
	stored := s.u32()
	if s.err == nil && !s.f.unchecked {
		if sum := lookup3(s.b[:end]); sum != stored {
			s.pos = end
			s.fail("checksum %08x, the data have %08x: damaged", stored, sum)
		}
	}
}

// text takes bytes up to a NUL. With pad > 1 the whole, NUL included, fills a
// multiple of pad bytes.
func (s *scanner) text(pad int) string {
	if s.err != nil {
		return ""
	}
	for i, c := range s.b[s.pos:] {
		if c == 0 {
			v := string(s.b[s.pos : s.pos+i])
			s.take((i + pad) / pad * pad)
			return v
		}
	}
	s.fail("a name without an end")
	return ""
}

// nowhere is the undefined address.
const nowhere = ^uint64(0)

// mul returns the product of sizes, or false where it overflows.
func mul(v ...uint64) (uint64, bool) {
	p := uint64(1)
	for _, x := range v {
		hi, lo := bits.Mul64(p, x)
		if hi != 0 {
			return 0, false
		}
		p = lo
	}
	return p, true
}

// ceilDiv is ⌈a/b⌉, b > 0.
func ceilDiv(a, b uint64) uint64 {
	if a == 0 {
		return 0
	}
	return (a-1)/b + 1
}

// encodedSize is the number of bytes in which HDF5 stores a number up to v.
func encodedSize(v uint64) int {
	if v == 0 {
		return 1
	}
	return (bits.Len64(v)-1)/8 + 1
}

// lookup3 is Bob Jenkins' hashlittle, HDF5's checksum of metadata.
func lookup3(b []byte) uint32 {
	x := uint32(0xdeadbeef) + uint32(len(b))
	y, z := x, x
	for len(b) > 12 {
		x += binary.LittleEndian.Uint32(b)
		y += binary.LittleEndian.Uint32(b[4:])
		z += binary.LittleEndian.Uint32(b[8:])
		x -= z
		x ^= bits.RotateLeft32(z, 4)
		z += y
		y -= x
		y ^= bits.RotateLeft32(x, 6)
		x += z
		z -= y
		z ^= bits.RotateLeft32(y, 8)
		y += x
		x -= z
		x ^= bits.RotateLeft32(z, 16)
		z += y
		y -= x
		y ^= bits.RotateLeft32(x, 19)
		x += z
		z -= y
		z ^= bits.RotateLeft32(y, 4)
		y += x
		b = b[12:]
	}
	if len(b) == 0 {
		return z
	}
	var last [12]byte
	copy(last[:], b)
	x += binary.LittleEndian.Uint32(last[:])
	y += binary.LittleEndian.Uint32(last[4:])
	z += binary.LittleEndian.Uint32(last[8:])
	z ^= y
	z -= bits.RotateLeft32(y, 14)
	x ^= z
	x -= bits.RotateLeft32(z, 11)
	y ^= x
	y -= bits.RotateLeft32(x, 25)
	z ^= y
	z -= bits.RotateLeft32(y, 16)
	x ^= z
	x -= bits.RotateLeft32(z, 4)
	y ^= x
	y -= bits.RotateLeft32(x, 14)
	z ^= y
	z -= bits.RotateLeft32(y, 24)
	return z
}
