package task

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/net/op"
)

// A Trainer computes gradients of a model's loss on batches, whole or in
// parts. It belongs to one goroutine.
//
// The loss is a mean over samples, so the gradients of equal parts average to
// that of the batch, exactly up to rounding. Redundancy reduction is different:
// its loss and batch norm join all samples. There the features of all parts
// are computed first, then loss and head on the whole batch, and each part is
// carried back from the derivative of its features.
type Trainer struct {
	m     *Model
	batch int
	part  int

	whole *graph // network and head together
	head  *graph // head on the features of the whole batch
	trunk *graph // network with a given derivative
	fwd   *net.Forward
	feat  []float32

	stats []*op.BatchStats
}

// NewTrainer returns a trainer for batches of batch samples, taken part at a
// time; part must divide batch.
func (m *Model) NewTrainer(batch, part int) (*Trainer, error) {
	if part < 1 || batch < 1 || batch%part != 0 {
		panic(fmt.Sprintf("task: a batch of %d in parts of %d", batch, part))
	}
	building.Lock()
	defer building.Unlock()
	t := &Trainer{m: m, batch: batch, part: part}
	if m.Task.Head == Projector {
		for range 2 {
			t.stats = append(t.stats, op.NewBatchStats(projectorUnits))
		}
		if part < batch {
			return t, t.split()
		}
	}
	t.whole = newGraph(part)
	if err := t.whole.encoder(m); err != nil {
		return nil, err
	}
	if err := t.whole.head(m, true, t.stats); err != nil {
		return nil, err
	}
	t.whole.compile(true)
	return t, nil
}

// split builds the graphs for a loss that needs the whole batch.
func (t *Trainer) split() (err error) {
	m := t.m
	if t.fwd, err = m.Net.Forward(m.Dims.Muscles, m.Dims.Time, m.Dims.Channels, lastLayer(m)); err != nil {
		return err
	}
	t.feat = make([]float32, 2*t.batch*m.features())
	t.head = newGraph(t.batch)
	t.head.features = t.head.input(inFeatures, 2*t.batch, m.shape[0], m.shape[1], m.shape[2])
	t.head.wantFeat = true
	if err = t.head.head(m, true, t.stats); err != nil {
		return err
	}
	t.head.compile(true)
	t.trunk = newGraph(t.part)
	if err = t.trunk.encoder(m); err != nil {
		return err
	}
	slope := t.trunk.input(inSlope, t.trunk.features.Shape()...)
	loss, err := op.Along(t.trunk.features, slope)
	if err != nil {
		return err
	}
	if err = t.trunk.differentiate(loss); err != nil {
		return err
	}
	t.trunk.compile(true)
	return nil
}

func lastLayer(m *Model) string {
	shapes, err := m.Net.Arch.Shapes(m.Dims.Muscles, m.Dims.Time, m.Dims.Channels)
	if err != nil {
		panic("task: " + err.Error()) // NewModel has asked for the same
	}
	return shapes[len(shapes)-1].Name
}

// Parts returns how many batches Gradient asks for, and of how many samples.
func (t *Trainer) Parts() (parts, size int) {
	if t.head != nil {
		return 1, t.batch
	}
	return t.batch / t.part, t.part
}

// Nodes returns the parameters with their gradients, in the order of
// [Model.Params], for a solver.
func (t *Trainer) Nodes() []gorgonia.ValueGrad {
	if t.head != nil {
		return gorgonia.NodesToValueGrads(append(append(gorgonia.Nodes{}, t.trunk.learn...), t.head.learn...))
	}
	return gorgonia.NodesToValueGrads(t.whole.learn)
}

// Gradient computes the loss of a batch and leaves the gradients in Nodes.
// next gives the parts in order; each is used before the next is asked for.
// score, if not nil, receives each part with its predictions.
func (t *Trainer) Gradient(next func(part int) (*Batch, error), score func(b *Batch, pred []float32)) (loss float64, err error) {
	if t.head != nil {
		return t.joined(next, score)
	}
	parts, _ := t.Parts()
	for i := range parts {
		b, err := next(i)
		if err != nil {
			return 0, err
		}
		if err := t.whole.load(b); err != nil {
			return 0, err
		}
		if err := t.whole.run(); err != nil {
			return 0, err
		}
		loss += t.whole.lossValue() / float64(parts)
		if score != nil {
			score(b, values(t.whole.pred))
		}
	}
	if parts > 1 {
		for _, n := range t.whole.learn {
			g, err := n.Grad()
			if err != nil {
				return 0, err
			}
			v := values(g)
			for i := range v {
				v[i] /= float32(parts)
			}
		}
	}
	return loss, nil
}

