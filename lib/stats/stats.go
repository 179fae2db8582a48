// Package stats holds the statistics that the paper's figures need, each with
// its effect size beside the p value.
//
// Samples are []float64; paired samples have one length. What cannot be
// computed (too few points, a constant sample, a NaN) is an error that says so:
// no function returns a NaN p value without a word.
//
// Source: spec/03, sections 5 and 6; reference values from SciPy, statsmodels,
// scikit-learn and mpmath.
package stats

import (
	"fmt"
	"math"
)

// paired checks two samples of one length and at least min points.
func paired(name string, x, y []float64, min int) error {
	if len(x) != len(y) {
		return fmt.Errorf("stats: %s: samples of %d and %d points, want one length", name, len(x), len(y))
	}
	if len(x) < min {
		return fmt.Errorf("stats: %s: %d points, want at least %d", name, len(x), min)
	}
	for i := range x {
		if bad(x[i]) || bad(y[i]) {
			return fmt.Errorf("stats: %s: point %d is (%v, %v), want finite numbers", name, i, x[i], y[i])
		}
	}
	return nil
}

func bad(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
