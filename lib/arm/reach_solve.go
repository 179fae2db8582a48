package arm

import "math"

// Solve returns the posture closest to ref, by the Euclidean distance of the
// four angles, that brings the hand to the target (m, W axes) inside the joint
// box (spec/01, 2.4). It replaces the published SLSQP by an exact solution: the distance of
// the target fixes the elbow, and the postures that remain form a curve on
// which flexion and rotation are known functions of adduction; the nearest
// point on it is found by branch and bound, then polished by Newton's method.
//
// Where the box or the length of the arm keeps the hand from the target, the
// posture is one in the box that brings the hand as near as a descent from ref
// finds, Residual is its distance and Converged is false. A target or
// reference that is not finite gives a Residual of NaN.
func (r Reach) Solve(target [3]float64, ref [4]float64) (q [4]float64, res ReachResult) {
	if !finite(target[:]...) || !finite(ref[:]...) {
		return r.Clamp(ref), ReachResult{Residual: nan, Distance: nan}
	}
	s := search{r: &r, ref: ref, best: math.Inf(1)}
	s.run(target)
	if math.IsInf(s.best, 1) {
		q = r.approach(target, ref)
	} else {
		q = s.q
		res.Converged = true
	}
	res.Steps = s.steps
	res.Residual = toVec(r.Hand(q)).dist(toVec(target))
	d := 0.0
	for i := range q {
		d += (q[i] - ref[i]) * (q[i] - ref[i])
	}
	res.Distance = math.Sqrt(d)
	return q, res
}

// search walks the curve of postures that reach a target. Let (x, y, z) be the
// target in the axes S, ρ its distance, β the angle between upper arm and the
// line to the hand, τ = z/ρ and σ = √(1−τ²). With F = flexion + β the curve is
//
//	(cos F, sin F sin r, sin F cos r) = (σ cos φ, σ sin φ, −τ),
//	adduction = atan2(y, x) + π/2 + φ,
//
// one branch for each sign of sin F; on each, all angles are monotone in φ
// between multiples of π/2.
type search struct {
	r   *Reach
	ref [4]float64

	alpha    float64 // adduction − φ
	beta     float64
	tau, sig float64
	sign     float64    // of sin F
	turn     [3]float64 // multiples of 2π added to flexion, adduction, rotation
	elbow    float64

	best  float64 // squared distance of q from ref in the four angles
	q     [4]float64
	phi   float64 // of q
	steps int
}

const (
	boxSlack = 1e-12   // rad by which rounding may pass a limit; the result is clamped
	maxSteps = 1 << 14 // evaluations, far above what any target needs
)

func (s *search) run(target [3]float64) {
	r := s.r
	x, y, z := -target[1], target[2], -target[0]
	rho := math.Sqrt(x*x + y*y + z*z)
	if rho == 0 || r.Upper <= 0 || r.Fore <= 0 {
		return
	}
	cos := (rho*rho - r.Upper*r.Upper - r.Fore*r.Fore) / (2 * r.Upper * r.Fore)
	if cos > 1 || cos < -1 {
		// A target at full stretch may round to beyond it.
		if math.Abs(cos) > 1+1e-12 {
			return
		}
		cos = math.Copysign(1, cos)
	}
	bend := math.Acos(cos)
	s.tau = z / rho
	s.sig = math.Sqrt(x*x+y*y) / rho
	heading := math.Atan2(y, x) + math.Pi/2
	for _, e := range [2]float64{bend, -bend} {
		if e < r.Lo[3]-boxSlack || e > r.Hi[3]+boxSlack || e == 0 && math.Signbit(e) {
			continue
		}
		s.elbow = e
		se, ce := math.Sincos(e)
		s.beta = math.Atan2(r.Fore*se, r.Upper+r.Fore*ce)
		for _, sign := range [2]float64{1, -1} {
			s.sign = sign
			s.branches(heading)
		}
	}
}

