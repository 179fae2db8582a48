package net

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net/op"
)

// DecoderArch describes the autoencoder's decoder: transposed convolutions in
// the reverse order of the family, each followed by layer norm over the whole
// map and ReLU (spec/02 3.1). Lists are in the order in which the decoder runs.
type DecoderArch struct {
	Family                            Family
	SpatialChannels, TemporalChannels []int
	SpatialKernel, TemporalKernel     int
	SpatialStride, TemporalStride     []int
}

// Decoder returns the decoder that belongs to the encoder: the channels and
// strides reversed. The published shallow spatiotemporal class uses the
// encoder's channels in their own order instead (bug B14); mirrored gives it
// the reversed list too, as the deep class has. There is none for an LSTM.
func (a Arch) Decoder(mirrored bool) (DecoderArch, error) {
	if err := a.Validate(); err != nil {
		return DecoderArch{}, err
	}
	if a.Family == LSTM {
		return DecoderArch{}, fieldErr("Family", "an lstm network has no decoder")
	}
	d := DecoderArch{a.Family, reversed(a.SpatialChannels), reversed(a.TemporalChannels),
		a.SpatialKernel, a.TemporalKernel, reversed(a.SpatialStride), reversed(a.TemporalStride)}
	if a.Family == Spatiotemporal && !a.Deep() && !mirrored {
		d.SpatialChannels = slices.Clone(a.SpatialChannels)
	}
	return d, nil
}

func reversed(v []int) []int {
	r := slices.Clone(v)
	slices.Reverse(r)
	return r
}

// layers lists the transposed convolutions in order.
func (d DecoderArch) layers() []layerSpec {
	a := Arch{Family: d.Family, Layers: len(d.SpatialChannels), SpatialChannels: d.SpatialChannels, TemporalChannels: d.TemporalChannels,
		SpatialKernel: d.SpatialKernel, TemporalKernel: d.TemporalKernel, SpatialStride: d.SpatialStride, TemporalStride: d.TemporalStride}
	switch d.Family {
	case SpatialTemporal:
		a.Family = TemporalSpatial
	case TemporalSpatial:
		a.Family = SpatialTemporal
	}
	ls := a.convs()
	for i, l := range ls {
		k := len(l.name) - 1
		for l.name[k-1] >= '0' && l.name[k-1] <= '9' {
			k--
		}
		ls[i].name = l.name[:k] + "_trans" + l.name[k:]
	}
	return ls
}

// Shapes returns the shapes of the decoder's layers on a code of h×t×c.
func (d DecoderArch) Shapes(h, t, c int) ([]LayerShape, error) {
	a := Arch{Family: d.Family, Layers: len(d.SpatialChannels), SpatialChannels: d.SpatialChannels, TemporalChannels: d.TemporalChannels,
		SpatialKernel: d.SpatialKernel, TemporalKernel: d.TemporalKernel, SpatialStride: d.SpatialStride, TemporalStride: d.TemporalStride}
	if err := a.Validate(); err != nil {
		return nil, err
	}
	if a.Family == LSTM {
		return nil, fieldErr("Family", "an lstm network has no decoder")
	}
	var out []LayerShape
	for _, l := range d.layers() {
		s := LayerShape{Name: l.name, KernelH: l.kh, KernelT: l.kt, StrideH: l.sh, StrideT: l.st,
			InH: h, InT: t, InC: c, OutH: h * l.sh, OutT: t * l.st, OutC: l.out, Norm: 2 * l.out}
		if err := overflows(l.name+" weights", l.kh, l.kt, c, l.out); err != nil {
			return nil, err
		}
		if err := overflows(l.name+" output", s.OutH, s.OutT, s.OutC); err != nil {
			return nil, err
		}
		s.Weights = l.kh * l.kt * c * l.out
		s.FLOPs = 2 * int64(s.Weights) * int64(h) * int64(t)
		out = append(out, s)
		h, t, c = s.OutH, s.OutT, s.OutC
	}
	return out, nil
}

// Decoder is the autoencoder's decoder with its readout: the map is cropped to
// the input's size, and every time step read out linearly as muscles·channels
// numbers, index muscle·2 + channel.
type Decoder struct {
	Arch    DecoderArch
	Params  []*Param
	Readout *Head
	H, T    int // size to which the map is cropped
	Outputs int
}

// NewDecoder returns a decoder with fresh weights from a code, the encoder's
// last layer, back to an input of h muscles, t samples and c channels.
func NewDecoder(d DecoderArch, code LayerShape, h, t, c int, rng *rand.Rand) (*Decoder, error) {
	shapes, err := d.Shapes(code.OutH, code.OutT, code.OutC)
	if err != nil {
		return nil, err
	}
	last := shapes[len(shapes)-1]
	if last.OutH < h || last.OutT < t {
		return nil, fieldErr("strides of the decoder", "its map of %d×%d does not cover the input of %d×%d", last.OutH, last.OutT, h, t)
	}
	dec := &Decoder{Arch: d, H: h, T: t, Outputs: h * c}
	for _, s := range shapes {
		dec.Params = append(dec.Params,
			NewParam(s.Name+"/weights", s.KernelH, s.KernelT, s.OutC, s.InC).Glorot(rng),
			NewParam(s.Name+"/LayerNorm/gamma", s.OutC).Fill(1),
			NewParam(s.Name+"/LayerNorm/beta", s.OutC))
	}
	last.OutH, last.OutT = h, t
	dec.Readout, err = NewReadout(last, dec.Outputs, rng)
	return dec, err
}

// AllParams returns the parameters of the layers, then those of the readout.
func (d *Decoder) AllParams() []*Param { return append(slices.Clone(d.Params), d.Readout.Params()...) }

// Clone returns a copy with parameters of its own.
func (d *Decoder) Clone() *Decoder {
	c := *d
	c.Params, c.Readout = nil, d.Readout.Clone()
	for _, p := range d.Params {
		c.Params = append(c.Params, p.Clone())
	}
	return &c
}

// Build appends the decoder on a code [n][H][T'][C]. pred is [n][T][Outputs],
// layers gives each layer's map before cropping, by name. A dropout mask may be
// given for the code; nil means none.
func (d *Decoder) Build(g *gorgonia.ExprGraph, code *gorgonia.Node, drop *op.DropoutMask) (pred *gorgonia.Node, learnables gorgonia.Nodes, layers map[string]*gorgonia.Node, err error) {
	layers = map[string]*gorgonia.Node{}
	learnables = Nodes(g, code.Dtype(), d.Params)
	x := code
	if drop != nil {
		if x, err = op.Dropout(x, drop); err != nil {
			return nil, nil, nil, fmt.Errorf("net: decoder: %w", err)
		}
	}
	for i, l := range d.Arch.layers() {
		if x, err = op.ConvTransposeNorm(x, learnables[3*i], learnables[3*i+1], learnables[3*i+2], l.sh, l.st); err != nil {
			return nil, nil, nil, fmt.Errorf("net: decoder: %s: %w", l.name, err)
		}
		layers[l.name] = x
	}
	if x, err = op.Crop(x, d.H, d.T); err != nil {
		return nil, nil, nil, fmt.Errorf("net: decoder: %w", err)
	}
	pred, head, err := d.Readout.Build(g, x, nil)
	return pred, append(learnables, head...), layers, err
}
