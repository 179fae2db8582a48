package train

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
)

// A checkpoint is two files of a TensorFlow bundle, ckpt-<step>.*, which hold
// weights, moments and the loss of every step, and a JSON of everything else.
// The JSON is written last and removed first: where it is, the bundle is whole.
// The best weights are a bundle of their own, best-<step>.*, which the JSON
// names. No generator state is needed: every random number comes from the seed
// and the step.
type checkpoint struct {
	Format                  int
	Version                 string
	Step                    int // the next one
	Iter                    int // steps of the optimiser
	LR                      num
	Best                    num
	BestStep, Bad, Plateaus int
	BestBundle              string // empty: no best yet
	BestIter                int
	LossSum                 num // since the last point
	LossCount               int
	Seconds                 float64
	Pending                 bool // the validation of the last step is due
	Early, Over             bool
	History                 []savedPoint
}

const checkpointFormat = 1

type savedPoint struct {
	Step                                  int
	Epoch, TrainLoss, ValLoss, Metric, LR num
	Best                                  bool
	Seconds                               num
}

const lossesName = "Spindle/losses"

func checkpointName(step int) string { return "ckpt-" + strconv.Itoa(step) }
func bestName(step int) string       { return "best-" + strconv.Itoa(step) }

// save writes a checkpoint of the run as it stands and removes what is no
// longer needed.
func (s *session) save() error {
	dir := s.r.Dir
	// The checkpoint of a step is written once, so that no moment finds a JSON
	// beside a bundle that is being replaced.
	if dir == "" || s.saved == s.step {
		return nil
	}
	if what := s.broken(); what != "" {
		return s.diverged(s.step-1, what)
	}
	c := checkpoint{Format: checkpointFormat, Version: run.Version(), Step: s.step, Iter: s.adam.Iter,
		LR: num(s.st.LR), Best: num(s.st.Best), BestStep: s.st.BestStep, Bad: s.st.Bad, Plateaus: s.st.Plateaus,
		LossSum: num(s.sum), LossCount: s.count, Seconds: s.seconds(), Pending: s.pending, Early: s.early, Over: s.over}
	for _, p := range s.hist {
		c.History = append(c.History, savedPoint{p.Step, num(p.Epoch), num(p.TrainLoss), num(p.ValLoss), num(p.Metric), num(p.LR), p.Best, num(p.Seconds)})
	}
	if s.best != nil {
		c.BestBundle, c.BestIter = bestName(s.st.BestStep), s.best.iter
		if s.bestSaved != s.st.BestStep {
			if err := writeBundle(filepath.Join(dir, c.BestBundle), s.arrays(s.best)); err != nil {
				return err
			}
			s.bestSaved = s.st.BestStep
		}
	}
	prefix := filepath.Join(dir, checkpointName(s.step))
	arrays := append(s.arrays(s.take()), array{lossesName, []int{len(s.losses)}, s.losses})
	if err := writeBundle(prefix, arrays); err != nil {
		return err
	}
	if err := writeJSON(prefix+".json", &c); err != nil {
		return err
	}
	s.saved = s.step
	return s.prune()
}

// arrays names weights, moments and moving averages as the published
// checkpoints do.
func (s *session) arrays(c *snapshot) []array {
	out := published(s.model.Params(), c.params, "")
	if len(c.m) == len(c.params) {
		out = append(out, published(s.model.Params(), c.m, "/Adam")...)
		out = append(out, published(s.model.Params(), c.v, "/Adam_1")...)
	}
	out = append(out, published(s.model.Moving, c.moving, "")...)
	a := s.adam
	return append(out,
		array{"beta1_power", nil, []float32{float32(math.Pow(a.Beta1, float64(c.iter+1)))}},
		array{"beta2_power", nil, []float32{float32(math.Pow(a.Beta2, float64(c.iter+1)))}})
}

// prune keeps the last checkpoints and the best weights that they name.
func (s *session) prune() error {
	dir := s.r.Dir
	all, err := checkpoints(dir)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for i, step := range all {
		prefix := filepath.Join(dir, checkpointName(step))
		if i >= s.r.KeepLast {
			if err := os.Remove(prefix + ".json"); err != nil {
				return err
			}
			continue
		}
		var c checkpoint
		if err := readJSON(prefix+".json", &c); err != nil {
			return err
		}
		kept[checkpointName(step)], kept[c.BestBundle] = true, true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		base, _, _ := strings.Cut(e.Name(), ".")
		if (strings.HasPrefix(base, "ckpt-") || strings.HasPrefix(base, "best-")) && !kept[base] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// checkpoints lists the steps of the complete checkpoints, latest first.
func checkpoints(dir string) ([]int, error) {
	files, err := filepath.Glob(filepath.Join(dir, "ckpt-*.json"))
	if err != nil {
		return nil, err
	}
	var steps []int
	for _, f := range files {
		text := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "ckpt-"), ".json")
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			steps = append(steps, n)
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(steps)))
	return steps, nil
}

