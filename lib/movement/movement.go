// Package movement makes movements of a monkey's arm: pen strokes placed in the
// workspace and solved by inverse kinematics, point-to-point reaches with their
// joint torques, and recorded movements, each with joint angles, muscle lengths
// and marker positions.
//
// Units are cm, mm and degrees, 10 ms from sample to sample; arrays are
// [row][time]. Positions are in the world axes W: x forward, y left, z up, the
// origin at the shoulder. Joints are (flexion, adduction, rotation, elbow).
// Adduction has the sign of the two-link arm (S) in synthetic movements and
// OpenSim's, the opposite, in recorded ones and reaches, as in the published
// data; [Movement.OpenSimSign] tells which.
//
// Source: Marin Vargas et al., Cell 2024, methods; spec/01, sections 2, 6 and 7.
package movement

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// Step is the time from one sample to the next, in s.
const Step = 0.010

// Plane is the plane that a letter is written in.
type Plane int

// The two planes: horizontal is x-y, vertical is y-z.
const (
	Horizontal Plane = iota
	Vertical
)

// Planes are both planes in the published order.
var Planes = []Plane{Horizontal, Vertical}

func (p Plane) String() string {
	switch p {
	case Horizontal:
		return "horizontal"
	case Vertical:
		return "vertical"
	}
	return fmt.Sprintf("plane %d", int(p))
}

// ParsePlane returns the plane of a name.
func ParsePlane(name string) (Plane, error) {
	for _, p := range Planes {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("movement: no plane %q: want horizontal or vertical", name)
}

// Latents are the variables of one augmentation.
type Latents = stroke.Latents

// NumMuscles is the number of rows of Movement.Muscles.
const NumMuscles = arm.NumMuscles

// Joint rows.
const (
	Flexion = iota
	Adduction
	Rotation
	Elbow
	NumJoints
)

// A Movement is one movement of the arm with all that the data set takes from it.
type Movement struct {
	Label  int // 1 to 20, 0 where no letter is written
	Plane  Plane
	Monkey string
	Folder int        // the published folder: one run over all strokes
	Stroke int        // index of the stroke in its set
	Start  [3]float64 // centre of the letter's box, cm
	Latents
	Rest [4]float64 // posture that the first sample is solved from, deg

	Pen     [][]float64 // planned path of the hand, cm, [3][time]; nil for recorded movements
	Joints  [][]float64 // deg, [4][time]
	Muscles [][]float64 // fibre plus tendon length, mm, [39][time]
	Hand    [][]float64 // hand marker (Marker_3), cm, [3][time]
	Elbow   [][]float64 // elbow marker (Marker_6), cm, [3][time]
	Torques [][]float64 // shoulder x, y, z, elbow, N·m, [4][time]; nil unless computed
	Target  [][]float64 // where a reach goes, cm, [3][time]; nil for letters

	OpenSimSign bool // adduction has OpenSim's sign

	TracingError float64 // sum over samples of the distance from the planned path, cm
	JointJerk    float64 // deg/sample³, see [Jerk]
	MuscleJerk   float64 // mm/sample³
	Attempts     int     // how many draws it took
}

// Len returns the number of samples.
func (m *Movement) Len() int {
	if len(m.Joints) == 0 {
		return 0
	}
	return len(m.Joints[0])
}

// Rows returns n rows of t values in one block of memory.
func Rows(n, t int) [][]float64 {
	all := make([]float64, n*t)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = all[i*t : (i+1)*t : (i+1)*t]
	}
	return rows
}

// Place puts an augmented stroke into the workspace: its box is centred on
// start, its y axis is forward in the horizontal plane and up in the vertical
// one, its x axis is to the right. The result is [3][time] in cm.
func Place(s stroke.Stroke, start [3]float64, p Plane) [][]float64 {
	if p != Horizontal && p != Vertical {
		panic("movement: " + p.String() + " to place a stroke in")
	}
	pen := Rows(3, s.Len())
	up := 0
	if p == Vertical {
		up = 2
	}
	for i := range s.X {
		pen[0][i], pen[1][i], pen[2][i] = start[0], start[1]-s.X[i], start[2]
		pen[up][i] += s.Y[i]
	}
	return pen
}

const degree = math.Pi / 180
