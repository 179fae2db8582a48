package recording

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/spindle-lab/spindle/lib/run"
)

// The shape of a network's input window.
const (
	Window  = 400 // samples
	Onset   = 100 // sample at which the movement begins
	Passive = 13  // samples of a passive window, 130 ms
)

// A Condition is what moves the arm.
type Condition string

// The two conditions of the paper, and the control made of the first.
const (
	Reaching  Condition = "active"            // from movement onset to the end of the trial
	Bumped    Condition = "passive"           // the 130 ms after a perturbation
	AsPassive Condition = "active-as-passive" // active trials as few and as short as the passive ones
)

// AlignOptions says how windows are made. Zero fields take the published way.
type AlignOptions struct {
	Condition Condition // default Reaching
	Taps      int       // boxcar over 10 ms counts, odd; default 5; bins of 50 ms are not smoothed

	// SmoothCut smooths the cut counts, zero outside, where the published code
	// smooths the whole trial before cutting.
	SmoothCut bool
	// Millimetres gives the network the passive input in mm and mm/s, as in
	// training. The published loader gives it in m and m/s by mistake (spec/03,
	// defect B2); layer normalisation hides the difference.
	Millimetres bool

	// Bounds leaves out trials whose hand marker strays from the workspace; the
	// published code does so for Butter, see [ButterBounds].
	Bounds *Bounds
	// RepairNaN fills gaps of up to so many samples in muscle lengths, within a
	// trial, by linear interpolation; trials that still hold NaN are left out.
	RepairNaN int

	TestFraction float64 // of trials, rounded up; default 0.2
	SplitSeed    uint64
	Train, Test  []int // positions among the kept trials, if the split is given
	Limit        int   // use at most so many trials, evenly spread; 0 uses all

	Progress run.Progress
}

// Bounds of the hand marker in the arm's world axes, cm. Forward and side hold
// over the whole trial, height over the movement.
type Bounds struct{ MinForward, MaxForward, MaxSide, MaxHeight float64 }

// ButterBounds are those of the published code for Butter (spec/03, 1.7).
func ButterBounds() *Bounds { return &Bounds{5, 35, 13, 13} }

const millimetres = "passive input in mm"

// An Excluded trial is one that was left out, and why.
type Excluded struct {
	Trial int // position in Session.Trials
	Why   string
}

// Kinematics are the signals of one cut trial at the bins of its rates, flat
// [bin][column]; nil where the session has none.
type Kinematics struct {
	Pos, Vel, Acc, Force []float64 // 2 or 3 columns
	Joints, JointVel     []float64
	Muscles, MuscleVel   []float64 // 39 columns, mm and mm/s, velocity from the cut length
	Origin               []float64 // hand position one bin before the cut, 2 or 3 values
	Axes, NumJoints      int
}

// Aligned holds what a probe compares: windows of muscle input, and rates and
// kinematics cut to the movement.
type Aligned struct {
	Name, Animal, Area, Source string
	Arm                        string
	Condition                  Condition
	Units                      []Unit
	PerBin                     int // samples of 10 ms to a row of Rates

	IDs       []int       // the file's number of each trial
	Durations []int       // samples of 10 ms, a multiple of PerBin, [trial]
	Input     []float32   // mm and mm/s, [trial][39][400][2]; nil without muscles
	Rates     [][]float64 // mean spikes per 10 ms, flat [bin][unit], [trial]
	Counts    [][]float64 // raw spikes per bin, flat [bin][unit], [trial]
	Kin       []Kinematics

	Directions []float64 // of the target, or of the perturbation, rad; NaN where unknown, [trial]
	Starts     []int     // window sample at which each cut begins; nil: Onset
	Taps       int       // bins that a rate was smoothed over

	Train, Test []int // positions of trials, in the order of the split
	Excluded    []Excluded
	Switches    []string // options that are off the published default

	// Whole holds, where Bounds left trials out, all trials as they would be
	// without them, in the session's order, with neither input nor split; Place
	// is where each trial stands in it. The published linear models confuse the
	// two lists (spec/03, defects B5 and B6).
	Whole *Aligned
	Place []int
}

// Trials is the number of trials.
func (a *Aligned) Trials() int { return len(a.Durations) }

