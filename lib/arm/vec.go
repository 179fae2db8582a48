package arm

import "math"

// vec is a vector in registers: the compiler keeps structs of three floats
// there, not arrays.
type vec struct{ x, y, z float64 }

func toVec(p [3]float64) vec     { return vec{p[0], p[1], p[2]} }
func (a vec) array() [3]float64  { return [3]float64{a.x, a.y, a.z} }
func (a vec) add(b vec) vec      { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec      { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) mul(s float64) vec  { return vec{a.x * s, a.y * s, a.z * s} }
func (a vec) dot(b vec) float64  { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) norm() float64      { return math.Sqrt(a.dot(a)) }
func (a vec) dist(b vec) float64 { return a.sub(b).norm() }
func (a vec) along(t float64, b vec) vec { // a + t·b
	return vec{a.x + t*b.x, a.y + t*b.y, a.z + t*b.z}
}

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

// unit returns a scaled to length 1, or 0 if a is shorter than the machine
// epsilon, which is SIMM's rule.
func (a vec) unit() vec {
	n := a.norm()
	if n < epsilon {
		return vec{}
	}
	return a.mul(1 / n)
}

func (a vec) at(k int) float64 {
	switch k {
	case 0:
		return a.x
	case 1:
		return a.y
	}
	return a.z
}

const epsilon = 0x1p-52

// A Pose is the place of a body frame in the ground: a point p of the body
// stands at R·p + P.
type Pose struct {
	R [3][3]float64
	P [3]float64 // m
}

// Apply returns the ground position of a point of the body, in m.
func (t Pose) Apply(p [3]float64) [3]float64 { return t.apply(toVec(p)).array() }

func (t *Pose) apply(p vec) vec {
	r := &t.R
	return vec{
		r[0][0]*p.x + r[0][1]*p.y + r[0][2]*p.z + t.P[0],
		r[1][0]*p.x + r[1][1]*p.y + r[1][2]*p.z + t.P[1],
		r[2][0]*p.x + r[2][1]*p.y + r[2][2]*p.z + t.P[2],
	}
}

func (t *Pose) rotate(p vec) vec {
	r := &t.R
	return vec{
		r[0][0]*p.x + r[0][1]*p.y + r[0][2]*p.z,
		r[1][0]*p.x + r[1][1]*p.y + r[1][2]*p.z,
		r[2][0]*p.x + r[2][1]*p.y + r[2][2]*p.z,
	}
}

// inverseApply maps a ground point into the body.
func (t *Pose) inverseApply(p vec) vec {
	r := &t.R
	d := vec{p.x - t.P[0], p.y - t.P[1], p.z - t.P[2]}
	return vec{
		r[0][0]*d.x + r[1][0]*d.y + r[2][0]*d.z,
		r[0][1]*d.x + r[1][1]*d.y + r[2][1]*d.z,
		r[0][2]*d.x + r[1][2]*d.y + r[2][2]*d.z,
	}
}

var identity = Pose{R: [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}

// compose sets t = a·b; t must be neither.
func (t *Pose) compose(a, b *Pose) {
	for i := range 3 {
		r := &a.R[i]
		for j := range 3 {
			t.R[i][j] = r[0]*b.R[0][j] + r[1]*b.R[1][j] + r[2]*b.R[2][j]
		}
		t.P[i] = r[0]*b.P[0] + r[1]*b.P[1] + r[2]*b.P[2] + a.P[i]
	}
}

func (t *Pose) inverse() Pose {
	var u Pose
	for i := range 3 {
		for j := range 3 {
			u.R[i][j] = t.R[j][i]
		}
		u.P[i] = -(t.R[0][i]*t.P[0] + t.R[1][i]*t.P[1] + t.R[2][i]*t.P[2])
	}
	return u
}

// turnAbout multiplies t from the right by the rotation of angle radians about
// the unit axis u.
func (t *Pose) turnAbout(u vec, angle float64) {
	s, c := math.Sincos(angle)
	var r [3][3]float64
	switch {
	case u == vec{1, 0, 0}:
		for i := range 3 {
			y, z := t.R[i][1], t.R[i][2]
			t.R[i][1], t.R[i][2] = y*c+z*s, z*c-y*s
		}
		return
	case u == vec{0, 1, 0}:
		for i := range 3 {
			x, z := t.R[i][0], t.R[i][2]
			t.R[i][0], t.R[i][2] = x*c-z*s, z*c+x*s
		}
		return
	case u == vec{0, 0, 1}:
		for i := range 3 {
			x, y := t.R[i][0], t.R[i][1]
			t.R[i][0], t.R[i][1] = x*c+y*s, y*c-x*s
		}
		return
	}
	v := 1 - c
	m := [3][3]float64{
		{c + u.x*u.x*v, u.x*u.y*v - u.z*s, u.x*u.z*v + u.y*s},
		{u.x*u.y*v + u.z*s, c + u.y*u.y*v, u.y*u.z*v - u.x*s},
		{u.x*u.z*v - u.y*s, u.y*u.z*v + u.x*s, c + u.z*u.z*v},
	}
	for i := range 3 {
		for j := range 3 {
			r[i][j] = t.R[i][0]*m[0][j] + t.R[i][1]*m[1][j] + t.R[i][2]*m[2][j]
		}
	}
	t.R = r
}

// frame returns T(origin)·Rx·Ry·Rz of a body-fixed x-y-z rotation.
func frame(origin, xyz [3]float64) Pose {
	t := identity
	t.P = origin
	t.turnAbout(vec{1, 0, 0}, xyz[0])
	t.turnAbout(vec{0, 1, 0}, xyz[1])
	t.turnAbout(vec{0, 0, 1}, xyz[2])
	return t
}

// ToWorld turns OpenSim's ground axes (x forward, y up, z right) into the axes
// W of the pipeline (x forward, y left, z up): (x, y, z) becomes (x, −z, y)
// (spec/01, 3.9).
func ToWorld(p [3]float64) [3]float64 { return [3]float64{p[0], -p[2], p[1]} }

// FromWorld is the inverse of [ToWorld].
func FromWorld(p [3]float64) [3]float64 { return [3]float64{p[0], p[2], -p[1]} }
