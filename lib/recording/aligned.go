package recording

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
)

// AlignedOptions says how the paper's aligned files are read.
type AlignedOptions struct {
	Condition Condition // default by the file's name: "passive" in it means Bumped
	// Train and Test are positions among the file's trials, as [ReadSplit] gives
	// them; without them a split is drawn from SplitSeed.
	Train, Test  []int
	TestFraction float64
	SplitSeed    uint64
	// Millimetres gives the network the passive input in mm and mm/s; see
	// AlignOptions.
	Millimetres  bool
	Name, Animal string // default from the file's name
	Area         string // default CN for Snap, Lando and Butter, else S1
}

// ReadAligned reads the paper's aligned HDF5 files, those of a condition of one
// session with windows already made (spec/03, 1.6): muscle_coords
// [trial][39][400][2], spike_counts [trial][400][unit], smoothed, and
// trial_durations. Active files hold lengths in mm·1000, passive ones in mm; the
// unit is told by the size of the numbers, so that either comes out in mm. The
// joint and hand tensors give kinematics where they are there.
func ReadAligned(path string, o AlignedOptions) (*Aligned, error) {
	f, err := hdf5.Options{MaxBytes: fileBytes}.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if o.Condition == "" {
		if o.Condition = Reaching; strings.Contains(base, "passive") {
			o.Condition = Bumped
		}
	}
	if o.Name == "" {
		o.Name = base
	}
	if o.Animal == "" {
		o.Animal, _, _ = strings.Cut(base, "_")
	}
	if o.Area == "" {
		o.Area = areaOf(o.Animal)
	}
	fail := func(format string, args ...any) (*Aligned, error) {
		return nil, fmt.Errorf("recording: %s: %s", path, fmt.Sprintf(format, args...))
	}
	spikes, err := f.Dataset("spike_counts")
	if err != nil {
		return nil, err
	}
	if len(spikes.Shape) != 3 || spikes.Shape[0] < 1 || spikes.Shape[0] > maxTrials73 || spikes.Shape[1] != Window || spikes.Shape[2] < 1 || spikes.Shape[2] > maxTrialChannels {
		return fail("spike_counts of shape %v, [trial][%d][unit] expected", spikes.Shape, Window)
	}
	n, units := spikes.Shape[0], spikes.Shape[2]
	muscles, err := f.Dataset("muscle_coords")
	if err != nil {
		return nil, err
	}
	if s := muscles.Shape; len(s) != 4 || s[0] != n || s[1] != NumMuscles || s[2] != Window || s[3] != 2 {
		return fail("muscle_coords of shape %v, [%d][%d][%d][2] expected", s, n, NumMuscles, Window)
	}
	a := &Aligned{Name: o.Name, Animal: o.Animal, Area: o.Area, Source: "recorded: " + filepath.Base(path), Condition: o.Condition,
		Units: make([]Unit, units), PerBin: 1, Taps: 5}
	ids, durations, err := trialTable(f, path, n, o.Condition)
	if err != nil {
		return nil, err
	}
	var bytes int64
	for _, d := range durations {
		bytes += alignedBytes(min(max(d, 0), Window-Onset), units, 16)
	}
	if bytes > maxAligned {
		return fail("%d trials of %d units take %d bytes in memory: at most %d expected", n, units, bytes, int64(maxAligned))
	}
	in, err := muscles.Float32s()
	if err != nil {
		return nil, err
	}
	scale, err := lengthScale(in)
	if err != nil {
		return fail("muscle_coords: %v", err)
	}
	toMM := 1.0
	switch {
	case o.Condition != Bumped:
	case o.Millimetres:
		a.Switches = append(a.Switches, millimetres)
	default:
		scale, toMM = scale/1000, 1000
	}
	size := NumMuscles * Window * 2
	joint, joints := optional(f, "joint_coords", n)
	hand, _ := optional(f, "endeff_coords", n)
	for i := range n {
		d := durations[i]
		why := ""
		switch {
		case d > Window-Onset:
			why = fmt.Sprintf("its movement of %d samples is longer than the window's %d", d, Window-Onset)
		case d < 1:
			why = "it has no samples"
		}
		row := in[i*size : (i+1)*size]
		for _, v := range row {
			if v-v != 0 && why == "" {
				why = "its muscle length is not finite"
			}
		}
		if why != "" {
			// The split counts positions in the file, so none may move.
			return fail("trial %d cannot be used: %s", i, why)
		}
		for j := range row {
			row[j] *= scale
		}
		y, err := spikes.Float64Rows(i, i+1)
		if err != nil {
			return nil, err
		}
		y = y[Onset*units : (Onset+d)*units]
		for j, v := range y {
			if !(v >= 0) || math.IsInf(v, 0) {
				return fail("spike_counts of trial %d, unit %d is %v: a number from 0 up expected", i, j%units, v)
			}
		}
		a.IDs, a.Durations, a.Rates = append(a.IDs, ids[i]), append(a.Durations, d), append(a.Rates, append([]float64(nil), y...))
		a.Directions = append(a.Directions, math.NaN())
		a.Kin = append(a.Kin, windowKinematics(row, d, toMM, joint, joints, hand, i))
	}
	a.Input = in
	if a.Train, a.Test, err = split(sequence(n), AlignOptions{Train: o.Train, Test: o.Test, TestFraction: o.TestFraction, SplitSeed: o.SplitSeed}); err != nil {
		return fail("%v", err)
	}
	return a, nil
}

