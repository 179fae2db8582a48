package hdf5

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// A Writer makes a file. What it writes lies in a hidden file beside the path
// until Close puts it in its place, whole. Its methods are for one goroutine.
//
// Files have the structures of HDF5 1.8 (superblock 2, chunks in version 1
// B-trees), which h5py, MATLAB, PyTables and every library since 2008 read.
type Writer struct {
	path string
	file *os.File
	buf  *bufio.Writer
	end  uint64 // address of the next byte to be written
	root *item
	err  error // the first; all later calls return it
	done bool
}

// An item is a group or dataset to be written.
type item struct {
	path     string
	members  map[string]*item // of a group; nil for a dataset
	attrs    []namedValue
	appender *Appender // a dataset in chunks
	value    *value    // a dataset at once, strings
	dims     []int
	addr     uint64 // of its data, a dataset at once
	size     uint64
	typ      string
}

type namedValue struct {
	name  string
	value value
	dims  []int
}

// Create begins a file.
func Create(path string) (*Writer, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<20), root: &item{path: "/", members: map[string]*item{}}}
	w.put(make([]byte, superblockSize)) // written last
	return w, w.err
}

func (w *Writer) fail(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("hdf5: %s: %s: %w", w.path, path, err)
}

// put writes bytes at the end and returns their address.
func (w *Writer) put(b []byte) uint64 {
	at := w.end
	if w.err == nil {
		if _, err := w.buf.Write(b); err != nil {
			w.err = w.fail("/", err)
		}
	}
	w.end += uint64(len(b))
	return at
}

// align writes zeros up to a multiple of 8.
func (w *Writer) align() { w.put(make([]byte, -w.end&7)) }

// place finds the group of a new object, making groups on the way.
func (w *Writer) place(p string) (parent *item, name string, err error) {
	if w.done {
		panic("hdf5: " + w.path + ": written to after Close")
	}
	if w.err != nil {
		return nil, "", w.err
	}
	parts := strings.Split(strings.Trim(path.Clean("/"+p), "/"), "/")
	if len(parts) > maxDepth || len(p) > 1<<15 {
		return nil, "", w.fail(p, fmt.Errorf("too long a path"))
	}
	at := w.root
	for _, name := range parts[:len(parts)-1] {
		next := at.members[name]
		if next == nil {
			next = &item{path: path.Join(at.path, name), members: map[string]*item{}}
			at.members[name] = next
		}
		if next.members == nil {
			return nil, "", w.fail(p, fmt.Errorf("%s is a dataset, expected a group", next.path))
		}
		at = next
	}
	return at, parts[len(parts)-1], nil
}

// create adds a new object.
func (w *Writer) create(p string, it *item) error {
	parent, name, err := w.place(p)
	if err != nil {
		return err
	}
	if name == "" || strings.Contains(name, "\x00") {
		return w.fail(p, fmt.Errorf("no name for an object"))
	}
	if parent.members[name] != nil {
		return w.fail(p, fmt.Errorf("there is one already"))
	}
	it.path = path.Join(parent.path, name)
	parent.members[name] = it
	return nil
}

// Group makes a group, and those above it. One that is there stays.
func (w *Writer) Group(p string) error {
	parent, name, err := w.place(p)
	switch {
	case err != nil || name == "":
		return err
	case parent.members[name] == nil:
		return w.create(p, &item{members: map[string]*item{}})
	case parent.members[name].members == nil:
		return w.fail(p, fmt.Errorf("a dataset, expected a group"))
	}
	return nil
}

// Write makes a dataset of values in C order: a slice of numbers, booleans or
// strings with its shape (a single dimension may be left out), or a single value.
func (w *Writer) Write(p string, data any, shape ...int) error {
	v, err := valueOf(data)
	if err != nil {
		return w.fail(p, err)
	}
	if len(shape) == 0 && !v.scalar {
		shape = []int{v.n}
	}
	if n, ok := shapeLen(shape); !ok || n != v.n {
		return w.fail(p, fmt.Errorf("%d values for shape %v", v.n, shape))
	}
	it := &item{typ: v.typ, dims: slices.Clone(shape), addr: nowhere}
	if v.strings != nil {
		it.value = &v // their heap is written at the end
	}
	if err := w.create(p, it); err != nil {
		return err
	}
	if v.strings == nil && v.n > 0 {
		w.align()
		it.addr, it.size = w.put(v.bytes), uint64(len(v.bytes))
	}
	return w.err
}

