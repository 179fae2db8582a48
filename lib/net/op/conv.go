package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// ConvNorm appends ReLU(LayerNorm(conv(x, w))) to the graph. x is
// [n][h][t][c], w is [kh][kw][c][o], gamma and beta are [o]; the result is
// [n][⌈h/sh⌉][⌈t/sw⌉][o]. If inputGrad is false no gradient of x is computed,
// which saves a third of the first layer's work.
func ConvNorm(x, w, gamma, beta *gorgonia.Node, sh, sw int, inputGrad bool) (*gorgonia.Node, error) {
	return byDtype("ConvNorm", x,
		func() (*gorgonia.Node, error) { return convNorm[float32](x, w, gamma, beta, sh, sw, inputGrad, false) },
		func() (*gorgonia.Node, error) { return convNorm[float64](x, w, gamma, beta, sh, sw, inputGrad, false) })
}

// Conv appends the bare convolution of x and w, without bias; see [ConvNorm].
func Conv(x, w *gorgonia.Node, sh, sw int, inputGrad bool) (*gorgonia.Node, error) {
	return byDtype("Conv", x,
		func() (*gorgonia.Node, error) { return convNorm[float32](x, w, nil, nil, sh, sw, inputGrad, false) },
		func() (*gorgonia.Node, error) { return convNorm[float64](x, w, nil, nil, sh, sw, inputGrad, false) })
}

// ConvTransposeNorm appends ReLU(LayerNorm(transposed conv(x, w))). x is
// [n][h][t][c], w is [kh][kw][o][c]; the result is [n][h·sh][t·sw][o].
func ConvTransposeNorm(x, w, gamma, beta *gorgonia.Node, sh, sw int) (*gorgonia.Node, error) {
	return byDtype("ConvTransposeNorm", x,
		func() (*gorgonia.Node, error) { return convNorm[float32](x, w, gamma, beta, sh, sw, true, true) },
		func() (*gorgonia.Node, error) { return convNorm[float64](x, w, gamma, beta, sh, sw, true, true) })
}

// ConvTranspose appends the bare transposed convolution of x and w; see [ConvTransposeNorm].
func ConvTranspose(x, w *gorgonia.Node, sh, sw int) (*gorgonia.Node, error) {
	return byDtype("ConvTranspose", x,
		func() (*gorgonia.Node, error) { return convNorm[float32](x, w, nil, nil, sh, sw, true, true) },
		func() (*gorgonia.Node, error) { return convNorm[float64](x, w, nil, nil, sh, sw, true, true) })
}

func convNorm[T Float](x, w, gamma, beta *gorgonia.Node, sh, sw int, inputGrad, transposed bool) (*gorgonia.Node, error) {
	name := "Conv"
	if transposed {
		name = "ConvTranspose"
	}
	norm := gamma != nil
	if err := wantDims(name, "x", x, 4); err != nil {
		return nil, err
	}
	if err := wantDims(name, "weights", w, 4); err != nil {
		return nil, err
	}
	if sh < 1 || sw < 1 {
		return nil, fmt.Errorf("op: %s: strides %d,%d must be positive", name, sh, sw)
	}
	xs, ws := x.Shape(), w.Shape()
	var g engine.Geom
	var out tensor.Shape
	if transposed {
		if err := wantShape(name, "weights", w, ws[0], ws[1], ws[2], xs[3]); err != nil {
			return nil, err
		}
		g = engine.Same(xs[1]*sh, xs[2]*sw, ws[2], ws[0], ws[1], sh, sw, xs[3])
		out = tensor.Shape{xs[0], g.H, g.W, g.C}
	} else {
		if err := wantShape(name, "weights", w, ws[0], ws[1], xs[3], ws[3]); err != nil {
			return nil, err
		}
		g = engine.Same(xs[1], xs[2], xs[3], ws[0], ws[1], sh, sw, ws[3])
		out = tensor.Shape{xs[0], g.OH, g.OW, g.O}
	}
	in := []*gorgonia.Node{x, w}
	if norm {
		for _, p := range []*gorgonia.Node{gamma, beta} {
			if err := wantShape(name, "gamma or beta", p, out[3]); err != nil {
				return nil, err
			}
		}
		in = append(in, gamma, beta)
	}
	l := engine.NewLayer[T](g, xs[0], transposed, norm, norm)
	label := fmt.Sprintf("%s%+v norm=%v", name, g, norm)
	fwd := newFn(label, dtypeFor[T](), shapes(in...), out, &layerForward[T]{l: l})
	fwd.wants = []bool{inputGrad, true, true, true}[:len(in)]
	fwd.grad = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		return convGrad(l, label, inputGrad, in, y, dy)
	}
	return fwd.apply(in...)
}

// convGrad appends one op that computes all gradients and gives dw, and one
// for each of the others that hands it out.
func convGrad[T Float](l *engine.Layer[T], label string, inputGrad bool, in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	args := append(append(gorgonia.Nodes{}, in...), y, dy)
	back := newFn("grad of "+label, dtypeFor[T](), shapes(args...), in[1].Shape(), &layerBackward[T]{l: l, inputGrad: inputGrad})
	dw, err := back.apply(args...)
	if err != nil {
		return nil, err
	}
	grads := gorgonia.Nodes{nil, dw, nil, nil}[:len(in)]
	pick := func(i int, get func() []T) {
		if err == nil {
			grads[i], err = newPick(fmt.Sprintf("input %d of grad of %s", i, label), dw.Shape(), in[i].Shape(), get).apply(dw)
		}
	}
	if inputGrad {
		pick(0, func() []T { return l.DX })
	}
	if l.Bias {
		pick(2, func() []T { return l.DBeta })
	}
	if len(in) == 4 {
		pick(2, func() []T { return l.DGamma })
		pick(3, func() []T { return l.DBeta })
	}
	return grads, err
}

type layerForward[T Float] struct{ l *engine.Layer[T] }

func (f *layerForward[T]) run(in []gorgonia.Value) error {
	var gamma, beta []T
	if f.l.Norm {
		gamma, beta = values[T](in[2]), values[T](in[3])
	}
	if f.l.Bias {
		beta = values[T](in[2])
	}
	f.l.Forward(values[T](in[0]), values[T](in[1]), gamma, beta)
	return nil
}

func (f *layerForward[T]) output() any { return f.l.Y }

type layerBackward[T Float] struct {
	l         *engine.Layer[T]
	inputGrad bool
}

func (b *layerBackward[T]) run(in []gorgonia.Value) error {
	var gamma []T
	if b.l.Norm {
		gamma = values[T](in[2])
	}
	b.l.Backward(values[T](in[len(in)-1]), values[T](in[0]), values[T](in[1]), gamma, b.inputGrad)
	return nil
}

func (b *layerBackward[T]) output() any { return b.l.DW }
