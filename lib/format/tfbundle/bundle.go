// Package tfbundle reads and writes TensorFlow's checkpoints of version 2, the
// "bundles": PREFIX.index, a table of the tensors, and PREFIX.data-00000-of-00001
// with their values, in one or several shards. The published networks are such
// bundles (spec/02, sections 5.3 and 5.4: Network/Spatial0/weights and the like),
// and so are ours.
//
// Tensors are in C order. Values have the units of the network. Every checksum
// is verified: of the blocks of the index (plain or compressed by Snappy), and of
// each tensor. Not read: tensors that are stored in slices (partitioned
// variables; the others beside them are), and the .meta file, which is not needed.
//
// Files are not trusted: sizes are checked against the files and against one
// another before memory is taken. Errors name the file and the tensor.
//
// Source: TensorFlow's tensor_bundle (its .proto and on-disk format), spec/02
// section 5.3.
package tfbundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxIndex  = 1 << 28 // bytes of an index file
	maxTensor = 4 << 30 // bytes of a tensor
)

// A Bundle is an open checkpoint. It keeps no file open.
type Bundle struct {
	prefix  string
	names   []string
	entries map[string]entry
	header  header
	open    func(shard int) (io.ReaderAt, int64, error) // and closes what is an io.Closer
	sizes   []int64
}

// shardName is the path of a shard.
func shardName(prefix string, i, n int) string {
	return fmt.Sprintf("%s.data-%05d-of-%05d", prefix, i, n)
}

// Open reads the index of the checkpoint at a prefix (the path without .index)
// and checks that its shards are there, as long as they must be.
func Open(prefix string) (*Bundle, error) {
	path := prefix + ".index"
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxIndex {
		return nil, fmt.Errorf("tfbundle: %s: expected a file of at most %d bytes", path, maxIndex)
	}
	index := make([]byte, st.Size())
	if _, err := io.ReadFull(f, index); err != nil {
		return nil, fmt.Errorf("tfbundle: %s: %w", path, err)
	}
	shards := 0
	return decode(prefix, index, func(i int) (io.ReaderAt, int64, error) {
		f, err := os.Open(shardName(prefix, i, shards))
		if err != nil {
			return nil, 0, err
		}
		st, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, 0, err
		}
		return f, st.Size(), nil
	}, &shards)
}

// decode reads an index; open opens a shard, whose names need *shards.
func decode(prefix string, index []byte, open func(int) (io.ReaderAt, int64, error), shards *int) (*Bundle, error) {
	b := &Bundle{prefix: prefix, entries: map[string]entry{}, open: open}
	bad := func(err error) (*Bundle, error) {
		return nil, fmt.Errorf("tfbundle: %s.index: %w", prefix, err)
	}
	headed := false
	err := table(index, maxIndex, func(key, value []byte) error {
		var err error
		if len(key) == 0 {
			headed = true
			if b.header, err = readHeader(value); err != nil {
				return fmt.Errorf("header: %w", err)
			}
			return nil
		}
		if !headed {
			return errors.New("no header under the empty key")
		}
		name := string(key)
		if strings.ContainsRune(name, 0) {
			return nil // a part of a tensor in slices, whose own entry says so
		}
		e, err := readEntry(value)
		if err == nil {
			err = b.check(e)
		}
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		b.names = append(b.names, name)
		b.entries[name] = e
		return nil
	})
	if err == nil && !headed {
		err = errors.New("no header under the empty key")
	}
	if err != nil {
		return bad(err)
	}
	*shards = b.header.shards
	for i := range b.header.shards {
		r, size, err := open(i)
		if err != nil {
			return nil, err
		}
		if c, ok := r.(io.Closer); ok {
			c.Close()
		}
		b.sizes = append(b.sizes, size)
	}
	for _, name := range b.names {
		e := b.entries[name]
		if size := uint64(b.sizes[e.shard]); e.slices == 0 && (e.offset > size || e.size > size-e.offset) {
			return nil, fmt.Errorf("tfbundle: %s: tensor %q: bytes %d to %d, the file has %d",
				shardName(prefix, e.shard, b.header.shards), name, e.offset, e.offset+e.size, size)
		}
	}
	return b, nil
}

