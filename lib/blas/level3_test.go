package blas

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// hidden puts NaN where a triangular matrix must not be read: in the other
// triangle and, if unit, on the diagonal.
func hidden[T kernel.Float](a []T, n, lda int, ul blas.Uplo, unit bool) {
	for i := range n {
		for j := range n {
			if i != j && (j < i) != (ul == blas.Lower) || i == j && unit {
				a[i*lda+j] = T(math.NaN())
			}
		}
	}
}

// dominant makes a triangle safe to divide by.
func dominant[T kernel.Float](a []T, n, lda int) {
	for i := range n {
		for j := range n {
			a[i*lda+j] /= T(n)
		}
		a[i*(lda+1)] += 2
	}
}

// The other operations of level 3 against gonum's in float64, at sizes around
// their blocks, with NaN wherever they must not read.
func TestLevel3(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { level3[float32](t, 0x1p-24) })
		t.Run("float64", func(t *testing.T) { level3[float64](t, 0x1p-53) })
	})
}

type level3Case[T kernel.Float] struct {
	side          blas.Side
	ul            blas.Uplo
	t             blas.Transpose
	d             blas.Diag
	m, n          int
	alpha, beta   T
	lda, ldb, ldc int
}

func level3[T kernel.Float](t *testing.T, u float64) {
	rng := rand.New(rand.NewPCG(21, 22))
	sizes := []int{1, 2, 5, 12, 13, 16, 17, 31, 32, 33, 47, 48, 49, 64, 75, 97, 130, 300}
	size := func() int { return sizes[rng.IntN(len(sizes))] }
	for range 120 {
		x := level3Case[T]{
			side: []blas.Side{blas.Left, blas.Right}[rng.IntN(2)],
			ul:   []blas.Uplo{blas.Lower, blas.Upper}[rng.IntN(2)],
			t:    []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}[rng.IntN(3)],
			d:    []blas.Diag{blas.Unit, blas.NonUnit}[rng.IntN(2)],
			m:    size(), n: size(),
			alpha: []T{1, -0.5, 2}[rng.IntN(3)], beta: []T{0, 1, -0.5}[rng.IntN(3)],
		}
		k := x.n
		if x.side == blas.Left {
			k = x.m
		}
		gap := rng.IntN(3)
		x.lda, x.ldb, x.ldc = k+gap, x.n+gap, x.n+gap
		testTriangular(t, rng, x, k, u)
		testSymmetric(t, rng, x, k, u)
		testRank(t, rng, x, u)
	}
}

// near compares element by element, NaN with NaN, within tol.
func near[T kernel.Float](t *testing.T, what string, x any, got []T, want []float64, tol float64) {
	t.Helper()
	for i, v := range got {
		if g, w := float64(v), want[i]; !(math.Abs(g-w) <= tol) && !(math.IsNaN(g) && math.IsNaN(w)) {
			t.Fatalf("%s %+v: element %d is %v, want %v within %.3g", what, x, i, g, w, tol)
		}
	}
}

func testTriangular[T kernel.Float](t *testing.T, rng *rand.Rand, x level3Case[T], k int, u float64) {
	t.Helper()
	a, b := matrix[T](rng, k, k, x.lda), matrix[T](rng, x.m, x.n, x.ldb)
	dominant(a, k, x.lda)
	hidden(a, k, x.lda, x.ul, x.d == blas.Unit)
	a64 := wide(a)
	var g gonum.Implementation
	alpha := float64(x.alpha)

	// |A|·|B| is at most 4 here, |A⁻¹| at most 2: the rows of the triangle sum
	// to 3 at most beside the diagonal's 2 or 1.
	tol := float64(k+10) * u * 16
	want, got := wide(b), append([]T(nil), b...)
	g.Dtrmm(x.side, x.ul, x.t, x.d, x.m, x.n, alpha, a64, x.lda, want, x.ldb)
	call(got,
		func(c []float32) {
			Implementation{}.Strmm(x.side, x.ul, x.t, x.d, x.m, x.n, float32(x.alpha), any(a).([]float32), x.lda, c, x.ldb)
		},
		func(c []float64) {
			Implementation{}.Dtrmm(x.side, x.ul, x.t, x.d, x.m, x.n, alpha, a64, x.lda, c, x.ldb)
		})
	near(t, "trmm", x, got, want, tol)

	want, got = wide(b), append([]T(nil), b...)
	g.Dtrsm(x.side, x.ul, x.t, x.d, x.m, x.n, alpha, a64, x.lda, want, x.ldb)
	call(got,
		func(c []float32) {
			Implementation{}.Strsm(x.side, x.ul, x.t, x.d, x.m, x.n, float32(x.alpha), any(a).([]float32), x.lda, c, x.ldb)
		},
		func(c []float64) {
			Implementation{}.Dtrsm(x.side, x.ul, x.t, x.d, x.m, x.n, alpha, a64, x.lda, c, x.ldb)
		})
	near(t, "trsm", x, got, want, tol)
}

func call[T kernel.Float](c []T, single func(c []float32), double func(c []float64)) {
	switch c := any(c).(type) {
	case []float32:
		single(c)
	case []float64:
		double(c)
	}
}

