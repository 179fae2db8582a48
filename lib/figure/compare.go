package figure

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/task"
)

// Pairs are paired values of one group, such as the explained variance of
// networks after (Y) and before (X) training.
type Pairs struct {
	Name, Group string // Group colours it; empty: by place
	X, Y        []float64
}

// Paired draws pairs against each other with the line of equality. The legend
// has for each group the median of Y − X and the two-sided p of Wilcoxon's
// signed-rank test, or that there are too few pairs to test.
func Paired(title, xlabel, ylabel string, groups []Pairs) *Panel {
	data := display.Table{Columns: []string{"group", "x", "y"}}
	p := newPlot(title, xlabel, ylabel)
	var all [][]float64
	for i, g := range groups {
		if len(g.X) != len(g.Y) {
			panic("figure: Paired needs as many X as Y")
		}
		c := Palette[i%len(Palette)]
		if g.Group != "" {
			c = GroupColor(g.Group)
		}
		var x, y, difference []float64
		for k := range g.X {
			data.Rows = append(data.Rows, []any{g.Name, g.X[k], g.Y[k]})
			if !bad(g.X[k]) && !bad(g.Y[k]) {
				x, y, difference = append(x, g.X[k]), append(y, g.Y[k]), append(difference, g.Y[k]-g.X[k])
			}
		}
		if len(x) == 0 {
			continue
		}
		style := draw.GlyphStyle{Color: fade(c, 0.7), Radius: 1.4, Shape: glyphs[i%len(glyphs)]}
		p.Add(&plotter.Scatter{XYs: finite(x, y), GlyphStyle: style})
		sort.Float64s(difference)
		name := fmt.Sprintf("%s: n = %d, median %s, ", g.Name, len(x), minus(fmt.Sprintf("%+.2g", median(difference))))
		if w, err := stats.Wilcoxon(y, x, stats.TwoSided, stats.Auto, stats.DropZeros); err == nil && len(x) > 5 {
			name += fmt.Sprintf("p = %.2g", w.P)
		} else {
			name += "too few to test"
		}
		style.Radius = 1.8
		p.Legend.Add(name, &plotter.Scatter{GlyphStyle: style})
		all = append(all, x, y)
	}
	lo, hi, ok := span(all...)
	if !ok {
		return emptyPanel("paired", title+": no pair of finite values")
	}
	line := addLine(p, []float64{lo, hi}, []float64{lo, hi}, Grey, 0.6, 2, 2)
	p.Legend.Add("equal", line)
	p.Legend.Left = true
	pad := 0.05 * (hi - lo)
	p.X.Min, p.X.Max = lo-pad, hi+pad
	p.Y.Min, p.Y.Max = lo-pad, hi+pad
	return plotPanel("paired", p, data)
}

// ofNetwork tells the scores of networks from those of linear models and ceilings.
func ofNetwork(s *probe.Score) bool {
	return s.Family != "" && s.LayerType != "linear" && s.Task != "linear" && s.Task != probe.Ceiling
}

// trainedOn tells the scores of networks that were trained on one of the tasks.
func trainedOn(s *probe.Score) bool {
	return ofNetwork(s) && s.Task != probe.Untrained && s.Task != probe.DataDriven
}

// twin is what a network and its untrained self have in common.
type twin struct {
	name, monkey, session, condition string
	seed                             uint64
}

func twinOf(s *probe.Score) twin {
	return twin{s.Name, s.Monkey, s.Session, s.Condition, s.Seed}
}

// TwinPairs pairs, for every trained network of a table, its best layer's mean
// test explained variance (Y) with that of the same network untrained (X), by
// group of tasks.
func TwinPairs(scores []probe.Score) []Pairs {
	best := Best(scores)
	before := map[twin]float64{}
	for i := range best {
		if best[i].Task == probe.Untrained {
			before[twinOf(&best[i])] = best[i].MeanTest
		}
	}
	return pairsBy(best, func(s *probe.Score) (string, string, float64, float64, bool) {
		x, ok := before[twinOf(s)]
		g := groupOf(s.Task)
		return g, g, x, s.MeanTest, ok && trainedOn(s)
	})
}

// TrainedAgainstUntrained draws for every network of a table its best layer's
// mean test explained variance after training against that of the same network
// before, in the colour of its task's group.
func TrainedAgainstUntrained(title string, scores []probe.Score) *Panel {
	groups := TwinPairs(scores)
	if len(groups) == 0 {
		return emptyPanel("paired", title+": no network with its untrained twin")
	}
	return Paired(title, "untrained: test explained variance", "trained: test explained variance", groups)
}

// ActiveAgainstPassive draws each network's best layer's mean test explained
// variance in passive movements against that in active ones, by animal.
func ActiveAgainstPassive(title string, scores []probe.Score) *Panel {
	best := Best(scores)
	type other struct {
		task string
		twin
	}
	passive := map[other]float64{}
	for i := range best {
		if s := &best[i]; s.Condition == "passive" {
			k := other{s.Task, twinOf(s)}
			k.condition = ""
			passive[k] = s.MeanTest
		}
	}
	groups := pairsBy(best, func(s *probe.Score) (string, string, float64, float64, bool) {
		k := other{s.Task, twinOf(s)}
		k.condition = ""
		y, ok := passive[k]
		name := animalName(s.Monkey)
		if s.Task == probe.Untrained {
			name += ", untrained"
		}
		return name, "", s.MeanTest, y, ok && ofNetwork(s) && s.Condition == "active"
	})
	if len(groups) == 0 {
		return emptyPanel("paired", title+": no network with scores in active and in passive movements")
	}
	return Paired(title, "active: test explained variance", "passive: test explained variance", groups)
}

