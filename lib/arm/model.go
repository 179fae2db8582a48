package arm

import (
	"errors"
	"fmt"
	"math"
)

// A Model is a musculoskeletal model: a tree of bodies with joints, the
// coordinates that move them, muscles with their paths, surfaces that the
// paths wrap over, and markers. It is data only; a [Solver] evaluates it.
// Lengths are in m, angles in rad, masses in kg, forces in N.
type Model struct {
	Name        string
	Source      string       // the file that the numbers come from
	Version     int          // OpenSim document version of that file (30000, 40000, ...); below 40000 quirk Q1 applies
	Bodies      []Body       // Bodies[0] is the ground; a parent stands before its children
	Coordinates []Coordinate // in OpenSim's order
	Couplers    []Coupler
	Muscles     []Muscle // for the monkeys in the order of the network's input
	Wraps       []WrapObject
	Markers     []Marker
}

// A Body is a rigid body and the joint that holds it to its parent.
type Body struct {
	Name    string
	Mass    float64    // kg
	Center  [3]float64 // centre of mass in the body frame, m
	Inertia [6]float64 // about the centre of mass, kg m²: xx yy zz xy xz yz
	Joint   Joint      // unused for the ground
}

// A Joint places its body in the parent frame (spec/01, 3.2):
//
//	X = T(Location)·R(Orientation) · T(translations)·R(turns) · [T(ChildLocation)·R(ChildOrientation)]⁻¹
//
// with R(Orientation) = Rx·Ry·Rz (body-fixed x-y-z), the turns multiplied in
// order, each about its own axis, and the translations added along axes fixed
// in the frame that Location and Orientation define. Every joint of OpenSim
// with at most three turns and three translations has this form; a weld has
// none.
type Joint struct {
	Name             string
	Kind             string     // "weld", "pin", "slider", "ball", "free", "custom", ...: for the reader, not for the computation
	Parent           int        // index into Model.Bodies
	Location         [3]float64 // m, in the parent
	Orientation      [3]float64 // rad
	ChildLocation    [3]float64 // m, in the child
	ChildOrientation [3]float64 // rad
	Turns            []Axis     // at most 3
	Shifts           []Axis     // at most 3
}

// An Axis is one turn (rad) or shift (m) of a joint: Function of a coordinate
// about or along Direction.
type Axis struct {
	Direction  [3]float64 // need not have unit length
	Coordinate int        // index into Model.Coordinates, or -1 for none
	Function   Function   // nil: the coordinate itself, or 0 if there is none
}

// A Coordinate is a degree of freedom, in rad or, if Translational, in m.
type Coordinate struct {
	Name          string
	Default       float64
	Range         [2]float64 // for information; nothing enforces it, as in OpenSim without clamping
	Clamped       bool
	Locked        bool // held by inverse kinematics
	Translational bool
}

// A Coupler makes one coordinate a function of another.
type Coupler struct {
	Name        string
	Dependent   int // index into Model.Coordinates
	Independent int
	Function    Function
}

// A Muscle is an actuator along a path.
type Muscle struct {
	Name         string
	MaxForce     float64 // maximal isometric force, N
	OptimalFiber float64 // optimal fibre length, m
	TendonSlack  float64 // tendon slack length, m
	Pennation    float64 // pennation angle at optimal fibre length, rad
	Activation   float64 // in static equilibrium, 0…1; 0 for the monkeys
	Curves       *Curves // nil: no equilibrium, fibre and tendon length are NaN
	Points       []PathPoint
	Wraps        []PathWrap // in the order of the file
}

// A PathPoint is a point of a muscle path, fixed in a body, or moving in it
// with coordinates, or present only while a coordinate is within a range.
type PathPoint struct {
	Name     string
	Body     int
	Location [3]float64 // m, in the body
	While    *Condition // nil: always
	Moving   *Motion    // nil: fixed
}

// A Condition holds while Lo ≤ coordinate ≤ Hi (within 1e-5, as in OpenSim).
type Condition struct {
	Coordinate int
	Lo, Hi     float64
}

// A Motion gives the three components of a moving path point, in m. A
// component with a nil Function stays at the point's Location.
type Motion [3]struct {
	Coordinate int
	Function   Function
}

// A PathWrap lets a muscle path wrap over an object.
type PathWrap struct {
	Object int    // index into Model.Wraps
	Method Method // for ellipsoids
	// First and Last are the numbers, from 1, of the path points between
	// which the path may wrap; 0 or less: from its start, to its end.
	First, Last int
}

// Method is how a path finds its plane over an ellipsoid.
type Method int

// The methods of OpenSim's PathWrap.
const (
	Hybrid Method = iota
	Midpoint
	Axial
)

