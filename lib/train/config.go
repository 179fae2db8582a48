package train

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// Values of [Config.Shuffle] and [Config.PatienceUnit].
const (
	ShuffleSample = "sample" // every epoch a new order of samples
	ShuffleBlock  = "block"  // published: contiguous blocks of a batch, in a new order every epoch

	PatiencePublished = "published" // an epoch's steps compared with a count of validations
	PatienceFixed     = "fixed"     // the same number of steps, as a count of validations
)

// A Config says how a network is trained. Zero fields take the published value
// of the task and the kind of network (spec/02, 1.4); the exception is Shuffle.
type Config struct {
	Task string   // code name or alias, see task.Lookup
	Arch net.Arch // the network
	Seed uint64   // of weights, order, dropout and views

	LR     float64 // initial learning rate
	Batch  int     // samples per step
	Epochs int     // length of the run, in passes over the training samples
	Steps  int     // length of the run in steps; takes precedence over Epochs

	ValidateEvery int      // steps between validations
	Patience      float64  // validations without a new best before a plateau
	PatienceUnit  string   // how the published patience of some tasks is read
	MinEpochs     int      // epochs before which a second plateau does not stop
	Shuffle       string   // ShuffleSample, or ShuffleBlock at the paper tier
	Tier          run.Tier `json:",omitempty"` // at run.Paper, Shuffle is as published

	task.Switches // peculiarities of the published code

	MicroBatch   int // samples computed at a time; 0: what fits Memory
	Memory       int // MB that activations may take, 1024 if 0
	MaxVal       int // validate on the first so many samples; 0: on all
	MaxTest      int // test on the first so many samples; 0: on all
	MaxTrainEval int // samples for the metric on the training set; 0: none

	// Initial, if not nil, is the network to start from; its weights are
	// copied. Otherwise weights are drawn from Seed and the architecture alone,
	// so that all tasks start from the same encoder, as the published ones do.
	Initial *net.Network `json:"-"`

	// Dir is the folder of the run; empty: nothing is written.
	Dir string `json:"-"`
	// SaveEvery is the number of steps between checkpoints; 0: at validations.
	SaveEvery int `json:"-"`
	// KeepLast is the number of checkpoints that are kept besides the best; 2 if 0.
	KeepLast int `json:"-"`
}

// Off lists what is off its published value, for a figure's caption. The order
// of samples is not among it: see [Config.Shuffle].
func (c Config) Off() []string {
	out := c.Switches.Off()
	if c.PatienceUnit == PatienceFixed {
		out = append(out, "patience unit: "+PatienceFixed)
	}
	return out
}

// Choices lists the switches that [Config.Set] knows.
func Choices() []task.Choice {
	return append([]task.Choice{{Name: "patience unit", Published: PatiencePublished, Other: PatienceFixed}}, task.Choices()...)
}

// Set sets a switch by its name, in which hyphens may stand for spaces.
func (c *Config) Set(name, value string) error {
	p := Choices()[0]
	if !p.Named(name) {
		return c.Switches.Set(name, value)
	}
	if value != p.Published && value != p.Other {
		return fmt.Errorf("train: switch %q is %q, expected %q (published) or %q", p.Name, value, p.Published, p.Other)
	}
	c.PatienceUnit = value
	return nil
}

const defaultMemory = 1024 // MB

// resolved is a configuration with every field set.
type resolved struct {
	Config
	task          task.Task
	stepsPerEpoch int
	snapshots     map[int]bool
	sched         Schedule
}