// areaOf is the published rule (spec/03, 1.1).
func areaOf(animal string) string {
	switch animal {
	case "Snap", "Lando", "Butter", "NewLando", "NewButter":
		return "CN"
	}
	return "S1"
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// trialTable reads ids and durations. In passive files they have an entry per
// rewarded trial, the tensors one per perturbation: ids are then positions, and
// durations 13.
func trialTable(f *hdf5.File, path string, n int, c Condition) (ids, durations []int, err error) {
	ids, durations = sequence(n), make([]int, n)
	for i := range durations {
		durations[i] = Passive
	}
	for _, x := range []struct {
		name string
		dst  []int
	}{{"trial_ids", ids}, {"trial_durations", durations}} {
		d, err := f.Dataset(x.name)
		if err != nil {
			if c == Bumped {
				continue
			}
			return nil, nil, err
		}
		if d.Len() != n {
			if c == Bumped {
				continue
			}
			return nil, nil, fmt.Errorf("recording: %s: %s has %d values for %d trials", path, x.name, d.Len(), n)
		}
		v, err := d.Float64s()
		if err != nil {
			return nil, nil, err
		}
		for i, y := range v {
			if y != math.Trunc(y) || math.Abs(y) > 1e9 {
				return nil, nil, fmt.Errorf("recording: %s: %s %d is %v: a whole number expected", path, x.name, i, y)
			}
			if x.name == "trial_ids" || c == Reaching {
				x.dst[i] = int(y)
			}
		}
	}
	return ids, durations, nil
}

// lengthScale tells the unit of lengths by their mean over muscles and time: a
// monkey's arm muscles measure some centimetres. It returns what makes them mm.
func lengthScale(in []float32) (float32, error) {
	var sum float64
	for i := 0; i < len(in); i += 2 {
		sum += float64(in[i])
	}
	mean := sum / float64(len(in)/2)
	for _, s := range []float64{1e-3, 1, 1e3} {
		if m := s * mean; m > 20 && m < 1000 {
			return float32(s), nil
		}
	}
	return 0, fmt.Errorf("a mean length of %g: lengths in mm, mm·1000 or m expected", mean)
}

// optional reads a tensor of n rows, if it is there; cols is its second dimension.
func optional(f *hdf5.File, name string, n int) (d *hdf5.Dataset, cols int) {
	d, err := f.Dataset(name)
	if err != nil || len(d.Shape) != 4 || d.Shape[0] != n {
		return nil, 0
	}
	return d, d.Shape[1]
}

// windowKinematics cuts the kinematics of one trial out of its window.
func windowKinematics(input []float32, d int, toMM float64, joint *hdf5.Dataset, joints int, hand *hdf5.Dataset, i int) Kinematics {
	k := Kinematics{Muscles: make([]float64, d*NumMuscles), MuscleVel: make([]float64, d*NumMuscles)}
	col, vel := make([]float64, d), make([]float64, d)
	for m := range NumMuscles {
		for t := range col {
			col[t] = toMM * float64(input[(m*Window+Onset+t)*2])
		}
		Gradient(vel, col, Step)
		for t := range col {
			k.Muscles[t*NumMuscles+m], k.MuscleVel[t*NumMuscles+m] = col[t], vel[t]
		}
	}
	if joint != nil && joint.Shape[2] == Window && joint.Shape[3] == 2 && joints <= 16 {
		if v, err := joint.Float64Rows(i, i+1); err == nil {
			k.NumJoints = joints
			k.Joints, k.JointVel = make([]float64, d*joints), make([]float64, d*joints)
			for j := range joints {
				for t := range d {
					at := (j*Window + Onset + t) * 2
					k.Joints[t*joints+j], k.JointVel[t*joints+j] = v[at], v[at+1]
				}
			}
		}
	}
	if hand != nil && hand.Shape[1] == Window && hand.Shape[2] == 2 && hand.Shape[3] == 2 {
		if v, err := hand.Float64Rows(i, i+1); err == nil {
			k.Axes = 2
			for t := range d {
				at := (Onset + t) * 4
				k.Pos, k.Vel = append(k.Pos, v[at], v[at+1]), append(k.Vel, v[at+2], v[at+3])
			}
			k.Origin = append([]float64(nil), v[(Onset-1)*4:(Onset-1)*4+2]...)
		}
	}
	return k
}

// ReadSplit reads the published split of a session: the positions of training
// and test trials among the kept ones, in the stored order, from the dataset
// indices_info of the two files of the data-driven networks (spec/03, 1.7).
func ReadSplit(trainPath, testPath string) (train, test []int, err error) {
	read := func(path string) ([]int, error) {
		f, err := hdf5.Options{MaxBytes: fileBytes}.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		d, err := f.Dataset("indices_info")
		if err != nil {
			return nil, err
		}
		if d.Len() > maxTrials73 {
			return nil, fmt.Errorf("recording: %s: %d indices, at most %d expected", path, d.Len(), maxTrials73)
		}
		v, err := d.Float64s()
		if err != nil {
			return nil, err
		}
		out := make([]int, len(v))
		for i, x := range v {
			if x < 0 || x != math.Trunc(x) || x > maxTrials73 {
				return nil, fmt.Errorf("recording: %s: index %d is %v: a position expected", path, i, x)
			}
			out[i] = int(x)
		}
		return out, nil
	}
	if train, err = read(trainPath); err != nil {
		return nil, nil, err
	}
	test, err = read(testPath)
	return train, test, err
}
