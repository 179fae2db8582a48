package task

import "fmt"

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
}

// Fill returns s with the published value in every empty field.
func (s Switches) Fill() Switches {
	set(&s.BarlowNorm, NormVariance)
	set(&s.BarlowValidation, AverageLast)
	set(&s.BatchNorm, BNBatch)
	set(&s.BatchNormViews, ViewsApart)
	set(&s.TargetGrid, GridPublished)
	set(&s.TargetScaling, ScaleNone)
	set(&s.TorqueGoals, GoalsTraining)
	set(&s.TorqueLSTM, ReadoutPlain)
	set(&s.Decoder, ChannelsEncoder)
	set(&s.DataDrivenPick, PickLast)
	return s
}

func set[S ~string](s *S, v S) {
	if *s == "" {
		*s = v
	}
}

type choice struct{ name, value, published, other string }

func (s Switches) choices() []choice {
	f := s.Fill()
	return []choice{
		{"barlow norm", string(f.BarlowNorm), string(NormVariance), string(NormStd)},
		{"barlow validation", string(f.BarlowValidation), string(AverageLast), string(AverageAll)},
		{"batch norm", string(f.BatchNorm), string(BNBatch), string(BNMoving)},
		{"batch norm views", string(f.BatchNormViews), string(ViewsApart), string(ViewsJoint)},
		{"target grid", string(f.TargetGrid), string(GridPublished), string(GridCentre)},
		{"target scaling", string(f.TargetScaling), string(ScaleNone), string(ScaleZScore)},
		{"torque goals", string(f.TorqueGoals), string(GoalsTraining), string(GoalsOwn)},
		{"torque LSTM", string(f.TorqueLSTM), string(ReadoutPlain), string(ReadoutGoal)},
		{"decoder", string(f.Decoder), string(ChannelsEncoder), string(ChannelsReversed)},
		{"data-driven pick", string(f.DataDrivenPick), string(PickLast), string(PickBest)},
	}
}

// Validate returns an error that names the first switch with an unknown value.
func (s Switches) Validate() error {
	for _, c := range s.choices() {
		if c.value != c.published && c.value != c.other {
			return fmt.Errorf("task: switch %q is %q, expected %q (published) or %q", c.name, c.value, c.published, c.other)
		}
	}
	return nil
}

// Off lists the switches that are off their published value, such as
// "target grid: centre", for a figure's caption.
func (s Switches) Off() []string {
	var out []string
	for _, c := range s.choices() {
		if c.value != c.published {
			out = append(out, c.name+": "+c.value)
		}
	}
	return out
}
