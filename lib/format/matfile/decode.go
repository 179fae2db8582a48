package matfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Storage types of data elements.
const (
	miINT8       = 1
	miUINT8      = 2
	miINT16      = 3
	miUINT16     = 4
	miINT32      = 5
	miUINT32     = 6
	miSINGLE     = 7
	miDOUBLE     = 9
	miINT64      = 12
	miUINT64     = 13
	miMATRIX     = 14
	miCOMPRESSED = 15
	miUTF8       = 16
	miUTF16      = 17
	miUTF32      = 18
)

const (
	headerSize      = 128
	defaultMaxBytes = 4 << 30
	defaultMaxDepth = 64
	maxDims         = 64
	// deflateRatio is the most that deflate can expand its input: a declared
	// size beyond it is a lie.
	deflateRatio = 1032
	// arrayCost is what an Array itself takes: small elements are charged for it,
	// since a file of nothing but empty cells would else cost thirty times its size.
	arrayCost = 320
	// fieldCost is what a field takes besides its values: its name, twice, and
	// its place in a map. A struct of no elements may have millions.
	fieldCost = 160
	// maxName is the longest name of a variable or field; MATLAB's are at most 63
	// bytes. Names are part of every path below them.
	maxName = 1 << 10
)

// A decoder carries what all elements of one file share.
type decoder struct {
	name     string
	order    binary.ByteOrder
	budget   int64
	maxDepth int
}

// spend takes n bytes of the budget.
func (d *decoder) spend(n int64) error {
	if n < 0 || n > d.budget {
		return fmt.Errorf("needs more memory than the reader's limit (Reader.MaxBytes)")
	}
	d.budget -= n
	return nil
}

// Decode reads a MAT-file of size bytes; name stands for it in errors.
func (o Reader) Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	d := &decoder{name: name, budget: o.MaxBytes, maxDepth: o.MaxDepth}
	if d.budget <= 0 {
		d.budget = defaultMaxBytes
	}
	if d.maxDepth <= 0 {
		d.maxDepth = defaultMaxDepth
	}
	var head [headerSize]byte
	if n, err := r.ReadAt(head[:min(size, headerSize)], 0); n < headerSize {
		if isHDF5(head[:n]) {
			return nil, errV73(name)
		}
		if n >= 4 && isV4(head[:]) {
			return nil, errV4(name)
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("only %d bytes: a MAT v5 file begins with a header of %d", n, headerSize)
		}
		return nil, fmt.Errorf("matfile: %s: %w", name, err)
	}
	switch {
	case isHDF5(head[:]):
		return nil, errV73(name)
	case head[126] == 'I' && head[127] == 'M':
		d.order = binary.LittleEndian
	case head[126] == 'M' && head[127] == 'I':
		d.order = binary.BigEndian
	case isV4(head[:]):
		return nil, errV4(name)
	default:
		return nil, fmt.Errorf("matfile: %s: byte 126: endian mark %q, expected \"IM\" or \"MI\": not a MAT v5 file", name, head[126:128])
	}
	switch v := d.order.Uint16(head[124:]); v {
	case 0x0100:
	case 0x0200:
		return nil, errV73(name)
	default:
		return nil, fmt.Errorf("matfile: %s: byte 124: version %#04x, expected 0x0100", name, v)
	}
	f := &File{Header: strings.TrimRight(string(head[:116]), " \x00"), Vars: map[string]*Array{}}
	subsystem := int64(-1)
	if b := head[116:124]; !bytes.Equal(b, []byte("        ")) {
		subsystem = int64(d.order.Uint64(b))
	}
	for at := int64(headerSize); at < size; {
		next, err := d.variable(r, at, size, subsystem, f)
		if err != nil {
			return nil, err
		}
		at = next
	}
	return f, nil
}

