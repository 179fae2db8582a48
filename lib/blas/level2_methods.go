package blas

import "gonum.org/v1/gonum/blas"

// Ddot returns the dot product of x and y, each of n elements.
func (i Implementation) Ddot(n int, x []float64, incX int, y []float64, incY int) float64 {
	if incX == 1 && incY == 1 && !set64.Portable && n > 0 && len(x) >= n && len(y) >= n {
		return set64.Dot(x[:n], y)
	}
	return i.Implementation.Ddot(n, x, incX, y, incY)
}

// Sdot is Ddot in float32.
func (i Implementation) Sdot(n int, x []float32, incX int, y []float32, incY int) float32 {
	if incX == 1 && incY == 1 && !set32.Portable && n > 0 && len(x) >= n && len(y) >= n {
		return set32.Dot(x[:n], y)
	}
	return i.Implementation.Sdot(n, x, incX, y, incY)
}

// Daxpy adds alpha times x to y, each of n elements.
func (i Implementation) Daxpy(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
	if incX == 1 && incY == 1 && !set64.Portable && n > 0 && len(x) >= n && len(y) >= n && alpha != 0 {
		set64.Axpy(alpha, x[:n], y)
		return
	}
	i.Implementation.Daxpy(n, alpha, x, incX, y, incY)
}

// Saxpy is Daxpy in float32.
func (i Implementation) Saxpy(n int, alpha float32, x []float32, incX int, y []float32, incY int) {
	if incX == 1 && incY == 1 && !set32.Portable && n > 0 && len(x) >= n && len(y) >= n && alpha != 0 {
		set32.Axpy(alpha, x[:n], y)
		return
	}
	i.Implementation.Saxpy(n, alpha, x, incX, y, incY)
}

// Dgemv computes y = alpha * op(A) * x + beta * y for an m×n A, op(A) being A or Aᵀ.
func (i Implementation) Dgemv(t blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	if !gemv(&set64, t, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		i.Implementation.Dgemv(t, m, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Sgemv is Dgemv in float32.
func (i Implementation) Sgemv(t blas.Transpose, m, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	if !gemv(&set32, t, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		i.Implementation.Sgemv(t, m, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Dger adds alpha * x * yᵀ to the m×n A.
func (i Implementation) Dger(m, n int, alpha float64, x []float64, incX int, y []float64, incY int, a []float64, lda int) {
	if !ger(&set64, m, n, alpha, x, incX, y, incY, a, lda) {
		i.Implementation.Dger(m, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Sger is Dger in float32.
func (i Implementation) Sger(m, n int, alpha float32, x []float32, incX int, y []float32, incY int, a []float32, lda int) {
	if !ger(&set32, m, n, alpha, x, incX, y, incY, a, lda) {
		i.Implementation.Sger(m, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Dsymv computes y = alpha * A * x + beta * y for an n×n symmetric A with its elements
// in the triangle ul.
func (i Implementation) Dsymv(ul blas.Uplo, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	if !symv(&set64, ul, n, alpha, a, lda, x, incX, beta, y, incY) {
		i.Implementation.Dsymv(ul, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Ssymv is Dsymv in float32.
func (i Implementation) Ssymv(ul blas.Uplo, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	if !symv(&set32, ul, n, alpha, a, lda, x, incX, beta, y, incY) {
		i.Implementation.Ssymv(ul, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Dsyr adds alpha * x * xᵀ to the triangle ul of the n×n A.
func (i Implementation) Dsyr(ul blas.Uplo, n int, alpha float64, x []float64, incX int, a []float64, lda int) {
	if !syr2(&set64, ul, n, alpha, x, incX, nil, 0, a, lda, false) {
		i.Implementation.Dsyr(ul, n, alpha, x, incX, a, lda)
	}
}

// Ssyr is Dsyr in float32.
func (i Implementation) Ssyr(ul blas.Uplo, n int, alpha float32, x []float32, incX int, a []float32, lda int) {
	if !syr2(&set32, ul, n, alpha, x, incX, nil, 0, a, lda, false) {
		i.Implementation.Ssyr(ul, n, alpha, x, incX, a, lda)
	}
}

// Dsyr2 adds alpha * (x * yᵀ + y * xᵀ) to the triangle ul of the n×n A.
func (i Implementation) Dsyr2(ul blas.Uplo, n int, alpha float64, x []float64, incX int, y []float64, incY int, a []float64, lda int) {
	if !syr2(&set64, ul, n, alpha, x, incX, y, incY, a, lda, true) {
		i.Implementation.Dsyr2(ul, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Ssyr2 is Dsyr2 in float32.
func (i Implementation) Ssyr2(ul blas.Uplo, n int, alpha float32, x []float32, incX int, y []float32, incY int, a []float32, lda int) {
	if !syr2(&set32, ul, n, alpha, x, incX, y, incY, a, lda, true) {
		i.Implementation.Ssyr2(ul, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Dtrmv computes x = op(A) * x for an n×n triangular A, op(A) being A or Aᵀ.
func (i Implementation) Dtrmv(ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []float64, lda int, x []float64, incX int) {
	if !trmv(&set64, ul, t, d, n, a, lda, x, incX, false, i.Implementation.Dtrmv) {
		i.Implementation.Dtrmv(ul, t, d, n, a, lda, x, incX)
	}
}

// Strmv is Dtrmv in float32.
func (i Implementation) Strmv(ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []float32, lda int, x []float32, incX int) {
	if !trmv(&set32, ul, t, d, n, a, lda, x, incX, false, i.Implementation.Strmv) {
		i.Implementation.Strmv(ul, t, d, n, a, lda, x, incX)
	}
}

// Dtrsv solves op(A) * x = b for an n×n triangular A, op(A) being A or Aᵀ. x holds b
// at first and the solution afterwards.
func (i Implementation) Dtrsv(ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []float64, lda int, x []float64, incX int) {
	if !trmv(&set64, ul, t, d, n, a, lda, x, incX, true, i.Implementation.Dtrsv) {
		i.Implementation.Dtrsv(ul, t, d, n, a, lda, x, incX)
	}
}

// Strsv is Dtrsv in float32.
func (i Implementation) Strsv(ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []float32, lda int, x []float32, incX int) {
	if !trmv(&set32, ul, t, d, n, a, lda, x, incX, true, i.Implementation.Strsv) {
		i.Implementation.Strsv(ul, t, d, n, a, lda, x, incX)
	}
}
