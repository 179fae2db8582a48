package hdf5

import (
	"fmt"
	"slices"
	"sync"
)

// A Dataset is an array in the file, or a member of an array of compounds.
type Dataset struct {
	node

	// Shape is the array's shape, nil for a single value; the first dimension
	// counts rows. Where elements are arrays, their dimensions come last.
	Shape []int
	// MaxShape is how far each dimension may grow, -1 without a limit.
	MaxShape []int
	// Dtype is the type of the elements that the read functions yield.
	Dtype *Dtype
	// Chunk is the shape of a chunk, nil where the data are not chunked. Reading
	// whole multiples of Chunk[0] rows inflates no chunk twice.
	Chunk []int
	// Filters are the numbers of the filters in the order of writing: 1 deflate,
	// 2 shuffle, 3 Fletcher-32.
	Filters []int
	// Null tells an array that has a type but no values.
	Null bool

	col   column
	dims  []uint64 // as stored, without the dimensions of array types
	store *storage
}

// storage is shared by a dataset and its members.
type storage struct {
	f       *File
	path    string
	elem    int // bytes of an element
	dims    []uint64
	most    []int // maxima of dims, -1 without a limit
	layout  layout
	filters []filter
	fill    []byte // of one element; nil means zeros

	once  sync.Once
	index []chunk // by number
	err   error   // of reading the index
}

type layoutClass uint8

const (
	compact    layoutClass = 0
	contiguous layoutClass = 1
	chunked    layoutClass = 2
	virtual    layoutClass = 3
)

// dataspace takes a dataspace: dimensions, their maxima (-1 without a limit),
// and whether there is nothing at all.
func (s *scanner) dataspace() (dims, most []int, null bool) {
	version := s.version(1, 2)
	rank := int(s.u8())
	flags := s.u8()
	if version == 1 {
		s.skip(5)
	} else if kind := s.u8(); kind == 2 {
		return nil, nil, s.err == nil
	}
	if rank > maxRank {
		s.fail("%d dimensions, at most %d", rank, maxRank)
		return nil, nil, false
	}
	for range rank {
		d := s.length()
		if d > 1<<62 {
			s.fail("dimension of %d", d)
		}
		dims = append(dims, int(d))
	}
	most = slices.Clone(dims)
	if flags&1 != 0 {
		for i := range rank {
			m := s.length()
			switch {
			case m == ^uint64(0)>>(64-8*s.f.lengthSize):
				most[i] = -1
			case m > 1<<62:
				s.fail("maximum of dimension %d is %d", i, m)
			default:
				most[i] = int(m)
			}
		}
	}
	return dims, most, false
}

// dataset makes a dataset of an object.
func (f *File) dataset(n node) (*Dataset, error) {
	d := &Dataset{node: n}
	need := func(kind uint16, what string) (*message, error) {
		m := n.h.find(kind)
		if m == nil {
			return nil, fmt.Errorf("object header: byte %d: a dataset without a %s", n.h.addr, what)
		}
		return f.resolve(m)
	}
	m, err := need(msgDataspace, "dataspace")
	if err != nil {
		return nil, err
	}
	s := f.scan(m.data, m.addr, "dataspace")
	d.Shape, d.MaxShape, d.Null = s.dataspace()
	if s.err != nil {
		return nil, s.err
	}
	for _, v := range d.Shape {
		d.dims = append(d.dims, uint64(v))
	}
	if m, err = need(msgDatatype, "datatype"); err != nil {
		return nil, err
	}
	elem, err := f.dtype(m)
	if err != nil {
		return nil, err
	}
	if n, ok := elements(d.Shape); !ok || n > 1<<62/uint64(elem.Size) {
		return nil, fmt.Errorf("dataspace: %v elements of %d bytes", d.Shape, elem.Size)
	}
	st := &storage{f: f, path: n.path, elem: elem.Size, dims: d.dims, most: d.MaxShape}
	d.store = st
	if m, err = need(msgLayout, "data layout"); err != nil {
		return nil, err
	}
	s = f.scan(m.data, m.addr, "data layout")
	st.layout = s.layout(len(d.dims))
	if s.err != nil {
		return nil, s.err
	}
	if m := n.h.find(msgFilters); m != nil {
		if m, err = f.resolve(m); err != nil {
			return nil, err
		}
		s := f.scan(m.data, m.addr, "filter pipeline")
		st.filters = s.pipeline()
		if s.err != nil {
			return nil, s.err
		}
		for _, fl := range st.filters {
			d.Filters = append(d.Filters, int(fl.id))
		}
	}
	if st.fill, err = f.fillValue(n.h, elem.Size); err != nil {
		return nil, err
	}
	if n.h.find(msgExternal) != nil {
		return nil, fmt.Errorf("object header: byte %d: data in other files are not read", n.h.addr)
	}
	if st.layout.class == chunked {
		if err := st.checkChunks(); err != nil {
			return nil, err
		}
		for _, c := range st.layout.chunk {
			d.Chunk = append(d.Chunk, int(c))
		}
	}
	d.use(elem, 0, elem.Size)
	return d, nil
}

