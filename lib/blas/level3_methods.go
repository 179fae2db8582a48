package blas

import "gonum.org/v1/gonum/blas"

// Dsyrk performs one of the symmetric rank-k operations
//
//	C = alpha * A * Aᵀ + beta * C  if t == blas.NoTrans
//	C = alpha * Aᵀ * A + beta * C  if t == blas.Trans or blas.ConjTrans
//
// on the triangle ul of the n×n C. A is n×k or k×n.
func (i Implementation) Dsyrk(ul blas.Uplo, t blas.Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	if !syrk(&set64, ul, t, n, k, alpha, a, lda, nil, 0, beta, c, ldc, false) {
		i.Implementation.Dsyrk(ul, t, n, k, alpha, a, lda, beta, c, ldc)
	}
}

// Ssyrk is Dsyrk in float32.
func (i Implementation) Ssyrk(ul blas.Uplo, t blas.Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int) {
	if !syrk(&set32, ul, t, n, k, alpha, a, lda, nil, 0, beta, c, ldc, false) {
		i.Implementation.Ssyrk(ul, t, n, k, alpha, a, lda, beta, c, ldc)
	}
}

// Dsyr2k performs one of the symmetric rank-2k operations
//
//	C = alpha * A * Bᵀ + alpha * B * Aᵀ + beta * C  if t == blas.NoTrans
//	C = alpha * Aᵀ * B + alpha * Bᵀ * A + beta * C  if t == blas.Trans or blas.ConjTrans
//
// on the triangle ul of the n×n C. A and B are n×k or k×n.
func (i Implementation) Dsyr2k(ul blas.Uplo, t blas.Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if !syrk(&set64, ul, t, n, k, alpha, a, lda, b, ldb, beta, c, ldc, true) {
		i.Implementation.Dsyr2k(ul, t, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Ssyr2k is Dsyr2k in float32.
func (i Implementation) Ssyr2k(ul blas.Uplo, t blas.Transpose, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if !syrk(&set32, ul, t, n, k, alpha, a, lda, b, ldb, beta, c, ldc, true) {
		i.Implementation.Ssyr2k(ul, t, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dsymm performs one of the matrix-matrix operations
//
//	C = alpha * A * B + beta * C  if side == blas.Left
//	C = alpha * B * A + beta * C  if side == blas.Right
//
// where A is symmetric with its elements in the triangle ul. B and C are m×n.
func (i Implementation) Dsymm(side blas.Side, ul blas.Uplo, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if !symm(&set64, side, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc) {
		i.Implementation.Dsymm(side, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Ssymm is Dsymm in float32.
func (i Implementation) Ssymm(side blas.Side, ul blas.Uplo, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if !symm(&set32, side, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc) {
		i.Implementation.Ssymm(side, ul, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dtrmm performs one of the matrix-matrix operations
//
//	B = alpha * op(A) * B  if side == blas.Left
//	B = alpha * B * op(A)  if side == blas.Right
//
// where A is triangular and op(A) is A or Aᵀ. B is m×n.
func (i Implementation) Dtrmm(side blas.Side, ul blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	if !trmm(&set64, side, ul, t, d, m, n, alpha, a, lda, b, ldb) {
		i.Implementation.Dtrmm(side, ul, t, d, m, n, alpha, a, lda, b, ldb)
	}
}

// Strmm is Dtrmm in float32.
func (i Implementation) Strmm(side blas.Side, ul blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int) {
	if !trmm(&set32, side, ul, t, d, m, n, alpha, a, lda, b, ldb) {
		i.Implementation.Strmm(side, ul, t, d, m, n, alpha, a, lda, b, ldb)
	}
}

// Dtrsm solves one of the matrix equations
//
//	op(A) * X = alpha * B  if side == blas.Left
//	X * op(A) = alpha * B  if side == blas.Right
//
// where A is triangular and op(A) is A or Aᵀ, and writes the m×n X over B. A is
// not checked to be invertible.
func (i Implementation) Dtrsm(side blas.Side, ul blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	if !trsm(&set64, side, ul, t, d, m, n, alpha, a, lda, b, ldb) {
		i.Implementation.Dtrsm(side, ul, t, d, m, n, alpha, a, lda, b, ldb)
	}
}

// Strsm is Dtrsm in float32.
func (i Implementation) Strsm(side blas.Side, ul blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int) {
	if !trsm(&set32, side, ul, t, d, m, n, alpha, a, lda, b, ldb) {
		i.Implementation.Strsm(side, ul, t, d, m, n, alpha, a, lda, b, ldb)
	}
}
