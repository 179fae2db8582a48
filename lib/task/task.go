package task

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Head is what stands on the encoder's last feature map.
type Head int

const (
	Classifier Head = iota // all features, dropout, one linear layer
	Readout1               // one linear layer at each output frame
	TorqueHead             // at each frame: features and goal, 128 units with layer norm, linear
	Decoder                // dropout, transposed convolutions, linear at each time sample
	Projector              // all features, dropout, two layers with batch norm, linear
)

func (h Head) String() string {
	return [...]string{"classifier", "linear readout", "torque readout", "decoder", "projector"}[h]
}

// Loss is what training minimises.
type Loss int

const (
	LossCrossEntropy Loss = iota // see [CrossEntropy]
	LossMSE                      // see [MSE]
	LossBarlow                   // see [BarlowLoss]
	LossResidual                 // see [ResidualVariance]
)

func (l Loss) String() string {
	return [...]string{"cross-entropy", "mean squared error", "Barlow", "residual variance"}[l]
}

// Metric is what is reported of a trained network.
type Metric int

const (
	MetricAccuracy Metric = iota // share of hits; more is better
	MetricMED                    // mean Euclidean distance, see [MED]; less is better
	MetricBarlow                 // the loss itself; less is better
	MetricEV                     // explained variance; more is better
)

func (m Metric) String() string {
	return [...]string{"accuracy", "mean Euclidean distance", "Barlow loss", "explained variance"}[m]
}

// Better tells whether a is a better value of the metric than b.
func (m Metric) Better(a, b float64) bool {
	if m == MetricAccuracy || m == MetricEV {
		return a > b
	}
	return a < b
}

// Hypothesis groups of the paper.
const (
	ActionRecognition = "action recognition"
	HandState         = "hand state"
	LimbState         = "limb state"
	JointState        = "joint state"
	InverseDynamics   = "inverse dynamics"
	EfficientCoding   = "efficient coding"
	DataDriven        = "data-driven"
)

// Training holds the published hyper-parameters of a task for one kind of
// network (spec/02, 1.4).
type Training struct {
	LR            float64 // initial learning rate of Adam
	Batch         int     // samples per step
	Epochs        int
	ValidateEvery int     // steps
	Patience      float64 // see PatienceSteps
	// PatienceEpochs: the published patience is Patience times the steps of an
	// epoch, counted in validations. Otherwise it is a count of validations.
	PatienceEpochs bool
	Snapshots      []int     // steps
	SnapshotShares []float64 // shares of all steps, rounded down
}

// A Task is what a network is trained for.
type Task struct {
	Name    string // code name in the published tables, "regress_ee_pos_vel"
	Alias   string // short plain name, "hand_pos_vel"
	Title   string // the paper's name
	Group   string // hypothesis group
	Keys    []Key  // target series, in the order of the outputs
	GoalKey Key    // series that the head is given besides the features, or empty
	Outputs int    // number of outputs; 0: as many rows as the data have
	Unit    string // of the metric; the units of mixed outputs joined by commas
	Head    Head
	Loss    Loss
	Metric  Metric
	Dropout float32 // share of features kept before the head in training, 1: none
	TCN     Training
	LSTM    Training
	// Shifts: the published training tries to shift its blocks of rows each
	// epoch, see [Switches].
	Shifts bool
	// Experiments are the published numbers of the shallow, deep and LSTM
	// networks; 0 where there is none.
	Experiments [3]int
	// Infix is set for the tasks whose published folders carry "_r" after the family.
	Infix bool
	// Target fills the targets of sample i, shape [output][time]; for
	// classification the label, counted from 0, in dst[0]. It is nil where the
	// input itself is the target, or there is none.
	Target func(t Task, s Source, i int, dst []float32) error
}

// Regression tells whether the task predicts a series at each output frame with
// the squared error, so that targets are sub-sampled in time.
func (t Task) Regression() bool { return t.Loss == LossMSE && t.Head != Decoder }

// Series tells whether the target is a time series on the output grid.
func (t Task) Series() bool { return t.Regression() || t.Loss == LossResidual }

// Training returns the published hyper-parameters for an LSTM or a
// convolutional network.
func (t Task) Training(lstm bool) Training {
	if lstm {
		return t.LSTM
	}
	return t.TCN
}