// check compares an entry with itself and the header.
func (b *Bundle) check(e entry) error {
	if e.shard < 0 || e.shard >= b.header.shards {
		return fmt.Errorf("in shard %d of %d", e.shard, b.header.shards)
	}
	if e.slices > 0 {
		return nil // an error when it is asked for
	}
	n, ok := product(e.shape)
	if !ok || n > maxTensor {
		return fmt.Errorf("shape %v", e.shape)
	}
	if e.size > maxTensor {
		return fmt.Errorf("%d bytes, at most %d expected", e.size, uint64(maxTensor))
	}
	t, known := dtypes[e.dtype]
	switch {
	case !known:
		return nil // an error when it is asked for
	case e.dtype == String:
		// A length of at least one byte each, and their checksum.
		if e.size < n+4 {
			return fmt.Errorf("%d strings in %d bytes", n, e.size)
		}
	case e.size != n*uint64(t.size):
		return fmt.Errorf("%d bytes, shape %v of %v needs %d", e.size, e.shape, e.dtype, n*uint64(t.size))
	}
	return nil
}

// Names returns the names of the tensors in order.
func (b *Bundle) Names() []string { return slices.Clone(b.names) }

// Has tells whether there is a tensor of that name.
func (b *Bundle) Has(name string) bool {
	_, ok := b.entries[name]
	return ok
}

// Shape returns the type and shape of a tensor without reading it.
func (b *Bundle) Shape(name string) (Dtype, []int, error) {
	e, ok := b.entries[name]
	if !ok {
		return 0, nil, b.missing(name)
	}
	return e.dtype, slices.Clone(e.shape), nil
}

func (b *Bundle) missing(name string) error {
	some := b.names
	if len(some) > 10 {
		some = some[:10]
	}
	return fmt.Errorf("tfbundle: %s: no tensor %q; there are %d, such as %s", b.prefix, name, len(b.names), strings.Join(some, ", "))
}

