package arm

import (
	"fmt"
	"math"
	"strconv"
)

// Quirks selects which peculiarities of OpenSim 4.0 a Solver reproduces
// (spec/01, 3.11).
type Quirks struct {
	// SixDigitOffsets (Q1): joint offsets of documents before version 4 are
	// rounded to six significant digits, as OpenSim's upgrade of such files
	// does. Some 0.4 µm in the monkeys, at most 3 µm where a path over a surface
	// magnifies it.
	SixDigitOffsets bool
	// StaleWrapPoints (Q2): when several objects wrap a path, the straight
	// pieces beside a wrap point use the place where it first was in this
	// evaluation. Up to 1.8 mm.
	StaleWrapPoints bool
	// TorusPhantom (Q3): a torus that the path misses still offers a wrap, by
	// two points at the origin of its body, once it has wrapped before. If
	// that is the smallest increase, nothing is wrapped. Without it a far
	// segment can be led around the torus the long way, up to 200 mm.
	TorusPhantom bool
	// TorusRing: the search for the place where a path comes nearest to the
	// circle of a torus counts one term twice, so that it finds the place
	// nearest to a circle of twice the radius. The spec does not list it; the
	// reference tables need it. Up to 0.02 mm.
	TorusRing bool
}

// The two settings in use: as OpenSim 4.0 computes, which is what the
// published data hold, and without its slips.
var (
	OpenSim40 = Quirks{SixDigitOffsets: true, StaleWrapPoints: true, TorusPhantom: true, TorusRing: true}
	Ideal     = Quirks{}
)

// A Solver evaluates a model in one posture at a time. It allocates nothing
// after NewSolver. It is not safe for concurrent use: use one per goroutine.
// The model must not change while it is in use.
type Solver struct {
	model  *Model
	quirks Quirks

	q      []float64
	joints []jointFrames
	ground []Pose // of each body
	marks  []vec  // markers in the ground
	wraps  []surface

	paths []path

	chains    [][]int // for each body, its axes
	axes      []turnOrShift
	axesKnown bool
}

type jointFrames struct {
	parent, child Pose // child inverted
	plain         bool // child is the identity
	turns, shifts [3]vec
}

// NewSolver prepares to evaluate m. It panics if m.Check fails.
func NewSolver(m *Model, q Quirks) *Solver {
	if err := m.Check(); err != nil {
		panic(fmt.Sprintf("arm: model %s: %v", m.Name, err))
	}
	prepareFan()
	s := &Solver{
		model: m, quirks: q,
		q:      make([]float64, len(m.Coordinates)),
		joints: make([]jointFrames, len(m.Bodies)),
		ground: make([]Pose, len(m.Bodies)),
		marks:  make([]vec, len(m.Markers)),
		wraps:  make([]surface, len(m.Wraps)),
		paths:  make([]path, len(m.Muscles)),
	}
	s.ground[0] = identity
	var count int
	s.chains, count = axisChains(m)
	s.axes = make([]turnOrShift, count)
	round := q.SixDigitOffsets && m.Version < 40000
	for i := 1; i < len(m.Bodies); i++ {
		s.joints[i] = newJointFrames(&m.Bodies[i].Joint, round)
	}
	for i := range m.Wraps {
		s.wraps[i] = newSurface(&m.Wraps[i])
	}
	for i := range m.Muscles {
		s.paths[i] = newPath(m, &m.Muscles[i])
	}
	s.Set(m.Defaults())
	return s
}

func newJointFrames(j *Joint, round bool) jointFrames {
	loc, ori, cloc, cori := j.Location, j.Orientation, j.ChildLocation, j.ChildOrientation
	if round {
		for _, v := range []*[3]float64{&loc, &ori, &cloc, &cori} {
			for k := range v {
				v[k] = sixDigits(v[k])
			}
		}
	}
	f := jointFrames{parent: frame(loc, ori)}
	child := frame(cloc, cori)
	f.child = child.inverse()
	f.plain = child == identity
	for k := range j.Turns {
		d := toVec(j.Turns[k].Direction)
		f.turns[k] = d.mul(1 / d.norm())
	}
	for k := range j.Shifts {
		d := toVec(j.Shifts[k].Direction)
		f.shifts[k] = d.mul(1 / d.norm())
	}
	return f
}

