package probe

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stats"
)

// A Score is what one model comes to over the units of a session: for a
// network at its best layer.
type Score struct {
	Model
	Layer      int // from 0
	LayerName  string
	LayerType  string
	MaxLayer   int
	TestMetric float64 // on the network's own task
	Units      int

	MeanTrain, MeanTest, MedianTest float64
	EVTrain, EVTest                 []float64 // per unit, in the order of the table
	UnitIDs                         []int     // neuron_ids of those
}

// Model tells models of a table apart.
type Model struct {
	Task, Name, Family, Experiment string
	Seed                           uint64
	Monkey, Session, Area          string
	Condition                      string
}

func modelOf(r *Row) Model {
	return Model{r.Task, r.Model, r.Family, r.Experiment, r.Seed, r.Monkey, r.Session, r.Area, r.Condition}
}

// ByLayer returns the score of every layer of every model, in the table's order.
func (t *Table) ByLayer() []Score {
	type key struct {
		m     Model
		layer int
	}
	at := map[key]int{}
	var out []Score
	for i := range t.Rows {
		r := &t.Rows[i]
		k := key{modelOf(r), r.Layer}
		j, ok := at[k]
		if !ok {
			j = len(out)
			at[k] = j
			out = append(out, Score{Model: k.m, Layer: r.Layer, LayerName: r.LayerName, LayerType: r.LayerType,
				MaxLayer: r.MaxLayer, TestMetric: r.TestMetric})
		}
		s := &out[j]
		s.EVTrain, s.EVTest, s.UnitIDs = append(s.EVTrain, r.EVTrain), append(s.EVTest, r.EVTest), append(s.UnitIDs, r.Unit)
	}
	for i := range out {
		s := &out[i]
		s.Units = len(s.EVTest)
		s.MeanTrain, s.MeanTest, s.MedianTest = mean(s.EVTrain), mean(s.EVTest), Median(s.EVTest)
	}
	return out
}

// BestLayers returns for each model the layer with the largest mean training EV
// over units, as the paper chooses it (spec/03, 3); the first of equal ones.
func (t *Table) BestLayers() []Score {
	at := map[Model]int{}
	var out []Score
	for _, s := range t.ByLayer() {
		i, ok := at[s.Model]
		switch {
		case !ok:
			at[s.Model] = len(out)
			out = append(out, s)
		case s.MeanTrain > out[i].MeanTrain:
			out[i] = s
		}
	}
	return out
}

// Select returns a table of the rows for which keep is true.
func (t *Table) Select(keep func(*Row) bool) *Table {
	out := &Table{Caption: t.Caption, Warnings: t.Warnings}
	for i := range t.Rows {
		if keep(&t.Rows[i]) {
			out.Rows = append(out.Rows, t.Rows[i])
		}
	}
	return out
}

// mean is the mean of the values that are numbers, NaN where there are none.
func mean(v []float64) float64 {
	var s float64
	n := 0
	for _, x := range v {
		if !math.IsNaN(x) {
			s += x
			n++
		}
	}
	return s / float64(n)
}

// Median is the median of the values that are numbers, NaN where there are none.
func Median(v []float64) float64 {
	var s []float64
	for _, x := range v {
		if !math.IsNaN(x) {
			s = append(s, x)
		}
	}
	if len(s) == 0 {
		return math.NaN()
	}
	slices.Sort(s)
	if h := len(s) / 2; len(s)%2 == 1 {
		return s[h]
	} else {
		return (s[h-1] + s[h]) / 2
	}
}

// A Group is one line of a summary: the models of one task and family (or one
// linear set), each at its best layer.
type Group struct {
	Task, Family  string
	Area, Session string
	Condition     string
	Models, Units int
	Mean, Median  stats.Interval // of test EV over units, each unit's mean over the models
	Scores        []Score
}

// Name is the group's name in tables and figures.
func (g Group) Name() string {
	switch g.Task {
	case "linear":
		return "linear: " + FeatureTitle(g.Family)
	case Ceiling:
		if g.Family == "spikes" {
			return "ceiling: halves of spikes, taken as Poisson"
		}
		return "ceiling: halves of " + g.Family
	}
	return g.Task + ", " + g.Family
}

