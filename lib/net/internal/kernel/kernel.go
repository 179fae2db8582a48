// Package kernel holds the arithmetic that the layers of lib/net stand on:
// matrix products over windows that overlap in memory, and the passes of layer
// normalisation. It knows nothing of graphs or of layers.
//
// Arrays are channels last. A window of a channels-last map is a few segments
// of contiguous memory, one per kernel row; the next window along the row
// begins a stride further on and overlaps the last. So a convolution is a
// matrix product whose left operand is read in place ([Gemm]), and its weight
// gradient is a sum of outer products over the same windows ([Outer]): no
// im2col, no packing (spec/05).
//
// Everything here runs on the caller's goroutine, and the order of additions
// depends on the arguments alone.
package kernel

import "github.com/spindle-lab/spindle/lib/blas"

// Float is float32 or float64.
type Float interface{ float32 | float64 }

// Gemm computes C = A·B, or C += A·B if acc.
//
// C is [m][n], row i at i·ldc. B is [segs·segLen][n], row k at k·ldb. Row i of
// A begins at i·lda and is made of segs segments of segLen values, segStride
// apart; rows may overlap.
func Gemm[T Float](m, n int, c []T, ldc int, a []T, lda, segs, segLen, segStride int, b []T, ldb int, acc bool) {
	if m <= 0 || n <= 0 {
		return
	}
	// The far ends are touched here, so that what follows cannot leave the arrays.
	_ = c[(m-1)*ldc+n-1]
	if segs > 0 && segLen > 0 {
		_ = a[(m-1)*lda+(segs-1)*segStride+segLen-1]
		_ = b[(segs*segLen-1)*ldb+n-1]
	}
	if f, ok := any(c).([]float32); ok && segs > 0 && segLen > 0 {
		beta := float32(0)
		if acc {
			beta = 1
		}
		for s := range segs {
			blas.GemmOverlap32(m, n, segLen, 1, any(a).([]float32)[s*segStride:], lda, any(b).([]float32)[s*segLen*ldb:], ldb, beta, f, ldc)
			beta = 1
		}
		return
	}
	gemmGo(m, n, c, ldc, a, lda, segs, segLen, segStride, b, ldb, acc)
}

// Outer adds to C the sum over pixels p of the outer products of A's and B's
// rows: C[i][j] += Σ_p A[p·lda + i]·B[p·ldb + j], C being [m][n] with row i at i·ldc.
func Outer[T Float](m, n, pixels int, c []T, ldc int, a []T, lda int, b []T, ldb int) {
	if m <= 0 || n <= 0 || pixels <= 0 {
		return
	}
	_ = c[(m-1)*ldc+n-1]
	_ = a[(pixels-1)*lda+m-1]
	_ = b[(pixels-1)*ldb+n-1]
	if f, ok := any(c).([]float32); ok {
		blas.GemmOverlapTrans32(m, n, pixels, 1, any(a).([]float32), lda, any(b).([]float32), ldb, 1, f, ldc)
		return
	}
	outerGo(m, n, pixels, c, ldc, a, lda, b, ldb)
}

// Add adds x to y.
func Add[T Float](y, x []T) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += v
	}
}
