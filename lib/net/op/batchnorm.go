package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
)

// BatchNorm says where a batch norm takes its statistics from.
type BatchNorm struct {
	Eps float64 // added to the variance; TensorFlow's default is 1e-3

	// Groups is the number of groups of consecutive rows, such as the views of
	// a sample, that have statistics of their own; 0 is 1.
	Groups int

	// Fixed, if not nil, is used instead of the batch's own statistics, as it
	// is at the time of the run. There is no gradient through it.
	Fixed *BatchStats

	// Seen, if not nil, receives the statistics of each forward pass, averaged
	// over the groups.
	Seen *BatchStats
}

// BatchStats are a batch norm's statistics, one value per unit.
type BatchStats struct {
	Mean     []float64
	Variance []float64 // of the population
}

// NewBatchStats returns the statistics of k units that change nothing: mean 0, variance 1.
func NewBatchStats(k int) *BatchStats {
	s := &BatchStats{make([]float64, k), make([]float64, k)}
	for i := range s.Variance {
		s.Variance[i] = 1
	}
	return s
}

// BatchNormRelu appends ReLU((x − mean)/√(var + Eps) + beta) for x [n][k], mean
// and population variance over the rows of a group, beta [k], no gain: the
// projector's normalisation. In the published code its statistics are the
// batch's always, in evaluation as well (spec/02 3.2).
func BatchNormRelu(x, beta *gorgonia.Node, how BatchNorm) (*gorgonia.Node, error) {
	return byDtype("BatchNormRelu", x,
		func() (*gorgonia.Node, error) { return batchNorm[float32](x, beta, how) },
		func() (*gorgonia.Node, error) { return batchNorm[float64](x, beta, how) })
}

func (b *BatchNorm) check(x, beta *gorgonia.Node) error {
	const name = "BatchNormRelu"
	if err := wantDims(name, "x", x, 2); err != nil {
		return err
	}
	n, k := x.Shape()[0], x.Shape()[1]
	if err := wantShape(name, "beta", beta, k); err != nil {
		return err
	}
	if !(b.Eps >= 0) {
		return fmt.Errorf("op: %s: Eps %v must not be negative", name, b.Eps)
	}
	b.Groups = max(b.Groups, 1)
	if n%b.Groups != 0 {
		return fmt.Errorf("op: %s: Groups: %d rows do not make %d groups of one size", name, n, b.Groups)
	}
	for _, s := range []*BatchStats{b.Fixed, b.Seen} {
		if s != nil && (len(s.Mean) != k || len(s.Variance) != k) {
			return fmt.Errorf("op: %s: statistics of %d and %d units, want %d", name, len(s.Mean), len(s.Variance), k)
		}
	}
	return nil
}

func batchNorm[T Float](x, beta *gorgonia.Node, how BatchNorm) (*gorgonia.Node, error) {
	if err := how.check(x, beta); err != nil {
		return nil, err
	}
	n, k := x.Shape()[0], x.Shape()[1]
	b := &batchNormState[T]{how: how, k: k, rows: n / how.Groups, hat: make([]float64, n*k), inv: make([]float64, how.Groups*k),
		mean: make([]float64, k), sum: make([]float64, k), dot: make([]float64, k), dBeta: make([]T, k)}
	label := fmt.Sprintf("BatchNormRelu n=%d k=%d eps=%v groups=%d fixed=%v", n, k, how.Eps, how.Groups, how.Fixed != nil)
	fwd := newCall(label, shapes(x, beta), x.Shape(), func(in [][]T, out []T) error {
		b.forward(in[0], in[1], out)
		return nil
	})
	fwd.wants = []bool{true, true}
	fwd.grad = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := newCall("grad of "+label, shapes(y, dy), in[0].Shape(), func(in [][]T, out []T) error {
			b.backward(in[0], in[1], out)
			return nil
		}).apply(y, dy)
		if err != nil {
			return nil, err
		}
		db, err := newPick("beta of grad of "+label, dx.Shape(), in[1].Shape(), func() []T { return b.dBeta }).apply(dx)
		return gorgonia.Nodes{dx, db}, err
	}
	return fwd.apply(x, beta)
}

type batchNormState[T Float] struct {
	how            BatchNorm
	k, rows        int       // units, rows of a group
	hat            []float64 // normalised values of the last run
	inv            []float64 // [group][unit]
	mean, sum, dot []float64
	dBeta          []T
}

func (b *batchNormState[T]) forward(x, beta, y []T) {
	if s := b.how.Seen; s != nil {
		clear(s.Mean)
		clear(s.Variance)
	}
	size := b.rows * b.k
	for g := range b.how.Groups {
		x, y, hat, inv := x[g*size:][:size], y[g*size:][:size], b.hat[g*size:][:size], b.inv[g*b.k:][:b.k]
		if f := b.how.Fixed; f != nil {
			copy(b.mean, f.Mean)
			copy(inv, f.Variance)
		} else {
			columnMoments(x, b.mean, inv)
		}
		if s := b.how.Seen; s != nil {
			for j, v := range inv {
				s.Mean[j] += b.mean[j] / float64(b.how.Groups)
				s.Variance[j] += v / float64(b.how.Groups)
			}
		}
		for j, v := range inv {
			inv[j] = 1 / math.Sqrt(v+b.how.Eps)
		}
		for i, v := range x {
			j := i % b.k
			hat[i] = (float64(v) - b.mean[j]) * inv[j]
			y[i] = T(max(0, hat[i]+float64(beta[j])))
		}
	}
}

func (b *batchNormState[T]) backward(y, dy, dx []T) {
	size := b.rows * b.k
	clear(b.dBeta)
	beta := b.mean // free by now
	clear(beta)
	for g := range b.how.Groups {
		y, dy, dx, hat, inv := y[g*size:][:size], dy[g*size:][:size], dx[g*size:][:size], b.hat[g*size:][:size], b.inv[g*b.k:][:b.k]
		clear(b.sum)
		clear(b.dot)
		for i, v := range y {
			if v > 0 {
				b.sum[i%b.k] += float64(dy[i])
				b.dot[i%b.k] += float64(dy[i]) * hat[i]
			}
		}
		for j, v := range b.sum {
			beta[j] += v
		}
		for i, v := range y {
			j, d := i%b.k, 0.0
			if v > 0 {
				d = float64(dy[i])
			}
			if b.how.Fixed == nil {
				d -= (b.sum[j] + hat[i]*b.dot[j]) / float64(b.rows)
			}
			dx[i] = T(inv[j] * d)
		}
	}
	for j, v := range beta {
		b.dBeta[j] = T(v)
	}
}

// columnMoments writes mean and population variance of each column of x.
func columnMoments[T Float](x []T, mean, variance []float64) {
	k := len(mean)
	n := float64(len(x) / k)
	clear(mean)
	clear(variance)
	for i, v := range x {
		mean[i%k] += float64(v)
	}
	for j := range mean {
		mean[j] /= n
	}
	for i, v := range x {
		d := float64(v) - mean[i%k]
		variance[i%k] += d * d
	}
	for j := range variance {
		variance[j] /= n
	}
}
