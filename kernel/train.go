package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// trainOptions are the flags of spindle train.
type trainOptions struct {
	tasks, grid, archs, seeds string
	gridSeed                  uint64
	gflop                     float64
	data                      folders
	monkey                    string
	perLetter                 int
	dataSeed                  uint64
	first                     int // training samples
	set                       assignments
	grids                     train.GridConfig
	list                      bool
}

// folders collects a repeated flag.
type folders []string

func (f *folders) String() string     { return strings.Join(*f, ",") }
func (f *folders) Set(s string) error { *f = append(*f, s); return nil }

var trainCommand = command{
	name: "train", args: "-task NAMES (-grid GRID | -arch NAMES) -out DIR [flags]",
	short: "train networks on tasks, several at once; stopped, it goes on where it was",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		o := &trainOptions{set: assignments{}}
		g := &o.grids
		fs.StringVar(&o.tasks, "task", "", "`names` with commas between, or all: "+strings.Join(taskNames(), ", "))
		fs.StringVar(&o.grid, "grid", "", "`sets` of networks, as in shallow:8,lstm:4: paper-shallow (the public list), paper-shallow:N, shallow:N, deep:N, lstm:N, N of each family")
		fs.StringVar(&o.archs, "arch", "", "published `names` of networks; kernel and stride follow that of an LSTM, as in lstm_2_8-16_64:52")
		fs.Uint64Var(&o.gridSeed, "grid-seed", 1, "of the draw of shallow, deep and lstm networks")
		fs.Float64Var(&o.gflop, "max-gflop", 0, "no networks that cost more to train on a sample, in 10⁹ operations; 0: any")
		fs.StringVar(&o.seeds, "seeds", "0", "of weights and order, as in 1-3 or 1,5; each trains every network once")
		fs.StringVar(&g.Dir, "out", "", "`folder` of the networks and of results.csv")
		fs.Var(&o.data, "data", "`folder` that spindle generate made, or of published HDF5 files; may be repeated, a task takes the first that holds its series. Without it a data set is generated in the folder of the networks")
		fs.StringVar(&o.monkey, "monkey", "snap", "without -data: whose arm: "+strings.Join(arm.Names(), ", "))
		fs.IntVar(&o.perLetter, "per-letter", 30, "without -data: strokes of each letter, each written in two planes; as many reaches as movements, where a task needs them")
		fs.Uint64Var(&o.dataSeed, "data-seed", 1, "without -data: seed of the data set")
		fs.IntVar(&o.first, "samples", 0, "train on so many of the training samples; 0: all")
		fs.IntVar(&g.Base.Steps, "steps", 0, "length of a run in steps; 0: the task's epochs")
		fs.IntVar(&g.Base.Epochs, "epochs", 0, "length of a run in passes over the training samples; 0: as published")
		fs.IntVar(&g.Base.Batch, "batch", 0, "samples of a step; 0: as published")
		fs.Float64Var(&g.Base.LR, "lr", 0, "learning rate; 0: as published")
		fs.IntVar(&g.Base.ValidateEvery, "validate-every", 0, "steps between validations; 0: as published")
		fs.Float64Var(&g.Base.Patience, "patience", 0, "validations without a new best before a plateau; 0: as published")
		fs.IntVar(&g.Base.MaxVal, "val-samples", 0, "validate on so many samples; 0: all")
		fs.IntVar(&g.Base.MaxTest, "test-samples", 0, "test on so many samples; 0: all")
		fs.StringVar(&g.Base.Shuffle, "shuffle", "", "sample, or block as published; default sample")
		fs.Var(o.set, "switch", "`name=value` of a switch of published behaviour; may be repeated. "+switchNames())
		fs.IntVar(&g.Base.SaveEvery, "save-every", 0, "steps between checkpoints; 0: at validations, twice a minute at most")
		fs.IntVar(&g.Workers, "workers", 0, "networks at once; 0: as many as cores and memory allow. No number depends on it")
		fs.IntVar(&g.Memory, "memory", 0, "what all networks at once may take, in `MB`; 0: what is free")
		fs.IntVar(&g.Base.Memory, "network-memory", 0, "what the activations of one network may take, in `MB`; a batch is cut to fit. 0: 1024")
		fs.BoolVar(&o.list, "list", false, "list the networks with their cost, and train nothing")
		return func(ctx context.Context, args []string) error {
			if len(args) != 0 {
				return usageErrorf("unexpected %q", args[0])
			}
			return o.run(ctx, os.Stdout, os.Stderr)
		}
	},
}

func taskNames() []string {
	var out []string
	for _, t := range task.All() {
		out = append(out, t.Alias)
	}
	return out
}

