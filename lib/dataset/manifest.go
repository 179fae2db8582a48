package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// The files of a data set's folder beside its shards.
const (
	configFile   = "generate.json" // what is being made; there from the first moment
	manifestFile = "dataset.json"  // what was made; there when all is done
	lockFile     = ".lock"
)

// Config is everything that the contents of the shards depend on. Another value
// of any field is another data set.
type Config struct {
	Format      int    // of the shards and of the random streams
	Kind        string // "letters" or "reaches"
	Monkey      string
	Seed        uint64
	Strokes     string `json:",omitempty"` // where the strokes come from
	StrokesHash string `json:",omitempty"` // SHA-256 of their samples
	PerLetter   int    `json:",omitempty"` // strokes used of each letter, 0 for all
	PerGroup    int    // most samples per folder, letter and plane; reaches per folder
	MaxJerk     float64
	OnlyKept    bool
	OpenSimSign bool
	Fix         movement.Fixes
	Reach       *movement.ReachOptions `json:",omitempty"`
	Engine      string                 // SHA-256 of a trial movement: another arm or arithmetic gives another
}

// format counts up when the shards, the streams or the draws change.
const format = 1

func (c *Config) hash() string {
	raw, err := json.Marshal(c)
	if err != nil {
		panic("dataset: configuration: " + err.Error())
	}
	return sha(raw)
}

// Switches names the corrections of published defects that are on.
func (c *Config) Switches() string {
	s := c.Fix.String()
	if c.OpenSimSign {
		s = strings.TrimPrefix(s+", OpenSimSign", ", ")
	}
	return s
}

// difference names the first field in which two configurations differ.
func (c *Config) difference(o *Config) string {
	a, b := reflect.ValueOf(*c), reflect.ValueOf(*o)
	for i := range a.NumField() {
		if x, y := a.Field(i).Interface(), b.Field(i).Interface(); !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("%s is %v there and %v here", a.Type().Field(i).Name, short(x), short(y))
		}
	}
	return ""
}

func short(v any) string {
	if raw, err := json.Marshal(v); err == nil {
		return string(raw)
	}
	return fmt.Sprint(v)
}

// A Manifest describes a finished data set.
type Manifest struct {
	Config
	Credit  string `json:",omitempty"` // of the strokes, as their licence asks
	Folders int
	First   int    // number of the first folder
	Command string // that makes this data set again
	Version string // of the program that wrote it
	Counts  [3]int // train, validation, test
	Report  movement.Report
	Refused int // accepted movements left out for their muscle jerk
	Shards  []ShardInfo
}

// A ShardInfo is one line of a manifest.
type ShardInfo struct {
	File    string // with slashes, relative to the folder of the data set
	Size    int64
	SHA256  string
	Records int
}

func sha(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func writeJSON(path string, v any) error {
	return run.WriteFile(path, func(w io.Writer) error {
		raw, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return err
		}
		_, err = w.Write(append(raw, '\n'))
		return err
	})
}

func readJSON(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := parseJSON(raw, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func parseJSON(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// ReadManifest reads the manifest of a finished data set.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, manifestFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, configFile)); err == nil {
			return nil, fmt.Errorf("dataset: %s is not finished: run the command that makes it again, it goes on where it stopped", dir)
		}
		return nil, fmt.Errorf("dataset: %s is no data set: it has no %s", dir, manifestFile)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", path, err)
	}
	return m, nil
}

func parseManifest(raw []byte) (*Manifest, error) {
	var m Manifest
	if err := parseJSON(raw, &m); err != nil {
		return nil, err
	}
	if m.Format != format {
		return nil, fmt.Errorf("format %d, this program reads %d", m.Format, format)
	}
	for _, s := range m.Shards {
		if !fs.ValidPath(s.File) || s.File == "." || path.Ext(s.File) != shardExt {
			return nil, fmt.Errorf("shard name %q", s.File)
		}
	}
	return &m, nil
}

// Open opens a finished data set. It reads headers and indexes now, and movements
// as samples are read; each is checked against its checksum. Of the options only
// Seed (of the shuffle; 0 takes the data set's own) and BlockOrder matter.
func Open(dir string, opt Options) (*Dataset, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	if opt.Seed == 0 {
		opt.Seed = m.Seed
	}
	st := &shards{dir: dir}
	config := m.hash()
	var items [numSplits][]item
	for i, sh := range m.Shards {
		st.files = append(st.files, shardFile{name: sh.File})
		h, entries, err := readShard(st.path(i))
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		if h.Config != config || len(entries) != sh.Records {
			return nil, fmt.Errorf("dataset: %s: %d records of configuration %.8s, the manifest says %d of %.8s: it belongs to another data set",
				st.path(i), len(entries), h.Config, sh.Records, config)
		}
		fields, rows, err := h.fieldSet()
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", st.path(i), err)
		}
		if st.fields != nil && !reflect.DeepEqual(fields, st.fields) {
			return nil, fmt.Errorf("dataset: %s: fields %v, other shards have others", st.path(i), h.Fields)
		}
		st.fields, st.rows = fields, rows
		for _, f := range fields {
			st.present[f] = true
		}
		st.files[i].head = h
		for k, e := range entries {
			items[e.split] = append(items[e.split], item{at: int32(len(st.records)), start: int16(e.info.Offset), label: int8(e.info.Label)})
			st.records = append(st.records, record{file: int32(i), index: int32(k), offset: int64(e.offset), size: e.size, crc: e.crc, t: e.t})
		}
	}
	pad := PadThenDifferentiate
	if m.Kind == kindReaches {
		pad = DifferentiateThenPad
	}
	d := assemble(items, st, opt, pad, pad)
	d.Source = m.describe()
	return d, nil
}

func (m *Manifest) describe() string {
	n := m.Counts[0] + m.Counts[1] + m.Counts[2]
	s := fmt.Sprintf("%d %s of %s, %d folders, seed %d", n, m.Kind, m.Monkey, m.Folders, m.Seed)
	if m.Strokes != "" {
		s += ", from " + m.Strokes
	}
	if sw := m.Switches(); sw != "" {
		s += ", switches: " + sw
	}
	return s
}

// Verify reads a whole data set and checks every checksum, of the records and of
// the files.
func Verify(ctx context.Context, dir string, progress run.Progress) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	for i, sh := range m.Shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := filepath.Join(dir, filepath.FromSlash(sh.File))
		_, _, sum, err := verifyShard(p)
		if err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
		if sum != sh.SHA256 {
			return fmt.Errorf("dataset: %s: SHA-256 %s, the manifest says %s", p, sum, sh.SHA256)
		}
		progress.Report(i+1, len(m.Shards), sh.File)
	}
	return nil
}

func letter(label int) string { return stroke.Stroke{Label: label}.Letter() }

// bytesAt reads from memory.
type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(b)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}