// Tensor reads a tensor and verifies its checksum.
func (b *Bundle) Tensor(name string) (*Tensor, error) {
	e, ok := b.entries[name]
	if !ok {
		return nil, b.missing(name)
	}
	file := shardName(b.prefix, e.shard, b.header.shards)
	bad := func(err error) (*Tensor, error) {
		return nil, fmt.Errorf("tfbundle: %s: tensor %q: %w", file, name, err)
	}
	if e.slices > 0 {
		return bad(errors.New("stored in slices, which are not read"))
	}
	typ, known := dtypes[e.dtype]
	if !known {
		return bad(fmt.Errorf("of %v, which is not read", e.dtype))
	}
	r, size, err := b.open(e.shard)
	if err != nil {
		return nil, err
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	if e.offset > uint64(size) || e.size > uint64(size)-e.offset {
		return bad(fmt.Errorf("bytes %d to %d, the file has %d", e.offset, e.offset+e.size, size))
	}
	data := make([]byte, e.size)
	if n, err := r.ReadAt(data, int64(e.offset)); n < len(data) {
		return bad(fmt.Errorf("byte %d: %w", e.offset+uint64(n), err))
	}
	t := &Tensor{Name: name, Dtype: e.dtype, Shape: slices.Clone(e.shape)}
	if e.dtype == String {
		var sum uint32
		if t.strings, sum, err = splitStrings(data, t.Len()); err != nil {
			return bad(err)
		}
		if sum != e.crc {
			return bad(errDamaged(e.crc, sum))
		}
		return t, nil
	}
	if sum := maskedCRC(data); sum != e.crc {
		return bad(errDamaged(e.crc, sum))
	}
	if b.header.big {
		swap(data, typ.size)
	}
	t.data = data
	return t, nil
}

func errDamaged(stored, sum uint32) error {
	return fmt.Errorf("checksum %08x, the data have %08x: damaged", stored, sum)
}

// splitStrings takes n strings: their lengths, a checksum of these, their bytes.
// It returns the checksum of all, which counts lengths as 32 bits where they fit.
func splitStrings(b []byte, n int) ([]string, uint32, error) {
	lengths := make([]uint64, n)
	sum, rest := uint32(0), b
	for i := range lengths {
		var err error
		if lengths[i], rest, err = uvarint(rest); err != nil {
			return nil, 0, fmt.Errorf("length of string %d: %w", i, err)
		}
		sum = crc32.Update(sum, castagnoli, lengthBytes(lengths[i]))
	}
	if len(rest) < 4 {
		return nil, 0, errors.New("no checksum after the lengths of strings")
	}
	if stored := binary.LittleEndian.Uint32(rest); stored != mask(sum) {
		return nil, 0, fmt.Errorf("lengths of strings: %w", errDamaged(stored, mask(sum)))
	}
	sum = crc32.Update(sum, castagnoli, rest[:4])
	rest = rest[4:]
	sum = crc32.Update(sum, castagnoli, rest)
	out := make([]string, n)
	for i, l := range lengths {
		if l > uint64(len(rest)) {
			return nil, 0, fmt.Errorf("string %d of %d bytes, %d left", i, l, len(rest))
		}
		out[i], rest = string(rest[:l]), rest[l:]
	}
	if len(rest) > 0 {
		return nil, 0, fmt.Errorf("%d bytes follow the last string", len(rest))
	}
	return out, mask(sum), nil
}

func lengthBytes(n uint64) []byte {
	if n <= 1<<32-1 {
		return binary.LittleEndian.AppendUint32(nil, uint32(n))
	}
	return binary.LittleEndian.AppendUint64(nil, n)
}

// joinStrings is the inverse of splitStrings.
func joinStrings(v []string) ([]byte, uint32) {
	var b []byte
	sum := uint32(0)
	for _, s := range v {
		b = binary.AppendUvarint(b, uint64(len(s)))
		sum = crc32.Update(sum, castagnoli, lengthBytes(uint64(len(s))))
	}
	head := len(b)
	b = binary.LittleEndian.AppendUint32(b, mask(sum))
	for _, s := range v {
		b = append(b, s...)
	}
	return b, mask(crc32.Update(sum, castagnoli, b[head:]))
}

// Write writes a checkpoint at a prefix, in one shard. Each of the two files is
// written beside and renamed, the index last; while both are replaced there is a
// moment in which a reader finds the checksums wrong. A program that must survive
// that moment writes under a new prefix.
func Write(prefix string, tensors []Tensor) error {
	return write(prefix, tensors, 1, false)
}

// write spreads tensors over shards in turn.
func write(prefix string, tensors []Tensor, shards int, snappy bool) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	data := make([][]byte, shards)
	w := tableWriter{snappy: snappy}
	w.add(nil, header{shards: shards}.encode())
	for i, t := range sorted {
		if t.Name == "" || len(t.Name) > maxKey || strings.ContainsRune(t.Name, 0) {
			return fmt.Errorf("tfbundle: %s: a tensor named %q", prefix, t.Name)
		}
		if i > 0 && t.Name == sorted[i-1].Name {
			return fmt.Errorf("tfbundle: %s: tensor %q stands twice", prefix, t.Name)
		}
		b, crc := t.data, maskedCRC(t.data)
		if t.Dtype == String {
			b, crc = joinStrings(t.strings)
		}
		k := i % shards
		e := entry{dtype: t.Dtype, shape: t.Shape, shard: k, offset: uint64(len(data[k])), size: uint64(len(b)), crc: crc}
		w.add([]byte(t.Name), e.encode())
		data[k] = append(data[k], b...)
	}
	for k, b := range data {
		if err := replace(shardName(prefix, k, shards), b); err != nil {
			return err
		}
	}
	return replace(prefix+".index", w.finish())
}

// replace writes a file whole or not at all.
func replace(path string, b []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(b); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
