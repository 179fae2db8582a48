package hdf5

import "fmt"

// Chunk indexes.
const (
	indexBTree1     = 0 // of layout version 3 and before
	indexSingle     = 1
	indexImplicit   = 2
	indexFixed      = 3
	indexExtensible = 4
	indexBTree2     = 5
)

// A layout says where the data of a dataset are.
type layout struct {
	class layoutClass
	data  []byte // compact
	addr  uint64 // contiguous: of the data; chunked: of the index
	size  uint64 // contiguous: bytes there, 0 if not stated

	chunk        []uint64 // shape of a chunk
	elem         uint64   // bytes of an element, as the layout states them
	index        int
	single       chunk // the only chunk, where filters change its size
	partialEdges bool  // chunks that stick out are not filtered
}

// layout takes the layout of a dataset of that rank.
func (s *scanner) layout(rank int) layout {
	var l layout
	switch version := s.version(1, 2, 3, 4, 5); version {
	case 1, 2:
		s.layoutOld(&l, rank)
	case 3:
		l.class = layoutClass(s.u8())
		switch l.class {
		case compact:
			l.data = s.take(int(s.u16()))
		case contiguous:
			l.addr, l.size = s.offset(), s.length()
		case chunked:
			n := int(s.u8())
			l.addr = s.offset()
			s.chunkShape(&l, n, rank, 4)
		default:
			s.fail("layout of class %d, expected 0 to 2", l.class)
		}
	case 4, 5:
		l.class = layoutClass(s.u8())
		switch l.class {
		case compact:
			l.data = s.take(int(s.u16()))
		case contiguous:
			l.addr, l.size = s.offset(), s.length()
		case chunked:
			s.layoutChunked(&l, rank)
		case virtual:
			s.fail("a virtual dataset, which is not read")
		default:
			s.fail("layout of class %d, expected 0 to 3", l.class)
		}
	}
	return l
}

// layoutOld takes a layout of version 1 or 2.
func (s *scanner) layoutOld(l *layout, rank int) {
	n := int(s.u8())
	l.class = layoutClass(s.u8())
	s.skip(5)
	if l.class != compact {
		l.addr = s.offset()
	}
	switch l.class {
	case compact, contiguous:
		s.skip(4 * n)
		if l.class == compact {
			size := s.u32()
			if uint64(size) > uint64(s.left()) {
				s.fail("%d bytes of data, %d left", size, s.left())
				return
			}
			l.data = s.take(int(size))
		}
	case chunked:
		s.chunkShape(l, n, rank, 4)
	default:
		s.fail("layout of class %d, expected 0 to 2", l.class)
	}
}

// chunkShape takes n dimensions of a chunk, the last of which is the element's size.
func (s *scanner) chunkShape(l *layout, n, rank, size int) {
	if s.err == nil && n != rank+1 {
		s.fail("chunks of %d dimensions for a dataset of %d", n-1, rank)
	}
	for i := 0; i < n && s.err == nil; i++ {
		v := s.uint(size)
		if s.err == nil && v == 0 {
			s.fail("dimension %d of a chunk is 0", i)
		}
		if i < rank {
			l.chunk = append(l.chunk, v)
		} else {
			l.elem = v
		}
	}
}

// layoutChunked takes a chunked layout of version 4 or 5.
func (s *scanner) layoutChunked(l *layout, rank int) {
	flags := s.u8()
	l.partialEdges = flags&1 != 0
	n := int(s.u8())
	size := int(s.u8())
	if s.err == nil && (size < 1 || size > 8) {
		s.fail("dimensions of %d bytes", size)
		return
	}
	s.chunkShape(l, n, rank, size)
	l.index = int(s.u8())
	switch l.index {
	case indexSingle:
		if flags&2 != 0 {
			l.single.size, l.single.mask = s.length(), s.u32()
		}
	case indexImplicit:
	case indexFixed:
		s.skip(1) // what the index says of itself, it says again at its beginning
	case indexExtensible:
		s.skip(5)
	case indexBTree2:
		s.skip(6)
	default:
		s.fail("chunk index of type %d, expected 1 to 5", l.index)
	}
	l.addr = s.offset()
}

// checkChunks fails where chunks do not fit the dataset or the limit.
func (st *storage) checkChunks() error {
	l := &st.layout
	if l.elem != uint64(st.elem) {
		return fmt.Errorf("data layout: elements of %d bytes, the datatype has %d", l.elem, st.elem)
	}
	if len(l.chunk) == 0 {
		return fmt.Errorf("data layout: a single value in chunks")
	}
	n, ok := mul(append([]uint64{l.elem}, l.chunk...)...)
	if !ok || n > uint64(st.f.max) {
		return st.f.errMemory("a chunk", n)
	}
	return nil
}

// chunkBytes is the size of a whole chunk.
func (st *storage) chunkBytes() uint64 {
	n, _ := mul(append([]uint64{st.layout.elem}, st.layout.chunk...)...)
	return n
}
