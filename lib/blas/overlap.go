package blas

import (
	"gonum.org/v1/gonum/blas"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// GemmOverlap32 computes C = alpha·A·B + beta·C where row i of the m×k matrix
// A is a[i*lda : i*lda+k]; lda may be smaller than k, so that rows overlap. B
// is k×n, C is m×n, both as in Sgemm. C is not read where beta is 0.
func GemmOverlap32(m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	overlap(&set32, false, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// GemmOverlapTrans32 computes C = alpha·Aᵀ·B + beta·C where row l of the k×m
// matrix A is a[l*lda : l*lda+m]; lda may be smaller than m. B is k×n, C is
// m×n, both as in Sgemm.
func GemmOverlapTrans32(m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	overlap(&set32, true, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// GemmOverlap64 is GemmOverlap32 in float64.
func GemmOverlap64(m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	overlap(&set64, false, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// GemmOverlapTrans64 is GemmOverlapTrans32 in float64.
func GemmOverlapTrans64(m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	overlap(&set64, true, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func overlap[T kernel.Float](s *kernel.Set[T], trans bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	av := view[T]{a, lda, 1}
	aRows, aCols := m, k
	if trans {
		av = av.t()
		aRows, aCols = k, m
	}
	switch {
	case m < 0:
		panic(mLT0)
	case n < 0:
		panic(nLT0)
	case k < 0:
		panic(kLT0)
	case lda < 0:
		panic(badLdA)
	case ldb < max(1, n):
		panic(badLdB)
	case ldc < max(1, n):
		panic(badLdC)
	case len(a) < extent(aRows, aCols, lda):
		panic(shortA)
	case len(b) < extent(k, n, ldb):
		panic(shortB)
	case len(c) < extent(m, n, ldc):
		panic(shortC)
	}
	gemm(s, m, n, k, alpha, av, view[T]{b, ldb, 1}, beta, c, ldc)
}

// Packed32 is a k×n matrix in the order in which the kernels read it.
type Packed32 struct{ packed[float32] }

// Packed64 is a k×n matrix in the order in which the kernels read it.
type Packed64 struct{ packed[float64] }

type packed[T kernel.Float] struct {
	set  *kernel.Set[T]
	k, n int
	step int // rows of a block along k
	data []T
}

// Pack32 lays out the k×n matrix B (stored n×k if tB asks for the transpose)
// for Mul. It reuses p's memory if p is not nil, and returns p or a new one.
func Pack32(tB blas.Transpose, k, n int, b []float32, ldb int, p *Packed32) *Packed32 {
	if p == nil {
		p = new(Packed32)
	}
	p.pack(&set32, tB, k, n, b, ldb)
	return p
}

// Pack64 is Pack32 in float64.
func Pack64(tB blas.Transpose, k, n int, b []float64, ldb int, p *Packed64) *Packed64 {
	if p == nil {
		p = new(Packed64)
	}
	p.pack(&set64, tB, k, n, b, ldb)
	return p
}

func (p *packed[T]) pack(s *kernel.Set[T], tB blas.Transpose, k, n int, b []T, ldb int) {
	rows, cols := k, n
	v := view[T]{b, ldb, 1}
	if transposed(tB) {
		rows, cols = n, k
		v = v.t()
	}
	switch {
	case n < 0:
		panic(nLT0)
	case k < 0:
		panic(kLT0)
	case ldb < max(1, cols):
		panic(badLdB)
	case len(b) < extent(rows, cols, ldb):
		panic(shortB)
	}
	p.set, p.k, p.n = s, k, n
	size := roundUp(n, s.NR) * k
	if cap(p.data) < size {
		p.data = make([]T, size)
	}
	p.data = p.data[:size]
	p.step = 0
	if k > 0 {
		p.step = kStep(k)
	}
	for l := 0; l < k; l += p.step {
		kb := min(p.step, k-l)
		for j := 0; j < n; j += s.NR {
			packPanel(s, p.panel(l, kb, j), v.at(l, j), kb, min(s.NR, n-j))
		}
	}
}

// panel is the part of the packed matrix that holds rows l..l+kb, columns
// j..j+NR.
func (p *packed[T]) panel(l, kb, j int) []T {
	nr := p.set.NR
	return p.data[l*roundUp(p.n, nr)+j*kb:][:kb*nr]
}

// Mul computes C = alpha·A·B + beta·C with the packed B, on the caller's
// goroutine; any number of goroutines may do so at once. Row i of the m×k
// matrix A is a[i*lda : i*lda+k], and lda may be smaller than k. C is m×n. The
// bits are those of GemmOverlap32 and GemmOverlap64.
func (p *packed[T]) Mul(m int, alpha T, a []T, lda int, beta T, c []T, ldc int) {
	switch {
	case m < 0:
		panic(mLT0)
	case lda < 0:
		panic(badLdA)
	case ldc < max(1, p.n):
		panic(badLdC)
	case len(a) < extent(m, p.k, lda):
		panic(shortA)
	case len(c) < extent(m, p.n, ldc):
		panic(shortC)
	}
	if m == 0 || p.n == 0 {
		return
	}
	if alpha == 0 || p.k == 0 {
		scale(m, p.n, beta, c, ldc)
		return
	}
	t := getTile[T]()
	defer putTile(t)
	for i := 0; i < m; i += mulRows {
		*t = kernel.Tile[T]{ARow: lda, ACol: 1, BRow: p.set.NR, CRow: ldc, Alpha: alpha, Beta: beta}
		for l := 0; l < p.k; l += p.step {
			t.A, t.K = a[i*lda+l:], min(p.step, p.k-l)
			p.set.Advance(t)
			for j := 0; j < p.n; j += p.set.NR {
				t.B, t.C = p.panel(l, t.K, j), c[i*ldc+j:]
				t.M, t.N = min(mulRows, m-i), min(p.set.NR, p.n-j)
				p.set.Gemm(t)
			}
			t.Beta = 1
		}
	}
}

// mulRows is the number of rows of A that Mul takes through all panels before
// it goes on, so that they are read from the second-level cache after the
// first panel.
const mulRows = 240
