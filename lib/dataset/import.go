package dataset

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// The names of the published files: dataset_<split>_<name>.hdf5.
const (
	PaperName  = "snap_scaled_fin1_10all" // the letters, as the training scripts open them
	TorqueName = "rl_torque"
)

// FileName returns the published name of a split's file.
func FileName(split, name string) string { return "dataset_" + split + "_" + name + ".hdf5" }

// OpenHDF5 opens a data set in the published layout, dataset_train_<name>.hdf5
// and the same for val and test, in a folder: the released files, or what
// WriteHDF5 wrote. Windows are read from the files as samples are asked for. The
// published val and test files lack muscle_acc (B3); it is the gradient of the
// velocity, and is computed where label tells that the samples are letters. Of
// the options only Seed and BlockOrder matter. Close the result when done.
func OpenHDF5(dir, name string, opt Options) (*Imported, error) {
	im := &Imported{}
	var sets [numSplits]*Set
	for i, split := range splitNames {
		path := filepath.Join(dir, FileName(split, name))
		st, items, err := openWindows(path)
		if err != nil {
			im.Close()
			return nil, fmt.Errorf("dataset: %w", err)
		}
		im.files = append(im.files, st.f)
		var one [numSplits][]item
		one[i] = items
		d := assemble(one, st, opt, PadThenDifferentiate, PadThenDifferentiate)
		sets[i] = []*Set{d.Train, d.Val, d.Test}[i]
	}
	im.Dataset = &Dataset{Train: sets[train], Val: sets[val], Test: sets[test], Source: "published files " + FileName("*", name)}
	return im, nil
}

var splitNames = [numSplits]string{"train", "val", "test"}

// Imported is a data set in published files.
type Imported struct {
	*Dataset
	files []*hdf5.File
}

// Close closes the files.
func (im *Imported) Close() error {
	var err error
	for _, f := range im.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// windows is a store of whole windows in one file.
type windows struct {
	f      *hdf5.File
	path   string
	input  *hdf5.Dataset
	target map[Key]*hdf5.Dataset
	derive bool // muscle_acc from the velocity
	n      int
}

func openWindows(path string) (*windows, []item, error) {
	f, err := hdf5.Open(path)
	if err != nil {
		return nil, nil, err
	}
	w := &windows{f: f, path: path, target: map[Key]*hdf5.Dataset{}}
	items, err := w.load()
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, items, nil
}

func (w *windows) load() ([]item, error) {
	var err error
	if w.input, err = w.f.Dataset(InputName); err != nil {
		return nil, err
	}
	if len(w.input.Shape) != 4 || !reflect.DeepEqual(w.input.Shape[1:], []int{Muscles, Window, Channels}) {
		return nil, fmt.Errorf("%s has shape %v, want [samples, %d, %d, %d]", InputName, w.input.Shape, Muscles, Window, Channels)
	}
	if w.n = w.input.Shape[0]; w.n > math.MaxInt32 {
		return nil, fmt.Errorf("%d samples", w.n)
	}
	root, err := w.f.Root()
	if err != nil {
		return nil, err
	}
	for _, k := range Keys {
		if !root.Contains(string(k)) {
			continue
		}
		d, err := w.f.Dataset(string(k))
		if err != nil {
			return nil, err
		}
		if want := []int{w.n, k.Rows(), Window}; !reflect.DeepEqual(d.Shape, want) {
			return nil, fmt.Errorf("%s has shape %v, want %v", k, d.Shape, want)
		}
		w.target[k] = d
	}
	items := make([]item, w.n)
	for i := range items {
		items[i].at = int32(i)
	}
	if !root.Contains(labelName) {
		return items, nil
	}
	d, err := w.f.Dataset(labelName)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(d.Shape, []int{w.n}) {
		return nil, fmt.Errorf("%s has shape %v, want [%d]", labelName, d.Shape, w.n)
	}
	labels, err := d.Int64s()
	if err != nil {
		return nil, err
	}
	for i, l := range labels {
		if l < 1 || l > int64(len(stroke.Letters)) {
			return nil, fmt.Errorf("%s[%d] is %d, want 1 to %d", labelName, i, l, len(stroke.Letters))
		}
		items[i].label = int8(l)
	}
	w.derive = w.target[MuscleAcc] == nil
	return items, nil
}

const labelName = "label"

func (w *windows) hasKey(k Key) bool { return w.target[k] != nil || (w.derive && k == MuscleAcc) }

func (w *windows) has(f field) bool {
	for k := range w.target {
		if quantities[k].of == f {
			return true
		}
	}
	return f == fieldMuscles
}

func (w *windows) describe(at int) string { return fmt.Sprintf("%s, sample %d", w.path, at) }

func (w *windows) folder(int) int { return 0 }

func (w *windows) info(at int) (Info, error) {
	return Info{}, fmt.Errorf("dataset: %s: published files keep nothing beside the arrays", w.describe(at))
}

func (w *windows) fetch(at int, _ *buffer) (*sample, error) {
	return nil, fmt.Errorf("dataset: %s: published files keep windows, not movements", w.describe(at))
}

func (w *windows) read(at int, input []float32, keys []Key, targets [][]float32) error {
	if input != nil {
		if err := w.rows(w.input, InputName, at, input); err != nil {
			return err
		}
	}
	for k, key := range keys {
		if d := w.target[key]; d != nil {
			if err := w.rows(d, string(key), at, targets[k]); err != nil {
				return err
			}
			continue
		}
		in := input
		if in == nil {
			in = make([]float32, InputLen)
			if err := w.rows(w.input, InputName, at, in); err != nil {
				return err
			}
		}
		var v [Window]float32
		for m := range Muscles {
			for t := range v {
				v[t] = in[(m*Window+t)*Channels+1]
			}
			gradient(targets[k][m*Window:(m+1)*Window], v[:])
		}
	}
	return nil
}

// rows reads one sample and refuses values that are not finite.
func (w *windows) rows(d *hdf5.Dataset, name string, at int, dst []float32) error {
	if err := d.ReadFloat32(dst, at, at+1); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	for i, v := range dst {
		if v-v != 0 {
			return fmt.Errorf("dataset: %s: %s: value %d of sample %d is %v", w.path, name, i, at, v)
		}
	}
	return nil
}
