package arm

import "fmt"

// turnOrShift is one axis of a joint in the current posture.
type turnOrShift struct {
	coordinate int
	turn       bool
	dir        vec     // unit vector in the ground
	at         vec     // a point of the axis of a turn, in the ground
	slope      float64 // of its value by the coordinate
}

// axisChains lists, for each body, the axes that move it, as indices into the
// list of all axes of the model that depend on a coordinate.
func axisChains(m *Model) (chains [][]int, count int) {
	chains = make([][]int, len(m.Bodies))
	for i := 1; i < len(m.Bodies); i++ {
		j := &m.Bodies[i].Joint
		chain := append([]int(nil), chains[j.Parent]...)
		for _, axes := range [][]Axis{j.Shifts, j.Turns} {
			for _, a := range axes {
				if a.Coordinate >= 0 {
					chain = append(chain, count)
					count++
				}
			}
		}
		chains[i] = chain
	}
	return chains, count
}

// findAxes places all axes in the current posture, once per posture.
func (s *Solver) findAxes() {
	if s.axesKnown {
		return
	}
	s.axesKnown = true
	n := 0
	for i := 1; i < len(s.ground); i++ {
		j, f := &s.model.Bodies[i].Joint, &s.joints[i]
		var g Pose
		g.compose(&s.ground[j.Parent], &f.parent)
		for k := range j.Shifts {
			a := &j.Shifts[k]
			d := g.rotate(f.shifts[k])
			if a.Coordinate >= 0 {
				s.axes[n] = turnOrShift{coordinate: a.Coordinate, dir: d, slope: s.axisSlope(a)}
				n++
			}
		}
		for k := range j.Shifts {
			d := g.rotate(f.shifts[k]).mul(s.axisValue(&j.Shifts[k]))
			g.P[0] += d.x
			g.P[1] += d.y
			g.P[2] += d.z
		}
		for k := range j.Turns {
			a := &j.Turns[k]
			if a.Coordinate >= 0 {
				s.axes[n] = turnOrShift{coordinate: a.Coordinate, turn: true, dir: g.rotate(f.turns[k]), at: toVec(g.P), slope: s.axisSlope(a)}
				n++
			}
			if v := s.axisValue(a); v != 0 {
				g.turnAbout(f.turns[k], v)
			}
		}
	}
}

func (s *Solver) axisSlope(a *Axis) float64 {
	if a.Function == nil {
		return 1
	}
	return a.Function.Slope(s.q[a.Coordinate])
}

// velocity returns the velocity of a point fixed in a body, at ground position
// x, for unit speed of one coordinate, the others at rest.
func (s *Solver) velocity(body int, x vec, coordinate int) (v vec) {
	for _, k := range s.chains[body] {
		a := &s.axes[k]
		if a.coordinate != coordinate {
			continue
		}
		if a.turn {
			v = v.along(a.slope, a.dir.cross(x.sub(a.at)))
		} else {
			v = v.along(a.slope, a.dir)
		}
	}
	return v
}

// lengthening returns dL/dq of a path for one coordinate, couplers aside: what
// the straight pieces gain when their ends move with their bodies. The line
// over a surface adds nothing, as it moves with one body.
func (s *Solver) lengthening(muscle, coordinate int) float64 {
	s.findAxes()
	p, u := &s.paths[muscle], &s.model.Muscles[muscle]
	rate := 0.0
	for k := 1; k < len(p.knots); k++ {
		a, b := &p.knots[k-1], &p.knots[k]
		if a.body == b.body && !moves(u, a) && !moves(u, b) {
			continue
		}
		dir := s.where(p, b).sub(s.where(p, a)).unit()
		rate += dir.dot(s.knotVelocity(u, b, coordinate).sub(s.knotVelocity(u, a, coordinate)))
	}
	return rate
}

func moves(u *Muscle, k *knot) bool { return k.point >= 0 && u.Points[k.point].Moving != nil }

func (s *Solver) knotVelocity(u *Muscle, k *knot, coordinate int) vec {
	v := s.velocity(k.body, k.ground, coordinate)
	if moves(u, k) {
		var d [3]float64
		for i, c := range u.Points[k.point].Moving {
			if c.Function != nil && c.Coordinate == coordinate {
				d[i] = c.Function.Slope(s.q[coordinate])
			}
		}
		v = v.add(s.ground[k.body].rotate(toVec(d)))
	}
	return v
}

// MomentArm returns the moment arm of a muscle about a coordinate, in m (or 1
// for a translational coordinate): the generalised force of a unit tension
// along the path, positive where the muscle pulls the coordinate up, which is
// −dL/dq where no wrap touches (spec/01, 3.10). Coordinates coupled to this one move with it.
// Valid after Set.
func (s *Solver) MomentArm(muscle, coordinate int) float64 {
	if coordinate < 0 || coordinate >= len(s.q) {
		panic(fmt.Sprintf("arm: no coordinate %d in a model of %d", coordinate, len(s.q)))
	}
	arm := -s.lengthening(muscle, coordinate)
	for i := range s.model.Couplers {
		if c := &s.model.Couplers[i]; c.Independent == coordinate {
			arm -= c.Function.Slope(s.q[coordinate]) * s.lengthening(muscle, c.Dependent)
		}
	}
	return arm
}

// PathSpeed returns the rate at which the path of a muscle lengthens (m/s)
// when the coordinates change at the given rates (rad/s or m/s). The rates of
// coupled coordinates follow from the others. Valid after Set. It panics if
// there is not one rate per coordinate.
func (s *Solver) PathSpeed(muscle int, rates []float64) float64 {
	if len(rates) != len(s.q) {
		panic(fmt.Sprintf("arm: %d rates for a model of %d coordinates", len(rates), len(s.q)))
	}
	speed := 0.0
	for c, rate := range rates {
		for i := range s.model.Couplers {
			if k := &s.model.Couplers[i]; k.Dependent == c {
				rate = k.Function.Slope(s.q[k.Independent]) * rates[k.Independent]
			}
		}
		if rate != 0 {
			speed += rate * s.lengthening(muscle, c)
		}
	}
	return speed
}
