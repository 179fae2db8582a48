package arm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
)

// outside tells how far a point, in the object's frame, lies outside of the
// surface that a contact leads over, as a fraction of the object's radius: of a
// torus that is the cylinder which OpenSim puts in its place (spec/01, 3.7.4).
func (w *surface) outside(c *contact, p vec) float64 {
	switch w.Kind {
	case Cylinder:
		return math.Hypot(p.x, p.y)/w.Radius - 1
	case Torus:
		f := newRingFrame(c.ring)
		p = f.local(p)
		return math.Hypot(p.x, p.y)/w.Inner - 1
	}
	x, y, z := p.x/w.Radii[0], p.y/w.Radii[1], p.z/w.Radii[2]
	return math.Sqrt(x*x+y*y+z*z) - 1
}

// A drawn path lies on the surfaces that it wraps over, and its straight
// pieces beside them lie outside. Limits, in radii: on cylinders rounding; on
// ellipsoids the search for the tangent point stops where the equation of the
// surface is off by 1e-4 (spec/01, 3.7.3 step 6), which is 5e-5 of the radius,
// and the piece that starts there may dip below the surface by as much again;
// between two objects the neighbour's point may move after this object had its
// last turn, since the passes end at a change of 0.5 mm (3.7.1).
func TestPathLiesOnSurfaces(t *testing.T) {
	const rounding, ellipsoid, between = 1e-12, 5.1e-5, 0.02
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		rng := rand.New(rand.NewPCG(51, 52))
		s := NewSolver(m, OpenSim40)
		worst := map[string]float64{}
		var line []PathVertex
		for range postures(t, 300) {
			q := randomPosture(m, &r, rng, true)
			s.Set(q)
			for i := range m.Muscles {
				line = s.Path(line[:0], i)
				check := func(v PathVertex, where string, ground vec, deep, limit float64) {
					key := s.wraps[v.Object].Name + " " + where
					worst[key] = math.Max(worst[key], deep)
					if !(deep <= limit) {
						t.Errorf("%s %v: %s: %s %s is %.2g radii off", name, q, m.Muscles[i].Name, where, s.wraps[v.Object].Name, deep)
					}
				}
				for k, v := range line {
					if v.Object < 0 {
						continue
					}
					w, way, at := &s.wraps[v.Object], s.wayOn(i, v.Object), toVec(v.Ground)
					limit := rounding
					if w.Kind == Ellipsoid {
						limit = ellipsoid
					}
					check(v, "on", at, math.Abs(w.outside(way, w.ground.inverseApply(at))), limit)
					for _, n := range [2]int{k - 1, k + 1} {
						if n < 0 || n >= len(line) || line[n].Object == v.Object {
							continue
						}
						where, most := "beside", 2*limit
						if line[n].Object >= 0 {
							where, most = "between", between
						}
						to := toVec(line[n].Ground)
						for f := 0.05; f < 1; f += 0.05 {
							p := at.along(f, to.sub(at))
							check(v, where, p, -w.outside(way, w.ground.inverseApply(p)), most)
						}
					}
				}
			}
		}
		var report []string
		for k, d := range worst {
			report = append(report, fmt.Sprintf("%s %.1e", k, d))
		}
		sort.Strings(report)
		if len(worst) == 0 {
			t.Errorf("%s: no path touched a surface", name)
		}
		t.Logf("%s: deepest, in radii: %s", name, strings.Join(report, "; "))
	}
}

// wayOn returns the way of muscle i over an object.
func (s *Solver) wayOn(i, object int) *contact {
	for k, w := range s.model.Muscles[i].Wraps {
		if w.Object == object {
			return &s.paths[i].pairs[k].way
		}
	}
	return nil
}

// The line as drawn is the path that is measured: its straight pieces and the
// lengths of its contacts make up the path length, without the quirk that
// measures from places where wrap points no longer are (Q2). An arc of chords
// is shorter than its contact, by less than 0.2 % where a chord turns by less
// than a fifth of a radian; on an ellipsoid it is the contact, up to where the search
// for the tangent points stopped (1e-6 m, 5e-5 of 20 mm).
func TestPathAddsUp(t *testing.T) {
	quirks := OpenSim40
	quirks.StaleWrapPoints = false
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		rng := rand.New(rand.NewPCG(53, 54))
		s := NewSolver(m, quirks)
		for range postures(t, 300) {
			s.Set(randomPosture(m, &r, rng, true))
			for i := range m.Muscles {
				sum, arcs, surface := 0.0, 0.0, 0.0
				line := s.Path(nil, i)
				for k := 1; k < len(line); k++ {
					d := toVec(line[k].Ground).dist(toVec(line[k-1].Ground))
					if o := line[k].Object; o >= 0 && o == line[k-1].Object {
						arcs += d
					} else {
						sum += d
					}
				}
				for _, c := range s.Contacts(nil, i) {
					surface += c.Length
				}
				if math.Abs(sum+surface-s.PathLength(i)) > 1e-12 || arcs > surface+1e-6 || arcs < 0.998*surface-1e-6 {
					t.Fatalf("%s: %s: straight %g, on surfaces %g (drawn %g), path length %g m", name, m.Muscles[i].Name, sum, surface, arcs, s.PathLength(i))
				}
			}
		}
	}
}

// What Spans leaves out moves no path, and what it names moves the path in
// some posture.
func TestSpans(t *testing.T) {
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		rng := rand.New(rand.NewPCG(55, 56))
		s := NewSolver(m, OpenSim40)
		moved := make([][]bool, len(m.Muscles))
		for i := range moved {
			moved[i] = make([]bool, len(m.Coordinates))
		}
		before := make([]float64, len(m.Muscles))
		for range 60 {
			q := randomPosture(m, &r, rng, true)
			s.Set(q)
			for i := range before {
				before[i] = s.PathLength(i)
			}
			for c := range q {
				at := q[c]
				q[c] += 0.1
				s.Set(q)
				for i := range before {
					moved[i][c] = moved[i][c] || math.Abs(s.PathLength(i)-before[i]) > 1e-12
				}
				q[c] = at
			}
		}
		for i := range moved {
			spans := map[int]bool{}
			for _, c := range m.Spans(i) {
				spans[c] = true
			}
			for c, is := range moved[i] {
				if is != spans[c] {
					t.Errorf("%s: %s by %s: length changes %v, Spans says %v", name, m.Muscles[i].Name, m.Coordinates[c].Name, is, spans[c])
				}
			}
		}
	}
}
