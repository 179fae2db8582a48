package recording

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/run"
)

// SimOptions describes a simulated session. Zero fields take the defaults.
type SimOptions struct {
	Name     string // default "simulated"
	Seed     uint64
	Monkey   string     // whose arm; default "snap"
	Trials   int        // default 160
	Bumps    int        // trials that begin with a perturbation; default a quarter
	Units    int        // default 30, divided evenly between the tunings
	Tuning   []string   // of "hand", "joint", "muscle"; default all three
	Rate     float64    // mean rate, spikes/s; default 20
	Depth    float64    // standard deviation of the rate over its mean, before rectification; default 0.4
	Ceiling  float64    // if not 0, rates are scaled so that a perfect model reaches this EV in reaches, in expectation
	Radius   float64    // cm, distance of the eight targets; default 9
	Bin      float64    // s; default 0.010
	Place    *Placement // of the shoulder; default fitted to the workspace
	Progress run.Progress
}

func (o *SimOptions) defaults() error {
	if o.Name == "" {
		o.Name = "simulated"
	}
	if o.Monkey == "" {
		o.Monkey = "snap"
	}
	if o.Trials == 0 {
		o.Trials = 160
	}
	if o.Bumps == 0 {
		o.Bumps = o.Trials / 4
	}
	if o.Units == 0 {
		o.Units = 30
	}
	if o.Tuning == nil {
		o.Tuning = []string{"hand", "joint", "muscle"}
	}
	if o.Rate == 0 {
		o.Rate = 20
	}
	if o.Depth == 0 {
		o.Depth = 0.4
	}
	if o.Radius == 0 {
		o.Radius = 9
	}
	if o.Bin == 0 {
		o.Bin = Step
	}
	per := math.Round(o.Bin / Step)
	switch {
	case o.Trials < 1 || o.Trials > 1e5 || o.Bumps < 0 || o.Bumps > o.Trials:
		return fmt.Errorf("recording: simulate %d trials, %d with bumps: 1 to 100000, and no more bumps than trials, expected", o.Trials, o.Bumps)
	case o.Units < 1 || o.Units > 1e4:
		return fmt.Errorf("recording: simulate %d units: 1 to 10000 expected", o.Units)
	case !(o.Rate > 0) || o.Rate > 1000:
		return fmt.Errorf("recording: simulate a rate of %g spikes/s: above 0 and up to 1000 expected", o.Rate)
	case !(o.Depth > 0) || o.Depth > 10:
		return fmt.Errorf("recording: simulate rates of depth %g: above 0 and up to 10 expected", o.Depth)
	case !(o.Ceiling >= 0 && o.Ceiling < 1):
		return fmt.Errorf("recording: simulate a ceiling of %g: from 0 to below 1 expected", o.Ceiling)
	case !(o.Radius > 0) || o.Radius > 15:
		return fmt.Errorf("recording: simulate targets at %g cm: above 0 and up to 15 expected", o.Radius)
	case !(per >= 1 && per <= 10) || math.Abs(o.Bin-per*Step) > 1e-9:
		return fmt.Errorf("recording: simulate bins of %g s: a multiple of 10 ms up to 100 ms expected", o.Bin)
	}
	for _, t := range o.Tuning {
		if !slices.Contains([]string{"hand", "joint", "muscle"}, t) {
			return fmt.Errorf("recording: simulate units tuned to %q: hand, joint or muscle expected", t)
		}
	}
	return nil
}

// Simulate makes a centre-out session: reaches of bell-shaped speed from the
// centre to eight targets in a horizontal plane, in some trials after a
// perturbation of about 3 cm in 130 ms, by the arm of a monkey. Each unit's
// rate is a rectified weighted sum of what it is tuned to: position and
// velocity of the hand; angles and angular velocities of the joints; or lengths
// and rectified velocities of three muscles that move. Counts are Poisson.
// Unit.Truth names the tuning, Unit.Ceiling the EV that the true rate would have
// for counts smoothed over 50 ms, in the reaches.
func Simulate(o SimOptions) (*Session, error) { return SimulateContext(context.Background(), o) }

// smoothQuirks are the quirks of a simulated arm: without the stale wrap points,
// which make lengths jump by a millimetre, but with the phantom of the torus,
// which keeps paths from going around it the long way.
var smoothQuirks = arm.Quirks{SixDigitOffsets: true, TorusPhantom: true}

