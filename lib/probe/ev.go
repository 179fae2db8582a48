package probe

import "fmt"

// ExplainedVariance returns EV = 1 − Var(y−p)/Var(y) of a prediction p of y,
// with population variances: a constant offset of p costs nothing. Where y is
// constant, EV is 1 if y−p is constant too and 0 otherwise, as scikit-learn has
// it; constancy is decided by comparing values, not by rounding. It panics if
// the lengths differ or are zero.
func ExplainedVariance(y, p []float64) float64 {
	if len(y) != len(p) || len(y) == 0 {
		panic(fmt.Sprintf("probe: explained variance of %d values predicted by %d", len(y), len(p)))
	}
	n := float64(len(y))
	var my, mr float64
	sameY, sameR := true, true
	for i, v := range y {
		r := v - p[i]
		my += v
		mr += r
		sameY = sameY && v == y[0]
		sameR = sameR && r == y[0]-p[0]
	}
	if sameY || sameR {
		return evOfConstant(sameY, sameR)
	}
	my /= n
	mr /= n
	var vy, vr float64
	for i, v := range y {
		d := v - my
		vy += d * d
		d = v - p[i] - mr
		vr += d * d
	}
	if vy == 0 || vr == 0 {
		return evOfConstant(vy == 0, vr == 0)
	}
	return 1 - vr/vy
}

// evOfConstant is EV where Var(y) or Var(y−p) is zero.
func evOfConstant(yConst, resConst bool) float64 {
	if resConst {
		return 1
	}
	if yConst {
		return 0
	}
	return 1
}

// ExplainedVariances returns EV of each column of y, both y and p [row][unit].
func ExplainedVariances(y, p []float64, units int) []float64 {
	if units <= 0 || len(y) != len(p) || len(y) == 0 || len(y)%units != 0 {
		panic(fmt.Sprintf("probe: explained variance of %d values predicted by %d, %d units", len(y), len(p), units))
	}
	rows := len(y) / units
	out := make([]float64, units)
	forEach(units, func(_, u int) {
		a, b := make([]float64, rows), make([]float64, rows)
		for i := range rows {
			a[i], b[i] = y[i*units+u], p[i*units+u]
		}
		out[u] = ExplainedVariance(a, b)
	})
	return out
}
