package dataset

import (
	"fmt"
	"os"
	"path/filepath"
)

// shards is a store of movements in shard files. The files are opened for each
// read: that costs little beside making a window, and no number of shards can
// exhaust the file handles.
type shards struct {
	dir     string
	files   []shardFile
	records []record
	fields  []field
	rows    int
	present [numFields]bool
}

type shardFile struct {
	name string // relative to dir
	head Header
}

// A record is where the arrays of a sample lie.
type record struct {
	file   int32
	index  int32 // within the file
	offset int64
	size   uint32
	crc    uint32
	t      uint16
}

func (s *shards) path(i int) string { return filepath.Join(s.dir, filepath.FromSlash(s.files[i].name)) }

func (s *shards) has(f field) bool { return s.present[f] }

func (s *shards) folder(at int) int { return s.files[s.records[at].file].head.Folder }

func (s *shards) describe(at int) string {
	r := s.records[at]
	h := &s.files[r.file].head
	what := fmt.Sprintf("%s, folder %d", h.Monkey, h.Folder)
	if h.Label > 0 {
		what += fmt.Sprintf(", letter %s, plane %s", letter(h.Label), h.Plane)
	}
	return fmt.Sprintf("%s, record %d of %s", what, r.index, s.files[r.file].name)
}

func (s *shards) fetch(at int, buf *buffer) (*sample, error) {
	r := &s.records[at]
	if err := s.read(r, buf); err != nil {
		return nil, fmt.Errorf("dataset: %s: record %d: %w", s.path(int(r.file)), r.index, err)
	}
	return &buf.sample, nil
}

func (s *shards) read(r *record, buf *buffer) error {
	f, err := os.Open(s.path(int(r.file)))
	if err != nil {
		return err
	}
	defer f.Close()
	if cap(buf.raw) < int(r.size) {
		buf.raw = make([]byte, r.size)
	}
	buf.raw = buf.raw[:r.size]
	if _, err := f.ReadAt(buf.raw, r.offset); err != nil {
		return fmt.Errorf("%d bytes at %d: %w", r.size, r.offset, err)
	}
	if checksum(buf.raw) != r.crc {
		return fmt.Errorf("checksum mismatch: the file is damaged; delete it and run the same generation again")
	}
	buf.floats, err = decodeRecord(&buf.sample, buf.raw, int(r.t), s.fields, s.rows, buf.floats)
	return err
}

// readShard reads and checks the header and index of a shard file.
func readShard(path string) (Header, []entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return Header{}, nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Header{}, nil, err
	}
	h, entries, err := readIndex(f, st.Size())
	if err != nil {
		return h, nil, fmt.Errorf("%s: %w", path, err)
	}
	return h, entries, nil
}

// verifyShard reads a whole shard and checks every checksum.
func verifyShard(path string) (h Header, entries []entry, sum string, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return h, nil, "", err
	}
	h, entries, err = readIndex(bytesAt(raw), int64(len(raw)))
	if err != nil {
		return h, nil, "", fmt.Errorf("%s: %w", path, err)
	}
	fields, rows, err := h.fieldSet()
	if err != nil {
		return h, nil, "", fmt.Errorf("%s: %w", path, err)
	}
	var s sample
	var buf []float32
	for i, e := range entries {
		rec := raw[e.offset : e.offset+uint64(e.size)]
		if checksum(rec) != e.crc {
			return h, nil, "", fmt.Errorf("%s: record %d: checksum mismatch: the file is damaged", path, i)
		}
		if buf, err = decodeRecord(&s, rec, int(e.t), fields, rows, buf); err != nil {
			return h, nil, "", fmt.Errorf("%s: record %d: %w", path, i, err)
		}
	}
	return h, entries, sha(raw), nil
}

func (s *shards) info(at int) (Info, error) {
	r := s.records[at]
	_, entries, err := readShard(s.path(int(r.file)))
	if err != nil {
		return Info{}, fmt.Errorf("dataset: %w", err)
	}
	if int(r.index) >= len(entries) {
		return Info{}, fmt.Errorf("dataset: %s: record %d of %d: the file has changed", s.path(int(r.file)), r.index, len(entries))
	}
	return entries[r.index].info, nil
}