func shapeLen(shape []int) (int, bool) {
	n := uint64(1)
	ok := len(shape) <= maxRank
	for _, d := range shape {
		if n, ok = mul(n, uint64(d)); d < 0 || !ok || n > 1<<48 {
			return 0, false
		}
	}
	return int(n), ok
}

// Attr sets an attribute of a group or dataset that is there: a number, boolean
// or string, or a slice of them.
func (w *Writer) Attr(p, name string, data any) error {
	parent, last, err := w.place(p)
	if err != nil {
		return err
	}
	it := w.root
	if last != "" {
		if it = parent.members[last]; it == nil {
			return w.fail(p, fmt.Errorf("no such object for attribute %q", name))
		}
	}
	v, err := valueOf(data)
	if err != nil {
		return w.fail(p, fmt.Errorf("attribute %q: %w", name, err))
	}
	if len(name) == 0 || len(name) > 1<<12 || strings.Contains(name, "\x00") || len(v.bytes)+16*len(v.strings) > 60000 {
		return w.fail(p, fmt.Errorf("attribute %q: expected a name, and at most 60000 bytes", name))
	}
	a := namedValue{name: name, value: v}
	if !v.scalar {
		a.dims = []int{v.n}
	}
	if i := slices.IndexFunc(it.attrs, func(b namedValue) bool { return b.name == name }); i >= 0 {
		it.attrs[i] = a
	} else {
		it.attrs = append(it.attrs, a)
	}
	return nil
}

// A Spec describes a dataset that grows along its first dimension.
type Spec struct {
	Dtype     string // NumPy's name: "<f4", "<f8", "|u1", "<i8", "|b1" and so on
	Row       []int  // shape of a row, nil for a single value
	ChunkRows int    // rows of a chunk; 0 means 1, as in the published files
	Gzip      int    // level of deflate, 1 to 9; 0 means none
	Shuffle   bool   // bytes of a value's place together before deflate
}

// An Appender is a dataset that grows.
type Appender struct {
	w       *Writer
	path    string
	spec    Spec
	elem    int
	rowSize int
	rows    int
	rest    []byte // rows of a chunk that is not full yet
	chunks  []chunk
}

// Dataset begins a dataset without rows whose first dimension has no limit.
func (w *Writer) Dataset(p string, spec Spec) (*Appender, error) {
	t, ok := numberTypes[spec.Dtype]
	if !ok {
		return nil, w.fail(p, fmt.Errorf("dtype %q, expected one like %q or %q", spec.Dtype, "<f4", "<i8"))
	}
	if spec.ChunkRows == 0 {
		spec.ChunkRows = 1
	}
	n, ok := shapeLen(spec.Row)
	size, fits := mul(uint64(n), uint64(t.size), uint64(spec.ChunkRows))
	if !ok || !fits || n == 0 || len(spec.Row) >= maxRank || spec.ChunkRows < 0 || spec.ChunkRows > 1<<30 || size > 1<<30 ||
		spec.Gzip < 0 || spec.Gzip > 9 {
		return nil, w.fail(p, fmt.Errorf("chunks of %d rows of shape %v, deflate %d: expected at most 1 GiB and a level of 0 to 9", spec.ChunkRows, spec.Row, spec.Gzip))
	}
	spec.Row = slices.Clone(spec.Row)
	a := &Appender{w: w, spec: spec, elem: t.size, rowSize: n * t.size}
	it := &item{typ: spec.Dtype, appender: a}
	if err := w.create(p, it); err != nil {
		return nil, err
	}
	a.path = it.path
	return a, nil
}

// Rows returns the number of rows so far.
func (a *Appender) Rows() int { return a.rows }

