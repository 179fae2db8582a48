package hdf5

import (
	"fmt"
	"math/bits"
)

// The chunk indexes that are arrays: fixed, where the shape has a limit, and
// extensible, where one dimension has none.

// An entrySource takes the entries of a fixed or extensible array.
type entrySource struct {
	st     *storage
	coords func(uint64, []uint64)
	grid   []uint64
	at     []uint64
	size   int // bytes of an entry
	length int // bytes of a chunk's size in it, 0 without filters
	what   string
}

// entries prepares for entries of a size, of client 0 (plain) or 1 (filtered).
func (st *storage) entries(client, size uint8, what string) (*entrySource, error) {
	e := &entrySource{st: st, grid: st.grid(), at: make([]uint64, len(st.dims)), size: int(size), what: what}
	want := st.f.offsetSize
	if client == 1 {
		e.length = int(size) - st.f.offsetSize - 4
		want += e.length + 4
	}
	if client > 1 || int(size) != want || client == 1 && (e.length < 1 || e.length > 8) {
		return nil, fmt.Errorf("%s: entries of %d bytes for client %d", what, size, client)
	}
	var err error
	e.coords, err = st.numbering()
	return e, err
}

// take takes n entries, the first at a place in the array.
func (e *entrySource) take(s *scanner, place, n uint64) {
	for i := range n {
		c := chunk{addr: s.offset(), size: 0}
		if e.length > 0 {
			c.size = s.uint(e.length)
			c.mask = s.u32()
		} else {
			c.size = e.st.chunkBytes()
		}
		if s.err != nil {
			return
		}
		e.coords(place+i, e.at)
		e.st.add(e.grid, e.at, c)
	}
}

// page reads a page of entries, which has a checksum of its own.
func (e *entrySource) page(addr, place, n uint64) error {
	b, err := e.st.f.at(addr, n*uint64(e.size)+4, e.what)
	if err != nil {
		return err
	}
	s := e.st.f.scan(b, addr, e.what)
	e.take(s, place, n)
	s.checksum()
	return s.err
}

func (st *storage) indexFixed() error {
	f := st.f
	const what = "fixed array"
	b, err := f.at(st.layout.addr, uint64(12+f.lengthSize+f.offsetSize), what)
	if err != nil {
		return err
	}
	s := f.scan(b, st.layout.addr, what)
	s.expect("FAHD")
	s.version(0)
	client, size, pageBits := s.u8(), s.u8(), s.u8()
	n := s.length()
	addr := s.offset()
	s.checksum()
	if s.err != nil || addr == nowhere {
		return s.err
	}
	e, err := st.entries(client, size, what)
	if err != nil {
		return err
	}
	if pageBits > 32 || n > f.size { // an entry takes more than a byte, or a bit's worth of its page
		return fmt.Errorf("%s: byte %d: %d entries in pages of 2^%d", what, st.layout.addr, n, pageBits)
	}
	perPage := uint64(1) << pageBits
	head := uint64(6 + f.offsetSize)
	if n <= perPage {
		if b, err = f.at(addr, head+n*uint64(size)+4, what); err != nil {
			return err
		}
		s = f.scan(b, addr, what)
		s.expect("FADB")
		s.version(0)
		s.skip(1 + f.offsetSize)
		e.take(s, 0, n)
		s.checksum()
		return s.err
	}
	pages := ceilDiv(n, perPage)
	if b, err = f.at(addr, head+(pages+7)/8+4, what); err != nil {
		return err
	}
	s = f.scan(b, addr, what)
	s.expect("FADB")
	s.version(0)
	s.skip(1 + f.offsetSize)
	written := s.take(int((pages + 7) / 8))
	s.checksum()
	if s.err != nil {
		return s.err
	}
	for p := range pages {
		if written[p/8]&(0x80>>(p%8)) == 0 {
			continue
		}
		at := addr + uint64(s.pos) + p*(perPage*uint64(size)+4)
		if err := e.page(at, p*perPage, min(perPage, n-p*perPage)); err != nil {
			return err
		}
	}
	return nil
}

