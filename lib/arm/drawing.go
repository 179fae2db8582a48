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
// points on the surfaces that it wraps over about 1 or 2 mm apart. Valid after Set.
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
