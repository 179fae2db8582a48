package arm

import "math"

// closest returns the point of the surface closest to p, by Newton's method on
// the polynomial in the multiplier t of closest = a²p/(t + a²), stopped where
// OpenSim stops (spec/01, 3.7.3). A point in a coordinate plane is taken to the
// section of the ellipsoid with that plane.
func (e *ellipsoid) closest(p vec) vec {
	c, _ := e.closestScaled(p)
	return c
}

// closestScaled is closest; scale is the product of the squares of t + a²,
// against which the tolerance of the iteration is to be seen (0 for a point in
// a coordinate plane).
func (e *ellipsoid) closestScaled(p vec) (c vec, scale float64) {
	a, a2 := e.a, e.a2
	if math.Abs(p.x) <= roundoff || math.Abs(p.y) <= roundoff || math.Abs(p.z) <= roundoff {
		plane, least := -1, math.Inf(1)
		for k := range 3 {
			if math.Abs(p.at(k)) <= roundoff {
				if sum := a.x + a.y + a.z - a.at(k); sum < least {
					plane, least = k, sum
				}
			}
		}
		return e.closestInSection(p, plane), 0
	}
	t := 0.0
	if s := e.shrink(p); s.dot(s) >= 1 {
		t = math.Max(a.x, math.Max(a.y, a.z)) * p.norm()
	}
	ux, uy, uz := a2.x*p.x*p.x, a2.y*p.y*p.y, a2.z*p.z*p.z
	var P, Q, R float64
	for range 64 {
		P, Q, R = t+a2.x, t+a2.y, t+a2.z
		PQ, PR, QR := P*Q, P*R, Q*R
		PQR := PQ * R
		scale = PQR * PQR
		f := scale - ux*(QR*QR) - uy*(PR*PR) - uz*(PQ*PQ)
		if math.Abs(f) < 1e-9 {
			break
		}
		t -= f / (2 * (PQR*(QR+PR+PQ) - ux*QR*(Q+R) - uy*PR*(P+R) - uz*PQ*(P+Q)))
	}
	return vec{a2.x * p.x / P, a2.y * p.y / Q, a2.z * p.z / R}, scale
}

// closestInSection returns p with the two coordinates other than axis moved to
// the closest point of the ellipse in which the plane through the centre cuts
// the ellipsoid.
func (e *ellipsoid) closestInSection(p vec, axis int) vec {
	switch axis {
	case 0:
		p.y, p.z = closestOnEllipse(e.a.y, e.a.z, p.y, p.z)
	case 1:
		p.z, p.x = closestOnEllipse(e.a.z, e.a.x, p.z, p.x)
	default:
		p.x, p.y = closestOnEllipse(e.a.x, e.a.y, p.x, p.y)
	}
	return p
}

// closestOnEllipse returns the point of the ellipse with semi-axes a, b that
// is closest to (u, v).
func closestOnEllipse(a, b, u, v float64) (x, y float64) {
	a2, b2 := a*a, b*b
	onX, onY := math.Abs(u) <= roundoff, math.Abs(v) <= roundoff
	switch {
	case onX && onY && a < b:
		return math.Copysign(a, u+0), v
	case onX && onY:
		return u, math.Copysign(b, v+0)
	case onX:
		if a >= b || math.Abs(v) >= b-a2/b {
			return u, math.Copysign(b, v)
		}
		y = b2 * v / (b2 - a2)
		return a * math.Sqrt(math.Abs(1-y*y/b2)), y
	case onY:
		if b >= a || math.Abs(u) >= a-b2/a {
			return math.Copysign(a, u), v
		}
		x = a2 * u / (a2 - b2)
		return x, b * math.Sqrt(math.Abs(1-x*x/a2))
	}
	t := 0.0
	if u*u/a2+v*v/b2 >= 1 {
		t = math.Max(a, b) * math.Hypot(u, v)
	}
	uu, vv := a2*u*u, b2*v*v
	var P, Q float64
	for range 64 {
		P, Q = t+a2, t+b2
		P2, Q2 := P*P, Q*Q
		f := P2*Q2 - uu*Q2 - vv*P2
		if math.Abs(f) < 1e-9 {
			break
		}
		t -= f / (2 * (P*Q*(P+Q) - uu*Q - vv*P))
	}
	return a2 * u / P, b2 * v / Q
}
