// Package blas multiplies matrices at the machine's speed behind gonum's BLAS
// interfaces. Use installs it in gonum's blas32 and blas64, on which gonum/mat
// and gonum/lapack stand, and in gorgonia. Matrices are row-major: element
// (i, j) of a matrix with leading dimension ld is x[i*ld+j].
//
// The inner loops are Go assembly for AVX-512 and AVX2 with FMA, chosen when
// the program starts; elsewhere, and with the build tag purego, they are Go.
// GODEBUG=cpu.avx512f=off makes an AVX-512 machine take the AVX2 path. On an
// amd64 machine without AVX2, and with purego on amd64, gonum's own operations
// serve, since their SSE2 assembly beats Go code.
//
// # Same bits on any number of cores
//
// Work is shared out by tiles of C and never along k, and each element is
// summed in the order of k by one accumulator. The result therefore does not
// depend on GOMAXPROCS, on how busy the machine is, or on where in C an
// element lies.
//
// AVX2 and AVX-512 give the same bits as each other; the Go path, which has no
// fused multiply-add on every machine, may differ from them in the last place.
//
// # Overlapping rows
//
// A convolution over a channels-last sequence is a product with a matrix whose
// rows overlap: row i is the window x[i·stride·C : i·stride·C + kernel·C], so
// its leading dimension is smaller than its width. gonum refuses that;
// these functions take it:
//
//	func GemmOverlap32(m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
//	func GemmOverlapTrans32(m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
//
// and GemmOverlap64, GemmOverlapTrans64. The first computes
// C = alpha·A·B + beta·C with A m×k, the second C = alpha·Aᵀ·B + beta·C with A
// k×m (the gradient of the convolution's weights). lda may be any number from
// 0 up. Where the same B meets many small A, pack it once:
//
//	p := blas.Pack32(gonumblas.NoTrans, k, n, b, ldb, nil)
//	p.Mul(m, alpha, a, lda, beta, c, ldc) // C = alpha·A·B + beta·C, on the caller's goroutine
//
// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix
// Multiplication, ACM TOMS 34 (2008), with row-major operands.
package blas
