// Package fused makes ops of gorgonia's graph out of plain functions on
// slices: one function computes the output, one all gradients. The ops own
// their buffers, so a graph built with them runs on one machine at a time and
// a node's value is good until the next run.
//
// Arrays are row-major, float32 or float64, all inputs of an op alike.
package fused

import (
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Float is the element type of an op.
type Float interface{ float32 | float64 }

// Func is a function with its gradient.
type Func[T Float] struct {
	Label string       // what it is, with its parameters, for messages
	Out   tensor.Shape // shape of the output, empty for a scalar
	// Forward fills out, which keeps its contents from run to run.
	Forward func(in [][]T, out []T)
	// Wants tells of which inputs there is a gradient.
	Wants []bool
	// Backward fills din[i] for each wanted input with the derivative of the
	// loss, given that of the output. din[i] is nil where not wanted.
	Backward func(in [][]T, out, dout []T, din [][]T)
}

// Apply appends f of the inputs to their graph.
func Apply[T Float](f Func[T], in ...*gorgonia.Node) (*gorgonia.Node, error) {
	dt := dtype[T]()
	shapes := make([]tensor.Shape, len(in))
	for i, n := range in {
		if n.Dtype() != dt {
			return nil, fmt.Errorf("task: %s: input %d is %v, expected %v", f.Label, i, n.Dtype(), dt)
		}
		shapes[i] = n.Shape().Clone()
	}
	if len(f.Wants) != len(in) {
		panic(fmt.Sprintf("task: %s: gradients of %d inputs stated, %d given", f.Label, len(f.Wants), len(in)))
	}
	fwd := newOp[T](f.Label, shapes, f.Out)
	fwd.run = func(in [][]T) []T { f.Forward(in, fwd.own); return fwd.own }
	fwd.wants = f.Wants
	fwd.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) (gorgonia.Nodes, error) {
		return backward(f, shapes, in, out, dout)
	}
	return gorgonia.ApplyOp(fwd, in...)
}

// backward appends one op that computes all gradients and gives the first, and
// one for each of the others that hands it out.
func backward[T Float](f Func[T], shapes []tensor.Shape, in gorgonia.Nodes, out, dout *gorgonia.Node) (gorgonia.Nodes, error) {
	din := make([][]T, len(in))
	first := -1
	for i, w := range f.Wants {
		if w {
			din[i] = make([]T, size(shapes[i]))
			if first < 0 {
				first = i
			}
		}
	}
	grads := make(gorgonia.Nodes, len(in))
	if first < 0 {
		return grads, nil
	}
	args := append(append(gorgonia.Nodes{}, in...), out, dout)
	argShapes := append(append([]tensor.Shape{}, shapes...), f.Out, f.Out)
	all := newOp[T]("gradient of "+f.Label, argShapes, shapes[first])
	n := len(in)
	all.run = func(v [][]T) []T {
		f.Backward(v[:n], v[n], v[n+1], din)
		return din[first]
	}
	var err error
	if grads[first], err = gorgonia.ApplyOp(all, args...); err != nil {
		return nil, err
	}
	for i := first + 1; i < n; i++ {
		if !f.Wants[i] {
			continue
		}
		pick := newOp[T](fmt.Sprintf("gradient %d of %s", i, f.Label), shapes[first:first+1], shapes[i])
		pick.run = func([][]T) []T { return din[i] }
		if grads[i], err = gorgonia.ApplyOp(pick, grads[first]); err != nil {
			return nil, err
		}
	}
	return grads, nil
}

type op[T Float] struct {
	label string
	id    uint64 // ops with state must never be merged
	in    []tensor.Shape
	out   tensor.Shape
	own   []T
	run   func(in [][]T) []T
	wants []bool
	grad  func(in gorgonia.Nodes, out, dout *gorgonia.Node) (gorgonia.Nodes, error)

	args  [][]T
	value *tensor.Dense
}

var serial atomic.Uint64

func newOp[T Float](label string, in []tensor.Shape, out tensor.Shape) *op[T] {
	return &op[T]{label: label, id: serial.Add(1), in: in, out: out, own: make([]T, size(out))}
}

func size(s tensor.Shape) int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

func dtype[T Float]() tensor.Dtype {
	var z T
	if _, ok := any(z).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

func (o *op[T]) Arity() int           { return len(o.in) }
func (o *op[T]) ReturnsPtr() bool     { return true }
func (o *op[T]) CallsExtern() bool    { return false }
func (o *op[T]) OverwritesInput() int { return -1 }
func (o *op[T]) String() string       { return o.label }

func (o *op[T]) Type() hm.Type {
	var ts []hm.Type
	for _, s := range append(append([]tensor.Shape{}, o.in...), o.out) {
		a := hm.Type(hm.TypeVariable('a'))
		if len(s) > 0 {
			a = gorgonia.TensorType{Dims: len(s), Of: hm.TypeVariable('a')}
		}
		ts = append(ts, a)
	}
	return hm.NewFnType(ts...)
}

func (o *op[T]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.out.Clone(), nil }

func (o *op[T]) WriteHash(h hash.Hash) { fmt.Fprintf(h, "%s/%v/%v/%d", o.label, o.in, o.out, o.id) }

func (o *op[T]) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

func (o *op[T]) DiffWRT(n int) []bool {
	if o.grad == nil {
		return make([]bool, n)
	}
	return o.wants
}

func (o *op[T]) SymDiff(in gorgonia.Nodes, out, dout *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.grad == nil {
		return nil, fmt.Errorf("task: %s has no gradient", o.label)
	}
	return o.grad(in, out, dout)
}

func (o *op[T]) Do(vs ...gorgonia.Value) (gorgonia.Value, error) {
	if len(vs) != len(o.in) {
		return nil, fmt.Errorf("task: %s: %d inputs, expected %d", o.label, len(vs), len(o.in))
	}
	o.args = o.args[:0]
	for i, v := range vs {
		a, err := slice[T](v)
		if err != nil || len(a) != size(o.in[i]) {
			return nil, fmt.Errorf("task: %s: input %d: %d values of %v (%v), expected shape %v", o.label, i, len(a), v.Dtype(), err, o.in[i])
		}
		o.args = append(o.args, a)
	}
	out := o.run(o.args)
	if len(o.out) == 0 {
		if x, ok := any(out[0]).(float32); ok {
			return gorgonia.NewF32(x), nil
		}
		return gorgonia.NewF64(float64(out[0])), nil
	}
	if o.value == nil {
		o.value = tensor.New(tensor.WithShape(o.out...), tensor.WithBacking(out))
	}
	return o.value, nil
}

// slice returns the numbers of a value in row-major order.
func slice[T Float](v gorgonia.Value) ([]T, error) {
	var x any
	switch d := v.(type) {
	case *tensor.Dense:
		if d.RequiresIterator() || d.DataOrder().IsColMajor() {
			var ok bool
			if d, ok = d.Materialize().(*tensor.Dense); !ok || d.DataOrder().IsColMajor() {
				return nil, fmt.Errorf("no row-major view")
			}
		}
		x = d.Data()
	case *gorgonia.F32:
		x = []float32{float32(*d)}
	case *gorgonia.F64:
		x = []float64{float64(*d)}
	}
	switch s := x.(type) {
	case []T:
		return s, nil
	case T: // a scalar tensor
		return []T{s}, nil
	}
	return nil, fmt.Errorf("%T", v)
}
