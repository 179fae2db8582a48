package arm

import "math"

// tangent moves r, by damped least squares, to where the line from p touches
// the ellipsoid in the plane n·r + n4 = 0 (spec/01, 3.7.3, step 6). The
// unknowns are r and d; the residuals say that r lies in the plane and on the surface, and that r and p
// lie in the tangent plane N·x + d = 0 with N = 2r/a². The search stops at a
// squared residual of 1e-8, well before the exact point, so OpenSim's steps
// are followed. level is that of p; a point on the surface is its own tangent point.
func (e *ellipsoid) tangent(p, r, n vec, n4, level float64) vec {
	const (
		enough = 1e-8
		rounds = 50
		inner  = 1000
	)
	if math.Abs(level) < 1e-4 {
		return p
	}
	s := tangentSearch{e: e, p: p, n: n, n4: n4, r: r}
	s.g = vec{2 * e.inv.x * e.inv.x, 2 * e.inv.y * e.inv.y, 2 * e.inv.z * e.inv.z}
	s.np = vec{p.x * s.g.x, p.y * s.g.y, p.z * s.g.z}
	s.d = -(s.g.x*r.x*r.x + s.g.y*r.y*r.y + s.g.z*r.z*r.z)
	ssq := s.residual()
	before := ssq
	alpha := 0.01
	toCenter := p.unit()
	for round := 0; ssq > enough && round < rounds; round++ {
		damping := 1.0
		if cos := p.sub(s.r).unit().dot(toCenter); cos > 0.1 {
			c4 := cos * cos * cos * cos
			c32 := c4 * c4
			c32 *= c32
			c32 *= c32
			damping = 1 - c32*c32*c32*c4 // cos¹⁰⁰
		}
		s.linearise()
		var step vec4
		for k := 0; ssq >= before && k < inner; k++ {
			step = s.solve(1+alpha, damping/16)
			s.move(step, 1)
			before = ssq
			ssq = s.residual()
			alpha *= 4
		}
		alpha /= 8
		factor := 0.5
		for k := 0; ssq <= before && k < inner; k++ {
			factor *= 2
			s.move(step, factor)
			before = ssq
			ssq = s.residual()
		}
		s.move(step, -factor)
		ssq = s.residual()
		before = ssq
	}
	return s.r
}

// vec4 is r and d, or the four residuals.
type vec4 struct{ x, y, z, d float64 }

type tangentSearch struct {
	e    *ellipsoid
	p, n vec
	n4   float64
	g    vec // 2/a²
	np   vec // 2p/a²
	r    vec
	d    float64
	res  vec4
	jj   [10]float64 // JJᵀ, lower triangle by rows
	v    vec4        // −J·res
}

// residual sets the residuals and returns the sum of their squares. The
// second is Σ(r/a)² − 1, half of N·r less 1.
func (s *tangentSearch) residual() float64 {
	r, g := s.r, s.g
	rr := g.x*r.x*r.x + g.y*r.y*r.y + g.z*r.z*r.z
	e := vec4{s.n.dot(r) + s.n4, rr/2 - 1, rr + s.d, s.np.dot(r) + s.d}
	s.res = e
	return e.x*e.x + e.y*e.y + e.z*e.z + e.d*e.d
}

func (s *tangentSearch) move(step vec4, f float64) {
	s.r = vec{s.r.x + f*step.x, s.r.y + f*step.y, s.r.z + f*step.z}
	s.d += f * step.d
}

// linearise forms the normal equations. The columns of J, for r, are n,
// 2r/a², 4r/a² and 2p/a²; for d they are 0, 0, 1, 1.
func (s *tangentSearch) linearise() {
	nr := vec{s.r.x * s.g.x, s.r.y * s.g.y, s.r.z * s.g.z}
	np, n, e := s.np, s.n, s.res
	w := e.y + 2*e.z
	s.v = vec4{
		-(n.x*e.x + nr.x*w + np.x*e.d),
		-(n.y*e.x + nr.y*w + np.y*e.d),
		-(n.z*e.x + nr.z*w + np.z*e.d),
		-(e.z + e.d),
	}
	// 2r/a² and its double together weigh 5.
	s.jj = [10]float64{
		n.x*n.x + 5*nr.x*nr.x + np.x*np.x,
		n.y*n.x + 5*nr.y*nr.x + np.y*np.x,
		n.y*n.y + 5*nr.y*nr.y + np.y*np.y,
		n.z*n.x + 5*nr.z*nr.x + np.z*np.x,
		n.z*n.y + 5*nr.z*nr.y + np.z*np.y,
		n.z*n.z + 5*nr.z*nr.z + np.z*np.z,
		2*nr.x + np.x, 2*nr.y + np.y, 2*nr.z + np.z, 2,
	}
}

// solve returns f·(JJᵀ with its diagonal times grow)⁻¹·v, by LDLᵀ.
func (s *tangentSearch) solve(grow, f float64) vec4 {
	a := &s.jj
	i0 := 1 / (a[0] * grow)
	l10, l20, l30 := a[1]*i0, a[3]*i0, a[6]*i0
	i1 := 1 / (a[2]*grow - l10*a[1])
	t21 := a[4] - l20*a[1]
	t31 := a[7] - l30*a[1]
	l21, l31 := t21*i1, t31*i1
	i2 := 1 / (a[5]*grow - l20*a[3] - l21*t21)
	t32 := a[8] - l30*a[3] - l31*t21
	l32 := t32 * i2
	i3 := 1 / (a[9]*grow - l30*a[6] - l31*t31 - l32*t32)
	y0 := s.v.x
	y1 := s.v.y - l10*y0
	y2 := s.v.z - l20*y0 - l21*y1
	y3 := s.v.d - l30*y0 - l31*y1 - l32*y2
	x3 := y3 * i3
	x2 := y2*i2 - l32*x3
	x1 := y1*i1 - l21*x2 - l31*x3
	x0 := y0*i0 - l10*x1 - l20*x2 - l30*x3
	return vec4{x0 * f, x1 * f, x2 * f, x3 * f}
}
