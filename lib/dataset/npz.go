package dataset

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/spindle-lab/spindle/lib/run"
)

// InputName is the name of the network input in the published files.
const InputName = "spindle_info"

// WriteNPZ writes a set as a NumPy .npz: spindle_info [N,39,400,2], the given
// targets [N,rows,400] (all that the set has if keys is nil), float32, and label
// [N], int64. Samples are streamed: memory does not grow with the set.
func WriteNPZ(ctx context.Context, path string, s *Set, keys []Key, compress bool, progress run.Progress) error {
	if keys == nil {
		keys = s.Keys()
	}
	err := run.WriteFile(path, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 1<<20)
		z := zip.NewWriter(b)
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
		n := npz{ctx: ctx, zip: z, set: s, compress: compress, total: s.Len() * (len(keys) + 1), progress: progress}
		if err := n.floats(InputName, []int{Muscles, Window, Channels}, s.Input); err != nil {
			return err
		}
		for _, k := range keys {
			if err := n.floats(string(k), []int{k.Rows(), Window}, func(i int, dst []float32) error { return s.Target(i, k, dst) }); err != nil {
				return err
			}
		}
		if err := n.labels(); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return b.Flush()
	})
	if err != nil {
		return fmt.Errorf("dataset: writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

type npz struct {
	ctx         context.Context
	zip         *zip.Writer
	set         *Set
	compress    bool
	done, total int
	progress    run.Progress
}

// entry begins an array of the archive: its NumPy header, version 1.
func (n *npz) entry(name, dtype string, shape []int) (io.Writer, error) {
	method := zip.Store
	if n.compress {
		method = zip.Deflate
	}
	w, err := n.zip.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: method})
	if err != nil {
		return nil, err
	}
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
	pad := 64 - (10+len(head)+1)%64
	head += strings.Repeat(" ", pad%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	_, err = w.Write(append(b, head...))
	return w, err
}

func (n *npz) floats(name string, shape []int, read func(i int, dst []float32) error) error {
	w, err := n.entry(name, "<f4", append([]int{n.set.Len()}, shape...))
	if err != nil {
		return err
	}
	size := 1
	for _, d := range shape {
		size *= d
	}
	v, raw := make([]float32, size), make([]byte, 4*size)
	for i := range n.set.Len() {
		if err := n.ctx.Err(); err != nil {
			return err
		}
		if err := read(i, v); err != nil {
			return err
		}
		for k, x := range v {
			binary.LittleEndian.PutUint32(raw[4*k:], math.Float32bits(x))
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
		n.done++
		n.progress.Report(n.done, n.total, name)
	}
	return nil
}

func (n *npz) labels() error {
	w, err := n.entry("label", "<i8", []int{n.set.Len()})
	if err != nil {
		return err
	}
	for i := range n.set.Len() {
		if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(n.set.Label(i)))); err != nil {
			return err
		}
	}
	return nil
}
