package paper

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/task"
)

// Write sets the original's numbers and ours side by side, in Markdown: what is
// compared, whether it can be, and why. Published are the scores of the paper's
// own result tables where someone has them (see figure.Published), of any
// conditions; its r, p and medians then stand beside the printed ones.
func Write(w io.Writer, ours []Ours, published []probe.Score) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "# The paper's numbers and ours\n\n")
	fmt.Fprint(b, "Generated; do not edit. The paper's numbers are those of `lib/figure/paper/values.csv`, with their sources; ours are computed from the result tables in this folder. An empty field: we have no such number.\n\n")
	fmt.Fprint(b, "Our runs:\n\n")
	for i, o := range ours {
		fmt.Fprintf(b, "%d. tier %s, seed %d: `%s`; %d trained networks, %d tables of scores.\n", i+1, o.Run.Tier, o.Run.Seed, o.Run.Command, len(o.Networks), len(o.Tables))
	}
	if len(ours) == 0 {
		fmt.Fprint(b, "none yet.\n")
	}
	data(b, ours)
	performance(b, ours)
	correlations(b, ours, published)
	layers(b, ours, published)
	variances(b, ours, published)
	gains(b, ours, published)
	statements(b, ours)
	return b.Flush()
}

func head(b *bufio.Writer, title, comparable string, columns ...string) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| %s |\n|%s\n", title, comparable, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func row(b *bufio.Writer, cells ...string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }

func columns(first []string, ours []Ours) []string {
	for i, o := range ours {
		first = append(first, fmt.Sprintf("ours, run %d (%s)", i+1, o.Run.Tier))
	}
	return first
}

func title(name string) string {
	if t, err := task.Lookup(name); err == nil {
		return t.Title
	}
	return name
}

func short(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	return fmt.Sprintf("%.3g", x)
}

func data(b *bufio.Writer, ours []Ours) {
	names := []struct{ quantity, text, comparable string }{
		{"strokes", "pen strokes of the letters", "yes, where the UCI file is there: it is the same; the embedded letter model draws its own"},
		{"trajectories", "movements in one folder (every stroke in both planes)", "yes at the paper tier; smaller tiers write fewer strokes"},
		{"time_points", "samples in one folder", "yes at the paper tier; smaller tiers write fewer strokes"},
		{"samples_per_trajectory", "samples per movement", "yes: a mean, of more or fewer movements"},
		{"start_points_horizontal", "start points of horizontal planes (snap)", "yes: the published table"},
	}
	head(b, "Data", "Counts of the data generation.", append(columns([]string{"quantity", "paper", "known how"}, ours), "comparable")...)
	for _, n := range names {
		for _, v := range Of(n.quantity) {
			cells := []string{n.text, v.Printed, v.Kind + ": " + v.Source}
			for _, o := range ours {
				x, ok := o.Numbers[n.quantity]
				if !ok {
					x = math.NaN()
				}
				cell := ""
				if !math.IsNaN(x) {
					cell = fmt.Sprintf("%.6g", x)
				}
				cells = append(cells, cell)
			}
			row(b, append(cells, n.comparable)...)
		}
	}
}

// best3 are best, median and worst of values; less says which is better.
func best3(v []float64, more bool) (best, median, worst float64) {
	s := append([]float64(nil), v...)
	sort.Float64s(s)
	best, worst = s[0], s[len(s)-1]
	if more {
		best, worst = worst, best
	}
	return best, probe.Median(s), worst
}

