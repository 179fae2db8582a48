package recording

import (
	"fmt"
	"math"
)

// Step is the time from one kinematic sample to the next, in s.
const Step = 0.010

// NumMuscles is the number of muscles of the arm model.
const NumMuscles = 39

// A Unit is a recorded neuron.
type Unit struct {
	Electrode, ID int     // of the file's unit guide; 0 where unknown
	Truth         string  // what a simulated unit is tuned to, "" in real data
	Ceiling       float64 // EV that a perfect model of a simulated unit reaches in expectation; 0 where unknown
}

// A Segment is a stretch of bins [Start, End) without a gap in time.
type Segment struct{ Start, End int }

// None marks an event that a trial does not have.
const None = -1

// A Trial is one trial, in bins of the session. Events are None where absent.
type Trial struct {
	ID         int // the file's number of the trial
	Start, End int // whole trial, [Start, End)
	Onset      int // movement onset
	Stop       int // end of the movement, exclusive
	Bump       int // onset of the perturbation
	TargetOn   int
	GoCue      int
	PeakSpeed  int
	Target     float64 // direction of the target, rad; NaN where unknown
	BumpDir    float64 // direction of the perturbation, rad; NaN without one
	Rewarded   bool
	Group      int // trials of one group stay on one side of a split
}

// A Session is one recording session. Kinematic series may be nil; where a
// value is not known it is NaN.
type Session struct {
	Name, Animal, Area string
	Source             string  // a sentence for captions: where the data come from
	Bin                float64 // s, width of a spike bin, a multiple of Step

	Units  []Unit
	Counts [][]float64 // spikes per bin, [unit][bin]

	Hand, HandVel, HandAcc [][]float64 // cm, cm/s, cm/s², [axis][sample]
	Force                  [][]float64 // at the handle, unit of the file, [axis][sample]
	Joints, JointVel       [][]float64 // unit of the file, or deg and deg/s, [joint][sample]
	Muscles                [][]float64 // mm, [muscle][sample]
	Marker                 [][]float64 // hand marker, cm, W axes, [3][sample]

	Segments []Segment
	Trials   []Trial
	Arm      string // how joints and muscles were found, "" if they were in the file
	Notes    []string
	Switches []string // options of the reader that are off the published default
}

// Bins is the number of bins.
func (s *Session) Bins() int {
	if len(s.Counts) > 0 {
		return len(s.Counts[0])
	}
	if len(s.Hand) > 0 {
		return len(s.Hand[0]) / s.PerBin()
	}
	return 0
}

// PerBin is the number of kinematic samples to a bin.
func (s *Session) PerBin() int { return int(math.Round(s.Bin / Step)) }

// Seconds is the length of the recording in s.
func (s *Session) Seconds() float64 { return float64(s.Bins()) * s.Bin }

// series are the kinematic series by name.
func (s *Session) series() map[string][][]float64 {
	return map[string][][]float64{
		"hand position": s.Hand, "hand velocity": s.HandVel, "hand acceleration": s.HandAcc,
		"force": s.Force, "joint angle": s.Joints, "joint velocity": s.JointVel,
		"muscle length": s.Muscles, "hand marker": s.Marker,
	}
}

// Check reports the first inconsistency of a session: series of different
// length, a bin that is no multiple of 10 ms, events outside the recording.
func (s *Session) Check() error {
	per := s.PerBin()
	if per < 1 || math.Abs(s.Bin-float64(per)*Step) > 1e-9 {
		return fmt.Errorf("recording: %s: bins of %g s: a multiple of 10 ms expected", s.Name, s.Bin)
	}
	if len(s.Counts) == 0 {
		return fmt.Errorf("recording: %s: no units", s.Name)
	}
	n := s.Bins()
	if n == 0 {
		return fmt.Errorf("recording: %s: no bins", s.Name)
	}
	if len(s.Units) != len(s.Counts) {
		return fmt.Errorf("recording: %s: %d units but counts of %d", s.Name, len(s.Units), len(s.Counts))
	}
	for u, c := range s.Counts {
		if len(c) != n {
			return fmt.Errorf("recording: %s: unit %d has %d bins, unit 0 has %d", s.Name, u, len(c), n)
		}
		for t, v := range c {
			if !(v >= 0) || math.IsInf(v, 0) {
				return fmt.Errorf("recording: %s: unit %d counts %v spikes in bin %d: a number from 0 up expected", s.Name, u, v, t)
			}
		}
	}
	for name, rows := range s.series() {
		for i, r := range rows {
			if len(r) != n*per {
				return fmt.Errorf("recording: %s: row %d of %s has %d samples, %d expected", s.Name, i, name, len(r), n*per)
			}
		}
	}
	for i, g := range s.Segments {
		if g.Start < 0 || g.End > n || g.Start >= g.End {
			return fmt.Errorf("recording: %s: segment %d is [%d, %d) of %d bins", s.Name, i, g.Start, g.End, n)
		}
	}
	for i, t := range s.Trials {
		if t.Start < 0 || t.End > n || t.Start >= t.End {
			return fmt.Errorf("recording: %s: trial %d is [%d, %d) of %d bins", s.Name, i, t.Start, t.End, n)
		}
	}
	return nil
}

// MeanRates returns the mean rate of each unit over the recording, in spikes/s.
func (s *Session) MeanRates() []float64 {
	out := make([]float64, len(s.Counts))
	for u, c := range s.Counts {
		for _, v := range c {
			out[u] += v
		}
		out[u] /= s.Seconds()
	}
	return out
}
