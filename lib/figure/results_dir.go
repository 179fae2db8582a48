package figure

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/stats/umap"
	"github.com/spindle-lab/spindle/lib/train"
)

// resultFile is a table of the long run of a tier, in figures/results of the
// repository; it may not be there.
func resultFile(tier run.Tier, name string) (string, bool) {
	root, err := run.Root()
	if err != nil {
		return "", false
	}
	path := filepath.Join(root, "figures", "results", string(tier), name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	return path, true
}

// ResultNetworks returns the networks of the tier's long run (networks.csv), or
// where there was none those that are given.
func ResultNetworks(tier run.Tier, own ...[]*train.Result) ([]train.Row, error) {
	if path, ok := resultFile(tier, "networks.csv"); ok {
		return train.ReadTableFile(path)
	}
	var rows []train.Row
	for _, group := range own {
		for _, r := range group {
			row := r.Row()
			row.Status = "done"
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// ResultScores returns the layer scores of the tier's long run (layers.csv), or
// where there was none those that are given.
func ResultScores(tier run.Tier, own []probe.Score) ([]probe.Score, error) {
	if path, ok := resultFile(tier, "layers.csv"); ok {
		return ReadScores(path)
	}
	return own, nil
}

// A Map is an embedding of tasks in a plane and its name.
type Map struct {
	Title, Axis string
	Points      []TaskPoint
	Space       *stats.TaskSpace
	Tasks       []string
}

// TaskMap embeds the tasks of a table by UMAP where there are points enough for
// its 15 neighbours, else by principal components.
func TaskMap(ctx context.Context, scores []probe.Score, seed uint64) (*Map, error) {
	tasks, animals := tasksOf(scores)
	points, space, err := SpacePoints(scores, animals, tasks)
	if err != nil {
		return nil, err
	}
	m := &Map{Title: "principal components", Axis: "PC", Points: points, Space: space, Tasks: tasks}
	if n, _ := space.Points.Dims(); n > 16 {
		u, err := umap.Fit(ctx, space.Points, umap.Options{}, run.Stream(seed, "umap"))
		if err != nil {
			return nil, fmt.Errorf("umap of %d points: %w", n, err)
		}
		m.Title, m.Axis, m.Points = "UMAP", "UMAP", TaskPoints(space, tasks, u.Embedding)
	}
	return m, nil
}
