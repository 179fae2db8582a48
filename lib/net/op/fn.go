package op

import (
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// fn is the one gorgonia.Op of this package: a function of tensors of fixed
// shapes and one dtype, writing into a buffer of its own. It takes care of
// what every custom op on gorgonia's tape has to: the dtype and the shapes are
// checked at each call, views and transposes are copied into plain order, the
// label with all parameters and a serial number goes into the hash so that two
// ops with state are never merged, and the output buffer is made once.
//
// Because an fn owns its buffers, one graph must not run on two machines at
// the same time.
type fn struct {
	label string // what it is, with every parameter
	id    uint64
	dt    tensor.Dtype
	in    []tensor.Shape
	out   tensor.Shape
	body  body
	// grad returns the gradient of each input, nil where wants is false.
	grad  func(in gorgonia.Nodes, out, g *gorgonia.Node) (gorgonia.Nodes, error)
	wants []bool

	value  gorgonia.Value
	shared bool // the body's output is another op's buffer
}

// A body computes an fn: bind gives it its inputs, run returns the output.
type body interface {
	run(in []gorgonia.Value) error
	output() any // []float32 or []float64
}

var serial atomic.Uint64

func newFn(label string, dt tensor.Dtype, in []tensor.Shape, out tensor.Shape, b body) *fn {
	f := &fn{label: label, id: serial.Add(1), dt: dt, out: out, body: b}
	for _, s := range in {
		f.in = append(f.in, s.Clone())
	}
	return f
}

// apply makes the node of f on its inputs.
func (f *fn) apply(in ...*gorgonia.Node) (*gorgonia.Node, error) {
	for i, n := range in {
		if n.Dtype() != f.dt {
			return nil, fmt.Errorf("op: %s: input %d (%s) is %v, want %v", f.label, i, n.Name(), n.Dtype(), f.dt)
		}
	}
	return gorgonia.ApplyOp(f, in...)
}

func (f *fn) Arity() int           { return len(f.in) }
func (f *fn) ReturnsPtr() bool     { return true }
func (f *fn) CallsExtern() bool    { return false }
func (f *fn) OverwritesInput() int { return -1 }
func (f *fn) String() string       { return f.label }

func (f *fn) Type() hm.Type {
	ts := make([]hm.Type, 0, len(f.in)+1)
	for _, s := range f.in {
		ts = append(ts, typeOf(s))
	}
	return hm.NewFnType(append(ts, typeOf(f.out))...)
}

func typeOf(s tensor.Shape) hm.Type {
	a := hm.TypeVariable('a')
	if len(s) == 0 {
		return a
	}
	return gorgonia.TensorType{Dims: len(s), Of: a}
}

func (f *fn) InferShape(ds ...gorgonia.DimSizer) (tensor.Shape, error) {
	for i, d := range ds {
		s, ok := d.(tensor.Shape)
		if !ok || !sameShape(s, f.in[i]) {
			return nil, fmt.Errorf("op: %s: input %d has shape %v, want %v", f.label, i, d, f.in[i])
		}
	}
	return f.out.Clone(), nil
}

// sameShape is stricter than tensor.Shape.Eq, to which (1) and () are the same.
func sameShape(a, b tensor.Shape) bool {
	if len(a) != len(b) {
		return false
	}
	for i, d := range a {
		if d != b[i] {
			return false
		}
	}
	return true
}

func (f *fn) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "%s/%v/%v/%v/%d", f.label, f.dt, f.in, f.out, f.id)
}

func (f *fn) Hashcode() uint32 {
	h := fnv.New32a()
	f.WriteHash(h)
	return h.Sum32()
}

// DiffWRT tells of which inputs there is a gradient.
func (f *fn) DiffWRT(n int) []bool {
	if f.grad == nil {
		return make([]bool, n)
	}
	return f.wants
}

// SymDiff appends the gradient ops to the graph.
func (f *fn) SymDiff(in gorgonia.Nodes, out, g *gorgonia.Node) (gorgonia.Nodes, error) {
	if f.grad == nil {
		return nil, fmt.Errorf("op: %s has no gradient", f.label)
	}
	return f.grad(in, out, g)
}

// Do computes the op. The value returned belongs to the op and is overwritten
// by the next call.
func (f *fn) Do(vs ...gorgonia.Value) (gorgonia.Value, error) {
	if len(vs) != len(f.in) {
		return nil, fmt.Errorf("op: %s: %d inputs, want %d", f.label, len(vs), len(f.in))
	}
	in := make([]gorgonia.Value, len(vs))
	for i, v := range vs {
		var err error
		if in[i], err = f.checked(i, v); err != nil {
			return nil, err
		}
	}
	if err := f.body.run(in); err != nil {
		return nil, fmt.Errorf("op: %s: %w", f.label, err)
	}
	if len(f.out) == 0 {
		switch o := f.body.output().(type) {
		case []float32:
			return gorgonia.NewF32(o[0]), nil
		case []float64:
			return gorgonia.NewF64(o[0]), nil
		}
	}
	if f.value == nil || f.shared {
		f.value = tensor.New(tensor.WithShape(f.out...), tensor.WithBacking(f.body.output()))
	}
	return f.value, nil
}

// checked returns input i in plain row-major order, or says what is wrong with it.
func (f *fn) checked(i int, v gorgonia.Value) (gorgonia.Value, error) {
	if v == nil {
		return nil, fmt.Errorf("op: %s: input %d has no value", f.label, i)
	}
	if v.Dtype() != f.dt {
		return nil, fmt.Errorf("op: %s: input %d is %v, want %v", f.label, i, v.Dtype(), f.dt)
	}
	if len(f.in[i]) == 0 {
		return v, nil
	}
	d, ok := v.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("op: %s: input %d is a %T, want a dense tensor", f.label, i, v)
	}
	if !sameShape(d.Shape(), f.in[i]) {
		return nil, fmt.Errorf("op: %s: input %d has shape %v, want %v", f.label, i, d.Shape(), f.in[i])
	}
	if d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return plainCopy(d), nil
	}
	return d, nil
}

// plainCopy lays a view, a transpose or a column-major tensor out in C order.
func plainCopy(d *tensor.Dense) *tensor.Dense {
	out := tensor.New(tensor.WithShape(d.Shape()...), tensor.Of(d.Dtype()))
	shape, strides := d.Shape(), d.Strides()
	n := d.Shape().TotalSize()
	idx := make([]int, len(shape))
	for i := 0; i < n; i++ {
		p := 0
		for k, x := range idx {
			p += x * strides[k]
		}
		switch d.Dtype() {
		case tensor.Float32:
			out.Float32s()[i] = d.Float32s()[p]
		default:
			out.Float64s()[i] = d.Float64s()[p]
		}
		for k := len(shape) - 1; k >= 0; k-- {
			idx[k]++
			if idx[k] < shape[k] {
				break
			}
			idx[k] = 0
		}
	}
	return out
}

// values returns the numbers of a checked input, a scalar as a slice of one.
func values[T Float](v gorgonia.Value) []T {
	var x any
	switch d := v.(type) {
	case *tensor.Dense:
		if d.Dtype() == tensor.Float32 {
			x = d.Float32s()
		} else {
			x = d.Float64s()
		}
	case *gorgonia.F32:
		x = []float32{float32(*d)}
	case *gorgonia.F64:
		x = []float64{float64(*d)}
	}
	s, ok := x.([]T)
	if !ok {
		panic(fmt.Sprintf("op: value of type %T and dtype %v", v, v.Dtype()))
	}
	return s
}