// String returns OpenSim's name of the method.
func (m Method) String() string {
	switch m {
	case Hybrid:
		return "hybrid"
	case Midpoint:
		return "midpoint"
	case Axial:
		return "axial"
	}
	return fmt.Sprintf("Method(%d)", int(m))
}

// WrapKind is the shape of a wrap object.
type WrapKind int

// The shapes. Cylinder and torus have the z axis of their frame as axis.
const (
	Ellipsoid WrapKind = iota
	Cylinder
	Torus
)

// String returns the shape's name.
func (k WrapKind) String() string {
	switch k {
	case Ellipsoid:
		return "ellipsoid"
	case Cylinder:
		return "cylinder"
	case Torus:
		return "torus"
	}
	return fmt.Sprintf("WrapKind(%d)", int(k))
}

// A WrapObject is a surface fixed in a body.
type WrapObject struct {
	Name        string
	Body        int
	Kind        WrapKind
	Radii       [3]float64 // ellipsoid: semi-axes, m
	Radius      float64    // cylinder, m
	Length      float64    // cylinder, m
	Inner       float64    // torus: OpenSim's inner_radius, that of the tube, m
	Outer       float64    // torus: OpenSim's outer_radius, that of the circle along which the tube runs, m
	Translation [3]float64 // of its origin in the body, m
	Rotation    [3]float64 // body-fixed x-y-z, rad
	Side        int        // 0: all of it; ±1: only the half where the coordinate Axis has this sign
	Axis        int        // 0, 1, 2 for x, y, z
	Inactive    bool       // switched off in the file
}

// A Marker is a point fixed in a body.
type Marker struct {
	Name     string
	Body     int
	Location [3]float64 // m, in the body
}

