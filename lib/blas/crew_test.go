package blas

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
)

// Products at once from many goroutines, which share the helpers, and with
// pauses in which the helpers go away.
func TestConcurrent(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	const m, n, k = 150, 130, 90 // shared between cores, in several tasks
	a, b := matrix[float64](rng, m, k, k), matrix[float64](rng, k, n, n)
	want := make([]float64, m*n)
	Implementation{}.Dgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, b, n, 0, want, n)
	var all sync.WaitGroup
	for g := range 6 {
		all.Add(1)
		go func() {
			defer all.Done()
			c := make([]float64, m*n)
			for i := range 60 {
				clear(c)
				Implementation{}.Dgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, b, n, 0, c, n)
				if p := firstDifference(want, c); p >= 0 {
					t.Errorf("goroutine %d, product %d: element %d is %v, want %v", g, i, p, c[p], want[p])
					return
				}
				if i%10 == g {
					time.Sleep(2 * stayAwake)
				}
			}
		}()
	}
	all.Wait()
}

// gonum calls BLAS in its inner loops: a call leaves nothing to collect.
func TestAllocations(t *testing.T) {
	if gonumFirst {
		t.Skip("gonum's own code runs on this machine")
	}
	rng := rand.New(rand.NewPCG(43, 44))
	for _, n := range []int{4, 20, 60, 200} {
		x, y, z := matrix[float64](rng, n, n, n), matrix[float64](rng, n, n, n), make([]float64, n*n)
		dominant(x, n, n)
		i := Implementation{}
		for name, f := range map[string]func(){
			"gemm": func() { i.Dgemm(blas.NoTrans, blas.Trans, n, n, n, 1, x, n, y, n, 0, z, n) },
			"syrk": func() { i.Dsyrk(blas.Lower, blas.NoTrans, n, n, 1, x, n, 0, z, n) },
			"trsm": func() { i.Dtrsm(blas.Right, blas.Lower, blas.NoTrans, blas.NonUnit, n, n, 1, x, n, y, n) },
			"gemv": func() { i.Dgemv(blas.Trans, n, n, 1, x, n, y, 1, 0, z, 1) },
			"dot":  func() { i.Ddot(n, x, 1, y, 1) },
		} {
			// The race detector makes sync.Pool forget at random, and a
			// collection empties it; less than one a call is none.
			if got := testing.AllocsPerRun(100, f); got >= 1 && !raceEnabled {
				t.Errorf("%s of %d: %v allocations a call", name, n, got)
			}
		}
	}
}