// Append adds whole rows, a slice of the dataset's own type in C order. Many
// rows at once are compressed by all cores. The bytes do not depend on the
// number of cores, nor on how rows are divided among calls, as long as chunks of
// several datasets take turns in the same way.
func (a *Appender) Append(data any) error {
	if a.w.done {
		panic("hdf5: " + a.w.path + ": written to after Close")
	}
	if a.w.err != nil {
		return a.w.err
	}
	v, err := valueOf(data)
	if err == nil && v.typ != a.spec.Dtype {
		err = fmt.Errorf("values of dtype %s, expected %s", v.typ, a.spec.Dtype)
	}
	if err == nil && len(v.bytes)%a.rowSize != 0 {
		err = fmt.Errorf("%d values are not whole rows of shape %v", v.n, a.spec.Row)
	}
	if err != nil {
		return a.w.fail(a.path, err)
	}
	a.rows += len(v.bytes) / a.rowSize
	full := a.rowSize * a.spec.ChunkRows
	b := v.bytes
	if len(a.rest) > 0 {
		n := min(full-len(a.rest), len(b))
		a.rest = append(a.rest, b[:n]...)
		b = b[n:]
		if len(a.rest) < full {
			return nil
		}
		if err := a.write([][]byte{a.rest}); err != nil {
			return err
		}
		a.rest = a.rest[:0]
	}
	var whole [][]byte
	for ; len(b) >= full; b = b[full:] {
		whole = append(whole, b[:full])
	}
	a.rest = append(a.rest, b...)
	return a.write(whole)
}

// write compresses chunks and writes them in order, a few per core at a time.
func (a *Appender) write(whole [][]byte) error {
	workers := runtime.GOMAXPROCS(0)
	for len(whole) > 0 {
		wave := whole[:min(len(whole), 8*workers)]
		whole = whole[len(wave):]
		packed := make([][]byte, len(wave))
		if workers == 1 || len(wave) == 1 || a.spec.Gzip == 0 {
			for i, b := range wave {
				packed[i] = a.pack(b)
			}
		} else {
			var wg sync.WaitGroup
			for k := range min(workers, len(wave)) {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := k; i < len(wave); i += workers {
						packed[i] = a.pack(wave[i])
					}
				}()
			}
			wg.Wait()
		}
		for _, b := range packed {
			n := uint64(len(a.chunks))
			a.chunks = append(a.chunks, chunk{number: n, addr: a.w.put(b), size: uint64(len(b))})
		}
		if a.w.err != nil {
			return a.w.err
		}
	}
	return nil
}

var deflaters [10]sync.Pool

// pack runs a chunk through the filters.
func (a *Appender) pack(b []byte) []byte {
	if a.spec.Shuffle {
		b = shuffle(b, a.elem)
	}
	level := a.spec.Gzip
	if level == 0 {
		return b
	}
	var out bytes.Buffer
	z, _ := deflaters[level].Get().(*zlib.Writer)
	if z == nil {
		var err error
		if z, err = zlib.NewWriterLevel(&out, level); err != nil {
			panic("hdf5: " + err.Error()) // the level was checked
		}
	} else {
		z.Reset(&out)
	}
	z.Write(b) // a bytes.Buffer does not fail
	z.Close()
	deflaters[level].Put(z)
	return out.Bytes()
}

// Abort gives the file up and leaves nothing behind. After Close it does nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	w.file.Close()
	os.Remove(w.file.Name())
}

// Close finishes the file and puts it in its place; after an error nothing is left.
func (w *Writer) Close() error {
	if w.done {
		return w.err
	}
	defer w.Abort()
	rootAddr := w.finish()
	if w.err != nil {
		return w.err
	}
	err := w.buf.Flush()
	if err == nil {
		_, err = w.file.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = w.file.Write(superblock2(w.end, rootAddr))
	}
	if err == nil {
		err = w.file.Chmod(0o644)
	}
	if err == nil {
		err = w.file.Sync()
	}
	if cerr := w.file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(w.file.Name(), w.path)
	}
	if err != nil {
		w.err = w.fail("/", err)
		return w.err // Abort removes the file
	}
	w.done = true
	return nil
}
