package stats

import (
	"fmt"
	"math"
	"sort"
)

// Holm returns p values adjusted for the number of tests by Holm's step-down
// rule, which keeps the family-wise error rate.
func Holm(p []float64) ([]float64, error) {
	return adjust(p, func(sorted []float64) {
		m := len(sorted)
		for i := range sorted {
			sorted[i] = math.Min(1, sorted[i]*float64(m-i))
			if i > 0 {
				sorted[i] = math.Max(sorted[i], sorted[i-1])
			}
		}
	})
}

// Bonferroni returns p values multiplied by their number, at most 1.
func Bonferroni(p []float64) ([]float64, error) {
	return adjust(p, func(sorted []float64) {
		for i := range sorted {
			sorted[i] = math.Min(1, sorted[i]*float64(len(sorted)))
		}
	})
}

// BenjaminiHochberg returns p values adjusted by the step-up rule that keeps
// the false discovery rate.
func BenjaminiHochberg(p []float64) ([]float64, error) {
	return adjust(p, func(sorted []float64) {
		m := len(sorted)
		for i := m - 1; i >= 0; i-- {
			sorted[i] = math.Min(1, sorted[i]*float64(m)/float64(i+1))
			if i < m-1 {
				sorted[i] = math.Min(sorted[i], sorted[i+1])
			}
		}
	})
}

func adjust(p []float64, rule func(sorted []float64)) ([]float64, error) {
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("stats: p value %d is %v, want 0 to 1", i, v)
		}
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return p[order[i]] < p[order[j]] })
	sorted := make([]float64, len(p))
	for i, k := range order {
		sorted[i] = p[k]
	}
	rule(sorted)
	out := make([]float64, len(p))
	for i, k := range order {
		out[k] = sorted[i]
	}
	return out, nil
}
