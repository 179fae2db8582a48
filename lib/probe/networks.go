package probe

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spindle-lab/spindle/lib/train"
)

// OpenNetworks finds the network folders (config.yaml with a checkpoint) in and
// below dir, in the order of their paths, and returns their networks for Run:
// each trained one, followed by the untrained one of its first checkpoint where
// untrained is true. Twins with equal weights are listed once. Notes say what
// could not be checked.
func OpenNetworks(dir string, untrained bool) (networks []Network, notes []string, err error) {
	if st, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("probe: networks: %w", err)
	} else if !st.IsDir() {
		return nil, nil, fmt.Errorf("probe: networks: %s is no folder: one that holds network folders (config.yaml, model.ckpt) expected", dir)
	}
	seen := map[string]bool{}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() != "config.yaml" {
			return err
		}
		f, err := train.OpenFolder(filepath.Dir(path))
		if err != nil {
			return err
		}
		notes = append(notes, f.Notes...)
		n := Network{Name: f.Arch.Name(), Task: f.Task.Name, Net: f.Network, ValMetric: f.Validation, TestMetric: f.Test, TrainMetric: math.NaN()}
		if n.Task == "" {
			n.Task = "unknown"
		}
		if f.Experiment != 0 {
			n.Experiment = fmt.Sprint(f.Experiment)
		}
		if f.Seed != nil {
			n.Seed = *f.Seed
		}
		networks = append(networks, n)
		if untrained && f.Untrained != nil {
			u := Network{Name: n.Name, Task: Untrained, Net: f.Untrained, Seed: n.Seed, ValMetric: math.NaN(), TestMetric: math.NaN(), TrainMetric: math.NaN()}
			if key := (&store{}).path(&u); !seen[key] {
				seen[key] = true
				networks = append(networks, u)
			}
		}
		return nil
	})
	if err != nil {
		return nil, notes, err
	}
	if len(networks) == 0 {
		return nil, notes, fmt.Errorf("probe: networks: no network folder (config.yaml, model.ckpt) in or below %s", dir)
	}
	slices.Sort(notes)
	return networks, slices.Compact(notes), nil
}