// branches visits the copies of the curve, shifted by full turns, that pass
// through the box.
func (s *search) branches(heading float64) {
	const turn = 2 * math.Pi
	// The ranges of the angles on the unshifted curve.
	flex := [2]float64{-s.beta, math.Pi - s.beta}
	if s.sign < 0 {
		flex = [2]float64{-math.Pi - s.beta, -s.beta}
	}
	rot := [2]float64{-math.Pi / 2, math.Pi / 2}
	if s.sign*s.tau > 0 {
		rot = [2]float64{math.Pi / 2, 3 * math.Pi / 2}
	}
	r := s.r
	if !(s.sign*s.tau <= 0) && r.Hi[2] <= math.Pi/2 && r.Lo[2] >= -math.Pi/2 {
		return
	}
	fs := copies(flex, r.Lo[0], r.Hi[0], s.ref[0])
	rs := copies(rot, r.Lo[2], r.Hi[2], s.ref[2])
	as := copies([2]float64{heading - math.Pi, heading + math.Pi}, r.Lo[1], r.Hi[1], s.ref[1])
	for i := range fs.n {
		for j := range rs.n {
			for k := range as.n {
				s.turn = [3]float64{turn * (fs.first + float64(i)), 0, turn * (rs.first + float64(j))}
				s.alpha = heading + turn*(as.first+float64(k))
				s.curve(math.Max(-math.Pi, r.Lo[1]-s.alpha), math.Min(math.Pi, r.Hi[1]-s.alpha))
			}
		}
	}
}

// turns is a run of whole turns.
type turns struct {
	first float64
	n     int
}

// copies returns the whole turns k for which rng + 2πk meets [lo, hi]. Of a box
// that many fit, it keeps those near the reference.
func copies(rng [2]float64, lo, hi, ref float64) turns {
	const turn = 2 * math.Pi
	first := math.Ceil((lo - boxSlack - rng[1]) / turn)
	last := math.Floor((hi + boxSlack - rng[0]) / turn)
	if last-first > 4 {
		near := math.Round((ref - (rng[0]+rng[1])/2) / turn)
		near = math.Min(math.Max(near, first), last)
		first, last = math.Max(first, near-2), math.Min(last, near+2)
	}
	if !(first <= last) || math.Abs(first) > 1e9 {
		return turns{}
	}
	return turns{first, int(last-first) + 1}
}

// node is a point of the curve with its squared distance from the reference.
type node struct {
	phi        float64
	f, a, r, g float64
}

func (s *search) at(phi float64) (n node) {
	s.steps++
	sin, cos := math.Sincos(phi)
	n.phi = phi
	n.f = s.sign*math.Atan2(math.Hypot(s.tau, s.sig*sin), s.sig*cos) - s.beta + s.turn[0]
	n.a = s.alpha + phi
	r := math.Atan2(s.sign*s.sig*sin, -s.sign*s.tau)
	if -s.sign*s.tau < 0 && r < 0 {
		r += 2 * math.Pi
	}
	n.r = r + s.turn[2]
	df, da, dr, de := n.f-s.ref[0], n.a-s.ref[1], n.r-s.ref[2], s.elbow-s.ref[3]
	n.g = df*df + da*da + dr*dr + de*de
	return n
}

// slopes returns half the first and second derivative of the squared distance
// with respect to φ.
func (s *search) slopes(n *node) (d1, d2 float64) {
	sin, cos := math.Sincos(n.phi)
	den := s.tau*s.tau + s.sig*s.sig*sin*sin
	root := math.Sqrt(den)
	f1 := s.sign * s.sig * sin / root
	f2 := s.sign * s.sig * cos * s.tau * s.tau / (den * root)
	r1 := -s.sig * cos * s.tau / den
	r2 := s.sig * s.tau * sin * (den + 2*s.sig*s.sig*cos*cos) / (den * den)
	df, da, dr := n.f-s.ref[0], n.a-s.ref[1], n.r-s.ref[2]
	return df*f1 + da + dr*r1, f1*f1 + df*f2 + 1 + r1*r1 + dr*r2
}

