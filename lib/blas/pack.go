package blas

import (
	"sync"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

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

func grow[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// Pools of what a call needs beyond its arguments: gonum calls small products
// very often, and these must not leave work for the garbage collector.
var (
	jobs32, jobs64   sync.Pool
	tiles32, tiles64 sync.Pool
)

func pools[T kernel.Float]() (jobs, tiles *sync.Pool) {
	var x T
	if _, ok := any(x).(float32); ok {
		return &jobs32, &tiles32
	}
	return &jobs64, &tiles64
}

func getJob[T kernel.Float]() *job[T] {
	p, _ := pools[T]()
	if j, ok := p.Get().(*job[T]); ok {
		return j
	}
	j := new(job[T])
	j.crew.work, j.crew.wake = j.work, make(chan struct{}, 1)
	return j
}

func putJob[T kernel.Float](j *job[T]) {
	j.a, j.b, j.c = view[T]{}, view[T]{}, view[T]{}
	p, _ := pools[T]()
	p.Put(j)
}

func getTile[T kernel.Float]() *kernel.Tile[T] {
	_, p := pools[T]()
	if t, ok := p.Get().(*kernel.Tile[T]); ok {
		return t
	}
	return new(kernel.Tile[T])
}

func putTile[T kernel.Float](t *kernel.Tile[T]) {
	*t = kernel.Tile[T]{}
	_, p := pools[T]()
	p.Put(t)
}