// MarkerIndex returns the index of a marker in m.Markers.
func (m *Model) MarkerIndex(name string) (int, bool) {
	for i := range m.Markers {
		if m.Markers[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// CoordinateIndex returns the index of a coordinate in m.Coordinates.
func (m *Model) CoordinateIndex(name string) (int, bool) {
	for i := range m.Coordinates {
		if m.Coordinates[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// MuscleIndex returns the index of a muscle in m.Muscles.
func (m *Model) MuscleIndex(name string) (int, bool) {
	for i := range m.Muscles {
		if m.Muscles[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// BodyIndex returns the index of a body in m.Bodies.
func (m *Model) BodyIndex(name string) (int, bool) {
	for i := range m.Bodies {
		if m.Bodies[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// Defaults returns the default value of every coordinate, in rad or m.
func (m *Model) Defaults() []float64 {
	q := make([]float64, len(m.Coordinates))
	for i := range q {
		q[i] = m.Coordinates[i].Default
	}
	return q
}

// Posture returns the vector of all coordinates (rad) of a monkey's arm for
// the four angles of the pipeline, in OpenSim's signs, the others 0. It panics
// if the model has no such coordinates.
func (m *Model) Posture(flexion, adduction, rotation, elbow float64) []float64 {
	q := make([]float64, len(m.Coordinates))
	for i, v := range [4]float64{flexion, adduction, rotation, elbow} {
		k, ok := m.CoordinateIndex(PostureNames[i])
		if !ok {
			panic(fmt.Sprintf("arm: model %s has no coordinate %s", m.Name, PostureNames[i]))
		}
		q[k] = v
	}
	return q
}

// PostureNames are the names of the four coordinates that the pipeline moves,
// in the order of its joint tables.
var PostureNames = [4]string{"shoulder_flexion", "shoulder_adduction", "shoulder_rotation", "elbow_flexion"}

// Check reports the first thing in the model that could not be evaluated: an
// index out of range, a parent after its child, a number that is not finite, a
// surface without size, or a surface that this package does not wrap over.
func (m *Model) Check() error {
	if len(m.Bodies) == 0 {
		return errors.New("model has no ground")
	}
	body := func(i int) bool { return i >= 0 && i < len(m.Bodies) }
	coord := func(i int) bool { return i >= 0 && i < len(m.Coordinates) }
	for i := range m.Bodies {
		if err := m.checkBody(i, coord); err != nil {
			return fmt.Errorf("body %q: %w", m.Bodies[i].Name, err)
		}
	}
	for _, c := range m.Couplers {
		if !coord(c.Dependent) || !coord(c.Independent) || c.Function == nil || c.Dependent == c.Independent {
			return fmt.Errorf("coupler %q: needs two coordinates and a function", c.Name)
		}
	}
	for i := range m.Wraps {
		if err := m.Wraps[i].check(body); err != nil {
			return fmt.Errorf("wrap object %q: %w", m.Wraps[i].Name, err)
		}
	}
	for i := range m.Muscles {
		if err := m.checkMuscle(&m.Muscles[i], body, coord); err != nil {
			return fmt.Errorf("muscle %q: %w", m.Muscles[i].Name, err)
		}
	}
	for _, k := range m.Markers {
		if !body(k.Body) || !finite(k.Location[:]...) {
			return fmt.Errorf("marker %q: needs a body of the model and a finite location", k.Name)
		}
	}
	return nil
}

func (m *Model) checkBody(i int, coord func(int) bool) error {
	b := &m.Bodies[i]
	if !finite(b.Mass) || !finite(b.Center[:]...) || !finite(b.Inertia[:]...) {
		return errors.New("mass, centre and inertia must be finite")
	}
	if i == 0 {
		return nil
	}
	j := &b.Joint
	if j.Parent < 0 || j.Parent >= i {
		return fmt.Errorf("joint %q: parent must be a body before this one", j.Name)
	}
	for _, v := range [][3]float64{j.Location, j.Orientation, j.ChildLocation, j.ChildOrientation} {
		if !finite(v[:]...) {
			return fmt.Errorf("joint %q: location and orientation must be finite", j.Name)
		}
	}
	if len(j.Turns) > 3 || len(j.Shifts) > 3 {
		return fmt.Errorf("joint %q: at most three turns and three shifts", j.Name)
	}
	for _, axes := range [][]Axis{j.Turns, j.Shifts} {
		for _, a := range axes {
			if a.Coordinate != -1 && !coord(a.Coordinate) {
				return fmt.Errorf("joint %q: no coordinate %d", j.Name, a.Coordinate)
			}
			if n := math.Hypot(math.Hypot(a.Direction[0], a.Direction[1]), a.Direction[2]); !(n > 0) || !finite(n) {
				return fmt.Errorf("joint %q: axis %v has no direction", j.Name, a.Direction)
			}
		}
	}
	return nil
}

func (w *WrapObject) check(body func(int) bool) error {
	if !body(w.Body) || !finite(w.Translation[:]...) || !finite(w.Rotation[:]...) {
		return errors.New("needs a body of the model, a finite translation and rotation")
	}
	if w.Side < -1 || w.Side > 1 || w.Axis < 0 || w.Axis > 2 {
		return errors.New("active half must be all or plus or minus x, y or z")
	}
	var sizes []float64
	switch w.Kind {
	case Ellipsoid:
		sizes = w.Radii[:]
		if w.Side != 0 {
			return errors.New("an ellipsoid of which only a half is active is not supported")
		}
	case Cylinder:
		sizes = []float64{w.Radius, w.Length}
	case Torus:
		sizes = []float64{w.Inner, w.Outer}
		if w.Side != 0 {
			return errors.New("a torus of which only a half is active is not supported")
		}
	default:
		return fmt.Errorf("unknown shape %v", w.Kind)
	}
	for _, s := range sizes {
		if !(s > 0) || !finite(s) {
			return fmt.Errorf("%v: every size must be positive and finite, got %v", w.Kind, sizes)
		}
	}
	return nil
}

func (m *Model) checkMuscle(u *Muscle, body, coord func(int) bool) error {
	if len(u.Points) < 2 {
		return errors.New("a path needs at least two points")
	}
	for i := range u.Points {
		p := &u.Points[i]
		if !body(p.Body) || !finite(p.Location[:]...) {
			return fmt.Errorf("path point %d: needs a body of the model and a finite location", i+1)
		}
		if p.While != nil && !coord(p.While.Coordinate) {
			return fmt.Errorf("path point %d: no coordinate %d", i+1, p.While.Coordinate)
		}
		if p.Moving != nil {
			for _, c := range p.Moving {
				if c.Function != nil && !coord(c.Coordinate) {
					return fmt.Errorf("path point %d: no coordinate %d", i+1, c.Coordinate)
				}
			}
		}
	}
	for i, w := range u.Wraps {
		if w.Object < 0 || w.Object >= len(m.Wraps) {
			return fmt.Errorf("wrap %d: no wrap object %d", i+1, w.Object)
		}
		if w.First > len(u.Points) || w.Last > len(u.Points) {
			return fmt.Errorf("wrap %d: range %d to %d on a path of %d points", i+1, w.First, w.Last, len(u.Points))
		}
	}
	if u.Curves != nil {
		if !finite(u.MaxForce, u.OptimalFiber, u.TendonSlack, u.Pennation, u.Activation) ||
			u.MaxForce < 0 || u.OptimalFiber <= 0 || u.TendonSlack <= 0 ||
			u.Pennation < 0 || u.Pennation >= math.Pi/2 || u.Activation < 0 || u.Activation > 1 {
			return errors.New("force, fibre length, slack length, pennation and activation must be finite and in range")
		}
	}
	return nil
}

func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
