//go:build amd64 && !purego

package kernel

//go:noescape
func gemmAVX512F32(t *Tile[float32])

//go:noescape
func gemmAVX512F64(t *Tile[float64])

//go:noescape
func gemmAVX2F32(t *Tile[float32])

//go:noescape
func gemmAVX2F64(t *Tile[float64])

//go:noescape
func transposeAVX2F32(dst []float32, dstRow int, src []float32, srcRow, blocks int)

//go:noescape
func transposeAVX2F64(dst []float64, dstRow int, src []float64, srcRow, blocks int)

//go:noescape
func dotsAVX2F32(a []float32, aRow, m, n int, x, s []float32)

//go:noescape
func dotsAVX2F64(a []float64, aRow, m, n int, x, s []float64)

//go:noescape
func axpysAVX2F32(a []float32, aRow, m, n int, x, s []float32)

//go:noescape
func axpysAVX2F64(a []float64, aRow, m, n int, x, s []float64)

//go:noescape
func gersAVX2F32(a []float32, aRow, m, n int, x, s []float32)

//go:noescape
func gersAVX2F64(a []float64, aRow, m, n int, x, s []float64)

//go:noescape
func dotAVX2F32(x, y []float32) float32

//go:noescape
func dotAVX2F64(x, y []float64) float64

//go:noescape
func axpyAVX2F32(alpha float32, x, y []float32)

//go:noescape
func axpyAVX2F64(alpha float64, x, y []float64)
