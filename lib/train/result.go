package train

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/task"
)

// A Result is a trained network and how it came about.
type Result struct {
	Task      task.Task
	Config    Config // with every field set
	Name      string // the network's published name for the task
	Network   *net.Network
	Untrained *net.Network // the twin: the same network before training
	Model     *task.Model  // Network with its head

	History []Point
	Losses  []float32 // loss of every step's batch
	Steps   int       // steps done
	Early   bool      // ended by a hook
	Plateau bool      // ended by the schedule before all steps were done

	Test          float64 // metric on the test set, in Unit
	TestLoss      float64
	UntrainedTest float64 // the metric of the twin with its untrained head
	TrainMetric   float64 // on Config.MaxTrainEval training samples, else NaN
	Metric        string  // name of the metric
	Unit          string  // unit of the metric, empty for a pure number
	Seconds       float64 // time of all sessions
	Waited        float64 // seconds of the last session in which steps waited for data
	Loading       float64 // seconds of the last session in which data were loaded, beside the steps

	src    Sources
	chance float64
}

func note(e Event) string {
	if e.Point != nil {
		return fmt.Sprintf("loss %.4g, validation %.4g", e.Loss, e.Point.ValLoss)
	}
	return fmt.Sprintf("loss %.4g", e.Loss)
}

// finish picks the weights that the published loop ends with and tests them.
func (s *session) finish(ctx context.Context) (*Result, error) {
	last := s.r.task.Loss == task.LossResidual && s.r.DataDrivenPick == task.PickLast
	if s.best != nil && !last {
		s.put(s.best)
	}
	r := &Result{Task: s.r.task, Config: s.r.Config, Name: s.name(), Network: s.model.Net, Untrained: s.first, Model: s.model,
		History: s.hist, Losses: s.losses, Steps: s.step, Early: s.early, Plateau: s.over,
		Metric: s.r.task.Metric.String(), Unit: s.r.task.Unit, TrainMetric: math.NaN(), Waited: s.waited, Loading: s.loading, src: s.src}
	n := usable(s.src.Test.Len(), s.r.MaxTest, s.r.Batch)
	t, err := score(ctx, s.model, s.src.Test, n, s.r, "test")
	if err != nil {
		return nil, err
	}
	r.Test, r.TestLoss = t.Metric(), t.Loss()
	if t, err = score(ctx, s.head0, s.src.Test, n, s.r, "test"); err != nil {
		return nil, err
	}
	r.UntrainedTest = t.Metric()
	if k := s.r.MaxTrainEval; k > 0 {
		if t, err = score(ctx, s.model, s.src.Train, usable(s.src.Train.Len(), k, s.r.Batch), s.r, "training"); err != nil {
			return nil, err
		}
		r.TrainMetric = t.Metric()
	}
	if r.chance, err = r.Chance(ctx); err != nil {
		return nil, err
	}
	r.Seconds = s.seconds()
	return r, s.publish(r)
}

// publish writes the finished network and its summary into the run's folder.
func (s *session) publish(r *Result) error {
	if s.r.Dir == "" {
		return nil
	}
	p := Published{Model: s.model, Untrained: s.first, Seed: &s.r.Seed, Train: r.TrainMetric, Test: r.Test,
		Validation: math.NaN(), ValidationLoss: math.NaN()}
	if i := s.bestPoint(); i >= 0 {
		p.Validation, p.ValidationLoss = s.hist[i].Metric, s.hist[i].ValLoss
	}
	if err := WriteFolder(s.r.Dir, p); err != nil {
		return err
	}
	return writeJSON(filepath.Join(s.r.Dir, resultFile), r.summary())
}

// bestPoint is the place of the best validation in the history, -1 if none.
func (s *session) bestPoint() int {
	for i := len(s.hist) - 1; i >= 0; i-- {
		if s.hist[i].Best {
			return i
		}
	}
	return -1
}

// score evaluates a model on the first n samples of a source.
func score(ctx context.Context, m *task.Model, src task.Source, n int, r *resolved, name string) (*task.Tally, error) {
	ev, err := newEvaluation(m, r.Batch, n, r.Seed)
	if err != nil {
		return nil, err
	}
	defer ev.close()
	return ev.run(ctx, src, src, n, name, 0, nil)
}

