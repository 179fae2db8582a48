package stats

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sort"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
)

// An Interval is an estimate with its bootstrap confidence interval.
type Interval struct {
	Estimate, Lo, Hi float64
	Level            float64 // such as 0.95
	Replicates       int
}

// Bootstrap methods.
const (
	Percentile = "percentile"
	BCa        = "BCa" // bias-corrected and accelerated (Efron 1987)
)

// Bootstrap resamples n things (units, trials) with replacement and returns
// the interval of a statistic of their indexes. To resample whole clusters,
// let the indexes name clusters. The statistic is called from several
// goroutines; rng decides the resamples, which do not depend on their number.
func Bootstrap(ctx context.Context, n int, statistic func(idx []int) float64, method string, level float64, replicates int, rng *rand.Rand) (Interval, error) {
	switch {
	case n < 2:
		return Interval{}, fmt.Errorf("stats: bootstrap of %d things, want at least 2", n)
	case method != Percentile && method != BCa:
		return Interval{}, fmt.Errorf("stats: bootstrap method %q, want %q or %q", method, Percentile, BCa)
	case !(level > 0 && level < 1):
		return Interval{}, fmt.Errorf("stats: bootstrap level %v, want between 0 and 1", level)
	case float64(replicates)*(1-level) < 2:
		return Interval{}, fmt.Errorf("stats: %d bootstrap replicates cannot show a level of %v", replicates, level)
	}
	seeds := make([]uint64, replicates)
	for i := range seeds {
		seeds[i] = rng.Uint64()
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	out := Interval{Estimate: statistic(all), Level: level, Replicates: replicates}
	reps := make([]float64, replicates)
	err := parallel(ctx, replicates, func() func(int) {
		idx := make([]int, n)
		return func(r int) {
			src := rand.New(rand.NewPCG(seeds[r], 0))
			for i := range idx {
				idx[i] = src.IntN(n)
			}
			reps[r] = statistic(idx)
		}
	})
	if err != nil {
		return Interval{}, err
	}
	for _, v := range append(reps, out.Estimate) {
		if math.IsNaN(v) {
			return Interval{}, fmt.Errorf("stats: bootstrap: the statistic is NaN on a resample; it must be defined on samples with repeats")
		}
	}
	sort.Float64s(reps)
	lo, hi := (1-level)/2, (1+level)/2
	if method == BCa {
		if lo, hi, err = bcaLevels(ctx, n, statistic, out.Estimate, reps, lo, hi); err != nil {
			return Interval{}, err
		}
	}
	out.Lo, out.Hi = quantile(reps, lo), quantile(reps, hi)
	return out, nil
}

// bcaLevels shifts the two percentiles for bias and for acceleration, the
// latter from the jackknife.
func bcaLevels(ctx context.Context, n int, statistic func([]int) float64, estimate float64, sorted []float64, lo, hi float64) (float64, float64, error) {
	below := sort.SearchFloat64s(sorted, estimate)
	equal := sort.Search(len(sorted), func(i int) bool { return sorted[i] > estimate }) - below
	share := (float64(below) + float64(equal)/2) / float64(len(sorted))
	if share == 0 || share == 1 {
		return 0, 0, fmt.Errorf("stats: BCa interval: every replicate lies on one side of the estimate; use %q", Percentile)
	}
	jack := make([]float64, n)
	err := parallel(ctx, n, func() func(int) {
		idx := make([]int, n-1)
		return func(out int) {
			for i := range idx {
				idx[i] = i
				if i >= out {
					idx[i]++
				}
			}
			jack[out] = statistic(idx)
		}
	})
	if err != nil {
		return 0, 0, err
	}
	var cube, square float64
	for _, d := range centred(jack) {
		cube -= d * d * d
		square += d * d
	}
	if square == 0 || math.IsNaN(square) {
		return 0, 0, fmt.Errorf("stats: BCa interval: the statistic does not change when a point is left out; use %q", Percentile)
	}
	a := cube / (6 * math.Pow(square, 1.5))
	z0 := distuv.UnitNormal.Quantile(share)
	shift := func(p float64) float64 {
		z := z0 + distuv.UnitNormal.Quantile(p)
		return distuv.UnitNormal.CDF(z0 + z/(1-a*z))
	}
	return shift(lo), shift(hi), nil
}

// quantile interpolates linearly between order statistics, as NumPy does.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// parallel calls work(0) … work(n−1) on all cores, each worker with its own
// buffers, and stops early when the context ends.
func parallel(ctx context.Context, n int, worker func() func(int)) error {
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), n)
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			work := worker()
			for i := w; i < n && ctx.Err() == nil; i += workers {
				work(i)
			}
		}()
	}
	wg.Wait()
	return ctx.Err()
}
