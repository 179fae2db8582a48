package arm

// path is the state of one muscle in the current posture.
type path struct {
	length        float64 // m
	fibre, tendon float64 // m
	points        []vec   // the path's active points in the ground
}

func newPath(m *Model, u *Muscle) path {
	return path{points: make([]vec, 0, len(u.Points))}
}

// solvePath evaluates muscle i in the current posture.
func (s *Solver) solvePath(i int) {
	p, u := &s.paths[i], &s.model.Muscles[i]
	p.points = p.points[:0]
	for k := range u.Points {
		if g, ok := s.pointInGround(&u.Points[k]); ok {
			p.points = append(p.points, g)
		}
	}
	p.length = 0
	for k := 1; k < len(p.points); k++ {
		p.length += p.points[k].dist(p.points[k-1])
	}
	p.fibre, p.tendon = u.equilibrium(p.length)
}

// conditionSlack widens the range of a conditional path point, as in OpenSim.
const conditionSlack = 1e-5

func (s *Solver) pointInGround(p *PathPoint) (vec, bool) {
	if c := p.While; c != nil {
		if v := s.q[c.Coordinate]; v < c.Lo-conditionSlack || v > c.Hi+conditionSlack {
			return vec{}, false
		}
	}
	return s.ground[p.Body].apply(s.pointInBody(p)), true
}

func (s *Solver) pointInBody(p *PathPoint) vec {
	at := p.Location
	if p.Moving != nil {
		for k := range p.Moving {
			if f := &p.Moving[k]; f.Function != nil {
				at[k] = f.Function.Value(s.q[f.Coordinate])
			}
		}
	}
	return toVec(at)
}
