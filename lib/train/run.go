package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/spindle-lab/spindle/lib/blas"
	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// Run trains a network on a data set and tests it. The loop is that of spec/02,
// 1.5; the same configuration and data give the same numbers on any number of
// cores. Hooks are called after every step.
//
// If ctx ends, the run is saved (where Config.Dir is set) and the error wraps
// that of ctx; calling Run again with the same configuration goes on from
// there.
func Run(ctx context.Context, cfg Config, data *dataset.Dataset, hooks ...Hook) (*Result, error) {
	if data == nil || data.Train == nil || data.Train.Len() == 0 {
		return nil, errors.New("train: the data set has no training samples")
	}
	return RunOn(ctx, cfg, FromDataset(data), hooks...)
}

// RunOn is [Run] on any sources of samples.
func RunOn(ctx context.Context, cfg Config, src Sources, hooks ...Hook) (res *Result, err error) {
	s, err := newSession(ctx, cfg, src)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.train(ctx, hooks); err != nil {
		return nil, err
	}
	return s.finish(ctx)
}

// A DivergenceError says that a loss or a weight stopped being a number.
type DivergenceError struct {
	Step    int
	What    string   // "loss is NaN"
	Records []string // of the step's batch
}

func (e *DivergenceError) Error() string {
	const show = 4
	list := e.Records[:min(show, len(e.Records))]
	return fmt.Sprintf("train: diverged at step %d: %s; its batch of %d samples begins with %q", e.Step, e.What, len(e.Records), list)
}

// A session is one run in one process.
type session struct {
	r     *resolved
	src   Sources
	model *task.Model
	first *net.Network // the untrained twin
	head0 *task.Model  // twin with its head, for its test metric

	tr     *task.Trainer
	adam   *net.Adam
	val    *evaluation
	nval   int
	st     State
	step   int // the next one
	hist   []Point
	losses []float32
	best   *snapshot
	sum    float64 // of the losses since the last point
	count  int     // of those
	since  float64 // seconds of earlier sessions
	began  time.Time
	// Seconds of this session in which steps waited for data, and in which
	// another core loaded them.
	waited, loading float64
	// pending: the last step is done, its validation is not.
	pending bool
	early   bool // ended by a hook
	over    bool // ended by the schedule

	unlock    func()
	saved     int // step of the last checkpoint, -1 before the first
	savedAt   time.Time
	bestSaved int // step of the best weights that are saved, -1 if none
}

// A snapshot is everything that the published loop restores.
type snapshot struct {
	params, moving [][]float32
	m, v           [][]float32
	iter           int
}

