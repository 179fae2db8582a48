package arm

import "math"

// path is the state of one muscle in the current posture.
type path struct {
	length        float64 // m
	fibre, tendon float64 // m
	knots         []knot  // the path, wrap points included
	belly         belly
	pairs         []pair // one for each of the muscle's wraps
}

// knot is a point that the straight pieces of a path join.
type knot struct {
	point  int // index into Muscle.Points, or -1 for a wrap point
	pair   int // index into path.pairs of a wrap point, else -1
	second bool
	object int // wrap object of a wrap point, else -1
	body   int
	local  vec // in the body
	ground vec
}

// pair is the state of one of the muscle's wraps.
type pair struct {
	way   contact // in the object's frame
	on    bool    // the path wraps the object
	armed bool    // Q3: a candidate was accepted, so a phantom stands ready
	last  action  // of the last piece tested
	// Q2: where the two wrap points were when first asked for in this evaluation.
	known [2]bool
	place [2]vec
	// memo holds the last way of each straight piece, by the point where the
	// piece begins. The way depends on the ends alone, so that a later pass, and
	// a piece that does not move with the posture, need not find it again.
	memo []remembered
}

type remembered struct {
	p1, p2 vec
	way    contact
}

func newPath(m *Model, u *Muscle) path {
	n := len(u.Points) + 2*len(u.Wraps)
	p := path{knots: make([]knot, 0, n), pairs: make([]pair, len(u.Wraps)), belly: newBelly(u)}
	for k := range p.pairs {
		p.pairs[k].memo = make([]remembered, n)
		for i := range p.pairs[k].memo {
			p.pairs[k].memo[i].p1.x = nan // equal to no point
		}
	}
	return p
}

// solvePath evaluates muscle i in the current posture.
func (s *Solver) solvePath(i int) {
	p, u := &s.paths[i], &s.model.Muscles[i]
	p.knots = p.knots[:0]
	for k := range u.Points {
		q := &u.Points[k]
		if s.present(q) {
			at := s.pointInBody(q)
			p.knots = append(p.knots, knot{point: k, pair: -1, object: -1, body: q.Body, local: at, ground: s.ground[q.Body].apply(at)})
		}
	}
	if len(u.Wraps) > 0 {
		s.wrap(p, u)
	} else {
		p.length = s.measure(p)
	}
	p.fibre, p.tendon = p.belly.equilibrium(p.length)
}

// conditionSlack widens the range of a conditional path point, as in OpenSim.
const conditionSlack = 1e-5