// resume goes on from the last checkpoint of the folder, if there is one.
func (s *session) resume() error {
	steps, err := checkpoints(s.r.Dir)
	if err != nil || len(steps) == 0 {
		return err
	}
	prefix := filepath.Join(s.r.Dir, checkpointName(steps[0]))
	fail := func(err error) error {
		return fmt.Errorf("train: checkpoint %s: %w; remove %s to go on from the one before", prefix, err, filepath.Base(prefix)+".json")
	}
	var c checkpoint
	if err := readJSON(prefix+".json", &c); err != nil {
		return fail(err)
	}
	if err := c.check(steps[0], s.r); err != nil {
		return fail(err)
	}
	b, err := openBundle(prefix)
	if err != nil {
		return fail(err)
	}
	last := s.take()
	if err := s.load(b, last, c.Iter); err != nil {
		return fail(err)
	}
	losses, err := b.floats(lossesName, []int{c.Step})
	if err != nil {
		return fail(err)
	}
	if c.BestBundle != "" {
		if b, err = openBundle(filepath.Join(s.r.Dir, c.BestBundle)); err != nil {
			return fail(err)
		}
		s.best = s.take()
		if err := s.load(b, s.best, c.BestIter); err != nil {
			return fail(fmt.Errorf("%s: %w", c.BestBundle, err))
		}
		s.bestSaved = c.BestStep
	}
	s.put(last)
	s.step, s.losses = c.Step, losses
	s.st = State{LR: float64(c.LR), Best: float64(c.Best), BestStep: c.BestStep, Bad: c.Bad, Plateaus: c.Plateaus}
	s.sum, s.count, s.since = float64(c.LossSum), c.LossCount, c.Seconds
	s.pending, s.early, s.over, s.saved = c.Pending, c.Early, c.Over, c.Step
	for _, p := range c.History {
		s.hist = append(s.hist, Point{p.Step, float64(p.Epoch), float64(p.TrainLoss), float64(p.ValLoss), float64(p.Metric), float64(p.LR), p.Best, float64(p.Seconds)})
	}
	return nil
}

// check refuses a state that this run cannot have come to.
func (c *checkpoint) check(step int, r *resolved) error {
	switch {
	case c.Format != checkpointFormat:
		return fmt.Errorf("field Format is %d, expected %d", c.Format, checkpointFormat)
	case c.Step != step || step > r.Steps:
		return fmt.Errorf("field Step is %d, expected %d, at most %d", c.Step, step, r.Steps)
	case c.Iter < 0 || c.Iter > c.Step || c.BestIter < 0 || c.BestIter > c.Step:
		return fmt.Errorf("field Iter is %d, BestIter is %d, expected at most %d", c.Iter, c.BestIter, c.Step)
	case !(c.LR > 0) || math.IsInf(float64(c.LR), 0):
		return fmt.Errorf("field LR is %g, expected a positive number", float64(c.LR))
	case c.BestStep >= c.Step || c.BestStep < -1 || (c.BestStep < 0) != (c.BestBundle == ""):
		return fmt.Errorf("field BestStep is %d with bundle %.60q at step %d", c.BestStep, c.BestBundle, c.Step)
	case c.BestBundle != "" && c.BestBundle != bestName(c.BestStep):
		return fmt.Errorf("field BestBundle is %.60q, expected %q", c.BestBundle, bestName(c.BestStep))
	case c.Bad < 0 || c.Plateaus < 0 || c.LossCount < 0 || c.LossCount > c.Step:
		return errors.New("a count is out of range")
	}
	points := (c.Step + r.ValidateEvery - 1) / r.ValidateEvery
	if c.Pending {
		points--
	}
	if len(c.History) != points {
		return fmt.Errorf("field History has %d points, expected %d", len(c.History), points)
	}
	return nil
}

// load fills a snapshot from a bundle. Every tensor must be there in its shape.
func (s *session) load(b *bundle, c *snapshot, iter int) error {
	ps := s.model.Params()
	if err := b.fill(ps, c.params, ""); err != nil {
		return err
	}
	if err := b.fill(s.model.Moving, c.moving, ""); err != nil {
		return err
	}
	c.iter, c.m, c.v = iter, nil, nil
	if iter == 0 {
		return nil
	}
	c.m, c.v = zerosLike(c.params), zerosLike(c.params)
	if err := b.fill(ps, c.m, "/Adam"); err != nil {
		return err
	}
	return b.fill(ps, c.v, "/Adam_1")
}

func zerosLike(s [][]float32) [][]float32 {
	out := make([][]float32, len(s))
	for i := range s {
		out[i] = make([]float32, len(s[i]))
	}
	return out
}

// An array is a float32 tensor of a bundle.
type array struct {
	name  string
	shape []int
	data  []float32
}

const (
	scope      = "Network/"
	opaqueName = "RecurrentBlock/opaque_kernel"
)

// recurrent tells whether a parameter is one of the four that published
// checkpoints hold as one flat array.
func recurrent(p *net.Param) bool { return strings.HasPrefix(p.Name, "RecurrentBlock/") }

// published names arrays as TensorFlow does, the four of an LSTM joined into
// cuDNN's flat kernel.
func published(ps []*net.Param, v [][]float32, suffix string) []array {
	var out []array
	var flat []float32
	for i, p := range ps {
		if recurrent(p) {
			flat = append(flat, v[i]...)
			continue
		}
		out = append(out, array{scope + p.Name + suffix, p.Shape, v[i]})
	}
	if flat != nil {
		out = append(out, array{scope + opaqueName + suffix, []int{len(flat)}, flat})
	}
	return out
}

// fill reads the arrays of parameters.
func (b *bundle) fill(ps []*net.Param, dst [][]float32, suffix string) error {
	var rec []int
	size := 0
	for i, p := range ps {
		if recurrent(p) {
			rec = append(rec, i)
			size += len(dst[i])
			continue
		}
		v, err := b.floats(scope+p.Name+suffix, p.Shape)
		if err != nil {
			return err
		}
		copy(dst[i], v)
	}
	if rec == nil {
		return nil
	}
	flat, err := b.floats(scope+opaqueName+suffix, []int{size})
	if err != nil {
		return err
	}
	for _, i := range rec {
		flat = flat[copy(dst[i], flat):]
	}
	return nil
}
