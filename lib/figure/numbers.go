package figure

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// SaveNumbers writes single numbers of a notebook beside its figures, as
// NAME_numbers.csv in $SPINDLE_FIGURES; without a folder it writes nothing. The
// names are those of lib/figure/paper where the original has such a number.
func SaveNumbers(name string, numbers map[string]float64) error {
	out := os.Getenv(OutEnv)
	if out == "" {
		return nil
	}
	names := make([]string, 0, len(numbers))
	for k := range numbers {
		names = append(names, k)
	}
	sort.Strings(names)
	return run.WriteFile(filepath.Join(out, name+"_numbers.csv"), func(w io.Writer) error {
		c := csv.NewWriter(w)
		rows := [][]string{{"quantity", "value"}}
		for _, k := range names {
			rows = append(rows, []string{k, strconv.FormatFloat(numbers[k], 'g', 9, 64)})
		}
		return c.WriteAll(rows)
	})
}

// ReadNumbers reads what SaveNumbers wrote.
func ReadNumbers(path string) (map[string]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(io.LimitReader(f, 1<<20)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := map[string]float64{}
	for i, r := range rows {
		if i == 0 {
			continue
		}
		if len(r) != 2 {
			return nil, fmt.Errorf("%s: line %d has %d fields, want quantity and value", path, i+1, len(r))
		}
		x, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %q is no number", path, i+1, r[1])
		}
		out[r[0]] = x
	}
	return out, nil
}

// SaveNetworks writes the results of trained networks beside a notebook's
// figures, as NAME_networks.csv in $SPINDLE_FIGURES.
func SaveNetworks(name string, results ...[]*train.Result) error {
	out := os.Getenv(OutEnv)
	if out == "" {
		return nil
	}
	var rows []train.Row
	for _, group := range results {
		for _, r := range group {
			rows = append(rows, r.Row())
		}
	}
	return run.WriteFile(filepath.Join(out, name+"_networks.csv"), func(w io.Writer) error { return train.WriteTable(w, rows) })
}

// MeanGains returns, for each task of a table, the mean over networks and
// animals of its z-scored gain in explained variance over the untrained network
// (spec/03, section 6). Networks that lack one of the tasks are left out; with
// fewer than two tasks, or without untrained twins, there are no gains.
func MeanGains(scores []probe.Score) map[string]float64 {
	tasks, animals := tasksOf(scores)
	if len(tasks) < 2 {
		return nil
	}
	ev, untrained, models, err := stats.TaskSpaceTable(SpaceScores(scores), animals, tasks)
	if err != nil || len(models) == 0 {
		return nil
	}
	space, err := stats.NewTaskSpace(ev, untrained, stats.TaskSpaceOptions{Group: 1, Seed: stats.PublishedTaskSpace.Seed})
	if err != nil {
		return nil
	}
	out := map[string]float64{}
	for i, z := range space.Means {
		out[tasks[i%len(tasks)]] += z * float64(len(tasks)) / float64(len(space.Means))
	}
	return out
}

// tasksOf lists the tasks, in the order of their table, and the animals of
// networks.
func tasksOf(scores []probe.Score) (tasks, animals []string) {
	known, seen := map[string]bool{}, map[string]bool{}
	for i := range scores {
		s := &scores[i]
		if trainedOn(s) {
			known[s.Task] = true
		}
		if ofNetwork(s) && !seen[s.Monkey] {
			seen[s.Monkey] = true
			animals = append(animals, s.Monkey)
		}
	}
	for _, t := range task.All() {
		if known[t.Name] {
			tasks = append(tasks, t.Name)
		}
	}
	return tasks, animals
}

// SpaceScores turns layer scores into the lines of the task-space matrix.
func SpaceScores(scores []probe.Score) []stats.NetworkScore {
	var out []stats.NetworkScore
	for i := range scores {
		s := &scores[i]
		if !ofNetwork(s) || s.Task == probe.DataDriven {
			continue
		}
		out = append(out, stats.NetworkScore{
			Task: s.Task, Animal: s.Monkey, Family: s.Family, Model: fmt.Sprintf("%s seed %d", s.Name, s.Seed),
			Layer: s.Layer, EVTrain: s.MeanTrain, EVTest: s.MeanTest,
		})
	}
	return out
}

// SpacePoints makes the task-space points of a table and their first two
// principal components. Groups are the published 73 pairs of network and animal
// where there are that many pairs; with fewer, about half of them.
func SpacePoints(scores []probe.Score, animals, tasks []string) ([]TaskPoint, *stats.TaskSpace, error) {
	if len(tasks) < 2 {
		return nil, nil, fmt.Errorf("a map of tasks needs networks on at least two tasks, and their untrained twins")
	}
	ev, untrained, models, err := stats.TaskSpaceTable(SpaceScores(scores), animals, tasks)
	if err != nil {
		return nil, nil, err
	}
	if len(models) == 0 {
		return nil, nil, fmt.Errorf("no network was trained on all %d tasks and probed untrained", len(tasks))
	}
	pairs := len(models) * len(animals)
	opt := stats.PublishedTaskSpace
	if len(models) < opt.Keep {
		opt.Keep = 0
	}
	opt.Group = min(opt.Group, max(1, pairs/2))
	space, err := stats.NewTaskSpace(ev, untrained, opt)
	if err != nil {
		return nil, nil, err
	}
	components, err := stats.FitPCA(space.Points, 2)
	if err != nil {
		return nil, nil, err
	}
	return TaskPoints(space, tasks, components.Transform(space.Points)), space, nil
}
