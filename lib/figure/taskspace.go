package figure

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
)

// A TaskPoint is one task in a two-dimensional embedding.
type TaskPoint struct {
	Task, Group string
	X, Y        float64
	Mean        float64 // mean z-scored explained variance of the point's row
}

var glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}}

// TaskSpace draws an embedding with each task in the colour of its hypothesis
// group and a shape of its own within the group.
func TaskSpace(title, axis string, points []TaskPoint) *Panel {
	data := display.Table{Columns: []string{"task", "group", "x", "y"}}
	p := newPlot(title, axis+" 1", axis+" 2")
	style := map[string]draw.GlyphStyle{}
	inGroup := map[string]int{}
	drawn := 0
	for _, q := range points {
		s, known := style[q.Task]
		if !known {
			s = draw.GlyphStyle{Color: fade(GroupColor(q.Group), 0.8), Radius: 1.8, Shape: glyphs[inGroup[q.Group]%len(glyphs)]}
			inGroup[q.Group]++
			style[q.Task] = s
			p.Legend.Add(q.Task, &plotter.Scatter{GlyphStyle: s})
		}
		data.Rows = append(data.Rows, []any{q.Task, q.Group, q.X, q.Y})
		if bad(q.X) || bad(q.Y) {
			continue
		}
		p.Add(&plotter.Scatter{XYs: plotter.XYs{{X: q.X, Y: q.Y}}, GlyphStyle: s})
		drawn++
	}
	if drawn == 0 {
		return emptyPanel("task_space", title+": no point to draw")
	}
	spread(p, points)
	return &Panel{Name: "task_space", Data: data, draw: func(c draw.Canvas) { drawBeside(p, c) }}
}

// TaskSpaceByMean draws the same embedding coloured by the points' mean.
func TaskSpaceByMean(title, axis string, points []TaskPoint) *Panel {
	data := display.Table{Columns: []string{"task", "x", "y", "mean_z"}}
	p := newPlot(title, axis+" 1", axis+" 2")
	var means []float64
	for _, q := range points {
		means = append(means, q.Mean)
	}
	lo, hi, _ := span(means)
	drawn := 0
	for _, q := range points {
		data.Rows = append(data.Rows, []any{q.Task, q.X, q.Y, q.Mean})
		if bad(q.X) || bad(q.Y) {
			continue
		}
		s := draw.GlyphStyle{Color: ramp((q.Mean - lo) / (hi - lo)), Radius: 1.8, Shape: draw.CircleGlyph{}}
		at := plotter.XYs{{X: q.X, Y: q.Y}}
		p.Add(&plotter.Scatter{XYs: at, GlyphStyle: s})
		// The rim keeps the light end of the scale apart from the paper.
		p.Add(&plotter.Scatter{XYs: at, GlyphStyle: draw.GlyphStyle{Color: Grey, Radius: s.Radius, Shape: draw.RingGlyph{}}})
		drawn++
	}
	if drawn == 0 {
		return emptyPanel("task_space_mean", title+": no point to draw")
	}
	spread(p, points)
	return &Panel{Name: "task_space_mean", Data: data, draw: func(c draw.Canvas) {
		bar := c
		bar.Min.X = c.Max.X - 11*mm
		bar.Min.Y, bar.Max.Y = c.Min.Y+12*mm, c.Max.Y-8*mm
		c.Max.X = bar.Min.X - 1*mm
		drawPlot(p, c)
		colorBar(bar, "mean z", lo, hi)
	}}
}

// spread widens the axes around the points.
func spread(p *plot.Plot, points []TaskPoint) {
	var xs, ys []float64
	for _, q := range points {
		xs, ys = append(xs, q.X), append(ys, q.Y)
	}
	x0, x1, _ := span(xs)
	y0, y1, _ := span(ys)
	p.X.Min, p.X.Max = x0-0.06*(x1-x0), x1+0.06*(x1-x0)
	p.Y.Min, p.Y.Max = y0-0.06*(y1-y0), y1+0.06*(y1-y0)
}

// Heatmap draws a table of values, such as explained variance of tasks by
// units or networks; a missing value (NaN) is light grey.
func Heatmap(title string, rows, columns []string, values [][]float64, label string) *Panel {
	data := display.Table{Columns: append([]string{""}, columns...)}
	lo, hi, ok := span(values...)
	if !ok || len(rows) != len(values) {
		return emptyPanel("heatmap", title+": no finite value")
	}
	for i, r := range values {
		line := []any{rows[i]}
		for _, x := range r {
			line = append(line, x)
		}
		data.Rows = append(data.Rows, line)
	}
	p := newPlot(title, "", "")
	for i, r := range values {
		y := float64(len(values) - 1 - i)
		for j, x := range r {
			c := ramp((x - lo) / (hi - lo))
			box, err := plotter.NewPolygon(plotter.XYs{{X: float64(j) - 0.5, Y: y - 0.5}, {X: float64(j) + 0.5, Y: y - 0.5}, {X: float64(j) + 0.5, Y: y + 0.5}, {X: float64(j) - 0.5, Y: y + 0.5}})
			if err != nil {
				continue
			}
			box.Color, box.LineStyle = c, draw.LineStyle{Color: c, Width: 0.3} // no seam between cells
			p.Add(box)
		}
	}
	upside := make([]string, len(rows))
	for i, r := range rows {
		upside[len(rows)-1-i] = r
	}
	p.Y.Tick.Marker = ticksAt(upside)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, math.Max(0, float64(len(columns)))-0.5, -0.5, float64(len(rows))-0.5
	return &Panel{Name: "heatmap", Data: data, draw: func(c draw.Canvas) {
		bar := c
		bar.Min.X = c.Max.X - 11*mm
		bar.Min.Y, bar.Max.Y = c.Min.Y+14*mm, c.Max.Y-8*mm
		c.Max.X = bar.Min.X - 1*mm
		drawNamed(p, columns, c)
		colorBar(bar, label, lo, hi)
	}}
}
