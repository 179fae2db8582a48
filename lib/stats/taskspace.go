package stats

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/stats/mt19937"
)

// TaskSpaceOptions are the numbers that the published figure has in its code.
type TaskSpaceOptions struct {
	Keep  int    // networks kept of each animal, the first in order: 292 as published, 0 keeps all that divide into groups
	Group int    // pairs of network and animal in one point: 73 as published
	Seed  uint32 // of the shuffle of the pairs: 12 as published
}

// PublishedTaskSpace are the paper's options.
var PublishedTaskSpace = TaskSpaceOptions{Keep: 292, Group: 73, Seed: 12}

// TaskSpace is the matrix behind the paper's map of tasks (spec/03, section 6).
type TaskSpace struct {
	Points *mat.Dense // shape [group·tasks + task][pair]: z-scored gains over the untrained twin
	Order  []int      // the shuffled order of the pairs
	Means  []float64  // of each point: its task's mean z in that group
}

// NewTaskSpace makes it from explained variances: ev[animal][network][task],
// untrained[animal][network]. Each pair's gains over its untrained twin are
// z-scored across the tasks (SD with n−1), the pairs shuffled and cut into
// groups; a point is one task seen through one group of pairs.
func NewTaskSpace(ev [][][]float64, untrained [][]float64, opt TaskSpaceOptions) (*TaskSpace, error) {
	if len(ev) == 0 || len(ev) != len(untrained) {
		return nil, fmt.Errorf("stats: task space: %d animals with trained and %d with untrained networks, want one number above 0", len(ev), len(untrained))
	}
	if opt.Group < 1 {
		return nil, fmt.Errorf("stats: task space: groups of %d pairs, want at least 1", opt.Group)
	}
	tasks := -1
	var rows [][]float64
	for a := range ev {
		if len(ev[a]) != len(untrained[a]) {
			return nil, fmt.Errorf("stats: task space: animal %d has %d trained and %d untrained networks", a, len(ev[a]), len(untrained[a]))
		}
		keep := opt.Keep
		if keep == 0 {
			keep = len(ev[a])
		}
		if keep > len(ev[a]) {
			return nil, fmt.Errorf("stats: task space: animal %d has %d networks, fewer than the %d to keep", a, len(ev[a]), keep)
		}
		for n, row := range ev[a][:keep] {
			if tasks < 0 {
				tasks = len(row)
			}
			if len(row) != tasks || tasks < 2 {
				return nil, fmt.Errorf("stats: task space: animal %d, network %d has %d tasks, want %d and at least 2", a, n, len(row), tasks)
			}
			z, err := zScores(row, untrained[a][n])
			if err != nil {
				return nil, fmt.Errorf("stats: task space: animal %d, network %d: %w", a, n, err)
			}
			rows = append(rows, z)
		}
	}
	if opt.Keep == 0 {
		rows = rows[:len(rows)/opt.Group*opt.Group]
	}
	if len(rows) == 0 || len(rows)%opt.Group != 0 {
		return nil, fmt.Errorf("stats: task space: %d pairs do not divide into groups of %d", len(rows), opt.Group)
	}
	s := &TaskSpace{Order: make([]int, len(rows))}
	for i := range s.Order {
		s.Order[i] = i
	}
	mt19937.New(opt.Seed).Shuffle(len(s.Order), func(i, j int) { s.Order[i], s.Order[j] = s.Order[j], s.Order[i] })
	groups := len(rows) / opt.Group
	s.Points = mat.NewDense(groups*tasks, opt.Group, nil)
	for g := 0; g < groups; g++ {
		for t := 0; t < tasks; t++ {
			sum := 0.0
			for k := 0; k < opt.Group; k++ {
				v := rows[s.Order[g*opt.Group+k]][t]
				s.Points.Set(g*tasks+t, k, v)
				sum += v
			}
			s.Means = append(s.Means, sum/float64(opt.Group))
		}
	}
	return s, nil
}

func zScores(row []float64, base float64) ([]float64, error) {
	z := make([]float64, len(row))
	for t, v := range row {
		z[t] = v - base
		if bad(z[t]) {
			return nil, fmt.Errorf("task %d: explained variance %v against %v untrained", t, v, base)
		}
	}
	c := centred(z)
	ss := 0.0
	for _, v := range c {
		ss += v * v
	}
	if ss == 0 {
		return nil, fmt.Errorf("all tasks have one explained variance, so z-scores are undefined")
	}
	sd := math.Sqrt(ss / float64(len(c)-1))
	for t := range c {
		c[t] /= sd
	}
	return c, nil
}

// A NetworkScore is one line of a tidy table of scores: one layer of one
// network for one animal, averaged over units.
type NetworkScore struct {
	Task, Animal, Family, Model string
	Layer                       int
	EVTrain, EVTest             float64
}

// Untrained is the task name of networks as initialised.
const Untrained = "untrained"

// TaskSpaceTable picks each network's best layer by its mean training explained
// variance and arranges the test values for [NewTaskSpace], tasks in the given
// order. Networks that lack a task or their untrained twin for any animal are
// left out, as in the paper; the models kept are returned.
func TaskSpaceTable(scores []NetworkScore, animals, tasks []string) (ev [][][]float64, untrained [][]float64, models []string, err error) {
	type key struct{ task, animal, model string }
	best := map[key]NetworkScore{}
	family := map[string]string{}
	for _, s := range scores {
		if bad(s.EVTrain) || bad(s.EVTest) {
			return nil, nil, nil, fmt.Errorf("stats: task space: %s, %s, %s, layer %d: explained variance %v (train), %v (test)", s.Task, s.Animal, s.Model, s.Layer, s.EVTrain, s.EVTest)
		}
		k := key{s.Task, s.Animal, s.Model}
		if b, ok := best[k]; !ok || s.EVTrain > b.EVTrain {
			best[k] = s
		}
		family[s.Model] = s.Family
	}
	for m := range family {
		complete := true
		for _, a := range animals {
			for _, t := range append([]string{Untrained}, tasks...) {
				if _, ok := best[key{t, a, m}]; !ok {
					complete = false
				}
			}
		}
		if complete {
			models = append(models, m)
		}
	}
	if len(models) == 0 {
		return nil, nil, nil, fmt.Errorf("stats: task space: no network has all %d tasks and an untrained twin for all %d animals", len(tasks), len(animals))
	}
	sort.Slice(models, func(i, j int) bool {
		a, b := models[i], models[j]
		if family[a] != family[b] {
			return family[a] < family[b]
		}
		return a < b
	})
	for _, a := range animals {
		var rows [][]float64
		var base []float64
		for _, m := range models {
			row := make([]float64, len(tasks))
			for t, name := range tasks {
				row[t] = best[key{name, a, m}].EVTest
			}
			rows = append(rows, row)
			base = append(base, best[key{Untrained, a, m}].EVTest)
		}
		ev, untrained = append(ev, rows), append(untrained, base)
	}
	return ev, untrained, models, nil
}
