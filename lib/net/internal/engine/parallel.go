// Package engine computes layers on batches: convolution, transposed
// convolution, layer normalisation and LSTM, forward and backward, channels
// last, float32 and float64, on all cores.
//
// Work is cut by samples, and by a number of groups that depends on the batch
// alone; sums over the batch are made per group and added in the order of the
// groups. So results do not depend on GOMAXPROCS or on which core was free.
package engine

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/spindle-lab/spindle/lib/net/internal/kernel"
)

// Float is float32 or float64.
type Float = kernel.Float

// groups is the number of partial sums over a batch: enough for the cores of
// today's machines, few enough that adding them costs nothing.
const groups = 16

// groupOf returns the samples [lo, hi) of group g in a batch of n.
func groupOf(n, g int) (lo, hi int) {
	k := min(n, groups)
	return g * n / k, (g + 1) * n / k
}

// Parallel calls f(worker, i) for each i below n, on at most GOMAXPROCS
// goroutines; worker is below [Workers](n) and one worker makes one call at a time.
func Parallel(n int, f func(worker, i int)) {
	w := Workers(n)
	if w <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func(worker int) {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(worker, i)
		}
	}
	for worker := 1; worker < w; worker++ {
		wg.Go(func() { work(worker) })
	}
	work(0)
	wg.Wait()
}

// Workers returns how many goroutines [Parallel] uses for n pieces.
func Workers(n int) int { return min(n, runtime.GOMAXPROCS(0)) }

// grow returns s with length n, its contents undefined, its memory kept if it fits.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// growAll makes s at least n elements long and keeps what it has.
func growAll[E any](s []E, n int) []E {
	for len(s) < n {
		var zero E
		s = append(s, zero)
	}
	return s
}
