package blas

import (
	"sync"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// scratch is memory that a call needs beyond its arguments.
type scratch[T kernel.Float] struct{ data []T }

// Pools of it: gonum calls small operations very often, and these must not
// leave work for the garbage collector.
type pools struct{ jobs, tiles, scratch sync.Pool }

var pools32, pools64 pools

func poolsOf[T kernel.Float]() *pools {
	if _, ok := any(T(0)).(float32); ok {
		return &pools32
	}
	return &pools64
}

func getJob[T kernel.Float]() *job[T] {
	if j, ok := poolsOf[T]().jobs.Get().(*job[T]); ok {
		return j
	}
	j := new(job[T])
	j.crew.work, j.crew.wake = j.work, make(chan struct{}, 1)
	return j
}

func putJob[T kernel.Float](j *job[T]) {
	j.a, j.b, j.c = view[T]{}, view[T]{}, view[T]{}
	poolsOf[T]().jobs.Put(j)
}

func getTile[T kernel.Float]() *kernel.Tile[T] {
	if t, ok := poolsOf[T]().tiles.Get().(*kernel.Tile[T]); ok {
		return t
	}
	return new(kernel.Tile[T])
}

func putTile[T kernel.Float](t *kernel.Tile[T]) {
	*t = kernel.Tile[T]{}
	poolsOf[T]().tiles.Put(t)
}

// getScratch returns n elements of any value.
func getScratch[T kernel.Float](n int) *scratch[T] {
	s, ok := poolsOf[T]().scratch.Get().(*scratch[T])
	if !ok {
		s = new(scratch[T])
	}
	s.data = grow(s.data, n)
	return s
}

func putScratch[T kernel.Float](s *scratch[T]) { poolsOf[T]().scratch.Put(s) }

func grow[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
