package hdf5

import (
	"errors"
	"fmt"
)

// Types of header messages.
const (
	msgDataspace    = 0x01
	msgLinkInfo     = 0x02
	msgDatatype     = 0x03
	msgFillOld      = 0x04
	msgFill         = 0x05
	msgLink         = 0x06
	msgExternal     = 0x07
	msgLayout       = 0x08
	msgGroupInfo    = 0x0a
	msgFilters      = 0x0b
	msgAttribute    = 0x0c
	msgContinuation = 0x10
	msgSymbolTable  = 0x11
	msgAttrInfo     = 0x15
	msgLast         = 0x18
)

const (
	flagShared         = 0x02
	flagMustUnderstand = 0x80
)

// A message is one message of an object header.
type message struct {
	kind  uint16
	flags uint8
	data  []byte
	addr  uint64 // of data
}

// A header holds the messages of an object.
type header struct {
	addr     uint64
	messages []message
}

// find returns the first message of a type, or nil.
func (h *header) find(kind uint16) *message {
	for i := range h.messages {
		if h.messages[i].kind == kind {
			return &h.messages[i]
		}
	}
	return nil
}

type block struct{ addr, size uint64 }

// header reads the object header at an address, with its continuations.
func (f *File) header(addr uint64) (*header, error) {
	lead, err := f.at(addr, min(16, f.size-min(addr, f.size)), "object header")
	if err != nil {
		return nil, err
	}
	h := &header{addr: addr}
	var pending []block
	seen := map[uint64]bool{}
	var v2 bool
	var orderTracked bool
	if len(lead) >= 4 && string(lead[:4]) == "OHDR" {
		v2 = true
		first, tracked, err := f.headerV2(addr)
		if err != nil {
			return nil, err
		}
		orderTracked = tracked
		if pending, err = h.add(f, first, v2, orderTracked); err != nil {
			return nil, err
		}
	} else {
		s := f.scan(lead, addr, "object header")
		s.version(1)
		s.skip(1)
		s.u16() // count of messages: the sizes say the same
		s.u32() // reference count
		n := s.u32()
		if s.err != nil {
			return nil, s.err
		}
		pending = []block{{addr + 16, uint64(n)}}
	}
	total := uint64(0)
	for len(pending) > 0 {
		c := pending[0]
		pending = pending[1:]
		if seen[c.addr] {
			return nil, fmt.Errorf("object header: byte %d: continued there twice", c.addr)
		}
		seen[c.addr] = true
		if total += c.size; total > f.size {
			return nil, fmt.Errorf("object header: byte %d: continuations of %d bytes, the file has %d", c.addr, total, f.size)
		}
		b, err := f.at(c.addr, c.size, "object header")
		if err != nil {
			return nil, err
		}
		s := f.scan(b, c.addr, "object header")
		if v2 {
			s.expect("OCHK")
			if len(b) < 8 {
				s.fail("a continuation of %d bytes", len(b))
			}
			if s.err == nil {
				s.pos = len(b) - 4
				s.checksum()
				s.pos, s.b = 4, b[:len(b)-4]
			}
			if s.err != nil {
				return nil, s.err
			}
		}
		more, err := h.add(f, s, v2, orderTracked)
		if err != nil {
			return nil, err
		}
		pending = append(pending, more...)
	}
	return h, nil
}

// headerV2 returns a scanner over the messages of the first block.
func (f *File) headerV2(addr uint64) (*scanner, bool, error) {
	lead, err := f.at(addr, min(64, f.size-addr), "object header")
	if err != nil {
		return nil, false, err
	}
	s := f.scan(lead, addr, "object header")
	s.expect("OHDR")
	s.version(2)
	flags := s.u8()
	if flags&0x20 != 0 {
		s.skip(16) // times
	}
	if flags&0x10 != 0 {
		s.skip(4) // limits of attribute storage
	}
	n := s.uint(1 << (flags & 3))
	if s.err != nil {
		return nil, false, s.err
	}
	start := uint64(s.pos)
	if n > f.size {
		return nil, false, fmt.Errorf("object header: byte %d: %d bytes of messages, the file has %d", addr, n, f.size)
	}
	b, err := f.at(addr, start+n+4, "object header")
	if err != nil {
		return nil, false, err
	}
	s = f.scan(b, addr, "object header")
	s.pos = len(b) - 4
	s.checksum()
	if s.err != nil {
		return nil, false, s.err
	}
	s.pos, s.b = int(start), b[:len(b)-4]
	return s, flags&4 != 0, nil
}

// add takes the messages of one block and returns the continuations among them.
func (h *header) add(f *File, s *scanner, v2, orderTracked bool) ([]block, error) {
	var more []block
	prefix := 8
	if v2 {
		prefix = 4
		if orderTracked {
			prefix = 6
		}
	}
	for s.left() >= prefix {
		var m message
		var n int
		if v2 {
			m.kind, n, m.flags = uint16(s.u8()), int(s.u16()), s.u8()
			if orderTracked {
				s.skip(2)
			}
		} else {
			m.kind, n, m.flags = s.u16(), int(s.u16()), s.u8()
			s.skip(3)
		}
		m.addr = s.addr + uint64(s.pos)
		m.data = s.take(n)
		if s.err != nil {
			return nil, s.err
		}
		switch {
		case m.kind == 0:
		case m.kind == msgContinuation:
			c := f.scan(m.data, m.addr, "continuation")
			more = append(more, block{c.offset(), c.length()})
			if c.err != nil {
				return nil, c.err
			}
		case m.kind > msgLast && m.flags&flagMustUnderstand != 0:
			return nil, fmt.Errorf("object header: byte %d: message of unknown type %d that must be understood", m.addr, m.kind)
		default:
			h.messages = append(h.messages, m)
		}
	}
	return more, nil
}

var errShared = errors.New("shared in a file-wide message table, which this reader does not follow")

// resolve returns the message itself, or the one in another object's header that
// it refers to: a committed datatype.
func (f *File) resolve(m *message) (*message, error) {
	if m.flags&flagShared == 0 {
		return m, nil
	}
	return f.shared(f.scan(m.data, m.addr, "shared message"), m.kind)
}

// shared follows a reference to a message of another object.
func (f *File) shared(s *scanner, kind uint16) (*message, error) {
	version := s.version(1, 2, 3)
	where := s.u8()
	if version == 1 {
		s.skip(6)
	}
	if version == 3 && where == 1 {
		s.fail("%w", errShared)
	}
	addr := s.offset()
	if s.err != nil {
		return nil, s.err
	}
	h, err := f.header(addr)
	if err != nil {
		return nil, err
	}
	m := h.find(kind)
	if m == nil {
		return nil, fmt.Errorf("shared message: the object at byte %d has no message of type %d", addr, kind)
	}
	if m.flags&flagShared != 0 {
		return nil, fmt.Errorf("shared message: byte %d: refers to a message that is shared itself", m.addr)
	}
	return m, nil
}
