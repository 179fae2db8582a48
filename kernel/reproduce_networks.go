package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/figure/paper"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/train"
)

// networkRun is the long run behind the figures of a tier: networks of every
// family on several tasks, each probed. It is made of the commands generate,
// train and probe, which go on where they were stopped, so that it may be
// interrupted or killed at any moment and started again with the same words.
type networkRun struct {
	tasks       string
	grids       []networkGrid
	data        []string // kinds of movements that the tasks need
	perLetter   int
	steps       int
	batch       int
	rate        float64
	validate    int
	validations int // samples
	linear      string
	reaches     int
}

// A networkGrid is a set of networks, as spindle train -grid names it, of those
// that cost at most so many GFLOP a sample.
type networkGrid struct {
	names string
	gflop float64
}

func (g networkGrid) archs(seed uint64) ([]net.Arch, error) {
	return train.SelectArchs(g.names, seed, g.gflop)
}

// networkRuns are sized by GFLOP a sample (spindle train -list): the laptop's
// 168 networks cost 9.5 GFLOP for one sample each, 1,200 steps of 32 make
// 3.6e5 GFLOP; with validations, the two views of redundancy reduction and the
// heads (spindle reproduce -networks -cost) it is 6e5. At the 40 to 50 GFLOP per second of CPU that short runs of these
// networks took, that is about 2 hours of CPU on each of two cores.
func networkRuns(tier run.Tier) (networkRun, error) {
	switch tier {
	case run.Smoke:
		return networkRun{tasks: "regression,classification", grids: []networkGrid{{"shallow:1", 0.01}}, perLetter: 12, data: []string{"letters"}, steps: 13, batch: 16, rate: 0.002, validate: 6, validations: 32, linear: "pos_vel", reaches: 40}, nil
	case run.Laptop:
		return networkRun{tasks: "classification,regression,regress_ee_pos_vel,regress_joints_pos_vel,bt,torque", grids: []networkGrid{{"shallow:8", 0.06}, {"lstm:4", 0.1}},
			data: []string{"letters", "reaches"}, perLetter: 300, steps: 1201, batch: 32, rate: 0.002, validate: 100, validations: 256, linear: "pos,vel,pos_vel,m_len_vel"}, nil
	}
	return networkRun{}, usageErrorf("-networks is for the tiers smoke and laptop; the paper's size is spindle train -grid paper-shallow, with shards of its tasks on several machines")
}

// subcommand is dispatch, set when the program starts: a command that calls the
// list it stands in could not be initialised.
var subcommand func(ctx context.Context, args []string, stderr io.Writer) int

func init() { subcommand = dispatch }

// trainNetworks makes the long run of a tier and writes its tables into
// figures/results.
func (r *reproducer) trainNetworks(ctx context.Context, dir string, slice time.Duration) error {
	n, err := networkRuns(r.tier)
	if err != nil {
		return err
	}
	c, err := n.cost(r.o.seed)
	if err != nil {
		return err
	}
	if err := c.say(ctx, r.w, n, r.tier); err != nil {
		return err
	}
	if r.o.dry {
		return nil
	}
	if slice > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, slice)
		defer stop()
	}
	command := fmt.Sprintf("go run ./kernel reproduce -networks -tier %s -seed %d", r.tier, r.o.seed)
	seed := strconv.FormatUint(r.o.seed, 10)
	var steps [][]string
	for i, g := range n.grids {
		data := []string{"-data-seed", seed, "-per-letter", strconv.Itoa(n.perLetter)}
		if i > 0 { // the first has generated it
			data = nil
			for _, kind := range n.data {
				data = append(data, "-data", filepath.Join(dir, "grid0", "data", kind))
			}
		}
		steps = append(steps, append([]string{"train", "-task", n.tasks, "-grid", g.names, "-max-gflop", fmt.Sprint(g.gflop), "-grid-seed", seed, "-seeds", seed,
			"-steps", strconv.Itoa(n.steps), "-batch", strconv.Itoa(n.batch), "-lr", fmt.Sprint(n.rate),
			"-validate-every", strconv.Itoa(n.validate), "-val-samples", strconv.Itoa(n.validations), "-out", filepath.Join(dir, fmt.Sprintf("grid%d", i))}, data...))
	}
	session, ok := run.DataPath("recordings", "s1_data.mat")
	if !ok {
		session = "simulated:" + seed
	}
	steps = append(steps, []string{"probe", "-session", session, "-networks", dir, "-linear", n.linear, "-limit", strconv.Itoa(n.reaches), "-seed", seed, "-out", filepath.Join(dir, "scores")})
	for _, args := range steps {
		fmt.Fprintf(r.w, "spindle %s\n", strings.Join(args, " "))
		code := subcommand(ctx, args, os.Stderr)
		if ctx.Err() != nil {
			fmt.Fprintf(r.w, "stopped in %s; the same command goes on: %s\n", dir, command)
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil // the slice is over, which is no error
			}
			return ctx.Err()
		}
		if code != 0 {
			return fmt.Errorf("spindle %s failed; the same command goes on: %s", args[0], command)
		}
	}
	data, err := describeData(filepath.Join(dir, "grid0", "data"), n.data)
	if err != nil {
		return err
	}
	return r.collectNetworks(dir, command, data, len(n.grids))
}

// describeData says what the networks were trained on.
func describeData(dir string, kinds []string) (string, error) {
	var parts []string
	for _, kind := range kinds {
		m, err := dataset.ReadManifest(filepath.Join(dir, kind))
		if err != nil {
			return "", err
		}
		parts = append(parts, fmt.Sprintf("%d %s", m.Counts[0], kind))
	}
	return strings.Join(parts, " or ") + " to train on", nil
}

// collectNetworks joins the tables of a finished run into figures/results.
func (r *reproducer) collectNetworks(dir, command, data string, grids int) error {
	to := filepath.Join(r.root, "figures", "results", string(r.tier))
	var rows []train.Row
	for i := 0; i < grids; i++ {
		more, err := train.ReadTableFile(filepath.Join(dir, fmt.Sprintf("grid%d", i), "results.csv"))
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if err := run.WriteFile(filepath.Join(to, "networks.csv"), func(w io.Writer) error { return train.WriteTable(w, rows) }); err != nil {
		return err
	}
	scores, err := figure.ReadScores(filepath.Join(dir, "scores", "scores.csv"))
	if err != nil {
		return err
	}
	if err := run.WriteFile(filepath.Join(to, "layers.csv"), func(w io.Writer) error { return figure.WriteLayers(w, scores) }); err != nil {
		return err
	}
	about, err := json.MarshalIndent(paper.Run{Tier: r.tier, Seed: r.o.seed, Command: command, Data: data}, "", " ")
	if err != nil {
		return err
	}
	if err := writeBytes(filepath.Join(to, paper.RunFile), append(about, '\n')); err != nil {
		return err
	}
	if err := writePaper(filepath.Join(r.root, "figures"), nil); err != nil {
		return err
	}
	fmt.Fprintf(r.w, "%d networks, %d scores of layers in %s; the notebooks read them at tier %s\n", len(rows), len(scores), to, r.tier)
	return nil
}
