package probe

import (
	gonum "gonum.org/v1/gonum/blas"

	"github.com/spindle-lab/spindle/lib/blas"
)

const (
	no    = gonum.NoTrans
	trans = gonum.Trans
)

// gemm computes c = alpha·op(a)·op(b) + beta·c, row-major, c m×n, k the inner
// size. Its bits do not depend on the number of cores.
func gemm(tA, tB gonum.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	blas.Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}
