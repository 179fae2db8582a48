package probe

import (
	"context"
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// DataDriven is the Task of networks trained on the spikes themselves.
const DataDriven = "data_driven"

// spikeSource gives trials of a session to training: each movement at a random
// place in the window, lengths and velocities held before and after, rates zero
// there (spec/03, 4.2). Velocity is the gradient of the cut; the published one,
// of the whole trial, differs in its first and last sample.
type spikeSource struct {
	a      *recording.Aligned
	trials []int
	at     []int // window sample at which each movement begins
}

var (
	_ task.Source  = spikeSource{}
	_ task.Spanned = spikeSource{}
)

// newSpikeSource returns a source of the given trials for the data-driven task;
// the seed places them in their windows.
func newSpikeSource(a *recording.Aligned, trials []int, seed uint64) spikeSource {
	s := spikeSource{a: a, trials: trials}
	for _, i := range trials {
		s.at = append(s.at, run.Stream(seed, "offset", i).IntN(recording.Window-a.Durations[i]+1))
	}
	return s
}

func (s spikeSource) Len() int            { return len(s.trials) }
func (s spikeSource) Label(int) int       { return 0 }
func (s spikeSource) Has(k task.Key) bool { return k == task.Rates }
func (s spikeSource) Record(i int) string {
	return fmt.Sprintf("%s, trial %d", s.a.Name, s.a.IDs[s.trials[i]])
}
func (s spikeSource) Rows(k task.Key) int {
	if k == task.Rates {
		return len(s.a.Units)
	}
	return 0
}
func (s spikeSource) Span(i int) (start, end int) {
	return s.at[i], s.at[i] + s.a.Durations[s.trials[i]]
}

func (s spikeSource) Input(i int, dst []float32) error {
	const w = recording.Window
	tr := s.trials[i]
	d := s.a.Durations[tr]
	length, rate := make([]float64, d), make([]float64, d)
	for m := range recording.NumMuscles {
		in := s.a.Input[(tr*recording.NumMuscles+m)*w*2:][:w*2]
		for t := range length {
			length[t] = float64(in[2*(recording.Onset+t)])
		}
		recording.Gradient(rate, length, recording.Step)
		out := dst[m*w*2 : (m+1)*w*2]
		for t := range w {
			k := min(max(t-s.at[i], 0), d-1)
			out[2*t], out[2*t+1] = float32(length[k]), float32(rate[k])
		}
	}
	return nil
}

func (s spikeSource) Target(i int, _ task.Key, dst []float32) error {
	clear(dst)
	tr := s.trials[i]
	units := len(s.a.Units)
	for t := range s.a.Durations[tr] {
		row := s.a.Rates[tr][t/s.a.PerBin*units:][:units]
		for u, v := range row {
			dst[u*recording.Window+s.at[i]+t] = float32(v)
		}
	}
	return nil
}

// DrivenOptions says how data-driven networks are trained.
type DrivenOptions struct {
	// Config holds what differs from the published training of the task: Epochs
	// or Steps, Batch, Dir. Task, Arch and Seed are set here.
	Config   train.Config
	Seeds    []uint64 // default 1
	Progress run.Progress
}

// TrainDriven trains networks of the architectures on the spikes of a session's
// training trials and scores them on its test trials: predictions inside each
// movement, stretched to its samples, averaged over bins, all trials joined, and
// EV per unit as for any other model. It returns a table with a row per unit and
// network, and the trained networks.
func TrainDriven(ctx context.Context, a *recording.Aligned, archs []net.Arch, o DrivenOptions) (*Table, []*train.Result, error) {
	if a.Input == nil {
		return nil, nil, fmt.Errorf("probe: %s has no muscle input: give it muscles first", a.Name)
	}
	seeds := o.Seeds
	if seeds == nil {
		seeds = []uint64{1}
	}
	t := &Table{Caption: caption(a)}
	var results []*train.Result
	total := len(archs) * len(seeds)
	for _, arch := range archs {
		for _, seed := range seeds {
			cfg := o.Config
			cfg.Task, cfg.Arch, cfg.Seed = DataDriven, arch, seed
			src := train.Sources{Train: newSpikeSource(a, a.Train, seed), Test: newSpikeSource(a, a.Test, seed)}
			done := len(results)
			res, err := train.RunOn(ctx, cfg, src, train.Report(func(step, steps int, note string) {
				o.Progress.Report(done*steps+step, total*steps, arch.Name()+", "+note)
			}))
			if err != nil {
				return t, results, fmt.Errorf("%s on the spikes of %s: %w", arch.Name(), a.Name, err)
			}
			results = append(results, res)
			evTrain, err := drivenEV(ctx, res, a, a.Train, seed)
			if err != nil {
				return t, results, err
			}
			evTest, err := drivenEV(ctx, res, a, a.Test, seed)
			if err != nil {
				return t, results, err
			}
			shapes, err := arch.Shapes(recording.NumMuscles, recording.Window, 2)
			if err != nil {
				return t, results, err
			}
			n := Network{Name: arch.Name(), Task: DataDriven, Net: res.Network, Seed: seed, TestMetric: res.Test, TrainMetric: math.NaN(), ValMetric: math.NaN()}
			for u := range a.Units {
				f := &LayerFit{Ridge: &Ridge{EVTrain: evTrain, Penalties: []float64{math.NaN()}, Chosen: make([]int, len(a.Units))}, EVTest: evTest}
				r := networkRow(a, u, f, &n, shapes, len(shapes)-1)
				r.LayerName, r.LayerType = "readout", "readout"
				t.Rows = append(t.Rows, r)
			}
		}
	}
	t.warn(a)
	return t, results, nil
}

// drivenEV is the EV of each unit over the given trials by the network's own output.
func drivenEV(ctx context.Context, res *train.Result, a *recording.Aligned, trials []int, seed uint64) ([]float64, error) {
	src := newSpikeSource(a, trials, seed)
	shapes, err := res.Config.Arch.Shapes(recording.NumMuscles, recording.Window, 2)
	if err != nil {
		return nil, err
	}
	var strides []int
	for _, s := range shapes {
		strides = append(strides, max(s.StrideT, 1))
	}
	units := len(a.Units)
	var y, p []float64
	const some = 64
	for at := 0; at < len(trials); at += some {
		ids := make([]int, min(some, len(trials)-at))
		for k := range ids {
			ids[k] = at + k
		}
		preds, err := res.PredictOn(ctx, src, ids...)
		if err != nil {
			return nil, err
		}
		for k, pr := range preds {
			tr := trials[at+k]
			start, end := src.Span(at + k)
			from, to := task.Frames(start, end, recording.Window, strides)
			d := a.Durations[tr]
			rates := make([]float64, d/a.PerBin*units)
			for u := range units {
				for s, v := range task.Stretch(pr.Output[u][from:to], d) {
					rates[s/a.PerBin*units+u] += v / float64(a.PerBin)
				}
			}
			y, p = append(y, a.Rates[tr]...), append(p, rates...)
		}
	}
	return ExplainedVariances(y, p, units), nil
}
