package blas

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// The matrix-vector operations against gonum's in float64, at sizes around
// their blocks, with gaps in the vectors and NaN where they must not read.
func TestLevel2(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { level2[float32](t, 0x1p-24) })
		t.Run("float64", func(t *testing.T) { level2[float64](t, 0x1p-53) })
	})
}

// column is n numbers at increment inc, with zeros between.
func column[T kernel.Float](rng *rand.Rand, n, inc int) []T {
	if inc < 0 {
		inc = -inc
	}
	x := make([]T, (n-1)*inc+1)
	for i := range n {
		x[i*inc] = T(2*rng.Float32() - 1)
	}
	return x
}

func level2[T kernel.Float](t *testing.T, u float64) {
	rng := rand.New(rand.NewPCG(31, 32))
	sizes := []int{1, 3, 8, 17, 31, 32, 33, 63, 64, 65, 100, 300}
	pick := func(x ...int) int { return x[rng.IntN(len(x))] }
	var ours Implementation
	var g gonum.Implementation
	for range 150 {
		m, n := pick(sizes...), pick(sizes...)
		incX, incY := pick(1, 1, 2, -1, -3), pick(1, 1, 2, -1, -3)
		tr := []blas.Transpose{blas.NoTrans, blas.Trans}[rng.IntN(2)]
		ul := []blas.Uplo{blas.Lower, blas.Upper}[rng.IntN(2)]
		d := []blas.Diag{blas.Unit, blas.NonUnit}[rng.IntN(2)]
		alpha, beta := []float64{1, -0.5, 2}[rng.IntN(3)], []float64{0, 1, -0.5}[rng.IntN(3)]
		what := []any{m, n, incX, incY, tr, ul, d, alpha, beta}
		lda := n + rng.IntN(3)
		// Elements are at most 1, factors at most 2: so are sums of n products.
		tol := float64(m+n+8) * u * 4 * float64(m+n+8)

		both := func(name string, c []T, double func(i blas.Float64, c []float64), single func(c []float32)) {
			t.Helper()
			want, got := wide(c), append([]T(nil), c...)
			double(g, want)
			call(got, single, func(c []float64) { double(ours, c) })
			near(t, name, what, got, want, tol)
		}

		a := matrix[T](rng, m, n, lda)
		lenX, lenY := n, m
		if tr == blas.Trans {
			lenX, lenY = m, n
		}
		x, y := column[T](rng, lenX, incX), column[T](rng, lenY, incY)
		a32, x32, y32 := narrow(a), narrow(x), narrow(y)
		a64, x64, y64 := wide(a), wide(x), wide(y)
		both("gemv", y, func(i blas.Float64, c []float64) { i.Dgemv(tr, m, n, alpha, a64, lda, x64, incX, beta, c, incY) },
			func(c []float32) {
				ours.Sgemv(tr, m, n, float32(alpha), a32, lda, x32, incX, float32(beta), c, incY)
			})
		incM, incN := incX, incY
		if tr == blas.NoTrans {
			x32, y32, x64, y64, incM, incN = y32, x32, y64, x64, incY, incX
		}
		both("ger", a, func(i blas.Float64, c []float64) {
			if i == blas.Float64(g) {
				plainGer(m, n, alpha, x64, incM, y64, incN, c, lda)
				return
			}
			i.Dger(m, n, alpha, x64, incM, y64, incN, c, lda)
		}, func(c []float32) { ours.Sger(m, n, float32(alpha), x32, incM, y32, incN, c, lda) })

		a = matrix[T](rng, n, n, lda)
		hidden(a, n, lda, ul, false)
		x, y = column[T](rng, n, incX), column[T](rng, n, incY)
		a32, x32, y32 = narrow(a), narrow(x), narrow(y)
		a64, x64, y64 = wide(a), wide(x), wide(y)
		both("symv", y, func(i blas.Float64, c []float64) { i.Dsymv(ul, n, alpha, a64, lda, x64, incX, beta, c, incY) },
			func(c []float32) { ours.Ssymv(ul, n, float32(alpha), a32, lda, x32, incX, float32(beta), c, incY) })
		both("syr", a, func(i blas.Float64, c []float64) { i.Dsyr(ul, n, alpha, x64, incX, c, lda) },
			func(c []float32) { ours.Ssyr(ul, n, float32(alpha), x32, incX, c, lda) })
		both("syr2", a, func(i blas.Float64, c []float64) { i.Dsyr2(ul, n, alpha, x64, incX, y64, incY, c, lda) },
			func(c []float32) { ours.Ssyr2(ul, n, float32(alpha), x32, incX, y32, incY, c, lda) })

		for i := range n {
			for j := range n {
				a[i*lda+j] /= T(n)
			}
			a[i*(lda+1)] += 2
		}
		hidden(a, n, lda, ul, d == blas.Unit)
		a32, a64 = narrow(a), wide(a)
		both("trmv", x, func(i blas.Float64, c []float64) { i.Dtrmv(ul, tr, d, n, a64, lda, c, incX) },
			func(c []float32) { ours.Strmv(ul, tr, d, n, a32, lda, c, incX) })
		both("trsv", x, func(i blas.Float64, c []float64) { i.Dtrsv(ul, tr, d, n, a64, lda, c, incX) },
			func(c []float32) { ours.Strsv(ul, tr, d, n, a32, lda, c, incX) })

		x, y = column[T](rng, n, 1), column[T](rng, n, 1)
		x32, y32, x64, y64 = narrow(x), narrow(y), wide(x), wide(y)
		both("axpy", y, func(i blas.Float64, c []float64) { i.Daxpy(n, alpha, x64, 1, c, 1) },
			func(c []float32) { ours.Saxpy(n, float32(alpha), x32, 1, c, 1) })
		both("dot", make([]T, 1), func(i blas.Float64, c []float64) { c[0] = i.Ddot(n, x64, 1, y64, 1) },
			func(c []float32) { c[0] = ours.Sdot(n, x32, 1, y32, 1) })
	}
}

