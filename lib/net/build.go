package net

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net/op"
)

// Encoder is a network's part of a training graph.
type Encoder struct {
	In  *gorgonia.Node // [n][muscle][time][channel]
	Out *gorgonia.Node // [n][H][T'][C]; for an LSTM [n][1][T'][units]

	// Learnables are the parameters' nodes, in the order of Network.Params. For
	// a float32 graph their values are the memory of Network.Params: what a
	// solver writes is in the network at once, and what is written into the
	// network is used by the next run.
	Learnables gorgonia.Nodes

	// Layer gives each layer's output, after ReLU, by the layer's name
	// ("Spatial0"). To read one after a run use gorgonia.Read before it.
	Layer map[string]*gorgonia.Node
	Names []string // the layers in order

	params []*Param
}

// Build appends the network to the graph, on an input x [n][muscle][time][channel]
// of float32 or float64.
func (n *Network) Build(g *gorgonia.ExprGraph, x *gorgonia.Node) (*Encoder, error) {
	return n.build(g, x, false)
}

// BuildWithInputGradient is [Network.Build] for graphs in which the gradient of
// x itself is wanted.
func (n *Network) BuildWithInputGradient(g *gorgonia.ExprGraph, x *gorgonia.Node) (*Encoder, error) {
	return n.build(g, x, true)
}

func (n *Network) build(g *gorgonia.ExprGraph, x *gorgonia.Node, inputGrad bool) (*Encoder, error) {
	s := x.Shape()
	if s.Dims() != 4 {
		return nil, fmt.Errorf("net: Build: input has shape %v, want (sample, muscle, time, channel)", s)
	}
	shapes, err := n.Arch.Shapes(s[1], s[2], s[3])
	if err != nil {
		return nil, err
	}
	e := &Encoder{In: x, Out: x, Layer: map[string]*gorgonia.Node{}, params: n.Params}
	e.Learnables = Nodes(g, x.Dtype(), n.Params)
	next := e.Learnables
	for i, l := range shapes {
		if l.Name == recurrentName {
			e.Out, err = op.LSTM(e.Out, next[0], next[1], next[2], next[3], inputGrad || i > 0)
		} else {
			e.Out, err = op.ConvNorm(e.Out, next[0], next[1], next[2], l.StrideH, l.StrideT, inputGrad || i > 0)
			next = next[min(3, len(next)):]
		}
		if err != nil {
			return nil, fmt.Errorf("net: %s: %s: %w", n.Arch.Name(), l.Name, err)
		}
		e.Layer[l.Name] = e.Out
		e.Names = append(e.Names, l.Name)
	}
	return e, nil
}

// Nodes returns graph nodes for parameters. In float32 a node's value is the
// parameter's own memory; in float64 it is a copy, see [Sync].
func Nodes(g *gorgonia.ExprGraph, dt tensor.Dtype, params []*Param) gorgonia.Nodes {
	var out gorgonia.Nodes
	for _, p := range params {
		out = append(out, gorgonia.NewTensor(g, dt, len(p.Shape), gorgonia.WithShape(p.Shape...),
			gorgonia.WithName(p.Name), gorgonia.WithValue(p.tensor(dt))))
	}
	return out
}

func (p *Param) tensor(dt tensor.Dtype) *tensor.Dense {
	if dt == tensor.Float32 {
		return tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(p.Data))
	}
	d := make([]float64, len(p.Data))
	for i, v := range p.Data {
		d[i] = float64(v)
	}
	return tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(d))
}

// Sync copies the values of nodes back into the parameters they were made
// from. In float32 they are the same memory, unless a node was bound to another
// value since.
func Sync(nodes gorgonia.Nodes, params []*Param) error {
	for i, p := range params {
		d, ok := nodes[i].Value().(*tensor.Dense)
		if !ok || d.Shape().TotalSize() != len(p.Data) {
			return fmt.Errorf("net: Sync: node %s holds %v, want %d values", nodes[i].Name(), nodes[i].Shape(), len(p.Data))
		}
		switch d.Dtype() {
		case tensor.Float32:
			copy(p.Data, d.Float32s())
		case tensor.Float64:
			for j, v := range d.Float64s() {
				p.Data[j] = float32(v)
			}
		}
	}
	return nil
}

// Sync copies the learnables' values back into the network; see [Sync].
func (e *Encoder) Sync() error { return Sync(e.Learnables, e.params) }