// curve searches one branch for φ in [lo, hi], quarter by quarter, since the
// angles are monotone within each: first the quarter of the reference's
// adduction, which usually leaves no room in the others.
func (s *search) curve(lo, hi float64) {
	near := int(math.Floor(math.Min(math.Max(s.ref[1]-s.alpha, lo), hi) / (math.Pi / 2)))
	near = min(max(near, -2), 1)
	s.quarter(near, lo, hi)
	for k := -2; k < 2; k++ {
		if k != near {
			s.quarter(k, lo, hi)
		}
	}
}

func (s *search) quarter(k int, lo, hi float64) {
	p := math.Max(lo, float64(k)*math.Pi/2)
	q := math.Min(hi, float64(k+1)*math.Pi/2)
	// What is left of adduction's own term bounds φ.
	mid := s.ref[1] - s.alpha
	if d := s.room(); !math.IsInf(d, 1) {
		p, q = math.Max(p, mid-d), math.Min(q, mid+d)
	}
	if !(p <= q) {
		return
	}
	a, b := s.at(p), s.at(q)
	if !s.cut(&a, &b, k) {
		return
	}
	s.offer(&a)
	s.offer(&b)
	s.descend(&a, &b)
	if d := s.room(); mid-d > a.phi || mid+d < b.phi {
		if mid-d > b.phi || mid+d < a.phi {
			return
		}
		if mid-d > a.phi {
			a = s.at(mid - d)
		}
		if mid+d < b.phi {
			b = s.at(mid + d)
		}
	}
	if s.convex(&a, &b) {
		s.root(a, b)
	} else {
		s.bound(a, b)
	}
}

// convex tells whether the squared distance is surely convex in φ between a
// and b, so that it has one minimum there: half its second derivative is
// 1 + f'² + r'² + (f − f₀)·f” + (r − r₀)·r”, and the last two are bounded by
// the ends and by the least value of sin F.
func (s *search) convex(a, b *node) bool {
	sin := math.Min(math.Abs(math.Sin(a.phi)), math.Abs(math.Sin(b.phi)))
	most := math.Max(math.Abs(math.Sin(a.phi)), math.Abs(math.Sin(b.phi)))
	den := s.tau*s.tau + s.sig*s.sig*sin*sin
	f2 := s.tau * s.tau / (den * math.Sqrt(den))
	r2 := math.Abs(s.tau) * most * (den + 2) / (den * den)
	df := math.Max(math.Abs(a.f-s.ref[0]), math.Abs(b.f-s.ref[0]))
	dr := math.Max(math.Abs(a.r-s.ref[2]), math.Abs(b.r-s.ref[2]))
	return df*f2+dr*r2 < 1
}

// room returns the distance that the first three angles may have from the
// reference to better the best posture so far.
func (s *search) room() float64 {
	de := s.elbow - s.ref[3]
	return math.Sqrt(math.Max(0, s.best-de*de))
}

// cut shortens [a, b], in quarter k, to where flexion and rotation are in the
// box, and tells whether anything is left.
func (s *search) cut(a, b *node, k int) bool {
	r := s.r
	var at float64
	for _, c := range [4]struct {
		rotation bool
		limit    float64
		upper    bool
	}{{false, r.Lo[0], false}, {false, r.Hi[0], true}, {true, r.Lo[2], false}, {true, r.Hi[2], true}} {
		va, vb := a.f, b.f
		if c.rotation {
			va, vb = a.r, b.r
		}
		outA, outB := va < c.limit-boxSlack, vb < c.limit-boxSlack
		if c.upper {
			outA, outB = va > c.limit+boxSlack, vb > c.limit+boxSlack
		}
		if !outA && !outB {
			continue
		}
		if outA && outB {
			return false
		}
		if c.rotation {
			at = math.Asin(hold(-s.tau * math.Tan(c.limit) / s.sig))
			if k == 1 {
				at = math.Pi - at
			} else if k == -2 {
				at = -math.Pi - at
			}
		} else {
			at = math.Acos(hold(math.Cos(c.limit+s.beta-s.turn[0]) / s.sig))
			if k < 0 {
				at = -at
			}
		}
		at = math.Min(math.Max(at, a.phi), b.phi)
		if outA {
			*a = s.at(at)
		} else {
			*b = s.at(at)
		}
	}
	return true
}

