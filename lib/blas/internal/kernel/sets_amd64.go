//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

// The Go compiler's own AVX-512 check covers less than the kernels use, so
// each extension is asked for by name.
var (
	hasAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	hasAVX512 = hasAVX2 && cpu.X86.HasBMI2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL
)

var avx2F32 = Set[float32]{
	Name: "avx2", Size: 4, MR: 6, NR: 16, Gemm: gemmAVX2F32,
	Transpose: transposeAVX2F32, Square: 8,
	Dots: dotsAVX2F32, Axpys: axpysAVX2F32, Gers: gersAVX2F32,
	Dot: dotAVX2F32, Axpy: axpyAVX2F32,
}

var avx2F64 = Set[float64]{
	Name: "avx2", Size: 8, MR: 6, NR: 8, Gemm: gemmAVX2F64,
	Transpose: transposeAVX2F64, Square: 4,
	Dots: dotsAVX2F64, Axpys: axpysAVX2F64, Gers: gersAVX2F64,
	Dot: dotAVX2F64, Axpy: axpyAVX2F64,
}

// Sets32 lists the usable sets, the fastest first.
func Sets32() []Set[float32] {
	wide := avx2F32
	wide.Name, wide.MR, wide.NR, wide.Gemm = "avx512", 12, 32, gemmAVX512F32
	return usable(wide, avx2F32, Portable32)
}

// Sets64 lists the usable sets, the fastest first.
func Sets64() []Set[float64] {
	wide := avx2F64
	wide.Name, wide.MR, wide.NR, wide.Gemm = "avx512", 12, 16, gemmAVX512F64
	return usable(wide, avx2F64, Portable64)
}

func usable[T Float](avx512, avx2, portable Set[T]) []Set[T] {
	switch {
	case hasAVX512:
		return []Set[T]{avx512, avx2, portable}
	case hasAVX2:
		return []Set[T]{avx2, portable}
	}
	return []Set[T]{portable}
}
