package recording

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// fuzzReader feeds a reader with changed copies of the samples of a kind. What
// it accepts must be a consistent session, from which windows can be cut.
func fuzzReader(f *testing.F, samples []string, read func(path string) (*Session, error)) {
	fileBytes = 16 << 20
	f.Add([]byte{})
	for _, s := range samples {
		b, err := os.ReadFile(filepath.Join("testdata", s))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	path := filepath.Join(f.TempDir(), "fuzz")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := read(path)
		if err != nil {
			return
		}
		if err := s.Check(); err != nil {
			t.Fatalf("accepted, but: %v", err)
		}
		if len(s.Trials) == 0 {
			return
		}
		for _, c := range []Condition{Reaching, Bumped} {
			a, err := s.Align(context.Background(), AlignOptions{Condition: c, Limit: 4})
			if err != nil {
				continue
			}
			for _, v := range a.Input {
				if v-v != 0 && !math.IsInf(float64(v), 0) {
					t.Fatal("NaN in the input")
				}
			}
		}
	})
}

func FuzzSpykes(f *testing.F) {
	fuzzReader(f, []string{"spykes_small.mat"}, ReadSpykes)
}

func FuzzTrialData(f *testing.F) {
	fuzzReader(f, []string{"trialdata_v5.mat", "trialdata_v73.mat"}, func(path string) (*Session, error) {
		return ReadTrialData(path, TrialDataOptions{})
	})
}

func FuzzNWB(f *testing.F) {
	fuzzReader(f, []string{"area2_bump_sample.nwb"}, ReadNWB)
}

func FuzzAligned(f *testing.F) {
	fuzzReader(f, []string{"Test_20200101_active_mvt_end_at100.hdf5", "Test_20200101_passive_at100.hdf5"}, func(path string) (*Session, error) {
		if _, err := ReadAligned(path, AlignedOptions{}); err != nil {
			return nil, err
		}
		_, _, err := ReadSplit(path, path)
		return &Session{Bin: Step, Counts: [][]float64{{0}}, Units: make([]Unit, 1)}, err
	})
}

func FuzzMuscles(f *testing.F) {
	fuzzReader(f, []string{"muscles.npz"}, func(path string) (*Session, error) {
		m, err := ReadMuscles(path)
		if err != nil {
			return nil, err
		}
		for _, t := range m {
			if len(t.Length) != NumMuscles {
				f.Fatalf("%d muscles accepted", len(t.Length))
			}
		}
		return &Session{Bin: Step, Counts: [][]float64{{0}}, Units: make([]Unit, 1)}, nil
	})
}
