package hdf5

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

const superblockSize = 48

var le = binary.LittleEndian

// A value is what a dataset or attribute is made of.
type value struct {
	typ     string // NumPy's name, or "string"
	n       int
	scalar  bool
	bytes   []byte
	strings []string
}

type numberType struct {
	size          int
	float, signed bool
	bool          bool
}

var numberTypes = map[string]numberType{
	"<f8": {size: 8, float: true}, "<f4": {size: 4, float: true},
	"<i8": {size: 8, signed: true}, "<i4": {size: 4, signed: true}, "<i2": {size: 2, signed: true}, "|i1": {size: 1, signed: true},
	"<u8": {size: 8}, "<u4": {size: 4}, "<u2": {size: 2}, "|u1": {size: 1},
	"|b1": {size: 1, bool: true},
}

// valueOf takes a Go value to its bytes.
func valueOf(data any) (value, error) {
	switch v := data.(type) {
	case []float64:
		return numbers("<f8", 8, v, func(b []byte, x float64) { le.PutUint64(b, math.Float64bits(x)) }), nil
	case []float32:
		return numbers("<f4", 4, v, func(b []byte, x float32) { le.PutUint32(b, math.Float32bits(x)) }), nil
	case []int64:
		return numbers("<i8", 8, v, func(b []byte, x int64) { le.PutUint64(b, uint64(x)) }), nil
	case []int:
		return numbers("<i8", 8, v, func(b []byte, x int) { le.PutUint64(b, uint64(x)) }), nil
	case []int32:
		return numbers("<i4", 4, v, func(b []byte, x int32) { le.PutUint32(b, uint32(x)) }), nil
	case []int16:
		return numbers("<i2", 2, v, func(b []byte, x int16) { le.PutUint16(b, uint16(x)) }), nil
	case []int8:
		return numbers("|i1", 1, v, func(b []byte, x int8) { b[0] = byte(x) }), nil
	case []uint64:
		return numbers("<u8", 8, v, le.PutUint64), nil
	case []uint32:
		return numbers("<u4", 4, v, le.PutUint32), nil
	case []uint16:
		return numbers("<u2", 2, v, le.PutUint16), nil
	case []uint8:
		return value{typ: "|u1", n: len(v), bytes: v}, nil
	case []bool:
		return numbers("|b1", 1, v, func(b []byte, x bool) {
			if x {
				b[0] = 1
			}
		}), nil
	case []string:
		return value{typ: "string", n: len(v), strings: append([]string{}, v...)}, nil
	}
	one, err := sliceOf(data)
	if err != nil {
		return value{}, err
	}
	v, err := valueOf(one)
	v.scalar = true
	return v, err
}

// sliceOf makes a slice of a single value.
func sliceOf(data any) (any, error) {
	switch v := data.(type) {
	case float64:
		return []float64{v}, nil
	case float32:
		return []float32{v}, nil
	case int:
		return []int{v}, nil
	case int64:
		return []int64{v}, nil
	case int32:
		return []int32{v}, nil
	case uint8:
		return []uint8{v}, nil
	case uint64:
		return []uint64{v}, nil
	case bool:
		return []bool{v}, nil
	case string:
		return []string{v}, nil
	}
	return nil, fmt.Errorf("a %T cannot be written: expected numbers, booleans or strings", data)
}

func numbers[T any](typ string, size int, v []T, put func([]byte, T)) value {
	b := make([]byte, size*len(v))
	for i, x := range v {
		put(b[i*size:], x)
	}
	return value{typ: typ, n: len(v), bytes: b}
}

// superblock2 is the beginning of the file.
func superblock2(end, root uint64) []byte {
	b := append([]byte(signature), 2, 8, 8, 0)
	for _, v := range []uint64{0, nowhere, end, root} {
		b = le.AppendUint64(b, v)
	}
	return le.AppendUint32(b, lookup3(b))
}

// typeMessage is the datatype of numbers, booleans or strings.
func typeMessage(typ string) []byte {
	head := func(class byte, bits uint32, size int) []byte {
		b := le.AppendUint32([]byte{class | 1<<4}, bits)[:4]
		return le.AppendUint32(b, uint32(size))
	}
	integer := func(t numberType) []byte {
		bits := uint32(0)
		if t.signed {
			bits = 8
		}
		b := head(byte(Integer), bits, t.size)
		b = le.AppendUint16(b, 0)
		return le.AppendUint16(b, uint16(8*t.size))
	}
	if typ == "string" { // of variable length, UTF-8, over bytes
		return append(head(byte(VarLen), 1|1<<8, 16), integer(numberType{size: 1})...)
	}
	t := numberTypes[typ]
	switch {
	case t.bool:
		b := append(head(byte(Enum), 2, 1), integer(numberType{size: 1, signed: true})...)
		return append(b, "FALSE\x00\x00\x00TRUE\x00\x00\x00\x00\x00\x01"...)
	case t.float && t.size == 8:
		return append(head(byte(Float), 0x20|63<<8, 8), 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0)
	case t.float:
		return append(head(byte(Float), 0x20|31<<8, 4), 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0)
	}
	return integer(t)
}

