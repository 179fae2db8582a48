package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func random[T Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// close32 compares float32 with the same computed in float64: a sum of n terms
// of size one rounds to within n·2⁻²⁴ of its terms.
func close32(t *testing.T, what string, got []float32, want []float64, terms int) {
	t.Helper()
	tol := 4 * float64(terms+4) * 0x1p-24
	for i, w := range want {
		if math.Abs(float64(got[i])-w) > tol*max(1, math.Abs(w)) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], w)
		}
	}
}

// Every number of rows and columns of the tiles, and more than one tile of
// each; windows that overlap; gaps between rows of B and C that must stay.
func TestGemm(t *testing.T) { onEveryPath(t, testGemm) }

func testGemm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 600 {
		m, n := 1+rng.IntN(30), 1+rng.IntN(70)
		segs, segLen := 1+rng.IntN(4), 1+rng.IntN(12)
		lda, ldb, ldc := 1+rng.IntN(9), n+rng.IntN(3), n+rng.IntN(3)
		segStride := rng.IntN(40)
		acc := rng.IntN(2) == 0
		a := random[float32](rng, (m-1)*lda+(segs-1)*segStride+segLen)
		b := random[float32](rng, (segs*segLen-1)*ldb+n)
		c := random[float32](rng, (m-1)*ldc+n)
		want := widen(c)
		gemmGo(m, n, want, ldc, widen(a), lda, segs, segLen, segStride, widen(b), ldb, acc)
		Gemm(m, n, c, ldc, a, lda, segs, segLen, segStride, b, ldb, acc)
		close32(t, fmt.Sprintf("Gemm %d×%d segs %d×%d acc %v", m, n, segs, segLen, acc), c, want, segs*segLen)
	}
}

func TestOuter(t *testing.T) { onEveryPath(t, testOuter) }

func testOuter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 600 {
		m, n := 1+rng.IntN(30), 1+rng.IntN(70)
		lines, pixels := 1+rng.IntN(3), 1+rng.IntN(20)
		step, lda, ldb, ldc := 1+rng.IntN(7), 1+rng.IntN(9), n+rng.IntN(3), n+rng.IntN(3)
		aLine, bLine := rng.IntN(40), rng.IntN(40)
		a := random[float32](rng, (lines-1)*aLine+(pixels-1)*lda+(m-1)*step+1)
		b := random[float32](rng, (lines-1)*bLine+(pixels-1)*ldb+n)
		c := random[float32](rng, (m-1)*ldc+n)
		want := widen(c)
		outerGo(m, n, lines, pixels, want, ldc, widen(a), step, lda, aLine, widen(b), ldb, bLine)
		Outer(m, n, lines, pixels, c, ldc, a, step, lda, aLine, b, ldb, bLine)
		close32(t, fmt.Sprintf("Outer %d×%d lines %d×%d", m, n, lines, pixels), c, want, lines*pixels)
	}
}

// Nothing but the tile may be written: columns beyond n belong to others.
func TestGemmLeavesTheRest(t *testing.T) { onEveryPath(t, testGemmLeavesTheRest) }

func testGemmLeavesTheRest(t *testing.T) {
	for n := 1; n <= 40; n++ {
		const m, k, ldc = 13, 5, 64
		c := make([]float32, m*ldc)
		for i := range c {
			c[i] = 7
		}
		Gemm(m, n, c, ldc, make([]float32, m*k), k, 1, k, 0, make([]float32, k*n), n, false)
		for i, v := range c {
			if want := float32(7); i%ldc < n {
				want = 0
				if v != want {
					t.Fatalf("n=%d: column %d is %v", n, i%ldc, v)
				}
			} else if v != want {
				t.Fatalf("n=%d: column %d was overwritten by %v", n, i%ldc, v)
			}
		}
	}
}

func TestNorm(t *testing.T) { onEveryPath(t, testNorm) }

