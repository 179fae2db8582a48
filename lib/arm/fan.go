package arm

import (
	"math"
	"sync"
)

// The fan of an ellipsoid's wrapping plane (spec/01, 3.7.3, step 3) is the sum,
// over 298 points of the chord, of the unit vector to the closest point of the surface. As a function
// of the place on the chord that vector is smooth, except where the chord
// passes through the medial surface, which lies in the plane across the
// smallest semi-axis: there it jumps. So the points beside that plane are
// solved one by one, exactly as OpenSim does, whose iteration stops early
// there; what remains on either side is summed by a Gauss rule for sums over
// equally spaced points, which needs 12 places instead of up to 298 and checks
// its own accuracy.
func (e *ellipsoid) fan(r1, chord vec) (sum vec) {
	const first, last = 1, fanSamples - 2
	cross := -r1.at(e.small) / chord.at(e.small) * fanSamples
	if !(cross > first-1 && cross < last+1) {
		return e.fanPanel(r1, chord, first, last)
	}
	lo := min(max(int(cross), first), last)
	hi := lo + 1
	for ; lo >= first; lo-- {
		v, stiff := e.fanPoint(r1, chord, lo)
		sum = sum.add(v)
		if !stiff {
			lo--
			break
		}
	}
	for ; hi <= last; hi++ {
		v, stiff := e.fanPoint(r1, chord, hi)
		sum = sum.add(v)
		if !stiff {
			hi++
			break
		}
	}
	return sum.add(e.fanPanel(r1, chord, first, lo)).add(e.fanPanel(r1, chord, hi, last))
}

// fanPoint returns one blade of the fan, and whether the point is so near the
// medial surface that where OpenSim's iteration stops can be seen in it.
func (e *ellipsoid) fanPoint(r1, chord vec, i int) (blade vec, stiff bool) {
	q := r1.along(float64(i)/fanSamples, chord)
	c, scale := e.closestScaled(q)
	return c.sub(q).unit(), scale < fanStiff
}

// fanStiff is the size of the polynomial's leading product below which its
// tolerance of 1e-9 moves the closest point noticeably.
const fanStiff = 3e-3

// fanPanel sums the blades from point lo to point hi.
func (e *ellipsoid) fanPanel(r1, chord vec, lo, hi int) (sum vec) {
	n := hi - lo + 1
	if n < 2*fanNodes {
		for i := lo; i <= hi; i++ {
			v, _ := e.fanPoint(r1, chord, i)
			sum = sum.add(v)
		}
		return sum
	}
	rule := fanRule(n)
	middle := float64(lo+hi) / 2
	var top, next vec // the two highest coefficients that the nodes resolve
	for j := 0; j < fanNodes; j += 2 {
		g, h := &rule[j], &rule[j+1]
		v, w, scale := e.directions(r1.along((middle+g.x)/fanSamples, chord), r1.along((middle+h.x)/fanSamples, chord))
		if scale < fanStiff {
			return e.fanHalves(r1, chord, lo, hi)
		}
		sum = sum.along(g.w, v).along(h.w, w)
		top = top.along(g.top, v).along(h.top, w)
		next = next.along(g.next, v).along(h.next, w)
	}
	// The error of the rule is about the coefficient of twice the degree, hence
	// the square of these.
	const resolved = 3e-6
	if top.dot(top)+next.dot(next) > resolved*resolved*float64(n) {
		return e.fanHalves(r1, chord, lo, hi)
	}
	return sum
}

func (e *ellipsoid) fanHalves(r1, chord vec, lo, hi int) vec {
	mid := (lo + hi) / 2
	return e.fanPanel(r1, chord, lo, mid).add(e.fanPanel(r1, chord, mid+1, hi))
}