func switchNames() string {
	var out []string
	for _, c := range train.Choices() {
		out = append(out, fmt.Sprintf("%s=%s (published) or %s", strings.ReplaceAll(c.Name, " ", "-"), c.Published, c.Other))
	}
	return strings.Join(out, "; ")
}

func (o *trainOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	switch {
	case o.tasks == "":
		return usageErrorf("-task says what to train for: all, or some of %s", strings.Join(taskNames(), ", "))
	case (o.grid == "") == (o.archs == ""):
		return usageErrorf("-grid or -arch, one of them, says which networks")
	case o.grids.Dir == "" && !o.list:
		return usageErrorf("-out names the folder of the networks")
	}
	if err := o.parse(); err != nil {
		return err
	}
	if o.list {
		return o.print(stdout)
	}
	// A second interrupt ends the program at once; it may be killed at any moment.
	defer context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt) })()
	src, closeData, err := o.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer closeData()
	o.grids.More = src[1:]
	if err := o.fit(src, stderr); err != nil {
		return err
	}
	return o.train(ctx, src[0], stdout, stderr)
}

// parse turns the flags into a grid.
func (o *trainOptions) parse() (err error) {
	g := &o.grids
	if g.Tasks, err = parseTasks(o.tasks); err != nil {
		return err
	}
	if o.grid != "" {
		g.Archs, err = train.SelectArchs(o.grid, o.gridSeed, o.gflop)
	} else {
		for _, name := range strings.Split(o.archs, ",") {
			var a net.Arch
			if a, err = train.ParseArch(name); err != nil {
				break
			}
			g.Archs = append(g.Archs, a)
		}
	}
	if err != nil {
		return err
	}
	if g.Seeds, err = parseSeeds(o.seeds); err != nil {
		return err
	}
	// What is named twice is trained once.
	g.Tasks, g.Archs, g.Seeds = once(g.Tasks), once(g.Archs), once(g.Seeds)
	for name, value := range o.set {
		if err := g.Base.Set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// once drops what was there before.
func once[T any](v []T) []T {
	seen := map[string]bool{}
	return slices.DeleteFunc(v, func(x T) bool {
		k := fmt.Sprintf("%+v", x)
		was := seen[k]
		seen[k] = true
		return was
	})
}

// parseTasks reads a list of code names or plain names; all stands for the
// sixteen.
func parseTasks(list string) ([]string, error) {
	var out []string
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name == "all" {
			for _, t := range task.All() {
				out = append(out, t.Name)
			}
			continue
		}
		t, err := task.Lookup(name)
		if err != nil {
			return nil, err
		}
		out = append(out, t.Name)
	}
	return out, nil
}

const maxSeeds = 10000

// parseSeeds reads numbers and ranges.
func parseSeeds(list string) ([]uint64, error) {
	var out []uint64
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		a, err := strconv.ParseUint(first, 10, 64)
		b := a
		if err == nil && isRange {
			b, err = strconv.ParseUint(last, 10, 64)
		}
		if err != nil || b < a || b-a >= maxSeeds || len(out) > maxSeeds {
			return nil, fmt.Errorf("-seeds %q: want numbers and ranges, as in 1-3,7", list)
		}
		for s := a; s <= b; s++ {
			out = append(out, s)
		}
	}
	return out, nil
}

// open opens the data sets, or generates them.
func (o *trainOptions) open(ctx context.Context, stderr io.Writer) (src []train.Sources, closeAll func(), err error) {
	var closers []func() error
	closeAll = func() {
		for _, c := range closers {
			c()
		}
	}
	dirs := []string(o.data)
	if len(dirs) == 0 {
		if dirs, err = o.generate(ctx, stderr); err != nil {
			return nil, nil, err
		}
	}
	for _, dir := range dirs {
		d, c, err := openData(dir, dataset.Options{BlockOrder: o.grids.Base.Shuffle == train.ShuffleBlock})
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		closers = append(closers, c)
		if o.first > 0 {
			if o.first > d.Train.Len() {
				closeAll()
				return nil, nil, fmt.Errorf("%s has %d training samples, -samples asks for %d", dir, d.Train.Len(), o.first)
			}
			d.Train = d.Train.Head(o.first)
		}
		fmt.Fprintf(stderr, "%s: %s; %d training, %d validation and %d test samples\n", dir, d.Source, d.Train.Len(), d.Val.Len(), d.Test.Len())
		src = append(src, train.FromDataset(d))
	}
	return src, closeAll, nil
}

