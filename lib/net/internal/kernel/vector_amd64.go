//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

//go:noescape
func gemmAVX512(a *GemmArgs)

//go:noescape
func gemmAVX2(a *GemmArgs)

//go:noescape
func outerAVX512(a *OuterArgs)

//go:noescape
func outerAVX2(a *OuterArgs)

//go:noescape
func normReluAVX2(a *NormArgs)

//go:noescape
func normSumsAVX2(a *NormArgs)

//go:noescape
func normBackAVX2(a *NormArgs)

//go:noescape
func momentsAVX2(a *MomentArgs)

var (
	vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	avx512  = vectors && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL
)

// masks is eight ones and eight zeros: n ones begin 8−n before the zeros.
var masks = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// tile returns the greatest number of rows and of columns of a tile.
func tile() (rows, width int) {
	if avx512 {
		return 12, 32
	}
	return 6, 16
}

// mask returns both kinds of mask for the last vector of a tile of that width.
func mask(width int) (bits int, at *int32) {
	lanes := 8
	if avx512 && width > 8 {
		lanes = 16
	}
	last := (width-1)%lanes + 1
	return 1<<last - 1, &masks[8-min(8, last)]
}

func gemmVector(m, n int, c []float32, ldc int, a []float32, lda, segs, segLen, segStride int, b []float32, ldb int, acc bool) {
	rows, width := tile()
	args := GemmArgs{LDA: 4 * lda, LDB: 4 * ldb, LDC: 4 * ldc, SegSkip: 4 * (segStride - segLen), Segs: segs, SegLen: segLen}
	if acc {
		args.Acc = 1
	}
	strips := (m + rows - 1) / rows
	more := m % strips // strips with a row more than the others
	for j := 0; j < n; j += width {
		args.Width = min(width, n-j)
		args.Mask, args.MaskAt = mask(args.Width)
		args.A, args.B, args.C = &a[0], &b[j], &c[j]
		if more > 0 {
			args.Strips, args.Rows = more, m/strips+1
			runGemm(&args)
		}
		if at := more * (m/strips + 1); at < m {
			args.A, args.C = &a[at*lda], &c[at*ldc+j]
			args.Strips, args.Rows = strips-more, m/strips
			runGemm(&args)
		}
	}
}

func runGemm(a *GemmArgs) {
	if avx512 {
		gemmAVX512(a)
	} else {
		gemmAVX2(a)
	}
}

func outerVector(m, n, lines, pixels int, c []float32, ldc int, a []float32, step, lda, aLine int, b []float32, ldb, bLine int) {
	rows, width := tile()
	args := OuterArgs{LDA: 4 * lda, LDB: 4 * ldb, LDC: 4 * ldc, Step: 4 * step,
		ASkip: 4 * (aLine - pixels*lda), BSkip: 4 * (bLine - pixels*ldb), Pixels: pixels, Lines: lines}
	tiles := (m + rows - 1) / rows
	for t := range tiles {
		i := t * m / tiles
		args.Rows = (t+1)*m/tiles - i
		for j := 0; j < n; j += width {
			args.Width = min(width, n-j)
			args.Mask, args.MaskAt = mask(args.Width)
			args.A, args.B, args.C = &a[i*step], &b[j], &c[i*ldc+j]
			if avx512 {
				outerAVX512(&args)
			} else {
				outerAVX2(&args)
			}
		}
	}
}

// momentsVector sums the values less the mean, or their squares, as far as
// they fill vectors, and returns the rest.
func momentsVector(x []float32, mean float64, square bool) (sum float64, rest []float32) {
	n := len(x) &^ 15
	if n == 0 {
		return 0, x
	}
	a := MomentArgs{X: &x[0], N: n, Mean: mean}
	if square {
		a.Square = 1
	}
	momentsAVX2(&a)
	return a.Sum[0] + a.Sum[1] + a.Sum[2] + a.Sum[3], x[n:]
}

func normVector(p pass, a *NormArgs) {
	switch p {
	case forward:
		normReluAVX2(a)
	case sums:
		normSumsAVX2(a)
	case backward:
		normBackAVX2(a)
	}
}
