package npy

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Write writes a .npy file: a slice of numbers, booleans or strings in C order
// with its shape (left out: one dimension), or a single value. The file is
// written beside and renamed.
func Write(path string, data any, shape ...int) error {
	return replace(path, func(w io.Writer) error { return encode(w, data, shape) })
}

// A Writer makes a .npz file, which appears in its place, whole, on Close.
type Writer struct {
	path  string
	file  *os.File
	buf   *bufio.Writer
	z     *zip.Writer
	names map[string]bool
	store bool
	done  bool
}

// Create begins a .npz file; with compress, arrays are deflated.
func Create(path string, compress bool) (*Writer, error) {
	f, err := beside(path)
	if err != nil {
		return nil, err
	}
	b := bufio.NewWriterSize(f, 1<<18)
	return &Writer{path: path, file: f, buf: b, z: zip.NewWriter(b), names: map[string]bool{}, store: !compress}, nil
}

// Write adds an array: see [Write].
func (w *Writer) Write(name string, data any, shape ...int) error {
	v, dtype, err := values(data, shape)
	if err != nil {
		return fmt.Errorf("npy: %s: array %q: %w", w.path, name, err)
	}
	return w.entry(name, func(e io.Writer) error { return put(e, v, dtype, shapeOf(data, shape)) })
}

