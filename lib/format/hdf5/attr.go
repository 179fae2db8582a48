package hdf5

import (
	"fmt"
	"sort"
)

// An Attr is an attribute of a group, dataset or named type. Its values are in
// C order.
type Attr struct {
	Name  string
	Dtype *Dtype
	Shape []int // nil for a scalar
	Null  bool  // h5py's Empty: a type without values

	f    *File
	path string
	data []byte
}

// Attrs returns the object's attributes, by name.
func (n *node) Attrs() ([]*Attr, error) {
	attrs, err := n.attrs()
	if err != nil {
		return nil, n.f.fail(n.path, err)
	}
	sort.SliceStable(attrs, func(i, j int) bool { return attrs[i].Name < attrs[j].Name })
	return attrs, nil
}

// Attr returns an attribute.
func (n *node) Attr(name string) (*Attr, error) {
	attrs, err := n.Attrs()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(attrs))
	for i, a := range attrs {
		if a.Name == name {
			return a, nil
		}
		names[i] = a.Name
	}
	return nil, n.f.fail(n.path, fmt.Errorf("no attribute %q; it has %s", name, some(names)))
}

// Has tells whether the object has an attribute of that name.
func (n *node) Has(name string) (bool, error) {
	attrs, err := n.Attrs()
	if err != nil {
		return false, err
	}
	for _, a := range attrs {
		if a.Name == name {
			return true, nil
		}
	}
	return false, nil
}

func (n *node) attrs() ([]*Attr, error) {
	f := n.f
	var attrs []*Attr
	add := func(s *scanner) error {
		a, err := f.attribute(s)
		if err == nil {
			a.path = n.path
			attrs = append(attrs, a)
		}
		return err
	}
	for i := range n.h.messages {
		m := &n.h.messages[i]
		if m.kind != msgAttribute {
			continue
		}
		m, err := f.resolve(m)
		if err != nil {
			return nil, err
		}
		if err := add(f.scan(m.data, m.addr, "attribute")); err != nil {
			return nil, err
		}
	}
	m := n.h.find(msgAttrInfo)
	if m == nil {
		return attrs, nil
	}
	s := f.scan(m.data, m.addr, "attribute info")
	s.version(0)
	if s.u8()&1 != 0 {
		s.skip(2)
	}
	heapAddr, tree := s.offset(), s.offset()
	if s.err != nil || heapAddr == nowhere {
		return attrs, s.err
	}
	heap, err := f.fractalHeap(heapAddr)
	if err != nil {
		return nil, err
	}
	err = f.eachRecord(tree, 8, func(r *scanner) error {
		id := r.take(8)
		if flags := r.u8(); flags&flagShared != 0 {
			return fmt.Errorf("attribute: byte %d: %w", r.addr, errShared)
		}
		if r.err != nil {
			return r.err
		}
		b, err := heap.object(id)
		if err != nil {
			return err
		}
		return add(f.scan(b, r.addr, "attribute"))
	})
	return attrs, err
}

// attribute reads one attribute.
func (f *File) attribute(s *scanner) (*Attr, error) {
	a := &Attr{f: f}
	version := s.version(1, 2, 3)
	flags := s.u8()
	nameSize, typeSize, spaceSize := int(s.u16()), int(s.u16()), int(s.u16())
	if version == 3 {
		s.skip(1) // character set of the name
	}
	pad := 1
	if version == 1 {
		flags, pad = 0, 8
	}
	part := func(n int, what string) *scanner {
		at := s.addr + uint64(s.pos)
		b := s.take(n)
		s.skip(min(-n&(pad-1), s.left()))
		return f.scan(b, at, what)
	}
	name := part(nameSize, "attribute's name")
	a.Name = name.text(1)
	typ := part(typeSize, "attribute's datatype")
	space := part(spaceSize, "attribute's dataspace")
	if s.err == nil {
		s.err = name.err
	}
	if s.err != nil {
		return nil, s.err
	}
	bad := func(err error) (*Attr, error) { return nil, fmt.Errorf("attribute %q: %w", a.Name, err) }
	if flags&1 != 0 {
		m, err := f.shared(typ, msgDatatype)
		if err != nil {
			return bad(err)
		}
		typ = f.scan(m.data, m.addr, "attribute's datatype")
	}
	if flags&2 != 0 {
		return bad(fmt.Errorf("dataspace %w", errShared))
	}
	a.Dtype = typ.dtype(0)
	if typ.err != nil {
		return bad(typ.err)
	}
	dims, _, null := space.dataspace()
	if space.err != nil {
		return bad(space.err)
	}
	a.Shape, a.Null = dims, null
	n, ok := elements(dims)
	size, ok2 := mul(n, uint64(a.Dtype.Size))
	if null {
		size = 0
	}
	if !ok || !ok2 || size > uint64(s.left()) {
		return bad(fmt.Errorf("byte %d: shape %v of %d-byte elements, %d bytes left", s.addr+uint64(s.pos), dims, a.Dtype.Size, s.left()))
	}
	a.data = s.take(int(size))
	for t := a.Dtype; t.Class == ArrayOf; t = a.Dtype {
		a.Shape, a.Dtype = append(a.Shape, t.Dims...), t.Base
	}
	return a, s.err
}

// elements is the product of dimensions.
func elements(dims []int) (uint64, bool) {
	n, ok := uint64(1), true
	for _, d := range dims {
		if n, ok = mul(n, uint64(d)); !ok {
			return 0, false
		}
	}
	return n, n < 1<<62
}

func (a *Attr) fail(err error) error {
	if err == nil {
		return nil
	}
	return a.f.fail(a.path, fmt.Errorf("attribute %q: %w", a.Name, err))
}

func (a *Attr) column() column { return column{f: a.f, t: a.Dtype, stride: a.Dtype.Size} }

// Float64s returns the values of a numeric attribute.
func (a *Attr) Float64s() ([]float64, error) {
	v := make([]float64, len(a.data)/a.Dtype.Size)
	err := a.column().float64s(v, a.data)
	return v, a.fail(err)
}

// Int64s returns the values of an integer attribute.
func (a *Attr) Int64s() ([]int64, error) {
	v := make([]int64, len(a.data)/a.Dtype.Size)
	err := a.column().int64s(v, a.data)
	return v, a.fail(err)
}

// Strings returns the values of a string attribute.
func (a *Attr) Strings() ([]string, error) {
	if a.Null {
		return nil, nil
	}
	v := make([]string, len(a.data)/a.Dtype.Size)
	budget := a.f.max
	err := a.column().strings(v, a.data, &budget)
	return v, a.fail(err)
}

// Text returns the first value of a string attribute, "" if it has none.
func (a *Attr) Text() (string, error) {
	v, err := a.Strings()
	if err != nil || len(v) == 0 {
		return "", err
	}
	return v[0], nil
}

// Float64 returns the first value of a numeric attribute.
func (a *Attr) Float64() (float64, error) {
	v, err := a.Float64s()
	if err == nil && len(v) == 0 {
		err = a.fail(fmt.Errorf("no value"))
	}
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// Int64 returns the first value of an integer attribute.
func (a *Attr) Int64() (int64, error) {
	v, err := a.Int64s()
	if err == nil && len(v) == 0 {
		err = a.fail(fmt.Errorf("no value"))
	}
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// Refs returns the values of an attribute of object references.
func (a *Attr) Refs() ([]Ref, error) {
	v := make([]Ref, len(a.data)/a.Dtype.Size)
	err := a.column().refs(v, a.data)
	return v, a.fail(err)
}