// Align cuts a session's trials to the movement and makes windows of them: the
// muscle lengths of the movement, sample [Onset] on, edge-padded to 400 samples,
// their rate of change taken after padding, and the counts of the same stretch.
// Rewarded trials only. Trials without the event, with NaN kinematics, shorter
// than the boxcar or longer than the 300 samples after onset are left out and
// listed in Excluded; the published code lets longer ones break its arrays.
func (s *Session) Align(ctx context.Context, o AlignOptions) (*Aligned, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if o.Condition == "" {
		o.Condition = Reaching
	}
	if o.Condition != Reaching && o.Condition != Bumped {
		return nil, fmt.Errorf("recording: condition %q: %s or %s expected", o.Condition, Reaching, Bumped)
	}
	if o.Taps == 0 {
		o.Taps = 5
	}
	if o.Taps < 0 || o.Taps%2 == 0 {
		return nil, fmt.Errorf("recording: boxcar of %d taps: an odd number expected", o.Taps)
	}
	if o.Bounds != nil && len(s.Marker) != 3 {
		return nil, fmt.Errorf("recording: %s has no hand marker to hold within bounds", s.Name)
	}
	if o.RepairNaN > 0 {
		c := *s
		c.Muscles = repaired(s, o.RepairNaN)
		s = &c
	}
	a := &Aligned{Name: s.Name, Animal: s.Animal, Area: s.Area, Source: s.Source, Arm: s.Arm,
		Condition: o.Condition, Units: s.Units, PerBin: s.PerBin(), Switches: slices.Clone(s.Switches)}
	if s.Bin > Step {
		o.Taps = 1
	}
	a.Taps = o.Taps
	if o.SmoothCut {
		a.Switches = append(a.Switches, "counts smoothed after cutting")
	}
	if o.Millimetres && o.Condition == Bumped {
		a.Switches = append(a.Switches, millimetres)
	}
	if o.RepairNaN > 0 {
		a.Switches = append(a.Switches, fmt.Sprintf("gaps of up to %d samples filled", o.RepairNaN))
	}
	var chosen []int
	var cuts [][2]int
	for i, t := range s.Trials {
		from, to, why := s.cut(t, o)
		if why != "" {
			a.Excluded = append(a.Excluded, Excluded{i, why})
			continue
		}
		chosen, cuts = append(chosen, i), append(cuts, [2]int{from, to})
	}
	if o.Limit > 0 && len(chosen) > o.Limit {
		for i := range o.Limit {
			k := i * len(chosen) / o.Limit
			chosen[i], cuts[i] = chosen[k], cuts[k]
		}
		chosen, cuts = chosen[:o.Limit], cuts[:o.Limit]
	}
	if len(chosen) == 0 {
		why := "there are none"
		if len(a.Excluded) > 0 {
			why = fmt.Sprintf("%d left out, the first because %s", len(a.Excluded), a.Excluded[0].Why)
		}
		return nil, fmt.Errorf("recording: %s: no %s trials: %s", s.Name, o.Condition, why)
	}
	var size int64
	for _, c := range cuts {
		size += alignedBytes(c[1]-c[0], len(s.Units), len(s.Joints))
	}
	if size > maxAligned {
		return nil, fmt.Errorf("recording: %s: %d trials of %d units take %d bytes in memory, at most %d expected: take fewer trials (AlignOptions.Limit)",
			s.Name, len(chosen), len(s.Units), size, int64(maxAligned))
	}
	if s.Muscles != nil {
		a.Input = make([]float32, len(chosen)*NumMuscles*Window*2)
	}
	for k, i := range chosen {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.window(a, k, s.Trials[i], cuts[k][0], cuts[k][1], o)
		o.Progress.Report(k+1, len(chosen), "windows")
	}
	groups := make([]int, len(chosen))
	for k, i := range chosen {
		groups[k] = s.Trials[i].Group
	}
	var err error
	a.Train, a.Test, err = split(groups, o)
	if err != nil {
		return nil, fmt.Errorf("recording: %s: %w", s.Name, err)
	}
	if o.Bounds != nil {
		s.whole(a, chosen, o)
	}
	return a, nil
}

// maxAligned bounds the memory of a session's windows, bytes: some ten thousand
// trials of a hundred units. Trials of a file may overlap, so that its size does
// not bound theirs.
const maxAligned = 8 << 30

// alignedBytes is what a trial of so many bins takes: its window, rates and
// counts, and kinematics.
func alignedBytes(bins, units, joints int) int64 {
	return 4*NumMuscles*Window*2 + 8*int64(bins)*int64(2*units+2*joints+2*NumMuscles+12)
}

// whole fills Whole and Place.
func (s *Session) whole(a *Aligned, chosen []int, o AlignOptions) {
	o.Bounds = nil
	w := &Aligned{Name: a.Name, Animal: a.Animal, Area: a.Area, Source: a.Source, Arm: a.Arm, Condition: a.Condition,
		Units: a.Units, PerBin: a.PerBin, Taps: a.Taps}
	at := map[int]int{}
	for i, t := range s.Trials {
		if from, to, why := s.cut(t, o); why == "" {
			at[i] = len(w.IDs)
			s.window(w, at[i], t, from, to, o)
		}
	}
	if w.Trials() == len(chosen) {
		return
	}
	a.Whole, a.Place = w, make([]int, len(chosen))
	for k, i := range chosen {
		a.Place[k] = at[i]
	}
}

