package kernel

// The arguments of the assembly routines. Distances are in bytes. The
// generator of the assembly, lib/net/internal/asm, reads the fields' places
// from these types.

// GemmArgs is one call of a product over windows. The kernel goes through
// Strips strips of Rows rows; it changes A, C and Strips.
type GemmArgs struct {
	A, B, C       *float32
	LDA, LDB, LDC int
	SegSkip       int // from the end of a segment to the next
	Segs, SegLen  int // SegLen counts values
	Strips, Rows  int // Rows is 1 … 12 (AVX-512) or 1 … 6 (AVX2)
	Width         int // columns: 1 … 32 (AVX-512) or 1 … 16 (AVX2)
	Acc           int // not 0: add to C
	Mask          int // AVX-512: bits of the last vector's columns
	MaskAt        *int32
}

// OuterArgs is one tile of a sum of outer products: Rows by Width values of C,
// over Lines lines of Pixels pixels.
type OuterArgs struct {
	A, B, C       *float32
	LDA, LDB, LDC int // of a pixel, a pixel, a row
	Step          int // between the values of A that make the rows
	ASkip, BSkip  int // from the end of a line to the next
	Pixels, Lines int
	Rows, Width   int
	Mask          int
	MaskAt        *int32
}

// NormArgs is a pass over Blocks rows of Columns channels (8, 16 or 32), each
// Stride after the last.
type NormArgs struct {
	Z, Y, DY, DZ *float32
	Scale, Shift *float32
	ScaleLo      *float32
	SumG, SumGT  *float32
	Stride       int
	Blocks       int
	Columns      int
	Relu         int // not 0: with ReLU
	Hi, Lo, A, B float32
	ALo, BLo     float32
}

// MomentArgs is a sum over N values (a multiple of 16) in float64: of the
// values less Mean, squared if Square is not 0.
type MomentArgs struct {
	X      *float32
	N      int
	Mean   float64
	Square int
	Sum    [4]float64
}
