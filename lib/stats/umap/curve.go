package umap

import (
	"fmt"
	"math"
)

// Curve fits a and b of 1/(1+a·d^(2b)) to the closeness that points of an
// embedding should have: 1 up to minDist, then falling exponentially with the
// scale spread, at 300 distances up to three times spread.
func Curve(spread, minDist float64) (a, b float64, err error) {
	if !(spread > 0) || !(minDist >= 0) || math.IsInf(spread, 0) || minDist >= 3*spread {
		return 0, 0, fmt.Errorf("umap: spread %v and minimal distance %v, want spread > 0 and a distance from 0 to below 3 spreads", spread, minDist)
	}
	const points = 300
	var x, y [points]float64
	for i := range x {
		x[i] = 3 * spread * float64(i) / (points - 1)
		y[i] = 1
		if x[i] >= minDist {
			y[i] = math.Exp(-(x[i] - minDist) / spread)
		}
	}
	residual := func(a, b float64) (sum float64, jtj [3]float64, jtr [2]float64) {
		for i := range x {
			if x[i] == 0 {
				r := 1 - y[i]
				sum += r * r
				continue
			}
			p := math.Pow(x[i], 2*b)
			f := 1 / (1 + a*p)
			r := f - y[i]
			da := -p * f * f
			db := -2 * a * p * math.Log(x[i]) * f * f
			sum += r * r
			jtj[0] += da * da
			jtj[1] += da * db
			jtj[2] += db * db
			jtr[0] += da * r
			jtr[1] += db * r
		}
		return sum, jtj, jtr
	}
	// Levenberg and Marquardt's method, from 1, 1 as SciPy starts.
	a, b = 1, 1
	damp := 1e-3
	sum, h, g := residual(a, b)
	for round := 0; round < 500; round++ {
		p, q := h[0]*(1+damp), h[2]*(1+damp)
		det := p*q - h[1]*h[1]
		da, db := -(q*g[0]-h[1]*g[1])/det, -(p*g[1]-h[1]*g[0])/det
		s, h2, g2 := residual(a+da, b+db)
		if !(s <= sum) || a+da <= 0 {
			damp *= 4
			if damp > 1e12 {
				break
			}
			continue
		}
		done := math.Abs(da) < 1e-13*a && math.Abs(db) < 1e-13*math.Abs(b)
		a, b, sum, h, g = a+da, b+db, s, h2, g2
		damp = math.Max(damp/4, 1e-12)
		if done {
			break
		}
	}
	return a, b, nil
}
