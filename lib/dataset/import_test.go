package dataset

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// testdata/dataset_*_h5py.hdf5 were written by h5py 3 in the published layout:
// gzip, one sample a chunk, the first axis unlimited; muscle_acc in the train file
// only. Length is 50 + muscle + 2·(time/50) + 10·sample mm, velocity and
// acceleration NumPy's gradients at 0.01 s, hand row r a quarter of muscle r,
// labels 5, 10, 15.
func TestOpenHDF5(t *testing.T) {
	d, err := OpenHDF5("testdata", "h5py", Options{BlockOrder: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for k, n := range []int{3, 1, 2} {
		s := allSets(d.Dataset)[k]
		if s.Len() != n || !reflect.DeepEqual(s.Keys(), []Key{Hand, MuscleAcc}) {
			t.Fatalf("%s: %d samples with %v", splitNames[k], s.Len(), s.Keys())
		}
		in, acc, hand := make([]float32, InputLen), make([]float32, Muscles*Window), make([]float32, 3*Window)
		for i := range n {
			if err := s.Read(i, in, []Key{MuscleAcc, Hand}, [][]float32{acc, hand}); err != nil {
				t.Fatal(err)
			}
			if s.Label(i) != 5*(i+1) || !strings.Contains(s.Record(i), "sample") {
				t.Errorf("%s has label %d", s.Record(i), s.Label(i))
			}
			for m := range Muscles {
				var l, v, a [Window]float32
				for k := range l {
					l[k] = float32(50 + m + k/50*2 + 10*i)
				}
				gradient(v[:], l[:])
				gradient(a[:], v[:])
				for k := range l {
					got := in[(m*Window+k)*2:]
					if got[0] != l[k] || got[1] != v[k] || acc[m*Window+k] != a[k] || (m < 3 && hand[m*Window+k] != l[k]/4) {
						t.Fatalf("%s: muscle %d, time %d: %v, %v, %v; want %v, %v, %v", s.Record(i), m, k, got[0], got[1], acc[m*Window+k], l[k], v[k], a[k])
					}
				}
			}
		}
	}
	if err := d.Test.Target(0, Joint, make([]float32, 4*Window)); err == nil || !strings.Contains(err.Error(), "joint_coords") {
		t.Errorf("a target that is not there: %v", err)
	}
	if _, err := d.Test.Info(0); err == nil {
		t.Error("published files have no latents")
	}
	if _, err := OpenHDF5(t.TempDir(), "none", Options{}); err == nil || !strings.Contains(err.Error(), "dataset_train_none.hdf5") {
		t.Errorf("missing files: %v", err)
	}
}

// A published file with a flipped byte gives an error or other numbers, never a
// panic: the format's own checksums cover its structure only in part.
func TestDamagedHDF5(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "dataset_val_h5py.hdf5"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := make([]float32, InputLen)
	for k := 0; k < len(raw); k += len(raw)/200 + 1 {
		bad := append([]byte(nil), raw...)
		bad[k] ^= 0xff
		path := filepath.Join(dir, "x.hdf5")
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		w, items, err := openWindows(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Errorf("byte %d: error %v does not name the file", k, err)
			}
			continue
		}
		s := newSet(items, w, PadThenDifferentiate, PadThenDifferentiate)
		for i := range min(s.Len(), 3) {
			if err := s.Input(i, in); err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("byte %d: error %v does not name the file", k, err)
			}
		}
		w.f.Close()
	}
}
