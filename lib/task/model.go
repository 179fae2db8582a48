package task

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/spindle-lab/spindle/lib/net"
)

// torqueUnits and projectorUnits are the widths of the published heads.
const (
	torqueUnits    = net.TorqueUnits
	projectorUnits = net.ProjectorUnits
)

// A Model is a network with the head of a task for inputs of one size.
type Model struct {
	Task     Task
	Switches Switches // with the published values filled in
	Net      *net.Network
	Head     []*net.Param // trainable, in the order of the published graph
	// Moving holds what is kept but not trained: the batch norms' moving means
	// and variances, [unit] each.
	Moving []*net.Param
	Dims   Dims
	// Outputs is the number of outputs, of each frame for a series.
	Outputs int
	// Frames is the length of the network's output along time.
	Frames int
	// Index holds the window's sample that is the target of each frame, for
	// tasks that predict series.
	Index []int
	// Mean and Std scale the targets, [output]; nil where they are not scaled.
	Mean, Std []float64

	strides []int
	shape   [3]int           // H, T', C of the last feature map
	trans   []net.LayerShape // of the decoder
}

// NewModel puts the head of a task on a network, with fresh weights: Glorot
// uniform, gains 1, shifts 0. outputs is what [Task.OutputsFor] gives.
func NewModel(t Task, n *net.Network, d Dims, outputs int, sw Switches, rng *rand.Rand) (*Model, error) {
	if err := sw.Validate(); err != nil {
		return nil, err
	}
	shapes, err := n.Arch.Shapes(d.Muscles, d.Time, d.Channels)
	if err != nil {
		return nil, err
	}
	if outputs < 1 {
		return nil, fmt.Errorf("task: %s: %d outputs", t.Name, outputs)
	}
	last := shapes[len(shapes)-1]
	m := &Model{Task: t, Switches: sw.Fill(), Net: n, Dims: d, Outputs: outputs, Frames: last.OutT,
		shape: [3]int{last.OutH, last.OutT, last.OutC}}
	var axes []Axis
	for _, s := range shapes {
		if s.StrideT > 0 {
			axes = append(axes, Axis{s.KernelT, s.StrideT})
			m.strides = append(m.strides, s.StrideT)
		}
	}
	if t.Series() {
		if m.Index, err = TargetGrid(d.Time, axes, m.Switches.TargetGrid); err != nil {
			return nil, fmt.Errorf("%s on %s: %w", t.Name, n.Arch.Name(), err)
		}
	}
	if t.Head == Decoder {
		a, err := n.Arch.Decoder(m.Switches.Decoder == ChannelsReversed)
		if err == nil {
			m.trans, err = a.Shapes(last.OutH, last.OutT, last.OutC)
		}
		if err != nil {
			return nil, fmt.Errorf("task: %s on %s: %w", t.Name, n.Arch.Name(), err)
		}
	}
	m.init(rng)
	return m, nil
}

// lstm tells whether the features come from a recurrent layer.
func (m *Model) lstm() bool { return m.Net.Arch.Family == net.LSTM }

// features is the number of values of the last feature map.
func (m *Model) features() int { return m.shape[0] * m.shape[1] * m.shape[2] }

// perFrame is the number of features at one frame.
func (m *Model) perFrame() int { return m.shape[0] * m.shape[2] }

// withGoal tells whether the head is given the goal of a reach.
func (m *Model) withGoal() bool {
	return m.Task.Head == TorqueHead && !(m.lstm() && m.Switches.TorqueLSTM == ReadoutPlain)
}

// goalRows is the number of rows of the goal that the head is given.
func (m *Model) goalRows() int {
	if m.withGoal() {
		return m.Task.GoalKey.Rows()
	}
	return 0
}

