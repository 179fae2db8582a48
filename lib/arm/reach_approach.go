package arm

import "math"

// approach returns a posture in the box that brings the hand as near to a
// target out of reach as descents find: one from the reference, and one from
// the posture that points at the target with the elbow as straight or as bent
// as the box allows.
func (r Reach) approach(target [3]float64, ref [4]float64) [4]float64 {
	best, dist := r.descent(target, r.Clamp(ref))
	t := toVec(target)
	if rho := t.norm(); rho > 0 {
		near, far := math.Inf(1), 0.0
		for _, e := range [2]float64{r.Lo[3], r.Hi[3]} {
			d := toVec(r.Hand([4]float64{0, 0, 0, e})).norm()
			near, far = math.Min(near, d), math.Max(far, d)
		}
		if r.Lo[3] < 0 && r.Hi[3] > 0 {
			far = r.Upper + r.Fore
		}
		s := search{r: &r, ref: ref, best: math.Inf(1)}
		s.run(t.mul(math.Min(math.Max(rho, near), far) / rho).array())
		if !math.IsInf(s.best, 1) {
			// The closer of two equally near postures is the one that the search found.
			if d := toVec(r.Hand(s.q)).dist(t); d <= dist+1e-9 {
				return s.q
			}
			if q, d := r.descent(target, s.q); d < dist {
				best = q
			}
		}
	}
	return best
}

// descent minimises the distance from hand to target in the box, by
// Levenberg-Marquardt steps projected on the box.
func (r Reach) descent(target [3]float64, q [4]float64) ([4]float64, float64) {
	t := toVec(target)
	miss := toVec(r.Hand(q)).sub(t)
	cost, damping := miss.dot(miss), 1e-3
	for range 200 {
		jac := r.jacobian(q)
		var g [4]float64
		for i := range g {
			g[i] = jac[i].dot(miss)
		}
		free := [4]bool{}
		slope := 0.0
		for i := range free {
			free[i] = !(q[i] <= r.Lo[i] && g[i] > 0 || q[i] >= r.Hi[i] && g[i] < 0)
			if free[i] {
				slope += g[i] * g[i]
			}
		}
		if slope <= 1e-28 || cost <= 1e-30 {
			break
		}
		step := dampedStep(&jac, &g, &free, damping)
		next := q
		for i := range next {
			next[i] += step[i]
		}
		next = r.Clamp(next)
		m := toVec(r.Hand(next)).sub(t)
		if c := m.dot(m); c < cost {
			done := cost-c <= 1e-14*cost
			q, miss, cost = next, m, c
			damping = math.Max(damping/5, 1e-12)
			if done {
				break
			}
		} else if damping *= 4; damping > 1e12 {
			break
		}
	}
	return q, math.Sqrt(cost)
}

// jacobian returns the derivative of the hand position by each angle, m/rad.
func (r Reach) jacobian(q [4]float64) (j [4]vec) {
	hand := toVec(r.Hand(q))
	sa, ca := math.Sincos(q[1])
	// Axes of the three shoulder turns in W: S's z is −x, S's y is z.
	adduction := vec{-1, 0, 0}
	rotation := vec{0, sa, ca}
	if q[1] == 0 {
		rotation = vec{0, 0, 1}
	}
	flexion := toVec(r.axis(q))
	elbow := hand.sub(toVec(r.Elbow(q)))
	return [4]vec{flexion.cross(hand), adduction.cross(hand), rotation.cross(hand), flexion.cross(elbow)}
}

// axis returns the axis of flexion and elbow in W, a unit vector.
func (r Reach) axis(q [4]float64) [3]float64 {
	sa, ca := math.Sincos(q[1])
	sr, cr := math.Sincos(q[2])
	x, z := cr, -sr
	x, y := x*ca, x*sa
	return [3]float64{-z, -x, y}
}

// dampedStep solves (JᵀJ + λ·(diag+ε))·step = −g over the free angles, by Cholesky.
func dampedStep(j *[4]vec, g *[4]float64, free *[4]bool, lambda float64) (step [4]float64) {
	var a [4][4]float64
	for i := range 4 {
		for k := range 4 {
			if free[i] && free[k] {
				a[i][k] = j[i].dot(j[k])
			}
		}
		a[i][i] += lambda*(a[i][i]+1e-6) + 1e-15
		if free[i] {
			step[i] = -g[i]
		} else {
			a[i][i] = 1
		}
	}
	for i := range 4 {
		for k := 0; k <= i; k++ {
			v := a[i][k]
			for l := 0; l < k; l++ {
				v -= a[i][l] * a[k][l]
			}
			if i == k {
				a[i][i] = math.Sqrt(math.Max(v, 1e-300))
			} else {
				a[i][k] = v / a[k][k]
			}
		}
	}
	for i := range 4 {
		for l := 0; l < i; l++ {
			step[i] -= a[i][l] * step[l]
		}
		step[i] /= a[i][i]
	}
	for i := 3; i >= 0; i-- {
		for l := i + 1; l < 4; l++ {
			step[i] -= a[l][i] * step[l]
		}
		step[i] /= a[i][i]
	}
	return step
}