// spaceMessage is a dataspace; with unlimited, the first dimension may grow.
func spaceMessage(dims []int, unlimited bool) []byte {
	flags, kind := byte(0), byte(1)
	if unlimited {
		flags = 1
	}
	if len(dims) == 0 {
		kind = 0
	}
	b := []byte{2, byte(len(dims)), flags, kind}
	for _, d := range dims {
		b = le.AppendUint64(b, uint64(d))
	}
	if unlimited {
		b = le.AppendUint64(b, nowhere)
		for _, d := range dims[1:] {
			b = le.AppendUint64(b, uint64(d))
		}
	}
	return b
}

// A headerMaker gathers the messages of an object header.
type headerMaker struct{ b []byte }

func (h *headerMaker) add(kind byte, data []byte) {
	h.b = append(h.b, kind)
	h.b = le.AppendUint16(h.b, uint16(len(data)))
	h.b = append(h.b, 0)
	h.b = append(h.b, data...)
}

// put writes the header and returns its address.
func (h *headerMaker) put(w *Writer) uint64 {
	b := append([]byte("OHDR"), 2, 2) // version 2, sizes of 4 bytes
	b = le.AppendUint32(b, uint32(len(h.b)))
	b = append(b, h.b...)
	w.align()
	return w.put(le.AppendUint32(b, lookup3(b)))
}

// finish writes all that was held back and returns the address of the root.
func (w *Writer) finish() uint64 {
	// Strings first: nothing else may be written while a collection is open.
	heap := &heapMaker{w: w}
	w.root.eachValue(func(v *value) {
		if v.strings != nil {
			v.bytes = heap.elements(v.strings)
		}
	})
	heap.flush()
	return w.finishItem(w.root)
}

