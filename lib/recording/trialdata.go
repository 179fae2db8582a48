package recording

import (
	"fmt"
	"math"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/matfile"
)

// Columns of the field opensim of a TrialData struct (spec/03, 1.2).
const (
	opensimJoints    = 7  // angles, then as many velocities
	opensimMuscles   = 14 // first of 39 lengths, m; 39 velocities follow
	opensimColumns   = opensimMuscles + 2*NumMuscles
	maxTrialChannels = 4096
)

// TrialDataOptions says how a TrialData file is read.
type TrialDataOptions struct {
	// Array is the recording array, the prefix of its fields: "cuneate",
	// "LeftS1Area2", "area2". Default: the only one there is.
	Array string
	// Muscles, if not nil, replaces the file's muscle lengths, trial by trial
	// (see [ReadMuscles]): the k-th entry belongs to the k-th rewarded trial.
	Muscles []MuscleTrial
	// OneBased takes the file's event indexes as MATLAB counts them, from 1. The
	// published code uses them as they are, counting from 0, so that every event
	// is 10 ms late (spec/03, A1).
	OneBased bool
	// Unsorted keeps the channels whose unit guide holds a 0, which the
	// published code drops.
	Unsorted bool
	Name     string // of the session; default the file's
	Area     string // default by the array: CN for "cuneate", else S1
}

// ReadTrialData reads a session from a MATLAB TrialData file: a struct array
// with one element per trial, time bins of 10 ms in rows (spec/03, 1.2). Both
// MAT v5 and v7.3 files are read. All trials are kept, in the order of the file,
// each a segment of its own; unrewarded ones are left out when windows are cut.
// Hand series are the file's pos, vel, acc and force (cm, cm/s), Joints and
// JointVel the first 14 columns of opensim in the unit of the file, Muscles its
// lengths in mm. Directions are taken as degrees where any exceeds 2π.
func ReadTrialData(path string, o TrialDataOptions) (*Session, error) {
	late, err := isHDF5(path)
	if err != nil {
		return nil, err
	}
	if late {
		names, n, fields, err := trials73(path)
		if err != nil {
			return nil, err
		}
		return readTrials(path, n, names, fields, o)
	}
	f, err := matfile.Reader{MaxBytes: fileBytes}.Read(path)
	if err != nil {
		return nil, err
	}
	td, err := trialStruct(f)
	if err != nil {
		return nil, fmt.Errorf("recording: %s: %w", path, err)
	}
	return readTrials(path, td.Len(), td.Fields, func(name string) []*matfile.Array { return td.Struct[name] }, o)
}

