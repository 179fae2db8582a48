package hdf5

import (
	"bytes"
	"fmt"
)

// localHeap reads the heap of names of an old group: the text at an offset.
type localHeap struct {
	data []byte
	addr uint64
}

func (f *File) localHeap(addr uint64) (*localHeap, error) {
	b, err := f.at(addr, uint64(8+2*f.lengthSize+f.offsetSize), "local heap")
	if err != nil {
		return nil, err
	}
	s := f.scan(b, addr, "local heap")
	s.expect("HEAP")
	s.version(0)
	s.skip(3)
	size := s.length()
	s.length() // free list
	data := s.offset()
	if s.err != nil {
		return nil, s.err
	}
	h := &localHeap{addr: data}
	h.data, err = f.at(data, size, "local heap")
	return h, err
}

func (h *localHeap) text(offset uint64) (string, error) {
	if offset < uint64(len(h.data)) {
		if n := bytes.IndexByte(h.data[offset:], 0); n >= 0 {
			return string(h.data[offset : offset+uint64(n)]), nil
		}
	}
	return "", fmt.Errorf("local heap: byte %d: no name at offset %d of %d", h.addr, offset, len(h.data))
}

// A globalHeap is one collection of variable-length data.
type globalHeap struct {
	objects map[uint32][]byte
	size    int
}

// heapCache bounds the collections that are kept.
const heapCache = 64 << 20

// globalHeap reads a collection, or finds it among those read before.
func (f *File) globalHeap(addr uint64) (*globalHeap, error) {
	f.mu.Lock()
	h := f.heaps[addr]
	f.mu.Unlock()
	if h != nil {
		return h, nil
	}
	const what = "global heap"
	b, err := f.at(addr, uint64(8+f.lengthSize), what)
	if err != nil {
		return nil, err
	}
	s := f.scan(b, addr, what)
	s.expect("GCOL")
	s.version(1)
	s.skip(3)
	size := s.length()
	if s.err != nil {
		return nil, s.err
	}
	if b, err = f.at(addr, size, what); err != nil {
		return nil, err
	}
	head := s.pos
	s = f.scan(b, addr, what)
	s.skip(head)
	h = &globalHeap{objects: map[uint32][]byte{}, size: len(b)}
	for s.left() >= 8+f.lengthSize {
		index := uint32(s.u16())
		s.skip(6)
		n := s.length()
		if index == 0 {
			break // free space, to the end
		}
		if n > uint64(s.left()) {
			s.fail("object %d of %d bytes, %d left", index, n, s.left())
		}
		h.objects[index] = s.take(int(n))
		s.skip(min(int(-n&7), s.left()))
	}
	if s.err != nil {
		return nil, s.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.heapBytes+len(b) > heapCache {
		clear(f.heaps)
		f.heapBytes = 0
	}
	f.heaps[addr] = h
	f.heapBytes += len(b)
	return h, nil
}

// variable returns the data of a variable-length element: its count of base
// elements times their size, in bytes.
func (f *File) variable(b []byte, baseSize int) ([]byte, error) {
	s := f.scan(b, 0, "variable-length element")
	n := uint64(s.u32())
	addr := s.offset()
	index := s.u32()
	if s.err != nil {
		return nil, s.err
	}
	if n == 0 || addr == 0 || addr == nowhere {
		return nil, nil
	}
	h, err := f.globalHeap(addr)
	if err != nil {
		return nil, err
	}
	data, ok := h.objects[index]
	want := n * uint64(baseSize)
	if !ok || want > uint64(len(data)) {
		return nil, fmt.Errorf("global heap: byte %d: object %d has %d bytes, expected %d", addr, index, len(data), want)
	}
	return data[:want], nil
}
