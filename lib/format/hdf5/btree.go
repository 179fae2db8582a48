package hdf5

import "fmt"

// A node1 is a node of a version 1 B-tree; children lie between keys.
type node1 struct {
	level int
	keys  [][]byte
	child []uint64
	addr  uint64
}

func (f *File) node1(addr uint64, kind uint8, keySize int) (*node1, error) {
	const what = "B-tree node"
	head := 8 + 2*f.offsetSize
	b, err := f.at(addr, uint64(head), what)
	if err != nil {
		return nil, err
	}
	s := f.scan(b, addr, what)
	s.expect("TREE")
	if k := s.u8(); s.err == nil && k != kind {
		s.fail("node of type %d, expected %d", k, kind)
	}
	n := &node1{addr: addr, level: int(s.u8())}
	entries := int(s.u16())
	if s.err != nil {
		return nil, s.err
	}
	size := entries*(keySize+f.offsetSize) + keySize
	if b, err = f.at(addr+uint64(head), uint64(size), what); err != nil {
		return nil, err
	}
	s = f.scan(b, addr+uint64(head), what)
	for range entries {
		n.keys = append(n.keys, s.take(keySize))
		n.child = append(n.child, s.offset())
	}
	return n, s.err
}

// walk1 visits the leaves' entries of a version 1 B-tree in order.
func (f *File) walk1(root uint64, kind uint8, keySize int, visit func(key []byte, child uint64) error) error {
	seen := map[uint64]bool{}
	var walk func(addr uint64, level int) error
	walk = func(addr uint64, level int) error {
		if seen[addr] {
			return fmt.Errorf("tree node: byte %d: reached twice", addr)
		}
		seen[addr] = true
		n, err := f.node1(addr, kind, keySize)
		if err != nil {
			return err
		}
		if level >= 0 && n.level != level || n.level > maxDepth {
			return fmt.Errorf("tree node: byte %d: level %d, expected %d", addr, n.level, level)
		}
		for i, c := range n.child {
			if n.level == 0 {
				err = visit(n.keys[i], c)
			} else {
				err = walk(c, n.level-1)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root, -1)
}

// eachRecord visits the records of a version 2 B-tree in order.
func (f *File) eachRecord(addr uint64, kind uint8, visit func(r *scanner) error) error {
	const what = "B-tree v2"
	b, err := f.at(addr, uint64(22+f.offsetSize+f.lengthSize), what)
	if err != nil {
		return err
	}
	s := f.scan(b, addr, what)
	s.expect("BTHD")
	s.version(0)
	if k := s.u8(); s.err == nil && k != kind {
		s.fail("tree of type %d, expected %d", k, kind)
	}
	t := tree2{f: f, kind: kind, visit: visit, seen: map[uint64]bool{}}
	t.nodeSize, t.recordSize = int(s.u32()), int(s.u16())
	depth := int(s.u16())
	s.skip(2)
	root := s.offset()
	n := int(s.u16())
	total := s.length()
	s.checksum()
	if s.err != nil {
		return s.err
	}
	if total == 0 || root == nowhere {
		return nil
	}
	if t.recordSize == 0 || t.nodeSize < 10+t.recordSize || uint64(t.nodeSize) > f.size || depth > maxDepth {
		return fmt.Errorf("%s: byte %d: records of %d bytes in nodes of %d, depth %d", what, addr, t.recordSize, t.nodeSize, depth)
	}
	// How many records fit below a node decides how wide its counts are stored.
	most := uint64((t.nodeSize - 10) / t.recordSize)
	t.countSize = encodedSize(most)
	below := most
	t.totalSize = []int{0}
	for range depth {
		pointer := f.offsetSize + t.countSize + t.totalSize[len(t.totalSize)-1]
		room := uint64(max(t.nodeSize-10-pointer, 0) / (t.recordSize + pointer))
		var ok bool
		if below, ok = mul(room+1, below); !ok || below > 1<<60 {
			return fmt.Errorf("%s: byte %d: depth %d with nodes of %d bytes", what, addr, depth, t.nodeSize)
		}
		below += room
		t.totalSize = append(t.totalSize, encodedSize(below))
	}
	return t.walk(root, n, depth)
}

type tree2 struct {
	f                    *File
	kind                 uint8
	nodeSize, recordSize int
	countSize            int   // bytes of a child's count of records
	totalSize            []int // per depth: bytes of the count of records below a node
	visit                func(*scanner) error
	seen                 map[uint64]bool
}

func (t *tree2) walk(addr uint64, n, depth int) error {
	f := t.f
	if t.seen[addr] {
		return fmt.Errorf("tree node: byte %d: reached twice", addr)
	}
	t.seen[addr] = true
	what, sig := "B-tree v2 leaf", "BTLF"
	size := 6 + n*t.recordSize + 4
	pointer := 0
	if depth > 0 {
		what, sig = "B-tree v2 node", "BTIN"
		pointer = f.offsetSize + t.countSize
		if depth > 1 {
			pointer += t.totalSize[depth-1]
		}
		size += (n + 1) * pointer
	}
	if size > t.nodeSize {
		return fmt.Errorf("%s: byte %d: %d records do not fit in %d bytes", what, addr, n, t.nodeSize)
	}
	b, err := f.at(addr, uint64(size), what)
	if err != nil {
		return err
	}
	s := f.scan(b, addr, what)
	s.expect(sig)
	s.version(0)
	if k := s.u8(); s.err == nil && k != t.kind {
		s.fail("node of type %d, expected %d", k, t.kind)
	}
	start := s.pos
	s.pos = size - 4
	s.checksum()
	if s.err != nil {
		return s.err
	}
	for i := 0; i <= n; i++ {
		if depth > 0 {
			s.pos = start + n*t.recordSize + i*pointer
			child := s.offset()
			count := int(s.uint(t.countSize))
			if s.err != nil {
				return s.err
			}
			if err := t.walk(child, count, depth-1); err != nil {
				return err
			}
		}
		if i < n {
			at := start + i*t.recordSize
			if err := t.visit(f.scan(b[at:at+t.recordSize], addr+uint64(at), what)); err != nil {
				return err
			}
		}
	}
	return nil
}