func hold(v float64) float64 { return math.Min(math.Max(v, -1), 1) }

// offer takes a node as the best posture if it is.
func (s *search) offer(n *node) {
	if n.g < s.best {
		s.best, s.phi = n.g, n.phi
		s.q = s.r.Clamp([4]float64{n.f, n.a, n.r, s.elbow})
	}
}

// descend makes a few Newton steps from the point of [a, b] whose adduction is
// nearest the reference, to have a good bound before the search.
func (s *search) descend(a, b *node) {
	n := s.at(math.Min(math.Max(s.ref[1]-s.alpha, a.phi), b.phi))
	for range 4 {
		s.offer(&n)
		d1, d2 := s.slopes(&n)
		if !(d2 > 0) {
			d2 = 1
		}
		next := math.Min(math.Max(n.phi-d1/d2, a.phi), b.phi)
		if !(math.Abs(next-n.phi) > 1e-8) {
			return
		}
		n = s.at(next)
	}
	s.offer(&n)
}

// bound searches [a, b] by branch and bound. As the angles are monotone, the
// box spanned by the ends holds the piece between them, and its distance from
// the reference is a lower bound. Pieces that are short against that distance
// are nearly straight: they hold at most one minimum, found by [search.root].
func (s *search) bound(a, b node) {
	const straight = 0.1
	var stack [32]struct{ a, b node }
	stack[0].a, stack[0].b = a, b
	for top := 0; top >= 0 && s.steps < maxSteps; {
		a, b := stack[top].a, stack[top].b
		top--
		if s.below(&a, &b) >= s.best*(1-1e-14) {
			continue
		}
		size := math.Abs(b.f-a.f) + math.Abs(b.a-a.a) + math.Abs(b.r-a.r)
		if size <= straight*s.room() || size < 1e-13 || top+2 >= len(stack) {
			s.root(a, b)
			continue
		}
		m := s.at((a.phi + b.phi) / 2)
		s.offer(&m)
		// The nearer half is searched first, so it goes on top.
		near, far := a, b
		if b.g < a.g {
			near, far = b, a
		}
		top++
		stack[top].a, stack[top].b = order(m, far)
		top++
		stack[top].a, stack[top].b = order(near, m)
	}
}

func order(a, b node) (node, node) {
	if a.phi > b.phi {
		return b, a
	}
	return a, b
}

// below returns the squared distance of the reference from the box that a and b span.
func (s *search) below(a, b *node) float64 {
	de := s.elbow - s.ref[3]
	g := de * de
	for _, c := range [3][3]float64{{a.f, b.f, s.ref[0]}, {a.a, b.a, s.ref[1]}, {a.r, b.r, s.ref[2]}} {
		lo, hi := c[0], c[1]
		if lo > hi {
			lo, hi = hi, lo
		}
		if c[2] < lo {
			g += (lo - c[2]) * (lo - c[2])
		} else if c[2] > hi {
			g += (c[2] - hi) * (c[2] - hi)
		}
	}
	return g
}

// root finds the minimum between a and b where the slope changes its sign, by
// Newton's method held in a bracket.
func (s *search) root(a, b node) {
	da, _ := s.slopes(&a)
	db, _ := s.slopes(&b)
	if !(da < 0 && db > 0) {
		return
	}
	lo, hi := a.phi, b.phi
	// The posture found so far is often in this piece.
	x := s.phi
	if !(x > lo && x < hi) {
		x = lo + (hi-lo)*da/(da-db)
	}
	for range 60 {
		n := s.at(x)
		s.offer(&n)
		d1, d2 := s.slopes(&n)
		if d1 > 0 {
			hi = x
		} else {
			lo = x
		}
		next := x - d1/d2
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-x) < 1e-8 {
			// Newton's next step would be lost in rounding.
			n = s.at(next)
			s.offer(&n)
			return
		}
		x = next
	}
}
