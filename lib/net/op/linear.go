package op

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// Linear appends x·w + b: x is [n][f], w is [f][k], b is [k] or nil.
func Linear(x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("Linear", x,
		func() (*gorgonia.Node, error) { return linear[float32](x, w, b) },
		func() (*gorgonia.Node, error) { return linear[float64](x, w, b) })
}

func linear[T Float](x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantDims("Linear", "x", x, 2); err != nil {
		return nil, err
	}
	if err := wantDims("Linear", "weights", w, 2); err != nil {
		return nil, err
	}
	n, f, k := x.Shape()[0], x.Shape()[1], w.Shape()[1]
	if err := wantShape("Linear", "weights", w, f, k); err != nil {
		return nil, err
	}
	in := gorgonia.Nodes{x, w}
	if b != nil {
		if err := wantShape("Linear", "biases", b, k); err != nil {
			return nil, err
		}
		in = append(in, b)
	}
	label := fmt.Sprintf("Linear n=%d f=%d k=%d bias=%v", n, f, k, b != nil)
	fwd := newCall(label, shapes(in...), tensor.Shape{n, k}, func(in [][]T, out []T) error {
		gemm(false, false, n, k, f, in[0], in[1], 0, out)
		if len(in) == 3 {
			for i := range n {
				for j, v := range in[2] {
					out[i*k+j] += v
				}
			}
		}
		return nil
	})
	fwd.wants = []bool{true, true, true}[:len(in)]
	fwd.grad = func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		grads := make(gorgonia.Nodes, len(in))
		var err error
		grads[0], err = newCall("input of "+label, shapes(dy, in[1]), in[0].Shape(), func(in [][]T, out []T) error {
			gemm(false, true, n, f, k, in[0], in[1], 0, out)
			return nil
		}).apply(dy, in[1])
		if err != nil {
			return nil, err
		}
		grads[1], err = newCall("weights of "+label, shapes(in[0], dy), in[1].Shape(), func(in [][]T, out []T) error {
			gemm(true, false, f, k, n, in[0], in[1], 0, out)
			return nil
		}).apply(in[0], dy)
		if err != nil || len(in) < 3 {
			return grads, err
		}
		grads[2], err = newCall("biases of "+label, shapes(dy), in[2].Shape(), func(in [][]T, out []T) error {
			sumColumns(in[0], out)
			return nil
		}).apply(dy)
		return grads, err
	}
	return fwd.apply(in...)
}

// sumColumns writes the column sums of the matrix x, made in float64.
func sumColumns[T Float](x, out []T) {
	k := len(out)
	for j := range out {
		s := 0.0
		for i := j; i < len(x); i += k {
			s += float64(x[i])
		}
		out[j] = T(s)
	}
}

// gemm computes c = op(a)·op(b) + beta·c with gonum's BLAS, so with whatever
// implementation is in use; c is m by n, the inner size is k.
func gemm[T Float](ta, tb bool, m, n, k int, a, b []T, beta T, c []T) {
	trans := func(t bool) blas.Transpose {
		if t {
			return blas.Trans
		}
		return blas.NoTrans
	}
	ra, ca, rb, cb := m, k, k, n
	if ta {
		ra, ca = k, m
	}
	if tb {
		rb, cb = n, k
	}
	switch a := any(a).(type) {
	case []float32:
		blas32.Gemm(trans(ta), trans(tb), 1,
			blas32.General{Rows: ra, Cols: ca, Stride: ca, Data: a},
			blas32.General{Rows: rb, Cols: cb, Stride: cb, Data: any(b).([]float32)}, float32(beta),
			blas32.General{Rows: m, Cols: n, Stride: n, Data: any(c).([]float32)})
	case []float64:
		blas64.Gemm(trans(ta), trans(tb), 1,
			blas64.General{Rows: ra, Cols: ca, Stride: ca, Data: a},
			blas64.General{Rows: rb, Cols: cb, Stride: cb, Data: any(b).([]float64)}, float64(beta),
			blas64.General{Rows: m, Cols: n, Stride: n, Data: any(c).([]float64)})
	}
}

// TimeLinear appends the linear readout at every time step: x is [n][h][t][c],
// w is [h·c][k] with feature index h·C + c, b is [k]; the result is [n][t][k].
func TimeLinear(x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("TimeLinear", x,
		func() (*gorgonia.Node, error) { return timeLinear[float32](x, w, b) },
		func() (*gorgonia.Node, error) { return timeLinear[float64](x, w, b) })
}

// timeLinear is a convolution whose kernel spans all muscles and one time step.
func timeLinear[T Float](x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantDims("TimeLinear", "x", x, 4); err != nil {
		return nil, err
	}
	if err := wantDims("TimeLinear", "weights", w, 2); err != nil {
		return nil, err
	}
	xs := x.Shape()
	n, h, t, c, k := xs[0], xs[1], xs[2], xs[3], w.Shape()[1]
	if err := wantShape("TimeLinear", "weights", w, h*c, k); err != nil {
		return nil, err
	}
	if err := wantShape("TimeLinear", "biases", b, k); err != nil {
		return nil, err
	}
	l := engine.NewLayer[T](engine.Same(h, t, c, h, 1, h, 1, k), n, false, false, false)
	l.Bias = true
	label := fmt.Sprintf("TimeLinear h=%d t=%d c=%d k=%d", h, t, c, k)
	fwd := newFn(label, dtypeFor[T](), shapes(x, w, b), tensor.Shape{n, t, k}, &layerForward[T]{l: l})
	fwd.wants = []bool{true, true, true}
	fwd.grad = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		return convGrad(l, label, true, in, y, dy)
	}
	return fwd.apply(x, w, b)
}

// Flatten appends x as a matrix [n][rest], in row-major order.
func Flatten(x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	if s.Dims() < 2 {
		return nil, fmt.Errorf("op: Flatten: x has shape %v, want two axes or more", s)
	}
	return Reshape(x, s[0], s.TotalSize()/s[0])
}

// Reshape appends x under another shape with as many values.
func Reshape(x *gorgonia.Node, shape ...int) (*gorgonia.Node, error) {
	if tensor.Shape(shape).TotalSize() != x.Shape().TotalSize() {
		return nil, fmt.Errorf("op: Reshape: %v does not fit shape %v", x.Shape(), shape)
	}
	return byDtype("Reshape", x,
		func() (*gorgonia.Node, error) { return reshape[float32](x, shape) },
		func() (*gorgonia.Node, error) { return reshape[float64](x, shape) })
}

func reshape[T Float](x *gorgonia.Node, shape tensor.Shape) (*gorgonia.Node, error) {
	f := newFn(fmt.Sprintf("Reshape %v", shape), dtypeFor[T](), shapes(x), shape, &same[T]{})
	f.shared = true
	f.wants = []bool{true}
	f.grad = func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := reshape[T](dy, in[0].Shape())
		return gorgonia.Nodes{dx}, err
	}
	return f.apply(x)
}

// same is a body whose output is its input's memory.
type same[T Float] struct{ x []T }

func (s *same[T]) run(in []gorgonia.Value) error { s.x = values[T](in[0]); return nil }
func (s *same[T]) output() any                   { return s.x }