// Summary gives mean and median test EV over units of every group of models,
// with 95 % bootstrap intervals over units: best layers, EV averaged over the
// models of a group (seeds, architectures) first. It is ordered by mean.
func (t *Table) Summary(ctx context.Context, seed uint64) ([]Group, error) {
	type key struct{ task, family, area, session, condition string }
	at := map[key]int{}
	var out []Group
	for _, s := range t.BestLayers() {
		family := s.Family
		if s.Task == "linear" || s.Task == Ceiling {
			family = s.Model.Name
		}
		k := key{s.Task, family, s.Area, s.Session, s.Condition}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, Group{Task: s.Task, Family: family, Area: s.Area, Session: s.Session, Condition: s.Condition})
		}
		out[i].Scores = append(out[i].Scores, s)
	}
	for i := range out {
		g := &out[i]
		g.Models = len(g.Scores)
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
		slices.Sort(ids)
		var ev []float64
		for _, u := range ids {
			if m := mean(byUnit[u]); !math.IsNaN(m) {
				ev = append(ev, m)
			}
		}
		g.Units = len(ev)
		var err error
		if g.Mean, err = interval(ctx, ev, mean, seed, g.Name(), "mean"); err != nil {
			return nil, err
		}
		if g.Median, err = interval(ctx, ev, Median, seed, g.Name(), "median"); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Condition, b.Condition), cmp.Compare(b.Mean.Estimate, a.Mean.Estimate))
	})
	return out, nil
}

// interval is a statistic of values with its bootstrap interval; with fewer
// than two values the interval is NaN.
func interval(ctx context.Context, v []float64, statistic func([]float64) float64, seed uint64, names ...any) (stats.Interval, error) {
	if len(v) < 2 {
		nan := math.NaN()
		return stats.Interval{Estimate: statistic(v), Lo: nan, Hi: nan, Level: 0.95}, nil
	}
	of := func(idx []int) float64 {
		s := make([]float64, len(idx))
		for i, j := range idx {
			s[i] = v[j]
		}
		return statistic(s)
	}
	const replicates = 2000
	return stats.Bootstrap(ctx, len(v), of, stats.Percentile, 0.95, replicates, run.Stream(seed, names...))
}

// SummaryTable shows a summary in a notebook.
func SummaryTable(groups []Group, caption string) display.Table {
	d := display.Table{Caption: caption,
		Columns: []string{"session", "condition", "model", "models", "units", "mean EV", "95 % of mean", "median EV", "95 % of median", "train EV"}}
	ci := func(i stats.Interval) string {
		if math.IsNaN(i.Lo) {
			return ""
		}
		return fmt.Sprintf("%.3f … %.3f", i.Lo, i.Hi)
	}
	for _, g := range groups {
		var train []float64
		for _, s := range g.Scores {
			train = append(train, s.MeanTrain)
		}
		d.Rows = append(d.Rows, []any{g.Session, g.Condition, g.Name(), g.Models, g.Units,
			fmt.Sprintf("%.4f", g.Mean.Estimate), ci(g.Mean), fmt.Sprintf("%.4f", g.Median.Estimate), ci(g.Median), fmt.Sprintf("%.4f", mean(train))})
	}
	return d
}

// SummaryText is a summary as plain text, with the table's caption and warnings.
func SummaryText(groups []Group, t *Table) string {
	var b strings.Builder
	d := SummaryTable(groups, "")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(d.Columns, "\t"))
	for _, row := range d.Rows {
		for i, v := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, v)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	for _, line := range append([]string{t.Caption}, t.Warnings...) {
		if line != "" {
			fmt.Fprintf(&b, "\n%s\n", line)
		}
	}
	return b.String()
}

// saveSummary writes a summary as CSV.
func saveSummary(groups []Group, path string) error {
	return run.WriteFile(path, func(w io.Writer) error {
		cw := csv.NewWriter(w)
		rows := [][]string{{"session", "area", "co_task", "model_task", "model", "models", "units",
			"mean_ev", "mean_lo", "mean_hi", "median_ev", "median_lo", "median_hi", "level"}}
		num := func(v float64) string {
			if math.IsNaN(v) {
				return ""
			}
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		for _, g := range groups {
			rows = append(rows, []string{g.Session, g.Area, g.Condition, g.Task, g.Family, strconv.Itoa(g.Models), strconv.Itoa(g.Units),
				num(g.Mean.Estimate), num(g.Mean.Lo), num(g.Mean.Hi), num(g.Median.Estimate), num(g.Median.Lo), num(g.Median.Hi), num(g.Mean.Level)})
		}
		if err := cw.WriteAll(rows); err != nil {
			return err
		}
		return cw.Error()
	})
}
