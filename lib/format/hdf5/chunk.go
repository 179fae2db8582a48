package hdf5

import (
	"fmt"
	"slices"
	"sort"
)

// A chunk is where one chunk lies. Chunks are numbered in C order over the
// grid that covers the dataset.
type chunk struct {
	number, addr, size uint64
	mask               uint32
}

// grid returns how many chunks lie along each dimension.
func (st *storage) grid() []uint64 {
	g := make([]uint64, len(st.dims))
	for i, c := range st.layout.chunk {
		g[i] = ceilDiv(st.dims[i], c)
	}
	return g
}

// find returns a chunk; ok is false where it was never written.
func (st *storage) find(number uint64) (c chunk, ok bool, err error) {
	st.once.Do(func() {
		st.err = st.readIndex()
		sort.Slice(st.index, func(i, j int) bool { return st.index[i].number < st.index[j].number })
	})
	if st.err != nil {
		return chunk{}, false, st.err
	}
	i := sort.Search(len(st.index), func(i int) bool { return st.index[i].number >= number })
	if i < len(st.index) && st.index[i].number == number {
		return st.index[i], true, nil
	}
	return chunk{}, false, nil
}

// add takes a chunk at grid coordinates, unless it lies outside the dataset's
// present shape or nowhere.
func (st *storage) add(grid, at []uint64, c chunk) {
	if c.addr == nowhere {
		return
	}
	for d, x := range at {
		if x >= grid[d] {
			return
		}
		c.number = c.number*grid[d] + x
	}
	st.index = append(st.index, c)
}

// readIndex reads where all chunks are.
func (st *storage) readIndex() error {
	l := &st.layout
	if l.addr == nowhere {
		return nil
	}
	switch l.index {
	case indexBTree1:
		return st.indexTree1()
	case indexSingle:
		c := l.single
		c.addr = l.addr
		if c.size == 0 {
			c.size = st.chunkBytes()
		}
		st.add(st.grid(), make([]uint64, len(st.dims)), c)
		return nil
	case indexImplicit:
		return st.indexImplicit()
	case indexFixed:
		return st.indexFixed()
	case indexExtensible:
		return st.indexExtensible()
	}
	return st.indexTree2()
}

func (st *storage) indexTree1() error {
	rank := len(st.dims)
	grid := st.grid()
	at := make([]uint64, rank)
	return st.f.walk1(st.layout.addr, 1, 8+8*(rank+1), func(key []byte, child uint64) error {
		s := st.f.scan(key, 0, "chunk key")
		c := chunk{addr: child, size: uint64(s.u32()), mask: s.u32()}
		for d := range at {
			x := s.u64()
			if x%st.layout.chunk[d] != 0 {
				return fmt.Errorf("chunk key: a chunk begins at %d in dimension %d, expected a multiple of %d", x, d, st.layout.chunk[d])
			}
			at[d] = x / st.layout.chunk[d]
		}
		st.add(grid, at, c)
		return s.err
	})
}

func (st *storage) indexTree2() error {
	f, rank := st.f, len(st.dims)
	grid := st.grid()
	at := make([]uint64, rank)
	kind := uint8(10)
	if len(st.filters) > 0 {
		kind = 11
	}
	return f.eachRecord(st.layout.addr, kind, func(s *scanner) error {
		c := chunk{addr: s.offset(), size: st.chunkBytes()}
		if kind == 11 {
			n := len(s.b) - f.offsetSize - 4 - 8*rank
			if n < 1 || n > 8 {
				return fmt.Errorf("chunk record of %d bytes for %d dimensions", len(s.b), rank)
			}
			c.size = s.uint(n)
			c.mask = s.u32()
		}
		for d := range at {
			at[d] = s.u64()
		}
		st.add(grid, at, c)
		return s.err
	})
}

// capacity returns how many chunks lie along each dimension at its maximum, 1
// where that has no limit, and the dimension without limit, or -1.
func (st *storage) capacity() (most []uint64, unlimited int, err error) {
	unlimited = -1
	for i, m := range st.most {
		if m < 0 {
			if unlimited >= 0 {
				return nil, 0, fmt.Errorf("a chunk index for one unlimited dimension, the dataspace has more")
			}
			unlimited = i
			most = append(most, 1)
			continue
		}
		most = append(most, ceilDiv(uint64(m), st.layout.chunk[i]))
	}
	if _, ok := mul(most...); !ok {
		return nil, 0, fmt.Errorf("%v chunks", most)
	}
	return most, unlimited, nil
}

// numbering turns places in an array of chunks into grid coordinates. Such
// arrays run over the maximal shape, the unlimited dimension slowest.
func (st *storage) numbering() (func(place uint64, at []uint64), error) {
	most, unlimited, err := st.capacity()
	if err != nil {
		return nil, err
	}
	order := make([]int, len(most))
	for i := range order {
		order[i] = i
	}
	if unlimited > 0 {
		copy(order[1:], order[:unlimited])
		order[0] = unlimited
	}
	return func(place uint64, at []uint64) {
		for i := len(order) - 1; i > 0; i-- {
			d := order[i]
			if most[d] == 0 {
				at[d] = 0
				continue
			}
			at[d] = place % most[d]
			place /= most[d]
		}
		at[order[0]] = place
	}, nil
}

func (st *storage) indexImplicit() error {
	coords, err := st.numbering()
	if err != nil {
		return err
	}
	grid, most, size := st.grid(), st.most, st.chunkBytes()
	at := make([]uint64, len(grid))
	n := uint64(1)
	for i, m := range most {
		n, _ = mul(n, ceilDiv(uint64(m), st.layout.chunk[i]))
	}
	if total, ok := mul(n, size); !ok || total > st.f.size || st.layout.addr > st.f.size-total {
		return fmt.Errorf("chunks: %d of %d bytes at byte %d: the file has %d", n, size, st.layout.addr, st.f.size)
	}
	for i := range n {
		coords(i, at)
		st.add(grid, at, chunk{addr: st.layout.addr + i*size, size: size})
	}
	return nil
}

// partial tells whether a chunk sticks out of the dataset.
func (st *storage) partial(at []uint64) bool {
	return slices.ContainsFunc(indices(len(at)), func(d int) bool {
		return (at[d]+1)*st.layout.chunk[d] > st.dims[d]
	})
}

func indices(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

// load returns the data of the chunk at grid coordinates, nil where it was never written.
func (st *storage) load(number uint64, at []uint64) ([]byte, error) {
	c, ok, err := st.find(number)
	if err != nil || !ok {
		return nil, err
	}
	wrap := func(err error) error { return fmt.Errorf("chunk %v at byte %d: %w", at, c.addr, err) }
	b, err := st.f.at(c.addr, c.size, "data")
	if err != nil {
		return nil, wrap(err)
	}
	size := st.chunkBytes()
	if st.layout.partialEdges && st.partial(at) {
		if uint64(len(b)) != size {
			return nil, wrap(fmt.Errorf("%d bytes, a chunk has %d", len(b), size))
		}
		return b, nil
	}
	if b, err = st.unfilter(b, c.mask, size); err != nil {
		return nil, wrap(err)
	}
	return b, nil
}
