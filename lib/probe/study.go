package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
)

// UntrainedNetworks returns networks with initial weights of the architectures,
// one for each seed.
func UntrainedNetworks(archs []net.Arch, seeds []uint64) ([]Network, error) {
	var out []Network
	for _, a := range archs {
		for _, seed := range seeds {
			n, err := net.New(a, run.Stream(seed, "untrained", a.Name()))
			if err != nil {
				return nil, err
			}
			out = append(out, Network{Name: a.Name(), Task: Untrained, Net: n, Seed: seed})
		}
	}
	return out, nil
}

// A Study compares on one session all that can predict its units: networks,
// linear encoding models, networks trained on the spikes, and the noise ceiling.
type Study struct {
	Networks []Network
	Linear   LinearOptions
	Probe    Options
	// Driven, if it has architectures, trains data-driven networks of them.
	Driven        []net.Arch
	DrivenOptions DrivenOptions
	// Shuffle probes the networks a second time with their regressors shuffled
	// in time within each trial, the published control.
	Shuffle             bool
	Seed                uint64 // of the bootstrap and of the halves of trials
	NoLinear, NoCeiling bool
	Progress            run.Progress
}

// Run makes the study's table. With Probe.Dir set it goes on where it was
// stopped, networks being the unit of work.
func (s Study) Run(ctx context.Context, a *recording.Aligned) (*Table, error) {
	t := &Table{}
	if !s.NoLinear {
		part, err := Linear(ctx, a, s.Linear)
		if err != nil {
			return nil, err
		}
		t.Append(part)
	}
	if !s.NoCeiling {
		t.Append(Ceilings(a, s.Seed))
	}
	opt := s.Probe
	if opt.Progress == nil {
		opt.Progress = s.Progress
	}
	passes := []bool{false}
	if s.Shuffle {
		passes = []bool{false, true}
	}
	for _, shuffle := range passes {
		if len(s.Networks) == 0 {
			break
		}
		opt.Layer.Shuffle = shuffle
		part, err := Run(ctx, a, s.Networks, opt)
		if err != nil {
			return t, err
		}
		t.Append(part)
	}
	if len(s.Driven) > 0 {
		part, err := s.driven(ctx, a)
		if err != nil {
			return t, err
		}
		t.Append(part)
	}
	// One caption for all parts: their switches differ.
	var off []string
	if !s.NoLinear {
		off = s.Linear.switches()
	}
	for _, x := range s.Probe.switches() {
		if len(s.Networks) > 0 && !slices.Contains(off, x) {
			off = append(off, x)
		}
	}
	t.Caption = caption(a, off...)
	if !s.NoCeiling {
		t.Caption += ". " + ceilingNote
	}
	return t, nil
}

// driven trains the data-driven networks one by one, each kept as the probed
// networks' scores are.
func (s Study) driven(ctx context.Context, a *recording.Aligned) (*Table, error) {
	o := s.DrivenOptions
	if o.Progress == nil {
		o.Progress = s.Progress
	}
	seeds := o.Seeds
	if seeds == nil {
		seeds = []uint64{1}
	}
	kept := newStore(a, s.Probe)
	out := &Table{Caption: caption(a)}
	for _, arch := range s.Driven {
		for _, seed := range seeds {
			path := ""
			if kept.dir != "" {
				path = kept.name("driven-", fmt.Sprintf("%q %d %d %d %d %g", arch.Name(), seed, o.Config.Epochs, o.Config.Steps, o.Config.Batch, o.Config.LR))
				t, err := LoadCSV(path)
				if err == nil {
					out.Append(t)
					continue
				}
				if !errors.Is(err, fs.ErrNotExist) {
					return nil, fmt.Errorf("%w; remove the file to have it made again", err)
				}
			}
			one := o
			one.Seeds = []uint64{seed}
			t, _, err := TrainDriven(ctx, a, []net.Arch{arch}, one)
			if err != nil {
				return nil, err
			}
			if path != "" {
				if err := t.SaveCSV(path); err != nil {
					return nil, err
				}
			}
			out.Append(t)
		}
	}
	return out, nil
}

// Save writes a study's table to a folder: scores.csv, scores.npz, summary.csv
// with the bootstrap intervals, and summary.txt, to be read, with the caption
// and the warnings; rec, if not nil, as record.json. It returns the summary.
func (s Study) Save(ctx context.Context, t *Table, dir string, rec *run.Record) ([]Group, error) {
	groups, err := t.Summary(ctx, s.Seed)
	if err != nil {
		return nil, err
	}
	if err := t.SaveCSV(filepath.Join(dir, "scores.csv")); err != nil {
		return nil, err
	}
	if err := t.SaveNPZ(filepath.Join(dir, "scores.npz")); err != nil {
		return nil, err
	}
	if err := saveSummary(groups, filepath.Join(dir, "summary.csv")); err != nil {
		return nil, err
	}
	err = run.WriteFile(filepath.Join(dir, "summary.txt"), func(w io.Writer) error {
		_, err := io.WriteString(w, SummaryText(groups, t))
		return err
	})
	if err != nil {
		return nil, err
	}
	if rec != nil {
		rec.Finished = true
		return groups, rec.Write(filepath.Join(dir, "record.json"))
	}
	return groups, nil
}
