// Package kernel holds the arithmetic that the layers of lib/net stand on:
// matrix products over windows that overlap in memory, and the passes of layer
// normalisation. It knows nothing of graphs or of layers.
//
// Arrays are channels last. A window of a channels-last map is a few segments
// of contiguous memory, one per kernel row; the next window along the row
// begins a stride further on and overlaps the last. So a convolution is a
// matrix product whose left operand is read in place ([Gemm]), and its weight
// gradient is a sum of outer products over the same windows ([Outer]): no
// im2col, no packing (spec/05). The segments are what sets these apart from
// lib/blas: the sums stay in registers over all of them.
//
// float32 runs in generated assembly for AVX-512 or AVX2 with FMA, chosen when
// the program starts; float64, and float32 elsewhere or with the build tag
// purego, in Go. Everything here runs on the caller's goroutine, and the order
// of additions depends on the arguments alone: one accumulator per element, in
// the order of the segments.
package kernel

import "unsafe"

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
	if segs <= 0 || segLen <= 0 {
		segs, segLen = 0, 0
	} else {
		_ = a[(m-1)*lda+(segs-1)*segStride+segLen-1]
		_ = b[(segs*segLen-1)*ldb+n-1]
		if vectors && isFloat32[T]() {
			gemmVector(m, n, as32(c), ldc, as32(a), lda, segs, segLen, segStride, as32(b), ldb, acc)
			return
		}
	}
	gemmGo(m, n, c, ldc, a, lda, segs, segLen, segStride, b, ldb, acc)
}

// Outer adds to C the sum over pixels of the outer products of A's and B's
// rows: C[i][j] += Σ_l Σ_p A[l·aLine + p·lda + i·step]·B[l·bLine + p·ldb + j]
// over lines l and their pixels p; C is [m][n], row i at i·ldc.
func Outer[T Float](m, n, lines, pixels int, c []T, ldc int, a []T, step, lda, aLine int, b []T, ldb, bLine int) {
	if m <= 0 || n <= 0 || pixels <= 0 || lines <= 0 {
		return
	}
	_ = c[(m-1)*ldc+n-1]
	_ = a[(lines-1)*aLine+(pixels-1)*lda+(m-1)*step]
	_ = b[(lines-1)*bLine+(pixels-1)*ldb+n-1]
	if vectors && isFloat32[T]() {
		outerVector(m, n, lines, pixels, as32(c), ldc, as32(a), step, lda, aLine, as32(b), ldb, bLine)
		return
	}
	outerGo(m, n, lines, pixels, c, ldc, a, step, lda, aLine, b, ldb, bLine)
}

// Add adds x to y.
func Add[T Float](y, x []T) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += v
	}
}

func isFloat32[T Float]() bool {
	var z T
	return unsafe.Sizeof(z) == 4
}

// as32 returns x as the float32 that they are.
func as32[T Float](x []T) []float32 {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&x[0])), len(x))
}