// plainGer stands in for gonum's Dger, which v0.17 gets wrong for negative
// increments.
func plainGer(m, n int, alpha float64, x []float64, incX int, y []float64, incY int, a []float64, lda int) {
	xv, yv := vector(x, m, incX), vector(y, n, incY)
	for i := range m {
		for j := range n {
			a[i*lda+j] += alpha * x[xv.start+i*incX] * y[yv.start+j*incY]
		}
	}
}

func narrow[T kernel.Float](x []T) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// gonum's words for wrong arguments come from gonum's code, also where the
// sizes are such that ours would do the work.
func TestLevel2And3Panics(t *testing.T) {
	const n = 50
	a, x := make([]float64, n*n), make([]float64, n)
	type both interface {
		blas.Float64Level1
		blas.Float64Level2
		blas.Float64Level3
	}
	for name, f := range map[string]func(i both){
		"gemv trans":  func(i both) { i.Dgemv('x', n, n, 1, a, n, x, 1, 0, x, 1) },
		"gemv lda":    func(i both) { i.Dgemv('N', n, n, 1, a, n-1, x, 1, 0, x, 1) },
		"gemv inc":    func(i both) { i.Dgemv('N', n, n, 1, a, n, x, 0, 0, x, 1) },
		"gemv x":      func(i both) { i.Dgemv('N', n, n, 1, a, n, x[1:], 1, 0, x, 1) },
		"gemv y":      func(i both) { i.Dgemv('N', n, n, 1, a, n, x, 1, 0, x, 2) },
		"gemv a":      func(i both) { i.Dgemv('N', n, n, 1, a[1:], n, x, 1, 0, x, 1) },
		"gemv m":      func(i both) { i.Dgemv('N', -1, n, 1, a, n, x, 1, 0, x, 1) },
		"ger x":       func(i both) { i.Dger(n, n, 1, x, -2, x, 1, a, n) },
		"ger a":       func(i both) { i.Dger(n, n, 1, x, 1, x, 1, a[1:], n) },
		"symv uplo":   func(i both) { i.Dsymv('x', n, 1, a, n, x, 1, 0, x, 1) },
		"symv y":      func(i both) { i.Dsymv('U', n, 1, a, n, x, 1, 0, x[1:], 1) },
		"syr x":       func(i both) { i.Dsyr('U', n, 1, x[1:], 1, a, n) },
		"syr2 y":      func(i both) { i.Dsyr2('U', n, 1, x, 1, x[1:], 1, a, n) },
		"trmv diag":   func(i both) { i.Dtrmv('U', 'N', 'x', n, a, n, x, 1) },
		"trsv x":      func(i both) { i.Dtrsv('U', 'N', 'N', n, a, n, x[1:], 1) },
		"dot y":       func(i both) { i.Ddot(n, x, 1, x[1:], 1) },
		"axpy x":      func(i both) { i.Daxpy(n, 1, x[1:], 1, x, 1) },
		"syrk uplo":   func(i both) { i.Dsyrk('x', 'N', n, n, 1, a, n, 0, a, n) },
		"syrk c":      func(i both) { i.Dsyrk('U', 'N', n, n, 1, a, n, 0, a[1:], n) },
		"syr2k b":     func(i both) { i.Dsyr2k('U', 'N', n, n, 1, a, n, a[1:], n, 0, a, n) },
		"syr2k ldb":   func(i both) { i.Dsyr2k('U', 'N', n, n, 1, a, n, a, n-1, 0, a, n) },
		"symm side":   func(i both) { i.Dsymm('x', 'U', n, n, 1, a, n, a, n, 0, a, n) },
		"symm a":      func(i both) { i.Dsymm('L', 'U', n, n, 1, a[1:], n, a, n, 0, a, n) },
		"trmm diag":   func(i both) { i.Dtrmm('L', 'U', 'N', 'x', n, n, 1, a, n, a, n) },
		"trmm lda":    func(i both) { i.Dtrmm('L', 'U', 'N', 'N', n, n, 1, a, n-1, a, n) },
		"trsm trans":  func(i both) { i.Dtrsm('L', 'U', 'x', 'N', n, n, 1, a, n, a, n) },
		"trsm b":      func(i both) { i.Dtrsm('R', 'U', 'N', 'N', n, n, 1, a, n, a[1:], n) },
		"trsm ldb":    func(i both) { i.Dtrsm('R', 'U', 'N', 'N', n, n, 1, a, n, a, n-1) },
		"trsm n":      func(i both) { i.Dtrsm('R', 'U', 'N', 'N', n, -n, 1, a, n, a, n) },
		"symv lda 0":  func(i both) { i.Dsymv('U', 0, 1, nil, 0, nil, 1, 0, nil, 1) },
		"syrk n 0":    func(i both) { i.Dsyrk('U', 'N', 0, n, 1, nil, n, 0, nil, 1) },
		"trsm m 0":    func(i both) { i.Dtrsm('L', 'U', 'N', 'N', 0, n, 1, nil, 1, nil, n) },
		"gemv n 0":    func(i both) { i.Dgemv('N', n, 0, 1, nil, 1, nil, 1, 0, x, 1) },
		"gemv beta 0": func(i both) { i.Dgemv('N', n, n, 0, a, n, x, 1, 0, x, 1) },
	} {
		want, got := recovered(func() { f(gonum.Implementation{}) }), recovered(func() { f(Implementation{}) })
		if got != want {
			t.Errorf("%s: panics %q, gonum %q", name, got, want)
		}
	}
}
