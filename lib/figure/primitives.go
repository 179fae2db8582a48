package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// finite keeps the points that can be drawn.
func finite(x, y []float64) plotter.XYs {
	xy := make(plotter.XYs, 0, len(x))
	for i := range x {
		if !bad(x[i]) && !bad(y[i]) {
			xy = append(xy, plotter.XY{X: x[i], Y: y[i]})
		}
	}
	return xy
}

// nan marks what is not known.
var nan = math.NaN()

func bad(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

func index(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

// addLine adds a line through the finite points; none draws nothing.
func addLine(p *plot.Plot, x, y []float64, c color.Color, width vg.Length, dashes ...vg.Length) *plotter.Line {
	xy := finite(x, y)
	if len(xy) == 0 {
		return nil
	}
	l := &plotter.Line{XYs: xy, LineStyle: draw.LineStyle{Color: c, Width: width, Dashes: dashes}}
	p.Add(l)
	return l
}

// addPoints adds discs at the finite points.
func addPoints(p *plot.Plot, x, y []float64, c color.Color, radius vg.Length) *plotter.Scatter {
	xy := finite(x, y)
	if len(xy) == 0 {
		return nil
	}
	s := &plotter.Scatter{XYs: xy, GlyphStyle: draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.CircleGlyph{}}}
	p.Add(s)
	return s
}

// span returns the finite range, widened where all values are equal.
func span(values ...[]float64) (lo, hi float64, ok bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		for _, x := range v {
			if !bad(x) {
				lo, hi = math.Min(lo, x), math.Max(hi, x)
			}
		}
	}
	if lo > hi {
		return 0, 1, false
	}
	if lo == hi {
		pad := math.Max(math.Abs(lo)*0.05, 0.5)
		return lo - pad, hi + pad, true
	}
	return lo, hi, true
}

// ticksAt puts ticks at given places with given names.
func ticksAt(names []string) plot.ConstantTicks {
	t := make([]plot.Tick, len(names))
	for i, n := range names {
		t[i] = plot.Tick{Value: float64(i), Label: n}
	}
	return t
}

// jitter spreads points of one category sideways by a fixed rule, so that a
// figure is the same each time: the golden ratio's multiples fill a range evenly.
func jitter(i int) float64 {
	_, f := math.Modf(float64(i+1) * 0.6180339887498949)
	return (f - 0.5) * 0.5
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
