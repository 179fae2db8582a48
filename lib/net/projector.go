package net

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net/op"
)

// Constants of the redundancy-reduction task (spec/02 3.2).
const (
	ProjectorUnits = 256   // of all three layers
	BatchNormEps   = 1e-3  // TensorFlow's default
	BarlowLambda   = 0.005 // weight of the off-diagonal terms
)

// Projector turns a network's flattened output into the embedding of the
// redundancy-reduction task: two layers of FC without bias, batch norm on the
// batch's own statistics, and ReLU; then a linear layer with bias.
type Projector struct {
	FC0, Beta0, FC1, Beta1, FC2, Biases *Param
}

// NewProjector returns a projector from features to embeddings of units.
func NewProjector(features, units int, rng *rand.Rand) (*Projector, error) {
	if err := wantSize("units of the projector", units, maxInput); err != nil {
		return nil, err
	}
	if err := overflows("weights of the projector", features, units); err != nil {
		return nil, err
	}
	return &Projector{
		FC0:    NewParam("FC0/weights", features, units).Glorot(rng),
		Beta0:  NewParam("FC0/BatchNorm/beta", units),
		FC1:    NewParam("FC1/weights", units, units).Glorot(rng),
		Beta1:  NewParam("FC1/BatchNorm/beta", units),
		FC2:    NewParam("FC2/weights", units, units).Glorot(rng),
		Biases: NewParam("FC2/biases", units),
	}, nil
}

// Params returns the parameters in the order of the layers.
func (p *Projector) Params() []*Param {
	return []*Param{p.FC0, p.Beta0, p.FC1, p.Beta1, p.FC2, p.Biases}
}

// Clone returns a copy with parameters of its own.
func (p *Projector) Clone() *Projector {
	return &Projector{p.FC0.Clone(), p.Beta0.Clone(), p.FC1.Clone(), p.Beta1.Clone(), p.FC2.Clone(), p.Biases.Clone()}
}

// Nodes returns the parameters' nodes, to be given to Build for each view: the
// views share their weights.
func (p *Projector) Nodes(g *gorgonia.ExprGraph, like *gorgonia.Node) gorgonia.Nodes {
	return Nodes(g, like.Dtype(), p.Params())
}

// Build appends the projector on one view x [n][…] with the nodes of Nodes and
// returns the embedding [n][units]. The statistics of the batch norm are this
// view's. A dropout mask may be given for x; the two views must have masks with
// different seeds.
func (p *Projector) Build(x *gorgonia.Node, nodes gorgonia.Nodes, drop *op.DropoutMask) (z *gorgonia.Node, err error) {
	norm := op.BatchNorm{Eps: BatchNormEps}
	steps := []func(*gorgonia.Node) (*gorgonia.Node, error){
		op.Flatten,
		func(x *gorgonia.Node) (*gorgonia.Node, error) {
			if drop == nil {
				return x, nil
			}
			return op.Dropout(x, drop)
		},
		func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.Linear(x, nodes[0], nil) },
		func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.BatchNormRelu(x, nodes[1], norm) },
		func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.Linear(x, nodes[2], nil) },
		func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.BatchNormRelu(x, nodes[3], norm) },
		func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.Linear(x, nodes[4], nodes[5]) },
	}
	for _, step := range steps {
		if x, err = step(x); err != nil {
			return nil, fmt.Errorf("net: projector: %w", err)
		}
	}
	return x, nil
}
