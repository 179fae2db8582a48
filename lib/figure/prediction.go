package figure

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
)

// A Model is the explained variance of every unit by one model.
type Model struct {
	Name  string
	Group string    // colours it: a task group, "untrained", "linear"
	EV    []float64 // per unit, test trials; NaN where undefined
}

// ExplainedVariance draws the test explained variance of every unit, a column
// per model: each unit a point, the median a bar.
func ExplainedVariance(title string, models []Model) *Panel {
	data := display.Table{Columns: []string{"model", "unit", "ev_test"}}
	p := newPlot(title, "", "test explained variance")
	names := make([]string, len(models))
	var all [][]float64
	for i, m := range models {
		names[i] = m.Name
		var xs, ys []float64
		for u, ev := range m.EV {
			data.Rows = append(data.Rows, []any{m.Name, u, ev})
			if !bad(ev) {
				xs, ys = append(xs, float64(i)+jitter(u)), append(ys, ev)
			}
		}
		addPoints(p, xs, ys, fade(GroupColor(m.Group), 0.6), 1.3)
		sort.Float64s(ys)
		med := median(ys)
		addLine(p, []float64{float64(i) - 0.38, float64(i) + 0.38}, []float64{med, med}, GroupColor(m.Group), 1.5)
		all = append(all, ys)
	}
	lo, hi, ok := span(all...)
	if !ok {
		return emptyPanel("explained_variance", title+": no unit has a finite explained variance")
	}
	addLine(p, []float64{-0.6, float64(len(models)) - 0.4}, []float64{0, 0}, Grey, 0.5, 2, 2)
	p.X.Min, p.X.Max = -0.6, float64(len(models))-0.4
	// A few units can be predicted far worse than by their mean; the axis keeps
	// the bulk readable, and the note says how many lie below.
	floor := math.Max(lo, -0.25)
	below := 0
	for _, v := range all {
		for _, x := range v {
			if x < floor {
				below++
			}
		}
	}
	p.Y.Min, p.Y.Max = math.Min(floor, 0)-0.02, hi+0.05
	if below > 0 {
		p.X.Label.Text = minus(fmt.Sprintf("%d points below %.2f not shown", below, floor))
	}
	return &Panel{Name: "explained_variance", Data: data, draw: func(c draw.Canvas) { drawNamed(p, names, c) }}
}

// A LayerCurve is the mean explained variance by layer for one network.
type LayerCurve struct {
	Name, Group string
	Family      string    // colours the line, before Group
	EV          []float64 // by layer, first to last
	Dashed      bool
}

// ByLayer draws explained variance against layer, a line per network.
func ByLayer(title string, curves []LayerCurve) *Panel {
	data := display.Table{Columns: []string{"network", "layer", "ev_test"}}
	p := newPlot(title, "layer", "mean test explained variance")
	var all [][]float64
	deepest := 1
	named := map[string]bool{} // networks of one kind share an entry
	for i, c := range curves {
		x := index(len(c.EV))
		for l := range x {
			x[l]++
			data.Rows = append(data.Rows, []any{c.Name, l + 1, c.EV[l]})
		}
		deepest = max(deepest, len(x))
		col := GroupColor(c.Group)
		switch {
		case c.Family != "":
			col = FamilyColor(c.Family)
		case c.Group == "":
			col = Palette[i%len(Palette)]
		}
		var l *plotter.Line
		if c.Dashed {
			l = addLine(p, x, c.EV, col, 0.9, 2, 1.5)
		} else {
			l = addLine(p, x, c.EV, col, 0.9)
		}
		addPoints(p, x, c.EV, col, 1.5)
		if l != nil && !named[c.Name] {
			named[c.Name] = true
			p.Legend.Add(c.Name, l)
		}
		all = append(all, c.EV)
	}
	lo, hi, ok := span(all...)
	if !ok {
		return emptyPanel("by_layer", title+": no layer has a finite explained variance")
	}
	p.X.Min, p.X.Max = 0.8, float64(deepest)+0.2
	p.Y.Min, p.Y.Max = lo-0.1*(hi-lo), hi+0.1*(hi-lo)
	var ticks []string
	for i := 0; i <= deepest; i++ {
		ticks = append(ticks, fmt.Sprint(i))
	}
	p.X.Tick.Marker = ticksAt(ticks)
	return plotPanel("by_layer", p, data)
}

