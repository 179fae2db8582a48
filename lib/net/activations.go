package net

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// chunk is the number of samples that Activations holds at a time.
const chunk = 8

// A Visit receives the activations of one layer for some samples: shape is
// {samples, H, T, C}, data is in that order and is overwritten afterwards.
type Visit func(layer int, name string, shape [4]int, data []float32) error

// Activations runs batch samples of input [batch][39][T][2] (T is taken from
// the length) forward and calls visit with the output, after ReLU, of each
// layer whose name is listed, or of every layer if none is. Samples come in
// order, eight at a time or fewer; for each eight the layers come in order,
// and layer is the place among the network's layers. Memory does not grow with
// batch. Names are as in [LayerShape], such as "Spatial0" or "RecurrentBlock".
func (n *Network) Activations(ctx context.Context, input []float32, batch int, visit Visit, layers ...string) error {
	muscles := Muscles
	_, c := n.inputs()
	if batch < 1 || len(input) == 0 || len(input)%(batch*muscles*c) != 0 {
		return fmt.Errorf("net: Activations: input of %d values does not hold %d samples of %d muscles and %d channels", len(input), batch, muscles, c)
	}
	return n.ActivationsOf(ctx, input, [4]int{batch, muscles, len(input) / (batch * muscles * c), c}, visit, layers...)
}

// ActivationsOf is [Network.Activations] for an input of any shape
// {samples, muscles, T, channels}.
func (n *Network) ActivationsOf(ctx context.Context, input []float32, shape [4]int, visit Visit, layers ...string) error {
	for i, d := range shape {
		if err := wantSize(fmt.Sprintf("input shape[%d]", i), d, maxInput); err != nil {
			return err
		}
	}
	if want := shape[0] * shape[1] * shape[2] * shape[3]; len(input) != want {
		return fmt.Errorf("net: Activations: input of %d values, want %d for shape %v", len(input), want, shape)
	}
	f, err := n.Forward(shape[1], shape[2], shape[3], layers...)
	if err != nil {
		return err
	}
	per := shape[1] * shape[2] * shape[3]
	for at := 0; at < shape[0]; at += chunk {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := min(chunk, shape[0]-at)
		if err := f.Run(input[at*per:(at+m)*per], m, visit); err != nil {
			return err
		}
	}
	return nil
}

// Forward is a network laid out for forward passes alone. It holds the outputs
// of two layers at a time, for the largest batch it was given.
type Forward struct {
	net    *Network
	shapes []LayerShape
	wanted []bool
	last   int // the last wanted layer
	layers []*engine.Layer[float32]
	lstm   *engine.LSTM[float32]
	bufs   [2][]float32
}

// Forward returns a forward pass for inputs [·][h][t][c] that visits the named
// layers, or all if none is named.
func (n *Network) Forward(h, t, c int, layers ...string) (*Forward, error) {
	shapes, err := n.Arch.Shapes(h, t, c)
	if err != nil {
		return nil, err
	}
	if err := n.check(shapes); err != nil {
		return nil, err
	}
	f := &Forward{net: n, shapes: shapes, wanted: make([]bool, len(shapes))}
	for _, name := range layers {
		found := false
		for i, s := range shapes {
			if s.Name == name {
				f.wanted[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("net: %s has no layer %q", n.Arch.Name(), name)
		}
	}
	for i, s := range shapes {
		if len(layers) == 0 {
			f.wanted[i] = true
		}
		if f.wanted[i] {
			f.last = i
		}
		if s.Name == recurrentName {
			f.lstm = engine.NewLSTM[float32](s.InH, s.InT, s.InC, s.OutC)
			continue
		}
		g := engine.Same(s.InH, s.InT, s.InC, s.KernelH, s.KernelT, s.StrideH, s.StrideT, s.OutC)
		f.layers = append(f.layers, engine.NewLayer[float32](g, 0, false, true, true))
	}
	return f, nil
}

// check compares the parameters with the shapes of the layers.
func (n *Network) check(shapes []LayerShape) error {
	k := 0
	want := func(size int) error {
		if k >= len(n.Params) {
			return fmt.Errorf("net: %s: %d parameters are too few", n.Arch.Name(), len(n.Params))
		}
		p := n.Params[k]
		k++
		if len(p.Data) != size {
			return fmt.Errorf("net: %s: parameter %s has %d values, want %d for this input", n.Arch.Name(), p.Name, len(p.Data), size)
		}
		return nil
	}
	for _, s := range shapes {
		sizes := []int{s.Weights, s.OutC, s.OutC}
		if s.Name == recurrentName {
			u := s.OutC
			sizes = []int{4 * u * s.InH * s.InC, 4 * u * u, 4 * u, 4 * u}
		}
		for _, size := range sizes {
			if err := want(size); err != nil {
				return err
			}
		}
	}
	return nil
}

// Run passes m samples forward, as far as the last layer wanted.
func (f *Forward) Run(input []float32, m int, visit Visit) error {
	x := input
	p := f.net.Params
	for i, s := range f.shapes[:f.last+1] {
		y := f.bufs[i%2]
		if need := m * s.Values(); cap(y) < need {
			y = make([]float32, need)
		} else {
			y = y[:need]
		}
		f.bufs[i%2] = y
		if s.Name == recurrentName {
			f.lstm.Infer(y, x, p[0].Data, p[1].Data, p[2].Data, p[3].Data, m)
		} else {
			f.layers[i].Infer(y, x, p[0].Data, p[1].Data, p[2].Data, m)
			p = p[3:]
		}
		if f.wanted[i] && visit != nil {
			if err := visit(i, s.Name, [4]int{m, s.OutH, s.OutT, s.OutC}, y); err != nil {
				return err
			}
		}
		x = y
	}
	return nil
}
