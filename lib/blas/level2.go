package blas

import (
	"gonum.org/v1/gonum/blas"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// The matrix-vector operations, by whole rows. As in level 3, each returns
// false, having done nothing, where gonum's code should panic or is as fast.

const (
	block    = 32      // rows and columns of a block on the diagonal
	colChunk = 1 << 11 // columns taken at a time, so that a block of rows stays in the cache
)

// fits reports whether x has n elements, of which there is at least one, at
// increment inc.
func fits[T any](x []T, n, inc int) bool {
	if inc < 0 {
		inc = -inc
	}
	return n > 0 && inc > 0 && len(x) > (n-1)*inc
}

// spread is a vector that may have gaps: element i lies at x[start+i*inc].
type spread[T kernel.Float] struct {
	x          []T
	n          int
	start, inc int
}

func vector[T kernel.Float](x []T, n, inc int) spread[T] {
	if inc < 0 {
		return spread[T]{x, n, (1 - n) * inc, inc}
	}
	return spread[T]{x, n, 0, inc}
}

// gather returns the elements side by side, in x itself if they lie so, else
// in the beginning of tmp, and what remains of tmp.
func (v spread[T]) gather(tmp []T) (dense, rest []T) {
	if v.inc == 1 {
		return v.x[:v.n], tmp
	}
	dense = tmp[:v.n]
	for i, p := 0, v.start; i < v.n; i, p = i+1, p+v.inc {
		dense[i] = v.x[p]
	}
	return dense, tmp[v.n:]
}

// scaled writes alpha times the elements to dst.
func (v spread[T]) scaled(alpha T, dst []T) {
	if v.inc == 1 {
		for i, x := range v.x[:v.n] {
			dst[i] = alpha * x
		}
		return
	}
	for i, p := 0, v.start; i < v.n; i, p = i+1, p+v.inc {
		dst[i] = alpha * v.x[p]
	}
}

// scatter writes the elements back from where gather put them.
func (v spread[T]) scatter(dense []T) {
	if v.inc == 1 {
		return
	}
	for i, p := 0, v.start; i < v.n; i, p = i+1, p+v.inc {
		v.x[p] = dense[i]
	}
}

// blend writes beta·y + alpha·sum over y, which is not read where beta is 0.
func (v spread[T]) blend(beta, alpha T, sum []T) {
	for i, p := 0, v.start; i < v.n; i, p = i+1, p+v.inc {
		if beta == 0 {
			v.x[p] = alpha * sum[i]
		} else {
			v.x[p] = beta*v.x[p] + alpha*sum[i]
		}
	}
}

// gemv computes y = alpha·op(A)·x + beta·y.
func gemv[T kernel.Float](s *kernel.Set[T], t blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) bool {
	lenX, lenY := n, m
	if t != blas.NoTrans {
		lenX, lenY = m, n
	}
	if s.Portable || !goodTrans(t) || !holds(a, m, n, lda) || !fits(x, lenX, incX) || !fits(y, lenY, incY) ||
		alpha == 0 || 16*m*n <= tooSmall {
		return false
	}
	tmp := getScratch[T](2 * (m + n))
	defer putScratch(tmp)
	xv, yv := vector(x, lenX, incX), vector(y, lenY, incY)
	sums, rest := tmp.data[:lenY], tmp.data[lenY:]
	if t == blas.NoTrans {
		xd, _ := xv.gather(rest)
		s.Dots(a, lda, m, n, xd, sums)
	} else {
		xd, _ := xv.gather(rest)
		clear(sums)
		s.Axpys(a, lda, m, n, sums, xd)
	}
	yv.blend(beta, alpha, sums)
	return true
}

// ger adds alpha·x·yᵀ to A.
func ger[T kernel.Float](s *kernel.Set[T], m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) bool {
	if !holds(a, m, n, lda) || !fits(x, m, incX) || !fits(y, n, incY) || alpha == 0 {
		return false
	}
	// gonum v0.17's assembly reads before the vector where an increment is
	// negative, so those are ours at any size.
	if (s.Portable || 16*m*n <= tooSmall) && incX > 0 && incY > 0 {
		return false
	}
	tmp := getScratch[T](m + n)
	defer putScratch(tmp)
	f, rest := tmp.data[:m], tmp.data[m:]
	vector(x, m, incX).scaled(alpha, f)
	yd, _ := vector(y, n, incY).gather(rest)
	s.Gers(a, lda, m, n, yd, f)
	return true
}

// symv computes y = alpha·A·x + beta·y for a symmetric A. Blocks beside the
// diagonal serve twice, once as they stand and once transposed; blocks on it
// are written out.
func symv[T kernel.Float](s *kernel.Set[T], ul blas.Uplo, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) bool {
	if s.Portable || !goodUplo(ul) || !holds(a, n, n, lda) || !fits(x, n, incX) || !fits(y, n, incY) || alpha == 0 || 16*n*n <= tooSmall {
		return false
	}
	tmp := getScratch[T](2*n + block*block + block)
	defer putScratch(tmp)
	sums, full, part, rest := tmp.data[:n], tmp.data[n:][:block*block], tmp.data[n+block*block:][:block], tmp.data[n+block*block+block:]
	xd, _ := vector(x, n, incX).gather(rest)
	clear(sums)
	for i := 0; i < n; i += block {
		b := min(block, n-i)
		add := func() {
			for p, v := range part[:b] {
				sums[i+p] += v
			}
		}
		symmetric(full, b, a[i*(lda+1):], lda, ul == blas.Lower)
		s.Dots(full, b, b, b, xd[i:], part)
		add()
		j0, j1 := i+b, n
		if ul == blas.Lower {
			j0, j1 = 0, i
		}
		for j := j0; j < j1; j += colChunk {
			w := min(colChunk, j1-j)
			off := a[i*lda+j:]
			s.Dots(off, lda, b, w, xd[j:][:w], part)
			add()
			s.Axpys(off, lda, b, w, sums[j:][:w], xd[i:])
		}
	}
	vector(y, n, incY).blend(beta, alpha, sums)
	return true
}

// syr2 adds alpha·(x·yᵀ + y·xᵀ) to a triangle of A, or alpha·x·xᵀ if y is nil.
func syr2[T kernel.Float](s *kernel.Set[T], ul blas.Uplo, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int, two bool) bool {
	if s.Portable || !goodUplo(ul) || !holds(a, n, n, lda) || !fits(x, n, incX) || two && !fits(y, n, incY) || alpha == 0 || 16*n*n <= tooSmall {
		return false
	}
	tmp := getScratch[T](2*n + 2)
	defer putScratch(tmp)
	// The rows x and y, one below the other.
	rows, vectors := tmp.data[:n], 1
	vector(x, n, incX).scaled(1, rows)
	if two {
		rows, vectors = tmp.data[:2*n], 2
		vector(y, n, incY).scaled(1, rows[n:])
	}
	f := tmp.data[2*n:]
	for i := range n {
		f[0], f[1] = alpha*rows[i], 0
		if two {
			f[0], f[1] = alpha*rows[n+i], alpha*rows[i]
		}
		j0, j1 := i, n
		if ul == blas.Lower {
			j0, j1 = 0, i+1
		}
		s.Axpys(rows[j0:], n, vectors, j1-j0, a[i*lda+j0:][:j1-j0], f)
	}
	return true
}

// trmv computes x = op(A)·x, and trsv solves op(A)·x = b over b, for a
// triangular A: block by block along the diagonal, gonum's code on the blocks.
func trmv[T kernel.Float](s *kernel.Set[T], ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []T, lda int, x []T, incX int, solve bool, onBlock func(ul blas.Uplo, t blas.Transpose, d blas.Diag, n int, a []T, lda int, x []T, incX int)) bool {
	if s.Portable || !goodUplo(ul) || !goodTrans(t) || !goodDiag(d) || !holds(a, n, n, lda) || !fits(x, n, incX) || n <= block && tooSmall > 0 {
		return false
	}
	tmp := getScratch[T](n + block)
	defer putScratch(tmp)
	part, rest := tmp.data[:block], tmp.data[block:]
	v := vector(x, n, incX)
	xd, _ := v.gather(rest)
	// A block of x depends on what lies before it if op(A) is lower. A product
	// begins where nothing depends on it any more, a solution where it depends
	// on nothing.
	lower := (ul == blas.Lower) == (t == blas.NoTrans)
	blocks := ceil(n, block)
	for q := range blocks {
		i := q * block
		if lower != solve {
			i = (blocks - 1 - q) * block
		}
		b := min(block, n-i)
		j0, j1 := i+b, n
		if lower {
			j0, j1 = 0, i
		}
		xi, w := xd[i:][:b], j1-j0
		if !solve {
			onBlock(ul, t, d, b, a[i*(lda+1):], lda, xi, 1)
		}
		if w > 0 {
			sums := part[:b]
			clear(sums)
			if t == blas.NoTrans {
				s.Dots(a[i*lda+j0:], lda, b, w, xd[j0:][:w], sums)
			} else {
				s.Axpys(a[j0*lda+i:], lda, w, b, sums, xd[j0:][:w])
			}
			for p, sum := range sums {
				if solve {
					xi[p] -= sum
				} else {
					xi[p] += sum
				}
			}
		}
		if solve {
			onBlock(ul, t, d, b, a[i*(lda+1):], lda, xi, 1)
		}
	}
	v.scatter(xd)
	return true
}