// Correlated is one group of networks (an animal) in a correlation panel.
type Correlated struct {
	Name        string
	Performance []float64 // test performance on the task
	EV          []float64 // best layer's mean test explained variance
	R, P        float64   // Pearson's r and its two-sided p
	Slope, Icpt float64   // least squares
}

// PerformanceAgainstEV draws how well networks do their task against how well
// they predict neurons, with Pearson's r, p and the least-squares line.
func PerformanceAgainstEV(title, xlabel string, groups []Correlated) *Panel {
	data := display.Table{Columns: []string{"group", "performance", "ev_test"}}
	p := newPlot(title, xlabel, "test explained variance")
	var xs, ys [][]float64
	for i, g := range groups {
		c := Palette[i%len(Palette)]
		if addPoints(p, g.Performance, g.EV, fade(c, 0.7), 1.4) == nil {
			continue
		}
		lo, hi, _ := span(g.Performance)
		name := animalName(g.Name) + ": too few networks for a line"
		if !bad(g.Slope) && !bad(g.R) {
			addLine(p, []float64{lo, hi}, []float64{g.Icpt + g.Slope*lo, g.Icpt + g.Slope*hi}, c, 1)
			name = fmt.Sprintf("%s: n = %d, r = %s, p = %.2g", animalName(g.Name), len(finite(g.Performance, g.EV)), minus(fmt.Sprintf("%.2f", g.R)), g.P)
		}
		p.Legend.Add(name, &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: c, Radius: 1.8, Shape: draw.CircleGlyph{}}})
		for k := range g.EV {
			data.Rows = append(data.Rows, []any{g.Name, g.Performance[k], g.EV[k]})
		}
		xs, ys = append(xs, g.Performance), append(ys, g.EV)
	}
	left, right, ok := span(xs...)
	lo, hi, ok2 := span(ys...)
	if !ok || !ok2 {
		return emptyPanel("correlation", title+": no network with finite scores")
	}
	p.Legend.Left = true
	p.X.Min, p.X.Max = left-0.05*(right-left), right+0.05*(right-left)
	p.Y.Min, p.Y.Max = lo-0.05*(hi-lo), hi+0.05*(hi-lo)
	return plotPanel("correlation", p, data)
}

// BestLayers draws how often each layer is a network's best, per group, with
// the group's median as a dashed line.
func BestLayers(title string, names []string, layers [][]int) *Panel {
	return bestLayers(title, names, names, layers)
}

// bestLayers shows other names of the groups than those in the numbers.
func bestLayers(title string, names, shown []string, layers [][]int) *Panel {
	data := display.Table{Columns: []string{"group", "layer", "networks"}}
	p := newPlot(title, "best layer", "networks")
	deepest, tallest := 1, 0
	for i, name := range names {
		count := map[int]int{}
		var sorted []float64
		for _, l := range layers[i] {
			count[l]++
			deepest = max(deepest, l)
			tallest = max(tallest, count[l])
			sorted = append(sorted, float64(l))
		}
		if len(sorted) == 0 {
			continue
		}
		sort.Float64s(sorted)
		c := Palette[i%len(Palette)]
		w := 0.8 / float64(len(names))
		for l := 1; l <= deepest; l++ {
			if count[l] == 0 {
				continue
			}
			x := float64(l) - 0.4 + w*float64(i)
			box, err := plotter.NewPolygon(plotter.XYs{{X: x}, {X: x + w}, {X: x + w, Y: float64(count[l])}, {X: x, Y: float64(count[l])}})
			if err == nil {
				box.Color, box.LineStyle.Width = fade(c, 0.7), 0
				p.Add(box)
			}
			data.Rows = append(data.Rows, []any{name, l, count[l]})
		}
		m := median(sorted)
		addLine(p, []float64{m, m}, []float64{0, float64(tallest) * 1.1}, c, 1, 2, 2)
		legendEntry(p, fmt.Sprintf("%s (n = %d)", shown[i], len(sorted)), c, 2)
	}
	if tallest == 0 {
		return emptyPanel("best_layers", title+": no network")
	}
	p.X.Min, p.X.Max = 0.4, float64(deepest)+0.6
	p.Y.Min, p.Y.Max = 0, float64(tallest)*1.1
	p.Y.Tick.Marker = niceTicks{whole: true}
	var ticks []string
	for i := 0; i <= deepest; i++ {
		ticks = append(ticks, fmt.Sprint(i))
	}
	p.X.Tick.Marker = ticksAt(ticks)
	return plotPanel("best_layers", p, data)
}
