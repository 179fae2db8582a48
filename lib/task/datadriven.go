package task

import (
	"fmt"
	"math"
)

// ResidualVariance returns the loss of the data-driven networks: for each trial
// and unit the variance over the trial's frames of the error y−p, averaged over
// trials and units (spec/02, 3.5). It leaves the mean of a trial free. p and y
// have shape [trial][frame][unit]; frame t of trial b counts if
// start[b] <= t < end[b]. Where grad is not nil it receives the derivative with
// respect to p; residual and total, where not nil, the variances of the error
// and of y, shape [trial][unit].
func ResidualVariance[T Float](p, y []T, frames, units int, start, end []int, grad []T, residual, total []float64) float64 {
	trials := len(start)
	if len(end) != trials || trials == 0 || len(p) != trials*frames*units || len(y) != len(p) {
		panic(fmt.Sprintf("task: ResidualVariance of %d predictions for %d targets as [%d][%d][%d]", len(p), len(y), trials, frames, units))
	}
	clear(grad)
	sum := 0.0
	for b := range trials {
		s, e := start[b], end[b]
		if s < 0 || e > frames || s >= e {
			panic(fmt.Sprintf("task: ResidualVariance: trial %d has frames %d to %d of %d", b, s, e, frames))
		}
		n := float64(e - s)
		for u := range units {
			at := func(t int) int { return (b*frames+t)*units + u }
			md, my := 0.0, 0.0
			for t := s; t < e; t++ {
				md += float64(y[at(t)]) - float64(p[at(t)])
				my += float64(y[at(t)])
			}
			md, my = md/n, my/n
			vd, vy := 0.0, 0.0
			for t := s; t < e; t++ {
				d := float64(y[at(t)]) - float64(p[at(t)]) - md
				dy := float64(y[at(t)]) - my
				vd += d * d
				vy += dy * dy
				if grad != nil {
					grad[at(t)] = T(-2 * d / (n * float64(trials*units)))
				}
			}
			vd, vy = vd/n, vy/n
			sum += vd
			if residual != nil {
				residual[b*units+u] = vd
			}
			if total != nil {
				total[b*units+u] = vy
			}
		}
	}
	return sum / float64(trials*units)
}

// ExplainedVariance returns 1 − residual/total elementwise.
func ExplainedVariance(residual, total []float64) []float64 {
	ev := make([]float64, len(residual))
	for i, r := range residual {
		ev[i] = 1 - r/total[i]
	}
	return ev
}

// MeanExplainedVariance is the published mean: NaN counts as 0, an infinity is
// left out. It is NaN where nothing is left.
func MeanExplainedVariance(ev []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range ev {
		switch {
		case math.IsNaN(v):
			n++
		case math.IsInf(v, 0):
		default:
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// Frames carries the samples [start, end) of a trial to the frames of a
// network's output: both ends are divided by each temporal stride and rounded
// up; an empty span becomes one frame, and a span that begins at the end of the
// output moves back by one (spec/02, 3.5).
func Frames(start, end, samples int, strides []int) (s, e int) {
	s, e = start, end
	t := samples
	for _, k := range strides {
		s, e, t = ceilDiv(s, k), ceilDiv(e, k), ceilDiv(t, k)
	}
	if e <= s {
		e = s + 1
	}
	if s >= t {
		s, e = t-1, t
	}
	return s, min(e, t)
}

// Stretch resamples values linearly to n points, the first and last of both
// coinciding.
func Stretch(v []float64, n int) []float64 {
	out := make([]float64, n)
	if len(v) == 0 {
		return out
	}
	for i := range out {
		if n == 1 || len(v) == 1 {
			out[i] = v[0]
			continue
		}
		x := float64(i) * float64(len(v)-1) / float64(n-1)
		j := min(int(x), len(v)-2)
		f := x - float64(j)
		out[i] = v[j]*(1-f) + v[j+1]*f
	}
	return out
}
