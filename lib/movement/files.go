package movement

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/arm/osim"
)

// FromTRC makes a movement of the markers in a .trc file: OpenSim's ground axes,
// one frame each 10 ms.
func (c *Chain) FromTRC(path string) (Movement, Fit, error) {
	f, err := osim.ReadTRC(path)
	if err != nil {
		return Movement{}, Fit{}, fmt.Errorf("movement: %w", err)
	}
	scale, err := f.Scale()
	if err == nil {
		err = evenly(f.Times)
	}
	if err != nil {
		return Movement{}, Fit{}, fmt.Errorf("movement: %s: %w", path, err)
	}
	frames := make([][][3]float64, len(f.Positions))
	for t, row := range f.Positions {
		frames[t] = make([][3]float64, len(row))
		for i, p := range row {
			frames[t][i] = [3]float64{p[0] * scale, p[1] * scale, p[2] * scale}
		}
	}
	m, fit, err := c.FromMarkers(f.Names, frames)
	if err != nil {
		return m, fit, fmt.Errorf("%w (%s)", err, path)
	}
	return m, fit, nil
}

// FromStorage makes a movement of the joint angles in a .mot or .sto file, as
// OpenSim's inverse kinematics tool writes it: the four coordinates of
// arm.PostureNames, one row each 10 ms. Other columns are not used.
func (c *Chain) FromStorage(path string) (Movement, error) {
	s, err := osim.ReadStorage(path)
	if err != nil {
		return Movement{}, fmt.Errorf("movement: %w", err)
	}
	if err := evenly(s.Times); err != nil {
		return Movement{}, fmt.Errorf("movement: %s: %w", path, err)
	}
	joints := Rows(NumJoints, len(s.Rows))
	for i, name := range arm.PostureNames {
		k, ok := s.Column(name)
		if !ok {
			return Movement{}, fmt.Errorf("movement: %s: no column %s", path, name)
		}
		for t, row := range s.Rows {
			if joints[i][t] = row[k]; !s.InDegrees {
				joints[i][t] /= degree
			}
		}
	}
	m, err := c.Recorded(joints)
	if err != nil {
		return m, fmt.Errorf("%w (%s)", err, path)
	}
	return m, nil
}

// evenly checks that times go in steps of 10 ms. Files keep milliseconds or
// fewer digits, hence the tolerance.
func evenly(times []float64) error {
	for i, v := range times {
		if want := times[0] + float64(i)*Step; !(math.Abs(v-want) <= Step/10) {
			return fmt.Errorf("sample %d is at %v s, want %.3f: one each %v s", i, v, want, Step)
		}
	}
	return nil
}