func newSession(ctx context.Context, cfg Config, src Sources) (*session, error) {
	if src.Train == nil {
		return nil, errors.New("train: no training samples")
	}
	r, err := cfg.resolve(src.Train.Len())
	if err != nil {
		return nil, err
	}
	if err := src.check(r.task); err != nil {
		return nil, err
	}
	blas.Use()
	now := time.Now()
	s := &session{r: r, src: src, began: now, saved: -1, savedAt: now, bestSaved: -1}
	if err := s.begin(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// begin builds the model and, where the run has a folder, takes it and goes on
// from what is there.
func (s *session) begin(ctx context.Context) error {
	if err := s.build(ctx); err != nil || s.r.Dir == "" {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return err
	}
	if err := s.resume(); err != nil || s.step > 0 {
		return err
	}
	return s.writeUntrained()
}

// build makes the model with its first weights and what trains it.
func (s *session) build(ctx context.Context) error {
	r := s.r
	dims := task.DimsOf(s.src.Train)
	n, err := net.NewFor(r.Arch, dims.Muscles, dims.Channels, run.Stream(r.Seed, "encoder", archKey(r.Arch)))
	if err != nil {
		return err
	}
	if r.Initial != nil {
		if err := n.CopyFrom(r.Initial.Params); err != nil {
			return fmt.Errorf("train: Initial: %w", err)
		}
	}
	s.model, err = task.NewModel(r.task, n, dims, r.task.OutputsFor(s.src.Train), r.Switches, run.Stream(r.Seed, "head", r.task.Name, archKey(r.Arch)))
	if err != nil {
		return err
	}
	if r.TargetScaling == task.ScaleZScore && r.task.Loss == task.LossMSE {
		if s.model.Mean, s.model.Std, err = targetMoments(ctx, s.model, s.src.Train); err != nil {
			return err
		}
	}
	s.head0 = s.model.Clone()
	s.first = s.head0.Net
	micro, err := r.micro(s.model)
	if err != nil {
		return err
	}
	if s.tr, err = s.model.NewTrainer(r.Batch, micro); err != nil {
		return err
	}
	s.adam = net.NewAdam(r.LR)
	s.st = r.sched.Start(r.LR)
	if s.src.Val != nil {
		s.nval = usable(s.src.Val.Len(), r.MaxVal, r.Batch)
		if s.val, err = newEvaluation(s.model, r.Batch, s.nval, r.Seed); err != nil {
			return err
		}
	}
	return nil
}

// archKey names an architecture fully, unlike its published name.
func archKey(a net.Arch) string { return fmt.Sprintf("%+v", a) }

func (s *session) close() {
	if s.tr != nil {
		s.tr.Close()
	}
	if s.val != nil {
		s.val.close()
	}
	if s.unlock != nil {
		s.unlock()
	}
}

// seconds is the time spent on the run so far.
func (s *session) seconds() float64 { return s.since + time.Since(s.began).Seconds() }

func (s *session) train(ctx context.Context, hooks []Hook) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	f := newFeed(inner, s.r, s.model, s.tr, s.src.Train, s.src.Train, s.step)
	defer func() { s.waited, s.loading = f.waited.Seconds(), time.Duration(f.worked.Load()).Seconds() }()
	for s.pending || !s.over && !s.early && s.step < s.r.Steps {
		var own *task.Tally
		var err error
		if !s.pending { // else the step was done before an interruption
			if own, err = s.update(ctx, f); err != nil {
				return s.failed(ctx, err)
			}
		}
		step := s.step - 1
		e := Event{Step: s.step, Total: s.r.Steps, Loss: float64(s.losses[step]), Task: s.r.task.Name, Metric: s.r.task.MetricName(), LossName: s.model.LossName(), Name: s.name()}
		if s.pending {
			if err := s.validate(ctx, step, own); err != nil {
				return s.failed(ctx, err)
			}
			s.pending = false
			e.Point = &s.hist[len(s.hist)-1]
		}
		e.History, e.Losses = s.hist, s.losses
		for _, h := range hooks {
			if h != nil && !h(e) {
				s.early = true
			}
		}
		if err := s.keep(step, e.Point != nil); err != nil {
			return err
		}
	}
	return nil
}

// update does one step of the optimiser. Where the step's own batch is what is
// validated it returns its tally.
func (s *session) update(ctx context.Context, f *feed) (own *task.Tally, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var score func(*task.Batch, []float32)
	if s.val == nil && s.r.sched.Due(s.step) {
		own = s.model.NewTally()
		score = func(b *task.Batch, pred []float32) { own.Add(b, pred, b.N) }
	}
	loss, err := s.tr.Gradient(func(int) (*task.Batch, error) { return f.next() }, score)
	if err != nil {
		return nil, err
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return nil, s.diverged(s.step, fmt.Sprintf("the training loss is %g", loss))
	}
	s.adam.LR = s.st.LR
	if err := s.adam.Step(s.tr.Nodes()); err != nil {
		return nil, err
	}
	s.tr.UpdateMoving()
	s.losses = append(s.losses, float32(loss))
	// The loss is kept in float32, so that a resumed run adds up the same.
	s.sum, s.count = s.sum+float64(float32(loss)), s.count+1
	s.pending = s.r.sched.Due(s.step)
	s.step++
	return own, nil
}

// failed says what an error in a step means: an interruption saves.
func (s *session) failed(ctx context.Context, err error) error {
	if e := ctx.Err(); e != nil {
		return s.interrupted(e)
	}
	var d *DivergenceError
	if errors.As(err, &d) {
		// Where the batch is at fault and not the weights, they are kept as they
		// were before it; broken weights are never saved.
		if s.broken() == "" && s.step > 0 && !s.pending {
			if e := s.save(); e != nil {
				return errors.Join(err, e)
			}
		}
		return err
	}
	return fmt.Errorf("train: step %d: %w", s.step, err)
}

// saveSeconds is the least time between checkpoints where Config.SaveEvery
// does not say otherwise.
const saveSeconds = 30

// keep writes what is due after a step: the task's snapshots, and checkpoints.
func (s *session) keep(step int, validated bool) error {
	if s.r.Dir == "" {
		return nil
	}
	if step > 0 && s.r.snapshots[step] {
		if err := s.writeSnapshot(step); err != nil {
			return err
		}
	}
	ended := s.over || s.early || s.step == s.r.Steps
	due := validated && (s.saved < 0 || time.Since(s.savedAt).Seconds() > saveSeconds)
	if s.r.SaveEvery > 0 {
		due = s.step%s.r.SaveEvery == 0
	}
	if !ended && !due {
		return nil
	}
	s.savedAt = time.Now()
	return s.save()
}

// validate computes a point and follows the schedule.
func (s *session) validate(ctx context.Context, step int, t *task.Tally) error {
	var err error
	if t == nil {
		goals := s.src.Val
		if s.r.TorqueGoals == task.GoalsTraining {
			goals = s.src.Train
		}
		if t, err = s.val.run(ctx, s.src.Val, goals, s.nval, "validation", step, nil); err != nil {
			return err
		}
	}
	loss := t.Loss()
	if s.r.task.Loss == task.LossBarlow && s.r.BarlowValidation == task.AverageLast {
		loss = t.Last()
	}
	if what := s.broken(); what != "" {
		return s.diverged(step, what)
	}
	a := s.r.sched.Validated(&s.st, step, loss)
	if a.Save {
		s.best = s.take()
	}
	if a.Restore && s.best != nil {
		s.put(s.best)
	}
	s.over = a.Stop
	s.hist = append(s.hist, Point{Step: step, Epoch: float64(step) / float64(s.r.stepsPerEpoch), TrainLoss: s.sum / float64(s.count),
		ValLoss: loss, Metric: t.Metric(), LR: s.st.LR, Best: a.Save, Seconds: s.seconds()})
	s.sum, s.count = 0, 0
	return nil
}

// broken names the first parameter that holds NaN or Inf.
func (s *session) broken() string {
	for _, p := range s.model.Params() {
		for _, v := range p.Data {
			if d := v - v; d != 0 {
				return fmt.Sprintf("parameter %s holds %g", p.Name, v)
			}
		}
	}
	return ""
}

func (s *session) take() *snapshot {
	c := &snapshot{iter: s.adam.Iter, m: clone(s.adam.M32), v: clone(s.adam.V32)}
	c.params, c.moving = clone(data(s.model.Params())), clone(data(s.model.Moving))
	return c
}

// put sets weights and optimiser. The learning rate is the schedule's.
func (s *session) put(c *snapshot) {
	fill(data(s.model.Params()), c.params)
	fill(data(s.model.Moving), c.moving)
	s.adam.Iter, s.adam.M32, s.adam.V32 = c.iter, clone(c.m), clone(c.v)
}

func data(ps []*net.Param) [][]float32 {
	out := make([][]float32, len(ps))
	for i, p := range ps {
		out[i] = p.Data
	}
	return out
}

func clone(s [][]float32) [][]float32 {
	out := make([][]float32, len(s))
	for i, v := range s {
		out[i] = append([]float32(nil), v...)
	}
	return out
}

func fill(dst, src [][]float32) {
	for i := range dst {
		copy(dst[i], src[i])
	}
}

// diverged names the samples of a step's batch.
func (s *session) diverged(step int, what string) error {
	e := &DivergenceError{Step: step, What: what}
	idx := make([]int, s.r.Batch)
	newOrder(s.r, s.src.Train.Len()).at(step, idx)
	for _, i := range idx {
		e.Records = append(e.Records, s.src.Train.Record(i))
	}
	return e
}

// interrupted saves and says where the run stands.
func (s *session) interrupted(err error) error {
	if s.step > 0 {
		if e := s.save(); e != nil {
			return errors.Join(e, err)
		}
	}
	if s.r.Dir != "" {
		return fmt.Errorf("train: stopped after %d of %d steps, saved in %s: %w", s.step, s.r.Steps, s.r.Dir, err)
	}
	return fmt.Errorf("train: stopped after %d of %d steps: %w", s.step, s.r.Steps, err)
}

// name is the network's published name for the task.
func (s *session) name() string { return publishedName(s.r.task, s.r.Arch) }

// writeUntrained keeps the twin in the folder from the start, as model_0.ckpt:
// the weights before any step. The published file of that name was saved after
// the first.
func (s *session) writeUntrained() error {
	return writeBundle(filepath.Join(s.r.Dir, firstPrefix), published(s.first.Params, data(s.first.Params), ""))
}

// writeSnapshot writes the weights after a step under the published name.
func (s *session) writeSnapshot(step int) error {
	prefix := filepath.Join(s.r.Dir, fmt.Sprintf("model_%d.ckpt", step))
	if err := writeBundle(prefix, s.arrays(s.take())); err != nil {
		return err
	}
	nan := math.NaN()
	return writeText(filepath.Join(s.r.Dir, fmt.Sprintf("config_%d.yaml", step)),
		configYAML(s.model, Published{Seed: &s.r.Seed, Train: nan, Validation: 0, ValidationLoss: 1e10, Test: nan}))
}