func testSymmetric[T kernel.Float](t *testing.T, rng *rand.Rand, x level3Case[T], k int, u float64) {
	t.Helper()
	a, b, c := matrix[T](rng, k, k, x.lda), matrix[T](rng, x.m, x.n, x.ldb), matrix[T](rng, x.m, x.n, x.ldc)
	hidden(a, k, x.lda, x.ul, false)
	if x.beta == 0 {
		for i := range c {
			c[i] = T(math.NaN())
		}
	}
	a64, b64, want := wide(a), wide(b), wide(c)
	gonum.Implementation{}.Dsymm(x.side, x.ul, x.m, x.n, float64(x.alpha), a64, x.lda, b64, x.ldb, float64(x.beta), want, x.ldc)
	call(c,
		func(c []float32) {
			Implementation{}.Ssymm(x.side, x.ul, x.m, x.n, float32(x.alpha), any(a).([]float32), x.lda, any(b).([]float32), x.ldb, float32(x.beta), c, x.ldc)
		},
		func(c []float64) {
			Implementation{}.Dsymm(x.side, x.ul, x.m, x.n, float64(x.alpha), a64, x.lda, b64, x.ldb, float64(x.beta), c, x.ldc)
		})
	// Elements are at most 1, so the sum of magnitudes is at most 2k+1.
	near(t, "symm", x, c, want, float64(k+5)*u*float64(2*k+1)*2)
}

func testRank[T kernel.Float](t *testing.T, rng *rand.Rand, x level3Case[T], u float64) {
	t.Helper()
	n, k := x.n, x.m
	rows, cols := n, k
	if x.t != blas.NoTrans {
		rows, cols = k, n
	}
	lda, ldb := cols+x.ldb-x.n, cols+1
	a, b, c := matrix[T](rng, rows, cols, lda), matrix[T](rng, rows, cols, ldb), matrix[T](rng, n, n, x.ldc)
	hidden(c, n, x.ldc, x.ul, false) // must stay as it is
	start := func() []float64 { return wide(c) }
	if x.beta == 0 {
		// Ours does not read C; gonum's does in one case, so it gets zeros.
		clean := wide(c)
		for i := range n {
			for j := range n {
				clean[i*x.ldc+j] *= 0 // what is hidden stays NaN
			}
		}
		start = func() []float64 { return append([]float64(nil), clean...) }
		for i := range c {
			c[i] = T(math.NaN())
		}
	}
	a64, b64 := wide(a), wide(b)
	var g gonum.Implementation
	tol := float64(2*k+5) * u * float64(4*k+1) * 2
	want, got := start(), append([]T(nil), c...)
	g.Dsyrk(x.ul, x.t, n, k, float64(x.alpha), a64, lda, float64(x.beta), want, x.ldc)
	call(got,
		func(c []float32) {
			Implementation{}.Ssyrk(x.ul, x.t, n, k, float32(x.alpha), any(a).([]float32), lda, float32(x.beta), c, x.ldc)
		},
		func(c []float64) {
			Implementation{}.Dsyrk(x.ul, x.t, n, k, float64(x.alpha), a64, lda, float64(x.beta), c, x.ldc)
		})
	near(t, "syrk", x, got, want, tol)
	want, got = start(), append([]T(nil), c...)
	g.Dsyr2k(x.ul, x.t, n, k, float64(x.alpha), a64, lda, b64, ldb, float64(x.beta), want, x.ldc)
	call(got,
		func(c []float32) {
			Implementation{}.Ssyr2k(x.ul, x.t, n, k, float32(x.alpha), any(a).([]float32), lda, any(b).([]float32), ldb, float32(x.beta), c, x.ldc)
		},
		func(c []float64) {
			Implementation{}.Dsyr2k(x.ul, x.t, n, k, float64(x.alpha), a64, lda, b64, ldb, float64(x.beta), c, x.ldc)
		})
	near(t, "syr2k", x, got, want, tol)
}

// A NaN in B stays in the rows that a triangular product takes it to, although
// blocks are multiplied with their zeros.
func TestTrmmNonFinite(t *testing.T) {
	const m, n = 40, 30
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 24))
		for _, ul := range []blas.Uplo{blas.Lower, blas.Upper} {
			for _, side := range []blas.Side{blas.Left, blas.Right} {
				k := n
				if side == blas.Left {
					k = m
				}
				a, b := matrix[float64](rng, k, k, k), matrix[float64](rng, m, n, n)
				b[20*n+10] = math.Inf(1)
				Implementation{}.Dtrmm(side, ul, blas.NoTrans, blas.NonUnit, m, n, 1, a, k, b, n)
				for i, v := range b {
					row, col := i/n, i%n
					reached := col == 10 && (row >= 20) == (ul == blas.Lower) || col == 10 && row == 20
					if side == blas.Right {
						reached = row == 20 && (col <= 10) == (ul == blas.Lower) || row == 20 && col == 10
					}
					if math.IsInf(v, 0) != reached || math.IsNaN(v) {
						t.Fatalf("%c %c: Inf at 20,10 gave %v at %d,%d", side, ul, v, row, col)
					}
				}
			}
		}
	})
}
