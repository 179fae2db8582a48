package figure

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/task"
)

// groupOf is the group that colours a model's task.
func groupOf(name string) string {
	if t, err := task.Lookup(name); err == nil {
		return t.Group
	}
	return name // untrained, linear, ceiling
}

// titleOf is a task's name in the paper.
func titleOf(name string) string {
	if t, err := task.Lookup(name); err == nil {
		return t.Title
	}
	return name
}

// Units draws the test explained variance of every unit for each group of
// models of a summary, averaged over a group's models.
func Units(title string, groups []probe.Group) *Panel {
	var models []Model
	for _, g := range groups {
		byUnit := map[int][]float64{}
		var ids []int
		for _, s := range g.Scores {
			for j, u := range s.UnitIDs {
				if byUnit[u] == nil {
					ids = append(ids, u)
				}
				byUnit[u] = append(byUnit[u], s.EVTest[j])
			}
		}
		m := Model{Name: titleOf(g.Task), Group: groupOf(g.Task)}
		switch g.Task {
		case "linear":
			m.Name = "linear: " + probe.FeatureTitle(g.Family)
		default:
			m.Name += " " + FamilyShort(g.Family)
		}
		for _, u := range ids {
			sum := 0.0
			for _, v := range byUnit[u] {
				sum += v
			}
			m.EV = append(m.EV, sum/float64(len(byUnit[u])))
		}
		models = append(models, m)
	}
	return ExplainedVariance(title, models)
}

// Layers draws mean test explained variance against layer for every network of
// a table; untrained twins are dashed.
func Layers(title string, t *probe.Table) *Panel { return LayersOf(title, t.ByLayer()) }

// LayersOf is [Layers] for layer scores.
func LayersOf(title string, scores []probe.Score) *Panel {
	at := map[probe.Model]int{}
	var curves []LayerCurve
	tasks := map[string]bool{}
	for i := range scores {
		if s := &scores[i]; trainedOn(s) {
			tasks[s.Task] = true
		}
	}
	for i := range scores {
		s := &scores[i]
		if !ofNetwork(s) {
			continue
		}
		i, ok := at[s.Model]
		if !ok {
			i = len(curves)
			at[s.Model] = i
			c := LayerCurve{Name: titleOf(s.Task) + ", " + FamilyName(s.Family), Group: groupOf(s.Task), Dashed: s.Task == probe.Untrained}
			if len(tasks) < 2 { // one task: the family tells networks apart
				c.Family = s.Family
				c.Name = FamilyName(s.Family)
				if c.Dashed {
					c.Name += ", untrained"
				}
			}
			if s.Task == probe.DataDriven {
				c.Family, c.Name = "", "data-driven"
			}
			curves = append(curves, c)
		}
		curves[i].EV = append(curves[i].EV, s.MeanTest)
	}
	return ByLayer(title, curves)
}

// Correlation draws, for the networks trained on one task, test performance
// against the best layer's mean test explained variance, with Pearson's r, p
// and the least-squares line for each animal.
func Correlation(name string, t *probe.Table) *Panel {
	k, err := task.Lookup(name)
	if err != nil {
		return emptyPanel("correlation", err.Error())
	}
	label := k.MetricName() // with its unit
	at := map[string]int{}
	var groups []Correlated
	for _, s := range t.BestLayers() {
		if s.Task != k.Name {
			continue
		}
		i, ok := at[s.Monkey]
		if !ok {
			i = len(groups)
			at[s.Monkey] = i
			groups = append(groups, Correlated{Name: s.Monkey})
		}
		groups[i].Performance = append(groups[i].Performance, s.TestMetric)
		groups[i].EV = append(groups[i].EV, s.MeanTest)
	}
	for i := range groups {
		g := &groups[i]
		if c, err := stats.Pearson(g.Performance, g.EV); err == nil {
			g.R, g.P = c.R, c.P
		} else {
			g.R, g.P = nan, nan
		}
		if l, err := stats.LeastSquares(g.Performance, g.EV); err == nil {
			g.Slope, g.Icpt = l.Slope, l.Intercept
		} else {
			g.Slope = nan
		}
	}
	return PerformanceAgainstEV(k.Title, "test "+label, groups)
}

// BestLayersOf draws how often each layer is the best, for trained and for
// untrained networks of a table.
func BestLayersOf(title string, t *probe.Table) *Panel {
	names := []string{"trained", "untrained"}
	layers := make([][]int, 2)
	for _, s := range t.BestLayers() {
		switch {
		case s.Family == "" || s.LayerType == "linear":
		case s.Task == probe.Untrained:
			layers[1] = append(layers[1], s.Layer+1)
		default:
			layers[0] = append(layers[0], s.Layer+1)
		}
	}
	return BestLayers(title, names, layers)
}

// NetworkScores turns a probe's table into the lines of the task-space matrix.
func NetworkScores(t *probe.Table) []stats.NetworkScore { return SpaceScores(t.ByLayer()) }

// TaskPoints pairs the rows of an embedding, shape [group·tasks + task][2],
// with their tasks and means.
func TaskPoints(space *stats.TaskSpace, tasks []string, embedding interface {
	Dims() (r, c int)
	At(i, j int) float64
}) []TaskPoint {
	n, _ := embedding.Dims()
	out := make([]TaskPoint, n)
	for i := range out {
		name := tasks[i%len(tasks)]
		out[i] = TaskPoint{Task: titleOf(name), Group: groupOf(name), X: embedding.At(i, 0), Y: embedding.At(i, 1), Mean: space.Means[i]}
	}
	return out
}

// TaskMeans draws the mean z-scored gain of every task in every group of a
// task space.
func TaskMeans(title string, space *stats.TaskSpace, tasks []string) *Panel {
	groups := len(space.Means) / max(1, len(tasks))
	values := make([][]float64, len(tasks))
	rows, columns := make([]string, len(tasks)), make([]string, groups)
	for g := range columns {
		columns[g] = fmt.Sprintf("group %d", g+1)
	}
	for t, name := range tasks {
		rows[t] = titleOf(name)
		for g := range columns {
			values[t] = append(values[t], space.Means[g*len(tasks)+t])
		}
	}
	return Heatmap(title, rows, columns, values, "mean z")
}
