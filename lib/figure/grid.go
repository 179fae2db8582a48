package figure

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// families in the order of the paper's panels of performance.
var families = []string{"spatiotemporal", "temporal_spatial", "spatial_temporal", "lstm"}

// metricLabel names a task's metric in the width of a small panel. What the
// original calls "Test MSE" is the mean distance over all outputs; where these
// have several units the word is shortened.
func metricLabel(t task.Task) string {
	switch {
	case t.Metric == task.MetricAccuracy:
		return "accuracy"
	case t.Metric == task.MetricBarlow:
		return "loss"
	case strings.Contains(t.Unit, ","):
		return "dist. [" + t.Unit + "]"
	}
	return "distance [" + t.Unit + "]"
}

var shorter = strings.NewReplacer("position", "pos.", "velocity", "vel.", "acceleration", "acc.")

// shortTitle is a task's name in the width of a small panel, as the paper
// shortens it; a name that fits stays whole.
func shortTitle(t task.Task) string {
	if len(t.Title) <= 20 {
		return t.Title
	}
	return shorter.Replace(t.Title)
}

// animalName is how a reader is told of an animal: tables of scores leave it
// empty, or write "unknown", where the file of the recording names none.
func animalName(monkey string) string {
	if monkey == "" || monkey == "unknown" {
		return "animal not named"
	}
	return monkey
}

// PerformanceByTask draws test performance against depth for every task that
// has scores, a small panel each in the order of the task table: each network a
// point, in the colour of its family, the median of a column a bar.
func PerformanceByTask(title string, scores []Score) *Panel {
	data := display.Table{Columns: []string{"task", "family", "depth", "value"}}
	byTask := map[string][]Score{}
	for _, s := range scores {
		if !bad(s.Value) && s.Depth > 0 && s.Depth <= maxDepth {
			byTask[s.Task] = append(byTask[s.Task], s)
		}
	}
	var plots []*plot.Plot
	radius, bar := vg.Length(0.8), 0.12
	if len(byTask) <= 6 {
		radius, bar = 1.4, 0.2
	}
	for _, t := range task.All() {
		own := byTask[t.Name]
		if len(own) == 0 {
			continue
		}
		p := newPlot(shortTitle(t), "layers", metricLabel(t))
		var values []float64
		deepest := 0
		for f, family := range families {
			offset := (float64(f) - 1.5) * 0.2
			byDepth := map[int][]float64{}
			for _, s := range own {
				if s.Family == family {
					byDepth[s.Depth] = append(byDepth[s.Depth], s.Value)
					deepest = max(deepest, s.Depth)
				}
			}
			for d := 1; d <= deepest; d++ {
				v := byDepth[d]
				if len(v) == 0 {
					continue
				}
				sort.Float64s(v)
				xs := make([]float64, len(v))
				for i := range v {
					xs[i] = float64(d) + offset + 0.3*jitter(i)
					data.Rows = append(data.Rows, []any{t.Name, family, d, v[i]})
				}
				addPoints(p, xs, v, fade(FamilyColor(family), 0.6), radius)
				m := median(v)
				addLine(p, []float64{float64(d) + offset - bar, float64(d) + offset + bar}, []float64{m, m}, FamilyColor(family), 1.2)
				values = append(values, v...)
			}
		}
		if len(values) == 0 {
			continue
		}
		lo, hi, _ := span(values)
		p.X.Min, p.X.Max = 0.3, float64(max(deepest, 4))+0.7
		p.Y.Min, p.Y.Max = lo-0.06*(hi-lo), hi+0.06*(hi-lo)
		p.X.Tick.Marker = evenDepths(deepest)
		plots = append(plots, p)
	}
	if len(plots) == 0 {
		return emptyPanel("performance_by_task", title+": no network of a known task has a finite score")
	}
	return &Panel{Name: "performance_by_task", Data: data, draw: func(c draw.Canvas) {
		c = familyLegend(c, title, scores)
		tile(c, plots, gridColumns(len(plots)), false)
	}}
}

// maxDepth is more layers than any network has; a depth beyond it is a mistake.
const maxDepth = 64

// gridColumns sets sixteen panels four by four.
func gridColumns(n int) int { return int(math.Ceil(math.Sqrt(float64(n)))) }

