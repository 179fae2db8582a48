package tfbundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/golang/snappy"
)

// The index of a bundle is a sorted table in LevelDB's format: blocks of entries
// whose keys share prefixes, an index of the blocks, and a footer.

const (
	footerSize   = 48
	trailerSize  = 5 // of a block: compression and checksum
	tableMagic   = 0xdb4775248b80fb57
	maxKey       = 1 << 16
	blockSize    = 1 << 18 // where the writer ends a block, as TensorFlow does
	restartEvery = 16
)

const (
	plain      = 0
	compressed = 1 // by Snappy
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is how checksums are stored: rotated, so that a checksum of data
// that hold checksums stays a good one.
func maskedCRC(parts ...[]byte) uint32 {
	c := uint32(0)
	for _, p := range parts {
		c = crc32.Update(c, castagnoli, p)
	}
	return mask(c)
}

func mask(c uint32) uint32 { return (c>>15 | c<<17) + 0xa282ead8 }

var errShort = errors.New("the data end in the middle of a number")

// uvarint takes a variable-length number.
func uvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errShort
	}
	return v, b[n:], nil
}

// A handle says where a block lies.
type handle struct{ offset, size uint64 }

func takeHandle(b []byte) (h handle, rest []byte, err error) {
	if h.offset, b, err = uvarint(b); err == nil {
		h.size, b, err = uvarint(b)
	}
	return h, b, err
}

