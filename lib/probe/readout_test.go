package probe_test

import (
	"context"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/train"
)

// Readouts takes each network's own prediction: its rows are those of a fit of
// the predictions by hand. Networks without such a series are refused.
func TestReadouts(t *testing.T) {
	ctx := context.Background()
	set, err := stroke.Load()
	if err != nil {
		t.Fatal(err)
	}
	g, err := movement.NewGenerator("snap", movement.Options{})
	if err != nil {
		t.Fatal(err)
	}
	moves, _, err := g.Generate(ctx, set.PerLetter(6), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := dataset.FromMovements(moves, dataset.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	brief := func(task string) []*train.Result {
		r, err := train.Each(ctx, train.Config{Task: task, Seed: 1, Batch: 4, LR: 5e-3, Steps: 3, ValidateEvery: 2, MaxVal: 2, MaxTest: 2}, probe.SmallArchs()[:1], data, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	s, err := recording.Simulate(recording.SimOptions{Seed: 2, Trials: 30, Bumps: 1, Units: 4, Ceiling: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Align(ctx, recording.AlignOptions{TestFraction: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	hand := brief("regression")
	tab, err := probe.Readouts(ctx, a, hand, probe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Rows) != len(a.Units) {
		t.Fatalf("%d rows for %d units", len(tab.Rows), len(a.Units))
	}

	// By hand: the activations of the last layer, multiplied with the read-out's
	// weights, which stand behind those of the network.
	var c *probe.Components
	first := 0
	n := hand[0].Network
	shapes, err := n.Arch.Shapes(recording.NumMuscles, recording.Window, 2)
	if err != nil {
		t.Fatal(err)
	}
	last := shapes[len(shapes)-1].Name
	params := hand[0].Model.Params()
	w, b := params[len(params)-2], params[len(params)-1]
	if w.Shape[1] != 3 || len(b.Data) != 3 {
		t.Fatalf("the last two parameters are %s %v and %s %v, not a read-out of three", w.Name, w.Shape, b.Name, b.Shape)
	}
	err = n.Activations(ctx, a.Input, a.Trials(), func(_ int, _ string, shape [4]int, x []float32) error {
		trials, h, frames, ch := shape[0], shape[1], shape[2], shape[3]
		if c == nil {
			c = &probe.Components{Trials: a.Trials(), Time: frames, K: 3, Data: make([]float32, a.Trials()*frames*3)}
		}
		for i := range trials {
			for f := range frames {
				for o := range 3 {
					sum := float64(b.Data[o])
					for j := range h {
						for k := range ch {
							sum += float64(x[((i*h+j)*frames+f)*ch+k]) * float64(w.Data[(j*ch+k)*3+o])
						}
					}
					c.Data[((first+i)*frames+f)*3+o] = float32(sum)
				}
			}
		}
		first += trials
		return nil
	}, last)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := probe.FitLayer(c, a, probe.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for u, r := range tab.Rows {
		if r.LayerName != "readout" || r.Features != 3 || r.Task != "regression" {
			t.Errorf("row %d: layer %q of task %q with %d regressors", u, r.LayerName, r.Task, r.Features)
		}
		if d := r.EVTest - fit.EVTest[u]; d > 1e-4 || d < -1e-4 {
			t.Errorf("unit %d: EV %g, by hand %g", u, r.EVTest, fit.EVTest[u])
		}
	}

	for _, task := range []string{"classification", "bt"} {
		_, err := probe.Readouts(ctx, a, brief(task), probe.Options{})
		if err == nil || !strings.Contains(err.Error(), task+" puts out no series") {
			t.Errorf("%s: %v", task, err)
		}
	}
}
