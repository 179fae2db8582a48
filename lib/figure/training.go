package figure

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
)

// A Curve is one run's loss against training steps.
type Curve struct {
	Name       string
	Family     string // colours the line
	Step, Loss []float64
	Dashed     bool // validation
}

// LossCurves draws losses against training steps. The loss axis is
// logarithmic when all losses are positive and span more than a factor of 20.
func LossCurves(title, unit string, curves []Curve) *Panel {
	return lossCurves(title, "loss ["+unit+"]", curves)
}

func lossCurves(title, label string, curves []Curve) *Panel {
	data := display.Table{Columns: []string{"run", "step", "loss"}}
	p := newPlot(title, "training step", label)
	p.X.Tick.Marker = niceTicks{whole: true}
	var all [][]float64
	for i, c := range curves {
		col := FamilyColor(c.Family)
		if c.Family == "" {
			col = Palette[i%len(Palette)]
		}
		var l *plotter.Line
		if c.Dashed {
			l = addLine(p, c.Step, c.Loss, col, 0.9, 2, 1.5)
		} else {
			l = addLine(p, c.Step, c.Loss, col, 0.9)
		}
		if l != nil {
			p.Legend.Add(c.Name, l)
		}
		for k := range c.Step {
			data.Rows = append(data.Rows, []any{c.Name, c.Step[k], c.Loss[k]})
		}
		all = append(all, c.Loss)
	}
	lo, hi, ok := span(all...)
	if !ok {
		return emptyPanel("loss", "no finite loss to draw")
	}
	if lo > 0 && hi/lo > 20 {
		p.Y.Scale = plot.LogScale{}
		p.Y.Tick.Marker = logTicks{}
	} else {
		p.Y.Min, p.Y.Max = math.Min(lo, 0), hi*1.05
	}
	return plotPanel("loss", p, data)
}

// A Score is one network's test performance on one task.
type Score struct {
	Task, Family string
	Depth        int // number of layers as the paper counts them
	Value        float64
}

// TaskPerformance draws one task's test performance against depth, a column
// per family and depth, each network a point, the median of a column a bar.
// Label is the metric with its unit; the paper's "Test MSE" is in truth a mean
// distance (spec/02, section 0).
func TaskPerformance(title, label string, scores []Score) *Panel {
	return taskPerformance(title, label, scores, nil, math.NaN())
}

func taskPerformance(title, label string, scores, twins []Score, chance float64) *Panel {
	families := []string{"spatial_temporal", "temporal_spatial", "spatiotemporal", "lstm"}
	data := display.Table{Columns: []string{"task", "family", "depth", "value"}}
	p := newPlot(title, "", label)
	var ticks []plot.Tick
	x, at := 0.0, 0
	var values []float64
	for _, f := range families {
		byDepth := map[int][]float64{}
		for _, s := range scores {
			if s.Family == f && !bad(s.Value) {
				byDepth[s.Depth] = append(byDepth[s.Depth], s.Value)
				data.Rows = append(data.Rows, []any{s.Task, f, s.Depth, s.Value})
			}
		}
		var depths []int
		for d := range byDepth {
			depths = append(depths, d)
		}
		if len(depths) == 0 {
			continue
		}
		sort.Ints(depths)
		for _, d := range depths {
			v := byDepth[d]
			sort.Float64s(v)
			xs := make([]float64, len(v))
			for i := range v {
				xs[i] = x + 0.8*jitter(at)
				at++
			}
			addPoints(p, xs, v, fade(FamilyColor(f), 0.75), 1.3)
			for _, twin := range twins {
				if twin.Family == f && twin.Depth == d && !bad(twin.Value) {
					addPoints(p, []float64{x + 0.8*jitter(at)}, []float64{twin.Value}, fade(Grey, 0.8), 1.3)
					at++
					values = append(values, twin.Value)
					data.Rows = append(data.Rows, []any{twin.Task + " (untrained)", f, d, twin.Value})
				}
			}
			m := median(v)
			addLine(p, []float64{x - 0.35, x + 0.35}, []float64{m, m}, FamilyColor(f), 1.2)
			ticks = append(ticks, plot.Tick{Value: x, Label: fmt.Sprint(d)})
			values = append(values, v...)
			x++
		}
		p.Legend.Add(FamilyName(f), &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: FamilyColor(f), Radius: 2, Shape: draw.CircleGlyph{}}})
		x += 0.7
	}
	lo, hi, ok := span(values)
	if !ok {
		return emptyPanel("task_performance", title+": no network has a finite score")
	}
	if !bad(chance) {
		l := addLine(p, []float64{-0.8, x - 0.7}, []float64{chance, chance}, Grey, 0.7, 2, 2)
		p.Legend.Add("chance", l)
		data.Rows = append(data.Rows, []any{"chance", "", nil, chance})
		hi = math.Max(hi, chance)
	}
	if len(twins) > 0 {
		p.Legend.Add("untrained", &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: Grey, Radius: 2, Shape: draw.CircleGlyph{}}})
	}
	p.X.Label.Text = "layers"
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Min, p.X.Max = -0.8, x-0.7
	p.Y.Min, p.Y.Max = math.Min(0, lo), hi+(hi-math.Min(0, lo))*0.05
	return plotPanel("task_performance", p, data)
}
