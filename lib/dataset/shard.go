package dataset

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/spindle-lab/spindle/lib/movement"
)

// A shard is a file with the samples of one group (folder, letter, plane). All
// numbers are little-endian:
//
//	"SPNDLMV1"
//	u32 length, u32 checksum, then the header: JSON with provenance
//	u32 number of records, u32 checksum of the index
//	the index: one entry of indexSize bytes for each record
//	the records: u64 mask of the rows that are constant, then the rows of the
//	header's fields in order, float32: one value of a constant row, else t
//
// Checksums are CRC-32C. Nothing in a shard depends on when or where it was made.
const (
	magic     = "SPNDLMV1"
	indexSize = 168

	maxHeader  = 1 << 20 // bounds on what a file may ask us to hold
	maxRecords = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// A Header tells how a shard came to be.
type Header struct {
	Config   string          // hash of the configuration that made it
	Monkey   string          // whose arm
	Folder   int             //
	Label    int             // of the letter, 0 for reaches
	Plane    string          // of the letter
	Fields   []string        // what a record holds, in order
	Report   movement.Report // what became of the attempts
	Refused  int             // accepted movements left out for their muscle jerk
	Filtered int             // records whose lengths went through the median filter
}

// Info is what is known of one sample beside its arrays.
type Info struct {
	Monkey        string
	Folder, Label int
	Plane         string
	Stroke        int        // index of the stroke in its set
	Start         [3]float64 // centre of the letter's box, cm
	movement.Latents
	Rest         [4]float64 // deg
	TracingError float64    // cm
	JointJerk    float64    // deg/sample³
	MuscleJerk   float64    // mm/sample³, before the median filter
	Attempts     int
	Filtered     bool // the muscle lengths went through the median filter
	OpenSimSign  bool // adduction has OpenSim's sign
	Len, Offset  int  // samples of the movement, and where it begins in the window
}

// An entry is one line of a shard's index.
type entry struct {
	offset uint64
	size   uint32
	crc    uint32
	t      uint16
	split  split
	info   Info // without what the header says for all
}

const (
	flagFiltered = 1 << iota
	flagOpenSim
)

func (e *entry) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, e.offset)
	b = le.AppendUint32(b, e.size)
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint16(b, e.t)
	b = le.AppendUint16(b, uint16(e.info.Offset))
	flags := byte(0)
	if e.info.Filtered {
		flags |= flagFiltered
	}
	if e.info.OpenSimSign {
		flags |= flagOpenSim
	}
	b = append(b, byte(e.split), flags, byte(e.info.Label), 0)
	b = le.AppendUint32(b, uint32(int32(e.info.Stroke)))
	b = le.AppendUint32(b, uint32(int32(e.info.Attempts)))
	b = le.AppendUint64(b, 0)
	for _, v := range e.floats() {
		b = le.AppendUint64(b, math.Float64bits(*v))
	}
	return b
}

func (e *entry) floats() []*float64 {
	i := &e.info
	return []*float64{&i.Start[0], &i.Start[1], &i.Start[2], &i.Size, &i.Rot, &i.ShearX, &i.ShearY, &i.Speed, &i.Noise,
		&i.Rest[0], &i.Rest[1], &i.Rest[2], &i.Rest[3], &i.TracingError, &i.JointJerk, &i.MuscleJerk}
}

func (e *entry) parse(b []byte) {
	le := binary.LittleEndian
	e.offset, e.size, e.crc = le.Uint64(b), le.Uint32(b[8:]), le.Uint32(b[12:])
	e.t, e.info.Offset = le.Uint16(b[16:]), int(le.Uint16(b[18:]))
	e.split, e.info.Label = split(b[20]), int(b[22])
	e.info.Filtered, e.info.OpenSimSign = b[21]&flagFiltered != 0, b[21]&flagOpenSim != 0
	e.info.Stroke, e.info.Attempts = int(int32(le.Uint32(b[24:]))), int(int32(le.Uint32(b[28:])))
	for i, v := range e.floats() {
		*v = math.Float64frombits(le.Uint64(b[40+8*i:]))
	}
	e.info.Len = int(e.t)
}

// fieldSet returns the fields of a header, and the rows of a record.
func (h *Header) fieldSet() (fields []field, rows int, err error) {
	last := field(-1)
	for _, name := range h.Fields {
		f := field(0)
		for f < numFields && fieldNames[f] != name {
			f++
		}
		if f == numFields || f <= last {
			return nil, 0, fmt.Errorf("fields %v: want some of %v, in this order", h.Fields, fieldNames)
		}
		last = f
		fields = append(fields, f)
		rows += fieldRows[f]
	}
	if len(fields) == 0 || fields[0] != fieldMuscles {
		return nil, 0, fmt.Errorf("fields %v lack the muscles", h.Fields)
	}
	return fields, rows, nil
}

// encodeShard returns the bytes of a shard.
func encodeShard(h Header, entries []entry, samples []*sample) ([]byte, error) {
	fields, _, err := h.fieldSet()
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	var records []byte
	begin := uint64(len(magic) + 8 + len(head) + 8 + len(entries)*indexSize)
	for i, s := range samples {
		at := len(records)
		records = appendRecord(records, s, fields)
		rec := records[at:]
		entries[i].offset, entries[i].size, entries[i].crc = begin+uint64(at), uint32(len(rec)), checksum(rec)
		entries[i].t = uint16(s.t)
	}
	var index []byte
	for i := range entries {
		index = entries[i].append(index)
	}
	b := append([]byte(magic), le.AppendUint32(le.AppendUint32(nil, uint32(len(head))), checksum(head))...)
	b = append(b, head...)
	b = le.AppendUint32(b, uint32(len(entries)))
	b = le.AppendUint32(b, checksum(index))
	return append(append(b, index...), records...), nil
}

