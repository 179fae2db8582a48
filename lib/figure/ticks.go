package figure

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// niceTicks names at most six round values of an axis, zero among them where
// the axis holds it, with unnamed ticks between. gonum's own choice may leave
// zero unnamed, and writes zeros behind the point.
type niceTicks struct {
	whole bool // a count: no tick between whole numbers
	most  int  // names at most; 0: six
}

// Ticks implements plot.Ticker.
func (t niceTicks) Ticks(lo, hi float64) []plot.Tick {
	if bad(lo) || bad(hi) || lo >= hi {
		return nil
	}
	most := t.most
	if most == 0 {
		most = 6
	}
	step, parts := niceStep(lo, hi, most)
	if t.whole && step < 1 {
		step, parts = 1, 1
	}
	if t.whole && step/float64(parts) < 1 {
		parts = 1
	}
	minor := step / float64(parts)
	var ticks []plot.Tick
	// Whole multiples of the step: no error adds up, and zero is exactly zero.
	for k := math.Ceil(lo/minor - 1e-6); k <= hi/minor+1e-6 && len(ticks) < 200; k++ {
		tick := plot.Tick{Value: math.Max(lo, math.Min(hi, k*minor))}
		if math.Mod(k, float64(parts)) == 0 {
			tick.Label = tickLabel(k*minor, step)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// niceStep is the smallest round step that puts at most so many ticks between
// lo and hi, and into how many parts unnamed ticks divide it.
func niceStep(lo, hi float64, most int) (step float64, parts int) {
	decade := math.Pow(10, math.Floor(math.Log10((hi-lo)/float64(most))))
	for {
		for _, s := range []struct {
			of    float64
			parts int
		}{{1, 2}, {2, 2}, {2.5, 5}, {5, 5}} {
			step = s.of * decade
			if n := math.Floor(hi/step+1e-6) - math.Ceil(lo/step-1e-6) + 1; n <= float64(most) {
				return step, s.parts
			}
		}
		decade *= 10
	}
}

// tickLabel writes a multiple of a step with the decimals that the step has,
// zero without any, and the sign as a minus, not a hyphen.
func tickLabel(x, step float64) string {
	if math.Abs(x) < step/2 {
		return "0"
	}
	if step >= 1e6 || step < 1e-6 {
		return minus(strconv.FormatFloat(x, 'g', 6, 64))
	}
	decimals := 0
	for s := step; decimals < 9 && math.Abs(s-math.Round(s)) > 1e-6*s; s *= 10 {
		decimals++
	}
	return minus(strconv.FormatFloat(x, 'f', decimals, 64))
}

// minus turns the hyphen of a negative number into a minus sign, which is as
// wide as a plus.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// logTicks names the powers of ten, or where there are fewer than two of them
// also the halves and fifths.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	if bad(lo) || bad(hi) || lo <= 0 || lo >= hi {
		return nil
	}
	var ticks []plot.Tick
	powers := math.Floor(math.Log10(hi)) - math.Ceil(math.Log10(lo)) + 1
	for e := math.Floor(math.Log10(lo)); e <= math.Log10(hi); e++ {
		for d := 1.0; d < 10; d++ {
			x := d * math.Pow(10, e)
			if x < lo || x > hi {
				continue
			}
			tick := plot.Tick{Value: x}
			if d == 1 || powers < 3 && (d == 2 || d == 5) {
				tick.Label = strconv.FormatFloat(x, 'g', 3, 64)
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

// ends names only the ends of an axis; unnamed, it has ticks alone.
type ends struct{ unnamed bool }

// Ticks implements plot.Ticker.
func (e ends) Ticks(lo, hi float64) []plot.Tick {
	ticks := []plot.Tick{{Value: lo}, {Value: hi}}
	for i, x := range []float64{lo, hi} {
		if !e.unnamed {
			ticks[i].Label = minus(strconv.FormatFloat(x, 'g', 3, 64))
		}
	}
	return ticks
}