// names returns the members of a group in order.
func (it *item) names() []string {
	names := make([]string, 0, len(it.members))
	for name := range it.members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// eachValue visits the values that are written at the end, in a fixed order.
func (it *item) eachValue(visit func(*value)) {
	if it.value != nil {
		visit(it.value)
	}
	for i := range it.attrs {
		visit(&it.attrs[i].value)
	}
	for _, name := range it.names() {
		it.members[name].eachValue(visit)
	}
}

func (w *Writer) finishItem(it *item) uint64 {
	var h headerMaker
	switch {
	case it.members != nil:
		info := make([]byte, 2, 18) // no heap, no index: all links follow
		info = le.AppendUint64(info, nowhere)
		h.add(msgLinkInfo, le.AppendUint64(info, nowhere))
		h.add(msgGroupInfo, []byte{0, 0})
		for _, name := range it.names() {
			link := []byte{1, 0x11, 1} // names in UTF-8, their length in 2 bytes
			link = le.AppendUint16(link, uint16(len(name)))
			link = append(link, name...)
			h.add(msgLink, le.AppendUint64(link, w.finishItem(it.members[name])))
		}
	case it.appender != nil:
		it.appender.finish(&h)
	default:
		if it.value != nil && it.value.n > 0 {
			w.align()
			it.addr = w.put(it.value.bytes)
			it.size = uint64(len(it.value.bytes))
		}
		h.add(msgDataspace, spaceMessage(it.dims, false))
		h.add(msgDatatype, typeMessage(it.typ))
		h.add(msgFill, []byte{3, 0x0a})
		b := le.AppendUint64([]byte{3, byte(contiguous)}, it.addr)
		h.add(msgLayout, le.AppendUint64(b, it.size))
	}
	for _, a := range it.attrs {
		typ, space := typeMessage(a.value.typ), spaceMessage(a.dims, false)
		b := []byte{3, 0}
		for _, n := range []int{len(a.name) + 1, len(typ), len(space)} {
			b = le.AppendUint16(b, uint16(n))
		}
		b = append(b, 1) // UTF-8
		b = append(b, a.name...)
		b = append(b, 0)
		b = append(append(append(b, typ...), space...), a.value.bytes...)
		h.add(msgAttribute, b)
	}
	return h.put(w)
}

// finish writes the last chunk and the index, and gathers the dataset's messages.
func (a *Appender) finish(h *headerMaker) {
	if len(a.rest) > 0 {
		last := make([]byte, a.rowSize*a.spec.ChunkRows)
		copy(last, a.rest)
		a.write([][]byte{last})
	}
	dims := append([]int{a.rows}, a.spec.Row...)
	shape := append([]int{a.spec.ChunkRows}, a.spec.Row...)
	h.add(msgDataspace, spaceMessage(dims, true))
	h.add(msgDatatype, typeMessage(a.spec.Dtype))
	h.add(msgFill, []byte{3, 0x0b})
	b := append([]byte{3, byte(chunked)}, byte(len(shape)+1))
	b = le.AppendUint64(b, a.index(shape))
	for _, n := range append(shape, a.elem) {
		b = le.AppendUint32(b, uint32(n))
	}
	h.add(msgLayout, b)
	filters := []byte{2, 0}
	add := func(id, value int) {
		filters[1]++
		for _, v := range []int{id, 1, 1} { // optional, one value
			filters = le.AppendUint16(filters, uint16(v))
		}
		filters = le.AppendUint32(filters, uint32(value))
	}
	if a.spec.Shuffle {
		add(filterShuffle, a.elem)
	}
	if a.spec.Gzip > 0 {
		add(filterDeflate, a.spec.Gzip)
	}
	if filters[1] > 0 {
		h.add(msgFilters, filters)
	}
}

// treeWidth is the most children of a node of a chunk index: twice the rank
// that libraries assume where a file states none.
const treeWidth = 64

// index writes the B-tree over the chunks and returns its address.
func (a *Appender) index(shape []int) uint64 {
	if len(a.chunks) == 0 {
		return nowhere
	}
	key := func(c chunk, beyond bool) []byte {
		b := le.AppendUint32(nil, uint32(c.size))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, c.number*uint64(shape[0]))
		for _, d := range shape[1:] {
			if !beyond {
				d = 0
			}
			b = le.AppendUint64(b, uint64(d))
		}
		return le.AppendUint64(b, 0)
	}
	type child struct {
		key  []byte
		addr uint64
	}
	var level []child
	for _, c := range a.chunks {
		level = append(level, child{key(c, false), c.addr})
	}
	end := key(chunk{number: uint64(len(a.chunks))}, true)
	w := a.w
	size := 24 + treeWidth*8 + (treeWidth+1)*len(end)
	for depth := byte(0); ; depth++ {
		w.align()
		var next []child
		first := w.end
		for i := 0; i < len(level); i += treeWidth {
			n := min(treeWidth, len(level)-i)
			b := append([]byte("TREE"), 1, depth)
			b = le.AppendUint16(b, uint16(n))
			left, right := nowhere, nowhere
			if i > 0 {
				left = w.end - uint64(size)
			}
			if i+n < len(level) {
				right = w.end + uint64(size)
			}
			b = le.AppendUint64(le.AppendUint64(b, left), right)
			for _, c := range level[i : i+n] {
				b = le.AppendUint64(append(b, c.key...), c.addr)
			}
			if i+n < len(level) {
				b = append(b, level[i+n].key...)
			} else {
				b = append(b, end...)
			}
			next = append(next, child{level[i].key, w.put(append(b, make([]byte, size-len(b))...))})
		}
		if len(next) == 1 {
			return first
		}
		level = next
	}
}

// A heapMaker gathers strings in global heap collections.
type heapMaker struct {
	w    *Writer
	b    []byte // the open collection, empty if there is none
	addr uint64 // where it will be
	next uint16 // number of its next object
}

// collectionSize is the least that libraries accept.
const collectionSize = 4096

// elements returns what stands for strings in a dataset or attribute.
func (h *heapMaker) elements(v []string) []byte {
	var out []byte
	for _, s := range v {
		if s == "" {
			out = append(out, make([]byte, 16)...)
			continue
		}
		need := 16 + (len(s)+7)/8*8
		if len(h.b) > 0 && len(h.b)+need > collectionSize {
			h.flush()
		}
		if len(h.b) == 0 {
			h.w.align()
			h.addr, h.next = h.w.end, 1
			h.b = append(h.b, "GCOL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
		}
		out = le.AppendUint32(out, uint32(len(s)))
		out = le.AppendUint64(out, h.addr)
		out = le.AppendUint32(out, uint32(h.next))
		h.b = le.AppendUint16(h.b, h.next)
		h.b = le.AppendUint64(append(h.b, 0, 0, 0, 0, 0, 0), uint64(len(s)))
		h.b = append(h.b, s...)
		h.b = append(h.b, make([]byte, -len(s)&7)...)
		h.next++
	}
	return out
}

// flush writes the open collection: what is left of it becomes object 0.
func (h *heapMaker) flush() {
	if len(h.b) == 0 {
		return
	}
	if free := collectionSize - len(h.b); free >= 16 {
		h.b = append(h.b, make([]byte, free)...)
		le.PutUint64(h.b[len(h.b)-free+8:], uint64(free))
	} else if free > 0 {
		h.b = append(h.b, make([]byte, free)...)
	}
	le.PutUint64(h.b[8:], uint64(len(h.b)))
	h.w.put(h.b)
	h.b = h.b[:0]
}
