package blas

import (
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// Implementation implements gonum's blas.Float32 and blas.Float64 (and, by
// gonum's own code, the complex interfaces that gorgonia asks for). Its zero
// value is ready, and may be used by any number of goroutines.
type Implementation struct{ gonum.Implementation }

var (
	_ blas.Float32   = Implementation{}
	_ blas.Float64   = Implementation{}
	_ gorgonia.BLAS  = Implementation{}
	_ blas.Complex64 = Implementation{}
)

// The sets in use, the best that the machine has.
var (
	set32 = kernel.Sets32()[0]
	set64 = kernel.Sets64()[0]
)

// gonumFirst is set where gonum's own code is faster than the portable set: on
// an amd64 machine without AVX2, or with the tag purego, gonum has assembly for
// SSE2. Only what gonum has no function for is then done here.
var gonumFirst = set32.Portable && runtime.GOARCH == "amd64"

var install sync.Once

// Use makes gonum's blas32, blas64 (so also gonum/mat and gonum/lapack) and
// gorgonia compute with this package. Calls after the first do nothing, so
// that a program which puts another implementation in place afterwards keeps
// it.
func Use() {
	install.Do(func() {
		blas32.Use(Implementation{})
		blas64.Use(Implementation{})
		gorgonia.Use(Implementation{})
	})
}

// Path names the instruction set in use: "avx512", "avx2" or "go".
func Path() string { return set32.Name }

// Sgemm performs one of the matrix-matrix operations
//
//	C = alpha * A * B + beta * C
//	C = alpha * Aᵀ * B + beta * C
//	C = alpha * A * Bᵀ + beta * C
//	C = alpha * Aᵀ * Bᵀ + beta * C
//
// where A is an m×k or k×m dense matrix, B is an n×k or k×n dense matrix, C is
// an m×n matrix, and alpha and beta are scalars. tA and tB specify whether A or
// B are transposed. C is not read where beta is 0, A and B are not where alpha
// is 0; otherwise NaN and Inf spread as IEEE 754 has it (0·Inf is NaN, which
// gonum's own code, skipping zeros of A, may leave out).
func (i Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if gonumFirst {
		i.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	checkedGemm(&set32, tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// Dgemm is Sgemm in float64.
func (i Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if gonumFirst {
		i.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	checkedGemm(&set64, tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func checkedGemm[T kernel.Float](s *kernel.Set[T], tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	aT, bT := transposed(tA), transposed(tB)
	switch {
	case m < 0:
		panic(mLT0)
	case n < 0:
		panic(nLT0)
	case k < 0:
		panic(kLT0)
	}
	aRows, aCols := m, k
	if aT {
		aRows, aCols = k, m
	}
	bRows, bCols := k, n
	if bT {
		bRows, bCols = n, k
	}
	switch {
	case lda < max(1, aCols):
		panic(badLdA)
	case ldb < max(1, bCols):
		panic(badLdB)
	case ldc < max(1, n):
		panic(badLdC)
	}
	if m == 0 || n == 0 {
		return
	}
	switch {
	case len(a) < (aRows-1)*lda+aCols:
		panic(shortA)
	case len(b) < (bRows-1)*ldb+bCols:
		panic(shortB)
	case len(c) < (m-1)*ldc+n:
		panic(shortC)
	}
	av, bv := view[T]{a, lda, 1}, view[T]{b, ldb, 1}
	if aT {
		av = av.t()
	}
	if bT {
		bv = bv.t()
	}
	gemm(s, m, n, k, alpha, av, bv, beta, c, ldc)
}