func performance(b *bufio.Writer, ours []Ours) {
	var why []string
	for i, o := range ours {
		if len(o.Networks) == 0 {
			continue
		}
		steps, samples := map[int]bool{}, 0
		for _, r := range o.Networks {
			steps[r.Steps] = true
			samples = max(samples, r.Steps*r.Batch)
		}
		verdict := "not comparable"
		switch o.Run.Tier {
		case run.Laptop:
			verdict = "comparable in kind, not in size"
		case run.Paper:
			verdict = "comparable"
		}
		why = append(why, fmt.Sprintf("Run %d: %s: the longest training saw %.3g samples; the paper's 50 epochs of 207,360 movements are 1.04e7.", i+1, verdict, float64(samples)))
	}
	head(b, "Task performance", "Best / median / worst over the networks of a family, of accuracy, Barlow loss, or mean distance over all outputs (the axis of the original says \"MSE\"). The paper's were digitised: medians are of the markers that can be told apart. "+strings.Join(why, " "),
		columns([]string{"task", "family", "paper"}, ours)...)
	for _, t := range task.All() {
		for _, family := range []string{"spatial_temporal", "temporal_spatial", "spatiotemporal", "lstm"} {
			best, ok := Lookup("performance_best", t.Name, family)
			if !ok {
				continue
			}
			med, _ := Lookup("performance_median", t.Name, family)
			worst, _ := Lookup("performance_worst", t.Name, family)
			cells := []string{t.Title, figure.FamilyName(family), fmt.Sprintf("%s / %s / %s", best.Printed, med.Printed, worst.Printed)}
			for _, o := range ours {
				var v []float64
				for _, r := range o.Networks {
					if r.Task == t.Name && r.Family == family && r.Done() && !math.IsNaN(r.Test) {
						v = append(v, r.Test)
					}
				}
				if len(v) == 0 {
					cells = append(cells, "")
					continue
				}
				x, y, z := best3(v, t.Metric == task.MetricAccuracy)
				cells = append(cells, fmt.Sprintf("%s / %s / %s (n = %d)", short(x), short(y), short(z), len(v)))
			}
			row(b, cells...)
		}
	}
}

// otherAnimals says why nothing that is measured on neurons compares closely.
const otherAnimals = "the paper's sessions are not public in this form. Ours is another animal's area 2, in active reaches, 50 ms bins, the posture inferred from the hand"

func correlations(b *bufio.Writer, ours []Ours, published []probe.Score) {
	first := []string{"task", "paper: animal", "r (p)"}
	if published != nil {
		first = append(first, "from the paper's tables: r (p), n")
	}
	head(b, "Task performance against neural prediction", "Pearson's r over networks, passive movements, area 2. Not comparable in value, only in sign: "+otherAnimals+". A negative r with a distance means the same as a positive one with an accuracy.",
		columns(first, ours)...)
	theirs := figure.Correlations(published)
	for _, v := range Of("correlation_r") {
		p, _ := Lookup("correlation_p", v.Task, v.Subject)
		cells := []string{title(v.Task), v.Subject, fmt.Sprintf("%s (%s)", v.Printed, p.Printed)}
		if published != nil {
			cell := ""
			for _, c := range theirs {
				if c.Task == v.Task && c.Monkey == v.Subject && c.Condition == "passive" {
					cell = fmt.Sprintf("%.3f (%.2e), %d", c.R, c.P, c.N)
				}
			}
			cells = append(cells, cell)
		}
		for _, o := range ours {
			var parts []string
			for _, c := range figure.Correlations(o.largest()) {
				if c.Task == v.Task {
					parts = append(parts, fmt.Sprintf("%.3f (%.2g), n = %d, %s", c.R, c.P, c.N, c.Condition))
				}
			}
			cells = append(cells, strings.Join(parts, "; "))
		}
		row(b, cells...)
	}
}

func layers(b *bufio.Writer, ours []Ours, published []probe.Score) {
	first := []string{"task", "paper: animal", "median"}
	if published != nil {
		first = append(first, "from the paper's tables: median, n")
	}
	head(b, "The best layer of networks with ten layers", "Median of the best layer, counted from 1, passive movements. Not comparable: "+otherAnimals+"; and ours are of ten layers only where the run has such networks.",
		columns(first, ours)...)
	medianOf := func(scores []probe.Score, name, monkey, condition string) (float64, int) {
		var v []float64
		for _, s := range figure.Best(scores) {
			if s.Task == name && s.MaxLayer == 10 && (monkey == "" || s.Monkey == monkey) && (condition == "" || s.Condition == condition) {
				v = append(v, float64(s.Layer+1))
			}
		}
		return probe.Median(v), len(v)
	}
	for _, v := range Of("best_layer_median") {
		cells := []string{title(v.Task), v.Subject, v.Printed}
		if published != nil {
			cell := ""
			if m, n := medianOf(published, v.Task, v.Subject, "passive"); n > 0 {
				cell = fmt.Sprintf("%.3g, %d", m, n)
			}
			cells = append(cells, cell)
		}
		for _, o := range ours {
			cell := ""
			if m, n := medianOf(o.largest(), v.Task, "", ""); n > 0 {
				cell = fmt.Sprintf("%.3g (n = %d)", m, n)
			}
			cells = append(cells, cell)
		}
		row(b, cells...)
	}
}

