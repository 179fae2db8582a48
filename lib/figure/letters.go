package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// Letters draws, for each of the letters, up to n strokes thin and their mean thick, as
// the paper's first panel of letters: x against y in cm, each letter in its
// 5 cm box. The mean is that at equal fractions of the strokes' durations.
func Letters(strokes []stroke.Stroke, letters string, n int) *Panel {
	return letterGrid("letters", strokes, letters, n, func(p *plot.Plot, group []stroke.Stroke, data *display.Table) {
		for k, s := range group {
			addLine(p, s.X, s.Y, fade(Grey, 0.5), 0.4)
			record(data, k, s)
		}
		x, y := meanStroke(group)
		addLine(p, x, y, Black, 1)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -3, 3, -3, 3
	})
}

// TimeCourses draws the same strokes against time: x and y in cm against s.
func TimeCourses(strokes []stroke.Stroke, letters string, n int) *Panel {
	longest := 0
	for _, s := range strokes {
		longest = max(longest, s.Len())
	}
	return letterGrid("time_courses", strokes, letters, n, func(p *plot.Plot, group []stroke.Stroke, data *display.Table) {
		for k, s := range group {
			t := index(s.Len())
			for i := range t {
				t[i] *= stroke.Step
			}
			addLine(p, t, s.X, fade(Blue, 0.35), 0.4)
			addLine(p, t, s.Y, fade(Orange, 0.45), 0.4)
			record(data, k, s)
		}
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(longest)*stroke.Step, -3, 3
	})
}

func record(data *display.Table, k int, s stroke.Stroke) {
	for i := range s.X {
		data.Rows = append(data.Rows, []any{s.Letter(), k, float64(i) * stroke.Step, s.X[i], s.Y[i]})
	}
}

func letterGrid(name string, strokes []stroke.Stroke, letters string, n int, one func(*plot.Plot, []stroke.Stroke, *display.Table)) *Panel {
	set := stroke.Set{Strokes: strokes}
	data := display.Table{Columns: []string{"letter", "stroke", "t_s", "x_cm", "y_cm"}}
	var plots []*plot.Plot
	for _, letter := range letters {
		l, err := stroke.LabelOf(string(letter))
		if err != nil {
			return emptyPanel(name, err.Error())
		}
		group := slices.DeleteFunc(slices.Clone(set.Of(l)), func(s stroke.Stroke) bool { return len(finite(s.X, s.Y)) < 2 })
		if len(group) == 0 {
			continue
		}
		if len(group) > n {
			group = group[:n]
		}
		p := newPlot(group[0].Letter(), "", "")
		one(p, group, &data)
		plots = append(plots, p)
	}
	if len(plots) == 0 {
		return emptyPanel(name, fmt.Sprintf("no strokes of the letters %s", letters))
	}
	xlab, ylab := "x [cm]", "y [cm]"
	if name == "time_courses" {
		xlab, ylab = "time [s]", "[cm]"
	}
	square := name == "letters"
	return &Panel{Name: name, Data: data, draw: func(c draw.Canvas) {
		cols := columns(len(plots), c, square)
		for i, p := range plots {
			// One scale for all: its ends are named once for a row and a column.
			p.X.Label.Text, p.Y.Label.Text = "", ""
			p.X.Tick.Marker, p.Y.Tick.Marker = ends{unnamed: true}, ends{unnamed: true}
			if i+cols >= len(plots) {
				p.X.Label.Text, p.X.Tick.Marker = xlab, ends{}
			}
			if i%cols == 0 {
				p.Y.Label.Text, p.Y.Tick.Marker = ylab, ends{}
			}
		}
		if !square {
			c = drawKey(c, []string{"x", "y"}, []color.RGBA{Blue, Orange})
		}
		tile(c, plots, cols, square)
	}}
}

// columns chooses how many of n drawings stand side by side, so that each is
// about square, or somewhat wider than high.
func columns(n int, c draw.Canvas, square bool) int {
	aspect := float64(c.Size().X / c.Size().Y)
	if !square {
		aspect /= 1.3
	}
	cols := int(math.Round(math.Sqrt(float64(n) * aspect)))
	cols = max(1, min(n, cols))
	// No half-empty last row where fewer columns do as well.
	rows := (n + cols - 1) / cols
	return (n + rows - 1) / rows
}

// meanStroke averages strokes at equal fractions of their durations: at equal
// times it would jump wherever one of them ends.
func meanStroke(group []stroke.Stroke) (x, y []float64) {
	const points = 101
	x, y = make([]float64, points), make([]float64, points)
	for _, s := range group {
		for i := range points {
			f := float64(i) / (points - 1) * float64(s.Len()-1)
			k := int(math.Min(f, float64(s.Len()-2)))
			f -= float64(k)
			x[i] += ((1-f)*s.X[k] + f*s.X[k+1]) / float64(len(group))
			y[i] += ((1-f)*s.Y[k] + f*s.Y[k+1]) / float64(len(group))
		}
	}
	return x, y
}

// Augmentation draws a stroke, resized, then sped up or slowed down: the path
// above, x and y against time below.
func Augmentation(s stroke.Stroke, size, speed float64) *Panel {
	if len(finite(s.X, s.Y)) < 2 {
		return emptyPanel("augmentation", "a stroke without two points")
	}
	stages := []struct {
		name string
		s    stroke.Stroke
	}{{"recorded", s}, {fmt.Sprintf("size %.1f", size), s.Resize(size)}, {fmt.Sprintf("size %.1f, speed %.1f", size, speed), s.Resize(size).Respeed(speed)}}
	data := display.Table{Columns: []string{"stage", "t_s", "x_cm", "y_cm"}}
	var plots []*plot.Plot
	longest := 0
	for _, g := range stages {
		longest = max(longest, g.s.Len())
	}
	for _, g := range stages {
		p := newPlot(g.name, "x [cm]", "y [cm]")
		addLine(p, g.s.X, g.s.Y, Black, 0.8)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -7, 7, -7, 7
		plots = append(plots, p)
	}
	for _, g := range stages {
		p := newPlot("", "time [s]", "position [cm]")
		t := index(g.s.Len())
		for i := range t {
			t[i] *= stroke.Step
			data.Rows = append(data.Rows, []any{g.name, t[i], g.s.X[i], g.s.Y[i]})
		}
		addLine(p, t, g.s.X, Blue, 0.8)
		addLine(p, t, g.s.Y, Orange, 0.8)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(longest)*stroke.Step, -7, 7
		plots = append(plots, p)
	}
	return &Panel{Name: "augmentation", Data: data, draw: func(c draw.Canvas) {
		tile(drawKey(c, []string{"x", "y"}, []color.RGBA{Blue, Orange}), plots, 3, false)
	}}
}

// legendEntry adds a line sample to a plot's legend.
func legendEntry(p *plot.Plot, name string, c color.Color, width vg.Length, dashes ...vg.Length) {
	p.Legend.Add(name, &plotter.Line{LineStyle: draw.LineStyle{Color: c, Width: width, Dashes: dashes}})
}
