//go:build !amd64 || purego

package kernel

// There are no vector routines here, and none of these is reached.
const vectors = false

func gemmVector(m, n int, c []float32, ldc int, a []float32, lda, segs, segLen, segStride int, b []float32, ldb int, acc bool) {
	gemmGo(m, n, c, ldc, a, lda, segs, segLen, segStride, b, ldb, acc)
}

func outerVector(m, n, lines, pixels int, c []float32, ldc int, a []float32, step, lda, aLine int, b []float32, ldb, bLine int) {
	outerGo(m, n, lines, pixels, c, ldc, a, step, lda, aLine, b, ldb, bLine)
}

func momentsVector([]float32, float64, bool) (sum float64, rest []float32) { return 0, nil }

func normVector(pass, *NormArgs) {}
