package arm

import "math"

// Blending of the two ways to the wrapping plane: below blendMin the fan
// alone, above blendMax the axis alone (cosine of the piece with the axis).
const (
	blendMin   = 0.7073
	blendMax   = 0.9
	blendEnds  = 0.3 // share of the chord at each end where the axis fades out
	fanSamples = 300
)

// flat is the squared distance of a point from a line, in units of the mean
// semi-axis, below which it is rounding.
const flat = 1e-30

// wrap leads p1-p2 over an ellipsoid with its semi-axes along x, y, z
// (spec/01, 3.7.3). scale turns lengths in m into those of e, whose semi-axes
// have mean 1.
func (e *ellipsoid) wrap(p1, p2 vec, scale float64, method Method) (c contact) {
	// Step 1 of 3.7.3.
	p1, p2 = p1.mul(scale), p2.mul(scale)
	e1, e2 := e.level(p1), e.level(p2)
	const skin = 1e-4
	if e1 < -skin || e2 < -skin {
		c.action = inside
		return c
	}
	if math.Abs(p1.unit().dot(p2.unit())-1) < 1e-4 {
		return c
	}
	// Step 2: where the piece enters and leaves.
	span := p1.sub(p2)
	f1, f2 := e.shrink(span), e.shrink(p2)
	aa, bb, cc := f1.dot(f1), 2*f1.dot(f2), f2.dot(f2)-1
	disc := bb*bb - 4*aa*cc
	if disc < 0 {
		return c
	}
	l1 := (-bb + math.Sqrt(disc)) / (2 * aa)
	l2 := (-bb - math.Sqrt(disc)) / (2 * aa)
	if !(l1 > 0 && l1 < 1 && l2 > 0 && l2 < 1) {
		return c
	}
	r1, r2 := p2.along(l1, span), p2.along(l2, span)
	center, fromCenter := e.planePoint(r1, r2, span, method) // steps 3 and 4
	if fromCenter {
		r1, r2 = center, center
	}
	n := span.cross(p1.sub(center)) // step 5
	if n.dot(n) <= flat*span.dot(span) {
		// The centre lies on the line: rounding alone would choose the plane, or
		// a NaN. The plane through the ellipsoid's middle is taken.
		n = span.cross(p1)
	}
	n = n.unit()
	n4 := -n.dot(center)
	r1 = e.tangent(p1, r1, n, n4, e1) // step 6
	r2 = e.tangent(p2, r2, n, n4, e2)
	c.length, c.chordal = e.arc(r1, r2, n, n4, scale) // step 7
	c.length /= scale
	c.r1, c.r2, c.normal = r1.mul(1/scale), r2.mul(1/scale), n
	c.action, c.real = mandatory, true
	return c
}

// ellipsoid is one with semi-axes a about the origin.
type ellipsoid struct {
	a, a2 vec
	inv   vec // 1/a
	small int // the coordinate of the smallest semi-axis
}

func newEllipsoid(a vec) ellipsoid {
	e := ellipsoid{a: a, a2: vec{a.x * a.x, a.y * a.y, a.z * a.z}, inv: vec{1 / a.x, 1 / a.y, 1 / a.z}}
	if a.y < a.at(e.small) {
		e.small = 1
	}
	if a.z < a.at(e.small) {
		e.small = 2
	}
	return e
}

// shrink maps the ellipsoid to the unit sphere.
func (e *ellipsoid) shrink(p vec) vec { return vec{p.x * e.inv.x, p.y * e.inv.y, p.z * e.inv.z} }

// level is negative inside, zero on the surface.
func (e *ellipsoid) level(p vec) float64 {
	s := e.shrink(p)
	return s.dot(s) - 1
}

