package arm

import "math"

// wrapTorus leads p1-p2 over a torus about z (spec/01, 3.7.4): a cylinder
// stands for it where the line comes nearest to its circle. A torus always
// offers a wrap; if the cylinder is missed, it is not a real one.
func wrapTorus(p1, p2 vec, tube, ring float64, doubled bool) contact {
	c := nearestOnRing(p1, p2, ring, doubled)
	f := newRingFrame(c)
	const endless = 10000.0 // m
	w := wrapCylinder(f.local(p1), f.local(p2), tube, endless, 1, 0)
	if w.real {
		w.r1, w.r2, w.ring = f.back(w.r1), f.back(w.r2), c
	}
	w.action = optional
	return w
}

// ringFrame is the frame of the cylinder that stands for a torus at a point of
// its circle (3.7.4, step 2): x points to the centre of the torus, y down its axis.
type ringFrame struct {
	x, z vec
	off  float64
}

func newRingFrame(c vec) ringFrame {
	x := c.mul(-1).unit()
	return ringFrame{x: x, z: x.cross(vec{0, 0, -1}), off: c.norm()}
}

func (f *ringFrame) local(p vec) vec { return vec{f.x.dot(p) + f.off, -p.z, f.z.dot(p)} }

func (f *ringFrame) back(p vec) vec {
	x := p.x - f.off
	return vec{f.x.x*x + f.z.x*p.z, f.x.y*x + f.z.y*p.z, -p.y}
}

// nearestOnRing returns the point of the circle about z in the plane z = 0
// that is nearest to the line p1-p2 (3.7.4, step 1). OpenSim's search depends on its start and
// stops early, so it is done from both ends and the nearer one is taken.
func nearestOnRing(p1, p2 vec, ring float64, doubled bool) vec {
	sought := ring
	if doubled {
		sought = 2 * ring
	}
	span := p2.sub(p1)
	n := span.mul(1 / span.norm())
	a := p1.along(slideToRing(p1, n, sought), n)
	b := p2.along(-slideToRing(p2, n.mul(-1), sought), n)
	gap := func(p vec) float64 {
		return p.dot(p) + ring*ring - 2*ring*math.Hypot(p.x, p.y)
	}
	if !(math.Sqrt(gap(a)) < math.Sqrt(gap(b))) {
		a = b
	}
	k := ring / math.Hypot(a.x, a.y)
	return vec{a.x * k, a.y * k, 0}
}

// slideToRing returns how far along n from p the squared distance to the
// circle is stationary.
func slideToRing(p, n vec, ring float64) float64 {
	c2 := 2 * p.dot(n)
	c3 := p.x*n.x + p.y*n.y
	c4 := n.x*n.x + n.y*n.y
	c5 := p.x*p.x + p.y*p.y
	l := levenberg{c2: c2, c3: c3, c4: c4, c5: c5, ring: ring}
	return l.root()
}

// levenberg finds the zero of
//
//	f(u) = c2 + 2u − 2·ring·(c4·u + c3)/√(c4·u² + 2·c3·u + c5),
//
// starting at 0, as MINPACK's lmdif does for one residual and one unknown with
// OpenSim's settings. Since it stops at a relative change of 1e-4, its steps
// must be followed, not only its goal. The slope is exact where lmdif takes a
// difference quotient.
type levenberg struct{ c2, c3, c4, c5, ring float64 }

func (l *levenberg) residual(u float64) (f, slope float64) {
	g := l.c4*u + l.c3
	square := u*u*l.c4 + 2*l.c3*u + l.c5
	root := 1 / math.Sqrt(square)
	h := 2 * l.ring * root
	return l.c2 + 2*u - h*g, 2 - h*(l.c4-g*g*root*root)
}

func (l *levenberg) root() float64 {
	const (
		ftol, xtol = 1e-4, 1e-4
		factor     = 0.2
		rounds     = 500
	)
	x := 0.0
	fx, slope := l.residual(x)
	norm := math.Abs(fx)
	scale := math.Abs(slope)
	if scale == 0 {
		scale = 1
	}
	delta, par := factor, 0.0
	for round, first := 0, true; ; {
		if norm == 0 || slope == 0 || math.IsNaN(slope) {
			return x
		}
		scale = math.Max(scale, math.Abs(slope))
		for ratio := 0.0; ratio < 1e-4; round++ {
			var step float64
			par, step = lmpar(slope, scale, fx, delta, par)
			pnorm := scale * math.Abs(step)
			if first {
				delta = math.Min(delta, pnorm)
			}
			fnew, slopeNew := l.residual(x + step)
			nnew := math.Abs(fnew)
			actual := -1.0
			if 0.1*nnew < norm {
				actual = 1 - (nnew/norm)*(nnew/norm)
			}
			t1 := math.Abs(slope*step) / norm
			t2 := math.Sqrt(par) * pnorm / norm
			predicted := t1*t1 + t2*t2/0.5
			dir := -(t1*t1 + t2*t2)
			ratio = 0
			if predicted != 0 {
				ratio = actual / predicted
			}
			if ratio <= 0.25 {
				t := 0.5
				if actual < 0 {
					t = 0.5 * dir / (dir + 0.5*actual)
				}
				if 0.1*nnew >= norm || t < 0.1 {
					t = 0.1
				}
				delta = t * math.Min(delta, pnorm/0.1)
				par /= t
			} else if par == 0 || ratio >= 0.75 {
				delta = pnorm / 0.5
				par *= 0.5
			}
			if ratio >= 1e-4 {
				x += step
				fx, norm, slope = fnew, nnew, slopeNew
				first = false
			}
			if math.Abs(actual) <= ftol && predicted <= ftol && 0.5*ratio <= 1 || delta <= xtol*scale*math.Abs(x) ||
				round >= rounds || math.IsNaN(ratio) {
				return x
			}
		}
	}
}

// lmpar returns the Levenberg-Marquardt parameter and the step for which the
// scaled step is about delta long.
func lmpar(slope, scale, fx, delta, par float64) (float64, float64) {
	const dwarf = 2.2250738585072014e-308
	x := fx / slope
	dx := math.Abs(scale * x)
	fp := dx - delta
	if fp <= 0.1*delta {
		return 0, -x
	}
	t := math.Abs(scale / slope)
	low := fp / delta / t / t
	grad := math.Abs(slope * fx / scale)
	high := grad / delta
	if high == 0 {
		high = dwarf / math.Min(delta, 0.1)
	}
	par = math.Min(math.Max(par, low), high)
	if par == 0 {
		par = grad / dx
	}
	for iter := 1; ; iter++ {
		if par == 0 {
			par = math.Max(dwarf, 0.001*high)
		}
		x = slope * fx / (slope*slope + par*scale*scale)
		dx = math.Abs(scale * x)
		before := fp
		fp = dx - delta
		if math.Abs(fp) <= 0.1*delta || low == 0 && fp <= before && before < 0 || iter == 10 {
			return par, -x
		}
		t := math.Abs(scale / math.Sqrt(slope*slope+par*scale*scale))
		change := fp / delta / t / t
		if fp > 0 {
			low = math.Max(low, par)
		}
		if fp < 0 {
			high = math.Min(high, par)
		}
		par = math.Max(low, par+change)
	}
}