func variances(b *bufio.Writer, ours []Ours, published []probe.Score) {
	first := []string{"task", "paper: animal", "EV"}
	if published != nil {
		first = append(first, "from the paper's tables: mean EV, n")
	}
	head(b, "Explained variance", "Mean test explained variance of the best layers, over networks and units. The paper's is of passive movements, read off the line at the centre of its cloud. Not comparable: "+otherAnimals+".",
		columns(first, ours)...)
	meanOf := func(scores []probe.Score, name, monkey, condition string) (float64, int) {
		sum, n := 0.0, 0
		for _, s := range figure.Best(scores) {
			if s.Task == name && (monkey == "" || s.Monkey == monkey) && (condition == "" || s.Condition == condition) && !math.IsNaN(s.MeanTest) {
				sum += s.MeanTest
				n++
			}
		}
		return sum / float64(n), n
	}
	for _, v := range Of("ev_passive") {
		cells := []string{title(v.Task), v.Subject, v.Printed}
		if published != nil {
			cell := ""
			if m, n := meanOf(published, v.Task, v.Subject, "passive"); n > 0 {
				cell = fmt.Sprintf("%.3f, %d", m, n)
			}
			cells = append(cells, cell)
		}
		for _, o := range ours {
			cell := ""
			if m, n := meanOf(o.largest(), v.Task, "", ""); n > 0 {
				cell = fmt.Sprintf("%.3f (n = %d, active)", m, n)
			}
			cells = append(cells, cell)
		}
		row(b, cells...)
	}
}

func gains(b *bufio.Writer, ours []Ours, published []probe.Score) {
	first := []string{"task", "paper"}
	if published != nil {
		first = append(first, "from the paper's tables")
	}
	head(b, "Gain over the untrained network", "Mean z-score of the gain in explained variance, across the tasks of a run, active movements. Comparable in order where a run has the same tasks: a z-score depends on which tasks there are. Otherwise "+otherAnimals+".",
		columns(first, ours)...)
	theirs := figure.MeanGains(active(published))
	var mine []map[string]float64
	for _, o := range ours {
		mine = append(mine, figure.MeanGains(o.largest()))
	}
	for _, v := range Of("mean_z") {
		cells := []string{title(v.Task), v.Printed}
		if published != nil {
			cells = append(cells, signed(theirs, v.Task))
		}
		for _, m := range mine {
			cells = append(cells, signed(m, v.Task))
		}
		row(b, cells...)
	}
}

func active(scores []probe.Score) []probe.Score {
	var out []probe.Score
	for _, s := range scores {
		if s.Condition == "active" {
			out = append(out, s)
		}
	}
	return out
}

func signed(m map[string]float64, name string) string {
	if x, ok := m[name]; ok && !math.IsNaN(x) {
		return fmt.Sprintf("%+.2f", x)
	}
	return ""
}

// statements are what the paper says in words; no number of it is known.
func statements(b *bufio.Writer, ours []Ours) {
	head(b, "Statements without numbers", "What the abstract states and no stored output shows. Ours: median difference of mean test explained variance over networks, and p of Wilcoxon's signed-rank test. Comparable in direction only: "+otherAnimals+".",
		columns([]string{"statement"}, ours)...)
	cells := []string{"trained networks predict neurons better than untrained ones in active movements"}
	for _, o := range ours {
		var x, y []float64
		for _, t := range o.Tables {
			for _, p := range figure.TwinPairs(t) {
				x, y = append(x, p.X...), append(y, p.Y...)
			}
		}
		cell := ""
		if len(x) > 0 {
			d := make([]float64, len(x))
			for i := range x {
				d[i] = y[i] - x[i]
			}
			cell = fmt.Sprintf("%+.4f, n = %d", probe.Median(d), len(d))
			if w, err := stats.Wilcoxon(y, x, stats.TwoSided, stats.Auto, stats.DropZeros); err == nil && len(d) > 5 {
				cell += fmt.Sprintf(", p = %.2g", w.P)
			}
		}
		cells = append(cells, cell)
	}
	row(b, cells...)
}
