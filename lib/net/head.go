package net

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net/op"
)

// A Head is a linear readout: of the flattened map ([n][features] → [n][k]) or
// of every time step ([n][T'] of h·C + c → [n][T'][k]).
type Head struct {
	Name    string // scope of the parameters, "Classifier"
	PerStep bool
	// LastStep makes a head that is not PerStep see the last time step only, as
	// classification with an LSTM does.
	LastStep bool
	Weights  *Param // [features][k]
	Biases   *Param // [k]
}

// NewClassifier returns the head of classification for an encoder output of
// shape [H][T'][C]: all of it, in row-major order, to k classes.
func NewClassifier(out LayerShape, k int, rng *rand.Rand) (*Head, error) {
	return newHead(out.OutH*out.OutT*out.OutC, k, false, rng)
}

// NewReadout returns the head of regression: at each output step the H·C
// values to k outputs.
func NewReadout(out LayerShape, k int, rng *rand.Rand) (*Head, error) {
	return newHead(out.OutH*out.OutC, k, true, rng)
}

func newHead(features, k int, perStep bool, rng *rand.Rand) (*Head, error) {
	if err := wantSize("outputs of the head", k, maxInput); err != nil {
		return nil, err
	}
	if err := overflows("weights of the head", features, k); err != nil {
		return nil, err
	}
	const name = "Classifier"
	return &Head{Name: name, PerStep: perStep, Weights: NewParam(name+"/weights", features, k).Glorot(rng), Biases: NewParam(name+"/biases", k)}, nil
}

// Params returns the head's parameters, weights first.
func (h *Head) Params() []*Param { return []*Param{h.Weights, h.Biases} }

// Clone returns a copy with parameters of its own.
func (h *Head) Clone() *Head {
	c := *h
	c.Weights, c.Biases = h.Weights.Clone(), h.Biases.Clone()
	return &c
}

// Build appends the head on a node [n][H][T'][C]. A dropout mask may be given
// for the flattened head; nil means none.
func (h *Head) Build(g *gorgonia.ExprGraph, x *gorgonia.Node, drop *op.DropoutMask) (out *gorgonia.Node, learnables gorgonia.Nodes, err error) {
	learnables = Nodes(g, x.Dtype(), h.Params())
	if drop != nil {
		if x, err = op.Dropout(x, drop); err != nil {
			return nil, nil, fmt.Errorf("net: %s: %w", h.Name, err)
		}
	}
	if h.LastStep && !h.PerStep {
		if x, err = op.LastStep(x); err == nil {
			out, err = op.Linear(x, learnables[0], learnables[1])
		}
	} else if h.PerStep {
		out, err = op.TimeLinear(x, learnables[0], learnables[1])
	} else if x, err = op.Flatten(x); err == nil {
		out, err = op.Linear(x, learnables[0], learnables[1])
	}
	if err != nil {
		return nil, nil, fmt.Errorf("net: %s: %w", h.Name, err)
	}
	return out, learnables, nil
}

// NewLastStepClassifier returns the head of classification for an LSTM: its
// last time step to k classes.
func NewLastStepClassifier(out LayerShape, k int, rng *rand.Rand) (*Head, error) {
	h, err := newHead(out.OutH*out.OutC, k, false, rng)
	if err == nil {
		h.LastStep = true
	}
	return h, err
}
