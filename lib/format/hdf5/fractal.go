package hdf5

import (
	"fmt"
	"math/bits"
)

// A fractalHeap holds the links or attributes of an object that has many.
type fractalHeap struct {
	f    *File
	addr uint64

	idSize     int
	offsetLen  int // bytes of an offset in an ID
	lengthLen  int // bytes of a length in an ID
	maxDirect  uint64
	startBlock uint64
	width      int
	heapBits   int
	checked    bool // direct blocks carry a checksum
	rootAddr   uint64
	rootRows   int
	hugeTree   uint64
	hugeSize   int // bytes of the number of a huge object

	huge map[uint64]block

	// The blocks read last: objects that follow one another lie together.
	lastDirect, lastTable struct {
		addr uint64
		data []byte
	}
}

func (f *File) fractalHeap(addr uint64) (*fractalHeap, error) {
	const what = "fractal heap"
	n := uint64(26 + 12*f.lengthSize + 3*f.offsetSize)
	b, err := f.at(addr, n, what)
	if err != nil {
		return nil, err
	}
	h := &fractalHeap{f: f, addr: addr}
	s := f.scan(b, addr, what)
	s.expect("FRHP")
	s.version(0)
	h.idSize = int(s.u16())
	filters := s.u16()
	h.checked = s.u8()&2 != 0
	maxObject := s.u32()
	s.length() // next huge number
	h.hugeTree = s.offset()
	s.length() // free space
	s.offset()
	for range 8 {
		s.length() // amounts of space and of objects
	}
	h.width = int(s.u16())
	h.startBlock, h.maxDirect = s.length(), s.length()
	h.heapBits = int(s.u16())
	s.u16() // rows at first
	h.rootAddr = s.offset()
	h.rootRows = int(s.u16())
	if filters != 0 {
		s.fail("a compressed heap of links or attributes is not read")
	}
	s.checksum()
	if s.err != nil {
		return nil, s.err
	}
	pow2 := func(v uint64) bool { return v != 0 && v&(v-1) == 0 }
	if !pow2(h.startBlock) || !pow2(h.maxDirect) || !pow2(uint64(h.width)) || h.startBlock > h.maxDirect ||
		h.maxDirect > 1<<40 || h.heapBits < 1 || h.heapBits > 64 || h.idSize < 2 || h.idSize > 64 || h.rootRows > 64 {
		return nil, fmt.Errorf("%s: byte %d: blocks of %d to %d bytes, %d a row, heap of %d bits", what, addr, h.startBlock, h.maxDirect, h.width, h.heapBits)
	}
	h.offsetLen = (h.heapBits + 7) / 8
	h.lengthLen = min((bits.Len64(h.maxDirect)-1+7)/8, encodedSize(uint64(maxObject)))
	h.hugeSize = min(h.idSize-1, 8)
	return h, nil
}

// object returns the data of a heap ID.
func (h *fractalHeap) object(id []byte) ([]byte, error) {
	bad := func(format string, args ...any) ([]byte, error) {
		return nil, fmt.Errorf("fractal heap: byte %d: %w", h.addr, fmt.Errorf(format, args...))
	}
	if len(id) < h.idSize {
		return bad("ID of %d bytes, expected %d", len(id), h.idSize)
	}
	id = id[:h.idSize]
	s := h.f.scan(id, 0, "heap ID")
	lead := s.u8()
	if lead>>6 != 0 {
		return bad("ID of version %d", lead>>6)
	}
	switch lead >> 4 & 3 {
	case 0:
		offset, n := s.uint(h.offsetLen), s.uint(h.lengthLen)
		if s.err != nil {
			return nil, s.err
		}
		return h.managed(offset, n)
	case 1:
		return h.hugeObject(s)
	case 2:
		n := int(lead&15) + 1
		if h.idSize-1 > 16 {
			n = int(lead&15)<<8 + int(s.u8()) + 1
		}
		v := s.take(n)
		return v, s.err
	}
	return bad("ID of type %d", lead>>4&3)
}

// row returns the size of a block in a row of the doubling table.
func (h *fractalHeap) blockSize(row int) uint64 {
	if row == 0 {
		return h.startBlock
	}
	return h.startBlock << (row - 1)
}

// directRows is the number of rows that hold direct blocks.
func (h *fractalHeap) directRows() int {
	return bits.Len64(h.maxDirect) - bits.Len64(h.startBlock) + 2
}