// appendRecord appends the arrays of a sample.
func appendRecord(b []byte, s *sample, fields []field) []byte {
	le := binary.LittleEndian
	at := len(b)
	b = le.AppendUint64(b, 0)
	mask, bit := uint64(0), 0
	for _, f := range fields {
		for r := range fieldRows[f] {
			row := s.row(f, r)
			if constant(row) {
				mask |= 1 << bit
				row = row[:1]
			}
			for _, v := range row {
				b = le.AppendUint32(b, math.Float32bits(v))
			}
			bit++
		}
	}
	le.PutUint64(b[at:], mask)
	return b
}

func constant(row []float32) bool {
	for _, v := range row {
		if math.Float32bits(v) != math.Float32bits(row[0]) {
			return false
		}
	}
	return true
}

// decodeRecord fills s from the bytes of a record of t samples. The memory of
// the rows is buf.
func decodeRecord(s *sample, raw []byte, t int, fields []field, rows int, buf []float32) ([]float32, error) {
	if len(raw) < 8 || t < 1 {
		return buf, fmt.Errorf("%d bytes for %d samples", len(raw), t)
	}
	le := binary.LittleEndian
	mask := le.Uint64(raw)
	want := 8
	for bit := range rows {
		if mask&(1<<bit) != 0 {
			want += 4
		} else {
			want += 4 * t
		}
	}
	if len(raw) != want || mask>>rows != 0 {
		return buf, fmt.Errorf("%d bytes, want %d for %d rows of %d samples", len(raw), want, rows, t)
	}
	if cap(buf) < rows*t {
		buf = make([]float32, rows*t)
	}
	buf = buf[:rows*t]
	raw = raw[8:]
	*s = sample{t: t}
	bit, at := 0, 0
	for _, f := range fields {
		s.fields[f] = buf[at : at+fieldRows[f]*t]
		for range fieldRows[f] {
			row := buf[at : at+t]
			if mask&(1<<bit) != 0 {
				v := math.Float32frombits(le.Uint32(raw))
				for i := range row {
					row[i] = v
				}
				raw = raw[4:]
			} else {
				for i := range row {
					row[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
				}
				raw = raw[4*t:]
			}
			bit++
			at += t
		}
	}
	return buf, nil
}

// A readerAt is what a shard is read from.
type readerAt interface {
	ReadAt(p []byte, off int64) (int, error)
}

// readIndex reads and checks the header and the index of a shard of the given
// size in bytes.
func readIndex(r readerAt, size int64) (h Header, entries []entry, err error) {
	head := make([]byte, len(magic)+8)
	if size < int64(len(head)) {
		return h, nil, fmt.Errorf("%d bytes: too short for a shard", size)
	}
	if _, err := r.ReadAt(head, 0); err != nil {
		return h, nil, err
	}
	le := binary.LittleEndian
	n := le.Uint32(head[len(magic):])
	if !bytes.HasPrefix(head, []byte(magic)) {
		return h, nil, fmt.Errorf("begins with %q: not a shard of this version (%s)", head[:len(magic)], magic)
	}
	at := int64(len(head))
	if n > maxHeader || at+int64(n)+8 > size {
		return h, nil, fmt.Errorf("header of %d bytes in a file of %d: truncated or damaged", n, size)
	}
	raw := make([]byte, n+8)
	if _, err := r.ReadAt(raw, at); err != nil {
		return h, nil, err
	}
	at += int64(len(raw))
	text, tail := raw[:n], raw[n:]
	if checksum(text) != le.Uint32(head[len(magic)+4:]) {
		return h, nil, fmt.Errorf("header: checksum mismatch: the file is damaged")
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, nil, fmt.Errorf("header: %w", err)
	}
	_, rows, err := h.fieldSet()
	if err != nil {
		return h, nil, fmt.Errorf("header: %w", err)
	}
	count := le.Uint32(tail)
	if count > maxRecords || at+int64(count)*indexSize > size {
		return h, nil, fmt.Errorf("index of %d records in a file of %d bytes: truncated or damaged", count, size)
	}
	index := make([]byte, int(count)*indexSize)
	if _, err := r.ReadAt(index, at); err != nil {
		return h, nil, err
	}
	if checksum(index) != le.Uint32(tail[4:]) {
		return h, nil, fmt.Errorf("index: checksum mismatch: the file is damaged")
	}
	next := uint64(at) + uint64(len(index))
	entries = make([]entry, count)
	for i := range entries {
		e := &entries[i]
		e.parse(index[i*indexSize:])
		e.info.Monkey, e.info.Folder, e.info.Plane = h.Monkey, h.Folder, h.Plane
		switch {
		case e.offset != next || uint64(e.size) > 8+4*uint64(rows)*Window:
			return h, nil, fmt.Errorf("record %d: at byte %d with %d bytes: the index is damaged", i, e.offset, e.size)
		case e.t < 2 || e.t > Window || e.info.Offset+int(e.t) > Window || e.split >= numSplits:
			return h, nil, fmt.Errorf("record %d: %d samples at %d in split %d: the index is damaged", i, e.t, e.info.Offset, e.split)
		}
		next += uint64(e.size)
	}
	if next != uint64(size) {
		return h, nil, fmt.Errorf("%d bytes, want %d: truncated or damaged", size, next)
	}
	return h, entries, nil
}
