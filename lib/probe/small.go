package probe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/train"
)

// SmallArchs are three small networks, one of each family: two layers of a
// kind, at most 16 channels. They train in seconds and are meant for
// comparisons where no trained networks are at hand.
func SmallArchs() []net.Arch {
	return []net.Arch{
		net.Shallow(net.SpatialTemporal, []int{8, 8}, []int{8, 16}, 7, 2, 7, 2),
		net.Shallow(net.TemporalSpatial, []int{8, 8}, []int{8, 16}, 7, 2, 7, 2),
		net.Shallow(net.Spatiotemporal, []int{8, 16}, nil, 5, 2, 5, 2),
	}
}

// smallRate is the learning rate of small networks. Off by 12.2 to 13.1 (cm,
// cm/s) on hand position and velocity after 300 steps at 0.001, they are off by
// 6.2 to 7.8 at 0.005 and by 7.1 to 7.9 at 0.01; the constant predictor by 22.9.
const smallRate = 5e-3

// SmallOptions says how small networks are trained. Zero fields take the
// defaults.
type SmallOptions struct {
	Dir       string     // folder that holds the networks, one folder below it for every set of options
	Tasks     []string   // default hand position and velocity
	Archs     []net.Arch // default SmallArchs
	Seeds     []uint64   // default 1, 2, 3
	Steps     int        // of training; default 300
	PerLetter int        // strokes of each letter that are traced, in both planes; default 10
	Monkey    string     // whose arm; default "snap"
	DataSeed  uint64     // of the movements; default 1
	Progress  run.Progress
}

func (o *SmallOptions) defaults() {
	if o.Tasks == nil {
		o.Tasks = []string{"regress_ee_pos_vel"}
	}
	if o.Archs == nil {
		o.Archs = SmallArchs()
	}
	if o.Seeds == nil {
		o.Seeds = []uint64{1, 2, 3}
	}
	if o.Steps == 0 {
		o.Steps = 300
	}
	if o.PerLetter == 0 {
		o.PerLetter = 10
	}
	if o.Monkey == "" {
		o.Monkey = "snap"
	}
	if o.DataSeed == 0 {
		o.DataSeed = 1
	}
}

// TrainSmall trains every architecture on every task with every seed, on
// movements that it makes, and returns the folder of the networks, for
// [OpenNetworks]. What an earlier call with the same options finished is not
// done again; a network that was interrupted goes on where it was.
func TrainSmall(ctx context.Context, o SmallOptions) (dir string, err error) {
	o.defaults()
	if o.Dir == "" {
		return "", fmt.Errorf("probe: small networks need a folder")
	}
	h := sha256.New()
	fmt.Fprintf(h, "small 2 %q %v %v %d %d %q %d", o.Tasks, o.Archs, o.Seeds, o.Steps, o.PerLetter, o.Monkey, o.DataSeed)
	dir = filepath.Join(o.Dir, "networks-"+hex.EncodeToString(h.Sum(nil)[:6]))
	want := len(o.Tasks) * len(o.Archs) * len(o.Seeds)
	if rows, err := train.ReadTableFile(filepath.Join(dir, "results.csv")); err == nil && len(rows) == want &&
		!slices.ContainsFunc(rows, func(r train.Row) bool { return !r.Done() }) {
		return dir, nil
	}
	set, err := stroke.Load()
	if err != nil {
		return "", err
	}
	g, err := movement.NewGenerator(o.Monkey, movement.Options{})
	if err != nil {
		return "", err
	}
	moves, _, err := g.Generate(ctx, set.PerLetter(o.PerLetter), o.DataSeed, o.Progress)
	if err != nil {
		return "", err
	}
	data, err := dataset.FromMovements(moves, dataset.Options{Seed: o.DataSeed})
	if err != nil {
		return "", err
	}
	rows, err := train.Grid(ctx, train.GridConfig{Tasks: o.Tasks, Archs: o.Archs, Seeds: o.Seeds, Dir: dir,
		Base: train.Config{Batch: 32, LR: smallRate, Steps: o.Steps, ValidateEvery: max(1, o.Steps/4)}}, data,
		func(e train.GridEvent) {
			note := fmt.Sprintf("training on %s: %s, seed %d", e.Row.Task, e.Row.Name, e.Row.Seed)
			if e.Event != nil {
				note = fmt.Sprintf("%s, step %d of %d", note, e.Event.Step, o.Steps)
			}
			o.Progress.Report(e.Finished, e.Total, note)
		})
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if !r.Done() {
			return "", fmt.Errorf("probe: small network %s on %s, seed %d: %s", r.Name, r.Task, r.Seed, r.Status)
		}
	}
	return dir, nil
}