// trialStruct finds the struct array of trials among a file's variables.
func trialStruct(f *matfile.File) (*matfile.Array, error) {
	for _, name := range []string{"td", "trial_data"} {
		if a := f.Vars[name]; a != nil && a.Class == matfile.Struct {
			return a, nil
		}
	}
	var found *matfile.Array
	for _, name := range f.Names {
		if a := f.Vars[name]; a.Class == matfile.Struct {
			if found != nil {
				return nil, fmt.Errorf("several structs and none named td or trial_data: %s", strings.Join(f.Names, ", "))
			}
			found = a
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no struct array of trials (td or trial_data): the file has %s", strings.Join(f.Names, ", "))
	}
	return found, nil
}

// trialReader reads one file's trials.
type trialReader struct {
	path   string
	fields func(string) []*matfile.Array
	o      TrialDataOptions
}

func (r *trialReader) fail(i int, field, format string, args ...any) error {
	return fmt.Errorf("recording: %s: trial %d: %s: %s", r.path, i, field, fmt.Sprintf(format, args...))
}

func readTrials(path string, n int, names []string, fields func(string) []*matfile.Array, o TrialDataOptions) (*Session, error) {
	r := &trialReader{path, fields, o}
	if n == 0 {
		return nil, fmt.Errorf("recording: %s: no trials", path)
	}
	array, err := r.array(names)
	if err != nil {
		return nil, err
	}
	s := &Session{Name: o.Name, Area: o.Area, Bin: 0.010, Source: "recorded: TrialData " + filepath.Base(path)}
	if o.OneBased {
		s.Switches = append(s.Switches, "events counted from 1")
	}
	if o.Unsorted {
		s.Switches = append(s.Switches, "unsorted channels kept")
	}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	if s.Area == "" {
		if s.Area = "S1"; strings.HasPrefix(strings.ToLower(array), "cuneate") {
			s.Area = "CN"
		}
	}
	if a := r.at(0, "monkey"); a != nil && a.Class == matfile.Char {
		s.Animal = a.Text
	}
	if b, ok := r.scalar(0, "bin_size"); ok {
		s.Bin = b
	}
	if per := s.PerBin(); per != 1 || math.Abs(s.Bin-Step) > 1e-9 {
		return nil, r.fail(0, "bin_size", "%g s, 0.01 expected", s.Bin)
	}
	channels, err := r.units(s, array)
	if err != nil {
		return nil, err
	}
	s.Counts = make([][]float64, len(channels))
	for i := range n {
		if err := r.trial(s, i, array, channels); err != nil {
			return nil, err
		}
	}
	if o.Muscles != nil {
		if err := s.replaceMuscles(o.Muscles); err != nil {
			return nil, fmt.Errorf("recording: %s: %w", path, err)
		}
	}
	s.degrees()
	return s, s.Check()
}

// array finds the recording array whose spikes are read.
func (r *trialReader) array(names []string) (string, error) {
	var found []string
	for _, f := range names {
		if p, ok := strings.CutSuffix(f, "_spikes"); ok {
			found = append(found, p)
		}
	}
	sort.Strings(found)
	if r.o.Array != "" {
		for _, p := range found {
			if p == r.o.Array {
				return p, nil
			}
		}
		return "", fmt.Errorf("recording: %s: no field %s_spikes: the arrays are %v", r.path, r.o.Array, found)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("recording: %s: the arrays are %v: name one", r.path, found)
	}
	return found[0], nil
}

func (r *trialReader) at(i int, field string) *matfile.Array {
	v := r.fields(field)
	if i >= len(v) {
		return nil
	}
	return v[i]
}

// scalar returns a field that holds one number; ok is false where it is absent,
// empty or NaN.
func (r *trialReader) scalar(i int, field string) (v float64, ok bool) {
	a := r.at(i, field)
	if a == nil || !a.Class.Numeric() || len(a.Real) == 0 || math.IsNaN(a.Real[0]) {
		return math.NaN(), false
	}
	return a.Real[0], true
}

// units reads the unit guide of the first trial and returns the channels kept.
func (r *trialReader) units(s *Session, array string) ([]int, error) {
	spikes := r.at(0, array+"_spikes")
	if spikes == nil || !spikes.Class.Numeric() || len(spikes.Dims) != 2 {
		return nil, r.fail(0, array+"_spikes", "a matrix [bin][channel] expected, found %v", spikes)
	}
	n := spikes.Dims[1]
	if n > maxTrialChannels {
		return nil, r.fail(0, array+"_spikes", "%d channels, at most %d expected", n, maxTrialChannels)
	}
	guide := r.at(0, array+"_unit_guide")
	if guide != nil && (!guide.Class.Numeric() || len(guide.Dims) != 2 || guide.Dims[0] != n || guide.Dims[1] < 2) {
		return nil, r.fail(0, array+"_unit_guide", "%v, a matrix of %d rows (electrode, unit) expected", guide, n)
	}
	var kept []int
	for c := range n {
		u := Unit{}
		if guide != nil {
			u.Electrode, u.ID = int(guide.At(c, 0)), int(guide.At(c, 1))
			if !r.o.Unsorted && (u.Electrode == 0 || u.ID == 0) {
				continue
			}
		}
		kept = append(kept, c)
		s.Units = append(s.Units, u)
	}
	if len(kept) == 0 {
		return nil, r.fail(0, array+"_unit_guide", "all %d channels are unsorted (unit 0): at least one sorted unit expected", n)
	}
	return kept, nil
}

// trial appends one trial to the session.
func (r *trialReader) trial(s *Session, i int, array string, channels []int) error {
	spikes := r.at(i, array+"_spikes")
	if spikes == nil || !spikes.Class.Numeric() || len(spikes.Dims) != 2 {
		return r.fail(i, array+"_spikes", "a matrix [bin][channel] expected, found %v", spikes)
	}
	n := spikes.Dims[0]
	if n == 0 {
		return r.fail(i, array+"_spikes", "no bins")
	}
	if last := channels[len(channels)-1]; last >= spikes.Dims[1] {
		return r.fail(i, array+"_spikes", "%d channels, %d in the first trial", spikes.Dims[1], last+1)
	}
	start := len(s.Counts[0])
	for k, c := range channels {
		s.Counts[k] = append(s.Counts[k], spikes.Column(c)...)
	}
	for _, f := range []struct {
		name string
		dst  *[][]float64
	}{{"pos", &s.Hand}, {"vel", &s.HandVel}, {"acc", &s.HandAcc}, {"force", &s.Force}} {
		cols, err := r.matrix(i, f.name, n, 2)
		if err != nil {
			return err
		}
		if err := r.append(i, f.name, f.dst, cols, start); err != nil {
			return err
		}
	}
	os, err := r.matrix(i, "opensim", n, opensimColumns)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		dst      *[][]float64
		from, to int
		scale    float64
	}{{&s.Joints, 0, opensimJoints, 1}, {&s.JointVel, opensimJoints, 2 * opensimJoints, 1},
		{&s.Muscles, opensimMuscles, opensimMuscles + NumMuscles, 1000}} {
		var cols [][]float64
		if os != nil {
			cols = os[f.from:f.to]
			for _, c := range cols {
				for t := range c {
					c[t] *= f.scale
				}
			}
		}
		if err := r.append(i, "opensim", f.dst, cols, start); err != nil {
			return err
		}
	}
	marker, err := r.marker(i, n)
	if err != nil {
		return err
	}
	if err := r.append(i, "markers", &s.Marker, marker, start); err != nil {
		return err
	}
	t := Trial{ID: i, Start: start, End: start + n, Group: i, Target: math.NaN(), BumpDir: math.NaN()}
	if id, ok := r.scalar(i, "trial_id"); ok {
		t.ID = int(id)
	}
	for _, e := range []struct {
		field string
		dst   *int
	}{{"idx_movement_on", &t.Onset}, {"idx_endTime", &t.Stop}, {"idx_bumpTime", &t.Bump},
		{"idx_tgtOnTime", &t.TargetOn}, {"idx_goCueTime", &t.GoCue}, {"idx_peak_speed", &t.PeakSpeed}} {
		*e.dst = None
		if v, ok := r.scalar(i, e.field); ok && math.Abs(v) < 1e9 {
			if r.o.OneBased {
				v--
			}
			*e.dst = start + int(v)
		}
	}
	if v, ok := r.scalar(i, "target_direction"); ok {
		t.Target = v
	}
	if v, ok := r.scalar(i, "bumpDir"); ok {
		t.BumpDir = v
	}
	switch a := r.at(i, "result"); {
	case a == nil:
		t.Rewarded = true // a file of rewarded trials
	case a.Class == matfile.Char:
		t.Rewarded = a.Text == "R"
	case a.Class.Numeric() && len(a.Real) > 0:
		t.Rewarded = a.Real[0] == 'R'
	}
	s.Trials = append(s.Trials, t)
	s.Segments = append(s.Segments, Segment{t.Start, t.End})
	return nil
}

