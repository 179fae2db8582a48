package dataset

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
	"github.com/spindle-lab/spindle/lib/movement"
)

// spec/01, 2.9: names, shapes, dtypes, gzip, one sample a chunk; and what is
// written is read back bit by bit. (h5py reads these files too, with the same
// values: checked by hand, as the files of testdata are h5py's.)
func TestExportLetters(t *testing.T) {
	d, err := FromMovements(toys(70), Options{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, everywhere := range []bool{false, true} {
		dir := t.TempDir()
		last := 0
		opt := ExportOptions{MuscleAcc: everywhere}
		if err := WriteHDF5(context.Background(), dir, d, opt, func(done, _ int, _ string) { last = done }); err != nil {
			t.Fatal(err)
		}
		if last != 210 {
			t.Errorf("progress ends at %d of 210", last)
		}
		for i, s := range allSets(d) {
			f, err := hdf5.Open(filepath.Join(dir, FileName(splitNames[i], PaperName)))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string][]int{InputName: {s.Len(), 39, 400, 2}, "label": {s.Len()}, "muscle_acc": {s.Len(), 39, 400}, "train_data_mean": {39, 400, 2}}
			for q, rows := range map[string]int{"endeffector": 3, "elbow": 3, "joint": 4} {
				for _, kind := range []string{"coords", "vel", "acc"} {
					want[q+"_"+kind] = []int{s.Len(), rows, 400}
				}
			}
			if i > 0 {
				delete(want, "train_data_mean")
				if !everywhere {
					delete(want, "muscle_acc")
				}
			}
			checkLayout(t, f, want, map[string]string{"label": "<i8"})
			f.Close()
		}
		back, err := OpenHDF5(dir, PaperName, Options{BlockOrder: true})
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		for i, s := range allSets(back.Dataset) {
			sameWindows(t, s, allSets(d)[i])
		}
	}
}

func checkLayout(t *testing.T, f *hdf5.File, want map[string][]int, dtypes map[string]string) {
	t.Helper()
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	if len(root.Names()) != len(want) {
		t.Errorf("%s holds %v, want %d datasets", f.Name(), root.Names(), len(want))
	}
	for name, shape := range want {
		d, err := f.Dataset(name)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(d.Shape, shape) {
			t.Errorf("%s has shape %v, want %v", name, d.Shape, shape)
		}
		dtype := "<f4"
		if s := dtypes[name]; s != "" {
			dtype = s
		}
		if got := d.Dtype.String(); got != dtype {
			t.Errorf("%s has dtype %s, want %s", name, got, dtype)
		}
		if name == "train_data_mean" {
			continue
		}
		if chunk := append([]int{1}, shape[1:]...); !reflect.DeepEqual(d.Chunk, chunk) || d.MaxShape[0] != -1 || !reflect.DeepEqual(d.Filters, []int{1}) {
			t.Errorf("%s: chunks %v, at most %v, filters %v; want %v, no limit, deflate", name, d.Chunk, d.MaxShape, d.Filters, chunk)
		}
	}
}

// sameWindows compares inputs, labels and the targets that a has.
func sameWindows(t *testing.T, a, b *Set) {
	t.Helper()
	if a.Len() != b.Len() {
		t.Fatalf("%d samples, want %d", a.Len(), b.Len())
	}
	x, y := make([]float32, InputLen), make([]float32, InputLen)
	for i := range a.Len() {
		if err := errors.Join(a.Input(i, x), b.Input(i, y)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(x, y) || a.Label(i) != b.Label(i) {
			t.Fatalf("sample %d differs", i)
		}
		for _, k := range a.Keys() {
			u, v := x[:k.Rows()*Window], y[:k.Rows()*Window]
			if err := errors.Join(a.Target(i, k, u), b.Target(i, k, v)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(u, v) {
				t.Fatalf("sample %d: target %s differs", i, k)
			}
		}
	}
}

// spec/01, 6: the torque files; the mean is that of the first folder's training
// samples only, unless asked otherwise (B9).
func TestExportReaches(t *testing.T) {
	r, err := movement.NewReacher("snap", movement.ReachOptions{}, movement.Fixes{})
	if err != nil {
		t.Fatal(err)
	}
	var ms []movement.Movement
	for k := range 12 {
		m, _, err := r.One(3+k/6, k%6, 1)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
	}
	d, err := FromReaches(ms, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		dir := t.TempDir()
		if err := WriteHDF5(context.Background(), dir, d, ExportOptions{MeanOfAll: all}, nil); err != nil {
			t.Fatal(err)
		}
		f, err := hdf5.Open(filepath.Join(dir, "dataset_train_rl_torque.hdf5"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		n := d.Train.Len()
		checkLayout(t, f, map[string][]int{InputName: {n, 39, 400, 2}, "endeffector_coords": {n, 3, 400}, "joint_coords": {n, 4, 400},
			"torque_coords": {n, 4, 400}, "target_coords": {n, 3, 400}, "target_coords_one": {n, 3}, "train_data_mean": {39, 400, 2}}, nil)
		ds, err := f.Dataset("train_data_mean")
		if err != nil {
			t.Fatal(err)
		}
		got, err := ds.Float64s()
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, InputLen)
		in := make([]float32, InputLen)
		count := 0.0
		for i := range n {
			info, err := d.Train.Info(i)
			if err != nil {
				t.Fatal(err)
			}
			if !all && info.Folder != 3 {
				continue
			}
			count++
			if err := d.Train.Input(i, in); err != nil {
				t.Fatal(err)
			}
			for k, v := range in {
				want[k] += float64(v)
			}
		}
		for k := range want {
			// float32 keeps 24 bits of a mean of up to 300.
			if math.Abs(got[k]-want[k]/count) > 3e-5 {
				t.Fatalf("mean over all %v: value %d is %v, want %v", all, k, got[k], want[k]/count)
			}
		}
		one, err := f.Dataset("target_coords_one")
		if err != nil {
			t.Fatal(err)
		}
		v, err := one.Float32Rows(1, 2)
		if err != nil {
			t.Fatal(err)
		}
		target := make([]float32, 3*Window)
		if err := d.Train.Target(1, Target, target); err != nil {
			t.Fatal(err)
		}
		if v[0] != target[0] || v[1] != target[Window] || v[2] != target[2*Window] {
			t.Errorf("target %v, want %v, %v, %v", v, target[0], target[Window], target[2*Window])
		}
	}
}

func TestExportRefuses(t *testing.T) {
	d, err := FromMovements(toys(10), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteHDF5(context.Background(), t.TempDir(), d, ExportOptions{Name: "../x"}, nil); err == nil {
		t.Error("a name with a path")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if err := WriteHDF5(ctx, dir, d, ExportOptions{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
