package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// trainLines tells how a grid goes: a line on stdout for each network that
// ends, and on stderr what is being trained.
type trainLines struct {
	stdout, stderr io.Writer
	terminal       bool
	every          time.Duration
	began, last    time.Time
	running        map[int]train.GridEvent
	earlier        int
	cost           []float64 // of each network of the grid, by its place
	part           []float64 // share of its steps that is done
	before         []float64 // share that was done before this session
}

func newTrainLines(stdout, stderr io.Writer, g train.GridConfig) *trainLines {
	l := &trainLines{stdout: stdout, stderr: stderr, every: 30 * time.Second, began: time.Now(), running: map[int]train.GridEvent{}}
	if f, ok := stderr.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			l.terminal, l.every = true, 300*time.Millisecond
		}
	}
	l.last = l.began
	for range g.Tasks {
		for _, a := range g.Archs {
			for range g.Seeds {
				l.cost = append(l.cost, train.GFLOP(a))
				l.before = append(l.before, -1)
			}
		}
	}
	l.part = make([]float64, len(l.cost))
	return l
}

// tell is given to the grid.
func (l *trainLines) tell(e train.GridEvent) {
	p := e.Place
	if e.Earlier {
		l.earlier++
		l.part[p], l.before[p] = 1, 1
		return
	}
	if e.Event == nil {
		l.part[p] = 1
		delete(l.running, p)
		if l.terminal {
			fmt.Fprint(l.stderr, "\r\x1b[K")
		}
		fmt.Fprintf(l.stdout, "%*d of %d  %s\n", len(fmt.Sprint(e.Total)), e.Finished, e.Total, rowLine(e.Row))
		return
	}
	if l.before[p] < 0 {
		l.before[p] = float64(e.Event.Step-1) / float64(e.Event.Total)
	}
	l.part[p] = float64(e.Event.Step) / float64(e.Event.Total)
	l.running[p] = e
	if time.Since(l.last) < l.every {
		return
	}
	l.last = time.Now()
	start, end := "", "\n"
	if l.terminal {
		start, end = "\r\x1b[K", ""
	}
	fmt.Fprintf(l.stderr, "%s%d of %d done%s%s%s", start, e.Finished, e.Total, l.left(), l.now(), end)
}

// left estimates the time to the end, by the cost of the networks.
func (l *trainLines) left() string {
	did, todo := 0.0, 0.0
	for p, c := range l.cost {
		did += c * (l.part[p] - max(0, l.before[p]))
		todo += c * (1 - l.part[p])
	}
	if did == 0 {
		return ""
	}
	left := time.Duration(float64(time.Since(l.began)) * todo / did)
	if left > time.Minute {
		return fmt.Sprintf(", about %s left", strings.TrimSuffix(left.Round(time.Minute).String(), "0s"))
	}
	return fmt.Sprintf(", about %s left", left.Round(time.Second))
}

// now lists the networks in training.
func (l *trainLines) now() string {
	var places []int
	for p := range l.running {
		places = append(places, p)
	}
	slices.Sort(places)
	var s strings.Builder
	for _, p := range places {
		e := l.running[p]
		fmt.Fprintf(&s, "; %s %s %d/%d loss %.4g", alias(e.Row.Task), e.Row.Name, e.Event.Step, e.Event.Total, e.Event.Loss)
	}
	return s.String()
}

// stopped says how to go on.
func (l *trainLines) stopped(done int) {
	if l.terminal {
		fmt.Fprintln(l.stderr)
	}
	fmt.Fprintf(l.stderr, "stopped with %d of %d networks done; what was trained is saved, and the same command goes on\n", done, len(l.cost))
}

func alias(name string) string {
	if t, err := task.Lookup(name); err == nil {
		return t.Alias
	}
	return name
}

// rowLine is one network in a line.
func rowLine(r train.Row) string {
	s := fmt.Sprintf("%s  %s  seed %d  ", alias(r.Task), r.Name, r.Seed)
	if !r.Done() {
		return s + r.Status
	}
	unit := ""
	if r.Unit != "" {
		unit = " " + r.Unit
	}
	chance := ""
	if !math.IsNaN(r.Chance) {
		chance = fmt.Sprintf(", chance %.4g", r.Chance)
	}
	return s + fmt.Sprintf("%s %.4g%s (untrained %.4g%s) after %d steps, %.0f s", r.Metric, r.Test, unit, r.Untrained, chance, r.Steps, r.Seconds)
}

// summary has a line for each task and family: how many networks, their best,
// and the medians of the networks, of their untrained twins and of chance.
func summary(rows []train.Row) string {
	type key struct{ task, family string }
	var keys []key
	of := map[key][]train.Row{}
	for _, r := range rows {
		k := key{r.Task, r.Family}
		if of[k] == nil {
			keys = append(keys, k)
		}
		of[k] = append(of[k], r)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "task\tfamily\tdone\tbest\tmedian\tuntrained\tchance\tmetric")
	for _, k := range keys {
		var test, untrained, chance []float64
		metric := ""
		for _, r := range of[k] {
			if r.Done() {
				test, untrained, chance = append(test, r.Test), append(untrained, r.Untrained), append(chance, r.Chance)
			}
			metric = strings.TrimSpace(r.Metric + " " + r.Unit)
		}
		best := "-"
		if t, err := task.Lookup(k.task); err == nil && len(test) > 0 {
			best = fmt.Sprintf("%.4g", slices.MinFunc(test, func(a, b float64) int {
				switch {
				case t.Metric.Better(a, b):
					return -1
				case t.Metric.Better(b, a):
					return 1
				}
				return 0
			}))
		}
		fmt.Fprintf(w, "%s\t%s\t%d of %d\t%s\t%s\t%s\t%s\t%s\n", alias(k.task), k.family, len(test), len(of[k]), best, median(test), median(untrained), median(chance), metric)
	}
	w.Flush()
	return b.String()
}

func median(v []float64) string {
	if len(v) == 0 || math.IsNaN(v[0]) {
		return "-"
	}
	v = slices.Clone(v)
	slices.SortFunc(v, cmp.Compare[float64])
	return fmt.Sprintf("%.4g", (v[(len(v)-1)/2]+v[len(v)/2])/2)
}
