package blas

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// The shapes of the engine notes (spec/05), m×k times k×n, and others that the
// layers and gonum's solvers meet.
var benchShapes = [][3]int{
	{1024, 1024, 1024}, {64, 320, 273}, {448, 320, 64}, {20480, 448, 64},
	{17, 17, 17}, {32, 32, 32}, {64, 64, 64}, {128, 128, 128}, {256, 256, 256},
	{25600, 56, 16}, {25600, 14, 8}, {448, 20480, 64}, {56, 25600, 16}, {512, 512, 512}, {16, 1000, 1000}, {1000, 1000, 16}, {300, 300, 300},
}

type gemmer interface {
	blas.Float32Level3
	blas.Float64Level3
}

func gflops(b *testing.B, work float64) {
	b.ReportMetric(work*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func benchGemm(b *testing.B, impl gemmer, tA, tB blas.Transpose, m, k, n int) {
	rng := rand.New(rand.NewPCG(1, 2))
	lda, ldb := k, n
	if tA == blas.Trans {
		lda = m
	}
	if tB == blas.Trans {
		ldb = k
	}
	shape := fmt.Sprintf("%c%c_%dx%dx%d", tA, tB, m, k, n)
	b.Run("f32/"+shape, func(b *testing.B) {
		x, y, z := matrix[float32](rng, 1, m*k, m*k), matrix[float32](rng, 1, k*n, k*n), make([]float32, m*n)
		for b.Loop() {
			impl.Sgemm(tA, tB, m, n, k, 1, x, lda, y, ldb, 0, z, n)
		}
		gflops(b, 2*float64(m)*float64(n)*float64(k))
	})
	b.Run("f64/"+shape, func(b *testing.B) {
		x, y, z := matrix[float64](rng, 1, m*k, m*k), matrix[float64](rng, 1, k*n, k*n), make([]float64, m*n)
		for b.Loop() {
			impl.Dgemm(tA, tB, m, n, k, 1, x, lda, y, ldb, 0, z, n)
		}
		gflops(b, 2*float64(m)*float64(n)*float64(k))
	})
}

// BenchmarkGemm multiplies on every path, and with gonum's code beside. For one
// core and for two: GOMAXPROCS=1 and 2 in the environment, since -cpu does not
// reach the benchmarks within.
func BenchmarkGemm(b *testing.B) {
	run := func(name string, impl gemmer) {
		b.Run(name, func(b *testing.B) {
			for _, s := range benchShapes {
				for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
					for _, tB := range []blas.Transpose{blas.NoTrans, blas.Trans} {
						benchGemm(b, impl, tA, tB, s[0], s[1], s[2])
					}
				}
			}
		})
	}
	s32, s64 := kernel.Sets32(), kernel.Sets64()
	old32, old64, oldFirst := set32, set64, gonumFirst
	defer func() { set32, set64, gonumFirst = old32, old64, oldFirst }()
	gonumFirst = false
	for i := range s32 {
		set32, set64 = s32[i], s64[i]
		run(s32[i].Name, Implementation{})
	}
	run("gonum", gonum.Implementation{})
}