// SimulateContext is [Simulate] with a context.
func SimulateContext(ctx context.Context, o SimOptions) (*Session, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	s := &Session{Name: o.Name, Animal: "simulated " + o.Monkey, Area: "simulated", Bin: o.Bin,
		Source: fmt.Sprintf("simulated: centre-out reaches, units of known tuning, seed %d", o.Seed)}
	s.Hand, s.HandVel, s.HandAcc, s.Force = make([][]float64, 2), make([][]float64, 2), make([][]float64, 2), make([][]float64, 2)
	per := s.PerBin()
	bumped := run.Stream(o.Seed, "bumps").Perm(o.Trials)[:o.Bumps]
	for i := range o.Trials {
		s.simulateTrial(i, per, o.Radius, slices.Contains(bumped, i), run.Stream(o.Seed, "trial", i))
	}
	s.Units = []Unit{{}}
	s.Counts = [][]float64{make([]float64, len(s.Hand[0])/per)} // so that the session has its length
	if err := s.AddArm(ctx, ArmOptions{Monkey: o.Monkey, Placement: o.Place, Quirks: &smoothQuirks, Progress: o.Progress}); err != nil {
		return nil, err
	}
	s.Units, s.Counts = nil, nil
	for u := range o.Units {
		truth := o.Tuning[u*len(o.Tuning)/o.Units]
		counts, ceiling := s.simulateUnit(truth, o, run.Stream(o.Seed, "unit", u))
		s.Units = append(s.Units, Unit{Electrode: u/4 + 1, ID: u%4 + 1, Truth: truth, Ceiling: ceiling})
		s.Counts = append(s.Counts, counts)
	}
	return s, s.Check()
}

// simulateTrial appends the kinematics of one trial, whole bins long.
func (s *Session) simulateTrial(id, per int, radius float64, bump bool, rng *rand.Rand) {
	sec := func(lo, hi float64) int {
		n := int((lo + (hi-lo)*rng.Float64()) / Step)
		return (n + per - 1) / per * per
	}
	hold, wait, move, rest := sec(0.3, 0.4), sec(0.25, 0.45), sec(0.45, 0.8), sec(0.1, 0.2)
	perturb := 0
	if bump {
		perturb = sec(0.45, 0.5)
	}
	n := hold + perturb + wait + move + rest
	target := 2 * math.Pi * float64(rng.IntN(8)) / 8
	amplitude := radius * (1 + 0.05*rng.NormFloat64())
	bow := 0.06 * radius * rng.NormFloat64() // sideways deviation, cm
	var start [2]float64
	for a := range start {
		start[a] = 0.4 * rng.NormFloat64()
	}
	bumpDir, size := 2*math.Pi*float64(rng.IntN(4))/4, 3*(1+0.1*rng.NormFloat64())
	base := len(s.Hand[0])
	onset := hold + perturb + wait
	p := [2][]float64{make([]float64, n), make([]float64, n)}
	f := [2][]float64{make([]float64, n), make([]float64, n)}
	tremor := [2]float64{}
	for t := range n {
		along, across := 0.0, 0.0
		if x := float64(t-onset) / float64(move); x > 0 {
			x = min(x, 1)
			along = amplitude * x * x * x * (10 - 15*x + 6*x*x)
			across = bow * 16 * x * x * (1 - x) * (1 - x)
		}
		sin, cos := math.Sincos(target)
		at := [2]float64{along*cos - across*sin, along*sin + across*cos}
		push := 0.0
		if x := float64(t-hold) / 40; bump && x > 0 && x < 1 {
			// Out in 130 ms, then back.
			push = size * 16 * x * x * (1 - x) * (1 - x)
			if t-hold < 13 {
				f[0][t], f[1][t] = 2*math.Cos(bumpDir), 2*math.Sin(bumpDir)
			}
		}
		for a := range at {
			tremor[a] = 0.97*tremor[a] + 0.004*rng.NormFloat64()
			c := [2]float64{math.Cos(bumpDir), math.Sin(bumpDir)}[a]
			p[a][t] = start[a] + at[a] + push*c + tremor[a]
		}
	}
	for a := range p {
		v, acc := make([]float64, n), make([]float64, n)
		smooth(p[a])
		Gradient(v, p[a], Step)
		Gradient(acc, v, Step)
		for t := range f[a] {
			f[a][t] += 0.005 * acc[t] // N, a handle of half a kilogram
		}
		s.Hand[a] = append(s.Hand[a], p[a]...)
		s.HandVel[a] = append(s.HandVel[a], v...)
		s.HandAcc[a] = append(s.HandAcc[a], acc...)
		s.Force[a] = append(s.Force[a], f[a]...)
	}
	bin := func(sample int) int { return (base + sample) / per }
	tr := Trial{ID: id, Start: bin(0), End: bin(n), Onset: bin(onset), Stop: bin(onset + move), Bump: None,
		TargetOn: bin(hold + perturb), GoCue: bin(hold + perturb + wait/2), PeakSpeed: bin(onset + move/2),
		Target: target, BumpDir: math.NaN(), Rewarded: true, Group: id}
	if bump {
		tr.Bump, tr.BumpDir = bin(hold), bumpDir
	}
	s.Trials = append(s.Trials, tr)
	s.Segments = append(s.Segments, Segment{tr.Start, tr.End})
}

