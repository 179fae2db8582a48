package pandas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A pickle is a program that builds Python objects. This machine runs the part
// that makes data: numbers, strings, lists, tuples and dictionaries. Calls are
// written down and never made, so that nothing but data can come of it.

// A global is a Python name.
type global struct{ module, name string }

// A call is an object that a pickle would make by calling something.
type call struct {
	what  any
	args  []any
	state any
}

type list struct{ items []any }
type tuple []any
type dict struct{ keys, values []any }
type markType struct{}

var errPickle = errors.New("damaged pickle")

type machine struct {
	b     []byte
	pos   int
	stack []any
	memo  map[uint64]any
}

// unpickle runs a pickle and returns what it leaves.
func unpickle(b []byte) (v any, err error) {
	m := &machine{b: b, memo: map[uint64]any{}}
	v, err = m.run()
	if err != nil {
		return nil, fmt.Errorf("pickle: byte %d: %w", m.pos, err)
	}
	return v, nil
}

func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.b)-m.pos) {
		return nil, fmt.Errorf("%w: %d bytes left, expected %d", errPickle, len(m.b)-m.pos, n)
	}
	m.pos += int(n)
	return m.b[m.pos-int(n) : m.pos], nil
}

// number takes a little-endian number of n bytes.
func (m *machine) number(n uint64) (uint64, error) {
	b, err := m.take(n)
	v := uint64(0)
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v, err
}

// counted takes bytes after their count, itself of n bytes.
func (m *machine) counted(n uint64) ([]byte, error) {
	size, err := m.number(n)
	if err != nil {
		return nil, err
	}
	return m.take(size)
}

// line takes text up to a newline.
func (m *machine) line() (string, error) {
	n := strings.IndexByte(string(m.b[m.pos:min(len(m.b), m.pos+1<<16)]), '\n')
	if n < 0 {
		return "", fmt.Errorf("%w: a line without an end", errPickle)
	}
	s := string(m.b[m.pos : m.pos+n])
	m.pos += n + 1
	return s, nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) pop() (any, error) {
	n := len(m.stack)
	if n == 0 {
		return nil, fmt.Errorf("%w: nothing on the stack", errPickle)
	}
	v := m.stack[n-1]
	m.stack = m.stack[:n-1]
	return v, nil
}

// popMark takes all that was pushed after the last mark.
func (m *machine) popMark() ([]any, error) {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if _, ok := m.stack[i].(markType); ok {
			items := append([]any(nil), m.stack[i+1:]...)
			m.stack = m.stack[:i]
			return items, nil
		}
	}
	return nil, fmt.Errorf("%w: no mark on the stack", errPickle)
}

func (m *machine) top() (any, error) {
	if len(m.stack) == 0 {
		return nil, fmt.Errorf("%w: nothing on the stack", errPickle)
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) run() (any, error) {
	for {
		op, err := m.number(1)
		if err != nil {
			return nil, err
		}
		if op == '.' {
			return m.pop()
		}
		if err := m.step(byte(op)); err != nil {
			return nil, err
		}
	}
}

// step runs one instruction that is not STOP.
func (m *machine) step(op byte) error {
	if done, err := m.pushes(op); done || err != nil {
		return err
	}
	return m.builds(op)
}

// pushes runs an instruction that puts a value on the stack.
func (m *machine) pushes(op byte) (bool, error) {
	var v any
	var b []byte
	var u uint64
	var s string
	var err error
	switch op {
	case 'N':
	case 0x88:
		v = true
	case 0x89:
		v = false
	case 'K':
		u, err = m.number(1)
		v = int64(u)
	case 'M':
		u, err = m.number(2)
		v = int64(u)
	case 'J':
		u, err = m.number(4)
		v = int64(int32(u))
	case 0x8a: // LONG1
		if b, err = m.counted(1); err == nil {
			v, err = long(b)
		}
	case 'G':
		if b, err = m.take(8); err == nil {
			v = math.Float64frombits(binary.BigEndian.Uint64(b))
		}
	case 'I', 'L':
		if s, err = m.line(); err == nil {
			switch s = strings.TrimSuffix(s, "L"); {
			case op == 'I' && s == "00":
				v = false
			case op == 'I' && s == "01":
				v = true
			default:
				v, err = strconv.ParseInt(s, 10, 64)
			}
		}
	case 'F':
		if s, err = m.line(); err == nil {
			v, err = strconv.ParseFloat(s, 64)
		}
	case 'S':
		if s, err = m.line(); err == nil {
			if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
				return true, fmt.Errorf("%w: string %q", errPickle, s)
			}
			v = unescape(s[1 : len(s)-1])
		}
	case 'V':
		s, err = m.line()
		v = unescape(s)
	case 0x8c, 'U', 'C': // of at most 255 bytes; text, old text, bytes
		b, err = m.counted(1)
		v = string(b)
	case 'X', 'T', 'B':
		b, err = m.counted(4)
		v = string(b)
	case 0x8d, 0x8e:
		b, err = m.counted(8)
		v = string(b)
	case ']':
		v = &list{}
	case ')':
		v = tuple(nil)
	case '}':
		v = &dict{}
	case '(':
		v = markType{}
	case 'g', 'h', 'j':
		var ok bool
		if u, err = m.memoKey(op, 'g', 'h'); err == nil {
			if v, ok = m.memo[u]; !ok {
				err = fmt.Errorf("%w: nothing was kept as %d", errPickle, u)
			}
		}
	case 'c':
		var g global
		if g.module, err = m.line(); err == nil {
			g.name, err = m.line()
		}
		v = g
	default:
		return false, nil
	}
	if err == nil {
		m.push(v)
	}
	return true, err
}

