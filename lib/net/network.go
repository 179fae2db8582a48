package net

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A Param is one array of trainable numbers, in C order. Its name is the one
// that the paper's checkpoints have after "Network/".
type Param struct {
	Name  string // such as "Spatial0/weights"
	Shape []int  // such as [kh kw in out]
	Data  []float32
}

// NewParam returns a parameter of zeros.
func NewParam(name string, shape ...int) *Param {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return &Param{Name: name, Shape: shape, Data: make([]float32, n)}
}

// Fill sets every value.
func (p *Param) Fill(v float32) *Param {
	for i := range p.Data {
		p.Data[i] = v
	}
	return p
}

// Glorot draws the values uniformly within ±√(6/(fan_in+fan_out)), as
// TensorFlow's default initialiser does; see [GlorotLimit].
func (p *Param) Glorot(rng *rand.Rand) *Param {
	_, _, limit := GlorotLimit(p.Shape)
	for i := range p.Data {
		p.Data[i] = float32((2*rng.Float64() - 1) * limit)
	}
	return p
}

// Clone returns a copy with its own data.
func (p *Param) Clone() *Param {
	return &Param{p.Name, slices.Clone(p.Shape), slices.Clone(p.Data)}
}

// GlorotLimit returns fan_in, fan_out and the limit √(6/(fan_in+fan_out)) for
// weights of a shape: the receptive field (all axes but the last two) times
// the channels in or out.
func GlorotLimit(shape []int) (fanIn, fanOut int, limit float64) {
	field := 1
	for _, d := range shape[:max(0, len(shape)-2)] {
		field *= d
	}
	fanIn, fanOut = field, field
	if n := len(shape); n > 0 {
		fanOut *= shape[n-1]
		fanIn *= shape[max(0, n-2)]
	}
	return fanIn, fanOut, math.Sqrt(6 / float64(fanIn+fanOut))
}

// Network is an encoder: an architecture and its parameters in the order of
// its layers, each layer's weights, gamma and beta.
type Network struct {
	Arch   Arch
	Params []*Param
}

// New returns a network for inputs of 39 muscles and 2 channels with fresh
// weights: Glorot uniform, gains 1, shifts 0, and for an LSTM biases 0.
func New(a Arch, rng *rand.Rand) (*Network, error) {
	return NewFor(a, Muscles, InputChannels, rng)
}

// NewFor is [New] for inputs of another number of muscles or channels. (The
// number of muscles matters to an LSTM network only, the number of samples to none.)
func NewFor(a Arch, muscles, channels int, rng *rand.Rand) (*Network, error) {
	shapes, err := a.Shapes(muscles, 1, channels)
	if err != nil {
		return nil, err
	}
	n := &Network{Arch: a}
	for _, s := range shapes {
		if s.Name == recurrentName {
			n.Params = append(n.Params, lstmParams(s, rng)...)
			continue
		}
		n.Params = append(n.Params,
			NewParam(s.Name+"/weights", s.KernelH, s.KernelT, s.InC, s.OutC).Glorot(rng),
			NewParam(s.Name+"/LayerNorm/gamma", s.OutC).Fill(1),
			NewParam(s.Name+"/LayerNorm/beta", s.OutC))
	}
	return n, nil
}

// lstmParams returns the four arrays of the LSTM, gates in row blocks i, f, g,
// o. Concatenated in this order they are cuDNN's opaque kernel (spec/02 5.4).
func lstmParams(s LayerShape, rng *rand.Rand) []*Param {
	in, u := s.InH*s.InC, s.OutC
	w, r := NewParam(s.Name+"/W_ih", 4*u, in), NewParam(s.Name+"/W_hh", 4*u, u)
	// Each gate's matrix is drawn on its own, as TensorFlow's canonical
	// initialiser for cuDNN layers does.
	for g := range 4 {
		for _, p := range []*Param{w, r} {
			k := len(p.Data) / 4
			gate := &Param{Shape: []int{u, p.Shape[1]}, Data: p.Data[g*k : (g+1)*k]}
			gate.Glorot(rng)
		}
	}
	return []*Param{w, r, NewParam(s.Name+"/b_ih", 4*u), NewParam(s.Name+"/b_hh", 4*u)}
}

// Clone returns a copy with parameters of its own.
func (n *Network) Clone() *Network {
	c := &Network{Arch: n.Arch}
	for _, p := range n.Params {
		c.Params = append(c.Params, p.Clone())
	}
	return c
}

// Param returns the parameter of that name.
func (n *Network) Param(name string) (*Param, bool) {
	for _, p := range n.Params {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// CopyFrom sets the network's parameters to those of src with the same names,
// and returns an error if one is missing or has another shape.
func (n *Network) CopyFrom(src []*Param) error {
	byName := map[string]*Param{}
	for _, p := range src {
		byName[p.Name] = p
	}
	for _, p := range n.Params {
		q, ok := byName[p.Name]
		if !ok {
			return fmt.Errorf("net: %s: no parameter %s among the %d given", n.Arch.Name(), p.Name, len(src))
		}
		if !slices.Equal(p.Shape, q.Shape) || len(q.Data) != len(p.Data) {
			return fmt.Errorf("net: %s: parameter %s has shape %v, want %v", n.Arch.Name(), p.Name, q.Shape, p.Shape)
		}
	}
	for _, p := range n.Params {
		copy(p.Data, byName[p.Name].Data)
	}
	return nil
}

// inputs returns the muscles and channels that the parameters were made for;
// muscles is 0 where any number will do.
func (n *Network) inputs() (muscles, channels int) {
	first := n.Params[0].Shape
	return 0, first[2]
}
