package arm

import "math"

// action is what a wrap object says of one straight piece of a path.
type action int

const (
	none      action = iota // the piece misses it
	inside                  // an end lies inside it
	optional                // the piece may wrap, if no other costs less
	mandatory               // the piece cuts it
)

// contact is the way over a wrap object, in the object's frame.
type contact struct {
	action  action
	real    bool    // the tangent points are there; false of a torus that was missed
	r1, r2  vec     // tangent points, m
	length  float64 // along the surface, m
	long    bool    // cylinder: more than half a turn
	normal  vec     // ellipsoid: of the plane through r1 and r2
	chordal bool    // ellipsoid: so short that length is the chord
	ring    vec     // torus: the point of its circle where the cylinder stands
}

// surface is a wrap object made ready for use.
type surface struct {
	*WrapObject
	place  Pose      // its frame in its body
	ground Pose      // its frame in the ground, in the current posture
	shape  ellipsoid // scaled to a mean semi-axis of 1
	scale  float64
}

func newSurface(w *WrapObject) surface {
	s := surface{WrapObject: w, place: frame(w.Translation, w.Rotation)}
	if w.Kind == Ellipsoid {
		s.scale = 3 / (w.Radii[0] + w.Radii[1] + w.Radii[2])
		s.shape = newEllipsoid(toVec(w.Radii).mul(s.scale))
	}
	return s
}

// wrapSegment leads the straight piece from p1 to p2, in the frame of w, over w.
func (w *surface) wrapSegment(p1, p2 vec, method Method, quirks *Quirks) contact {
	switch w.Kind {
	case Cylinder:
		return wrapCylinder(p1, p2, w.Radius, w.Length, w.Side, w.Axis)
	case Torus:
		return wrapTorus(p1, p2, w.Inner, w.Outer, quirks.TorusRing)
	default:
		return w.shape.wrap(p1, p2, w.scale, method)
	}
}

// roundoff is the smallest number that SIMM tells from zero.
const roundoff = 2e-13

func signOf(x float64) int {
	if x >= 0 {
		return 1
	}
	return -1
}

func acos(x float64) float64 { return math.Acos(math.Min(math.Max(x, -1), 1)) }

// surfaceLine visits the inner points of the line from c.r1 to c.r2 over w, in
// the frame of w.
func (w *surface) surfaceLine(c *contact, visit func(vec)) {
	switch w.Kind {
	case Cylinder:
		helix(c, visit)
	case Torus:
		f := newRingFrame(c.ring)
		local := *c
		local.r1, local.r2 = f.local(c.r1), f.local(c.r2)
		helix(&local, func(q vec) { visit(f.back(q)) })
	default:
		if !c.chordal {
			r1, r2 := c.r1.mul(w.scale), c.r2.mul(w.scale)
			line := w.shape.line(r1, r2, c.normal, -c.normal.dot(r1), arcSegments(c.r1.dist(c.r2)))
			for q, ok := line.next(); ok; q, ok = line.next() {
				visit(q.mul(1 / w.scale))
			}
		}
	}
}

// helix visits points between the tangent points on a cylinder, at most 1 mm
// and a fifth of a radian apart.
func helix(c *contact, visit func(vec)) {
	theta := acos(radial(c.r1, c.r2) / math.Sqrt(radial(c.r1, c.r1)*radial(c.r2, c.r2)))
	sense := float64(signOf(c.r1.x*c.r2.y - c.r1.y*c.r2.x))
	if c.long {
		theta = 2*math.Pi - theta
		sense = -sense
	}
	n := math.Ceil(math.Max(c.length/0.001, theta/0.2))
	if !(n <= 1e5) {
		return
	}
	for k := 1.0; k < n; k++ {
		sin, cos := math.Sincos(sense * theta * k / n)
		visit(vec{c.r1.x*cos - c.r1.y*sin, c.r1.y*cos + c.r1.x*sin, c.r1.z + (c.r2.z-c.r1.z)*k/n})
	}
}
