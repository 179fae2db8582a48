package train

import (
	"context"
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/task"
)

// Sources are the three splits of a data set. Val and Test may be nil: without
// Val a run is validated on each step's own batch, as the published
// data-driven training is.
type Sources struct{ Train, Val, Test task.Source }

// FromDataset returns the splits of a data set.
func FromDataset(d *dataset.Dataset) Sources {
	s := Sources{Train: d.Train}
	// A nil *Set in an interface is not a nil interface.
	if d.Val != nil && d.Val.Len() > 0 {
		s.Val = d.Val
	}
	if d.Test != nil && d.Test.Len() > 0 {
		s.Test = d.Test
	}
	return s
}

func (s Sources) check(t task.Task) error {
	dims := task.DimsOf(s.Train)
	for _, p := range []struct {
		name string
		src  task.Source
		must bool
	}{{"training", s.Train, true}, {"validation", s.Val, t.Loss != task.LossResidual}, {"test", s.Test, true}} {
		if p.src == nil {
			if p.must {
				return fmt.Errorf("train: %s: no %s samples", t.Name, p.name)
			}
			continue
		}
		if err := t.Check(p.src); err != nil {
			return fmt.Errorf("%s samples: %w", p.name, err)
		}
		if d := task.DimsOf(p.src); d != dims {
			return fmt.Errorf("train: %s windows are %v, those of training %v", p.name, d, dims)
		}
	}
	return nil
}

// A dataError says that samples could not be read: the fault of the data, not
// of the network.
type dataError struct{ err error }

func (e *dataError) Error() string { return e.err.Error() }
func (e *dataError) Unwrap() error { return e.err }

// load fills a batch.
func load(m *task.Model, b *task.Batch, src, goals task.Source, idx []int, views, dropout task.Draw) error {
	if err := m.Fill(b, src, goals, idx, views, dropout); err != nil {
		return &dataError{err}
	}
	return nil
}

// spread returns up to k sample numbers below n, evenly spaced.
func spread(n, k int) []int {
	k = min(n, k)
	idx := make([]int, k)
	for i := range idx {
		idx[i] = i * n / k
	}
	return idx
}

// scaleSamples is the number of training samples that statistics of the
// targets are taken from.
const scaleSamples = 4096

// targetMoments returns mean and standard deviation of each output over the
// target frames of the training samples.
func targetMoments(ctx context.Context, m *task.Model, src task.Source) (mean, std []float64, err error) {
	sum, sq := make([]float64, m.Outputs), make([]float64, m.Outputs)
	b := m.NewBatch(1)
	n := 0.0
	for _, i := range spread(src.Len(), scaleSamples) {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := load(m, b, src, src, []int{i}, nil, nil); err != nil {
			return nil, nil, err
		}
		for j, v := range b.Y {
			k := j % m.Outputs
			sum[k] += float64(v)
			sq[k] += float64(v) * float64(v)
		}
		n += float64(len(b.Y) / m.Outputs)
	}
	for k := range sum {
		sum[k] /= n
		sq[k] = math.Sqrt(max(0, sq[k]/n-sum[k]*sum[k]))
		if sq[k] == 0 {
			sq[k] = 1 // a constant output is left as it is
		}
	}
	return sum, sq, nil
}
