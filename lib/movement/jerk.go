package movement

import "math"

// Gradient writes the numerical gradient of v for unit spacing to dst: central
// differences inside, one-sided ones at the ends, as NumPy's gradient. It needs
// at least two values; dst must not overlap v.
func Gradient(dst, v []float64) {
	n := len(v)
	if n < 2 || len(dst) != n {
		panic("movement: gradient of fewer than two values, or into another length")
	}
	dst[0], dst[n-1] = v[1]-v[0], v[n-1]-v[n-2]
	for i := 1; i < n-1; i++ {
		dst[i] = (v[i+1] - v[i-1]) / 2
	}
}

// Jerk returns the Frobenius norm of the third gradient of the rows along time,
// in the rows' unit per sample³. It is NaN where a value is, and 0 for rows of
// fewer than two samples.
func Jerk(rows [][]float64) float64 {
	if len(rows) == 0 || len(rows[0]) < 2 {
		return 0
	}
	n := len(rows[0])
	a, b := make([]float64, n), make([]float64, n)
	sum := 0.0
	for _, r := range rows {
		Gradient(a, r)
		Gradient(b, a)
		Gradient(a, b)
		for _, v := range a {
			sum += v * v
		}
	}
	return math.Sqrt(sum)
}

// Median writes the running median of width 5 of v to dst, with zeros beyond
// the ends, as SciPy's medfilt. dst must not overlap v.
func Median[T float32 | float64](dst, v []T) {
	if len(dst) != len(v) {
		panic("movement: median into another length")
	}
	var w [5]T
	for i := range v {
		for k := range w {
			w[k] = 0
			if j := i + k - 2; j >= 0 && j < len(v) {
				w[k] = v[j]
			}
		}
		for a := 1; a < len(w); a++ { // insertion sort
			for b := a; b > 0 && w[b] < w[b-1]; b-- {
				w[b], w[b-1] = w[b-1], w[b]
			}
		}
		dst[i] = w[2]
	}
}
