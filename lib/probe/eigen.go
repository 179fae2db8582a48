package probe

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

var errEigen = errors.New("probe: the eigenvalues of a Gram matrix do not converge: finite, bounded values expected")

// eigen returns all eigenvalues of the symmetric g [n][n], ascending, and the
// eigenvectors as columns of v [n][n]. Only the upper triangle of g is read.
func eigen(g []float64, n int) (values, v []float64, err error) {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, g), true) {
		return nil, nil, errEigen
	}
	var m mat.Dense
	e.VectorsTo(&m)
	return e.Values(nil), m.RawMatrix().Data, nil
}

// topEigen returns the k largest eigenvalues of g (both triangles), descending,
// and their vectors [k][n]. near [·][n], if not nil, are orthonormal directions
// that a search may start from.
func topEigen(g []float64, n, k int, near []float64) (values, vectors []float64, err error) {
	if n >= krylovFrom && n > 4*(k+krylovSpare)+krylovBlock*krylovSteps {
		if values, vectors, ok := topKrylov(g, n, k, near); ok {
			return values, vectors, nil
		}
	}
	if n > 2*k {
		if values, vectors, ok := topTridiagonal(append([]float64(nil), g...), n, k); ok {
			return values, vectors, nil
		}
	}
	all, v, err := eigen(g, n)
	if err != nil {
		return nil, nil, err
	}
	values, vectors = make([]float64, k), make([]float64, k*n)
	for i := range k {
		c := n - 1 - i
		values[i] = all[c]
		for j := range n {
			vectors[i*n+j] = v[j*n+c]
		}
	}
	return values, vectors, nil
}

// topRightVectors returns the squares of the k largest singular values of
// b [m][d], m ≤ d or so, and their right vectors [k][d], through b·bᵀ.
func topRightVectors(b []float64, m, d, k int) (values, vectors []float64, err error) {
	g := make([]float64, m*m)
	gemm(no, trans, m, m, d, 1, b, d, b, d, 0, g, m)
	values, u, err := topEigen(g, m, k, nil)
	if err != nil {
		return nil, nil, err
	}
	vectors = make([]float64, k*d)
	gemm(no, no, k, d, m, 1, u, m, b, d, 0, vectors, d)
	for i := range k {
		v := vectors[i*d : (i+1)*d]
		if norm := floats.Norm(v, 2); norm > 0 && !math.IsInf(norm, 0) {
			floats.Scale(1/norm, v)
		}
	}
	return values, vectors, nil
}
