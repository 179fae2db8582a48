package tfbundle

import (
	"encoding/binary"
	"fmt"
)

// The few protocol-buffer messages of an index, by hand: a header under the
// empty key, and an entry per tensor.

// A field is one field of a message.
type field struct {
	number int
	value  uint64 // of numbers
	data   []byte // of messages
}

// fields visits the fields of a message.
func fields(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		tag, rest, err := uvarint(b)
		if err != nil {
			return err
		}
		b = rest
		f := field{number: int(tag >> 3 & 0x1fffffff)}
		switch tag & 7 {
		case 0:
			f.value, b, err = uvarint(b)
		case 1, 5:
			n := 8
			if tag&7 == 5 {
				n = 4
			}
			if len(b) < n {
				return errShort
			}
			for i, c := range b[:n] {
				f.value |= uint64(c) << (8 * i)
			}
			b = b[n:]
		case 2:
			var n uint64
			if n, b, err = uvarint(b); err == nil {
				if n > uint64(len(b)) {
					return fmt.Errorf("field %d of %d bytes, %d left", f.number, n, len(b))
				}
				f.data, b = b[:n:n], b[n:]
			}
		default:
			return fmt.Errorf("field %d of wire type %d", f.number, tag&7)
		}
		if err == nil {
			err = visit(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A header is the entry under the empty key.
type header struct {
	shards int
	big    bool // big-endian data
}

func readHeader(b []byte) (header, error) {
	h := header{shards: 1}
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			if f.value < 1 || f.value > 1<<16 {
				return fmt.Errorf("%d shards", f.value)
			}
			h.shards = int(f.value)
		case 2:
			if f.value > 1 {
				return fmt.Errorf("byte order %d, expected 0 or 1", f.value)
			}
			h.big = f.value == 1
		}
		return nil
	})
	return h, err
}

// An entry says where a tensor lies.
type entry struct {
	dtype  Dtype
	shape  []int
	shard  int
	offset uint64
	size   uint64
	crc    uint32
	slices int
}

const maxRank = 32

func readEntry(b []byte) (entry, error) {
	var e entry
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			e.dtype = Dtype(f.value)
		case 2:
			return fields(f.data, func(f field) error {
				if f.number != 2 {
					return nil
				}
				size := uint64(0)
				err := fields(f.data, func(f field) error {
					if f.number == 1 {
						size = f.value
					}
					return nil
				})
				if err == nil && (size > 1<<40 || len(e.shape) == maxRank) {
					err = fmt.Errorf("dimension %d is %d", len(e.shape), int64(size))
				}
				e.shape = append(e.shape, int(size))
				return err
			})
		case 3:
			e.shard = int(f.value)
		case 4:
			e.offset = f.value
		case 5:
			e.size = f.value
		case 6:
			e.crc = uint32(f.value)
		case 7:
			e.slices++
		}
		return nil
	})
	return e, err
}

func appendField(b []byte, number int, v uint64) []byte {
	if v == 0 {
		return b // as protocol buffers leave out what is zero
	}
	b = binary.AppendUvarint(b, uint64(number)<<3)
	return binary.AppendUvarint(b, v)
}

func appendMessage(b []byte, number int, m []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number)<<3|2)
	b = binary.AppendUvarint(b, uint64(len(m)))
	return append(b, m...)
}

func (h header) encode() []byte {
	b := appendField(nil, 1, uint64(h.shards))
	return appendMessage(b, 3, []byte{8, 1}) // version: producer 1
}

func (e entry) encode() []byte {
	b := appendField(nil, 1, uint64(e.dtype))
	var shape []byte
	for _, d := range e.shape {
		shape = appendMessage(shape, 2, appendField(nil, 1, uint64(d)))
	}
	b = appendMessage(b, 2, shape)
	b = appendField(b, 3, uint64(e.shard))
	b = appendField(b, 4, e.offset)
	b = appendField(b, 5, e.size)
	return binary.LittleEndian.AppendUint32(append(b, 6<<3|5), e.crc)
}
