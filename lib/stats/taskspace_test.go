package stats

import (
	"math"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

func TestTaskSpaceAgainstNumPy(t *testing.T) {
	found := false
	for _, c := range golden.Cases(t, "probe/umap") {
		if !c.Has(t, "random") {
			continue
		}
		found = true
		var p struct{ Keep, Group int }
		c.Decode(t, &p)
		a := c.Array(t, "ev")
		animals, networks, tasks := a.Shape[0], a.Shape[1], a.Shape[2]
		var ev [][][]float64
		var base [][]float64
		for i := 0; i < animals; i++ {
			var rows [][]float64
			for n := 0; n < networks; n++ {
				at := (i*networks + n) * tasks
				rows = append(rows, a.Data[at:at+tasks])
			}
			ev = append(ev, rows)
			base = append(base, c.Array(t, "random").Data[i*networks:(i+1)*networks])
		}
		got, err := NewTaskSpace(ev, base, TaskSpaceOptions{Keep: p.Keep, Group: p.Group, Seed: 12})
		if err != nil {
			t.Fatal(err)
		}
		order := make([]float64, len(got.Order))
		for i, v := range got.Order {
			order[i] = float64(v)
		}
		c.Compare(t, "float64", "order", order)
		c.Compare(t, "float64", "matrix", got.Points.RawMatrix().Data)
	}
	if !found {
		golden.Missing(t, "a task-space case of group probe/umap")
	}
}

func TestTaskSpaceTable(t *testing.T) {
	var scores []NetworkScore
	add := func(task, animal, model string, layer int, train, test float64) {
		scores = append(scores, NetworkScore{Task: task, Animal: animal, Family: "spatiotemporal", Model: model, Layer: layer, EVTrain: train, EVTest: test})
	}
	for _, m := range []string{"b", "a"} {
		for _, task := range []string{Untrained, "regression", "bt"} {
			add(task, "Snap", m, 0, 0.1, 0.9) // the better test value must not win
			add(task, "Snap", m, 1, 0.2, 0.3+float64(len(task))/100)
		}
	}
	add("regression", "Snap", "half", 0, 0.5, 0.5)
	ev, base, models, err := TaskSpaceTable(scores, []string{"Snap"}, []string{"regression", "bt"})
	if err != nil {
		t.Fatal(err)
	}
	if len(models) != 2 || models[0] != "a" {
		t.Errorf("models %v, want a and b: the third lacks a task", models)
	}
	if math.Abs(ev[0][0][0]-0.4) > 1e-15 || math.Abs(base[0][0]-0.39) > 1e-15 {
		t.Errorf("best layers give %v and %v, want 0.4 and 0.39", ev[0][0][0], base[0][0])
	}
	if _, err := NewTaskSpace(ev, base, TaskSpaceOptions{Group: 1, Seed: 12}); err != nil {
		t.Error(err)
	}
	for name, f := range map[string]func() error{
		"no animal": func() error { _, err := NewTaskSpace(nil, nil, PublishedTaskSpace); return err },
		"too few":   func() error { _, err := NewTaskSpace(ev, base, PublishedTaskSpace); return err },
		"no group":  func() error { _, err := NewTaskSpace(ev, base, TaskSpaceOptions{}); return err },
		"NaN": func() error {
			_, err := NewTaskSpace([][][]float64{{{math.NaN(), 1}}}, [][]float64{{0}}, TaskSpaceOptions{Group: 1})
			return err
		},
		"all equal": func() error {
			_, err := NewTaskSpace([][][]float64{{{1, 1}}}, [][]float64{{0}}, TaskSpaceOptions{Group: 1})
			return err
		},
		"no complete": func() error { _, _, _, err := TaskSpaceTable(scores, []string{"Han"}, []string{"bt"}); return err },
	} {
		if f() == nil {
			t.Errorf("%s gave no error", name)
		}
	}
}