// sixDigits is what remains of x in text with six significant digits.
func sixDigits(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// Model returns the model that the solver evaluates.
func (s *Solver) Model() *Model { return s.model }

// Set evaluates the posture q: one value per coordinate of the model, in rad
// or m. Coupled coordinates are computed, whatever q says of them. It panics
// if q has another length.
func (s *Solver) Set(q []float64) {
	s.SetPose(q)
	for i := range s.wraps {
		w := &s.wraps[i]
		w.ground.compose(&s.ground[w.Body], &w.place)
	}
	for i := range s.paths {
		s.solvePath(i)
	}
}

// SetPose evaluates the bodies and markers of the posture q only; the muscles
// keep the values of the last Set.
func (s *Solver) SetPose(q []float64) {
	if len(q) != len(s.q) {
		panic(fmt.Sprintf("arm: posture of %d values for a model of %d coordinates", len(q), len(s.q)))
	}
	copy(s.q, q)
	s.axesKnown = false
	for i := range s.model.Couplers {
		c := &s.model.Couplers[i]
		s.q[c.Dependent] = c.Function.Value(s.q[c.Independent])
	}
	for i := 1; i < len(s.ground); i++ {
		s.placeBody(i)
	}
	for i := range s.marks {
		k := &s.model.Markers[i]
		s.marks[i] = s.ground[k.Body].apply(toVec(k.Location))
	}
}

func (s *Solver) axisValue(a *Axis) float64 {
	switch {
	case a.Function == nil && a.Coordinate < 0:
		return 0
	case a.Function == nil:
		return s.q[a.Coordinate]
	case a.Coordinate < 0:
		return a.Function.Value(0)
	}
	return a.Function.Value(s.q[a.Coordinate])
}

func (s *Solver) placeBody(i int) {
	j, f, g := &s.model.Bodies[i].Joint, &s.joints[i], &s.ground[i]
	g.compose(&s.ground[j.Parent], &f.parent)
	for k := range j.Shifts {
		d := g.rotate(f.shifts[k]).mul(s.axisValue(&j.Shifts[k]))
		g.P[0] += d.x
		g.P[1] += d.y
		g.P[2] += d.z
	}
	for k := range j.Turns {
		if v := s.axisValue(&j.Turns[k]); v != 0 {
			g.turnAbout(f.turns[k], v)
		}
	}
	if !f.plain {
		t := *g
		g.compose(&t, &f.child)
	}
}

// Coordinates returns the coordinates of the posture in which the model stands
// (rad or m), couplers applied. The slice belongs to the solver.
func (s *Solver) Coordinates() []float64 { return s.q }

// BodyPose returns the place of body i in the ground (m).
func (s *Solver) BodyPose(i int) Pose { return s.ground[i] }

// Marker returns the position of marker i in OpenSim's ground axes, m.
func (s *Solver) Marker(i int) [3]float64 { return s.marks[i].array() }

// PathLength returns the length of the path of muscle i, from origin to
// insertion with wrapping, m.
func (s *Solver) PathLength(i int) float64 { return s.paths[i].length }

// FibreLength returns the fibre length of muscle i in static equilibrium, m;
// NaN if the muscle has no curves.
func (s *Solver) FibreLength(i int) float64 { return s.paths[i].fibre }

// TendonLength returns the tendon length of muscle i in static equilibrium, m;
// NaN if the muscle has no curves.
func (s *Solver) TendonLength(i int) float64 { return s.paths[i].tendon }

// MuscleLength returns what the pipeline stores as the muscle's length: fibre
// plus tendon length, m. For a pennate muscle this exceeds the path length.
func (s *Solver) MuscleLength(i int) float64 { return s.paths[i].fibre + s.paths[i].tendon }

var nan = math.NaN()
