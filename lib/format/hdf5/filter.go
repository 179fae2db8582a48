package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// Filters, with their numbers in the file.
const (
	filterDeflate  = 1
	filterShuffle  = 2
	filterFletcher = 3
)

var filterNames = map[uint16]string{4: "szip", 5: "n-bit", 6: "scale-offset", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32015: "zstd"}

type filter struct {
	id     uint16
	values []uint32
}

// pipeline takes the filters of a dataset.
func (s *scanner) pipeline() []filter {
	version := s.version(1, 2)
	n := int(s.u8())
	if version == 1 {
		s.skip(6)
	}
	var fs []filter
	for i := 0; i < n && s.err == nil; i++ {
		var fl filter
		fl.id = s.u16()
		nameSize := 0
		if version == 1 || fl.id >= 256 {
			nameSize = int(s.u16())
		}
		s.skip(2) // flags
		values := int(s.u16())
		if version == 1 {
			nameSize = (nameSize + 7) / 8 * 8
		}
		s.skip(nameSize)
		for j := 0; j < values && s.err == nil; j++ {
			fl.values = append(fl.values, s.u32())
		}
		if version == 1 && values%2 == 1 {
			s.skip(4)
		}
		fs = append(fs, fl)
	}
	if len(fs) > 32 {
		s.fail("%d filters, at most 32", len(fs))
	}
	return fs
}

// unfilter undoes the filters of a chunk, which must then have size bytes.
func (st *storage) unfilter(b []byte, mask uint32, size uint64) ([]byte, error) {
	for i := len(st.filters) - 1; i >= 0; i-- {
		if mask>>i&1 != 0 {
			continue
		}
		fl := st.filters[i]
		var err error
		switch fl.id {
		case filterDeflate:
			// Filters before this one may have added a few bytes.
			b, err = inflate(b, size+uint64(4*i))
		case filterShuffle:
			n := st.elem
			if len(fl.values) > 0 {
				n = int(fl.values[0])
			}
			b, err = unshuffle(b, n)
		case filterFletcher:
			b, err = unfletcher(b)
		default:
			name := filterNames[fl.id]
			if name == "" {
				name = "unknown"
			}
			err = fmt.Errorf("filter %d (%s) is not read: expected deflate, shuffle or Fletcher-32 (h5repack -f GZIP=4 converts)", fl.id, name)
		}
		if err != nil {
			return nil, err
		}
	}
	if uint64(len(b)) < size {
		return nil, fmt.Errorf("%d bytes, a chunk has %d", len(b), size)
	}
	return b[:size], nil
}

var inflaters = sync.Pool{}

// inflate undoes deflate; more than limit bytes are an error.
func inflate(z []byte, limit uint64) ([]byte, error) {
	r, _ := inflaters.Get().(io.ReadCloser)
	src := bytes.NewReader(z)
	var err error
	if r == nil {
		r, err = zlib.NewReader(src)
	} else {
		err = r.(zlib.Resetter).Reset(src, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("deflate: %w", err)
	}
	defer inflaters.Put(r)
	// Memory follows the data that come, not the size that is claimed; deflate
	// expands at most 1032 times.
	b := make([]byte, 0, min(limit, uint64(len(z))*16+512)+1)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if uint64(len(b)) > limit {
			return nil, fmt.Errorf("deflate: more than the %d bytes of a chunk", limit)
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, fmt.Errorf("deflate: %w", err)
		}
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(limit, uint64(2*cap(b)))+1)
			copy(grown, b)
			b = grown
		}
	}
}

// unshuffle puts the bytes of elements of n bytes back together.
func unshuffle(b []byte, n int) ([]byte, error) {
	if n <= 0 {
		return nil, fmt.Errorf("shuffle: elements of %d bytes", n)
	}
	count := len(b) / n
	if n == 1 || count <= 1 {
		return b, nil
	}
	out := make([]byte, len(b))
	for j := range n {
		plane := b[j*count : (j+1)*count]
		for i, c := range plane {
			out[i*n+j] = c
		}
	}
	copy(out[n*count:], b[n*count:])
	return out, nil
}

// shuffle is the inverse of unshuffle.
func shuffle(b []byte, n int) []byte {
	count := len(b) / n
	out := make([]byte, len(b))
	for j := range n {
		plane := out[j*count : (j+1)*count]
		for i := range plane {
			plane[i] = b[i*n+j]
		}
	}
	copy(out[n*count:], b[n*count:])
	return out
}

// unfletcher verifies and removes the checksum at the end.
func unfletcher(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("Fletcher-32: %d bytes, a checksum has 4", len(b))
	}
	b, tail := b[:len(b)-4], b[len(b)-4:]
	stored, sum := binary.LittleEndian.Uint32(tail), fletcher32(b)
	// Libraries before 1.6.3 stored the bytes of the halves swapped.
	swapped := sum&0x00ff00ff<<8 | sum>>8&0x00ff00ff
	if stored != sum && stored != swapped {
		return nil, fmt.Errorf("Fletcher-32: checksum %08x, the data have %08x: damaged", stored, sum)
	}
	return b, nil
}

// fletcher32 is the checksum over big-endian 16-bit words, as HDF5 has it.
func fletcher32(b []byte) uint32 {
	var s1, s2 uint32
	for len(b) > 1 {
		n := min(len(b)/2, 360) // no overflow before the sums are folded
		for range n {
			s1 += uint32(b[0])<<8 | uint32(b[1])
			s2 += s1
			b = b[2:]
		}
		s1 = s1&0xffff + s1>>16
		s2 = s2&0xffff + s2>>16
	}
	if len(b) == 1 {
		s1 += uint32(b[0]) << 8
		s2 += s1
		s1 = s1&0xffff + s1>>16
		s2 = s2&0xffff + s2>>16
	}
	s1 = s1&0xffff + s1>>16
	s2 = s2&0xffff + s2>>16
	return s2<<16 | s1
}