func isHDF5(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89HDF\r\n\x1a\n")) }

// isV4 tells level 4 files, which begin with a number where level 5 has text.
func isV4(head []byte) bool { return bytes.IndexByte(head[:4], 0) >= 0 }

func errV4(name string) error {
	return fmt.Errorf("matfile: %s: byte 0: a MAT v4 file or no MAT-file; expected v5 (save it again with -v7)", name)
}

func errV73(name string) error {
	return fmt.Errorf("matfile: %s: a MAT v7.3 file, which is HDF5: read it with lib/format/hdf5", name)
}

// variable reads the top-level element at offset at, adds it to f, and returns
// the offset of the next one.
func (d *decoder) variable(r io.ReaderAt, at, size, subsystem int64, f *File) (int64, error) {
	fail := func(format string, args ...any) (int64, error) {
		return 0, fmt.Errorf("matfile: %s: byte %d: %w", d.name, at, fmt.Errorf(format, args...))
	}
	if size-at < 8 {
		return fail("%d bytes left, expected the 8 bytes of a tag", size-at)
	}
	var tag [8]byte
	if _, err := r.ReadAt(tag[:], at); err != nil && !errors.Is(err, io.EOF) {
		return fail("%w", err)
	}
	kind, n := d.order.Uint32(tag[:]), int64(d.order.Uint32(tag[4:]))
	if kind != miMATRIX && kind != miCOMPRESSED {
		return fail("element of type %d, expected a matrix (14) or a compressed element (15)", kind)
	}
	if n > size-at-8 {
		return fail("element of %d bytes, but the file has %d left", n, size-at-8)
	}
	next := at + 8 + n
	if at == subsystem {
		return next, nil // MATLAB's workspace for function handles and opaque objects
	}
	if kind == miMATRIX {
		// Only compressed elements may be followed by the next without padding.
		next = min(at+8+(n+7)&^7, size)
	}
	if err := d.spend(n); err != nil {
		return fail("element of %d bytes: %w", n, err)
	}
	buf := make([]byte, n)
	if got, err := r.ReadAt(buf, at+8); int64(got) < n {
		return fail("%d of %d bytes read: %w", got, n, err)
	}
	c := cursor{d: d, base: at + 8, buf: buf}
	if kind == miCOMPRESSED {
		inner, err := d.inflate(buf)
		if err != nil {
			return fail("compressed element: %w", err)
		}
		c = cursor{d: d, base: 8, inflated: true, outer: at, buf: inner}
	}
	name, a, err := c.matrix("", 0)
	if err != nil {
		return 0, err
	}
	d.budget += n // the raw bytes are free again
	if c.inflated {
		d.budget += int64(len(c.buf))
	}
	if name == "" {
		return next, nil // a workspace without a name is MATLAB's own
	}
	if f.Vars[name] == nil {
		f.Names = append(f.Names, name)
	}
	f.Vars[name] = a
	return next, nil
}

// inflate returns the content of a compressed element: the body of the matrix in it.
func (d *decoder) inflate(z []byte) ([]byte, error) {
	zr, err := zlib.NewReader(bytes.NewReader(z))
	if err != nil {
		return nil, err
	}
	defer zr.Close()
	var tag [8]byte
	if _, err := io.ReadFull(zr, tag[:]); err != nil {
		return nil, fmt.Errorf("tag: %w", err)
	}
	kind, n := d.order.Uint32(tag[:]), int64(d.order.Uint32(tag[4:]))
	if kind != miMATRIX {
		return nil, fmt.Errorf("holds an element of type %d, expected a matrix (14)", kind)
	}
	if n > deflateRatio*int64(len(z))+64 {
		return nil, fmt.Errorf("%d bytes say that they hold %d, more than deflate can", len(z), n)
	}
	if err := d.spend(n); err != nil {
		return nil, fmt.Errorf("%d bytes: %w", n, err)
	}
	// Memory follows the data that come, not the size that is claimed.
	buf := make([]byte, 0, min(n, 16*int64(len(z))+4096))
	for int64(len(buf)) < n {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(n, 2*int64(cap(buf))))
			copy(grown, buf)
			buf = grown
		}
		got, err := zr.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		if err != nil && int64(len(buf)) < n {
			return nil, fmt.Errorf("%d of %d bytes inflated: %w", len(buf), n, noEOF(err))
		}
	}
	// Read on to the end for the checksum; a few bytes of padding may follow.
	if _, err := io.ReadFull(zr, make([]byte, 16)); err == nil {
		return nil, fmt.Errorf("more data than the %d bytes of its matrix", n)
	} else if err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	return buf, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A cursor walks the elements in a buffer.
type cursor struct {
	d        *decoder
	buf      []byte
	pos      int
	base     int64 // offset of buf in the file, or in the inflated element
	inflated bool
	outer    int64 // offset of the compressed element in the file
}

// fail makes an error of the element at buffer position pos.
func (c *cursor) fail(path string, pos int, format string, args ...any) error {
	where := fmt.Sprintf("byte %d", c.base+int64(pos))
	if c.inflated {
		where = fmt.Sprintf("byte %d of the data inflated from byte %d", c.base+int64(pos), c.outer)
	}
	if path == "" {
		path = "a variable"
	}
	return fmt.Errorf("matfile: %s: %s: %s: %w", c.d.name, path, where, fmt.Errorf(format, args...))
}

// element returns the next element's type and content.
func (c *cursor) element(path, what string) (kind uint32, data []byte, start int, err error) {
	start = c.pos
	left := len(c.buf) - c.pos
	if left < 8 {
		return 0, nil, start, c.fail(path, start, "%s: %d bytes left, expected the 8 bytes of a tag", what, left)
	}
	w := c.d.order.Uint32(c.buf[c.pos:])
	if n := int(w >> 16); n != 0 { // small element: type and size share a word
		if n > 4 {
			return 0, nil, start, c.fail(path, start, "%s: small element of %d bytes, at most 4 fit", what, n)
		}
		data = c.buf[c.pos+4 : c.pos+4+n]
		c.pos += 8
		return w & 0xffff, data, start, nil
	}
	n := int64(c.d.order.Uint32(c.buf[c.pos+4:]))
	if n > int64(left-8) {
		return 0, nil, start, c.fail(path, start, "%s: element of %d bytes, but its parent has %d left", what, n, left-8)
	}
	data = c.buf[c.pos+8 : c.pos+8+int(n)]
	c.pos += 8 + int(n)
	// Elements are padded to 8 bytes; the last one of a matrix may lack it.
	if pad := int(-n & 7); pad > 0 {
		c.pos = min(c.pos+pad, len(c.buf))
	}
	return w, data, start, nil
}

// int32s returns the next element as 32-bit integers.
func (c *cursor) int32s(path, what string) ([]int32, int, error) {
	kind, data, start, err := c.element(path, what)
	if err != nil {
		return nil, start, err
	}
	if kind != miINT32 && kind != miUINT32 {
		return nil, start, c.fail(path, start, "%s: stored as type %d, expected 32-bit integers", what, kind)
	}
	if len(data)%4 != 0 {
		return nil, start, c.fail(path, start, "%s: %d bytes are not whole 32-bit integers", what, len(data))
	}
	v := make([]int32, len(data)/4)
	for i := range v {
		v[i] = int32(c.d.order.Uint32(data[4*i:]))
	}
	return v, start, nil
}

// length returns the product of dims, or false where it does not fit in an int.
func length(dims []int) (int, bool) {
	n, zero := 1, false
	for _, d := range dims {
		if d == 0 {
			zero = true
			continue
		}
		if n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	if zero {
		n = 0
	}
	return n, true
}
