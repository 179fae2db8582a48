package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// LSTM appends one LSTM layer over time: x is [n][h][t][c], the features of a
// time step are h·C + c; wih is [4u][h·c], whh is [4u][u], bih and bhh are
// [4u], gates in row blocks i, f, g, o. The result is [n][1][t][u], the hidden
// state at each step from h = c = 0. If inputGrad is false no gradient of x is
// computed.
func LSTM(x, wih, whh, bih, bhh *gorgonia.Node, inputGrad bool) (*gorgonia.Node, error) {
	return byDtype("LSTM", x,
		func() (*gorgonia.Node, error) { return lstm[float32](x, wih, whh, bih, bhh, inputGrad) },
		func() (*gorgonia.Node, error) { return lstm[float64](x, wih, whh, bih, bhh, inputGrad) })
}

func lstm[T Float](x, wih, whh, bih, bhh *gorgonia.Node, inputGrad bool) (*gorgonia.Node, error) {
	if err := wantDims("LSTM", "x", x, 4); err != nil {
		return nil, err
	}
	if err := wantDims("LSTM", "W_hh", whh, 2); err != nil {
		return nil, err
	}
	s := x.Shape()
	n, h, t, c, u := s[0], s[1], s[2], s[3], whh.Shape()[1]
	for _, p := range []struct {
		name  string
		node  *gorgonia.Node
		shape []int
	}{{"W_ih", wih, []int{4 * u, h * c}}, {"W_hh", whh, []int{4 * u, u}}, {"b_ih", bih, []int{4 * u}}, {"b_hh", bhh, []int{4 * u}}} {
		if err := wantShape("LSTM", p.name, p.node, p.shape...); err != nil {
			return nil, err
		}
	}
	l := engine.NewLSTM[T](h, t, c, u)
	label := fmt.Sprintf("LSTM h=%d t=%d c=%d u=%d", h, t, c, u)
	fwd := newFn(label, dtypeFor[T](), shapes(x, wih, whh, bih, bhh), tensor.Shape{n, 1, t, u}, &lstmForward[T]{l, n})
	fwd.wants = []bool{inputGrad, true, true, true, true}
	fwd.grad = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		args := append(append(gorgonia.Nodes{}, in...), y, dy)
		back := newFn("grad of "+label, dtypeFor[T](), shapes(args...), in[1].Shape(), &lstmBackward[T]{l, n, inputGrad})
		dw, err := back.apply(args...)
		if err != nil {
			return nil, err
		}
		grads := gorgonia.Nodes{nil, dw, nil, nil, nil}
		for i, get := range []func() []T{
			func() []T { return l.DX }, nil, func() []T { return l.DWhh }, func() []T { return l.DB }, func() []T { return l.DB2 }} {
			if get == nil || (i == 0 && !inputGrad) {
				continue
			}
			if grads[i], err = newPick(fmt.Sprintf("input %d of grad of %s", i, label), dw.Shape(), in[i].Shape(), get).apply(dw); err != nil {
				return nil, err
			}
		}
		return grads, nil
	}
	return fwd.apply(x, wih, whh, bih, bhh)
}

type lstmForward[T Float] struct {
	l *engine.LSTM[T]
	n int
}

func (f *lstmForward[T]) run(in []gorgonia.Value) error {
	v := allValues[T](in)
	f.l.Forward(v[0], v[1], v[2], v[3], v[4], f.n)
	return nil
}

func (f *lstmForward[T]) output() any { return f.l.Y }

type lstmBackward[T Float] struct {
	l         *engine.LSTM[T]
	n         int
	inputGrad bool
}

func (b *lstmBackward[T]) run(in []gorgonia.Value) error {
	v := allValues[T](in)
	b.l.Backward(v[6], v[0], v[1], v[2], b.n, b.inputGrad)
	return nil
}

func (b *lstmBackward[T]) output() any { return b.l.DWih }

func allValues[T Float](in []gorgonia.Value) [][]T {
	v := make([][]T, len(in))
	for i, x := range in {
		v[i] = values[T](x)
	}
	return v
}