// planePoint chooses the surface point that fixes, with p1 and p2, the plane
// of the wrap (3.7.3, step 3). The chord from r1 to r2 is the part of the piece inside; span
// is its direction. It also tells whether the tangent search starts there.
func (e *ellipsoid) planePoint(r1, r2, span vec, method Method) (c vec, start bool) {
	chord := r2.sub(r1)
	mid := r1.along(0.5, chord)
	if method == Midpoint {
		return e.closest(mid), true
	}
	// The axis most parallel to the piece.
	u := span.unit()
	axis := 0
	for k := 1; k < 3; k++ {
		if math.Abs(u.at(k)) > math.Abs(u.at(axis)) {
			axis = k
		}
	}
	mu := math.Abs(u.at(axis))
	// Where the chord crosses the plane in which that coordinate vanishes.
	t := -r1.at(axis) / chord.at(axis)
	if method == Axial {
		return e.closestInSection(r1.along(t, chord), axis), t > 0 && t < 1
	}
	if mu > blendMin {
		s := 1.0
		switch {
		case t < 0 || t > 1:
			s = 0
		case t < blendEnds:
			s = t / blendEnds
		case t > 1-blendEnds:
			s = (1 - t) / blendEnds
		}
		if s < 1 {
			mu = blendMin + s*(mu-blendMin)
		}
	}
	if mu >= blendMax {
		return e.closestInSection(r1.along(t, chord), axis), true
	}
	fan := e.closest(mid.add(e.fan(r1, chord).unit()))
	if mu <= blendMin {
		return fan, true
	}
	w := (mu - blendMin) / (blendMax - blendMin)
	axial := e.closestInSection(r1.along(t, chord), axis)
	return e.closest(axial.mul(w).along(1-w, fan)), true
}

// arc returns the length of the surface line from r1 to r2 in the plane
// n·r + n4 = 0, as a chain of chords, and whether it is a single one. The
// chords are about 1 mm long in the unscaled world.
func (e *ellipsoid) arc(r1, r2, n vec, n4, scale float64) (length float64, single bool) {
	const segment = 0.001 // m
	gap := r1.dist(r2)
	if gap/scale < segment {
		return gap, true
	}
	before := r1
	line := e.line(r1, r2, n, n4, arcSegments(gap/scale))
	for p, ok := line.next(); ok; p, ok = line.next() {
		length += p.dist(before)
		before = p
	}
	return length + r2.dist(before), false
}

func arcSegments(gap float64) int {
	const segment, most = 0.001, 499
	return int(math.Min(math.Trunc(gap/segment), most))
}

// surfaceWalk visits the inner ends of the chords: where rays in the plane,
// from a point of a coordinate axis, at equal angles from r1 to r2 the short
// way, meet the surface.
type surfaceWalk struct {
	e           *ellipsoid
	hub, ray, w vec // w is perpendicular to ray, in the plane
	f2          vec
	cc          float64
	sin, cos    float64 // of one step
	left        int
}

func (e *ellipsoid) line(r1, r2, n vec, n4 float64, segments int) surfaceWalk {
	var hub vec
	switch ax, ay, az := math.Abs(n.x), math.Abs(n.y), math.Abs(n.z); {
	case az > math.Max(ax, ay):
		hub.z = -n4 / n.z
	case ay > ax:
		hub.y = -n4 / n.y
	default:
		hub.x = -n4 / n.x
	}
	u, v := r1.sub(hub).unit(), r2.sub(hub).unit()
	l := surfaceWalk{e: e, hub: hub, ray: u, w: u.cross(v).unit().cross(u), f2: e.shrink(hub), left: segments - 1}
	l.cc = l.f2.dot(l.f2) - 1
	l.sin, l.cos = math.Sincos(acos(u.dot(v)) / float64(segments))
	return l
}

func (l *surfaceWalk) next() (p vec, ok bool) {
	if l.left <= 0 {
		return vec{}, false
	}
	l.left--
	l.ray, l.w = l.ray.mul(l.cos).along(l.sin, l.w), l.w.mul(l.cos).along(-l.sin, l.ray)
	f1 := l.e.shrink(l.ray)
	aa, bb := f1.dot(f1), f1.dot(l.f2)
	return l.hub.along((math.Sqrt(bb*bb-aa*l.cc)-bb)/aa, l.ray), true
}
