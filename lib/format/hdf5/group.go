package hdf5

import (
	"fmt"
	"path"
	"sort"
	"strings"
)

// An Object is what a path leads to: a *Group, a *Dataset or a *NamedType.
type Object interface {
	Path() string                  // from the root, "/a/b"
	Attrs() ([]*Attr, error)       // all attributes, by name
	Attr(string) (*Attr, error)    // one of them
	Has(attr string) (bool, error) // whether it is there
}

// node is what all objects share.
type node struct {
	f    *File
	path string
	h    *header
}

// Path returns the object's path from the root.
func (n *node) Path() string { return n.path }

// A Group holds links to objects.
type Group struct {
	node
	links []link // by name
}

// A NamedType is a datatype that has a name of its own in the file.
type NamedType struct {
	node
	Dtype *Dtype
}

type linkKind uint8

const (
	hardLink linkKind = iota
	softLink
	foreignLink
)

type link struct {
	name   string
	kind   linkKind
	addr   uint64 // of the object, hard links
	target string // soft links
}

// Root returns the root group.
func (f *File) Root() (*Group, error) { return f.Group("/") }

// Group returns the group at a path.
func (f *File) Group(path string) (*Group, error) {
	o, err := f.Object(path)
	if err != nil {
		return nil, err
	}
	return asGroup(f, o)
}

// Dataset returns the dataset at a path.
func (f *File) Dataset(path string) (*Dataset, error) {
	o, err := f.Object(path)
	if err != nil {
		return nil, err
	}
	return asDataset(f, o)
}

func asGroup(f *File, o Object) (*Group, error) {
	g, ok := o.(*Group)
	if !ok {
		return nil, f.fail(o.Path(), fmt.Errorf("a %s, expected a group", kindOf(o)))
	}
	return g, nil
}

func asDataset(f *File, o Object) (*Dataset, error) {
	d, ok := o.(*Dataset)
	if !ok {
		return nil, f.fail(o.Path(), fmt.Errorf("a %s, expected a dataset", kindOf(o)))
	}
	return d, nil
}

func kindOf(o Object) string {
	switch o.(type) {
	case *Group:
		return "group"
	case *Dataset:
		return "dataset"
	}
	return "named datatype"
}

// Object returns the object at a path, which counts from the root.
func (f *File) Object(p string) (Object, error) {
	o, err := f.follow(f.rootAddr, "/", p, 0)
	return o, f.fail(p, err)
}

// follow goes from the group at an address, itself reached by the path from,
// along a path p. An absolute p begins at the root.
func (f *File) follow(addr uint64, from, p string, hops int) (Object, error) {
	at := from
	if strings.HasPrefix(p, "/") {
		addr, at = f.rootAddr, "/"
	}
	for _, name := range strings.Split(p, "/") {
		if name == "" || name == "." { // HDF5 knows no ".."
			continue
		}
		o, err := f.object(addr, at)
		if err != nil {
			return nil, err
		}
		g, ok := o.(*Group)
		if !ok {
			return nil, fmt.Errorf("%s is a %s, expected a group", at, kindOf(o))
		}
		l := g.link(name)
		if l == nil {
			return nil, fmt.Errorf("no %q in %s; it has %s", name, at, some(g.Names()))
		}
		next := l.addr
		switch l.kind {
		case foreignLink:
			return nil, fmt.Errorf("%q in %s is a link to another file", name, at)
		case softLink:
			if hops++; hops > maxDepth {
				return nil, fmt.Errorf("%q in %s: soft links without end", name, at)
			}
			o, err := f.follow(addr, at, l.target, hops)
			if err != nil {
				return nil, err
			}
			next = headerOf(o)
		}
		addr, at = next, path.Join(at, name)
	}
	return f.object(addr, at)
}

func headerOf(o Object) uint64 {
	switch o := o.(type) {
	case *Group:
		return o.h.addr
	case *Dataset:
		return o.h.addr
	case *NamedType:
		return o.h.addr
	}
	return nowhere
}

// some shortens a list of names for a message.
func some(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + fmt.Sprintf(" and %d more", len(names)-12)
	}
	return strings.Join(names, ", ")
}

// object reads the object at an address, which goes by a path.
func (f *File) object(addr uint64, p string) (Object, error) {
	h, err := f.header(addr)
	if err != nil {
		return nil, err
	}
	n := node{f: f, path: p, h: h}
	switch {
	case h.find(msgLayout) != nil || h.find(msgDataspace) != nil:
		return f.dataset(n)
	case h.find(msgDatatype) != nil:
		t, err := f.dtype(h.find(msgDatatype))
		return &NamedType{node: n, Dtype: t}, err
	}
	g := &Group{node: n}
	if g.links, err = f.links(h); err != nil {
		return nil, err
	}
	sort.Slice(g.links, func(i, j int) bool { return g.links[i].name < g.links[j].name })
	return g, nil
}

// Names returns the names of the group's members in alphabetical order.
func (g *Group) Names() []string {
	names := make([]string, len(g.links))
	for i, l := range g.links {
		names[i] = l.name
	}
	return names
}

func (g *Group) link(name string) *link {
	i := sort.Search(len(g.links), func(i int) bool { return g.links[i].name >= name })
	if i < len(g.links) && g.links[i].name == name {
		return &g.links[i]
	}
	return nil
}

// Contains tells whether the group has a member of that name.
func (g *Group) Contains(name string) bool { return g.link(name) != nil }

