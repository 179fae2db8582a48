package probe

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// forEach calls f(worker, i) for every i in [0, n) on the available cores;
// worker numbers the goroutine, so that it may keep a buffer. What f computes
// must depend on i alone: then the number of cores cannot show in a result.
func forEach(n int, f func(worker, i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(w, i)
			}
		})
	}
	wg.Wait()
}

// workers is an upper bound of the worker numbers forEach hands out.
func workers() int { return max(1, runtime.GOMAXPROCS(0)) }