// openData opens a folder of spindle generate, or of published files.
func openData(dir string, opt dataset.Options) (*dataset.Dataset, func() error, error) {
	published, err := filepath.Glob(filepath.Join(dir, dataset.FileName("train", "*")))
	if err != nil || len(published) == 0 {
		d, err := dataset.Open(dir, opt)
		return d, func() error { return nil }, err
	}
	if len(published) > 1 {
		return nil, nil, fmt.Errorf("%s holds several published data sets: %s and others; give each a folder of its own", dir, filepath.Base(published[0]))
	}
	before, after, _ := strings.Cut(dataset.FileName("train", "*"), "*")
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(published[0]), before), after)
	im, err := dataset.OpenHDF5(dir, name, opt)
	if err != nil {
		return nil, nil, err
	}
	return im.Dataset, im.Close, nil
}

// generate makes the data sets that the tasks need in the folder of the
// networks, or goes on with them, and returns their folders.
func (o *trainOptions) generate(ctx context.Context, stderr io.Writer) ([]string, error) {
	letters, reaches := false, false
	for _, name := range o.grids.Tasks {
		t, err := task.Lookup(name)
		if err != nil {
			return nil, err
		}
		letters, reaches = letters || t.GoalKey == "", reaches || t.GoalKey != ""
	}
	if o.perLetter < 1 {
		return nil, fmt.Errorf("-per-letter %d: want a positive number of strokes", o.perLetter)
	}
	var dirs []string
	for _, kind := range []struct {
		want bool
		name string
	}{{letters, "letters"}, {reaches, "reaches"}} {
		if !kind.want {
			continue
		}
		opt := dataset.GenerateOptions{Dir: filepath.Join(o.grids.Dir, "data", kind.name), Monkey: o.monkey, Seed: o.dataSeed, OnlyKept: true}
		say := fmt.Sprintf("-per-letter %d", o.perLetter)
		if kind.name == "letters" {
			opt.PerLetter = o.perLetter
		} else {
			opt.Reaches, opt.PerGroup = &movement.ReachOptions{}, 40*o.perLetter
			say = fmt.Sprintf("-reaches %d", opt.PerGroup)
		}
		fmt.Fprintf(stderr, "data: spindle generate -monkey %s -seed %d %s -only-kept -out %s\n", o.monkey, o.dataSeed, say, opt.Dir)
		opt.Progress = progressLine(stderr)
		if _, err := dataset.Generate(ctx, opt); err != nil {
			return nil, err
		}
		dirs = append(dirs, opt.Dir)
	}
	return dirs, nil
}

// fit leaves out of "all" the tasks that no data set serves. A task that was
// named is an error instead, which Grid finds.
func (o *trainOptions) fit(src []train.Sources, stderr io.Writer) error {
	if !slices.ContainsFunc(strings.Split(o.tasks, ","), func(s string) bool { return strings.TrimSpace(s) == "all" }) {
		return nil
	}
	var kept []string
	for _, name := range o.grids.Tasks {
		t, err := task.Lookup(name)
		if err != nil {
			return err
		}
		for _, s := range src {
			if err = t.Check(s.Train); err == nil {
				kept = append(kept, name)
				break
			}
		}
		if err != nil {
			fmt.Fprintf(stderr, "left out: %v\n", err)
		}
	}
	o.grids.Tasks = kept
	return nil
}

// print lists the networks.
func (o *trainOptions) print(w io.Writer) error {
	total := 0.0
	for _, a := range o.grids.Archs {
		total += train.GFLOP(a)
		fmt.Fprintf(w, "%-64s %9d parameters %9.4f GFLOP a sample\n", a.Name(), a.Params(net.Muscles, net.InputChannels), train.GFLOP(a))
	}
	_, err := fmt.Fprintf(w, "%d networks, %.4f GFLOP a sample together, for each of %d tasks and %d seeds\n", len(o.grids.Archs), total, len(o.grids.Tasks), len(o.grids.Seeds))
	return err
}

// train trains the grid, with a line for each network that ends.
func (o *trainOptions) train(ctx context.Context, src train.Sources, stdout, stderr io.Writer) error {
	g := o.grids
	record := run.NewRecord(g.Seeds[0], "")
	record.Config["tasks"], record.Config["seeds"], record.Config["base"] = g.Tasks, g.Seeds, g.Base
	live := newTrainLines(stdout, stderr, g)
	rows, err := train.GridOn(ctx, g, src, live.tell)
	if ctx.Err() != nil {
		live.stopped(len(rows))
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	record.Finished = true
	if err := record.Write(filepath.Join(g.Dir, "train.json")); err != nil {
		return err
	}
	fmt.Fprint(stdout, summary(rows))
	fmt.Fprintf(stdout, "table of results: %s\n", filepath.Join(g.Dir, "results.csv"))
	failed := 0
	for _, r := range rows {
		if !r.Done() && !r.Diverged() {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d networks could not be trained; the table says why", failed, len(rows))
	}
	return nil
}
