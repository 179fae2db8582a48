package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/figure/pretrained"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/train"
)

// probeOptions are the flags of probe.
type probeOptions struct {
	session, networks, out   string
	condition                string
	linear, fix, split, drop string
	muscles, monkey          string
	untrained, shuffle       bool
	ceiling, table, bounds   bool
	driven, epochs           int
	seeds, steps, limit      int
	seed                     uint64
}

var probeCommand = command{
	name: "probe", args: "-session S -out DIR [-networks DIR | -table] [flags]",
	short: "ask how well networks predict recorded units",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		var o probeOptions
		fs.StringVar(&o.session, "session", "", "the recording: a `file` (TrialData or spykesML .mat, .nwb, the paper's aligned .hdf5), or simulated:SEED")
		fs.StringVar(&o.networks, "networks", "", "`folder` that holds network folders at any depth, as spindle train leaves them or as published (config.yaml, model.ckpt); or pretrained: ten that the program carries")
		fs.StringVar(&o.out, "out", "", "`folder` of the scores; run again with it, the work goes on where it was stopped")
		fs.StringVar(&o.condition, "condition", string(recording.Reaching), "active, passive, or active-as-passive")
		fs.StringVar(&o.linear, "linear", "all", "linear models: all that the session can give, none, or a list of "+strings.Join(probe.FeatureSets(), ","))
		fs.BoolVar(&o.untrained, "untrained", true, "probe the untrained twin of each network as well")
		fs.IntVar(&o.driven, "data-driven", 0, "train so many small networks of each family on the spikes themselves")
		fs.IntVar(&o.epochs, "epochs", 60, "passes over the training trials by data-driven networks; the paper has 60")
		fs.BoolVar(&o.shuffle, "shuffle", false, "probe a second time with the regressors shuffled in time")
		fs.BoolVar(&o.ceiling, "ceiling", true, "estimate noise ceilings by split halves")
		fs.BoolVar(&o.table, "table", false, "all models on one session: without -networks, train small ones on hand position and velocity; with -data-driven 3, -epochs 10 unless these are given")
		fs.IntVar(&o.seeds, "seeds", 3, "with -table, seeds of each small network")
		fs.IntVar(&o.steps, "steps", 300, "with -table, training steps of each small network")
		fs.StringVar(&o.fix, "fix", "", "published defects to correct: a list of "+strings.Join(fixNames(), ",")+", or all; the documentation of lib/probe says what each is")
		fs.StringVar(&o.split, "split", "", "the published split: `TRAIN.hdf5,TEST.hdf5`, the two files of the data-driven networks; default: drawn from -seed")
		fs.StringVar(&o.muscles, "muscles", "", "muscle dictionary exported to `.npz`, in place of a TrialData file's muscles")
		fs.StringVar(&o.drop, "drop", "", "`entries` of -muscles to leave out, such as trial_71,trial_412,trial_725")
		fs.BoolVar(&o.bounds, "bounds", false, "leave out trials whose hand marker strays, as published for Butter")
		fs.StringVar(&o.monkey, "monkey", "snap", "whose arm turns hand positions into muscles, where the file has none: "+strings.Join(arm.Names(), ", "))
		fs.IntVar(&o.limit, "limit", 0, "use so many trials, evenly spread; 0 for all")
		fs.Uint64Var(&o.seed, "seed", 1, "of the split, the bootstrap and the halves of trials")
		return func(ctx context.Context, args []string) error {
			if len(args) != 0 {
				return usageErrorf("unexpected %q", args[0])
			}
			set := map[string]bool{}
			fs.Visit(func(f *flag.Flag) { set[f.Name] = true })
			if o.table && !set["data-driven"] {
				o.driven = 3
			}
			if o.table && !set["epochs"] {
				o.epochs = 10
			}
			return runProbe(ctx, o)
		}
	},
}

// A fix corrects a defect of the published code (spec/03, 9).
type fix struct {
	name string
	set  func(*recording.OpenOptions, *probe.Study)
}

var fixes = []fix{
	{"A1", func(r *recording.OpenOptions, _ *probe.Study) { r.TrialData.OneBased = true }},
	{"A3", func(_ *recording.OpenOptions, s *probe.Study) { s.Probe.PCATrainOnly = true }},
	{"B2", func(r *recording.OpenOptions, _ *probe.Study) {
		r.Align.Millimetres, r.Aligned.Millimetres = true, true
	}},
	{"B4", func(_ *recording.OpenOptions, s *probe.Study) { s.Linear.ConsistentFolds = true }},
	{"B5", func(_ *recording.OpenOptions, s *probe.Study) { s.Linear.NetworkTrials = true }},
	{"B6", func(_ *recording.OpenOptions, s *probe.Study) { s.Linear.MatchedRates = true }},
	{"B12", func(_ *recording.OpenOptions, s *probe.Study) { s.Probe.Layer.Outlier = probe.TwoSamples }},
	{"strides", func(_ *recording.OpenOptions, s *probe.Study) { s.Probe.Layer.Strides = true }},
}