// matrix returns the columns of a field of n rows, nil where it is absent.
func (r *trialReader) matrix(i int, field string, n, cols int) ([][]float64, error) {
	a := r.at(i, field)
	if a == nil || len(a.Real) == 0 {
		return nil, nil
	}
	if !a.Class.Numeric() || len(a.Dims) != 2 || a.Dims[0] != n || a.Dims[1] < cols {
		return nil, r.fail(i, field, "%v, a matrix of %d bins and at least %d columns expected", a, n, cols)
	}
	out := make([][]float64, cols)
	for c := range out {
		out[c] = a.Column(c)
	}
	return out, nil
}

// append adds one trial's rows to a series that all trials have or none has.
func (r *trialReader) append(i int, field string, dst *[][]float64, rows [][]float64, start int) error {
	if rows == nil && *dst == nil {
		return nil
	}
	if *dst == nil && start == 0 {
		*dst = make([][]float64, len(rows))
	}
	if len(rows) != len(*dst) {
		return r.fail(i, field, "%d columns, other trials have %d", len(rows), len(*dst))
	}
	for k := range rows {
		(*dst)[k] = append((*dst)[k], rows[k]...)
	}
	return nil
}

// marker returns the hand marker, columns 6 to 8 of markers (m), in cm and the
// arm's world axes.
func (r *trialReader) marker(i, n int) ([][]float64, error) {
	m, err := r.matrix(i, "markers", n, 9)
	if m == nil || err != nil {
		return nil, err
	}
	x, y, z := m[6], m[7], m[8]
	for t := range x {
		x[t], y[t], z[t] = 100*x[t], -100*z[t], 100*y[t] // a turn by 90° about x
	}
	return [][]float64{x, y, z}, nil
}

// degrees converts directions to rad where the file has degrees.
func (s *Session) degrees() {
	for _, get := range []func(*Trial) *float64{
		func(t *Trial) *float64 { return &t.Target }, func(t *Trial) *float64 { return &t.BumpDir }} {
		var most float64
		for i := range s.Trials {
			if v := math.Abs(*get(&s.Trials[i])); v > most {
				most = v
			}
		}
		if most > 2*math.Pi+1e-6 {
			for i := range s.Trials {
				*get(&s.Trials[i]) *= degree
			}
		}
	}
}
