package net

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net/op"
)

// TorqueHead is the readout of the torque task: at each step the H·C values of
// the map and the goal's coordinates go through a linear layer of Units
// without bias, layer norm over all steps and units of a sample, ReLU, and a
// linear readout (spec/02 1.3). The norm makes every step depend on all.
type TorqueHead struct {
	Hidden, Gamma, Beta *Param // FC0/weights [H·C + goal][units], FC0/LayerNorm/…
	Weights, Biases     *Param // Classifier/weights [units][k], Classifier/biases [k]
}

// TorqueUnits is the paper's number of hidden units.
const TorqueUnits = 128

// NewTorqueHead returns the head for an encoder output of shape [H][T'][C], a
// goal of goal coordinates (0 for none), and k outputs.
func NewTorqueHead(out LayerShape, goal, units, k int, rng *rand.Rand) (*TorqueHead, error) {
	features := out.OutH*out.OutC + goal
	for _, s := range []struct {
		field string
		v     int
	}{{"units of the torque head", units}, {"outputs of the torque head", k}, {"features of the torque head", features}} {
		if err := wantSize(s.field, s.v, maxInput); err != nil {
			return nil, err
		}
	}
	if err := overflows("weights of the torque head", features, units); err != nil {
		return nil, err
	}
	return &TorqueHead{
		Hidden:  NewParam("FC0/weights", features, units).Glorot(rng),
		Gamma:   NewParam("FC0/LayerNorm/gamma", units).Fill(1),
		Beta:    NewParam("FC0/LayerNorm/beta", units),
		Weights: NewParam("Classifier/weights", units, k).Glorot(rng),
		Biases:  NewParam("Classifier/biases", k),
	}, nil
}

// Params returns the parameters in the order of the layers.
func (h *TorqueHead) Params() []*Param {
	return []*Param{h.Hidden, h.Gamma, h.Beta, h.Weights, h.Biases}
}

// Clone returns a copy with parameters of its own.
func (h *TorqueHead) Clone() *TorqueHead {
	return &TorqueHead{h.Hidden.Clone(), h.Gamma.Clone(), h.Beta.Clone(), h.Weights.Clone(), h.Biases.Clone()}
}

// Build appends the head on x [n][H][T'][C] and goal [n][T'][coordinates] (nil
// for none): hidden is [n][T'][units] after ReLU, pred is [n][T'][k].
func (h *TorqueHead) Build(g *gorgonia.ExprGraph, x, goal *gorgonia.Node) (pred, hidden *gorgonia.Node, learnables gorgonia.Nodes, err error) {
	learnables = Nodes(g, x.Dtype(), h.Params())
	wrap := func(n *gorgonia.Node, e error) *gorgonia.Node {
		if err == nil && e != nil {
			err = fmt.Errorf("net: torque head: %w", e)
		}
		return n
	}
	steps := wrap(op.StepFeatures(x, goal))
	if err != nil {
		return nil, nil, nil, err
	}
	units := h.Hidden.Shape[1]
	w := wrap(op.Reshape(learnables[0], 1, 1, h.Hidden.Shape[0], units))
	if err != nil {
		return nil, nil, nil, err
	}
	// One row of steps under a kernel of one: a layer of the network's own kind.
	fc := wrap(op.ConvNorm(steps, w, learnables[1], learnables[2], 1, 1, true))
	if err != nil {
		return nil, nil, nil, err
	}
	pred = wrap(op.TimeLinear(fc, learnables[3], learnables[4]))
	if err != nil {
		return nil, nil, nil, err
	}
	hidden = wrap(op.Reshape(fc, x.Shape()[0], x.Shape()[2], units))
	return pred, hidden, learnables, err
}