func testNorm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, c := range []int{1, 3, 8, 16, 24, 32, 40, 56, 64, 72} {
		for _, relu := range []bool{true, false} {
			const rows = 37
			z, dy := random[float32](rng, rows*c), random[float32](rng, rows*c)
			n32 := Norm[float32]{Scale: random[float32](rng, c), ScaleLo: make([]float32, c), Shift: random[float32](rng, c), Relu: relu}
			n64 := Norm[float64]{Scale: widen(n32.Scale), ScaleLo: make([]float64, c), Shift: widen(n32.Shift), Relu: relu}
			n32.Hi, n32.Lo = Split[float32](0.3)
			n64.Hi, n64.Lo = float64(n32.Hi), float64(n32.Lo)
			y, want := make([]float32, rows*c), make([]float64, rows*c)
			n32.Forward(y, z)
			n64.Forward(want, widen(z))
			what := fmt.Sprintf("channels %d relu %v", c, relu)
			close32(t, what+" forward", y, want, 1)
			// The masks must be the same, or one rounding error at zero is a
			// difference of one: take the float32 output for both.
			sg, sgt := make([]float32, c), make([]float32, c)
			wg, wgt := make([]float64, c), make([]float64, c)
			n32.Sums(dy, y, z, sg, sgt)
			n64.Sums(widen(dy), widen(y), widen(z), wg, wgt)
			close32(t, what+" Σg", sg, wg, rows)
			close32(t, what+" Σgt", sgt, wgt, rows)
			dz, wz := make([]float32, rows*c), make([]float64, rows*c)
			n32.Back(dz, dy, y, z, 0.2, -0.7)
			n64.Back(wz, widen(dy), widen(y), widen(z), 0.2, -0.7)
			close32(t, what+" back", dz, wz, 3)
		}
	}
}

// A NaN must come through: it is how a run that has gone wrong shows.
func TestNormKeepsNaN(t *testing.T) { onEveryPath(t, testNormKeepsNaN) }

func testNormKeepsNaN(t *testing.T) {
	for _, c := range []int{3, 8, 32} {
		z, y := make([]float32, 2*c), make([]float32, 2*c)
		z[1] = float32(math.NaN())
		n := Norm[float32]{Scale: make([]float32, c), ScaleLo: make([]float32, c), Shift: make([]float32, c), Relu: true}
		n.Forward(y, z)
		if y[1] == y[1] {
			t.Errorf("%d channels: NaN became %v", c, y[1])
		}
	}
}

func TestMoments(t *testing.T) { onEveryPath(t, testMoments) }

func testMoments(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	for _, n := range []int{1, 2, 15, 16, 17, 100, 1000} {
		x := random[float32](rng, n)
		for i := range x {
			x[i] = x[i]*0.01 + 200 // mm: the mean is 20,000 standard deviations
		}
		mean, variance := Moments(x)
		wm, wv := Moments(widen(x))
		if math.Abs(mean-wm) > 1e-12*wm || math.Abs(variance-wv) > 1e-10*wv {
			t.Errorf("n=%d: %v, %v; want %v, %v", n, mean, variance, wm, wv)
		}
	}
	// A constant has variance 0 exactly, whatever it is.
	for _, v := range []float32{0, 1, 0.1, 123.456} {
		x := make([]float32, 333)
		for i := range x {
			x[i] = v
		}
		if _, variance := Moments(x); variance != 0 {
			t.Errorf("variance of the constant %v is %v", v, variance)
		}
	}
}

func TestAllocations(t *testing.T) { onEveryPath(t, testAllocations) }

func testAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	a, b, c := random[float32](rng, 500), random[float32](rng, 500), random[float32](rng, 500)
	n := Norm[float32]{Scale: a[:8], ScaleLo: a[8:16], Shift: b[:8], Relu: true}
	if got := testing.AllocsPerRun(10, func() {
		Gemm(13, 20, c, 20, a, 3, 2, 7, 50, b, 20, false)
		Outer(7, 20, 1, 9, c, 20, a, 1, 3, 0, b, 20, 0)
		n.Forward(c[:80], a[:80])
		Moments(a)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