// Object returns the member, or the object at a path that counts from the group.
func (g *Group) Object(p string) (Object, error) {
	o, err := g.f.follow(g.h.addr, g.path, p, 0)
	return o, g.f.fail(path.Join(g.path, p), err)
}

// Group returns the group at a path that counts from this one.
func (g *Group) Group(p string) (*Group, error) {
	o, err := g.Object(p)
	if err != nil {
		return nil, err
	}
	return asGroup(g.f, o)
}

// Dataset returns the dataset at a path that counts from this group.
func (g *Group) Dataset(p string) (*Dataset, error) {
	o, err := g.Object(p)
	if err != nil {
		return nil, err
	}
	return asDataset(g.f, o)
}

// Walk visits the group and all that it leads to by hard links, each object
// once, parents first and members in alphabetical order.
func (g *Group) Walk(visit func(Object) error) error {
	return g.walk(visit, map[uint64]bool{}, 0)
}

func (g *Group) walk(visit func(Object) error, seen map[uint64]bool, depth int) error {
	if depth > maxDepth {
		return g.f.fail(g.path, fmt.Errorf("groups nested deeper than %d", maxDepth))
	}
	seen[g.h.addr] = true
	if err := visit(g); err != nil {
		return err
	}
	for _, l := range g.links {
		if l.kind != hardLink || seen[l.addr] {
			continue
		}
		seen[l.addr] = true
		o, err := g.f.object(l.addr, path.Join(g.path, l.name))
		if err != nil {
			return g.f.fail(path.Join(g.path, l.name), err)
		}
		if sub, ok := o.(*Group); ok {
			err = sub.walk(visit, seen, depth+1)
		} else {
			err = visit(o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// links returns the links of a group, of either generation.
func (f *File) links(h *header) ([]link, error) {
	if m := h.find(msgSymbolTable); m != nil {
		return f.symbolTable(m)
	}
	var links []link
	for i := range h.messages {
		if m := &h.messages[i]; m.kind == msgLink {
			l, err := f.linkMessage(f.scan(m.data, m.addr, "link"))
			if err != nil {
				return nil, err
			}
			links = append(links, l)
		}
	}
	m := h.find(msgLinkInfo)
	if m == nil {
		if len(links) == 0 && h.find(msgGroupInfo) == nil {
			return nil, fmt.Errorf("object header: byte %d: no group, dataset or datatype", h.addr)
		}
		return links, nil
	}
	s := f.scan(m.data, m.addr, "link info")
	s.version(0)
	if s.u8()&1 != 0 {
		s.skip(8)
	}
	heapAddr, tree := s.offset(), s.offset()
	if s.err != nil {
		return nil, s.err
	}
	if heapAddr == nowhere {
		return links, nil
	}
	heap, err := f.fractalHeap(heapAddr)
	if err != nil {
		return nil, err
	}
	err = f.eachRecord(tree, 5, func(r *scanner) error {
		r.u32() // hash of the name
		b, err := heap.object(r.take(r.left()))
		if err != nil {
			return err
		}
		l, err := f.linkMessage(f.scan(b, r.addr, "link"))
		links = append(links, l)
		return err
	})
	return links, err
}

// linkMessage reads one link.
func (f *File) linkMessage(s *scanner) (link, error) {
	var l link
	s.version(1)
	flags := s.u8()
	kind := uint8(0)
	if flags&8 != 0 {
		kind = s.u8()
	}
	if flags&4 != 0 {
		s.skip(8) // order of creation
	}
	if flags&16 != 0 {
		s.skip(1) // character set
	}
	n := s.uint(1 << (flags & 3))
	if n > uint64(s.left()) {
		s.fail("name of %d bytes, %d left", n, s.left())
		return l, s.err
	}
	l.name = string(s.take(int(n)))
	switch kind {
	case 0:
		l.addr = s.offset()
	case 1:
		l.kind = softLink
		l.target = string(s.take(int(s.u16())))
	default:
		l.kind = foreignLink
	}
	return l, s.err
}

// symbolTable reads the links of an old group.
func (f *File) symbolTable(m *message) ([]link, error) {
	s := f.scan(m.data, m.addr, "symbol table")
	tree, heapAddr := s.offset(), s.offset()
	if s.err != nil {
		return nil, s.err
	}
	heap, err := f.localHeap(heapAddr)
	if err != nil {
		return nil, err
	}
	var links []link
	err = f.walk1(tree, 0, f.lengthSize, func(_ []byte, child uint64) error {
		const what = "symbol table node"
		b, err := f.at(child, 8, what)
		if err != nil {
			return err
		}
		s := f.scan(b, child, what)
		s.expect("SNOD")
		s.version(1)
		s.skip(1)
		n := int(s.u16())
		if s.err != nil {
			return s.err
		}
		size := 2*f.offsetSize + 24
		if b, err = f.at(child+8, uint64(n*size), what); err != nil {
			return err
		}
		s = f.scan(b, child+8, what)
		for range n {
			var l link
			name := s.offset()
			l.addr = s.offset()
			cache := s.u32()
			s.skip(4)
			scratch := s.u32()
			s.skip(12)
			if s.err != nil {
				return s.err
			}
			if l.name, err = heap.text(name); err != nil {
				return err
			}
			if cache == 2 {
				l.kind = softLink
				if l.target, err = heap.text(uint64(scratch)); err != nil {
					return err
				}
			}
			links = append(links, l)
		}
		return nil
	})
	return links, err
}
