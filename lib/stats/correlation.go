package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mathext"
)

// A Correlation is a correlation coefficient and its two-sided p value.
type Correlation struct {
	R float64 // the coefficient, which is the effect size
	P float64 // two-sided, exact for normal data, down to the smallest float64
	N int     // points
}

// Pearson returns the product-moment correlation of paired samples. Two points
// always lie on a line: their p is 1.
func Pearson(x, y []float64) (Correlation, error) {
	if err := paired("Pearson", x, y, 2); err != nil {
		return Correlation{}, err
	}
	u, v := centred(x), centred(y)
	// Scaling to unit norm before the product keeps huge and tiny samples exact.
	nu, nv := floats.Norm(u, 2), floats.Norm(v, 2)
	if constant(x) || constant(y) || nu == 0 || nv == 0 {
		return Correlation{}, fmt.Errorf("stats: Pearson: a sample is constant, so its correlation is undefined")
	}
	floats.Scale(1/nu, u)
	floats.Scale(1/nv, v)
	r := math.Max(-1, math.Min(1, floats.Dot(u, v)))
	n := len(x)
	if n == 2 {
		return Correlation{R: math.Copysign(1, r), P: 1, N: n}, nil
	}
	return Correlation{R: r, P: PearsonP(r, n), N: n}, nil
}

// PearsonP returns the two-sided p value of a correlation of n points under
// normality: 2·I(n/2−1, n/2−1) of the regularised incomplete beta function at
// (1−|r|)/2, which keeps its digits for p far below 1e-100.
func PearsonP(r float64, n int) float64 {
	if n < 3 {
		return 1
	}
	a := float64(n)/2 - 1
	return math.Min(1, 2*mathext.RegIncBeta(a, a, (1-math.Abs(r))/2))
}

// Spearman returns the rank correlation, ties given their average rank, with
// the p value of the t distribution of n−2 degrees of freedom.
func Spearman(x, y []float64) (Correlation, error) {
	if err := paired("Spearman", x, y, 3); err != nil {
		return Correlation{}, err
	}
	c, err := Pearson(Ranks(x), Ranks(y))
	if err != nil {
		return Correlation{}, fmt.Errorf("stats: Spearman: a sample is constant, so its ranks are undefined")
	}
	return c, nil
}

func centred(x []float64) []float64 {
	m := floats.Sum(x) / float64(len(x))
	c := make([]float64, len(x))
	for i, v := range x {
		c[i] = v - m
	}
	return c
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}