func (s *Solver) present(p *PathPoint) bool {
	c := p.While
	if c == nil {
		return true
	}
	v := s.q[c.Coordinate]
	return v >= c.Lo-conditionSlack && v <= c.Hi+conditionSlack
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

// where returns the ground position from which distances are measured.
func (s *Solver) where(p *path, n *knot) vec {
	if n.pair < 0 || !s.quirks.StaleWrapPoints {
		return n.ground
	}
	w, k := &p.pairs[n.pair], 0
	if n.second {
		k = 1
	}
	if !w.known[k] {
		w.known[k], w.place[k] = true, n.ground
	}
	return w.place[k]
}

// measure returns the length of the path as it stands.
func (s *Solver) measure(p *path) float64 {
	length := 0.0
	for k := 1; k < len(p.knots); k++ {
		a, b := &p.knots[k-1], &p.knots[k]
		from, to := s.where(p, a), s.where(p, b)
		if a.object >= 0 && a.object == b.object {
			length += p.pairs[b.pair].way.length
		} else {
			length += from.dist(to)
		}
	}
	return length
}

// wrap leads the path over the muscle's wrap objects (spec/01, 3.7.1).
func (s *Solver) wrap(p *path, u *Muscle) {
	const (
		passes = 8
		settle = 0.0005 // m
	)
	for k := range p.pairs {
		w := &p.pairs[k]
		w.on, w.armed, w.known = false, false, [2]bool{}
	}
	rounds := 1
	if len(u.Wraps) > 1 {
		rounds = passes
	}
	swapped := false
	before := math.Inf(1)
	for round := range rounds {
		for i := range u.Wraps {
			k := i
			if swapped && i < 2 {
				k = 1 - i
			}
			s.wrapOver(p, u, k)
		}
		p.length = s.measure(p)
		if math.Abs(p.length-before) < settle {
			break
		}
		before = p.length
		if round == 0 && len(u.Wraps) > 1 && p.pairs[0].last == none && p.pairs[1].last == inside {
			// The first object was missed and the second holds an end of the
			// path: try them the other way round.
			swapped = true
			p.remove(0)
		}
	}
}

// slot numbers the points of a path, wrap points after the others.
func (n *knot) slot(u *Muscle) int {
	if n.pair < 0 {
		return n.point
	}
	if n.second {
		return len(u.Points) + 2*n.pair + 1
	}
	return len(u.Points) + 2*n.pair
}

// remove takes the wrap points of a pair out of the path.
func (p *path) remove(k int) {
	for i := range p.knots {
		if p.knots[i].pair == k {
			p.knots = append(p.knots[:i], p.knots[i+2:]...)
			return
		}
	}
}

// wrapOver finds the best wrap of one object on the path as it stands and
// inserts its points.
func (s *Solver) wrapOver(p *path, u *Muscle, k int) {
	p.remove(k)
	w, pw := &p.pairs[k], &u.Wraps[k]
	w.on, w.last = false, none
	obj := &s.wraps[pw.Object]
	if obj.Inactive {
		return
	}
	start, end := s.wrapRange(p, u, pw)
	if start < 0 {
		return
	}
	at, best := s.bestWay(p, u, k, start, end)
	if best == nil || !best.real {
		w.armed = false
		return
	}
	w.way, w.on = *best, true
	s.insert(p, k, at+1, pw.Object)
}

// bestWay chooses the straight piece, between the knots start and end, that
// wraps over the object of pair k, and returns its first knot and the way.
func (s *Solver) bestWay(p *path, u *Muscle, k, start, end int) (at int, best *contact) {
	w, object := &p.pairs[k], u.Wraps[k].Object
	least := math.Inf(1)
	for j := start; j < end; j++ {
		a, b := &p.knots[j], &p.knots[j+1]
		if a.object >= 0 && a.object == b.object {
			continue
		}
		way := s.wayOver(p, u, k, j)
		w.last = way.action
		if way.action == mandatory {
			w.armed = true
			return j, way
		}
		if way.action != optional {
			continue
		}
		if cost, ok := s.cost(p, k, a, b, way, object); ok && cost < least {
			at, best, least = j, way, cost
			w.armed = true
		}
	}
	return at, best
}

// wayOver returns the way of the straight piece from knot j over the object of
// pair k.
func (s *Solver) wayOver(p *path, u *Muscle, k, j int) *contact {
	pw := &u.Wraps[k]
	obj := &s.wraps[pw.Object]
	a, b := &p.knots[j], &p.knots[j+1]
	r := &p.pairs[k].memo[a.slot(u)]
	if p1, p2 := obj.ground.inverseApply(a.ground), obj.ground.inverseApply(b.ground); r.p1 != p1 || r.p2 != p2 {
		r.p1, r.p2 = p1, p2
		r.way = obj.wrapSegment(p1, p2, pw.Method, &s.quirks)
	}
	return &r.way
}

// phantom is the cost of leading a piece to the origin of the object's body and back.
func (s *Solver) phantom(p *path, a, b *knot, object int) float64 {
	from, to := s.where(p, a), s.where(p, b)
	origin := toVec(s.ground[s.model.Wraps[object].Body].P)
	return from.dist(origin) + to.dist(origin) - from.dist(to)
}

// cost is by how much an optional wrap lengthens the path.
func (s *Solver) cost(p *path, k int, a, b *knot, way *contact, object int) (float64, bool) {
	from, to := s.where(p, a), s.where(p, b)
	if way.real {
		r1, r2 := s.wraps[object].ground.apply(way.r1), s.wraps[object].ground.apply(way.r2)
		return from.dist(r1) + way.length + to.dist(r2) - from.dist(to), true
	}
	if !s.quirks.TorusPhantom || !p.pairs[k].armed {
		return 0, false
	}
	return s.phantom(p, a, b, object), true
}

// wrapRange returns the knots between which a wrap may act: the first and last
// present path points of its range; start is -1 if there are none.
func (s *Solver) wrapRange(p *path, u *Muscle, w *PathWrap) (start, end int) {
	first, last := 0, len(u.Points)-1
	if w.First >= 1 {
		first = w.First - 1
	}
	if w.Last >= 1 {
		last = w.Last - 1
	}
	start, end = -1, -1
	for j := range p.knots {
		if k := p.knots[j].point; k >= first && k <= last {
			if start < 0 {
				start = j
			}
			end = j
		}
	}
	return start, end
}

// insert puts the wrap points of pair k into the path, the first at index at.
func (s *Solver) insert(p *path, k, at, object int) {
	p.knots = p.knots[:len(p.knots)+2]
	copy(p.knots[at+2:], p.knots[at:])
	body := s.model.Wraps[object].Body
	for i, r := range [2]vec{p.pairs[k].way.r1, p.pairs[k].way.r2} {
		local := s.wraps[object].place.apply(r)
		p.knots[at+i] = knot{point: -1, pair: k, second: i == 1, object: object, body: body, local: local, ground: s.ground[body].apply(local)}
	}
}
