package probe

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/spindle-lab/spindle/lib/run"
)

// WriteNPZ writes the table as a NumPy archive, one array per column: numbers
// as float64 or int64, text as Unicode strings.
func (t *Table) WriteNPZ(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, c := range columns {
		e, err := z.Create(c.name + ".npy")
		if err != nil {
			return err
		}
		b := bufio.NewWriter(e)
		if err := t.writeNPY(b, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := b.Flush(); err != nil {
			return err
		}
	}
	return z.Close()
}

// SaveNPZ writes the table to a file, whole or not at all.
func (t *Table) SaveNPZ(path string) error { return run.WriteFile(path, t.WriteNPZ) }

func (t *Table) writeNPY(w *bufio.Writer, c column) error {
	kind, width := "<f8", 0
	if len(t.Rows) > 0 {
		switch c.get(&t.Rows[0]).(type) {
		case int:
			kind = "<i8"
		case uint64:
			kind = "<u8"
		case string:
			for i := range t.Rows {
				width = max(width, utf8.RuneCountInString(c.get(&t.Rows[i]).(string)))
			}
			width = max(width, 1) // NumPy has no strings of no length
			kind = fmt.Sprintf("<U%d", width)
		}
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }", kind, len(t.Rows))
	// Magic, version, length and header fill a multiple of 64 bytes.
	pad := (64 - (10+len(head)+1)%64) % 64
	w.WriteString("\x93NUMPY\x01\x00")
	binary.Write(w, binary.LittleEndian, uint16(len(head)+pad+1))
	w.WriteString(head)
	for range pad {
		w.WriteByte(' ')
	}
	w.WriteByte('\n')
	var b [8]byte
	for i := range t.Rows {
		switch v := c.get(&t.Rows[i]).(type) {
		case float64:
			binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
			w.Write(b[:])
		case int:
			binary.LittleEndian.PutUint64(b[:], uint64(int64(v)))
			w.Write(b[:])
		case uint64:
			binary.LittleEndian.PutUint64(b[:], v)
			w.Write(b[:])
		case string:
			n := 0
			for _, r := range v {
				binary.LittleEndian.PutUint32(b[:4], uint32(r))
				w.Write(b[:4])
				n++
			}
			clear(b[:])
			for ; n < width; n++ {
				w.Write(b[:4])
			}
		}
	}
	return w.Flush()
}