func evenDepths(deepest int) plot.ConstantTicks {
	var ticks []plot.Tick
	for d := 1; d <= max(deepest, 4); d++ {
		t := plot.Tick{Value: float64(d)}
		if d%2 == 0 {
			t.Label = fmt.Sprint(d)
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// familyLegend writes a title and the families that occur in one line on top
// and returns what is left of the canvas.
func familyLegend(c draw.Canvas, title string, scores []Score) draw.Canvas {
	s := textStyle(titleSize, Black)
	s.YAlign = draw.YTop
	x := c.Min.X + 6*mm
	at := func(text string, style *draw.TextStyle) {
		c.FillText(*style, pt(x, c.Max.Y), text)
		x += style.Width(text)
	}
	at(title, &s)
	small := textStyle(tickSize, Black)
	small.YAlign = draw.YTop
	for _, f := range families {
		found := false
		for _, score := range scores {
			found = found || score.Family == f
		}
		if !found {
			continue
		}
		x += 5 * mm
		c.DrawGlyph(draw.GlyphStyle{Color: FamilyColor(f), Radius: 1.8, Shape: draw.CircleGlyph{}}, pt(x-2*mm, c.Max.Y-titleSize*0.55))
		at(FamilyName(f), &small)
	}
	c.Max.Y -= titleSize * 1.8
	return c
}

// Performances takes the scores of trained networks from a table of results.
func Performances(rows []train.Row) []Score {
	var out []Score
	for _, r := range rows {
		if r.Done() {
			out = append(out, Score{Task: r.Task, Family: r.Family, Depth: r.Depth, Value: r.Test})
		}
	}
	return out
}

// PerformancesOf takes them from a table of layer scores, each network once.
func PerformancesOf(scores []probe.Score) []Score {
	type network struct {
		task, name string
		seed       uint64
	}
	seen := map[network]bool{}
	var out []Score
	for i := range scores {
		s := &scores[i]
		k := network{s.Task, s.Name, s.Seed}
		if !trainedOn(s) || seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, Score{Task: s.Task, Family: s.Family, Depth: s.MaxLayer, Value: s.TestMetric})
	}
	return out
}

// A TaskCorrelation is Pearson's correlation of task performance with neural
// prediction over the networks of one task and animal.
type TaskCorrelation struct {
	Task, Monkey, Condition string
	stats.Correlation
	Line stats.Line
}

// Correlations computes them for every task, animal and condition of a table,
// in the order of tasks; those with fewer than three networks, or without
// spread, are left out.
func Correlations(scores []probe.Score) []TaskCorrelation {
	type key struct{ task, monkey, condition string }
	type points struct{ x, y []float64 }
	by := map[key]*points{}
	var order []key
	for _, s := range Best(scores) {
		if !trainedOn(&s) || bad(s.TestMetric) || bad(s.MeanTest) {
			continue
		}
		k := key{s.Task, s.Monkey, s.Condition}
		if by[k] == nil {
			by[k] = &points{}
			order = append(order, k)
		}
		by[k].x, by[k].y = append(by[k].x, s.TestMetric), append(by[k].y, s.MeanTest)
	}
	rank := map[string]int{}
	for i, t := range task.All() {
		rank[t.Name] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return rank[order[i].task] < rank[order[j].task] })
	var out []TaskCorrelation
	for _, k := range order {
		c, err := stats.Pearson(by[k].x, by[k].y)
		if err != nil || c.N < 3 {
			continue
		}
		l, err := stats.LeastSquares(by[k].x, by[k].y)
		if err != nil {
			continue
		}
		out = append(out, TaskCorrelation{k.task, k.monkey, k.condition, c, l})
	}
	return out
}

// CorrelationTable shows correlations in a notebook.
func CorrelationTable(all []TaskCorrelation) display.Table {
	t := display.Table{Columns: []string{"task", "animal", "condition", "n", "r", "p"}}
	for _, c := range all {
		t.Rows = append(t.Rows, []any{titleOf(c.Task), animalName(c.Monkey), c.Condition, c.N, c.R, c.P})
	}
	return t
}

// CorrelationByTask draws, for every task of a table, the networks' test
// performance against their best layer's mean test explained variance, an
// animal a colour, with r of each and the least-squares lines. Where there are
// two conditions, the second has rings and dashed lines.
func CorrelationByTask(title string, scores []probe.Score) *Panel {
	data := display.Table{Columns: []string{"task", "monkey", "condition", "model", "test_metric", "ev_test"}}
	best := Best(scores)
	var monkeys []string
	known := map[string]int{}
	for i := range best {
		if _, ok := known[best[i].Monkey]; !ok && trainedOn(&best[i]) {
			known[best[i].Monkey] = len(monkeys)
			monkeys = append(monkeys, best[i].Monkey)
		}
	}
	// Small panels have no room to say of each line that the animal has no name.
	alone := len(monkeys) == 1 && animalName(monkeys[0]) != monkeys[0]
	if alone {
		title += " (" + animalName(monkeys[0]) + ")"
	}
	lines := Correlations(scores)
	several := false
	for _, l := range lines {
		several = several || l.Condition != lines[0].Condition
	}
	tasks := map[string]bool{}
	for i := range best {
		if trainedOn(&best[i]) {
			tasks[best[i].Task] = true
		}
	}
	radius := vg.Length(0.9)
	if len(tasks) <= 6 {
		radius = 1.4
	}
	var plots []*plot.Plot
	for _, t := range task.All() {
		p := newPlot(shortTitle(t), "", "")
		var xs, ys []float64
		type series struct {
			monkey string
			second bool // condition
		}
		points := map[series]plotter.XYs{}
		for i := range best {
			if s := &best[i]; s.Task == t.Name && trainedOn(s) && !bad(s.TestMetric) && !bad(s.MeanTest) {
				k := series{s.Monkey, several && s.Condition != lines[0].Condition}
				points[k] = append(points[k], plotter.XY{X: s.TestMetric, Y: s.MeanTest})
				data.Rows = append(data.Rows, []any{t.Name, s.Monkey, s.Condition, s.Name, s.TestMetric, s.MeanTest})
				xs, ys = append(xs, s.TestMetric), append(ys, s.MeanTest)
			}
		}
		lo, hi, ok := span(xs)
		if !ok {
			continue
		}
		for i, m := range monkeys {
			c := Palette[i%len(Palette)]
			if xys := points[series{m, false}]; len(xys) > 0 {
				p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: fade(c, 0.6), Radius: radius, Shape: draw.CircleGlyph{}}})
			}
			if xys := points[series{m, true}]; len(xys) > 0 {
				p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.RingGlyph{}}})
			}
			for _, l := range lines {
				if l.Task != t.Name || l.Monkey != m {
					continue
				}
				at := func(x float64) float64 { return l.Line.Intercept + l.Line.Slope*x }
				var dashes []vg.Length
				if l.Condition != lines[0].Condition {
					dashes = []vg.Length{3, 2}
				}
				fit := addLine(p, []float64{lo, hi}, []float64{at(lo), at(hi)}, c, 0.9, dashes...)
				var of []string
				if !alone {
					of = append(of, animalName(m))
				}
				if several {
					of = append(of, l.Condition)
				}
				name := fmt.Sprintf("n = %d, r = %s", l.N, minus(fmt.Sprintf("%.2f", l.R)))
				if len(of) > 0 {
					name = strings.Join(of, ", ") + ": " + name
				}
				p.Legend.Add(name, fit)
			}
		}
		bottom, top, _ := span(ys)
		p.X.Label.Text, p.Y.Label.Text = "test "+metricLabel(t), "test EV"
		p.X.Min, p.X.Max = lo-0.05*(hi-lo), hi+0.05*(hi-lo)
		p.Y.Min, p.Y.Max = bottom-0.05*(top-bottom), top+0.05*(top-bottom)
		plots = append(plots, p)
	}
	if len(plots) == 0 {
		return emptyPanel("correlation_by_task", title+": no trained network with finite scores")
	}
	return &Panel{Name: "correlation_by_task", Data: data, draw: func(c draw.Canvas) {
		s := textStyle(titleSize, Black)
		s.YAlign = draw.YTop
		c.FillText(s, pt(c.Min.X+6*mm, c.Max.Y), title)
		c.Max.Y -= titleSize * 1.6
		tile(c, plots, gridColumns(len(plots)), false)
	}}
}

// BestLayersByAnimal draws how often each layer is the best of the networks of
// one task that have exactly so many layers (0: any number), for each animal,
// as the paper's histograms of networks with ten layers.
func BestLayersByAnimal(title, name string, scores []probe.Score, layers int) *Panel {
	t, err := task.Lookup(name)
	if err != nil {
		return emptyPanel("best_layers", err.Error())
	}
	var names, shown []string
	at := map[string]int{}
	var found [][]int
	for _, s := range Best(scores) {
		if s.Task != t.Name || !ofNetwork(&s) || layers > 0 && s.MaxLayer != layers {
			continue
		}
		i, ok := at[s.Monkey]
		if !ok {
			i = len(names)
			at[s.Monkey] = i
			names, shown, found = append(names, s.Monkey), append(shown, animalName(s.Monkey)), append(found, nil)
		}
		found[i] = append(found[i], s.Layer+1)
	}
	return bestLayers(title, names, shown, found)
}