// Chance is the metric of knowing nothing: 1/20 for action recognition, and for
// regression that of the constant predictor, which says the mean of the
// training targets at every frame, on the test set. It is NaN for redundancy
// reduction, and 0 for explained variance.
func (r *Result) Chance(ctx context.Context) (float64, error) {
	switch r.Task.Metric {
	case task.MetricAccuracy:
		return 1 / float64(r.Model.Outputs), nil
	case task.MetricEV:
		return 0, nil
	case task.MetricBarlow:
		return math.NaN(), nil
	}
	plain := *r.Model
	plain.Mean, plain.Std = nil, nil
	mean, _, err := targetMoments(ctx, &plain, r.src.Train)
	if err != nil {
		return 0, err
	}
	b := plain.NewBatch(1)
	pred := make([]float32, len(b.Y))
	for i := range pred {
		pred[i] = float32(mean[i%plain.Outputs])
	}
	t := plain.NewTally()
	for i := range usable(r.src.Test.Len(), r.Config.MaxTest, r.Config.Batch) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := plain.Fill(b, r.src.Test, r.src.Test, []int{i}, nil, nil); err != nil {
			return 0, err
		}
		t.Add(b, pred, 1)
	}
	return t.Metric(), nil
}

// A Prediction is what a network says of one sample.
type Prediction struct {
	Sample int
	Record string

	// Of action recognition: labels from 1, their letters, and the probability
	// of each label.
	Label, Guess    int
	Letter, Guessed string
	Probability     []float64

	// Of the tasks that predict series: target and output, [output][frame], in
	// the task's units, and the time of each frame in s.
	Time           []float64
	Target, Output [][]float64
}

// Predict returns the network's predictions for samples of the test set, all
// of it if none is named. It is not for redundancy reduction, which predicts
// nothing.
func (r *Result) Predict(ctx context.Context, samples ...int) ([]Prediction, error) {
	return r.PredictOn(ctx, r.src.Test, samples...)
}

// PredictOn is [Result.Predict] for samples of any source.
func (r *Result) PredictOn(ctx context.Context, src task.Source, samples ...int) ([]Prediction, error) {
	m := r.Model
	if r.Task.Head == task.Projector {
		return nil, fmt.Errorf("train: %s predicts nothing; look at its features", r.Task.Name)
	}
	if err := r.Task.Check(src); err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		samples = spread(src.Len(), src.Len())
	}
	e, err := m.NewEvaluator(1)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	b := m.NewBatch(1)
	var out []Prediction
	for _, i := range samples {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if i < 0 || i >= src.Len() {
			return nil, fmt.Errorf("train: no sample %d among %d", i, src.Len())
		}
		if err := m.Fill(b, src, src, []int{i}, nil, nil); err != nil {
			return nil, err
		}
		pred, err := e.Predict(b)
		if err != nil {
			return nil, err
		}
		out = append(out, prediction(m, src, i, b, pred))
	}
	return out, nil
}

func prediction(m *task.Model, src task.Source, i int, b *task.Batch, pred []float32) Prediction {
	p := Prediction{Sample: i, Record: src.Record(i)}
	if m.Task.Head == task.Classifier {
		p.Label = int(b.Y[0]) + 1
		p.Probability = softmax(pred)
		for k, v := range p.Probability {
			if p.Guess == 0 || v > p.Probability[p.Guess-1] {
				p.Guess = k + 1
			}
		}
		p.Letter, p.Guessed = letter(p.Label), letter(p.Guess)
		return p
	}
	y, z := append([]float32(nil), b.Y...), append([]float32(nil), pred...)
	m.Unscale(y)
	m.Unscale(z)
	frames := len(y) / m.Outputs
	for f := range frames {
		at := f
		if m.Index != nil {
			at = m.Index[f]
		}
		p.Time = append(p.Time, float64(at)*dataset.Step)
	}
	p.Target, p.Output = rows(y, m.Outputs), rows(z, m.Outputs)
	return p
}

func letter(label int) string {
	if label < 1 || label > len(stroke.Letters) {
		return ""
	}
	return stroke.Letters[label-1 : label]
}

func softmax(logits []float32) []float64 {
	top := math.Inf(-1)
	for _, v := range logits {
		top = max(top, float64(v))
	}
	p, sum := make([]float64, len(logits)), 0.0
	for i, v := range logits {
		p[i] = math.Exp(float64(v) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// rows turns [frame][output] into [output][frame].
func rows(v []float32, outputs int) [][]float64 {
	out := make([][]float64, outputs)
	for k := range out {
		for i := k; i < len(v); i += outputs {
			out[k] = append(out[k], float64(v[i]))
		}
	}
	return out
}
