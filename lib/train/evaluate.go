package train

import (
	"context"

	"github.com/spindle-lab/spindle/lib/task"
)

// evalChunk is the number of samples that an evaluation takes at a time, of
// tasks whose loss is a mean over samples.
const evalChunk = 16

// An evaluation runs a model over a source.
type evaluation struct {
	m    *task.Model
	e    *task.Evaluator
	n    int // samples at a time
	b    [2]*task.Batch
	seed uint64
}

// newEvaluation prepares for an evaluation on so many samples, in batches of
// the given size where the loss needs whole batches.
func newEvaluation(m *task.Model, batch, available int, seed uint64) (*evaluation, error) {
	n := min(evalChunk, available)
	if m.Task.Head == task.Projector {
		n = min(batch, available)
	}
	e, err := m.NewEvaluator(n)
	if err != nil {
		return nil, err
	}
	return &evaluation{m: m, e: e, n: n, b: [2]*task.Batch{m.NewBatch(n), m.NewBatch(n)}, seed: seed}, nil
}

// usable is the number of samples that an evaluation in whole batches takes:
// the remainder is dropped, as published, unless it is all there is.
func usable(available, limit, batch int) int {
	if limit > 0 {
		available = min(available, limit)
	}
	if available < batch {
		return available
	}
	return available / batch * batch
}

// run tallies the first k samples in order, without dropout. The views of
// redundancy reduction are drawn anew for each name and step.
func (ev *evaluation) run(ctx context.Context, src, goals task.Source, k int, name string, step int, each func(b *task.Batch, pred []float32, n int)) (*task.Tally, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan loaded, 1)
	free := make(chan *task.Batch, 2)
	free <- ev.b[0]
	free <- ev.b[1]
	done := make(chan struct{})
	go func() {
		defer close(done)
		idx := make([]int, ev.n)
		for at := 0; at < k; at += ev.n {
			for i := range idx {
				idx[i] = min(at+i, k-1) // the last chunk is filled up and not counted
			}
			select {
			case b := <-free:
				err := load(ev.m, b, src, goals, idx, draws(ev.seed, name+" view", step, at), nil)
				select {
				case ready <- loaded{b, err}:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() { cancel(); <-done }()
	t := ev.m.NewTally()
	for at := 0; at < k; at += ev.n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l := <-ready
		if l.err != nil {
			return nil, l.err
		}
		pred, err := ev.e.Predict(l.batch)
		if err != nil {
			return nil, err
		}
		n := min(ev.n, k-at)
		t.Add(l.batch, pred, n)
		if each != nil {
			each(l.batch, pred, n)
		}
		free <- l.batch
	}
	return t, nil
}

func (ev *evaluation) close() { ev.e.Close() }
