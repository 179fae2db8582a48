package blas

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/mat"
)

// BenchmarkSolvers runs gonum/mat's factorisations on this package and on
// gonum's own BLAS.
func BenchmarkSolvers(b *testing.B) {
	defer blas64.Use(blas64.Implementation())
	for _, impl := range []struct {
		name string
		blas blas.Float64
	}{{"spindle", Implementation{}}, {"gonum", gonum.Implementation{}}} {
		blas64.Use(impl.blas)
		for _, n := range []int{75, 300, 600} {
			rng := rand.New(rand.NewPCG(1, 2))
			a := mat.NewDense(n, n, matrix[float64](rng, n, n, n))
			tall := mat.NewDense(4*n, n, matrix[float64](rng, 4*n, n, n))
			rhs := mat.NewDense(n, 50, matrix[float64](rng, n, 50, 50))
			spd := mat.NewSymDense(n, nil)
			spd.SymOuterK(1, tall.T())
			var chol mat.Cholesky
			run := func(name string, f func()) {
				b.Run(fmt.Sprintf("%s/%s/%d", impl.name, name, n), func(b *testing.B) {
					for b.Loop() {
						f()
					}
				})
			}
			run("Syrk", func() { spd.SymOuterK(1, tall.T()) })
			run("Cholesky", func() { chol.Factorize(spd) })
			run("CholeskySolve", func() { chol.SolveTo(new(mat.Dense), rhs) })
			run("Solve", func() { new(mat.Dense).Solve(a, rhs) })
			run("QR", func() { new(mat.QR).Factorize(tall) })
			run("SVDThin", func() { new(mat.SVD).Factorize(tall, mat.SVDThin) })
			run("EigenSym", func() { new(mat.EigenSym).Factorize(spd, true) })
			if n <= 300 {
				run("Eigen", func() { new(mat.Eigen).Factorize(a, mat.EigenRight) })
			}
		}
	}
}