// cut returns the bins [from, to) of a trial's window, or why it has none.
func (s *Session) cut(t Trial, o AlignOptions) (from, to int, why string) {
	per := s.PerBin()
	if !t.Rewarded {
		return 0, 0, "it was not rewarded"
	}
	if o.Condition == Bumped {
		if t.Bump == None || math.IsNaN(t.BumpDir) {
			return 0, 0, "it has no perturbation"
		}
		from = t.Bump
		to = from + (Passive+per-1)/per
	} else {
		if t.Onset == None || t.Stop == None {
			return 0, 0, "it has no movement onset or end"
		}
		from, to = t.Onset, t.Stop
	}
	n := (to - from) * per
	switch {
	case from < t.Start || to > t.End:
		return 0, 0, fmt.Sprintf("its movement [%d, %d) passes the trial's bins [%d, %d)", from, to, t.Start, t.End)
	case n > Window-Onset:
		return 0, 0, fmt.Sprintf("its movement of %d samples is longer than the window's %d", n, Window-Onset)
	case to-from < o.Taps || to <= from:
		return 0, 0, fmt.Sprintf("its movement of %d bins is shorter than the boxcar's %d", to-from, max(o.Taps, 1))
	}
	if why := s.outside(t, from*per, to*per, o.Bounds); why != "" {
		return 0, 0, why
	}
	for _, x := range []struct {
		name string
		rows [][]float64
	}{{"muscle length", s.Muscles}, {"hand position", s.Hand}, {"hand velocity", s.HandVel}, {"hand acceleration", s.HandAcc},
		{"force", s.Force}, {"joint angle", s.Joints}, {"joint velocity", s.JointVel}} {
		for _, row := range x.rows {
			for t := from * per; t < to*per; t++ {
				if math.IsNaN(row[t]) || math.IsInf(row[t], 0) {
					return 0, 0, "its " + x.name + " is not finite"
				}
			}
		}
	}
	return from, to, ""
}

// outside tells where the hand marker of a trial leaves the bounds.
func (s *Session) outside(t Trial, from, to int, b *Bounds) string {
	if b == nil {
		return ""
	}
	per := s.PerBin()
	for k := t.Start * per; k < t.End*per; k++ {
		x, y, z := math.Abs(s.Marker[0][k]), math.Abs(s.Marker[1][k]), math.Abs(s.Marker[2][k])
		if x > b.MaxForward || x < b.MinForward || y > b.MaxSide || k >= from && k < to && z > b.MaxHeight {
			return fmt.Sprintf("its hand marker leaves the bounds at (%.1f, %.1f, %.1f) cm", s.Marker[0][k], s.Marker[1][k], s.Marker[2][k])
		}
	}
	return ""
}

// repaired returns muscle lengths with gaps of up to most samples within a trial
// filled by straight lines.
func repaired(s *Session, most int) [][]float64 {
	out := make([][]float64, len(s.Muscles))
	per := s.PerBin()
	for m, row := range s.Muscles {
		out[m] = slices.Clone(row)
		for _, t := range s.Trials {
			x := out[m][t.Start*per : t.End*per]
			for i := 1; i < len(x); i++ {
				if !math.IsNaN(x[i]) || math.IsNaN(x[i-1]) {
					continue
				}
				j := i
				for j < len(x) && math.IsNaN(x[j]) {
					j++
				}
				if j == len(x) || j-i > most {
					i = j
					continue
				}
				for k := i; k < j; k++ {
					u := float64(k-i+1) / float64(j-i+1)
					x[k] = (1-u)*row[t.Start*per+i-1] + u*x[j]
				}
			}
		}
	}
	return out
}