func (t *Trainer) joined(next func(int) (*Batch, error), score func(*Batch, []float32)) (float64, error) {
	b, err := next(0)
	if err != nil {
		return 0, err
	}
	if err := featuresOf(t.fwd, t.m, b.X, 2*t.batch, t.feat); err != nil {
		return 0, err
	}
	if err := t.head.load(b); err != nil {
		return 0, err
	}
	if err := t.head.set(inFeatures, t.feat); err != nil {
		return 0, err
	}
	if err := t.head.run(); err != nil {
		return 0, err
	}
	// The views of a part do not lie side by side in the batch, but the network
	// takes each row on its own, so parts of rows serve as well.
	slope, size, f := values(t.head.dfeat), t.m.Dims.Size(), t.m.features()
	for at := 0; at < 2*t.batch; at += 2 * t.part {
		if err := t.trunk.set(inX, b.X[at*size:(at+2*t.part)*size]); err != nil {
			return 0, err
		}
		if err := t.trunk.set(inSlope, slope[at*f:(at+2*t.part)*f]); err != nil {
			return 0, err
		}
		if err := t.trunk.run(); err != nil {
			return 0, err
		}
	}
	if score != nil {
		score(b, values(t.head.pred))
	}
	return t.head.lossValue(), nil
}

// movingDecay is TensorFlow's default for batch norm.
const movingDecay = 0.999

// UpdateMoving moves the batch norms' averages towards the last batch, where
// the switch asks for moving averages; the published code never does.
func (t *Trainer) UpdateMoving() {
	if t.m.Switches.BatchNorm != BNMoving {
		return
	}
	for i, s := range t.stats {
		for j, v := range [2][]float64{s.Mean, s.Variance} {
			p := t.m.Moving[2*i+j].Data
			for k := range p {
				p[k] = float32(movingDecay*float64(p[k]) + (1-movingDecay)*v[k])
			}
		}
	}
}

// featuresOf runs rows of input through the network.
func featuresOf(f *net.Forward, m *Model, x []float32, rows int, dst []float32) error {
	const chunk = 8
	size, k := m.Dims.Size(), m.features()
	for at := 0; at < rows; at += chunk {
		n := min(chunk, rows-at)
		err := f.Run(x[at*size:(at+n)*size], n, func(_ int, _ string, _ [4]int, data []float32) error {
			copy(dst[at*k:(at+n)*k], data)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Close gives back what the graphs hold.
func (t *Trainer) Close() {
	for _, g := range []*graph{t.whole, t.head, t.trunk} {
		if g != nil {
			g.vm.Close()
		}
	}
}

// An Evaluator predicts with a model as it is at the time of the call, without
// dropout. It belongs to one goroutine.
type Evaluator struct {
	m     *Model
	n     int
	fwd   *net.Forward
	feat  []float32
	head  *graph
	stats []*op.BatchStats
}

// NewEvaluator returns an evaluator for batches of n samples.
func (m *Model) NewEvaluator(n int) (*Evaluator, error) {
	building.Lock()
	defer building.Unlock()
	e := &Evaluator{m: m, n: n, feat: make([]float32, n*m.Views()*m.features())}
	var err error
	if e.fwd, err = m.Net.Forward(m.Dims.Muscles, m.Dims.Time, m.Dims.Channels, lastLayer(m)); err != nil {
		return nil, err
	}
	if m.Task.Head == Projector {
		for range 2 {
			e.stats = append(e.stats, op.NewBatchStats(projectorUnits))
		}
	}
	e.head = newGraph(n)
	e.head.features = e.head.input(inFeatures, n*m.Views(), m.shape[0], m.shape[1], m.shape[2])
	if err = e.head.head(m, false, e.stats); err != nil {
		return nil, err
	}
	e.head.compile(false)
	return e, nil
}

// Predict returns the predictions for a batch, [sample][frame][output] on the
// trained scale; they are overwritten by the next call.
func (e *Evaluator) Predict(b *Batch) ([]float32, error) {
	for i, s := range e.stats {
		for j, v := range [2][]float64{s.Mean, s.Variance} {
			for k, x := range e.m.Moving[2*i+j].Data {
				v[k] = float64(x)
			}
		}
	}
	if err := featuresOf(e.fwd, e.m, b.X, e.n*e.m.Views(), e.feat); err != nil {
		return nil, err
	}
	if err := e.head.load(b); err != nil {
		return nil, err
	}
	if err := e.head.set(inFeatures, e.feat); err != nil {
		return nil, err
	}
	if err := e.head.run(); err != nil {
		return nil, err
	}
	return values(e.head.pred), nil
}

// Close gives back what the graph holds.
func (e *Evaluator) Close() { e.head.vm.Close() }
