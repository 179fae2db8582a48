package figure

import (
	"image/color"
	"sort"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
)

func pt(x, y vg.Length) vg.Point { return vg.Point{X: x, Y: y} }

// A Series is one line, or one set of points, of a panel of [Lines].
type Series struct {
	Name   string
	X, Y   []float64
	Color  color.RGBA // zero: by place
	Dashed bool
	Points bool // discs instead of a line
}

// Lines draws series against a common axis; labels carry their units. It is
// the panel for whatever has none of its own.
func Lines(title, xlabel, ylabel string, series ...Series) *Panel {
	data := display.Table{Columns: []string{"series", "x", "y"}}
	p := newPlot(title, xlabel, ylabel)
	var xs, ys [][]float64
	for i, s := range series {
		if len(s.X) != len(s.Y) {
			panic("figure: Lines needs as many X as Y")
		}
		c := s.Color
		if c == (color.RGBA{}) {
			c = Palette[i%len(Palette)]
		}
		var thumb interface{ Thumbnail(*draw.Canvas) }
		switch {
		case s.Points:
			if g := addPoints(p, s.X, s.Y, fade(c, 0.7), 1.3); g != nil {
				thumb = g
			}
		case s.Dashed:
			if l := addLine(p, s.X, s.Y, c, 0.9, 2, 1.5); l != nil {
				thumb = l
			}
		default:
			if l := addLine(p, s.X, s.Y, c, 0.9); l != nil {
				thumb = l
				if len(finite(s.X, s.Y)) == 1 { // a line of one point cannot be seen
					addPoints(p, s.X, s.Y, c, 1.3)
				}
			}
		}
		if thumb != nil && s.Name != "" {
			p.Legend.Add(s.Name, thumb)
		}
		for k := range s.X {
			data.Rows = append(data.Rows, []any{s.Name, s.X[k], s.Y[k]})
		}
		shown := finite(s.X, s.Y)
		x, y := make([]float64, len(shown)), make([]float64, len(shown))
		for k, q := range shown {
			x[k], y[k] = q.X, q.Y
		}
		xs, ys = append(xs, x), append(ys, y)
	}
	x0, x1, ok := span(xs...)
	y0, y1, _ := span(ys...)
	if !ok {
		return emptyPanel("lines", title+": no finite value")
	}
	p.X.Min, p.X.Max = x0-0.02*(x1-x0), x1+0.02*(x1-x0)
	p.Y.Min, p.Y.Max = y0-0.05*(y1-y0), y1+0.05*(y1-y0)
	return plotPanel("lines", p, data)
}

// A Bar is one line of a panel of [Ranking].
type Bar struct {
	Name, Group string
	Value       float64
	Reference   float64 // drawn as a ring, such as the paper's value; NaN: none
}

// Ranking draws bars from the largest to the smallest, with a ring at each
// reference value: tasks by their mean z-scored gain, beside the paper's.
func Ranking(title, label, reference string, bars []Bar) *Panel {
	data := display.Table{Columns: []string{"name", "value", "reference"}}
	p := newPlot(title, label, "")
	var sorted []Bar
	for _, b := range bars {
		if !bad(b.Value) {
			sorted = append(sorted, b)
		}
	}
	if len(sorted) == 0 {
		return emptyPanel("ranking", title+": no finite value")
	}
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Value > sorted[j].Value })
	values := []float64{0}
	names := make([]string, len(sorted))
	var rx, ry []float64
	for i, b := range sorted {
		y := float64(len(sorted) - 1 - i)
		names[len(sorted)-1-i] = b.Name
		box, err := plotter.NewPolygon(plotter.XYs{{X: 0, Y: y - 0.35}, {X: b.Value, Y: y - 0.35}, {X: b.Value, Y: y + 0.35}, {X: 0, Y: y + 0.35}})
		if err == nil {
			box.Color, box.LineStyle.Width = fade(GroupColor(b.Group), 0.8), 0
			p.Add(box)
		}
		values = append(values, b.Value)
		data.Rows = append(data.Rows, []any{b.Name, b.Value, b.Reference})
		if !bad(b.Reference) {
			rx, ry = append(rx, b.Reference), append(ry, y)
			values = append(values, b.Reference)
		}
	}
	addLine(p, []float64{0, 0}, []float64{-0.6, float64(len(sorted)) - 0.4}, Black, 0.5)
	if len(rx) > 0 {
		s := &plotter.Scatter{XYs: finite(rx, ry), GlyphStyle: draw.GlyphStyle{Color: Black, Radius: 1.8, Shape: draw.RingGlyph{}}}
		p.Add(s)
		p.Legend.Add(reference, s)
		p.Legend.Top = false
	}
	lo, hi, _ := span(values)
	p.X.Min, p.X.Max = lo-0.05*(hi-lo), hi+0.05*(hi-lo)
	p.Y.Min, p.Y.Max = -0.6, float64(len(sorted))-0.4
	if len(rx) > 0 {
		p.Y.Min -= 0.7 // for the legend
	}
	p.Y.Tick.Marker = ticksAt(names)
	return plotPanel("ranking", p, data)
}