// block returns the content of a block: verified, and inflated within the limit.
func block(file []byte, h handle, limit uint64) ([]byte, error) {
	n := uint64(len(file))
	if h.offset > n || h.size > n-h.offset || n-h.offset-h.size < trailerSize {
		return nil, fmt.Errorf("byte %d: block of %d bytes, the file has %d", h.offset, h.size, n)
	}
	b := file[h.offset : h.offset+h.size]
	trailer := file[h.offset+h.size:][:trailerSize]
	if stored, sum := binary.LittleEndian.Uint32(trailer[1:]), maskedCRC(b, trailer[:1]); stored != sum {
		return nil, fmt.Errorf("byte %d: block's checksum %08x, its data have %08x: damaged", h.offset, stored, sum)
	}
	switch trailer[0] {
	case plain:
		return b, nil
	case compressed:
		// Snappy makes at most 64 bytes of 3.
		size, err := snappy.DecodedLen(b)
		if err != nil || uint64(size) > 22*uint64(len(b))+64 || uint64(size) > limit {
			return nil, fmt.Errorf("byte %d: compressed block of %d bytes says that it holds %d", h.offset, len(b), size)
		}
		out, err := snappy.Decode(nil, b)
		if err != nil {
			return nil, fmt.Errorf("byte %d: compressed block: %w", h.offset, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("byte %d: block of compression %d, expected 0 (none) or 1 (Snappy)", h.offset, trailer[0])
}

// entries visits the entries of a block.
func entries(b []byte, visit func(key, value []byte) error) error {
	if len(b) < 4 {
		return fmt.Errorf("block of %d bytes", len(b))
	}
	restarts := uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	if restarts > uint64(len(b)-4)/4 {
		return fmt.Errorf("block of %d bytes with %d restarts", len(b), restarts)
	}
	b = b[:uint64(len(b)-4)-4*restarts]
	var key []byte
	for len(b) > 0 {
		var shared, own, size uint64
		var err error
		if shared, b, err = uvarint(b); err == nil {
			if own, b, err = uvarint(b); err == nil {
				size, b, err = uvarint(b)
			}
		}
		if err != nil {
			return err
		}
		n := uint64(len(b))
		if shared > uint64(len(key)) || own > n || size > n-own || shared+own > maxKey {
			return fmt.Errorf("entry of key %d+%d and value %d bytes, %d left", shared, own, size, n)
		}
		key = append(key[:shared:shared], b[:own]...)
		if err := visit(key, b[own:own+size]); err != nil {
			return err
		}
		b = b[own+size:]
	}
	return nil
}

// table visits all entries of a table in order.
func table(file []byte, limit uint64, visit func(key, value []byte) error) error {
	if len(file) < footerSize {
		return fmt.Errorf("%d bytes, a table ends with a footer of %d", len(file), footerSize)
	}
	footer := file[len(file)-footerSize:]
	if m := binary.LittleEndian.Uint64(footer[footerSize-8:]); m != tableMagic {
		return fmt.Errorf("byte %d: %016x, expected the mark of a table, %016x", len(file)-8, m, uint64(tableMagic))
	}
	_, rest, err := takeHandle(footer[:footerSize-8]) // of meta data, of which there are none
	if err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	top, _, err := takeHandle(rest)
	if err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	index, err := block(file, top, limit)
	if err != nil {
		return err
	}
	var last []byte
	first := true
	seen := uint64(0)
	return entries(index, func(_, value []byte) error {
		h, _, err := takeHandle(value)
		if err != nil {
			return fmt.Errorf("index: %w", err)
		}
		b, err := block(file, h, limit)
		if err != nil {
			return err
		}
		// Blocks that overlap would be read again and again.
		if seen += h.size; seen > uint64(len(file)) {
			return fmt.Errorf("byte %d: blocks lie over one another", h.offset)
		}
		return entries(b, func(key, value []byte) error {
			if !first && bytes.Compare(key, last) <= 0 {
				return fmt.Errorf("key %q follows %q: not in order", key, last)
			}
			last, first = append(last[:0], key...), false
			return visit(key, value)
		})
	})
}

// A tableWriter makes a table of entries that come in order.
type tableWriter struct {
	out      bytes.Buffer
	snappy   bool
	b        blockWriter
	index    blockWriter
	lastSeen []byte
}

type blockWriter struct {
	b        []byte
	restarts []uint32
	n        int
	last     []byte
}

func (w *blockWriter) add(key, value []byte, every int) {
	shared := 0
	if w.n%every == 0 {
		w.restarts = append(w.restarts, uint32(len(w.b)))
	} else {
		for shared < min(len(key), len(w.last)) && key[shared] == w.last[shared] {
			shared++
		}
	}
	for _, v := range []int{shared, len(key) - shared, len(value)} {
		w.b = binary.AppendUvarint(w.b, uint64(v))
	}
	w.b = append(append(w.b, key[shared:]...), value...)
	w.last = append(w.last[:0], key...)
	w.n++
}

// finish returns the block and makes room for the next.
func (w *blockWriter) finish() []byte {
	b := w.b
	if len(w.restarts) == 0 {
		w.restarts = []uint32{0}
	}
	for _, r := range w.restarts {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(w.restarts)))
	*w = blockWriter{}
	return b
}

func (w *tableWriter) add(key, value []byte) {
	w.b.add(key, value, restartEvery)
	w.lastSeen = append(w.lastSeen[:0], key...)
	if len(w.b.b) >= blockSize {
		w.flush()
	}
}

func (w *tableWriter) flush() {
	if w.b.n > 0 {
		h := w.put(w.b.finish())
		w.index.add(w.lastSeen, h, 1)
	}
}

// put writes a block and returns its handle.
func (w *tableWriter) put(b []byte) []byte {
	kind := byte(plain)
	if w.snappy {
		b, kind = snappy.Encode(nil, b), compressed
	}
	h := binary.AppendUvarint(nil, uint64(w.out.Len()))
	h = binary.AppendUvarint(h, uint64(len(b)))
	w.out.Write(b)
	w.out.WriteByte(kind)
	w.out.Write(binary.LittleEndian.AppendUint32(nil, maskedCRC(b, []byte{kind})))
	return h
}

// finish returns the whole table.
func (w *tableWriter) finish() []byte {
	w.flush()
	var meta blockWriter
	footer := w.put(meta.finish())
	footer = append(footer, w.put(w.index.finish())...)
	footer = append(footer, make([]byte, footerSize-8-len(footer))...)
	w.out.Write(binary.LittleEndian.AppendUint64(footer, tableMagic))
	return w.out.Bytes()
}