func (s *Session) window(a *Aligned, k int, t Trial, from, to int, o AlignOptions) {
	per, units, bins := s.PerBin(), len(s.Units), to-from
	a.IDs = append(a.IDs, t.ID)
	a.Durations = append(a.Durations, bins*per)
	if o.Condition == Bumped {
		a.Directions = append(a.Directions, t.BumpDir)
	} else {
		a.Directions = append(a.Directions, t.Target)
	}
	rates, counts := make([]float64, bins*units), make([]float64, bins*units)
	for u, c := range s.Counts {
		var sm []float64
		switch {
		case o.Taps == 1:
			sm = c[from:to]
		case o.SmoothCut:
			sm = Boxcar(c[from:to], o.Taps)
		default:
			sm = Boxcar(c[t.Start:t.End], o.Taps)[from-t.Start : to-t.Start]
		}
		for b := range bins {
			rates[b*units+u] = sm[b] / float64(per)
			counts[b*units+u] = c[from+b]
		}
	}
	a.Rates, a.Counts = append(a.Rates, rates), append(a.Counts, counts)

	kin := Kinematics{Axes: len(s.Hand), NumJoints: len(s.Joints)}
	lo, hi := from*per, to*per
	kin.Pos = atBins(s.Hand, lo, hi, per)
	kin.Vel = atBins(s.HandVel, lo, hi, per)
	kin.Acc = atBins(s.HandAcc, lo, hi, per)
	kin.Force = atBins(s.Force, lo, hi, per)
	if kin.Joints, kin.JointVel = atBins(s.Joints, lo, hi, per), atBins(s.JointVel, lo, hi, per); o.Condition == Bumped {
		// The published passive models take four angles, and their gradient over
		// the whole trial for velocities.
		four := s.Joints[:min(4, len(s.Joints))]
		rate := make([][]float64, len(four))
		for j, row := range four {
			rate[j] = make([]float64, t.End*per-t.Start*per)
			Gradient(rate[j], row[t.Start*per:t.End*per], Step)
		}
		kin.NumJoints = len(four)
		kin.Joints, kin.JointVel = atBins(four, lo, hi, per), atBins(rate, lo-t.Start*per, hi-t.Start*per, per)
	}
	kin.Muscles = atBins(s.Muscles, lo, hi, per)
	if before := max(lo-per, t.Start*per); len(s.Hand) > 0 {
		kin.Origin = atBins(s.Hand, before, before+per, per)
	}
	if s.Muscles != nil {
		v := make([][]float64, NumMuscles)
		win, rate := make([]float64, Window), make([]float64, Window)
		scale := 1.0
		if !o.Millimetres && o.Condition == Bumped {
			scale = 1e-3
		}
		for m, row := range s.Muscles {
			v[m] = make([]float64, hi-lo)
			Gradient(v[m], row[lo:hi], Step)
			if a.Input == nil {
				continue
			}
			PadEdge(win, row[lo:hi], Onset)
			Gradient(rate, win, Step)
			dst := a.Input[(k*NumMuscles+m)*Window*2:][:Window*2]
			for i := range win {
				dst[2*i], dst[2*i+1] = float32(scale*win[i]), float32(scale*rate[i])
			}
		}
		kin.MuscleVel = atBins(v, 0, hi-lo, per)
	}
	a.Kin = append(a.Kin, kin)
}

// atBins averages samples [lo, hi) of each row over bins of per, flat [bin][row].
func atBins(rows [][]float64, lo, hi, per int) []float64 {
	if len(rows) == 0 {
		return nil
	}
	out := make([]float64, (hi-lo)/per*len(rows))
	for r, row := range rows {
		for b := range (hi - lo) / per {
			var s float64
			for _, v := range row[lo+b*per : lo+(b+1)*per] {
				s += v
			}
			out[b*len(rows)+r] = s / float64(per)
		}
	}
	return out
}

// split divides trials into training and test, whole groups at a time.
func split(groups []int, o AlignOptions) (train, test []int, err error) {
	n := len(groups)
	if o.Train != nil || o.Test != nil {
		seen := make([]bool, n)
		for _, i := range slices.Concat(o.Train, o.Test) {
			if i < 0 || i >= n {
				return nil, nil, fmt.Errorf("the given split names trial %d of %d kept ones", i, n)
			}
			if seen[i] {
				return nil, nil, fmt.Errorf("the given split names trial %d twice", i)
			}
			seen[i] = true
		}
		return o.Train, o.Test, nil
	}
	f := o.TestFraction
	if f == 0 {
		f = 0.2
	}
	if !(f > 0 && f < 1) {
		return nil, nil, fmt.Errorf("a test fraction of %g: between 0 and 1 expected", f)
	}
	if n < 2 {
		return nil, nil, fmt.Errorf("%d trial to split into training and test: at least 2 expected", n)
	}
	members := map[int][]int{}
	var order []int
	for i, g := range groups {
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], i)
	}
	want := int(math.Ceil(f * float64(n)))
	rng := run.Stream(o.SplitSeed, "split")
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, g := range order {
		if len(test) < want && len(test)+len(members[g]) < n {
			test = append(test, members[g]...)
		} else {
			train = append(train, members[g]...)
		}
	}
	if len(test) == 0 {
		return nil, nil, fmt.Errorf("all %d trials are of one group: no split keeps it whole", n)
	}
	rng.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
	rng.Shuffle(len(test), func(i, j int) { test[i], test[j] = test[j], test[i] })
	return train, test, nil
}

// Slice returns bins [from, to) of a cut of that many bins.
func (k Kinematics) Slice(from, to, bins int) Kinematics {
	for _, v := range []*[]float64{&k.Pos, &k.Vel, &k.Acc, &k.Force, &k.Joints, &k.JointVel, &k.Muscles, &k.MuscleVel} {
		if w := len(*v) / bins; w > 0 {
			*v = (*v)[from*w : to*w]
		}
	}
	return k
}
