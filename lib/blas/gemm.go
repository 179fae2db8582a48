package blas

import "github.com/spindle-lab/spindle/lib/blas/internal/kernel"

// view is a matrix whose element (i, j) is data[i*row+j*col].
type view[T kernel.Float] struct {
	data     []T
	row, col int
}

// t is the transpose.
func (v view[T]) t() view[T] { return view[T]{v.data, v.col, v.row} }

// at is the part of v that begins at element (i, j).
func (v view[T]) at(i, j int) view[T] {
	return view[T]{v.data[i*v.row+j*v.col:], v.row, v.col}
}

// Block sizes, in elements. kBlock is one number for all element types and
// instruction sets, because the blocks along k decide where an element's sum
// is rounded.
const (
	kBlock   = 512
	rowBlock = 1536 // rows of A packed at a time
	colBlock = 3072 // columns of B packed at a time

	// Multiply-adds from which a second core that is awake is worth asking.
	// A sleeping core is woken for rouseWork or more, and taskWork is the least
	// that a core takes at a time.
	parallelWork = 1 << 19
	rouseWork    = 1 << 21
	taskWork     = 1 << 17

	// Up to smallWork multiply-adds nothing is planned or shared, and up to
	// turnRows rows a transposed B is not packed.
	smallWork = 48 * 48 * 48
	turnRows  = 32

	// Height and width of a task in C, in bytes, where there is much to do.
	rowTask = 96 * 4
	colTask = 256 * 4
)

func ceil(x, by int) int { return (x + by - 1) / by }

// kStep divides k into equal blocks of at most kBlock.
func kStep(k int) int { return ceil(k, ceil(k, kBlock)) }

func roundUp(x, to int) int { return ceil(x, to) * to }

// gemm computes C = alpha·A·B + beta·C for m×k A, k×n B; all arguments are
// valid. How it goes about it does not show in the bits of the result.
func gemm[T kernel.Float](s *kernel.Set[T], m, n, k int, alpha T, a, b view[T], beta T, c []T, ldc int) {
	switch {
	case m == 0 || n == 0:
	case alpha == 0 || k == 0:
		scale(m, n, beta, c, ldc)
	case b.col != 1 && m <= turnRows && n > m:
		turned(s, m, n, k, alpha, a, b, beta, c, ldc)
	case k <= kBlock && m*n*k <= smallWork:
		small(s, m, n, k, alpha, a, b, beta, c, ldc)
	default:
		j := getJob[T]()
		j.set, j.m, j.n, j.k, j.alpha, j.beta = s, m, n, k, alpha, beta
		j.a, j.b, j.c = a, b, view[T]{c, ldc, 1}
		j.plan()
		j.do()
		putJob(j)
	}
}

// small takes A and B as they lie, except for a B whose rows do not.
func small[T kernel.Float](s *kernel.Set[T], m, n, k int, alpha T, a, b view[T], beta T, c []T, ldc int) {
	t := getTile[T]()
	t.A, t.ARow, t.ACol, t.K = a.data, a.row, a.col, k
	t.BRow, t.CRow, t.Alpha, t.Beta = b.row, ldc, alpha, beta
	s.Advance(t)
	var packed *scratch[T]
	if b.col != 1 {
		packed = getScratch[T](k * s.NR)
		t.B, t.BRow = packed.data, s.NR
	}
	for j := 0; j < n; j += s.NR {
		t.M, t.N, t.C = m, min(s.NR, n-j), c[j:]
		if b.col == 1 {
			t.B = b.data[j:]
		} else {
			packPanel(s, t.B, b.at(0, j), k, t.N)
		}
		s.Gemm(t)
	}
	if packed != nil {
		putScratch(packed)
	}
	putTile(t)
}

// turned computes Cᵀ = alpha·Bᵀ·Aᵀ + beta·Cᵀ and turns it back: for a few rows
// of A and a transposed B, which then is read as it lies instead of being
// packed for so little.
func turned[T kernel.Float](s *kernel.Set[T], m, n, k int, alpha T, a, b view[T], beta T, c []T, ldc int) {
	tmp := getScratch[T](n * m)
	if beta != 0 {
		transpose(s, tmp.data, m, c, ldc, m, n)
	}
	gemm(s, n, m, k, alpha, b.t(), a.t(), beta, tmp.data, m)
	transpose(s, c, ldc, tmp.data, m, n, m)
	putScratch(tmp)
}

// scale computes C = beta·C, without reading C where beta is 0.
func scale[T kernel.Float](m, n int, beta T, c []T, ldc int) {
	switch beta {
	case 1:
	case 0:
		for i := 0; i < m; i++ {
			clear(c[i*ldc:][:n])
		}
	default:
		for i := 0; i < m; i++ {
			row := c[i*ldc:][:n]
			for j := range row {
				row[j] *= beta
			}
		}
	}
}
