package recording

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/format/hdf5"
)

func refusal(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, one that says %q expected", err, want)
	}
}

// write makes an HDF5 file of the given datasets.
func write(t *testing.T, name string, fill func(put func(path string, data any, shape ...int))) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := hdf5.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fill(func(path string, data any, shape ...int) {
		if err := w.Write(path, data, shape...); err != nil {
			t.Fatal(err)
		}
	})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Two samples an hour apart: a thousand columns would take 3 GB.
func TestHostileSpan(t *testing.T) {
	defer func(old int64) { fileBytes = old }(fileBytes)
	fileBytes = 64 << 20
	path := write(t, "span.nwb", func(put func(string, any, ...int)) {
		for _, name := range []string{"hand_pos", "joint_ang"} {
			cols := map[string]int{"hand_pos": 2, "joint_ang": 1000}[name]
			put("/processing/behavior/"+name+"/data", make([]float64, 2*cols), 2, cols)
			put("/processing/behavior/"+name+"/timestamps", []float64{0, 3600}, 2)
		}
	})
	_, err := ReadNWB(path)
	refusal(t, err, "joint_ang, of 1000 columns, take more than")
}

// Trials that all cover the same stretch take memory that the file does not bound.
func TestHostileOverlap(t *testing.T) {
	const bins, units, trials = 300, 2000, 1000
	flat := make([]float64, bins)
	s := &Session{Name: "overlap", Bin: Step, Units: make([]Unit, units)}
	for range units {
		s.Counts = append(s.Counts, flat)
	}
	for range NumMuscles {
		s.Muscles = append(s.Muscles, flat)
	}
	for i := range trials {
		s.Trials = append(s.Trials, Trial{End: bins, Stop: bins, Rewarded: true, Group: i})
	}
	_, err := s.Align(context.Background(), AlignOptions{})
	refusal(t, err, "1000 trials of 2000 units take")
	if a, err := s.Align(context.Background(), AlignOptions{Limit: 5}); err != nil || a.Trials() != 5 {
		t.Errorf("5 of them: %v", err)
	}
}

// A dataset of no trials, which HDF5 allows.
func TestHostileNoTrials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none_active.hdf5")
	w, err := hdf5.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Dataset("/spike_counts", hdf5.Spec{Dtype: "<f4", Row: []int{Window, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = ReadAligned(path, AlignedOptions{})
	refusal(t, err, "spike_counts of shape [0 400 1]")
}

// Arrays of no values are not free: references may name one millions of times.
func TestHostileReferences(t *testing.T) {
	path := write(t, "one.h5", func(put func(string, any, ...int)) { put("/x", []float64{1}, 1) })
	f, err := hdf5.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := f.Dataset("/x")
	if err != nil {
		t.Fatal(err)
	}
	budget := 2 * (1 + arrayCost73)
	for range 2 {
		if _, err := array73(d, &budget); err != nil {
			t.Fatal(err)
		}
	}
	_, err = array73(d, &budget)
	refusal(t, err, "beyond the")
}

// A workspace wider than any arm, in the wrong unit: the search for a shoulder
// would wander for ever.
func TestHostileWorkspace(t *testing.T) {
	r, err := arm.ReachFor("snap")
	if err != nil {
		t.Fatal(err)
	}
	for _, far := range []float64{1e3, 1e12, math.MaxFloat64} {
		hand := [][]float64{make([]float64, 100), make([]float64, 100)}
		hand[0][99] = far
		_, err = FitPlacement(hand, r)
		refusal(t, err, "does not fit within reach")
	}
}
