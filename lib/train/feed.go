package train

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// order gives the samples of each step: those of its epoch in a new order, cut
// into batches; samples that do not fill a batch are left out. It depends on
// the seed and the step alone, so a run can begin anywhere.
type order struct {
	seed          uint64
	n, batch      int
	block         bool
	shift         task.Shift // empty: blocks stay where they are
	epoch         int
	perm          []int
	pivot, moved  int // blocks from the pivot on begin so many rows later
	stepsPerEpoch int
}

func newOrder(r *resolved, n int) *order {
	return &order{seed: r.Seed, n: n, batch: r.Batch, block: r.Shuffle == ShuffleBlock, shift: r.BlockShift, epoch: -1, stepsPerEpoch: r.stepsPerEpoch}
}

// at writes the samples of a step.
func (o *order) at(step int, dst []int) {
	epoch, k := step/o.stepsPerEpoch, step%o.stepsPerEpoch
	if epoch != o.epoch {
		o.epoch = epoch
		rng := run.Stream(o.seed, "order", epoch)
		if o.block {
			o.perm = rng.Perm(o.stepsPerEpoch)
			o.draw(rng)
		} else {
			o.perm = rng.Perm(o.n)
		}
	}
	for i := range dst {
		if o.block {
			dst[i] = o.start(o.perm[k]) + i
		} else {
			dst[i] = o.perm[k*o.batch+i]
		}
	}
}

// draw draws the shift of an epoch (spec/02, B8). It is meant to leave out other
// rows each time than the last ones, those that fill no block: the blocks from a
// pivot on begin so many rows later. As published the pivot is a row and not a
// block, so that it rarely falls among the blocks, and where it does the shift
// is made twice. The second finds no rows any more; that it ends with the last
// row is ours.
func (o *order) draw(rng *rand.Rand) {
	o.pivot, o.moved = 0, o.n%o.batch
	switch o.shift {
	case task.ShiftBlocks:
		o.pivot = 1 + rng.IntN(o.stepsPerEpoch)
	case task.ShiftRows:
		o.pivot, o.moved = 1+rng.IntN(o.n), 2*o.moved
	default:
		o.moved = 0
	}
}

// start is the first row of a block, counted from 0.
func (o *order) start(block int) int {
	at := block * o.batch
	if o.moved > 0 && block+1 >= o.pivot {
		at = min(at+o.moved, o.n-o.batch)
	}
	return at
}

// A loaded part of a batch, or why it could not be loaded.
type loaded struct {
	batch *task.Batch
	err   error
}

// feed loads the parts of the steps to come on another goroutine. Three parts
// are in use: one computed on, one waiting, one being loaded.
type feed struct {
	ready chan loaded
	free  chan *task.Batch
	held  *task.Batch

	waited time.Duration // for parts that were not ready
	worked atomic.Int64  // nanoseconds of loading
}

const partsInUse = 3

func newFeed(ctx context.Context, r *resolved, m *task.Model, tr *task.Trainer, src, goals task.Source, from int) *feed {
	parts, size := tr.Parts()
	f := &feed{ready: make(chan loaded, 1), free: make(chan *task.Batch, partsInUse)}
	for range partsInUse {
		f.free <- m.NewBatch(size)
	}
	o := newOrder(r, src.Len())
	go func() {
		defer close(f.ready)
		idx := make([]int, r.Batch)
		for step := from; step < r.Steps; step++ {
			o.at(step, idx)
			for p := range parts {
				var b *task.Batch
				select {
				case b = <-f.free:
				case <-ctx.Done():
					return
				}
				begun := time.Now()
				err := load(m, b, src, goals, idx[p*size:(p+1)*size],
					draws(r.Seed, "view", step, p*size), draws(r.Seed, "dropout", step, p*size))
				f.worked.Add(int64(time.Since(begun)))
				select {
				case f.ready <- loaded{b, err}:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
			}
		}
	}()
	return f
}

// draws gives each sample of a batch its own random numbers.
func draws(seed uint64, what string, step, from int) task.Draw {
	return func(place int) *rand.Rand { return run.Stream(seed, what, step, from+place) }
}

// next returns the following part; the one before goes back to be filled.
func (f *feed) next() (*task.Batch, error) {
	if f.held != nil {
		f.free <- f.held
		f.held = nil
	}
	begun := time.Now()
	l, ok := <-f.ready
	f.waited += time.Since(begun)
	if !ok {
		return nil, context.Canceled
	}
	f.held = l.batch
	return l.batch, l.err
}