// MetricName is the metric with its unit, such as "mean Euclidean distance (cm)".
func (t Task) MetricName() string {
	if t.Unit == "" {
		return t.Metric.String()
	}
	return fmt.Sprintf("%s (%s)", t.Metric, t.Unit)
}

// LossName is the loss with its unit, such as "mean squared error [cm²]"; a
// loss that adds squares of several units names them all.
func (t Task) LossName() string {
	name := t.Loss.String()
	var units []string
	switch t.Loss {
	case LossCrossEntropy: // of natural logarithms
		return name + " [nats]"
	case LossBarlow:
		return name + " loss (no unit)"
	case LossMSE, LossResidual:
		for _, k := range t.Keys {
			units = append(units, KeyUnit(k))
		}
		if len(units) == 0 && t.Metric == MetricMED && t.Unit != "" {
			units = strings.Split(t.Unit, ", ")
		}
	}
	var squared []string
	for _, u := range units {
		if u == "" { // of a target of one's own
			return name
		}
		if strings.ContainsAny(u, "/·") {
			u = "(" + u + ")"
		}
		if u += "²"; !slices.Contains(squared, u) {
			squared = append(squared, u)
		}
	}
	if len(squared) == 0 {
		return name
	}
	return name + " [" + strings.Join(squared, ", ") + "]"
}

// published is the number of the paper's tasks, the first of the table.
const published = 16

// All returns the sixteen tasks of the paper, in the paper's order.
func All() []Task {
	adding.RLock()
	defer adding.RUnlock()
	return append([]Task(nil), table[:published]...)
}

// adding guards the table, to which [Add] adds.
var adding sync.RWMutex

// Add adds a task of one's own, under a name and an alias that no other has: an
// entry of the table and its target function. Training, grids and published
// folders take it by its name like any other. The hyper-parameters that it
// leaves open are those of the hand position task.
func Add(t Task) error {
	adding.Lock()
	defer adding.Unlock()
	if t.Alias == "" {
		t.Alias = t.Name
	}
	for _, o := range table {
		for _, name := range []string{t.Name, t.Alias} {
			if name == o.Name || name == o.Alias {
				return fmt.Errorf("task: there is a task %q", name)
			}
		}
	}
	switch {
	case t.Name == "" || strings.ContainsAny(t.Name+t.Alias, ", /\\"):
		return fmt.Errorf("task: name %q, alias %q: expected a word without commas and slashes", t.Name, t.Alias)
	case t.Target == nil && t.Head != Decoder && t.Head != Projector:
		return fmt.Errorf("task: %s: no Target function", t.Name)
	case t.Outputs < 1 && len(t.Keys) == 0 && t.Head != Decoder:
		return fmt.Errorf("task: %s: neither Outputs nor Keys say how many outputs there are", t.Name)
	case t.Dropout < 0 || t.Dropout > 1:
		return fmt.Errorf("task: %s: Dropout is %g, expected the share that is kept, 1 for all", t.Name, t.Dropout)
	}
	if t.Title == "" {
		t.Title = t.Name
	}
	if t.Dropout == 0 {
		t.Dropout = 1
	}
	like := table[1]
	if t.TCN.Batch == 0 {
		t.TCN = like.TCN
	}
	if t.LSTM.Batch == 0 {
		t.LSTM = like.LSTM
	}
	table = append(table[:len(table):len(table)], t)
	return nil
}

// Lookup returns a task by its code name or its alias: one of the sixteen, or
// "data_driven", or one that was added.
func Lookup(name string) (Task, error) {
	adding.RLock()
	defer adding.RUnlock()
	for _, t := range table {
		if name == t.Name || name == t.Alias {
			return t, nil
		}
	}
	var names []string
	for _, t := range table {
		names = append(names, fmt.Sprintf("%s (%s)", t.Alias, t.Name))
	}
	return Task{}, fmt.Errorf("task: no task %q, expected one of %s", name, strings.Join(names, ", "))
}

// OfExperiment returns the task whose published networks carry the number, and
// whether there is one. Data-driven networks of the six monkeys are numbered in
// steps of 100 from the first.
func OfExperiment(id int) (Task, bool) {
	adding.RLock()
	defer adding.RUnlock()
	for _, t := range table {
		for _, n := range t.Experiments {
			if n != 0 && (id == n || t.Group == DataDriven && id > n && id <= n+500 && (id-n)%100 == 0) {
				return t, true
			}
		}
	}
	return Task{}, false
}