// directions returns the unit vectors from two points inside to the closest
// points of the surface. The multiplier t is the largest root of
// Σ(a·p/(t+a²))² = 1; 1/√ of that sum is concave, so that Newton's method for it
// climbs to the root from any bound below. Two are solved side by side because
// each alone waits for its divisions. The last result is the smaller of the two
// scales, as in closestScaled.
func (e *ellipsoid) directions(p, q vec) (u, v vec, scale float64) {
	const lost = 3e-8 // a step after which the next is lost in rounding
	a, a2 := e.a, e.a2
	px, py, pz := a.x*math.Abs(p.x), a.y*math.Abs(p.y), a.z*math.Abs(p.z)
	qx, qy, qz := a.x*math.Abs(q.x), a.y*math.Abs(q.y), a.z*math.Abs(q.z)
	s := max(px-a2.x, py-a2.y, pz-a2.z)
	t := max(qx-a2.x, qy-a2.y, qz-a2.z)
	for range 50 {
		ds := climb(px, py, pz, 1/(s+a2.x), 1/(s+a2.y), 1/(s+a2.z))
		dt := climb(qx, qy, qz, 1/(t+a2.x), 1/(t+a2.y), 1/(t+a2.z))
		s += ds
		t += dt
		if !(ds > lost || dt > lost) {
			break
		}
	}
	P, Q, R := s+a2.x, s+a2.y, s+a2.z
	pqr := P * Q * R
	u = vec{p.x / P, p.y / Q, p.z / R}.unit()
	P, Q, R = t+a2.x, t+a2.y, t+a2.z
	pqr = min(pqr, P*Q*R)
	v = vec{q.x / P, q.y / Q, q.z / R}.unit()
	return u, v, pqr * pqr
}

// climb is one Newton step; ix is 1/(t+a²).
func climb(x, y, z, ix, iy, iz float64) float64 {
	x, y, z = x*ix, y*iy, z*iz
	x, y, z = x*x, y*y, z*z
	f := x + y + z
	return f * (math.Sqrt(f) - 1) / (x*ix + y*iy + z*iz)
}

// fanNodes is the number of nodes of the rules.
const fanNodes = 12

// gramNode is one node of a Gauss rule for the sum over n equally spaced
// points: its place from the middle, its weight, and its weights in the
// coefficients of the two highest orthonormal polynomials that the rule resolves.
type gramNode struct{ x, w, top, next float64 }

var (
	fanRules     [fanSamples - 1]*[fanNodes]gramNode
	fanRulesOnce sync.Once
)

func fanRule(n int) *[fanNodes]gramNode { return fanRules[n] }

// prepareFan computes the rules, from that for the most points down, each
// starting from the nodes of the one before.
func prepareFan() {
	fanRulesOnce.Do(func() {
		var x [fanNodes]float64
		for j := range x {
			// The nodes of Gauss and Legendre, nearly; for many points they agree.
			x[j] = -math.Cos(math.Pi * (float64(j) + 0.75) / (fanNodes + 0.5))
		}
		for n := fanSamples - 2; n >= 2*fanNodes; n-- {
			rule := new([fanNodes]gramNode)
			for j := range x {
				y := x[j] * float64(n) / 2
				for range 20 {
					p, d := gram(n, y, nil)
					y -= p / d
				}
				var q [fanNodes]float64
				gram(n, y, &q)
				weight := 0.0
				for _, v := range q {
					weight += v * v
				}
				weight = 1 / weight
				rule[j] = gramNode{y, weight, weight * q[fanNodes-1], weight * q[fanNodes-2]}
				x[j] = y * 2 / float64(n)
			}
			fanRules[n] = rule
		}
	})
}

// gram evaluates the orthonormal polynomial of degree fanNodes for the sum
// over n points one apart, centred at 0, with its derivative, and stores those
// of lower degree.
func gram(n int, x float64, q *[fanNodes]float64) (p, d float64) {
	nn := float64(n) * float64(n)
	var before, dBefore, bBefore float64
	p = 1 / math.Sqrt(float64(n))
	for k := range fanNodes {
		if q != nil {
			q[k] = p
		}
		kk := float64((k + 1) * (k + 1))
		b := math.Sqrt(kk * (nn - kk) / (4 * (4*kk - 1)))
		p, before, d, dBefore = (x*p-bBefore*before)/b, p, (p+x*d-bBefore*dBefore)/b, d
		bBefore = b
	}
	return p, d
}
