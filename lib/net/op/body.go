package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Float is float32 or float64.
type Float interface{ float32 | float64 }

// call is a body made of a function: in holds the inputs, out is the op's own
// buffer, which keeps its contents from call to call.
type call[T Float] struct {
	out []T
	in  [][]T
	f   func(in [][]T, out []T) error
}

func (c *call[T]) run(in []gorgonia.Value) error {
	c.in = c.in[:0]
	for _, v := range in {
		c.in = append(c.in, values[T](v))
	}
	err := c.f(c.in, c.out)
	clear(c.in) // keep no input alive
	return err
}

func (c *call[T]) output() any { return c.out }

// shared is a body that hands out a buffer which another op has filled: the
// second and later outputs of an op that computes several things at once.
type sharedOut[T Float] struct{ get func() []T }

func (s *sharedOut[T]) run([]gorgonia.Value) error { return nil }
func (s *sharedOut[T]) output() any                { return s.get() }

// newCall returns an op over f with an output buffer of its own.
func newCall[T Float](label string, in []tensor.Shape, out tensor.Shape, f func(in [][]T, out []T) error) *fn {
	return newFn(label, dtypeFor[T](), in, out, &call[T]{out: make([]T, max(1, out.TotalSize())), f: f})
}

// newPick returns an op that gives a buffer filled by the op of node after.
func newPick[T Float](label string, after tensor.Shape, out tensor.Shape, get func() []T) *fn {
	f := newFn(label, dtypeFor[T](), []tensor.Shape{after}, out, &sharedOut[T]{get})
	f.shared = true
	return f
}

func dtypeFor[T Float]() tensor.Dtype {
	var z T
	if _, ok := any(z).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

// shapes returns the shapes of nodes.
func shapes(ns ...*gorgonia.Node) []tensor.Shape {
	s := make([]tensor.Shape, len(ns))
	for i, n := range ns {
		s[i] = n.Shape()
	}
	return s
}

// byDtype builds an op for the dtype of x.
func byDtype(name string, x *gorgonia.Node, f32, f64 func() (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	switch x.Dtype() {
	case tensor.Float32:
		return f32()
	case tensor.Float64:
		return f64()
	}
	return nil, fmt.Errorf("op: %s: dtype %v, want float32 or float64", name, x.Dtype())
}

// wantDims returns an error unless n has that many axes.
func wantDims(name, input string, n *gorgonia.Node, dims int) error {
	if n.Shape().Dims() != dims {
		return fmt.Errorf("op: %s: %s has shape %v, want %d axes", name, input, n.Shape(), dims)
	}
	return nil
}

// wantShape returns an error unless n has that shape.
func wantShape(name, input string, n *gorgonia.Node, shape ...int) error {
	if !sameShape(n.Shape(), shape) {
		return fmt.Errorf("op: %s: %s has shape %v, want %v", name, input, n.Shape(), shape)
	}
	return nil
}
