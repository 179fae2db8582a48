package movement

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
)

// A Chain solves paths of the hand to joints, and joints to muscles and markers,
// for one arm. Use one for each goroutine.
type Chain struct {
	Monkey string
	Reach  arm.Reach
	Model  *arm.Model

	solver      *arm.Solver
	q           []float64 // posture of the model
	at          [NumJoints]int
	hand, elbow int // markers
	pathLength  bool
}

// The markers of the data set: all six arms have them.
const (
	HandMarker  = "Marker_3"
	ElbowMarker = "Marker_6"
)

// NewChain prepares the arm of a monkey. Of the fixes, PathLength and Quirkless
// matter here.
func NewChain(monkey string, fix Fixes) (*Chain, error) {
	reach, err := arm.ReachFor(monkey)
	if err != nil {
		return nil, err
	}
	m, err := arm.Load(monkey)
	if err != nil {
		return nil, err
	}
	return NewChainOf(monkey, reach, m, fix)
}

// NewChainOf is NewChain for any two-link arm and any model that has the
// pipeline's coordinates, markers and 39 muscles.
func NewChainOf(monkey string, reach arm.Reach, m *arm.Model, fix Fixes) (*Chain, error) {
	c := &Chain{Monkey: monkey, Reach: reach, Model: m, q: make([]float64, len(m.Coordinates)), pathLength: fix.PathLength}
	for i, name := range arm.PostureNames {
		k, ok := m.CoordinateIndex(name)
		if !ok {
			return nil, fmt.Errorf("movement: model %s has no coordinate %s", m.Name, name)
		}
		c.at[i] = k
	}
	for name, p := range map[string]*int{HandMarker: &c.hand, ElbowMarker: &c.elbow} {
		k, ok := m.MarkerIndex(name)
		if !ok {
			return nil, fmt.Errorf("movement: model %s has no marker %s", m.Name, name)
		}
		*p = k
	}
	if len(m.Muscles) != NumMuscles {
		return nil, fmt.Errorf("movement: model %s has %d muscles, want %d", m.Name, len(m.Muscles), NumMuscles)
	}
	c.solver = arm.NewSolver(m, fix.quirks())
	return c, nil
}

// Trace solves the planned path pen, [3][time] in cm, sample by sample: each
// posture is the one closest to the posture before it that brings the hand to
// the path inside the joint box, the first the one closest to rest (deg, S
// sign). It returns the joints in deg, [4][time], and the sum of the distances
// from the path in cm. Once that sum exceeds limit it stops, and the joints
// beyond are nil; an infinite limit never stops.
func (c *Chain) Trace(pen [][]float64, rest [4]float64, limit float64) (joints [][]float64, tracingError float64) {
	n := len(pen[0])
	joints = Rows(NumJoints, n)
	var ref [4]float64
	for i, v := range rest {
		ref[i] = v * degree
	}
	for t := range n {
		q, res := c.Reach.Solve([3]float64{pen[0][t] / 100, pen[1][t] / 100, pen[2][t] / 100}, ref)
		tracingError += res.Residual * 100
		if !(tracingError <= limit) {
			return nil, tracingError
		}
		for i := range q {
			joints[i][t] = q[i] / degree
		}
		ref = q
	}
	return joints, tracingError
}

// Muscles computes the muscle lengths in mm, [39][time], and the hand and elbow
// markers in cm, [3][time] in W axes, of joints in deg, [4][time]. openSimSign
// tells whose sign their adduction has.
func (c *Chain) Muscles(joints [][]float64, openSimSign bool) (muscles, hand, elbow [][]float64) {
	n := len(joints[0])
	muscles, hand, elbow = Rows(NumMuscles, n), Rows(3, n), Rows(3, n)
	for t := range n {
		c.set(joints, t, openSimSign)
		c.solver.Set(c.q)
		for i := range muscles {
			if c.pathLength {
				muscles[i][t] = 1000 * c.solver.PathLength(i)
			} else {
				muscles[i][t] = 1000 * c.solver.MuscleLength(i)
			}
		}
		c.markers(hand, elbow, t)
	}
	return muscles, hand, elbow
}

// Markers is Muscles for the markers alone.
func (c *Chain) Markers(joints [][]float64, openSimSign bool) (hand, elbow [][]float64) {
	n := len(joints[0])
	hand, elbow = Rows(3, n), Rows(3, n)
	for t := range n {
		c.set(joints, t, openSimSign)
		c.solver.SetPose(c.q)
		c.markers(hand, elbow, t)
	}
	return hand, elbow
}

func (c *Chain) set(joints [][]float64, t int, openSimSign bool) {
	for i, k := range c.at {
		c.q[k] = joints[i][t] * degree
	}
	if !openSimSign {
		c.q[c.at[Adduction]] *= -1
	}
}

func (c *Chain) markers(hand, elbow [][]float64, t int) {
	h, e := arm.ToWorld(c.solver.Marker(c.hand)), arm.ToWorld(c.solver.Marker(c.elbow))
	for k := range 3 {
		hand[k][t], elbow[k][t] = 100*h[k], 100*e[k]
	}
}

// allFinite tells whether every value is a finite number.
func allFinite(rows ...[][]float64) bool {
	for _, r := range rows {
		for _, v := range r {
			for _, x := range v {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return false
				}
			}
		}
	}
	return true
}