// use makes the dataset yield values of a type at an offset in each element.
func (d *Dataset) use(t *Dtype, offset, stride int) {
	per := 1
	for t.Class == ArrayOf {
		d.Shape = append(slices.Clone(d.Shape), t.Dims...)
		d.MaxShape = append(slices.Clone(d.MaxShape), t.Dims...)
		for _, n := range t.Dims {
			per *= n
		}
		t = t.Base
	}
	d.Dtype = t
	d.col = column{f: d.f, t: t, offset: offset, stride: stride, per: per}
}

// Member returns a member of an array of compounds as a dataset of its own.
func (d *Dataset) Member(name string) (*Dataset, error) {
	if d.Dtype.Class != Compound || d.col.per != 1 {
		return nil, d.fail(d.Dtype.errKind("compounds"))
	}
	var names []string
	for _, m := range d.Dtype.Members {
		if m.Name == name {
			v := &Dataset{node: d.node, Shape: d.Shape, MaxShape: d.MaxShape, Chunk: d.Chunk, Filters: d.Filters,
				Null: d.Null, dims: d.dims, store: d.store}
			v.path += "." + name
			v.use(m.Dtype, d.col.offset+m.Offset, d.col.stride)
			return v, nil
		}
		names = append(names, m.Name)
	}
	return nil, d.fail(fmt.Errorf("no member %q; the elements have %s", name, some(names)))
}

// Members returns the names of the members of an array of compounds.
func (d *Dataset) Members() []string {
	var names []string
	for _, m := range d.Dtype.Members {
		names = append(names, m.Name)
	}
	return names
}

// fillValue returns the fill value of one element, nil for zeros.
func (f *File) fillValue(h *header, size int) ([]byte, error) {
	var v []byte
	if m := h.find(msgFill); m != nil {
		m, err := f.resolve(m)
		if err != nil {
			return nil, err
		}
		s := f.scan(m.data, m.addr, "fill value")
		switch s.version(1, 2, 3) {
		case 1, 2:
			s.skip(2)
			if defined := s.u8(); defined != 0 {
				v = s.take(int(int32(s.u32())))
			}
		case 3:
			if flags := s.u8(); flags&0x20 != 0 {
				v = s.take(int(int32(s.u32())))
			}
		}
		if s.err != nil {
			return nil, s.err
		}
	} else if m := h.find(msgFillOld); m != nil {
		s := f.scan(m.data, m.addr, "fill value")
		if v = s.take(int(int32(s.u32()))); s.err != nil {
			return nil, s.err
		}
	}
	if len(v) != 0 && len(v) != size {
		return nil, fmt.Errorf("fill value of %d bytes for elements of %d", len(v), size)
	}
	if len(v) == 0 || !slices.ContainsFunc(v, func(c byte) bool { return c != 0 }) {
		return nil, nil
	}
	return v, nil
}

func (d *Dataset) fail(err error) error { return d.f.fail(d.path, err) }

// Len returns the number of values.
func (d *Dataset) Len() int {
	if d.Null {
		return 0
	}
	n := 1
	for _, v := range d.Shape {
		n *= v
	}
	return n
}

// Rows returns the number of rows: the first dimension, 1 for a single value.
func (d *Dataset) Rows() int {
	switch {
	case d.Null:
		return 0
	case len(d.dims) == 0:
		return 1
	}
	return int(d.dims[0])
}

// RowLen returns the number of values in a row.
func (d *Dataset) RowLen() int {
	n := max(d.col.per, 1)
	for _, v := range d.dims[min(1, len(d.dims)):] {
		n *= int(v)
	}
	return n
}
