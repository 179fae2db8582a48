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
}

// wrapSegment leads the straight piece from p1 to p2, in the frame of w, over w.
func (w *WrapObject) wrapSegment(p1, p2 vec, method Method, quirks *Quirks) contact {
	switch w.Kind {
	case Cylinder:
		return wrapCylinder(p1, p2, w.Radius, w.Length, w.Side, w.Axis)
	case Torus:
		return wrapTorus(p1, p2, w.Inner, w.Outer, quirks.TorusRing)
	default:
		return wrapEllipsoid(p1, p2, toVec(w.Radii), method)
	}
}

// roundoff is the smallest number that SIMM tells from zero.
const roundoff = 2e-13

// linesNear returns the points of two lines that are nearest to each other:
// p + s·d and q + t·e with unit directions d and e. Parallel lines give ok false.
func linesNear(p, d, q, e vec) (s, t float64, ok bool) {
	c := d.cross(e)
	den := c.dot(c)
	if den <= roundoff {
		return 0, 0, false
	}
	w := q.sub(p)
	return w.cross(e).dot(c) / den, w.cross(d).dot(c) / den, true
}

func signOf(x float64) int {
	if x >= 0 {
		return 1
	}
	return -1
}

func acos(x float64) float64 { return math.Acos(math.Min(math.Max(x, -1), 1)) }
