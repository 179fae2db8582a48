package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/task"
)

// A new task is one entry and its target function: the speed of the hand. It
// trains, beats the constant predictor, and its folder is read again.
func TestNewTask(t *testing.T) {
	speed := func(_ task.Task, s task.Source, i int, dst []float32) error {
		v := make([]float32, 3*len(dst))
		if err := s.Target(i, dataset.HandVel, v); err != nil {
			return err
		}
		for k := range dst {
			x, y, z := float64(v[k]), float64(v[len(dst)+k]), float64(v[2*len(dst)+k])
			dst[k] = float32(math.Sqrt(x*x + y*y + z*z))
		}
		return nil
	}
	mine := task.Task{Name: "hand_speed", Title: "Hand speed", Keys: []task.Key{dataset.HandVel}, Outputs: 1, Unit: "cm/s",
		Head: task.Readout1, Loss: task.LossMSE, Metric: task.MetricMED, Target: speed}
	if err := task.Add(mine); err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func(*task.Task){
		`there is a task "hand_speed"`: func(*task.Task) {},
		`there is a task "hand_pos"`:   func(k *task.Task) { k.Name, k.Alias = "a", "hand_pos" },
		"expected a word":              func(k *task.Task) { k.Name = "a,b" },
		"no Target":                    func(k *task.Task) { k.Name, k.Target = "a", nil },
		"neither Outputs":              func(k *task.Task) { k.Name, k.Outputs, k.Keys = "a", 0, nil },
		"Dropout":                      func(k *task.Task) { k.Name, k.Dropout = "a", 2 },
	} {
		bad := mine
		f(&bad)
		if err := task.Add(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if len(task.All()) != 16 {
		t.Errorf("%d tasks of the paper", len(task.All()))
	}
	g := toyGrid(t.TempDir())
	g.Tasks, g.Archs, g.Seeds = []string{"hand_speed"}, small()[2:3], nil
	g.Base = Config{Batch: 16, Steps: 500, ValidateEvery: 50, LR: 5e-3}
	rows, err := GridOn(context.Background(), g, toys(160), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rows[0]
	if !r.Done() || r.Unit != "cm/s" || !(r.Test < r.Chance && r.Test < r.Untrained) {
		t.Errorf("%+v", r)
	}
	if _, err := OpenFolder(g.Dir + "/" + r.Dir); err != nil {
		t.Error(err)
	}
}