func fixNames() []string {
	var out []string
	for _, f := range fixes {
		out = append(out, f.name)
	}
	return out
}

// options turns the flags into those of the library.
func (o *probeOptions) options() (recording.OpenOptions, probe.Study, error) {
	r := recording.OpenOptions{Monkey: o.monkey}
	s := probe.Study{Seed: o.seed, Shuffle: o.shuffle, NoCeiling: !o.ceiling, NoLinear: o.linear == "none"}
	fail := func(format string, args ...any) (recording.OpenOptions, probe.Study, error) {
		return r, s, usageErrorf(format, args...)
	}
	switch {
	case o.session == "":
		return fail("-session names the recording: a file, or simulated:1")
	case o.out == "":
		return fail("-out names the folder of the scores")
	case o.driven < 0 || o.driven > 100 || o.epochs < 1 || o.seeds < 1 || o.seeds > 100 || o.steps < 1:
		return fail("-data-driven is from 0 to 100, -seeds from 1 to 100, -epochs and -steps from 1 up")
	case o.limit < 0:
		return fail("-limit is %d: 0 or more trials expected", o.limit)
	case o.drop != "" && o.muscles == "":
		return fail("-drop names entries of -muscles, which is not given")
	case o.networks == "" && !o.table && o.driven == 0 && o.linear == "none" && !o.ceiling:
		return fail("nothing to do: give -networks, -table, -data-driven, -linear or -ceiling")
	case !slices.Contains(arm.Names(), o.monkey):
		return fail("-monkey is %q; there are %s", o.monkey, strings.Join(arm.Names(), ", "))
	}
	if c := recording.Condition(o.condition); c != recording.Reaching && c != recording.Bumped && c != recording.AsPassive {
		return fail("-condition is %q: active, passive or active-as-passive expected", o.condition)
	}
	r.Align = recording.AlignOptions{Condition: recording.Condition(o.condition), SplitSeed: o.seed, Limit: o.limit}
	if o.bounds {
		r.Align.Bounds = recording.ButterBounds()
	}
	for _, name := range list(o.linear) {
		switch {
		case name == "all" || name == "none":
			if o.linear != name {
				return fail("-linear is %q: %s stands alone", o.linear, name)
			}
		case !slices.Contains(probe.FeatureSets(), name):
			return fail("-linear: no feature set %q; there are %s", name, strings.Join(probe.FeatureSets(), ", "))
		default:
			s.Linear.Sets = append(s.Linear.Sets, name)
		}
	}
	names := list(o.fix)
	if o.fix == "all" {
		names = fixNames()
	}
	for _, name := range names {
		i := slices.IndexFunc(fixes, func(f fix) bool { return strings.EqualFold(f.name, name) })
		if i < 0 {
			return fail("-fix: no defect %q; there are %s, or all", name, strings.Join(fixNames(), ", "))
		}
		fixes[i].set(&r, &s)
	}
	if o.muscles != "" {
		m, err := recording.ReadMuscles(o.muscles, list(o.drop)...)
		if err != nil {
			return r, s, err
		}
		r.TrialData.Muscles = m
	}
	if o.split != "" {
		files := list(o.split)
		if len(files) != 2 {
			return fail("-split names two files, TRAIN.hdf5,TEST.hdf5; got %d", len(files))
		}
		tr, te, err := recording.ReadSplit(files[0], files[1])
		if err != nil {
			return r, s, err
		}
		r.Align.Train, r.Align.Test, r.Aligned.Train, r.Aligned.Test = tr, te, tr, te
	}
	return r, s, nil
}

