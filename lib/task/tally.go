package task

import "math"

// A Tally adds up loss and metric over batches. The metric is in the task's
// units, the loss on the trained scale.
type Tally struct {
	m            *Model
	loss, metric float64
	nl, nm       float64
	last         float64 // loss of the last batch
	buf          [2][]float32
}

// NewTally returns an empty tally.
func (m *Model) NewTally() *Tally { return &Tally{m: m} }

// Add takes the first n samples of a batch and their predictions.
func (t *Tally) Add(b *Batch, pred []float32, n int) {
	m := t.m
	switch m.Task.Loss {
	case LossCrossEntropy:
		labels := make([]int, n)
		for i := range labels {
			labels[i] = int(b.Y[i])
		}
		p := pred[:n*m.Outputs]
		t.add(CrossEntropy(p, labels, m.Outputs, nil), Accuracy(p, labels, m.Outputs), n)
	case LossBarlow:
		h := len(pred) / 2
		l := BarlowLoss(pred[:h], pred[h:], m.Outputs, Lambda, m.Switches.BarlowNorm, nil, nil)
		t.add(l, l, n)
	case LossResidual:
		k := n * m.targets()
		start, end := make([]int, n), make([]int, n)
		for i := range start {
			start[i], end[i] = int(b.Span[2*i]), int(b.Span[2*i+1])
		}
		res, tot := make([]float64, n*m.Outputs), make([]float64, n*m.Outputs)
		l := ResidualVariance(pred[:k], b.Y[:k], m.Frames, m.Outputs, start, end, nil, res, tot)
		t.loss += l * float64(n)
		t.nl += float64(n)
		t.last = l
		for _, v := range ExplainedVariance(res, tot) {
			if !math.IsInf(v, 0) {
				if math.IsNaN(v) {
					v = 0
				}
				t.metric += v
				t.nm++
			}
		}
	default:
		k := n * m.targets()
		p, y := pred[:k], b.Y[:k]
		l := MSE(p, y, nil)
		if m.Mean != nil {
			p, y = t.copied(0, p), t.copied(1, y)
			m.Unscale(p)
			m.Unscale(y)
		}
		t.add(l, MED(p, y, m.Outputs), n)
	}
}

func (t *Tally) copied(i int, v []float32) []float32 {
	t.buf[i] = append(t.buf[i][:0], v...)
	return t.buf[i]
}

func (t *Tally) add(loss, metric float64, n int) {
	t.loss += loss * float64(n)
	t.metric += metric * float64(n)
	t.nl += float64(n)
	t.nm += float64(n)
	t.last = loss
}

// Loss returns the mean loss over samples.
func (t *Tally) Loss() float64 { return t.loss / t.nl }

// Last returns the loss of the last batch alone, by which the published code
// picks networks of redundancy reduction.
func (t *Tally) Last() float64 { return t.last }

// Metric returns the mean metric.
func (t *Tally) Metric() float64 { return t.metric / t.nm }
