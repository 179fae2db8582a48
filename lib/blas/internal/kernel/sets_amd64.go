//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

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

var (
	hasAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	hasAVX512 = hasAVX2 && cpu.X86.HasBMI2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL
)

// Sets32 lists the usable sets, the fastest first.
func Sets32() []Set[float32] {
	sets := []Set[float32]{}
	if hasAVX512 {
		sets = append(sets, Set[float32]{Name: "avx512", Size: 4, MR: 12, NR: 32, Gemm: gemmAVX512F32, Transpose: transposeAVX2F32, Square: 8})
	}
	if hasAVX2 {
		sets = append(sets, Set[float32]{Name: "avx2", Size: 4, MR: 6, NR: 16, Gemm: gemmAVX2F32, Transpose: transposeAVX2F32, Square: 8})
	}
	return append(sets, Portable32)
}

// Sets64 lists the usable sets, the fastest first.
func Sets64() []Set[float64] {
	sets := []Set[float64]{}
	if hasAVX512 {
		sets = append(sets, Set[float64]{Name: "avx512", Size: 8, MR: 12, NR: 16, Gemm: gemmAVX512F64, Transpose: transposeAVX2F64, Square: 4})
	}
	if hasAVX2 {
		sets = append(sets, Set[float64]{Name: "avx2", Size: 8, MR: 6, NR: 8, Gemm: gemmAVX2F64, Transpose: transposeAVX2F64, Square: 4})
	}
	return append(sets, Portable64)
}
