package blas

import (
	"gonum.org/v1/gonum/blas"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// trmm computes B = alpha·op(A)·B or alpha·B·op(A), A triangular.
func trmm[T kernel.Float](s *kernel.Set[T], side blas.Side, ul blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int) bool {
	k := n
	if side == blas.Left {
		k = m
	}
	tr, ok := newTriangle(ul, t, d, k, a, lda)
	if gonumFirst || !ok || !goodSide(side) || !holds(b, m, n, ldb) || alpha == 0 || m*n*k <= tooSmall {
		return false
	}
	if side == blas.Left {
		multiplyLeft(s, tr, n, alpha, b, ldb)
	} else {
		multiplyRight(s, tr, m, alpha, b, ldb)
	}
	return true
}

// multiplyLeft computes B = alpha·A·B for B with n columns. Of the two halves
// of B, the one that the other still needs is changed last.
func multiplyLeft[T kernel.Float](s *kernel.Set[T], tr triangle[T], n int, alpha T, b []T, ldb int) {
	if tr.n <= diagonal {
		multiplyBlock(s, tr, tr.n, n, true, alpha, b, ldb)
		return
	}
	h := half(tr.n, diagonal)
	first, second := tr.part(0, h), tr.part(h, tr.n-h)
	b2 := b[h*ldb:]
	if tr.lower {
		multiplyLeft(s, second, n, alpha, b2, ldb)
		gemm(s, tr.n-h, n, h, alpha, tr.at(h, 0), view[T]{b, ldb, 1}, 1, b2, ldb)
		multiplyLeft(s, first, n, alpha, b, ldb)
		return
	}
	multiplyLeft(s, first, n, alpha, b, ldb)
	gemm(s, h, n, tr.n-h, alpha, tr.at(0, h), view[T]{b2, ldb, 1}, 1, b, ldb)
	multiplyLeft(s, second, n, alpha, b2, ldb)
}

// multiplyRight computes B = alpha·B·A for B with m rows.
func multiplyRight[T kernel.Float](s *kernel.Set[T], tr triangle[T], m int, alpha T, b []T, ldb int) {
	if tr.n <= diagonal {
		multiplyBlock(s, tr, m, tr.n, false, alpha, b, ldb)
		return
	}
	h := half(tr.n, diagonal)
	first, second := tr.part(0, h), tr.part(h, tr.n-h)
	b2 := b[h:]
	if tr.lower {
		multiplyRight(s, first, m, alpha, b, ldb)
		gemm(s, m, h, tr.n-h, alpha, view[T]{b2, ldb, 1}, tr.at(h, 0), 1, b, ldb)
		multiplyRight(s, second, m, alpha, b2, ldb)
		return
	}
	multiplyRight(s, second, m, alpha, b2, ldb)
	gemm(s, m, tr.n-h, h, alpha, view[T]{b, ldb, 1}, tr.at(0, h), 1, b2, ldb)
	multiplyRight(s, first, m, alpha, b, ldb)
}

// multiplyBlock multiplies the m×n B by a small triangle. The zeros of the
// triangle take part, which a NaN or Inf of B would notice: where there is one,
// the rows or columns are summed without them.
func multiplyBlock[T kernel.Float](s *kernel.Set[T], tr triangle[T], m, n int, left bool, alpha T, b []T, ldb int) {
	rows := max(1, strip*strip/n) // of B at a time, if the triangle is on the right
	if left {
		rows = m
	}
	tmp := getScratch[T](tr.n*tr.n + rows*n + n + rows)
	defer putScratch(tmp)
	dense, rest := tmp.data[:tr.n*tr.n], tmp.data[tr.n*tr.n:]
	tr.dense(dense)
	for i := 0; i < m; i += rows {
		h := min(rows, m-i)
		old, zeros, sums := rest[:h*n], rest[h*n:][:n], rest[h*n+n:][:h]
		dst := b[i*ldb:]
		for p := range h {
			copy(old[p*n:][:n], dst[p*ldb:])
		}
		clear(zeros)
		s.Dots(old, n, h, n, zeros, sums)
		if finite := isZero(sums); !finite {
			multiplyExactly(tr, h, n, left, alpha, old, dst, ldb)
			continue
		}
		if left {
			gemm(s, h, n, tr.n, alpha, view[T]{dense, tr.n, 1}, view[T]{old, n, 1}, 0, dst, ldb)
		} else {
			gemm(s, h, n, tr.n, alpha, view[T]{old, n, 1}, view[T]{dense, tr.n, 1}, 0, dst, ldb)
		}
	}
}

// isZero is false if any element is NaN.
func isZero[T kernel.Float](x []T) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// multiplyExactly is multiplyBlock element by element, from old to dst.
func multiplyExactly[T kernel.Float](tr triangle[T], m, n int, left bool, alpha T, old, dst []T, ldb int) {
	element := func(i, j int) T {
		if i == j && tr.unit {
			return 1
		}
		return tr.data[i*tr.row+j*tr.col]
	}
	for i := range m {
		for j := range n {
			var sum T
			for l := range tr.n {
				switch {
				case left && (l == i || l < i == tr.lower):
					sum += element(i, l) * old[l*n+j]
				case !left && (l == j || l > j == tr.lower):
					sum += old[i*n+l] * element(l, j)
				}
			}
			dst[i*ldb+j] = alpha * sum
		}
	}
}

// trsm solves op(A)·X = alpha·B or X·op(A) = alpha·B, A triangular, X in
// place of B.
func trsm[T kernel.Float](s *kernel.Set[T], side blas.Side, ul blas.Uplo, t blas.Transpose, d blas.Diag, m, n int, alpha T, a []T, lda int, b []T, ldb int) bool {
	k := n
	if side == blas.Left {
		k = m
	}
	tr, ok := newTriangle(ul, t, d, k, a, lda)
	if gonumFirst || !ok || !goodSide(side) || !holds(b, m, n, ldb) || alpha == 0 || m*n*k <= tooSmall {
		return false
	}
	scale(m, n, alpha, b, ldb)
	if side == blas.Left {
		solveLeft(s, tr, n, b, ldb)
		return true
	}
	// From the right, the rows of B are independent: turned into columns, they
	// are solved from the left.
	tr = tr.flip()
	tmp := getScratch[T](n * min(m, strip))
	defer putScratch(tmp)
	for i := 0; i < m; i += strip {
		w := min(strip, m-i)
		transpose(s, tmp.data, w, b[i*ldb:], ldb, w, n)
		solveLeft(s, tr, w, tmp.data, w)
		transpose(s, b[i*ldb:], ldb, tmp.data, w, n, w)
	}
	return true
}

// solveLeft solves A·X = B for n columns.
func solveLeft[T kernel.Float](s *kernel.Set[T], tr triangle[T], n int, b []T, ldb int) {
	if tr.n <= solved {
		substitute(s, tr, n, b, ldb)
		return
	}
	h := half(tr.n, solved)
	first, second := tr.part(0, h), tr.part(h, tr.n-h)
	b2 := b[h*ldb:]
	if tr.lower {
		solveLeft(s, first, n, b, ldb)
		gemm(s, tr.n-h, n, h, -1, tr.at(h, 0), view[T]{b, ldb, 1}, 1, b2, ldb)
		solveLeft(s, second, n, b2, ldb)
		return
	}
	solveLeft(s, second, n, b2, ldb)
	gemm(s, h, n, tr.n-h, -1, tr.at(0, h), view[T]{b2, ldb, 1}, 1, b, ldb)
	solveLeft(s, first, n, b, ldb)
}

// substitute solves a small triangle: each row takes from itself the rows
// solved before, then divides.
func substitute[T kernel.Float](s *kernel.Set[T], tr triangle[T], n int, b []T, ldb int) {
	tmp := getScratch[T](solved)
	defer putScratch(tmp)
	for p := range tr.n {
		i, j0, j1 := p, 0, p
		if !tr.lower {
			i = tr.n - 1 - p
			j0, j1 = i+1, tr.n
		}
		x := b[i*ldb:][:n]
		if j1 > j0 {
			f := tmp.data[:j1-j0]
			for j := range f {
				f[j] = -tr.data[i*tr.row+(j0+j)*tr.col]
			}
			s.Axpys(b[j0*ldb:], ldb, len(f), n, x, f)
		}
		if !tr.unit {
			inverse := 1 / tr.data[i*(tr.row+tr.col)]
			for j := range x {
				x[j] *= inverse
			}
		}
	}
}