// list splits a comma-separated flag.
func list(s string) []string {
	var out []string
	for f := range strings.SplitSeq(s, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

func runProbe(ctx context.Context, o probeOptions) error {
	r, s, err := o.options()
	if err != nil {
		return err
	}
	progress := func() run.Progress { return progressLine(os.Stderr) }
	rec := run.NewRecord(o.seed, "")
	rec.Config = map[string]any{"session": o.session, "networks": o.networks, "condition": o.condition, "linear": o.linear, "fix": o.fix}
	if !strings.HasPrefix(o.session, "simulated") {
		if err := rec.AddInput(o.session); err != nil {
			return fmt.Errorf("-session: %w", err)
		}
	}
	var notes []string
	if o.networks != "" {
		if s.Networks, notes, err = openNetworks(o.networks, o.untrained); err != nil {
			return err
		}
	}
	// The folder must be there to write in before the work, not after it.
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	r.Progress = progress()
	a, err := openProbed(ctx, o.session, r)
	if err != nil {
		return err
	}
	notes = append(notes, leftOut(a.Excluded)...)
	if o.table && o.networks == "" {
		var seeds []uint64
		for k := range o.seeds {
			seeds = append(seeds, o.seed+uint64(k))
		}
		dir, err := probe.TrainSmall(ctx, probe.SmallOptions{Dir: o.out, Seeds: seeds, Steps: o.steps, Monkey: o.monkey, DataSeed: o.seed, Progress: progress()})
		if err != nil {
			return err
		}
		var more []string
		if s.Networks, more, err = probe.OpenNetworks(dir, o.untrained); err != nil {
			return err
		}
		notes = append(notes, more...)
	}
	if o.driven > 0 {
		s.Driven = probe.SmallArchs()
		s.DrivenOptions.Config = train.Config{Epochs: o.epochs}
		for k := range o.driven {
			s.DrivenOptions.Seeds = append(s.DrivenOptions.Seeds, o.seed+uint64(k))
		}
	}
	s.Probe.Dir = filepath.Join(o.out, "parts")
	s.Progress = progress()
	t, err := s.Run(ctx, a)
	if err != nil {
		return err
	}
	t.Warnings = append(t.Warnings, shorten(notes, 10)...)
	groups, err := s.Save(ctx, t, o.out, rec)
	if err != nil {
		return err
	}
	fmt.Print(probe.SummaryText(groups, t))
	fmt.Printf("\n%d rows in %s, scores.npz, summary.csv and summary.txt\n", len(t.Rows), filepath.Join(o.out, "scores.csv"))
	return nil
}

// openNetworks opens the networks of a folder, or those that the program carries.
func openNetworks(name string, untrained bool) ([]probe.Network, []string, error) {
	if name != pretrainedNetworks {
		return probe.OpenNetworks(name, untrained)
	}
	networks, err := pretrained.Networks()
	if !untrained {
		networks = slices.DeleteFunc(networks, func(n probe.Network) bool { return n.Task == probe.Untrained })
	}
	return networks, nil, err
}

// pretrainedNetworks is what -networks says for those of lib/figure/pretrained.
const pretrainedNetworks = "pretrained"

// openProbed opens a session in a condition; the control is made of both.
func openProbed(ctx context.Context, session string, r recording.OpenOptions) (*recording.Aligned, error) {
	if r.Align.Condition != recording.AsPassive {
		return recording.Open(ctx, session, r)
	}
	ext := strings.ToLower(filepath.Ext(session))
	if ext == ".hdf5" || ext == ".h5" {
		return nil, fmt.Errorf("-condition active-as-passive needs both conditions, and %s holds one: give the session's .mat or .nwb file", session)
	}
	r.Align.Condition = recording.Reaching
	active, err := recording.Open(ctx, session, r)
	if err != nil {
		return nil, err
	}
	r.Align.Condition = recording.Bumped
	r.Align.Train, r.Align.Test = nil, nil // a split of the active trials
	passive, err := recording.Open(ctx, session, r)
	if err != nil {
		return nil, fmt.Errorf("-condition active-as-passive: %w", err)
	}
	return probe.ActiveAsPassive(active, passive)
}

// leftOut tells of trials that were left out, those of one reason together.
func leftOut(list []recording.Excluded) []string {
	var reasons []string
	trials := map[string][]int{}
	for _, x := range list {
		if trials[x.Why] == nil {
			reasons = append(reasons, x.Why)
		}
		trials[x.Why] = append(trials[x.Why], x.Trial)
	}
	var out []string
	for _, why := range reasons {
		if n := len(trials[why]); n > 1 {
			out = append(out, fmt.Sprintf("%d trials are left out, the first number %d: %s", n, trials[why][0], why))
		} else {
			out = append(out, fmt.Sprintf("trial %d is left out: %s", trials[why][0], why))
		}
	}
	return out
}

// shorten keeps the first lines and says how many more there are.
func shorten(lines []string, most int) []string {
	if len(lines) <= most {
		return lines
	}
	return append(slices.Clone(lines[:most]), fmt.Sprintf("… and %d more", len(lines)-most))
}
