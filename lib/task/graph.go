package task

import (
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/net/op"
)

// building guards gorgonia's shared state: graphs are built one at a time, and
// run at will.
var building sync.Mutex

// A graph is a compiled piece of a model for a fixed number of samples: the
// whole of it, the head alone on given features, or the network alone with a
// given derivative at its end.
type graph struct {
	g        *gorgonia.ExprGraph
	vm       gorgonia.VM
	n        int // samples
	in       map[string]*gorgonia.Node
	learn    gorgonia.Nodes // those of whose parameters there are gradients
	features *gorgonia.Node
	wantFeat bool // gradient of the features

	pred, loss gorgonia.Value
	dfeat      gorgonia.Value
}

func newGraph(n int) *graph {
	return &graph{g: gorgonia.NewGraph(), n: n, in: map[string]*gorgonia.Node{}}
}

func (b *graph) input(name string, shape ...int) *gorgonia.Node {
	// A node that is bound has to have a value when the graph is compiled.
	v := tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	n := gorgonia.NewTensor(b.g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
	b.in[name] = n
	return n
}

// Names of input nodes.
const (
	inX, inFeatures, inTarget, inGoal, inKeep, inSpan, inSlope = "x", "features", "target", "goal", "keep", "span", "slope"
)

// encoder puts the network on the graph.
func (b *graph) encoder(m *Model) error {
	x := b.input(inX, b.n*m.Views(), m.Dims.Muscles, m.Dims.Time, m.Dims.Channels)
	e, err := m.Net.Build(b.g, x)
	if err != nil {
		return err
	}
	b.features = e.Out
	b.learn = append(b.learn, e.Learnables...)
	return nil
}

// head puts the head and, if train, dropout and the loss on the features.
func (b *graph) head(m *Model, train bool, stats []*op.BatchStats) error {
	learn := net.Nodes(b.g, tensor.Float32, m.Head)
	p := nodes{}
	for i, n := range learn {
		p[m.Head[i].Name] = n
	}
	b.learn = append(b.learn, learn...)
	x := b.features
	var err error
	if m.Task.Head == Classifier && m.lstm() {
		if x, err = op.LastStep(x); err != nil {
			return err
		}
	}
	var keep *gorgonia.Node
	if train && m.dropped() > 0 {
		keep = b.input(inKeep, x.Shape()...)
	}
	pred, err := b.predict(m, x, keep, train, p, stats)
	if err != nil {
		return err
	}
	gorgonia.Read(pred, &b.pred)
	if !train {
		return nil
	}
	loss, err := b.lossNode(m, pred)
	if err != nil {
		return err
	}
	gorgonia.Read(loss, &b.loss)
	return b.differentiate(loss)
}

func (b *graph) predict(m *Model, x, keep *gorgonia.Node, train bool, p nodes, stats []*op.BatchStats) (*gorgonia.Node, error) {
	switch m.Task.Head {
	case Classifier:
		return classifierHead(x, keep, p)
	case TorqueHead:
		if !m.withGoal() {
			break
		}
		return torqueHead(x, b.input(inGoal, b.n, m.Frames, m.goalRows()), p)
	case Decoder:
		return decoderHead(x, keep, m.trans, m.Dims, p)
	case Projector:
		how := projection{groups: 2}
		if m.Switches.BatchNormViews == ViewsJoint {
			how.groups = 1
		}
		if train {
			how.seen = [2]*op.BatchStats{stats[0], stats[1]}
		} else if m.Switches.BatchNorm == BNMoving {
			how.fixed = stats
		}
		return projectorHead(x, keep, p, how)
	}
	return readoutHead(x, p)
}

func (b *graph) lossNode(m *Model, pred *gorgonia.Node) (*gorgonia.Node, error) {
	switch m.Task.Loss {
	case LossCrossEntropy:
		return op.SoftmaxCrossEntropy(pred, b.input(inTarget, b.n))
	case LossBarlow:
		return barlowLoss(pred, Lambda, m.Switches.BarlowNorm)
	case LossResidual:
		return op.ResidualVariance(pred, b.input(inTarget, pred.Shape()...), b.input(inSpan, b.n, 2))
	}
	return op.MSE(pred, b.input(inTarget, pred.Shape()...))
}

func (b *graph) differentiate(loss *gorgonia.Node) error {
	wrt := append(gorgonia.Nodes{}, b.learn...)
	if b.wantFeat {
		wrt = append(wrt, b.features)
	}
	grads, err := gorgonia.Grad(loss, wrt...)
	if err != nil {
		return err
	}
	if b.wantFeat {
		gorgonia.Read(grads[len(grads)-1], &b.dfeat)
	}
	return nil
}

// compile makes the machine. Gradients are added up in the nodes of the
// parameters from run to run, until the solver clears them.
func (b *graph) compile(train bool) {
	if train {
		b.vm = gorgonia.NewTapeMachine(b.g, gorgonia.BindDualValues(b.learn...))
		return
	}
	b.vm = gorgonia.NewTapeMachine(b.g)
}

// set gives an input node its values, without a copy.
func (b *graph) set(name string, v []float32) error {
	n, ok := b.in[name]
	if !ok {
		return nil
	}
	if want := n.Shape().TotalSize(); len(v) != want {
		return fmt.Errorf("task: input %q of %d values, expected %d", name, len(v), want)
	}
	return gorgonia.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(v)))
}

// load gives all inputs of a batch.
func (b *graph) load(t *Batch) error {
	if t.N != b.n {
		panic(fmt.Sprintf("task: batch of %d samples on a graph for %d", t.N, b.n))
	}
	for _, s := range []struct {
		name string
		v    []float32
	}{{inX, t.X}, {inTarget, t.Y}, {inGoal, t.Goal}, {inKeep, t.Keep}, {inSpan, t.Span}} {
		if err := b.set(s.name, s.v); err != nil {
			return err
		}
	}
	return nil
}

func (b *graph) run() error {
	err := b.vm.RunAll()
	b.vm.Reset()
	return err
}

func (b *graph) lossValue() float64 {
	switch v := b.loss.Data().(type) {
	case float32:
		return float64(v)
	case []float32:
		return float64(v[0])
	}
	panic(fmt.Sprintf("task: loss of type %T", b.loss.Data()))
}

func values(v gorgonia.Value) []float32 { return v.Data().([]float32) }