// resolve fills in what the configuration leaves open, for n training samples.
func (c Config) resolve(n int) (*resolved, error) {
	t, err := task.Lookup(c.Task)
	if err != nil {
		return nil, err
	}
	if err := c.Arch.Validate(); err != nil {
		return nil, err
	}
	if err := c.Switches.Validate(); err != nil {
		return nil, err
	}
	p := t.Training(c.Arch.Family == net.LSTM)
	def(&c.LR, p.LR)
	def(&c.Batch, p.Batch)
	def(&c.Epochs, p.Epochs)
	def(&c.ValidateEvery, p.ValidateEvery)
	def(&c.MinEpochs, 20)
	def(&c.Memory, defaultMemory)
	def(&c.KeepLast, 2)
	if c.Tier == run.Paper {
		def(&c.Shuffle, ShuffleBlock)
	}
	def(&c.Shuffle, ShuffleSample)
	def(&c.PatienceUnit, PatiencePublished)
	c.Switches, c.Task = c.Switches.Fill(), t.Name
	if !t.Shifts || c.Shuffle != ShuffleBlock {
		c.BlockShift = "" // there is nothing to shift
	}
	r := &resolved{Config: c, task: t}
	for _, f := range []struct {
		name string
		v    int
	}{{"Batch", c.Batch}, {"Epochs", c.Epochs}, {"ValidateEvery", c.ValidateEvery}, {"MinEpochs", c.MinEpochs},
		{"Memory", c.Memory}, {"KeepLast", c.KeepLast}, {"Steps", c.Steps + 1}, {"MicroBatch", c.MicroBatch + 1},
		{"MaxVal", c.MaxVal + 1}, {"MaxTest", c.MaxTest + 1}, {"MaxTrainEval", c.MaxTrainEval + 1}, {"SaveEvery", c.SaveEvery + 1}} {
		if f.v < 1 || f.v > 1<<40 {
			return nil, fmt.Errorf("train: %s is out of range", f.name)
		}
	}
	if !(c.LR > 0) || math.IsInf(c.LR, 0) {
		return nil, fmt.Errorf("train: LR is %g, expected a positive number", c.LR)
	}
	if c.Shuffle != ShuffleSample && c.Shuffle != ShuffleBlock {
		return nil, fmt.Errorf("train: Shuffle is %q, expected %q or %q", c.Shuffle, ShuffleSample, ShuffleBlock)
	}
	r.stepsPerEpoch = n / c.Batch
	if r.stepsPerEpoch == 0 {
		return nil, fmt.Errorf("train: %d training samples are fewer than one batch of %d", n, c.Batch)
	}
	if c.Steps == 0 {
		r.Steps = c.Epochs * r.stepsPerEpoch
	}
	if err := r.patience(p); err != nil {
		return nil, err
	}
	r.snapshots = map[int]bool{}
	for _, s := range p.Snapshots {
		r.snapshots[s] = true
	}
	for _, f := range p.SnapshotShares {
		r.snapshots[int(f*float64(r.Steps))] = true
	}
	r.sched = Schedule{Steps: r.Steps, StepsPerEpoch: r.stepsPerEpoch, ValidateEvery: r.ValidateEvery,
		Patience: r.Patience, MinEpochs: r.MinEpochs, Plateaus: 2, Factor: 4}
	return r, nil
}

// patience turns the task's patience into a count of validations.
func (r *resolved) patience(p task.Training) error {
	if r.Patience < 0 || math.IsNaN(r.Patience) {
		return fmt.Errorf("train: Patience is %g, expected a positive number of validations", r.Patience)
	}
	if r.PatienceUnit != PatiencePublished && r.PatienceUnit != PatienceFixed {
		return fmt.Errorf("train: PatienceUnit is %q, expected %q or %q", r.PatienceUnit, PatiencePublished, PatienceFixed)
	}
	if r.Patience > 0 {
		return nil
	}
	r.Patience = p.Patience
	if p.PatienceEpochs {
		r.Patience *= float64(r.stepsPerEpoch)
		if r.PatienceUnit == PatienceFixed {
			r.Patience = max(1, r.Patience/float64(r.ValidateEvery))
		}
	}
	return nil
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// micro returns the number of samples to compute at a time: what is asked for,
// or the largest divisor of the batch whose activations fit the memory. It does
// not look at the machine, so that a run is the same anywhere.
func (r *resolved) micro(m *task.Model) (int, error) {
	if r.MicroBatch > 0 {
		if r.Batch%r.MicroBatch != 0 {
			return 0, fmt.Errorf("train: MicroBatch %d does not divide the batch of %d", r.MicroBatch, r.Batch)
		}
		return r.MicroBatch, nil
	}
	fit := max(1, int(float64(r.Memory)*1e6/m.BytesPerSample()))
	for p := r.Batch; p > 1; p-- {
		if r.Batch%p == 0 && p <= fit {
			return p, nil
		}
	}
	return 1, nil
}
