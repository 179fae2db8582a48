package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A PCA is a set of principal components of points in rows.
type PCA struct {
	Mean       []float64  // shape [feature]
	Components *mat.Dense // shape [component][feature], orthonormal rows
	Singular   []float64  // singular values of the centred points
	Variance   []float64  // variance along each component (n−1 in the denominator)
	Ratio      []float64  // share of the total variance
}

// FitPCA returns the first k principal components of x, a point in each row.
// Signs are scikit-learn's: the score of largest magnitude of each component
// is positive.
func FitPCA(x mat.Matrix, k int) (*PCA, error) {
	n, d := x.Dims()
	if n < 2 {
		return nil, fmt.Errorf("stats: PCA: %d points, want at least 2", n)
	}
	if k < 1 || k > min(n, d) {
		return nil, fmt.Errorf("stats: PCA: %d components of %d points in %d dimensions, want 1 to %d", k, n, d, min(n, d))
	}
	p := &PCA{Mean: make([]float64, d)}
	c := mat.DenseCopyOf(x)
	for j := 0; j < d; j++ {
		sum := 0.0
		for i := 0; i < n; i++ {
			v := c.At(i, j)
			if bad(v) {
				return nil, fmt.Errorf("stats: PCA: row %d, column %d is %v, want a finite number", i, j, v)
			}
			sum += v
		}
		p.Mean[j] = sum / float64(n)
		for i := 0; i < n; i++ {
			c.Set(i, j, c.At(i, j)-p.Mean[j])
		}
	}
	var svd mat.SVD
	if !svd.Factorize(c, mat.SVDThin) {
		return nil, fmt.Errorf("stats: PCA: the singular value decomposition did not converge")
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := svd.Values(nil)
	total := 0.0
	for _, x := range s {
		total += x * x
	}
	p.Components = mat.NewDense(k, d, nil)
	for c := 0; c < k; c++ {
		sign, largest := 1.0, -1.0
		for i := 0; i < n; i++ {
			if a := math.Abs(u.At(i, c)); a > largest {
				largest, sign = a, math.Copysign(1, u.At(i, c))
			}
		}
		for j := 0; j < d; j++ {
			p.Components.Set(c, j, sign*v.At(j, c))
		}
		p.Singular = append(p.Singular, s[c])
		p.Variance = append(p.Variance, s[c]*s[c]/float64(n-1))
		ratio := 0.0
		if total > 0 {
			ratio = s[c] * s[c] / total
		}
		p.Ratio = append(p.Ratio, ratio)
	}
	return p, nil
}

// Transform returns the scores of points in rows, shape [point][component].
func (p *PCA) Transform(x mat.Matrix) *mat.Dense {
	n, d := x.Dims()
	if d != len(p.Mean) {
		panic(fmt.Sprintf("stats: points of %d dimensions for components of %d", d, len(p.Mean)))
	}
	c := mat.DenseCopyOf(x)
	for i := 0; i < n; i++ {
		for j := 0; j < d; j++ {
			c.Set(i, j, c.At(i, j)-p.Mean[j])
		}
	}
	var out mat.Dense
	out.Mul(c, p.Components.T())
	return &out
}
