package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The shapes of the paper's layers: rows of the output, windows as segments.
func BenchmarkGemm(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, s := range []struct{ m, n, segs, segLen, lda, segStride int }{
		{400, 8, 7, 2, 2, 800},      // muscles, 2 → 8
		{400, 16, 7, 8, 8, 3200},    // muscles, 8 → 16
		{400, 32, 7, 16, 16, 6400},  // muscles, 16 → 32
		{200, 16, 1, 14, 4, 0},      // time, stride 2, 2 → 16
		{100, 64, 1, 448, 128, 0},   // time, stride 2, 64 → 64
		{25, 64, 5, 64, 64, 1600},   // muscles, 64 → 64
		{50, 32, 7, 56, 16, 880},    // both, stride 2, 8 → 32
		{480, 32, 1, 1024, 1024, 0}, // a plain product
	} {
		b.Run(fmt.Sprintf("%dx%dx%dx%d", s.m, s.n, s.segs, s.segLen), func(b *testing.B) {
			x := random[float32](rng, (s.m-1)*s.lda+(s.segs-1)*s.segStride+s.segLen)
			w := random[float32](rng, s.segs*s.segLen*s.n)
			z := make([]float32, s.m*s.n)
			for b.Loop() {
				Gemm(s.m, s.n, z, s.n, x, s.lda, s.segs, s.segLen, s.segStride, w, s.n, false)
			}
			flops := 2 * float64(s.m*s.n*s.segs*s.segLen) * float64(b.N)
			b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