// An extensible array grows by super blocks, each with twice the room of the
// one before it; the first few lie in the index block itself.
func (st *storage) indexExtensible() error {
	f, l := st.f, &st.layout
	const what = "extensible array"
	b, err := f.at(l.addr, uint64(16+6*f.lengthSize+f.offsetSize), what)
	if err != nil {
		return err
	}
	s := f.scan(b, l.addr, what)
	s.expect("EAHD")
	s.version(0)
	client, size := s.u8(), s.u8()
	maxBits, inIndex, minElements, minPointers, pageBits := s.u8(), s.u8(), s.u8(), s.u8(), s.u8()
	for range 6 {
		s.length() // counts of blocks and elements
	}
	addr := s.offset()
	s.checksum()
	if s.err != nil || addr == nowhere {
		return s.err
	}
	pow2 := func(v uint8) bool { return v != 0 && v&(v-1) == 0 }
	if maxBits < 1 || maxBits > 64 || !pow2(minElements) || !pow2(minPointers) || pageBits > 32 ||
		int(maxBits) < bits.Len8(minElements)-1 {
		return fmt.Errorf("%s: byte %d: at most 2^%d elements, blocks of at least %d, %d pointers", what, l.addr, maxBits, minElements, minPointers)
	}
	e, err := st.entries(client, size, what)
	if err != nil {
		return err
	}
	x := extensible{entrySource: e, offsetSize: (int(maxBits) + 7) / 8, perPage: 1 << pageBits, minElements: uint64(minElements)}
	supers := 1 + int(maxBits) - (bits.Len8(minElements) - 1)
	direct := 2 * (bits.Len8(minPointers) - 1) // super blocks whose data blocks the index block lists
	blocks := 2 * (int(minPointers) - 1)
	if supers < direct {
		return fmt.Errorf("%s: byte %d: %d super blocks, expected at least %d", what, l.addr, supers, direct)
	}
	total := 6 + f.offsetSize + int(inIndex)*int(size) + (blocks+supers-direct)*f.offsetSize + 4
	if b, err = f.at(addr, uint64(total), what); err != nil {
		return err
	}
	s = f.scan(b, addr, what)
	s.expect("EAIB")
	s.version(0)
	s.skip(1 + f.offsetSize)
	e.take(s, 0, uint64(inIndex))
	place := uint64(inIndex)
	for u := range supers {
		n, each := uint64(1)<<(u/2), x.minElements<<((u+1)/2)
		if u < direct {
			for range n {
				if err := x.dataBlock(s.offset(), place, each, nil, 0); err != nil {
					return err
				}
				place += each
			}
			continue
		}
		if a := s.offset(); a != nowhere && s.err == nil {
			if err := x.superBlock(a, place, n, each); err != nil {
				return err
			}
		}
		place += n * each
	}
	s.checksum()
	return s.err
}

type extensible struct {
	*entrySource
	offsetSize  int // bytes of a block's offset
	perPage     uint64
	minElements uint64
}

// superBlock reads n data blocks of each elements.
func (x *extensible) superBlock(addr, place, n, each uint64) error {
	f := x.st.f
	pages := uint64(0)
	if each > x.perPage {
		pages = each / x.perPage
	}
	bitmap, ok := mul(n, (pages+7)/8)
	pointers, ok2 := mul(n, uint64(f.offsetSize))
	if !ok || !ok2 || bitmap > f.size || pointers > f.size {
		return fmt.Errorf("%s: byte %d: super block of %d blocks", x.what, addr, n)
	}
	b, err := f.at(addr, uint64(6+f.offsetSize+x.offsetSize)+bitmap+pointers+4, x.what)
	if err != nil {
		return err
	}
	s := f.scan(b, addr, x.what)
	s.expect("EASB")
	s.version(0)
	s.skip(1 + f.offsetSize + x.offsetSize)
	written := s.take(int(bitmap))
	for i := range n {
		if err := x.dataBlock(s.offset(), place+i*each, each, written, i*pages); err != nil {
			return err
		}
	}
	s.checksum()
	return s.err
}

// dataBlock reads a data block of n elements; where it is paged, written tells
// which pages are there, beginning at bit first.
func (x *extensible) dataBlock(addr, place, n uint64, written []byte, first uint64) error {
	if addr == nowhere {
		return nil
	}
	f := x.st.f
	head := uint64(6 + f.offsetSize + x.offsetSize)
	size := head + 4
	paged := n > x.perPage
	if !paged {
		size += n * uint64(x.size)
	}
	b, err := f.at(addr, size, x.what)
	if err != nil {
		return err
	}
	s := f.scan(b, addr, x.what)
	s.expect("EADB")
	s.version(0)
	s.skip(int(head) - 5)
	if !paged {
		x.take(s, place, n)
	}
	s.checksum()
	if s.err != nil || !paged {
		return s.err
	}
	if written == nil {
		return fmt.Errorf("%s: byte %d: pages in a block of the index block", x.what, addr)
	}
	for p := range n / x.perPage {
		bit := first + p
		if written[bit/8]&(0x80>>(bit%8)) == 0 {
			continue
		}
		at := addr + size + p*(x.perPage*uint64(x.size)+4)
		if err := x.page(at, place+p*x.perPage, x.perPage); err != nil {
			return err
		}
	}
	return nil
}
