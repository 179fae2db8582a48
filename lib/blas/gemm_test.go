package blas

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// matrix is rows×cols at leading dimension ld with NaN in the gaps, so that a
// kernel which uses what it should not is found out.
func matrix[T kernel.Float](rng *rand.Rand, rows, cols, ld int) []T {
	x := make([]T, max(0, (rows-1)*ld+cols)) // gonum asks for the gaps even where cols is 0
	for i := range x {
		x[i] = T(math.NaN())
		if i%ld < cols {
			x[i] = T(2*rng.Float32() - 1) // float32 values, so that both types get the same
		}
	}
	return x
}

// product is a case of gemm and its operands.
type product[T kernel.Float] struct {
	tA, tB        blas.Transpose
	m, n, k       int
	alpha, beta   T
	a, b, c       []T
	lda, ldb, ldc int
}

func draw[T kernel.Float](rng *rand.Rand, m, n, k int) product[T] {
	trans := []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}
	factors := []T{0, 1, -1, 0.5, 1.75}
	p := product[T]{m: m, n: n, k: k, tA: trans[rng.IntN(3)], tB: trans[rng.IntN(3)],
		alpha: factors[1+rng.IntN(4)], beta: factors[rng.IntN(5)]}
	aRows, aCols := m, k
	if p.tA != blas.NoTrans {
		aRows, aCols = k, m
	}
	bRows, bCols := k, n
	if p.tB != blas.NoTrans {
		bRows, bCols = n, k
	}
	gap := func() int { return rng.IntN(2) * rng.IntN(7) }
	p.lda, p.ldb, p.ldc = max(1, aCols)+gap(), max(1, bCols)+gap(), max(1, n)+gap()
	p.a = matrix[T](rng, aRows, aCols, p.lda)
	p.b = matrix[T](rng, bRows, bCols, p.ldb)
	p.c = matrix[T](rng, m, n, p.ldc)
	if p.beta == 0 {
		for i := range p.c {
			p.c[i] = T(math.NaN()) // not read where beta is 0
		}
	}
	return p
}

func wide[T kernel.Float](x []T) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// reference is alpha·A·B + beta·C by gonum in float64, and the same with the
// magnitudes of everything, which scales the bound on the rounding error.
func (p product[T]) reference() (want, size []float64) {
	a, b := wide(p.a), wide(p.b)
	want, size = wide(p.c), wide(p.c)
	var g gonum.Implementation
	g.Dgemm(p.tA, p.tB, p.m, p.n, p.k, float64(p.alpha), a, p.lda, b, p.ldb, float64(p.beta), want, p.ldc)
	for _, x := range [][]float64{a, b, size} {
		for i := range x {
			x[i] = math.Abs(x[i])
		}
	}
	g.Dgemm(p.tA, p.tB, p.m, p.n, p.k, math.Abs(float64(p.alpha)), a, p.lda, b, p.ldb, math.Abs(float64(p.beta)), size, p.ldc)
	return want, size
}

// check compares c with the reference. Higham's bound for a sum of k products
// is γ_k = k·u/(1-k·u) of the sum of the magnitudes, u the unit roundoff; a few
// more roundings come from alpha, beta and the blocks along k, and as many
// again from the reference where it has the same precision.
func (p product[T]) check(t *testing.T, c []T, want, size []float64) {
	t.Helper()
	u := 0x1p-24
	if _, ok := any(T(0)).(float64); ok {
		u = 0x1p-52
	}
	bound := float64(p.k+6+p.k/kBlock) * u
	for i, v := range c {
		col := i % p.ldc
		if col >= p.n {
			if !math.IsNaN(float64(v)) {
				t.Fatalf("%+v: wrote between the rows of C, at %d", p.shape(), i)
			}
			continue
		}
		if d := math.Abs(float64(v) - want[i]); !(d <= bound*size[i]) {
			t.Fatalf("%+v: C[%d][%d] = %v, want %v, difference %.3g exceeds %.3g", p.shape(), i/p.ldc, col, v, want[i], d, bound*size[i])
		}
	}
}

func (p product[T]) shape() any {
	return struct {
		TA, TB        blas.Transpose
		M, N, K       int
		Alpha, Beta   T
		Lda, Ldb, Ldc int
	}{p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.beta, p.lda, p.ldb, p.ldc}
}

func (p product[T]) run(c []T) {
	switch p := any(p).(type) {
	case product[float32]:
		Implementation{}.Sgemm(p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, any(c).([]float32), p.ldc)
	case product[float64]:
		Implementation{}.Dgemm(p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, any(c).([]float64), p.ldc)
	}
}

func testOne[T kernel.Float](t *testing.T, rng *rand.Rand, m, n, k int) {
	t.Helper()
	p := draw[T](rng, m, n, k)
	c := append([]T(nil), p.c...)
	want, size := p.reference()
	p.run(c)
	p.check(t, c, want, size)
}

// Every m and n in 0..70 with k drawn from 0..70: all sizes of tile and edge.
func TestGemmEdges(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for m := 0; m <= 70; m++ {
			for n := 0; n <= 70; n++ {
				testOne[float32](t, rng, m, n, rng.IntN(71))
				testOne[float64](t, rng, m, n, rng.IntN(71))
			}
		}
	})
}

// Sizes beyond the blocks along each axis.
func TestGemmBlocks(t *testing.T) {
	sizes := [][3]int{
		{kBlock, 33, kBlock}, {50, 70, kBlock + 1}, {97, 131, 2*kBlock + 5}, {300, 257, 129},
		{rowBlock + 7, 40, 11}, {13, colBlock + 9, 17}, {1, 1000, 70}, {1000, 1, 70}, {3, 5, 3000},
	}
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, s := range sizes {
			for range 4 {
				testOne[float32](t, rng, s[0], s[1], s[2])
				testOne[float64](t, rng, s[0], s[1], s[2])
			}
		}
	})
}