func pairsBy(scores []probe.Score, of func(*probe.Score) (name, group string, x, y float64, ok bool)) []Pairs {
	at := map[string]int{}
	var out []Pairs
	for i := range scores {
		name, group, x, y, ok := of(&scores[i])
		if !ok {
			continue
		}
		j, known := at[name]
		if !known {
			j = len(out)
			at[name] = j
			out = append(out, Pairs{Name: name, Group: group})
		}
		out[j].X, out[j].Y = append(out[j].X, x), append(out[j].Y, y)
	}
	return out
}

// kindOf sorts models into what the paper sets against each other.
func kindOf(s *probe.Score) (kind, group string) {
	switch {
	case s.Task == probe.Untrained:
		return "untrained networks", "untrained"
	case s.Task == probe.DataDriven:
		return "data-driven networks", "data-driven"
	case s.Task == "linear" || s.LayerType == "linear":
		return "linear models", "linear"
	case trainedOn(s):
		return groupOf(s.Task), groupOf(s.Task)
	}
	return "", ""
}

// Rivals draws the test explained variance of every unit by the task-driven
// networks of each group of tasks, by data-driven networks, by linear models
// and by untrained networks: a unit's value is the mean over the models of that
// kind, each at its best layer. It needs scores by unit.
func Rivals(title string, scores []probe.Score) *Panel {
	byKind, names := unitMeans(scores)
	if len(names) == 0 {
		return emptyPanel("explained_variance", title+": no scores of single units in this table")
	}
	var models []Model
	for _, k := range names {
		m := Model{Name: k.kind, Group: k.group}
		for _, u := range byKind[k].order {
			m.EV = append(m.EV, mean(byKind[k].values[u]))
		}
		models = append(models, m)
	}
	return ExplainedVariance(title, models)
}

// UnitsAgainst draws, unit by unit, the task-driven networks against each rival:
// linear models, data-driven networks and untrained ones.
func UnitsAgainst(title string, scores []probe.Score) *Panel {
	byKind, names := unitMeans(scores)
	driven := map[unitKey][]float64{}
	for _, k := range names {
		if _, err := groupTask(k.group); err == nil {
			for u, v := range byKind[k].values {
				driven[u] = append(driven[u], mean(v))
			}
		}
	}
	var groups []Pairs
	for _, k := range names {
		if _, err := groupTask(k.group); err == nil {
			continue
		}
		g := Pairs{Name: "against " + k.kind}
		for _, u := range byKind[k].order {
			if v, ok := driven[u]; ok {
				g.X, g.Y = append(g.X, mean(byKind[k].values[u])), append(g.Y, mean(v))
			}
		}
		if len(g.X) > 0 {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return emptyPanel("paired", title+": no unit scored by task-driven networks and by a rival")
	}
	return Paired(title, "rival: test explained variance", "task-driven: test explained variance", groups)
}

// groupTask returns a task of a hypothesis group, or an error if it is none.
func groupTask(group string) (string, error) {
	for _, t := range task.All() {
		if t.Group == group {
			return t.Name, nil
		}
	}
	return "", fmt.Errorf("figure: no group %q", group)
}

type kindKey struct{ kind, group string }

type unitKey struct {
	session, condition string
	unit               int
}

type unitValues struct {
	values map[unitKey][]float64
	order  []unitKey
}

// unitMeans gathers the units' explained variances by kind of model, task
// groups first in the order of the task table.
func unitMeans(scores []probe.Score) (map[kindKey]*unitValues, []kindKey) {
	byKind := map[kindKey]*unitValues{}
	var names []kindKey
	for _, s := range Best(scores) {
		kind, group := kindOf(&s)
		if kind == "" || len(s.EVTest) == 0 {
			continue
		}
		k := kindKey{kind, group}
		if byKind[k] == nil {
			byKind[k] = &unitValues{values: map[unitKey][]float64{}}
			names = append(names, k)
		}
		for j, u := range s.UnitIDs {
			uk := unitKey{s.Session, s.Condition, u}
			if _, known := byKind[k].values[uk]; !known {
				byKind[k].order = append(byKind[k].order, uk)
			}
			byKind[k].values[uk] = append(byKind[k].values[uk], s.EVTest[j])
		}
	}
	rank := map[string]int{}
	for i, t := range task.All() {
		if _, known := rank[t.Group]; !known {
			rank[t.Group] = i
		}
	}
	for i, g := range []string{"data-driven", "linear", "untrained"} {
		rank[g] = math.MaxInt32 + i
	}
	sort.SliceStable(names, func(i, j int) bool { return rank[names[i].group] < rank[names[j].group] })
	return byKind, names
}