func (m *Model) init(rng *rand.Rand) {
	weights := func(name string, shape ...int) {
		m.Head = append(m.Head, net.NewParam(name, shape...).Glorot(rng))
	}
	fill := func(name string, v float32, shape ...int) {
		m.Head = append(m.Head, net.NewParam(name, shape...).Fill(v))
	}
	classifier := func(in int) {
		weights("Classifier/weights", in, m.Outputs)
		fill("Classifier/biases", 0, m.Outputs)
	}
	switch m.Task.Head {
	case Classifier:
		if m.lstm() {
			classifier(m.perFrame())
		} else {
			classifier(m.features())
		}
	case Readout1:
		classifier(m.perFrame())
	case TorqueHead:
		if !m.withGoal() {
			classifier(m.perFrame())
			break
		}
		weights("FC0/weights", m.perFrame()+m.goalRows(), torqueUnits)
		fill("FC0/LayerNorm/beta", 0, torqueUnits)
		fill("FC0/LayerNorm/gamma", 1, torqueUnits)
		classifier(torqueUnits)
	case Projector:
		in := m.features()
		for _, scope := range []string{"FC0", "FC1"} {
			weights(scope+"/weights", in, projectorUnits)
			fill(scope+"/BatchNorm/beta", 0, projectorUnits)
			m.Moving = append(m.Moving,
				net.NewParam(scope+"/BatchNorm/moving_mean", projectorUnits),
				net.NewParam(scope+"/BatchNorm/moving_variance", projectorUnits).Fill(1))
			in = projectorUnits
		}
		weights("FC2/weights", in, m.Outputs)
		fill("FC2/biases", 0, m.Outputs)
	case Decoder:
		for _, l := range m.trans {
			weights(l.Name+"/weights", l.KernelH, l.KernelT, l.OutC, l.InC)
			fill(l.Name+"/LayerNorm/beta", 0, l.OutC)
			fill(l.Name+"/LayerNorm/gamma", 1, l.OutC)
		}
		classifier(m.Dims.Muscles * m.trans[len(m.trans)-1].OutC)
	}
}

// Params returns everything that is trained, the network's parameters first.
func (m *Model) Params() []*net.Param {
	return append(slices.Clone(m.Net.Params), m.Head...)
}

// Clone returns a model with parameters of its own.
func (m *Model) Clone() *Model {
	c := *m
	c.Net = m.Net.Clone()
	c.Head, c.Moving = nil, nil
	for _, p := range m.Head {
		c.Head = append(c.Head, p.Clone())
	}
	for _, p := range m.Moving {
		c.Moving = append(c.Moving, p.Clone())
	}
	return &c
}

// Views is the number of rows of input that a sample gives: 2 for redundancy
// reduction, else 1.
func (m *Model) Views() int {
	if m.Task.Head == Projector {
		return 2
	}
	return 1
}

// targets is the number of target values of a sample in a batch.
func (m *Model) targets() int {
	switch {
	case m.Task.Head == Classifier:
		return 1
	case m.Task.Head == Decoder:
		return m.Dims.Time * m.Outputs
	case m.Task.Head == Projector:
		return 0
	}
	return m.Frames * m.Outputs
}

// predictions is the number of predicted values of a sample.
func (m *Model) predictions() int {
	switch m.Task.Head {
	case Classifier, Projector:
		return m.Outputs * m.Views()
	}
	return m.targets()
}

// dropped is the number of values that dropout acts on, of a sample; 0 if there
// is none.
func (m *Model) dropped() int {
	if m.Task.Dropout >= 1 {
		return 0
	}
	if m.Task.Head == Classifier && m.lstm() {
		return m.perFrame()
	}
	return m.features() * m.Views()
}

// BytesPerSample is the memory that training takes for each sample of a part:
// input, the outputs of all layers before and after normalisation, and their
// derivatives.
func (m *Model) BytesPerSample() float64 {
	shapes, err := m.Net.Arch.Shapes(m.Dims.Muscles, m.Dims.Time, m.Dims.Channels)
	if err != nil {
		panic("task: " + err.Error()) // NewModel has asked for the same
	}
	n := 0
	for _, s := range shapes {
		k := 3 * s.Values()
		if m.lstm() && s.StrideT == 0 {
			k *= 5 // gates and cell state of every step
		}
		n += k
	}
	for _, l := range m.trans {
		n += 3 * l.Values()
	}
	n += m.predictions() + m.dropped()
	return 4 * float64((n+3*m.Dims.Size())*m.Views())
}
