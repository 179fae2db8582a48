package arm

import (
	"math"
	"sync"
)

// The fan of an ellipsoid's wrapping plane is the sum, over 298 points of the
// chord, of the unit vector to the closest point of the surface. As a function
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
	for j := range rule {
		g := &rule[j]
		v, scale := e.direction(r1.along((middle+g.x)/fanSamples, chord))
		if scale < fanStiff {
			return e.fanHalves(r1, chord, lo, hi)
		}
		sum = sum.along(g.w, v)
		top = top.along(g.top, v)
		next = next.along(g.next, v)
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

// direction returns the unit vector from a point inside to the closest point
// of the surface. The multiplier t is the largest root of Σ(a·p/(t+a²))² = 1;
// 1/√ of that sum is concave, so that Newton's method for it climbs to the
// root from any bound below. The second result is as in closestScaled.
func (e *ellipsoid) direction(p vec) (unit vec, scale float64) {
	a, a2 := e.a, e.a2
	x, y, z := a.x*math.Abs(p.x), a.y*math.Abs(p.y), a.z*math.Abs(p.z)
	t := max(x-a2.x, y-a2.y, z-a2.z)
	for range 50 {
		ip, iq, ir := 1/(t+a2.x), 1/(t+a2.y), 1/(t+a2.z)
		fx, fy, fz := x*ip, y*iq, z*ir
		fx, fy, fz = fx*fx, fy*fy, fz*fz
		f := fx + fy + fz
		step := f * (math.Sqrt(f) - 1) / (fx*ip + fy*iq + fz*ir)
		t += step
		if !(step > 3e-8) { // the next would be lost in rounding
			break
		}
	}
	P, Q, R := t+a2.x, t+a2.y, t+a2.z
	pqr := P * Q * R
	return vec{p.x / P, p.y / Q, p.z / R}.unit(), pqr * pqr
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
