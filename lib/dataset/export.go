package dataset

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
	"github.com/spindle-lab/spindle/lib/run"
)

// ExportOptions say how a data set is written in the published layout; the zero
// value is the published way where that is one.
type ExportOptions struct {
	Name string // in the files' names, default PaperName for letters, TorqueName for reaches
	Gzip int    // level of compression, 1 to 9, default 4, h5py's own
	// MuscleAcc (B3) writes muscle_acc to all three files. As published, val
	// and test lack it, and the code that appends to them fails.
	MuscleAcc bool
	// MeanOfAll (B9) takes train_data_mean of reaches over all training
	// samples. As published, it is that of the first folder only.
	MeanOfAll bool
}

// WriteHDF5 writes a data set in the published layout (spec/01, 2.9 and 6), the
// files dataset_train_<name>.hdf5 and the same for val and test: float32, gzip,
// one sample a chunk, the first axis without limit, label int64. Samples are in
// the order of the sets: open the data set with BlockOrder for the published
// one. Each file is written whole or not at all; samples are streamed.
func WriteHDF5(ctx context.Context, dir string, d *Dataset, opt ExportOptions, progress run.Progress) error {
	reaches := d.Train.Has(Torque)
	if opt.Name == "" {
		opt.Name = PaperName
		if reaches {
			opt.Name = TorqueName
		}
	}
	if opt.Gzip == 0 {
		opt.Gzip = 4
	}
	if opt.Gzip < 1 || opt.Gzip > 9 {
		panic(fmt.Sprintf("dataset: gzip level %d, want 1 to 9", opt.Gzip))
	}
	if filepath.Base(opt.Name) != opt.Name {
		return fmt.Errorf("dataset: %q is no part of a file name", opt.Name)
	}
	total := d.Train.Len() + d.Val.Len() + d.Test.Len()
	done := 0
	for i, s := range []*Set{d.Train, d.Val, d.Test} {
		path := filepath.Join(dir, FileName(splitNames[i], opt.Name))
		x := &exporter{ctx: ctx, set: s, gzip: opt.Gzip, keys: exportKeys(s, reaches, split(i) == train || opt.MuscleAcc), reaches: reaches}
		x.step = func(n int) {
			done += n
			progress.Report(done, total, filepath.Base(path))
		}
		if split(i) == train {
			x.mean = func(k int) bool { return !reaches || opt.MeanOfAll || s.folder(k) == s.firstFolder() }
		}
		if err := x.write(path); err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
	}
	return nil
}

func (s *Set) folder(i int) int { return s.store.folder(int(s.items[i].at)) }

func (s *Set) firstFolder() int {
	first := math.MaxInt
	for i := range s.items {
		first = min(first, s.folder(i))
	}
	return first
}

func exportKeys(s *Set, reaches, muscleAcc bool) []Key {
	if reaches {
		return []Key{Hand, Joint, Torque, Target}
	}
	var keys []Key
	for _, k := range s.Keys() {
		if k != MuscleAcc || muscleAcc {
			keys = append(keys, k)
		}
	}
	return keys
}

// An exporter writes one file.
type exporter struct {
	ctx     context.Context
	set     *Set
	keys    []Key
	gzip    int
	reaches bool
	mean    func(i int) bool // samples of train_data_mean; nil: none
	step    func(n int)
}

// exportBatch is how many samples are in memory at a time.
const exportBatch = 64

func (x *exporter) write(path string) error {
	w, err := hdf5.Create(path)
	if err != nil {
		return err
	}
	defer w.Abort() // does nothing after Close
	out := map[string]*hdf5.Appender{}
	begin := func(name, dtype string, row ...int) (err error) {
		out[name], err = w.Dataset(name, hdf5.Spec{Dtype: dtype, Row: row, Gzip: x.gzip})
		return err
	}
	if err := begin(InputName, "<f4", Muscles, Window, Channels); err != nil {
		return err
	}
	for _, k := range x.keys {
		if err := begin(string(k), "<f4", k.Rows(), Window); err != nil {
			return err
		}
	}
	if x.reaches {
		err = begin(targetOne, "<f4", Target.Rows())
	} else {
		err = begin(labelName, "<i8")
	}
	if err != nil {
		return err
	}
	if err := x.samples(out); err != nil {
		return err
	}
	if x.mean != nil {
		m, err := mean(x.ctx, x.set, x.mean)
		if err != nil {
			return err
		}
		if err := w.Write("train_data_mean", m, Muscles, Window, Channels); err != nil {
			return err
		}
	}
	return w.Close()
}

// targetOne is the target of a reach at window sample 0.
const targetOne = "target_coords_one"

func (x *exporter) samples(out map[string]*hdf5.Appender) error {
	inputs := make([]float32, exportBatch*InputLen)
	targets := make([][]float32, len(x.keys))
	for at := 0; at < x.set.Len(); at += exportBatch {
		idx := make([]int, min(exportBatch, x.set.Len()-at))
		for i := range idx {
			idx[i] = at + i
		}
		for k, key := range x.keys {
			targets[k] = make([]float32, len(idx)*key.Rows()*Window)
		}
		in := inputs[:len(idx)*InputLen]
		if err := x.set.Batch(x.ctx, idx, in, x.keys, targets); err != nil {
			return err
		}
		if err := out[InputName].Append(in); err != nil {
			return err
		}
		for k, key := range x.keys {
			if err := out[string(key)].Append(targets[k]); err != nil {
				return err
			}
			if key != Target {
				continue
			}
			var one []float32
			for v := targets[k]; len(v) > 0; v = v[Window:] {
				one = append(one, v[0])
			}
			if err := out[targetOne].Append(one); err != nil {
				return err
			}
		}
		if !x.reaches {
			labels := make([]int64, len(idx))
			for i, k := range idx {
				labels[i] = int64(x.set.Label(k))
			}
			if err := out[labelName].Append(labels); err != nil {
				return err
			}
		}
		x.step(len(idx))
	}
	return nil
}
