package blas

import "github.com/spindle-lab/spindle/lib/blas/internal/kernel"

// packRows is the number of rows (or, of a transpose, columns) of A that one
// packing task copies.
const packRows = 96

// pad keeps the rows of the packed A from falling on the same sets of the
// first-level cache.
const pad = 16

// A is packed in the order it has, since the kernels take any strides: rows
// stay rows, a transpose stays a transpose. What packing gains is rows that
// lie close together, at a distance that is no power of two.
func (j *job[T]) transA() bool { return j.a.col != 1 }

func (j *job[T]) sizeA() int {
	if j.transA() {
		return j.kb * (j.mb + pad)
	}
	return j.mb * (j.kb + pad)
}

func (j *job[T]) viewA() view[T] {
	if j.transA() {
		return view[T]{j.bufA, 1, j.mb + pad}
	}
	return view[T]{j.bufA, j.kb + pad, 1}
}

func (j *job[T]) packRowsOf(task int) {
	i0 := task * packRows
	i1 := min(i0+packRows, j.mb)
	src, dst := j.a.at(j.ic, j.pc), j.viewA()
	if j.transA() {
		for l := 0; l < j.kb; l++ {
			copy(dst.data[l*dst.col+i0:][:i1-i0], src.data[l*src.col+i0:])
		}
		return
	}
	for i := i0; i < i1; i++ {
		copy(dst.data[i*dst.row:][:j.kb], src.data[i*src.row:])
	}
}

// packPanel copies k×n elements of b into rows of nr elements, filling up with
// zeros.
func packPanel[T kernel.Float](s *kernel.Set[T], dst []T, b view[T], k, n int) {
	nr := s.NR
	if n < nr {
		clear(dst[:k*nr])
	}
	if b.col == 1 {
		for l := 0; l < k; l++ {
			copy(dst[l*nr:][:n], b.data[l*b.row:])
		}
		return
	}
	transpose(s, dst, nr, b.data, b.col, n, k)
}

// transpose writes dst[l*dstRow+i] = src[i*srcRow+l] for i < rows, l < cols.
func transpose[T kernel.Float](s *kernel.Set[T], dst []T, dstRow int, src []T, srcRow, rows, cols int) {
	i := 0
	if q := s.Square; s.Transpose != nil && cols >= q {
		for ; i+q <= rows; i += q {
			s.Transpose(dst[i:], dstRow, src[i*srcRow:], srcRow, cols/q)
			for r := i; r < i+q; r++ {
				for l := cols / q * q; l < cols; l++ {
					dst[l*dstRow+r] = src[r*srcRow+l]
				}
			}
		}
	}
	for ; i < rows; i++ {
		row := src[i*srcRow:][:cols]
		for l, v := range row {
			dst[l*dstRow+i] = v
		}
	}
}
