package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// Files of a run's folder.
const (
	lockFile     = ".lock"
	manifestFile = "run.json"
	resultFile   = "result.json"
)

// A manifest is what a run was begun with. It is written once.
type manifest struct {
	Format  int
	Version string
	Name    string
	Config  json.RawMessage
	Samples [3]int // training, validation, test
	Data    string // hash of samples of all splits
	Initial string `json:",omitempty"` // hash of the given first weights
}

const manifestFormat = 2 // since the hash of the data does not depend on the network

// maxJSON bounds the JSON files of a run: a history of a million validations.
const maxJSON = 256 << 20

func readJSON(path string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err != nil {
		return err
	}
	if len(raw) > maxJSON {
		return fmt.Errorf("%s: more than %d bytes", path, maxJSON)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return run.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(append(raw, '\n'))
		return err
	})
}

// newManifest describes a run on samples of the given hash.
func newManifest(r *resolved, src Sources, hash string) (*manifest, error) {
	c, err := json.Marshal(r.Config)
	if err != nil {
		return nil, err
	}
	m := &manifest{Format: manifestFormat, Version: run.Version(), Name: publishedName(r.task, r.Arch), Config: c, Data: hash}
	for i, s := range []task.Source{src.Train, src.Val, src.Test} {
		if s != nil {
			m.Samples[i] = s.Len()
		}
	}
	if r.Initial != nil {
		h := sha256.New()
		for _, p := range r.Initial.Params {
			io.WriteString(h, p.Name)
			hashFloats(h, p.Data)
		}
		m.Initial = hex.EncodeToString(h.Sum(nil))
	}
	return m, nil
}

// hashed is the number of samples of a split that its hash looks at.
const hashed = 16

// hashOf hashes what a task takes from samples of all splits: inputs, targets
// and goals, whatever the network.
func hashOf(ctx context.Context, t task.Task, src Sources) (string, error) {
	h := sha256.New()
	for _, s := range []task.Source{src.Train, src.Val, src.Test} {
		if s == nil {
			continue
		}
		d := task.DimsOf(s)
		x := make([]float32, d.Size())
		y := make([]float32, max(1, t.OutputsFor(s)*d.Time))
		goal := make([]float32, t.GoalKey.Rows()*d.Time)
		for _, i := range spread(s.Len(), hashed) {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			if err := s.Input(i, x); err != nil {
				return "", &dataError{err}
			}
			hashFloats(h, x)
			if t.Target != nil {
				if err := t.Target(t, s, i, y); err != nil {
					return "", &dataError{err}
				}
				hashFloats(h, y)
			}
			if t.GoalKey != "" {
				if err := s.Target(i, t.GoalKey, goal); err != nil {
					return "", &dataError{err}
				}
				hashFloats(h, goal)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func hashFloats(h hash.Hash, v []float32) {
	buf := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(x))
	}
	h.Write(buf)
}

// claim takes the folder for this run: a new one, or one that was begun with
// the same configuration and data.
func (s *session) claim(ctx context.Context) error {
	dir := s.r.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return err
	}
	s.unlock = unlock
	if err := sweep(dir); err != nil {
		return err
	}
	hash, err := hashOf(ctx, s.r.task, s.src)
	if err != nil {
		return err
	}
	now, err := newManifest(s.r, s.src, hash)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, manifestFile)
	var was manifest
	switch err := readJSON(path, &was); {
	case errors.Is(err, fs.ErrNotExist):
		if old, _ := filepath.Glob(filepath.Join(dir, "*.ckpt.index")); len(old) > 0 {
			return fmt.Errorf("train: %s holds a network but no %s, so the run that made it cannot be continued; choose another folder", dir, manifestFile)
		}
		return writeJSON(path, now)
	case err != nil:
		return fmt.Errorf("train: %w", err)
	}
	return was.same(now, path)
}

// sweep removes what a killed process has left half written: files that begin
// with a point and the name of one of ours.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for _, e := range entries {
		for _, p := range []string{"ckpt-", "best-", "model", "config", checkpointList, manifestFile, resultFile} {
			if strings.HasPrefix(e.Name(), "."+p) {
				if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
					return fmt.Errorf("train: %w", err)
				}
				break
			}
		}
	}
	return nil
}

// same returns an error that names the first thing in which a run differs from
// what its folder was begun with.
func (was *manifest) same(now *manifest, path string) error {
	if was.Format != now.Format {
		return fmt.Errorf("train: %s has format %d, expected %d: another version began the run; choose another folder", path, was.Format, now.Format)
	}
	var a, b map[string]json.RawMessage
	if err := json.Unmarshal(was.Config, &a); err != nil {
		return fmt.Errorf("train: %s: Config: %w", path, err)
	}
	if err := json.Unmarshal(now.Config, &b); err != nil {
		return err
	}
	var keys []string
	for k := range b {
		keys = append(keys, k)
	}
	for k := range a {
		if _, ok := b[k]; !ok {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		var x, y bytes.Buffer
		if len(a[k]) > 0 {
			json.Compact(&x, a[k])
		}
		if len(b[k]) > 0 {
			json.Compact(&y, b[k])
		}
		if !bytes.Equal(x.Bytes(), y.Bytes()) {
			return fmt.Errorf("train: %s was begun with %s %.100s, now it is %.100s; choose another folder", path, k, &x, &y)
		}
	}
	if was.Samples != now.Samples {
		return fmt.Errorf("train: %s was begun on a data set of %v samples, this one has %v (training, validation, test)", path, was.Samples, now.Samples)
	}
	if was.Data != now.Data {
		return fmt.Errorf("train: %s was begun on another data set: the samples differ", path)
	}
	if was.Initial != now.Initial {
		return fmt.Errorf("train: %s was begun from other Initial weights", path)
	}
	return nil
}

// num is a float that JSON can hold whatever it is.
type num float64

func (n num) MarshalJSON() ([]byte, error) {
	switch v := float64(n); {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"Inf"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Inf"`), nil
	default:
		return json.Marshal(v)
	}
}

func (n *num) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*n = num(math.NaN())
	case `"Inf"`:
		*n = num(math.Inf(1))
	case `"-Inf"`:
		*n = num(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(n))
	}
	return nil
}
