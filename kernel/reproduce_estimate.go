package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// A networkCost is what a long run takes, counted before it begins.
type networkCost struct {
	networks int
	steps    int     // of all networks together
	gflop    float64 // of training and validation
	moves    int     // movements that are made first
	disk     float64 // bytes
	dearest  net.Arch
}

// Bytes of one movement in a shard: medians of the laptop tier's data, where
// letters take 70.6 MB for 3,600 and reaches 453 MB for 12,000.
const (
	letterBytes = 19.6e3
	reachBytes  = 37.7e3
)

// copies is how many float32 a parameter takes on disk: the network that is
// kept, and with both moments of the optimiser two checkpoints, the best one
// and the snapshot of step 1000.
const copies = 1 + 3*4

// cost counts a run. The movements are an upper bound: no more of a letter and
// plane than 90 are kept, and the tablet has fewer strokes of some letters.
func (n networkRun) cost(seed uint64) (networkCost, error) {
	var c networkCost
	tasks, err := parseTasks(n.tasks)
	if err != nil {
		return c, err
	}
	most := 0.0
	for _, g := range n.grids {
		archs, err := g.archs(seed)
		if err != nil {
			return c, err
		}
		for _, a := range archs {
			c.networks += len(tasks)
			c.steps += len(tasks) * n.steps
			gflop := train.GFLOP(a)
			samples := float64(n.steps*n.batch) + float64(n.steps/n.validate*n.validations)/3 // forward only
			if gflop > most {                                                                 // the dearest has the largest share
				most, c.dearest = gflop, a
			}
			for _, name := range tasks {
				t, err := task.Lookup(name)
				if err != nil {
					return c, err
				}
				head := headParams(t, a)
				c.gflop += samples * (gflop + headGFLOP(t, a, head)) * views(t)
				c.disk += 4*float64(a.Params(net.Muscles, net.InputChannels))*(copies+1) + 4*float64(head)*copies
			}
		}
	}
	for _, kind := range n.data {
		switch kind {
		case "letters":
			c.moves += 40 * n.perLetter
			c.disk += letterBytes * float64(40*min(n.perLetter, 90))
		case "reaches":
			c.moves += 40 * n.perLetter
			c.disk += reachBytes * float64(40*n.perLetter)
		}
	}
	return c, nil
}

// views is how many inputs a sample of a task makes.
func views(t task.Task) float64 {
	if t.Loss == task.LossBarlow {
		return 2
	}
	return 1
}

// headGFLOP is the cost of training a head on one input: two operations for each
// weight, forward and twice as much backward, at every frame of a series.
func headGFLOP(t task.Task, a net.Arch, params int) float64 {
	frames := 1
	d := task.DefaultDims
	if shapes, err := a.Shapes(d.Muscles, d.Time, d.Channels); err == nil && t.Series() {
		frames = shapes[len(shapes)-1].OutT
	}
	return 6e-9 * float64(params) * float64(frames)
}

// headParams counts the parameters of a task's head on a network.
func headParams(t task.Task, a net.Arch) int {
	d := task.DefaultDims
	shapes, err := a.Shapes(d.Muscles, d.Time, d.Channels)
	if err != nil {
		return 0
	}
	last := shapes[len(shapes)-1]
	frame, outputs := last.OutH*last.OutC, t.Outputs
	if outputs == 0 {
		outputs = d.Muscles * d.Channels
	}
	dense := func(in, out int) int { return in*out + out }
	switch t.Head {
	case task.Classifier:
		if a.Family != net.LSTM {
			frame *= last.OutT
		}
		return dense(frame, outputs)
	case task.TorqueHead:
		if a.Family == net.LSTM { // published with the plain read-out
			break
		}
		return dense(frame+t.GoalKey.Rows(), net.TorqueUnits) + dense(net.TorqueUnits, outputs)
	case task.Projector:
		return dense(frame*last.OutT, net.ProjectorUnits) + 2*dense(net.ProjectorUnits, net.ProjectorUnits)
	case task.Decoder:
		n := dense(frame, outputs)
		if mirror, err := a.Decoder(true); err == nil {
			if layers, err := mirror.Shapes(last.OutH, last.OutT, last.OutC); err == nil {
				for _, l := range layers {
					n += l.Weights + l.Norm
				}
				end := layers[len(layers)-1]
				n += dense(end.OutH*end.OutC, outputs) - dense(frame, outputs)
			}
		}
		return n
	}
	return dense(frame, outputs)
}

// noise is a source of random samples, for measuring.
type noise struct{ n int }

func (s noise) Len() int            { return s.n }
func (s noise) Label(i int) int     { return i%20 + 1 }
func (s noise) Has(task.Key) bool   { return true }
func (s noise) Rows(k task.Key) int { return k.Rows() }
func (s noise) Record(i int) string { return fmt.Sprintf("random sample %d", i) }
func (s noise) fill(i int, to []float32) error {
	rng := run.Stream(uint64(i), "noise")
	for j := range to {
		to[j] = float32(rng.NormFloat64())
	}
	return nil
}
func (s noise) Input(i int, to []float32) error              { return s.fill(i, to) }
func (s noise) Target(i int, _ task.Key, to []float32) error { return s.fill(i, to) }

// rate measures for about a second how much of the training of a network this
// machine does, in GFLOP per second of processor time.
func rate(ctx context.Context, a net.Arch, batch int) (float64, error) {
	steps := 0
	var began, used time.Duration
	cfg := train.Config{Task: "regress_ee_pos_vel", Arch: a, Batch: batch, Steps: 1000, ValidateEvery: 2000, MaxVal: 1, MaxTest: 1}
	_, err := train.RunOn(ctx, cfg, train.Sources{Train: noise{batch}, Val: noise{1}, Test: noise{1}}, func(e train.Event) bool {
		if e.Step < 2 { // the first builds the graph
			began = cpuTime()
			return true
		}
		steps, used = steps+1, cpuTime()-began
		return used < time.Second
	})
	if err != nil || steps == 0 || used <= 0 {
		return 0, err
	}
	return train.GFLOP(a) * float64(batch*steps) / used.Seconds(), nil
}

// say prints what a run takes.
func (c networkCost) say(ctx context.Context, w io.Writer, n networkRun, tier run.Tier) error {
	r, err := rate(ctx, c.dearest, n.batch)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "tier %s: %d networks of %d steps of %d samples, %.3g steps and %.3g GFLOP in all\n", tier, c.networks, n.steps, n.batch, float64(c.steps), c.gflop)
	if r > 0 {
		cpu := c.gflop / r
		fmt.Fprintf(w, "training: about %s of processor time at %.1f GFLOP a second, as just measured on %s; %s on %d cores that are free\n",
			span(cpu), r, c.dearest.Name(), span(cpu/float64(runtime.GOMAXPROCS(0))), runtime.GOMAXPROCS(0))
	}
	_, err = fmt.Fprintf(w, "before it up to %d movements are made, after it the networks are probed: neither is in that time\ndisk: about %.2g GB of networks, checkpoints and movements\n", c.moves, c.disk/1e9)
	return err
}
