package paper

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// Networks are the paper's own trained networks, as far as they are there.
type Networks struct {
	Folders []*train.Folder
	Source  string // for captions; empty if there are none
}

var experimentFolder = regexp.MustCompile(`^experiment_(\d+)$`)

// Checkpoints lists the network folders in and below a folder, in the published
// layout experiment_<id>/<name> with config.yaml and model.ckpt (spec/02, 5.1),
// by task, and the folders whose model.ckpt is missing. Folders of no task of
// the table, such as untrained networks, are not listed.
func Checkpoints(dir string) (byTask map[string][]string, without []string, err error) {
	byTask = map[string][]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "config.yaml" {
			return err
		}
		own := filepath.Dir(path)
		m := experimentFolder.FindStringSubmatch(filepath.Base(filepath.Dir(own)))
		if m == nil {
			return nil
		}
		id, err := strconv.Atoi(m[1])
		if err != nil {
			return nil
		}
		t, ok := task.OfExperiment(id)
		if !ok || t.Group == task.DataDriven {
			return nil
		}
		for _, f := range []string{"model.ckpt.index", "model.ckpt.data-00000-of-00001"} {
			if _, err := os.Stat(filepath.Join(own, f)); err != nil {
				without = append(without, filepath.Join(filepath.Base(filepath.Dir(own)), filepath.Base(own)))
				return nil
			}
		}
		byTask[t.Name] = append(byTask[t.Name], own)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("the folder of the paper's files: %w", err)
	}
	return byTask, without, nil
}

// OpenNetworks opens the paper's checkpoints in and below $SPINDLE_ZENODO: of
// each of the tasks, by their code names, or of all, so many networks at most,
// spread evenly over their names; 0: all. Without the folder, or without
// checkpoints in it, there are none.
func OpenNetworks(ctx context.Context, most int, tasks ...string) (*Networks, error) {
	dir := os.Getenv(figure.ZenodoEnv)
	if dir == "" {
		return &Networks{}, nil
	}
	byTask, without, err := Checkpoints(dir)
	if err != nil {
		return nil, err
	}
	out := &Networks{}
	there, twins := 0, 0
	for _, t := range task.All() {
		if len(tasks) > 0 && !slices.Contains(tasks, t.Name) {
			continue
		}
		folders := byTask[t.Name]
		sort.Strings(folders)
		there += len(folders)
		n := len(folders)
		if most > 0 {
			n = min(n, most)
		}
		for i := range n {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			f, err := train.OpenFolder(folders[i*len(folders)/n])
			if err != nil {
				return nil, err
			}
			if f.Untrained != nil {
				twins++
			}
			out.Folders = append(out.Folders, f)
		}
	}
	if len(out.Folders) == 0 {
		return out, nil
	}
	out.Source = fmt.Sprintf("%d of the paper's %d checkpoints that are there", len(out.Folders), there)
	if twins < len(out.Folders) {
		out.Source += fmt.Sprintf(", %d without model_0.ckpt, the network before training", len(out.Folders)-twins)
	}
	if len(without) > 0 {
		out.Source += fmt.Sprintf("; %d folders lack model.ckpt, as %s", len(without), filepath.ToSlash(without[0]))
	}
	return out, nil
}

// Probed returns the networks for probe.Run, each followed by the network of its
// first checkpoint; equal ones are listed once.
func (n *Networks) Probed() []probe.Network {
	var out []probe.Network
	nan := math.NaN()
	twins := map[string][]probe.Network{}
	for _, f := range n.Folders {
		p := probe.Network{Name: f.Arch.Name(), Task: f.Task.Name, Experiment: strconv.Itoa(f.Experiment), Net: f.Network, ValMetric: f.Validation, TestMetric: f.Test, TrainMetric: nan}
		if f.Seed != nil {
			p.Seed = *f.Seed
		}
		out = append(out, p)
		if f.Untrained == nil {
			continue
		}
		u := probe.Network{Name: p.Name, Task: probe.Untrained, Net: f.Untrained, Seed: p.Seed, ValMetric: nan, TestMetric: nan, TrainMetric: nan}
		if slices.ContainsFunc(twins[u.Name], func(o probe.Network) bool { return equal(&o, &u) }) {
			continue
		}
		twins[u.Name] = append(twins[u.Name], u)
		out = append(out, u)
	}
	return out
}

func equal(a, b *probe.Network) bool {
	if a.Seed != b.Seed || len(a.Net.Params) != len(b.Net.Params) {
		return false
	}
	for i, p := range a.Net.Params {
		if !slices.Equal(p.Data, b.Net.Params[i].Data) {
			return false
		}
	}
	return true
}

// Performances are the networks' scores on their own tasks as their config.yaml
// states them, for figure.PerformanceByTask.
func (n *Networks) Performances() []figure.Score {
	var out []figure.Score
	for _, f := range n.Folders {
		if !math.IsNaN(f.Test) {
			out = append(out, figure.Score{Task: f.Task.Name, Family: string(f.Arch.Family), Depth: f.Arch.Depth(), Value: f.Test})
		}
	}
	return out
}

// Table lists the networks with what their config.yaml states, or where there
// are none those that are given.
func (n *Networks) Table(own []*train.Result) (display.Table, error) {
	if len(n.Folders) == 0 {
		return train.Table(own)
	}
	t := display.Table{Columns: []string{"network", "task", "metric", "stated for the test set"}}
	for _, f := range n.Folders {
		t.Rows = append(t.Rows, []any{f.Arch.Name(), f.Task.Title, f.Task.MetricName(), f.Test})
	}
	return t, nil
}