// managed returns n bytes at an offset in the heap's own space.
func (h *fractalHeap) managed(offset, n uint64) ([]byte, error) {
	addr, start, size := h.rootAddr, uint64(0), h.startBlock
	rows := h.rootRows
	for depth := 0; rows > 0; depth++ {
		if depth > maxDepth {
			return nil, fmt.Errorf("fractal heap: byte %d: nested deeper than %d", h.addr, maxDepth)
		}
		// Find the row and column of the block that covers the offset.
		row, at := 0, start
		for ; row < rows; row++ {
			span, ok := mul(h.blockSize(row), uint64(h.width))
			if !ok || span == 0 || at+span < at {
				return nil, fmt.Errorf("fractal heap: byte %d: blocks beyond 2^64 in row %d", h.addr, row)
			}
			if offset-at < span {
				break
			}
			at += span
		}
		if row == rows {
			return nil, fmt.Errorf("fractal heap: byte %d: offset %d beyond its %d rows", h.addr, offset, rows)
		}
		size = h.blockSize(row)
		col := (offset - at) / size
		start = at + col*size
		child, err := h.child(addr, rows, row, int(col))
		if err != nil {
			return nil, err
		}
		addr = child
		if row < h.directRows() {
			break
		}
		// An indirect block of this size has rows enough to cover it.
		rows = bits.Len64(size) - bits.Len64(h.startBlock*uint64(h.width)) + 1
		if rows < 1 {
			return nil, fmt.Errorf("fractal heap: byte %d: an indirect block of %d bytes", h.addr, size)
		}
	}
	within := offset - start
	if addr == nowhere || within > size || n > size-within {
		return nil, fmt.Errorf("fractal heap: byte %d: object of %d bytes at offset %d, in a block of %d", h.addr, n, offset, size)
	}
	b, err := h.direct(addr, size)
	if err != nil {
		return nil, err
	}
	return b[within : within+n : within+n], nil
}

// child returns the address of a block in the table of an indirect block.
func (h *fractalHeap) child(addr uint64, rows, row, col int) (uint64, error) {
	f := h.f
	const what = "fractal heap's indirect block"
	n := uint64(rows * h.width * f.offsetSize)
	head := 5 + f.offsetSize + h.offsetLen
	if h.lastTable.addr != addr || uint64(len(h.lastTable.data)) != n {
		b, err := f.at(addr, uint64(head)+n+4, what)
		if err != nil {
			return 0, err
		}
		s := f.scan(b, addr, what)
		s.expect("FHIB")
		s.version(0)
		s.pos = len(b) - 4
		s.checksum()
		if s.err != nil {
			return 0, s.err
		}
		h.lastTable.addr, h.lastTable.data = addr, b[head:len(b)-4]
	}
	s := f.scan(h.lastTable.data, addr+uint64(head), what)
	s.pos = (row*h.width + col) * f.offsetSize
	return s.offset(), s.err
}

// direct returns a direct block, its signature and checksum verified.
func (h *fractalHeap) direct(addr, size uint64) ([]byte, error) {
	f := h.f
	const what = "fractal heap's direct block"
	if h.lastDirect.addr == addr && uint64(len(h.lastDirect.data)) == size {
		return h.lastDirect.data, nil
	}
	b, err := f.at(addr, size, what)
	if err != nil {
		return nil, err
	}
	s := f.scan(b, addr, what)
	s.expect("FHDB")
	s.version(0)
	s.skip(f.offsetSize + h.offsetLen)
	if h.checked && s.err == nil && !f.unchecked {
		// The checksum is taken with its own place zero.
		stored := s.u32()
		if s.err == nil {
			copy(b[s.pos-4:s.pos], "\x00\x00\x00\x00")
			if sum := lookup3(b); sum != stored {
				s.fail("checksum %08x, the data have %08x: damaged", stored, sum)
			}
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	h.lastDirect.addr, h.lastDirect.data = addr, b
	return b, nil
}

// hugeObject returns an object that is stored outside the heap's blocks.
func (h *fractalHeap) hugeObject(s *scanner) ([]byte, error) {
	f := h.f
	if h.idSize-1 >= f.offsetSize+f.lengthSize {
		addr, n := s.offset(), s.length()
		if s.err != nil {
			return nil, s.err
		}
		return f.at(addr, n, "huge object")
	}
	number := s.uint(h.hugeSize)
	if h.huge == nil {
		h.huge = map[uint64]block{}
		err := f.eachRecord(h.hugeTree, 1, func(r *scanner) error {
			addr, n, id := r.offset(), r.length(), r.length()
			h.huge[id] = block{addr, n}
			return r.err
		})
		if err != nil {
			return nil, err
		}
	}
	b, ok := h.huge[number]
	if !ok || s.err != nil {
		return nil, fmt.Errorf("fractal heap: byte %d: no huge object %d", h.addr, number)
	}
	return f.at(b.addr, b.size, "huge object")
}