// The bits do not depend on the number of cores, nor on where a row or column
// of C lies: a product of parts of A and B has the bits of that part.
func TestGemmSameBits(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		t.Run("float32", sameBits[float32])
		t.Run("float64", sameBits[float64])
	})
}

func sameBits[T kernel.Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, s := range [][3]int{{200, 150, 500}, {64, 273, 320}, {448, 64, 320}, {1000, 8, 300}} {
		p := draw[T](rng, s[0], s[1], s[2])
		p.beta = 0
		var first []T
		for _, procs := range []int{1, 2, 3, 7} {
			runtime.GOMAXPROCS(procs)
			c := append([]T(nil), p.c...)
			p.run(c)
			if first == nil {
				first = c
			}
			if i := firstDifference(first, c); i >= 0 {
				t.Fatalf("%+v: element %d with %d cores is %v, with one %v", p.shape(), i, procs, c[i], first[i])
			}
		}
		part := p
		part.m, part.n = 1+rng.IntN(p.m-1), 1+rng.IntN(p.n-1)
		c := append([]T(nil), p.c...)
		part.run(c)
		for i := range part.m {
			if j := firstDifference(first[i*p.ldc:][:part.n], c[i*p.ldc:][:part.n]); j >= 0 {
				t.Fatalf("%+v: element %d,%d has other bits in a product of %d×%d", p.shape(), i, j, part.m, part.n)
			}
		}
	}
}

// firstDifference is the index of the first element with other bits, or -1;
// NaNs count as equal.
func firstDifference[T kernel.Float](x, y []T) int {
	for i := range x {
		if x[i] != y[i] && !(x[i] != x[i] && y[i] != y[i]) || math.Signbit(float64(x[i])) != math.Signbit(float64(y[i])) {
			return i
		}
	}
	return -1
}

// Paths with fused multiply-adds give the same bits as each other.
func TestPathsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var first []float32
	p := draw[float32](rng, 131, 77, 900)
	onEveryPath(t, func(t *testing.T) {
		if set32.Name == "go" {
			return
		}
		c := append([]float32(nil), p.c...)
		p.run(c)
		if first == nil {
			first = c
		}
		if i := firstDifference(first, c); i >= 0 {
			t.Fatalf("element %d is %v, on the first path %v", i, c[i], first[i])
		}
	})
}

// NaN and Inf go where IEEE 754 takes them, and nowhere else.
func TestGemmNonFinite(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		t.Run("float32", nonFinite[float32])
		t.Run("float64", nonFinite[float64])
	})
}

func nonFinite[T kernel.Float](t *testing.T) {
	nan, inf := T(math.NaN()), T(math.Inf(1))
	const m, n, k = 29, 37, 23
	rng := rand.New(rand.NewPCG(9, 10))
	fresh := func() product[T] {
		p := product[T]{tA: blas.NoTrans, tB: blas.NoTrans, m: m, n: n, k: k, alpha: 1, lda: k, ldb: n, ldc: n}
		p.a, p.b, p.c = matrix[T](rng, m, k, k), matrix[T](rng, k, n, n), matrix[T](rng, m, n, n)
		return p
	}
	isNaN := func(x T) bool { return x != x }

	p := fresh()
	p.a[5*k+3] = nan // spreads over row 5
	p.b[7*n+30] = nan
	p.run(p.c)
	for i, v := range p.c {
		if isNaN(v) != (i/n == 5 || i%n == 30) {
			t.Fatalf("NaN in row 5 of A and column 30 of B: C[%d][%d] = %v", i/n, i%n, v)
		}
	}

	p = fresh()
	for j := range k {
		p.a[4*k+j] = 0
	}
	p.b[2*n+1] = inf // 0·Inf is NaN in row 4, ±Inf elsewhere
	p.run(p.c)
	for i, v := range p.c {
		switch {
		case i%n != 1:
			if isNaN(v) || math.IsInf(float64(v), 0) {
				t.Fatalf("Inf in column 1 of B: C[%d][%d] = %v", i/n, i%n, v)
			}
		case i/n == 4:
			if !isNaN(v) {
				t.Fatalf("0·Inf gave %v", v)
			}
		default:
			if !math.IsInf(float64(v), 0) {
				t.Fatalf("Inf in column 1 of B: C[%d][1] = %v", i/n, v)
			}
		}
	}

	p = fresh() // with beta ≠ 0 a NaN of C stays
	p.beta = 0.5
	p.c[11] = nan
	p.run(p.c)
	for i, v := range p.c {
		if isNaN(v) != (i == 11) {
			t.Fatalf("NaN at 11 of C: C[%d] = %v", i, v)
		}
	}

	p = fresh() // alpha = 0 reads neither A nor B
	p.alpha, p.beta = 0, 2
	p.a[0], p.b[0] = nan, inf
	c := append([]T(nil), p.c...)
	p.run(p.c)
	for i, v := range p.c {
		if v != 2*c[i] {
			t.Fatalf("alpha = 0: C[%d] = %v, want %v", i, v, 2*c[i])
		}
	}

	p = fresh() // nor does k = 0, and beta = 0 then clears a NaN
	p.k, p.c[3] = 0, nan
	p.run(p.c)
	for i, v := range p.c {
		if v != 0 {
			t.Fatalf("k = 0: C[%d] = %v", i, v)
		}
	}
}