// memoKey takes the number of a place in the memo: a line, 1 byte or 4.
func (m *machine) memoKey(op, line, short byte) (uint64, error) {
	switch op {
	case line:
		s, err := m.line()
		if err != nil {
			return 0, err
		}
		return strconv.ParseUint(s, 10, 32)
	case short:
		return m.number(1)
	}
	return m.number(4)
}

// builds runs an instruction that works on what is on the stack.
func (m *machine) builds(op byte) error {
	switch op {
	case 0x80: // PROTO
		_, err := m.take(1)
		return err
	case 0x95: // FRAME
		_, err := m.take(8)
		return err
	case 'p', 'q', 'r', 0x94:
		u := uint64(len(m.memo))
		var err error
		if op != 0x94 {
			u, err = m.memoKey(op, 'p', 'q')
		}
		if err != nil {
			return err
		}
		v, err := m.top()
		m.memo[u] = v
		return err
	case '0':
		_, err := m.pop()
		return err
	case '2':
		v, err := m.top()
		m.push(v)
		return err
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		n := int(op - 0x84)
		if len(m.stack) < n {
			return fmt.Errorf("%w: a tuple of %d", errPickle, n)
		}
		v := append(tuple(nil), m.stack[len(m.stack)-n:]...)
		m.stack = append(m.stack[:len(m.stack)-n], v)
		return nil
	case 't', 'l', 'd':
		items, err := m.popMark()
		if err != nil {
			return err
		}
		switch op {
		case 't':
			m.push(tuple(items))
		case 'l':
			m.push(&list{items})
		default:
			d := &dict{}
			m.push(d)
			return d.set(items)
		}
		return nil
	case 'a', 'e', 's', 'u':
		return m.extend(op)
	case 0x93: // STACK_GLOBAL
		name, err1 := m.pop()
		module, err2 := m.pop()
		n, ok1 := name.(string)
		mod, ok2 := module.(string)
		if err1 != nil || err2 != nil || !ok1 || !ok2 {
			return fmt.Errorf("%w: a name that is no text", errPickle)
		}
		m.push(global{mod, n})
		return nil
	case 'R', 0x81: // REDUCE, NEWOBJ
		args, err := m.pop()
		if err != nil {
			return err
		}
		what, err := m.pop()
		if err != nil {
			return err
		}
		a, _ := args.(tuple)
		m.push(&call{what: what, args: a})
		return nil
	case 'b': // BUILD
		state, err := m.pop()
		if err != nil {
			return err
		}
		v, err := m.top()
		if c, ok := v.(*call); ok {
			c.state = state
		}
		return err
	}
	return fmt.Errorf("instruction %#02x (%q) is not one that data need", op, op)
}

// extend runs APPEND, APPENDS, SETITEM and SETITEMS.
func (m *machine) extend(op byte) error {
	var items []any
	var err error
	switch op {
	case 'e', 'u':
		items, err = m.popMark()
	default:
		n := map[byte]int{'a': 1, 's': 2}[op]
		if len(m.stack) < n {
			return fmt.Errorf("%w: nothing to add", errPickle)
		}
		items = append(items, m.stack[len(m.stack)-n:]...)
		m.stack = m.stack[:len(m.stack)-n]
	}
	if err != nil {
		return err
	}
	v, err := m.top()
	switch c := v.(type) {
	case *list:
		c.items = append(c.items, items...)
	case *dict:
		return c.set(items)
	default:
		if err == nil {
			err = fmt.Errorf("%w: added to a %T", errPickle, v)
		}
	}
	return err
}

func (d *dict) set(items []any) error {
	if len(items)%2 != 0 {
		return fmt.Errorf("%w: a key without a value", errPickle)
	}
	for i := 0; i < len(items); i += 2 {
		d.keys = append(d.keys, items[i])
		d.values = append(d.values, items[i+1])
	}
	return nil
}

// long is a little-endian two's complement integer.
func long(b []byte) (any, error) {
	x := new(big.Int)
	for i := len(b) - 1; i >= 0; i-- {
		x.Lsh(x, 8).Or(x, big.NewInt(int64(b[i])))
	}
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if !x.IsInt64() {
		return nil, fmt.Errorf("integer %v is beyond int64", x)
	}
	return x.Int64(), nil
}

// unescape undoes Python's escapes in the text forms of strings.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for s != "" {
		if len(s) > 1 && s[0] == '\\' && s[1] == '\'' {
			b.WriteByte('\'')
			s = s[2:]
			continue
		}
		r, multibyte, rest, err := strconv.UnquoteChar(s, 0)
		switch {
		case err != nil:
			b.WriteByte(s[0])
			rest = s[1:]
		case r < 0x80 || multibyte:
			b.WriteRune(r)
		default:
			b.WriteByte(byte(r))
		}
		s = rest
	}
	return b.String()
}
