package net

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// LayerShape is one layer of a network on a given input.
type LayerShape struct {
	Name string // "Spatial0", "Temporal2", "Spatiotemporal1", "RecurrentBlock"

	// A convolution's kernel over muscles and time, and its strides; 0 for an LSTM.
	KernelH, KernelT, StrideH, StrideT int

	InH, InT, InC    int // input: muscles, samples, channels
	OutH, OutT, OutC int // output

	PadH, PadT [2]int // zeros before and after, over muscles and over time

	Weights int   // weights and, for an LSTM, biases
	Norm    int   // gains and shifts of the layer norm
	FLOPs   int64 // of a forward pass of one sample: two per multiply-add, taps in the padding counted
}

// Values is the number of values of the layer's output for one sample.
func (s LayerShape) Values() int { return s.OutH * s.OutT * s.OutC }

// Key is the layer's name as the paper's activation files have it: "spatial0",
// "temporal2", "spatiotemporal1", "recurrent_out".
func (s LayerShape) Key() string {
	if s.Name == recurrentName {
		return "recurrent_out"
	}
	return strings.ToLower(s.Name)
}

const recurrentName = "RecurrentBlock"

type layerSpec struct {
	name           string
	kh, kt, sh, st int
	out            int
}

// convs lists the convolutions in order. The architecture must be valid.
func (a Arch) convs() []layerSpec {
	var s, t, both []layerSpec
	for i := range a.Layers {
		c := a.SpatialChannels[i]
		s = append(s, layerSpec{fmt.Sprintf("Spatial%d", i), a.SpatialKernel, 1, a.SpatialStride[i], 1, c})
		if a.Family == Spatiotemporal {
			both = append(both, layerSpec{fmt.Sprintf("Spatiotemporal%d", i), a.SpatialKernel, a.SpatialKernel,
				a.SpatialStride[i], a.TemporalStride[i], c})
		}
		if len(a.TemporalChannels) > 0 {
			t = append(t, layerSpec{fmt.Sprintf("Temporal%d", i), 1, a.TemporalKernel, 1, a.TemporalStride[i], a.TemporalChannels[i]})
		}
	}
	switch a.Family {
	case SpatialTemporal:
		return append(s, t...)
	case TemporalSpatial:
		return append(t, s...)
	case Spatiotemporal:
		return both
	}
	return s
}

// Shapes returns every layer's shape for an input of h muscles, t samples and
// c channels, or an error that names what cannot work.
func (a Arch) Shapes(h, t, c int) ([]LayerShape, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	for _, in := range []struct {
		field string
		v     int
	}{{"input muscles", h}, {"input samples", t}, {"input channels", c}} {
		if err := wantSize(in.field, in.v, maxInput); err != nil {
			return nil, err
		}
	}
	var out []LayerShape
	for _, l := range a.convs() {
		s := LayerShape{Name: l.name, KernelH: l.kh, KernelT: l.kt, StrideH: l.sh, StrideT: l.st, InH: h, InT: t, InC: c}
		if err := overflows(l.name+" weights", l.kh, l.kt, c, l.out); err != nil {
			return nil, err
		}
		g := engine.Same(h, t, c, l.kh, l.kt, l.sh, l.st, l.out)
		if err := overflows(l.name+" output", g.OH, g.OW, g.O); err != nil {
			return nil, err
		}
		s.OutH, s.OutT, s.OutC = g.OH, g.OW, g.O
		s.PadH = [2]int{g.Top, max((g.OH-1)*g.SH+g.KH-g.H, 0) - g.Top}
		s.PadT = [2]int{g.Left, max((g.OW-1)*g.SW+g.KW-g.W, 0) - g.Left}
		s.Weights, s.Norm = g.Weights(), 2*g.O
		s.FLOPs = 2 * int64(g.Weights()) * int64(g.OH) * int64(g.OW)
		out = append(out, s)
		h, t, c = g.OH, g.OW, g.O
	}
	if a.Family == LSTM {
		if err := overflows("Units", 4, a.Units, h*c+a.Units+2); err != nil {
			return nil, err
		}
		u := a.Units
		out = append(out, LayerShape{Name: recurrentName, InH: h, InT: t, InC: c, OutH: 1, OutT: t, OutC: u,
			Weights: 4*u*(h*c+u) + 8*u, FLOPs: 2 * int64(t) * 4 * int64(u) * int64(h*c+u)})
	}
	return out, nil
}

func overflows(what string, sizes ...int) error {
	p := uint64(1)
	for _, s := range sizes {
		hi, lo := bits.Mul64(p, uint64(s))
		if hi != 0 || lo > maxValues {
			return fieldErr(what, "%v values are more than the %d that a layer may have", sizes, maxValues)
		}
		p = lo
	}
	return nil
}

// OutTime returns the number of output samples for t input samples: t pushed
// through ⌈·/stride⌉ of each temporal stride.
func (a Arch) OutTime(t int) int {
	for _, s := range a.TemporalStride {
		t = (t + s - 1) / s
	}
	return t
}

// Params returns the number of weights, gains and shifts of the encoder for c
// input channels and h muscles (which only an LSTM's count depends on), 0 if
// the architecture is not valid.
func (a Arch) Params(h, c int) int {
	shapes, err := a.Shapes(h, 1, c)
	if err != nil {
		return 0
	}
	n := 0
	for _, s := range shapes {
		n += s.Weights + s.Norm
	}
	return n
}

// ForwardFLOPs returns the floating-point operations of a forward pass through
// the encoder for one sample, 0 if the architecture is not valid.
func (a Arch) ForwardFLOPs(h, t, c int) int64 {
	shapes, err := a.Shapes(h, t, c)
	if err != nil {
		return 0
	}
	var n int64
	for _, s := range shapes {
		n += s.FLOPs
	}
	return n
}

// TrainFLOPs returns the operations of one training step per sample: forward,
// and backward at twice that without the input gradient of the first layer.
func (a Arch) TrainFLOPs(h, t, c int) int64 {
	shapes, err := a.Shapes(h, t, c)
	if err != nil {
		return 0
	}
	n := -shapes[0].FLOPs
	for _, s := range shapes {
		n += 3 * s.FLOPs
	}
	return n
}

// TargetSkip returns the step at which targets of t samples are taken for a
// network with tOut output samples: samples 0, skip, 2·skip …, as the published
// code has it (spec/02 4.4), skip = ⌊(t−1)/(tOut−1)⌋. It returns 0 for tOut = 1,
// where the published rule divides by zero.
func TargetSkip(t, tOut int) int {
	if tOut < 2 {
		return 0
	}
	return (t - 1) / (tOut - 1)
}