// WriteRows adds an array of rows that need not be in memory at once, float32,
// shape [n, row...]: fill is called for every row in turn, with what to fill.
func (w *Writer) WriteRows(name string, n int, row []int, fill func(i int, dst []float32) error) error {
	shape := append([]int{n}, row...)
	size, ok := bytesOf(row, 4)
	if _, all := bytesOf(shape, 4); !ok || !all || n < 0 || size > 1<<30 {
		return fmt.Errorf("npy: %s: array %q: rows of shape %v", w.path, name, shape)
	}
	return w.entry(name, func(e io.Writer) error {
		if err := header(e, "<f4", shape); err != nil {
			return err
		}
		v, raw := make([]float32, size/4), make([]byte, size)
		for i := range n {
			if err := fill(i, v); err != nil {
				return err
			}
			for k, x := range v {
				binary.LittleEndian.PutUint32(raw[4*k:], math.Float32bits(x))
			}
			if _, err := e.Write(raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// entry adds an array that put writes.
func (w *Writer) entry(name string, put func(io.Writer) error) error {
	if w.done {
		panic("npy: " + w.path + ": written to after Close")
	}
	if name == "" || w.names[name] || !utf8.ValidString(name) {
		return fmt.Errorf("npy: %s: array %q: expected a name of its own", w.path, name)
	}
	w.names[name] = true
	method := zip.Deflate
	if w.store {
		method = zip.Store
	}
	e, err := w.z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: method})
	if err == nil {
		err = put(e)
	}
	if err != nil {
		return fmt.Errorf("npy: %s: array %q: %w", w.path, name, err)
	}
	return nil
}

// Abort gives the file up and leaves nothing behind. After Close it does nothing.
func (w *Writer) Abort() {
	if !w.done {
		w.done = true
		w.file.Close()
		os.Remove(w.file.Name())
	}
}

// Close finishes the file and puts it in its place.
func (w *Writer) Close() error {
	if w.done {
		return nil
	}
	defer w.Abort()
	err := w.z.Close()
	if err == nil {
		err = w.buf.Flush()
	}
	if err == nil {
		err = settle(w.file, w.path)
	}
	if err != nil {
		return fmt.Errorf("npy: %s: %w", w.path, err)
	}
	w.done = true
	return nil
}

// beside makes the file that will be renamed to path.
func beside(path string) (*os.File, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.CreateTemp(dir, "."+filepath.Base(path)+".*")
}

// settle closes a file and puts it in its place.
func settle(f *os.File, path string) error {
	err := f.Chmod(0o644)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

func replace(path string, write func(io.Writer) error) error {
	f, err := beside(path)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 1<<18)
	err = write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = settle(f, path)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return fmt.Errorf("npy: %s: %w", path, err)
	}
	return nil
}

func encode(w io.Writer, data any, shape []int) error {
	v, dtype, err := values(data, shape)
	if err != nil {
		return err
	}
	return put(w, v, dtype, shapeOf(data, shape))
}

// put writes header and values.
func put(w io.Writer, v any, dtype string, shape []int) error {
	if err := header(w, dtype, shape); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, v)
}

// header writes what stands before the values, version 1.
func header(w io.Writer, dtype string, shape []int) error {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = fmt.Sprint(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, tuple)
	// The header ends with a newline, the data begin at a multiple of 64.
	head += strings.Repeat(" ", (64-(len(head)+11)%64)%64) + "\n"
	b := append([]byte(magic), 1, 0, byte(len(head)), byte(len(head)>>8))
	_, err := w.Write(append(b, head...))
	return err
}

// shapeOf is the shape to write: one dimension where a slice comes without.
func shapeOf(data any, shape []int) []int {
	if len(shape) == 0 {
		if n, slice := count(data); slice {
			return []int{n}
		}
	}
	return shape
}

// values returns what binary.Write takes, and NumPy's name of its type.
func values(data any, shape []int) (any, string, error) {
	n, slice := count(data)
	if n < 0 {
		return nil, "", fmt.Errorf("a %T cannot be written: expected numbers, booleans or strings", data)
	}
	if size, ok := bytesOf(shape, 1); len(shape) > 0 && (!ok || size != int64(n)) || len(shape) > maxRank || len(shape) > 0 && !slice {
		return nil, "", fmt.Errorf("%d values for shape %v", n, shape)
	}
	for _, d := range shape {
		if d < 0 {
			return nil, "", fmt.Errorf("%d values for shape %v", n, shape)
		}
	}
	switch v := data.(type) {
	case int:
		return int64(v), "<i8", nil
	case []int:
		w := make([]int64, len(v))
		for i, x := range v {
			w[i] = int64(x)
		}
		return w, "<i8", nil
	case string:
		return unicode([]string{v})
	case []string:
		return unicode(v)
	}
	return data, dtypeOf(data), nil
}

// dtypeOf returns NumPy's name of the type of a value or slice.
func dtypeOf(data any) string {
	switch data.(type) {
	case float64, []float64:
		return "<f8"
	case float32, []float32:
		return "<f4"
	case int64, []int64:
		return "<i8"
	case int32, []int32:
		return "<i4"
	case int16, []int16:
		return "<i2"
	case int8, []int8:
		return "|i1"
	case uint64, []uint64:
		return "<u8"
	case uint32, []uint32:
		return "<u4"
	case uint16, []uint16:
		return "<u2"
	case uint8, []uint8:
		return "|u1"
	case bool, []bool:
		return "|b1"
	}
	return ""
}

// count returns the number of values, -1 for what cannot be written, and
// whether they are in a slice.
func count(data any) (n int, slice bool) {
	switch v := data.(type) {
	case []string:
		return len(v), true
	case []int:
		return len(v), true
	case string, int:
		return 1, false
	}
	if dtypeOf(data) == "" {
		return -1, false
	}
	switch v := data.(type) {
	case []float64:
		return len(v), true
	case []float32:
		return len(v), true
	case []int64:
		return len(v), true
	case []int32:
		return len(v), true
	case []int16:
		return len(v), true
	case []int8:
		return len(v), true
	case []uint64:
		return len(v), true
	case []uint32:
		return len(v), true
	case []uint16:
		return len(v), true
	case []uint8:
		return len(v), true
	case []bool:
		return len(v), true
	}
	return 1, false
}

// unicode lays strings out as NumPy's U type: UTF-32 of one width.
func unicode(v []string) (any, string, error) {
	width := 1 // NumPy keeps no empty type
	for _, s := range v {
		if !utf8.ValidString(s) || strings.HasSuffix(s, "\x00") {
			return nil, "", fmt.Errorf("string %q: expected UTF-8 without a NUL at the end", s)
		}
		width = max(width, utf8.RuneCountInString(s))
	}
	if int64(width)*int64(len(v)) > 1<<30 {
		return nil, "", fmt.Errorf("%d strings of %d characters", len(v), width)
	}
	out := make([]uint32, width*len(v))
	for i, s := range v {
		k := i * width
		for _, r := range s {
			out[k] = uint32(r)
			k++
		}
	}
	return out, fmt.Sprintf("<U%d", width), nil
}
