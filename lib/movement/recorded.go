package movement

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
)

// Recorded makes a movement of recorded joint angles: rows in the order of
// arm.PostureNames, deg, OpenSim's signs, 10 ms from sample to sample. Pronation
// and wrist stay at 0, as in the published pipeline, even for the one arm in
// which they were free.
func (c *Chain) Recorded(joints [][]float64) (Movement, error) {
	if len(joints) != NumJoints || len(joints[0]) == 0 {
		return Movement{}, fmt.Errorf("movement: %d joint rows, want %d with at least one sample", len(joints), NumJoints)
	}
	n := len(joints[0])
	m := Movement{Monkey: c.Monkey, OpenSimSign: true, Joints: Rows(NumJoints, n), Attempts: 1}
	for i, r := range joints {
		if len(r) != n {
			return Movement{}, fmt.Errorf("movement: joint rows of %d and %d samples", n, len(r))
		}
		for t, v := range r {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return Movement{}, fmt.Errorf("movement: %s is %v at sample %d", arm.PostureNames[i], v, t)
			}
		}
		copy(m.Joints[i], r)
	}
	m.Muscles, m.Hand, m.Elbow = c.Muscles(m.Joints, true)
	m.JointJerk, m.MuscleJerk = Jerk(m.Joints), Jerk(m.Muscles)
	return m, nil
}

// A Fit tells how well recorded markers were met.
type Fit struct {
	Markers []string // those that the model has, in the order of the recording
	Ignored []string // those that it lacks
	RMS     float64  // over frames and markers seen, m
	Max     float64  // largest distance of a marker, m
	Blind   int      // frames in which no marker was seen; they keep the posture before
}

// FromMarkers makes a movement of recorded markers: frames[t][i] is the position
// of marker names[i] in m, OpenSim's ground axes, NaN where it was not seen. The
// posture is fitted frame by frame, each from the one before, all markers with
// the same weight; what the model lacks is ignored.
func (c *Chain) FromMarkers(names []string, frames [][][3]float64) (Movement, Fit, error) {
	var fit Fit
	var column []int
	for i, name := range names {
		if _, ok := c.Model.MarkerIndex(name); ok {
			fit.Markers = append(fit.Markers, name)
			column = append(column, i)
		} else {
			fit.Ignored = append(fit.Ignored, name)
		}
	}
	if len(fit.Markers) == 0 {
		return Movement{}, fit, fmt.Errorf("movement: model %s has none of the markers %v", c.Model.Name, names)
	}
	if len(frames) == 0 {
		return Movement{}, fit, fmt.Errorf("movement: no frames of markers")
	}
	ik, err := arm.NewIK(c.Model, arm.OpenSim40, fit.Markers, nil)
	if err != nil {
		return Movement{}, fit, err
	}
	joints := Rows(NumJoints, len(frames))
	seen := make([][3]float64, len(column))
	sum, used := 0.0, 0
	for t, f := range frames {
		if len(f) != len(names) {
			return Movement{}, fit, fmt.Errorf("movement: frame %d has %d markers, want %d", t, len(f), len(names))
		}
		for i, k := range column {
			seen[i] = f[k]
		}
		res := ik.Frame(seen)
		if res.Used == 0 {
			fit.Blind++
		} else {
			sum += res.RMS * res.RMS * float64(res.Used)
			used += res.Used
			fit.Max = max(fit.Max, res.Max)
		}
		q := ik.Posture()
		for i, k := range c.at {
			joints[i][t] = q[k] / degree
		}
	}
	if used == 0 {
		return Movement{}, fit, fmt.Errorf("movement: no marker was seen in any of %d frames", len(frames))
	}
	fit.RMS = math.Sqrt(sum / float64(used))
	m, err := c.Recorded(joints)
	return m, fit, err
}
