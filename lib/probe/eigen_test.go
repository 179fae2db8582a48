package probe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// grams are Gram matrices with decaying, repeated and missing directions.
func grams(n int) map[string][]float64 {
	rng := rand.New(rand.NewPCG(uint64(n), 5))
	make1 := func(rows int, sd func(j int) float64) []float64 {
		g := make([]float64, n*n)
		x := make([]float64, n)
		for range rows {
			z := rng.NormFloat64()
			for j := range x {
				x[j] = sd(j) * (rng.NormFloat64() + .3*z)
			}
			for i, v := range x {
				floats.AddScaled(g[i*n:(i+1)*n], v, x)
			}
		}
		return g
	}
	out := map[string][]float64{
		"decaying":  make1(3*n, func(j int) float64 { return math.Exp(-6 * float64(j) / float64(n)) }),
		"flat":      make1(3*n, func(int) float64 { return 1 }),
		"few rows":  make1(n/4, func(int) float64 { return 1 }),
		"dead half": make1(2*n, func(j int) float64 { return float64(j % 2) }),
		"diagonal":  make([]float64, n*n),
		"equal":     make([]float64, n*n),
	}
	for i := range n {
		out["diagonal"][i*n+i] = float64(i)
		out["equal"][i*n+i] = 3
	}
	return out
}

// The part of the spectrum that topEigen finds must be that of a full
// decomposition, its vectors orthonormal and with residuals of rounding. Vectors
// of close eigenvalues may be turned among each other, so they are not compared.
func TestTopEigen(t *testing.T) {
	for _, n := range []int{40, 150, 333, 700} {
		for name, g := range grams(n) {
			if n > 400 && name != "flat" { // the slowest of them, by the search of large matrices
				continue
			}
			k := min(n/5, 75)
			all, _, err := eigen(g, n)
			if err != nil {
				t.Fatal(err)
			}
			values, vectors, err := topEigen(g, n, k, nil)
			if err != nil {
				t.Fatal(err)
			}
			scale := all[n-1]
			tol := 1e-13 * float64(n) * scale
			for i := range k {
				v := vectors[i*n : (i+1)*n]
				if d := math.Abs(values[i] - all[n-1-i]); d > tol {
					t.Errorf("%s %d: eigenvalue %d is off by %g of %g", name, n, i, d, scale)
				}
				var res float64
				for r := range n {
					d := floats.Dot(g[r*n:(r+1)*n], v) - values[i]*v[r]
					res += d * d
				}
				if res = math.Sqrt(res); res > tol {
					t.Errorf("%s %d: vector %d has residual %g of %g", name, n, i, res, scale)
				}
				for j := range i + 1 {
					want := 0.0
					if i == j {
						want = 1
					}
					if d := floats.Dot(v, vectors[j*n:(j+1)*n]); math.Abs(d-want) > 1e-12 {
						t.Errorf("%s %d: vectors %d and %d have product %g", name, n, i, j, d)
					}
				}
			}
		}
	}
}

// Batches of one layer have neighbouring components, so the search starts near
// the last ones. It must converge from there, in no more multiplications with
// the matrix than from nowhere: it once stood still for 80 restarts, and a full
// reduction of the matrix followed.
func TestKrylovStartsNear(t *testing.T) {
	const n, k = 640, 75
	rng := rand.New(rand.NewPCG(8, 9))
	x := make([]float64, 2*n*n)
	fill := func(sd float64) []float64 {
		for i := range x {
			x[i] += sd * rng.NormFloat64() * math.Exp(-8*float64(i%n)/n)
		}
		g := make([]float64, n*n)
		gemm(trans, no, n, n, 2*n, 1, x, n, x, n, 0, g, n)
		return g
	}
	_, near, ok := topKrylov(fill(1), n, k, nil)
	if !ok {
		t.Fatal("the search does not converge from random directions")
	}
	g := fill(0.3)
	far, _, ok := topKrylov(g, n, k, nil)
	if !ok {
		t.Fatal("the search does not converge from random directions")
	}
	values, _, ok := topKrylov(g, n, k, near)
	if !ok {
		t.Fatal("the search does not converge from directions near the wanted ones")
	}
	if d := floats.Distance(values, far, math.Inf(1)); d > 1e-12*far[0] {
		t.Errorf("eigenvalues differ by %g of %g with the start", d, far[0])
	}
}

func BenchmarkTopEigen(b *testing.B) {
	for _, n := range []int{312, 1248} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkTopEigen(b, n) })
	}
}

// benchmarkTopEigen compares all eigenvectors, the 75 wanted ones, and these
// where those of a neighbouring matrix are known.
func benchmarkTopEigen(b *testing.B, n int) {
	g := make([]float64, n*n)
	x := make([]float64, 2*n*n)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range x {
		x[i] = rng.NormFloat64() * math.Exp(-8*float64(i%n)/float64(n))
	}
	gemm(trans, no, n, n, 2*n, 1, x, n, x, n, 0, g, n)
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := eigen(g, n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("75", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := topEigen(g, n, 75, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("75 near", func(b *testing.B) {
		_, near, err := topEigen(g, n, 75, nil)
		if err != nil {
			b.Fatal(err)
		}
		for i := range near {
			near[i] += 0.01 * rng.NormFloat64()
		}
		for b.Loop() {
			if _, _, err := topEigen(g, n, 75, near); err != nil {
				b.Fatal(err)
			}
		}
	})
}
