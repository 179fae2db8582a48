package recording

import (
	"fmt"
	"math"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/npy"
)

// A MuscleTrial is one entry of a muscle dictionary: what OpenSim gave for one
// trial.
type MuscleTrial struct {
	Name   string      // such as "trial_12"
	Length [][]float64 // mm, [39][sample]
	Joints [][]float64 // deg, [4][sample]; nil where the export has none
	Hand   [][]float64 // cm, W axes, [3][sample]; nil where the export has none
}

// ReadMuscles reads the paper's pickled muscle dictionaries once exported to
// .npz: arrays named trial/quantity, in the order of the dictionary. No pickle
// is executed here; the export is a few lines of Python:
//
//	import pickle, numpy as np
//	d = pickle.load(open("Snap_20190829_mod.pkl", "rb"))
//	np.savez_compressed("Snap_20190829_mod.npz",
//	    **{f"{t}/{k}": v for t, q in d.items() for k, v in q.items()})
//
// Quantities read are muscle_len [39][T] mm, joint_coords [4][T] deg and
// endeffector_coords [3][T] cm. drop names entries to leave out: the published
// code drops trial_71, trial_412 and trial_725 of Lando.
func ReadMuscles(path string, drop ...string) ([]MuscleTrial, error) {
	z, err := npy.Options{MaxBytes: fileBytes}.Open(path)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	defer z.Close()
	var out []MuscleTrial
	at := map[string]int{}
	budget := fileBytes
	for _, entry := range z.Names() {
		name, quantity, ok := strings.Cut(entry, "/")
		if !ok {
			return nil, fmt.Errorf("recording: %s: array %q: a name trial/quantity expected", path, entry)
		}
		var rows int
		switch quantity {
		case "muscle_len":
			rows = NumMuscles
		case "joint_coords":
			rows = 4
		case "endeffector_coords":
			rows = 3
		default:
			continue
		}
		m, err := matrix(z, entry, rows, &budget)
		if err != nil {
			return nil, fmt.Errorf("recording: %s: %s: %w", path, entry, err)
		}
		i, seen := at[name]
		if !seen {
			i = len(out)
			at[name] = i
			out = append(out, MuscleTrial{Name: name})
		}
		switch quantity {
		case "muscle_len":
			out[i].Length = m
		case "joint_coords":
			out[i].Joints = m
		default:
			out[i].Hand = m
		}
	}
	kept := out[:0]
	for _, t := range out {
		if t.Length == nil {
			return nil, fmt.Errorf("recording: %s: %s has no muscle_len", path, t.Name)
		}
		gone := false
		for _, d := range drop {
			gone = gone || d == t.Name
		}
		if !gone {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("recording: %s: no trials: arrays named trial/muscle_len expected", path)
	}
	return kept, nil
}

// matrix reads an array of so many rows.
func matrix(z *npy.Archive, name string, rows int, budget *int64) ([][]float64, error) {
	a, err := z.Array(name)
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 2 || a.Shape[0] != rows {
		return nil, fmt.Errorf("%s of shape %v: %d rows of numbers expected", a.Dtype, a.Shape, rows)
	}
	if *budget -= 8 * int64(a.Len()); *budget < 0 {
		return nil, fmt.Errorf("the arrays take more memory than %d bytes", fileBytes)
	}
	v, err := a.Float64s()
	if err != nil {
		return nil, err
	}
	out, w := make([][]float64, rows), a.Shape[1]
	for i := range out {
		out[i] = v[i*w : (i+1)*w : (i+1)*w]
	}
	return out, nil
}

// replaceMuscles takes the muscle lengths of a dictionary: its k-th entry is that
// of the k-th rewarded trial, as in the published code. Unrewarded trials get NaN.
func (s *Session) replaceMuscles(trials []MuscleTrial) error {
	n := s.Bins() * s.PerBin()
	s.Muscles = make([][]float64, NumMuscles)
	for m := range s.Muscles {
		s.Muscles[m] = make([]float64, n)
		for t := range s.Muscles[m] {
			s.Muscles[m][t] = math.NaN()
		}
	}
	k := 0
	for i := range s.Trials {
		t := &s.Trials[i]
		if !t.Rewarded {
			continue
		}
		if k == len(trials) {
			return fmt.Errorf("%d muscle trials for more rewarded ones", len(trials))
		}
		lo, hi := t.Start*s.PerBin(), t.End*s.PerBin()
		if got := len(trials[k].Length[0]); got != hi-lo {
			return fmt.Errorf("muscles of %s have %d samples, rewarded trial %d (id %d) has %d", trials[k].Name, got, k, t.ID, hi-lo)
		}
		for m, row := range trials[k].Length {
			copy(s.Muscles[m][lo:hi], row)
		}
		k++
	}
	if k != len(trials) {
		return fmt.Errorf("%d muscle trials for %d rewarded ones", len(trials), k)
	}
	return nil
}
