package probe

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/recording"
)

// store keeps finished scores in a folder, by what they were made of.
type store struct {
	dir  string
	base []byte // hash of session, split and options
}

func newStore(a *recording.Aligned, opt Options) *store {
	if opt.Dir == "" {
		return &store{}
	}
	h := sha256.New()
	l := opt.Layer
	fmt.Fprintf(h, "probe 1 %q %q %d %v %v %v %v %d\n", a.Name, a.Condition, a.PerBin, a.Train, a.Test, a.Durations, a.Starts, a.Taps)
	fmt.Fprintf(h, "%v %d %d %v %v %d %d %v %d %v %d %v\n", opt.Layers, opt.Batch, opt.Components, opt.PCATrainOnly,
		l.Ridge.Penalties, l.Ridge.Folds, l.Ridge.FoldSeed, l.Ridge.FoldOf, l.Outlier, l.Strides, l.Stride, l.Shuffle)
	hash32(h, a.Input)
	for _, r := range a.Rates {
		hash64(h, r)
	}
	return &store{opt.Dir, h.Sum(nil)}
}

func hash32(h hash.Hash, v []float32) {
	buf := make([]byte, 0, 1<<14)
	for i, x := range v {
		buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(x))
		if len(buf) == cap(buf) || i == len(v)-1 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
}

func hash64(h hash.Hash, v []float64) {
	buf := make([]byte, 0, 8*len(v))
	for _, x := range v {
		buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(x))
	}
	h.Write(buf)
}

func (s *store) path(n *Network) string {
	h := sha256.New()
	h.Write(s.base)
	fmt.Fprintf(h, "%q %q %q %d %v %v %v\n", n.name(), n.Task, n.Experiment, n.Seed, n.ValMetric, n.TestMetric, n.TrainMetric)
	for _, p := range n.Net.Params {
		fmt.Fprintf(h, "%q %v\n", p.Name, p.Shape)
		hash32(h, p.Data)
	}
	return filepath.Join(s.dir, "scores-"+hex.EncodeToString(h.Sum(nil)[:12])+".csv")
}

// name is the path of a file for work that what describes, on the store's session.
func (s *store) name(prefix, what string) string {
	h := sha256.New()
	h.Write(s.base)
	h.Write([]byte(what))
	return filepath.Join(s.dir, prefix+hex.EncodeToString(h.Sum(nil)[:12])+".csv")
}

// run returns the scores of a network, from the folder if they are there.
func (s *store) run(ctx context.Context, a *recording.Aligned, n Network, opt Options) (*Table, error) {
	if s.dir == "" {
		return runNetwork(ctx, a, n, opt)
	}
	path := s.path(&n)
	t, err := LoadCSV(path)
	if err == nil {
		return t, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; remove the file to have it made again", err)
	}
	if t, err = runNetwork(ctx, a, n, opt); err != nil {
		return nil, err
	}
	return t, t.SaveCSV(path)
}
