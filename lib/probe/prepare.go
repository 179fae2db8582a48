package probe

import (
	"fmt"
	"math"
	"slices"
)

// Resample writes to dst the trace src linearly interpolated at len(dst) points
// from its first sample to its last: output k takes position
// k·(len(src)−1)/(len(dst)−1). This is the published np.interp over
// linspace(0,T,T); it stretches time, for sample j of a layer with stride s
// sits at about s·j and not at 399·j/(T−1).
func Resample(dst, src []float64) {
	n, m := len(dst), len(src)
	if n == 0 || m == 0 {
		panic(fmt.Sprintf("probe: resample %d samples to %d", m, n))
	}
	if n == m {
		copy(dst, src)
		return
	}
	for k := range dst {
		dst[k] = at(src, k, n)
	}
}

// at is output k of n of the trace src.
func at(src []float64, k, n int) float64 {
	last := len(src) - 1
	if last == 0 || n == 1 {
		return src[0]
	}
	// Integer quotient and remainder keep whole positions exact.
	j, r := k*last/(n-1), k*last%(n-1)
	if r == 0 {
		return src[j]
	}
	return src[j] + (src[j+1]-src[j])*(float64(r)/float64(n-1))
}

// outlierSDs is the distance, in standard deviations, beyond which a component's value is repaired.
const outlierSDs = 10

// OutlierBound chooses the right-hand neighbours that [RepairOutliers] takes
// the median of.
type OutlierBound int

const (
	// PublishedBound is the published code's: the number of trials in place of
	// the number of samples, and the time of the last outlier in place of the
	// present one (spec/03, defect B12).
	PublishedBound OutlierBound = iota
	// TwoSamples takes the two samples before and the two after, as was meant.
	TwoSamples
)

// RepairOutliers replaces, in place, the values of one component x
// [trial][time] that lie more than 10 population standard deviations from its
// mean by the median of their neighbours in the trial, visiting them in order
// of trial and time; later ones see earlier repairs. It returns how many there
// were. A value without neighbours stays.
func RepairOutliers(x []float64, trials, time int, bound OutlierBound) int {
	if trials <= 0 || time <= 0 || len(x) != trials*time {
		panic(fmt.Sprintf("probe: %d values are not %d trials of %d samples", len(x), trials, time))
	}
	mean, sd := meanSD(x)
	var found []int
	for i, v := range x {
		if math.Abs(v-mean) > outlierSDs*sd {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return 0
	}
	tLast := found[len(found)-1] % time
	var near []float64
	for _, i := range found {
		row := x[i/time*time : (i/time+1)*time]
		t := i % time
		hi := t + 2
		switch {
		case bound == TwoSamples:
			hi = t + 3
		case t+2 > trials:
			hi = trials
		case t+2 < tLast:
			hi = tLast + 1
		}
		near = append(near[:0], row[max(t-2, 0):t]...)
		if hi = min(hi, time); hi > t+1 {
			near = append(near, row[t+1:hi]...)
		}
		if len(near) == 0 {
			continue
		}
		slices.Sort(near)
		if h := len(near) / 2; len(near)%2 == 1 {
			row[t] = near[h]
		} else {
			row[t] = (near[h-1] + near[h]) / 2
		}
	}
	return len(found)
}

// meanSD returns mean and population standard deviation.
func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	var ss float64
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(ss / float64(len(x)))
}
