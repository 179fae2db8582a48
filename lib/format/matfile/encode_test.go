package matfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
)

// An encoder makes MAT v5 bytes for tests, in either byte order: what SciPy's
// writer cannot (big-endian, sparse, opaque, lies).
type encoder struct{ binary.ByteOrder }

func (e encoder) file(elements ...[]byte) []byte {
	head := make([]byte, 128)
	copy(head, bytes.Repeat([]byte{' '}, 124))
	copy(head, "MATLAB 5.0 MAT-file, made by a test")
	e.PutUint16(head[124:], 0x0100)
	e.PutUint16(head[126:], 'M'<<8|'I')
	return append(head, bytes.Join(elements, nil)...)
}

// tag is an element with a full tag, padded to 8 bytes.
func (e encoder) tag(kind uint32, data []byte) []byte {
	b := make([]byte, 8, 16+len(data))
	e.PutUint32(b, kind)
	e.PutUint32(b[4:], uint32(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, -len(data)&7)...)
}

// small is an element in the small format, of at most 4 bytes.
func (e encoder) small(kind uint32, data []byte) []byte {
	b := make([]byte, 8)
	e.PutUint32(b, kind|uint32(len(data))<<16)
	copy(b[4:], data)
	return b
}

func (e encoder) i32(v ...int32) []byte {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		e.PutUint32(b[4*i:], uint32(x))
	}
	return b
}

func (e encoder) i16(v ...int16) []byte {
	b := make([]byte, 2*len(v))
	for i, x := range v {
		e.PutUint16(b[2*i:], uint16(x))
	}
	return b
}

func (e encoder) u64(v ...uint64) []byte {
	b := make([]byte, 8*len(v))
	for i, x := range v {
		e.PutUint64(b[8*i:], x)
	}
	return b
}

func (e encoder) f64(v ...float64) []byte {
	b := make([]byte, 8*len(v))
	for i, x := range v {
		e.PutUint64(b[8*i:], math.Float64bits(x))
	}
	return b
}

// matrix is a matrix element: flags are class and bits together.
func (e encoder) matrix(name string, flags int32, dims []int32, parts ...[]byte) []byte {
	body := e.tag(miUINT32, e.i32(flags, 0))
	body = append(body, e.tag(miINT32, e.i32(dims...))...)
	if len(name) <= 4 && name != "" {
		body = append(body, e.small(miINT8, []byte(name))...)
	} else {
		body = append(body, e.tag(miINT8, []byte(name))...)
	}
	return e.tag(miMATRIX, append(body, bytes.Join(parts, nil)...))
}

func (e encoder) compressed(element []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(element)
	w.Close()
	b := e.tag(miCOMPRESSED, z.Bytes())
	return b[:8+z.Len()] // compressed elements are not padded
}

// names packs field names of one width.
func names(width int, fields ...string) []byte {
	b := make([]byte, width*len(fields))
	for i, f := range fields {
		copy(b[i*width:], f)
	}
	return b
}
