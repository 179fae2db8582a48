package arm

// A Contact is a place where a path lies on a wrap object.
type Contact struct {
	Object int     // index into Model.Wraps
	Wrap   int     // index into Muscle.Wraps
	Knot   int     // index of the first of the two wrap points among the points that the straight pieces join
	Length float64 // along the surface, m
}

// Contacts appends to dst the places where muscle i lies on a wrap object, in
// the order of the path. Valid after Set.
func (s *Solver) Contacts(dst []Contact, i int) []Contact {
	p := &s.paths[i]
	for k := range p.knots {
		if n := &p.knots[k]; n.pair >= 0 && !n.second {
			dst = append(dst, Contact{Object: n.object, Wrap: n.pair, Knot: k, Length: p.pairs[n.pair].way.length})
		}
	}
	return dst
}

// A PathVertex is a point of a path as it is drawn.
type PathVertex struct {
	Ground [3]float64 // OpenSim's ground axes, m
	Body   int        // the body that it is fixed in
	Object int        // the wrap object on whose surface it lies, or -1
	Point  int        // the path point that it is, or -1
}

// Path appends to dst the line that muscle i follows in the ground, with
// points at most 1 mm apart on the surfaces that it wraps over. Valid after Set.
func (s *Solver) Path(dst []PathVertex, i int) []PathVertex {
	p := &s.paths[i]
	for k := range p.knots {
		n := &p.knots[k]
		dst = append(dst, PathVertex{Ground: n.ground.array(), Body: n.body, Object: n.object, Point: n.point})
		if n.pair >= 0 && !n.second {
			w := &s.wraps[n.object]
			w.surfaceLine(&p.pairs[n.pair].way, func(q vec) {
				dst = append(dst, PathVertex{Ground: w.ground.apply(q).array(), Body: n.body, Object: n.object, Point: -1})
			})
		}
	}
	return dst
}

// WrapPose returns the place of wrap object i in the ground (m): a cylinder or
// torus has its axis along z of that frame, an ellipsoid its semi-axes along x,
// y and z. Valid after Set.
func (s *Solver) WrapPose(i int) Pose { return s.wraps[i].ground }

// Spans returns the coordinates, as indices into m.Coordinates in ascending
// order, on which the path length of muscle i depends: those of the joints
// between the bodies of its path points and of the objects that it may wrap
// over, and those that move a path point or make it come and go. Of coupled
// coordinates it names the one that leads. All other coordinates leave the
// length as it is.
func (m *Model) Spans(i int) []int {
	u := &m.Muscles[i]
	on := make([]bool, len(m.Coordinates))
	mark := func(c int) {
		for k := range m.Couplers {
			if m.Couplers[k].Dependent == c {
				c = m.Couplers[k].Independent
			}
		}
		on[c] = true
	}
	// A joint lies between them if not all of the bodies hang on it.
	hang := make([]int, len(m.Bodies))
	bodies := 0
	add := func(body int) {
		bodies++
		for ; body > 0; body = m.Bodies[body].Joint.Parent {
			hang[body]++
		}
	}
	for k := range u.Points {
		p := &u.Points[k]
		add(p.Body)
		if p.While != nil {
			mark(p.While.Coordinate)
		}
		if p.Moving != nil {
			for _, f := range p.Moving {
				if f.Function != nil {
					mark(f.Coordinate)
				}
			}
		}
	}
	for _, w := range u.Wraps {
		add(m.Wraps[w.Object].Body)
	}
	for b := 1; b < len(m.Bodies); b++ {
		if hang[b] == 0 || hang[b] == bodies {
			continue
		}
		j := &m.Bodies[b].Joint
		for _, axes := range [][]Axis{j.Turns, j.Shifts} {
			for _, a := range axes {
				if a.Coordinate >= 0 {
					mark(a.Coordinate)
				}
			}
		}
	}
	var list []int
	for c, is := range on {
		if is {
			list = append(list, c)
		}
	}
	return list
}
