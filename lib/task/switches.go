package task

import (
	"fmt"
	"strings"
)

// Named values of [Switches].
type (
	Norm     string // divisor of the Barlow normalisation
	Grid     string // which sample is the target of an output frame
	Scaling  string // scaling of regression targets
	BN       string // statistics that the projector's batch norm evaluates with
	Views    string // over which rows the projector's batch norm takes its statistics
	Goals    string // which goals the torque task validates with
	Readout  string // head of the torque task on an LSTM
	Channels string // channel list of the shallow spatiotemporal decoder
	Pick     string // which weights a data-driven network ends with
	Average  string // what selects a redundancy-reduction network
	Shift    string // where the blocks of a shifted epoch begin
)

const (
	NormVariance Norm = "variance" // published
	NormStd      Norm = "std"

	GridPublished Grid = "published"
	GridCentre    Grid = "centre"

	ScaleNone   Scaling = "none" // published
	ScaleZScore Scaling = "zscore"

	BNBatch  BN = "batch" // published: batch statistics also at test
	BNMoving BN = "moving"

	ViewsApart Views = "apart" // each view its own statistics
	ViewsJoint Views = "joint"

	GoalsTraining Goals = "training" // published: validation with the goals of the training file
	GoalsOwn      Goals = "own"

	ReadoutPlain Readout = "plain" // published: no goal and no hidden layer on an LSTM
	ReadoutGoal  Readout = "goal"

	ChannelsEncoder  Channels = "encoder" // published: the encoder's list, not reversed
	ChannelsReversed Channels = "reversed"

	PickLast Pick = "last" // published
	PickBest Pick = "best"

	AverageLast Average = "last" // published: the last validation batch alone
	AverageAll  Average = "all"

	ShiftRows   Shift = "rows" // published: the pivot is drawn among the rows
	ShiftBlocks Shift = "blocks"
)

// Switches are the known peculiarities of the published code (spec/02, section
// 9). An empty field stands for the published behaviour; the other value is
// what it should have been.
type Switches struct {
	BarlowNorm       Norm     // division by variance (B4)
	BarlowValidation Average  // selection by the last batch (B3)
	BatchNorm        BN       // batch statistics at test (B5)
	BatchNormViews   Views    // left open by the published code; apart by default
	TargetGrid       Grid     // targets away from the frame's receptive field (B13)
	TargetScaling    Scaling  // unscaled mixture of units (B18)
	TorqueGoals      Goals    // mismatched goals in validation (B7)
	TorqueLSTM       Readout  // LSTM without goal (B9)
	Decoder          Channels // list of the shallow spatiotemporal decoder (B14)
	DataDrivenPick   Pick     // final weights overwrite the best (B11)
	// BlockShift is where the torque and data-driven trainings draw the pivot
	// of an epoch, from which on its blocks begin later by the rows that fill
	// no block (B8). It matters where blocks are shuffled.
	BlockShift Shift `json:",omitempty"`
}

// A Choice is one switch: its name, the published value and the other one.
type Choice struct{ Name, Published, Other string }

type choice struct {
	Choice
	at func(s *Switches) (get func() string, put func(string))
}

func newChoice[S ~string](name string, published, other S, field func(s *Switches) *S) choice {
	return choice{Choice{name, string(published), string(other)}, func(s *Switches) (func() string, func(string)) {
		p := field(s)
		return func() string { return string(*p) }, func(v string) { *p = S(v) }
	}}
}

var choices = []choice{
	newChoice("barlow norm", NormVariance, NormStd, func(s *Switches) *Norm { return &s.BarlowNorm }),
	newChoice("barlow validation", AverageLast, AverageAll, func(s *Switches) *Average { return &s.BarlowValidation }),
	newChoice("batch norm", BNBatch, BNMoving, func(s *Switches) *BN { return &s.BatchNorm }),
	newChoice("batch norm views", ViewsApart, ViewsJoint, func(s *Switches) *Views { return &s.BatchNormViews }),
	newChoice("target grid", GridPublished, GridCentre, func(s *Switches) *Grid { return &s.TargetGrid }),
	newChoice("target scaling", ScaleNone, ScaleZScore, func(s *Switches) *Scaling { return &s.TargetScaling }),
	newChoice("torque goals", GoalsTraining, GoalsOwn, func(s *Switches) *Goals { return &s.TorqueGoals }),
	newChoice("torque LSTM", ReadoutPlain, ReadoutGoal, func(s *Switches) *Readout { return &s.TorqueLSTM }),
	newChoice("decoder", ChannelsEncoder, ChannelsReversed, func(s *Switches) *Channels { return &s.Decoder }),
	newChoice("block shift", ShiftRows, ShiftBlocks, func(s *Switches) *Shift { return &s.BlockShift }),
	newChoice("data-driven pick", PickLast, PickBest, func(s *Switches) *Pick { return &s.DataDrivenPick }),
}

// Choices lists the switches.
func Choices() []Choice {
	var out []Choice
	for _, c := range choices {
		out = append(out, c.Choice)
	}
	return out
}

// Fill returns s with the published value in every empty field.
func (s Switches) Fill() Switches {
	for _, c := range choices {
		if get, put := c.at(&s); get() == "" {
			put(c.Published)
		}
	}
	return s
}

// Set sets a switch by its name, in which hyphens may stand for spaces.
func (s *Switches) Set(name, value string) error {
	var names []string
	for _, c := range choices {
		if !c.Named(name) {
			names = append(names, c.Name)
			continue
		}
		_, put := c.at(s)
		put(value)
		return s.Validate()
	}
	return fmt.Errorf("task: no switch %q, expected one of %s", name, strings.Join(names, ", "))
}

// Named tells whether a name is that of the switch; hyphens may stand for
// spaces, and capitals do not count.
func (c Choice) Named(name string) bool {
	plain := strings.NewReplacer("-", " ", "_", " ")
	return strings.EqualFold(plain.Replace(name), plain.Replace(c.Name))
}

// Validate returns an error that names the first switch with an unknown value.
func (s Switches) Validate() error {
	f := s.Fill()
	for _, c := range choices {
		if get, _ := c.at(&f); get() != c.Published && get() != c.Other {
			return fmt.Errorf("task: switch %q is %q, expected %q (published) or %q", c.Name, get(), c.Published, c.Other)
		}
	}
	return nil
}

// Off lists the switches that are off their published value, such as
// "target grid: centre", for a figure's caption.
func (s Switches) Off() []string {
	f := s.Fill()
	var out []string
	for _, c := range choices {
		if get, _ := c.at(&f); get() != c.Published {
			out = append(out, c.Name+": "+get())
		}
	}
	return out
}