// smooth is a running mean of five samples, shorter at the ends.
func smooth(x []float64) {
	in := slices.Clone(x)
	for t := range x {
		h := min(2, t, len(x)-1-t)
		var s float64
		for _, v := range in[t-h : t+h+1] {
			s += v
		}
		x[t] = s / float64(2*h+1)
	}
}

// simulateUnit draws a unit's tuning and its counts.
func (s *Session) simulateUnit(truth string, o SimOptions, rng *rand.Rand) (counts []float64, ceiling float64) {
	n := len(s.Hand[0])
	drive := make([]float64, n)
	add := func(w float64, x []float64, rectify bool) {
		mean, sd := meanSD(x)
		if sd == 0 {
			return
		}
		for t, v := range x {
			z := (v - mean) / sd
			if rectify {
				z = max(v, 0) / sd
			}
			drive[t] += w * z
		}
	}
	switch truth {
	case "hand":
		for a := range s.Hand {
			add(0.6*rng.NormFloat64(), s.Hand[a], false)
			add(rng.NormFloat64(), s.HandVel[a], false)
		}
	case "joint":
		for j := range s.Joints {
			add(0.6*rng.NormFloat64(), s.Joints[j], false)
			add(rng.NormFloat64(), s.JointVel[j], false)
		}
	case "muscle":
		var moving []int // those that cross the wrist only keep their length
		for m := range s.Muscles {
			if _, sd := meanSD(s.Muscles[m]); sd > 1 { // mm
				moving = append(moving, m)
			}
		}
		rng.Shuffle(len(moving), func(i, j int) { moving[i], moving[j] = moving[j], moving[i] })
		for _, m := range moving[:min(3, len(moving))] {
			v := make([]float64, n)
			for _, g := range s.Segments {
				lo, hi := g.Start*s.PerBin(), g.End*s.PerBin()
				Gradient(v[lo:hi], s.Muscles[m][lo:hi], Step)
			}
			add(0.6*math.Abs(rng.NormFloat64()), s.Muscles[m], false)
			add(math.Abs(rng.NormFloat64())+0.5, v, true)
		}
	}
	mean, sd := meanSD(drive)
	if sd == 0 {
		sd = 1
	}
	rate := make([]float64, n) // spikes per sample before scaling
	for t, v := range drive {
		rate[t] = max(0, 1+o.Depth*(v-mean)/sd)
	}
	level, _ := meanSD(rate)
	scale := o.Rate * Step / level
	// What a perfect model of the rates over 50 ms would explain of Poisson
	// counts in the reaches.
	var slow []float64
	per := s.PerBin()
	for _, t := range s.Trials {
		slow = append(slow, Boxcar(rate[t.Start*per:t.End*per], 5)[(t.Onset-t.Start)*per:(t.Stop-t.Start)*per]...)
	}
	level, spread := meanSD(slow)
	noise := level / 5
	if o.Ceiling > 0 && spread > 0 {
		scale = noise / (spread * spread) * o.Ceiling / (1 - o.Ceiling)
	}
	signal := scale * spread * spread
	ceiling = signal / (signal + noise)
	counts = make([]float64, n/per)
	for b := range counts {
		var mu float64
		for t := b * per; t < (b+1)*per; t++ {
			mu += scale * rate[t]
		}
		counts[b] = float64(poisson(mu, rng))
	}
	return counts, ceiling
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(x)))
}

// poisson draws a count of mean mu by multiplying uniforms, in parts of mean 10.
func poisson(mu float64, rng *rand.Rand) int {
	k := 0
	for mu > 0 {
		part := min(mu, 10)
		mu -= part
		for p, limit := rng.Float64(), math.Exp(-part); p > limit; p *= rng.Float64() {
			k++
		}
	}
	return k
}
