package probe

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// Readouts probes what networks predict on their own tasks: the series that
// each puts out, all of its outputs, take the place of a layer's components and
// are named "readout". There a network holds what its task asks for and nothing
// else, where its layers, with the published 75 components, still hold most of
// the movement. The published tables have no such rows; keep these apart from
// those that a best layer is chosen from.
//
// Tasks without series (action recognition, redundancy reduction), and those
// whose read-out is told the goal of a reach (torque), are an error.
func Readouts(ctx context.Context, a *recording.Aligned, results []*train.Result, opt Options) (*Table, error) {
	if a.Input == nil {
		return nil, fmt.Errorf("probe: %s has no muscle input: give it muscles first", a.Name)
	}
	t := &Table{Caption: caption(a, opt.switches()...)}
	for i, r := range results {
		n := Network{Name: r.Config.Arch.Name(), Task: r.Task.Name, Net: r.Network, Seed: r.Config.Seed, TestMetric: r.Test, TrainMetric: r.TrainMetric}
		opt.Progress.Report(i, len(results), n.Name)
		shapes, err := r.Config.Arch.Shapes(recording.NumMuscles, recording.Window, 2)
		if err != nil {
			return nil, err
		}
		c, err := readout(ctx, a, r)
		if err != nil {
			return nil, named(n.Name+": readout", err)
		}
		lo := opt.Layer
		if lo.Stride == 0 {
			lo.Stride = 1
			for _, s := range shapes {
				lo.Stride *= max(s.StrideT, 1)
			}
		}
		f, err := FitLayer(c, a, lo)
		if err != nil {
			return nil, named(n.Name+": readout", err)
		}
		for u := range a.Units {
			row := networkRow(a, u, f, &n, shapes, len(shapes)-1)
			row.LayerName, row.LayerType = "readout", "readout"
			if lo.Shuffle {
				row.Condition += shuffled
			}
			t.Rows = append(t.Rows, row)
		}
	}
	opt.Progress.Report(len(results), len(results), "")
	t.warn(a)
	return t, nil
}

// readout returns the outputs of a network on all trials.
func readout(ctx context.Context, a *recording.Aligned, r *train.Result) (*Components, error) {
	if r.Task.Head == task.Classifier || r.Task.Head == task.Projector || r.Task.GoalKey != "" {
		return nil, fmt.Errorf("%s puts out no series that depends on the muscles alone", r.Task.Name)
	}
	var c *Components
	const some = 64
	for at := 0; at < a.Trials(); at += some {
		ids := make([]int, min(some, a.Trials()-at))
		for k := range ids {
			ids[k] = at + k
		}
		preds, err := r.PredictOn(ctx, inputSource{a}, ids...)
		if err != nil {
			return nil, err
		}
		for k, p := range preds {
			if c == nil {
				outputs, frames := len(p.Output), len(p.Output[0])
				c = &Components{Trials: a.Trials(), Time: frames, K: outputs, Data: make([]float32, a.Trials()*frames*outputs)}
			}
			dst := c.Data[(at+k)*c.Time*c.K:]
			for o, series := range p.Output {
				for f, v := range series {
					dst[f*c.K+o] = float32(v)
				}
			}
		}
	}
	if c == nil {
		return nil, fmt.Errorf("%s holds no trial", a.Name)
	}
	return c, nil
}

// inputSource is a session's muscle input for networks that predict; it says to
// have all targets, which predictions are not held against, as zeros.
type inputSource struct{ a *recording.Aligned }

func (s inputSource) Len() int            { return s.a.Trials() }
func (s inputSource) Label(int) int       { return 1 }
func (s inputSource) Has(task.Key) bool   { return true }
func (s inputSource) Rows(k task.Key) int { return k.Rows() }
func (s inputSource) Record(i int) string { return fmt.Sprintf("trial %d of %s", i, s.a.Name) }
func (s inputSource) Input(i int, dst []float32) error {
	copy(dst, s.a.Input[i*len(dst):])
	return nil
}
func (s inputSource) Target(_ int, _ task.Key, dst []float32) error {
	clear(dst)
	return nil
}
