package blas

import (
	"gonum.org/v1/gonum/blas"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// The functions of this file reduce the other matrix-matrix operations to
// gemm: blocks off the diagonal are products as they stand, blocks on it are
// multiplied out whole in a scratch matrix. Each returns false, having done
// nothing, where the arguments are wrong or the matrices small; gonum's code
// then panics or computes.

const (
	diagonal = 48 // size of a diagonal block
	solved   = 16 // size of a triangle that is solved row by row
	strip    = 256
)

// tooSmall is the number of multiply-adds up to which gonum's plain loops are
// as fast. A variable, for the tests.
var tooSmall = 12 * 12 * 12

// half is where to cut n, at a multiple of block.
func half(n, block int) int { return min(roundUp((n+1)/2, block), n-1) }

func goodUplo(ul blas.Uplo) bool { return ul == blas.Lower || ul == blas.Upper }

func goodSide(s blas.Side) bool { return s == blas.Left || s == blas.Right }

func goodDiag(d blas.Diag) bool { return d == blas.NonUnit || d == blas.Unit }

func goodTrans(t blas.Transpose) bool {
	return t == blas.NoTrans || t == blas.Trans || t == blas.ConjTrans
}

// holds reports whether x can hold rows×cols elements, of which there is at
// least one, at leading dimension ld.
func holds[T any](x []T, rows, cols, ld int) bool {
	return rows > 0 && cols > 0 && ld >= cols && len(x) >= (rows-1)*ld+cols
}

// operand is op(A) where A is rows×cols after op; ok tells whether a holds it.
func operand[T kernel.Float](t blas.Transpose, rows, cols int, a []T, lda int) (v view[T], ok bool) {
	if t == blas.NoTrans {
		return view[T]{a, lda, 1}, holds(a, rows, cols, lda)
	}
	return view[T]{a, 1, lda}, goodTrans(t) && holds(a, cols, rows, lda)
}

// syrk computes the triangle of C = alpha·A·Aᵀ + beta·C, or of
// alpha·(A·Bᵀ + B·Aᵀ) + beta·C if b is given.
func syrk[T kernel.Float](s *kernel.Set[T], ul blas.Uplo, t blas.Transpose, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int, two bool) bool {
	av, ok := operand(t, n, k, a, lda)
	bv := av
	if two {
		var okB bool
		bv, okB = operand(t, n, k, b, ldb)
		ok = ok && okB
	}
	// gonum's lower Aᵀ·A spreads a NaN of C although beta is 0, so that case is
	// ours at any size.
	if !ok || !goodUplo(ul) || !holds(c, n, n, ldc) || alpha == 0 || (gonumFirst || n*n*k <= tooSmall) && beta != 0 {
		return false
	}
	r := rank[T]{s, ul == blas.Lower, two, k, alpha, beta, av, bv, c, ldc, getScratch[T](diagonal * diagonal)}
	r.update(0, n)
	putScratch(r.tmp)
	return true
}

// rank is a symmetric update on its way.
type rank[T kernel.Float] struct {
	set         *kernel.Set[T]
	lower, two  bool
	k           int
	alpha, beta T
	a, b        view[T]
	c           []T
	ldc         int
	tmp         *scratch[T]
}

// update computes the n×n triangle that begins on the diagonal at i.
func (r *rank[T]) update(i, n int) {
	if n <= diagonal {
		r.diagonal(i, n)
		return
	}
	h := half(n, diagonal)
	row, m, col, w := i+h, n-h, i, h
	if !r.lower {
		row, m, col, w = i, h, i+h, n-h
	}
	c := r.c[row*r.ldc+col:]
	gemm(r.set, m, w, r.k, r.alpha, r.a.at(row, 0), r.b.at(col, 0).t(), r.beta, c, r.ldc)
	if r.two {
		gemm(r.set, m, w, r.k, r.alpha, r.b.at(row, 0), r.a.at(col, 0).t(), 1, c, r.ldc)
	}
	r.update(i, h)
	r.update(i+h, n-h)
}

func (r *rank[T]) diagonal(i, n int) {
	t := r.tmp.data
	gemm(r.set, n, n, r.k, r.alpha, r.a.at(i, 0), r.b.at(i, 0).t(), 0, t, n)
	for p := range n {
		q0, q1 := p, n
		if r.lower {
			q0, q1 = 0, p+1
		}
		row := r.c[(i+p)*r.ldc+i:][:n]
		for q := q0; q < q1; q++ {
			x := t[p*n+q]
			if r.two {
				x += t[q*n+p]
			}
			if r.beta != 0 {
				x += r.beta * row[q]
			}
			row[q] = x
		}
	}
}

// symm computes C = alpha·A·B + beta·C or alpha·B·A + beta·C by writing out
// the symmetric A.
func symm[T kernel.Float](s *kernel.Set[T], side blas.Side, ul blas.Uplo, m, n int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) bool {
	k := n
	if side == blas.Left {
		k = m
	}
	// Writing out costs k² steps, which pay from a few rows or columns on.
	if gonumFirst || !goodSide(side) || !goodUplo(ul) || !holds(a, k, k, lda) || !holds(b, m, n, ldb) || !holds(c, m, n, ldc) ||
		alpha == 0 || m*n*k <= tooSmall || m*n < 4*k {
		return false
	}
	full := getScratch[T](k * k)
	defer putScratch(full)
	symmetric(full.data, k, a, lda, ul == blas.Lower)
	av, bv := view[T]{full.data, k, 1}, view[T]{b, ldb, 1}
	if side == blas.Right {
		av, bv = bv, av
	}
	gemm(s, m, n, k, alpha, av, bv, beta, c, ldc)
	return true
}

// symmetric writes the n×n symmetric matrix of which one triangle is in a.
func symmetric[T kernel.Float](dst []T, n int, a []T, lda int, lower bool) {
	const b = 16 // blocks, so that the column-wise writes stay in the cache
	for i0 := 0; i0 < n; i0 += b {
		for j0 := 0; j0 <= i0; j0 += b {
			for i := i0; i < min(i0+b, n); i++ {
				for j := j0; j < min(j0+b, i+1); j++ {
					p, q := i, j
					if !lower {
						p, q = j, i
					}
					v := a[p*lda+q]
					dst[i*n+j], dst[j*n+i] = v, v
				}
			}
		}
	}
}

// triangle is op(A) for a triangular n×n A.
type triangle[T kernel.Float] struct {
	view[T]
	n           int
	lower, unit bool // of op(A)
}

func newTriangle[T kernel.Float](ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []T, lda int) (tr triangle[T], ok bool) {
	v, ok := operand(t, n, n, a, lda)
	return triangle[T]{v, n, (ul == blas.Lower) == (t == blas.NoTrans), d == blas.Unit}, ok && goodUplo(ul) && goodDiag(d)
}

// part is the n×n triangle that begins on the diagonal at i.
func (tr triangle[T]) part(i, n int) triangle[T] {
	return triangle[T]{tr.at(i, i), n, tr.lower, tr.unit}
}

// flip is the transpose.
func (tr triangle[T]) flip() triangle[T] {
	return triangle[T]{tr.t(), tr.n, !tr.lower, tr.unit}
}

// dense writes the triangle with its zeros and ones.
func (tr triangle[T]) dense(dst []T) {
	n := tr.n
	clear(dst[:n*n])
	for i := range n {
		j0, j1 := i+1, n
		if tr.lower {
			j0, j1 = 0, i
		}
		for j := j0; j < j1; j++ {
			dst[i*n+j] = tr.data[i*tr.row+j*tr.col]
		}
		dst[i*n+i] = 1
		if !tr.unit {
			dst[i*n+i] = tr.data[i*(tr.row+tr.col)]
		}
	}
}
