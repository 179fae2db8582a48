package train

import (
	"context"
	"reflect"
	"testing"

	"github.com/spindle-lab/spindle/lib/task"
)

// The loop of spec/02, 1.5, written down line by line beside the one that is
// used: one batch at a time in one goroutine, weights and Adam's slots and
// powers copied by hand. Both must come to the same weights, bit for bit,
// through plateaus, restores and the rule of 20 epochs (10 here).
func TestLoopIsThePublished(t *testing.T) {
	ctx := context.Background()
	src := toys(67) // the remainder of 3 is never seen
	cfg := Config{Task: "hand_vel", Arch: small()[0], Seed: 6, Batch: 16, Steps: 60, ValidateEvery: 3, Patience: 2, MinEpochs: 10, LR: 1, Shuffle: ShuffleBlock}
	got, err := RunOn(ctx, cfg, src)
	if err != nil {
		t.Fatal(err)
	}

	s, err := newSession(ctx, cfg, src) // for its fresh model and optimiser
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	m, adam := s.model, s.adam
	e, err := m.NewEvaluator(16)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	tr, err := m.NewTrainer(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	b := m.NewBatch(16)
	type saved struct {
		params, m, v [][]float32
		iter         int
	}
	var model saved
	save := func() {
		model = saved{clone(data(m.Params())), clone(adam.M32), clone(adam.V32), adam.Iter}
	}
	restore := func() {
		fill(data(m.Params()), model.params)
		adam.M32, adam.V32, adam.Iter = clone(model.m), clone(model.v), model.iter
	}
	const epochSteps, patience = 4, 2
	lr, best, bad, plateaus := 1.0, 1e10, 0, 0
	order := newOrder(s.r, 67)
	idx := make([]int, 16)
	var losses []float32
	restores, steps, forgiven := 0, 0, 0
	for step := range 60 {
		steps++
		order.at(step, idx)
		adam.LR = lr
		loss, err := tr.Gradient(func(int) (*task.Batch, error) { return b, m.Fill(b, src.Train, src.Train, idx, nil, nil) }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := adam.Step(tr.Nodes()); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, float32(loss))
		if step%3 != 0 {
			continue
		}
		sum := 0.0
		for k := range 2 { // floor(40/16) batches
			for i := range idx {
				idx[i] = 16*k + i
			}
			if err := m.Fill(b, src.Val, src.Val, idx, nil, nil); err != nil {
				t.Fatal(err)
			}
			pred, err := e.Predict(b)
			if err != nil {
				t.Fatal(err)
			}
			sum += task.MSE(pred, b.Y, nil)
		}
		if l := sum / 2; l < best {
			best = l
			save()
			bad = 0
		} else {
			bad++
		}
		if bad >= patience {
			lr /= 4
			bad = 0
			plateaus++
			restore()
			restores++
		}
		if plateaus == 2 {
			if step < 10*epochSteps {
				plateaus, bad = 1, 0
				forgiven++
			} else {
				break
			}
		}
	}
	restore()
	if restores < 3 || forgiven < 1 || steps == 60 {
		t.Fatalf("%d restores, %d plateaus forgiven, %d steps: the run does not go through the whole rule", restores, forgiven, steps)
	}
	if got.Steps != steps || !got.Plateau || !reflect.DeepEqual(got.Losses, losses) || !reflect.DeepEqual(data(got.Model.Params()), data(m.Params())) {
		t.Errorf("%d steps, want %d, or other losses or weights", got.Steps, steps)
	}
}
