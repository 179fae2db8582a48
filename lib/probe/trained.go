package probe

import (
	"github.com/spindle-lab/spindle/lib/train"
)

// Trained returns the networks of training results for Run, each followed by
// its untrained twin. Results that start from one initial network share the
// twin, which is listed once.
func Trained(results []*train.Result) []Network {
	var out []Network
	type twin struct {
		name string
		seed uint64
	}
	seen := map[twin]bool{}
	for _, r := range results {
		name := r.Config.Arch.Name()
		out = append(out, Network{Name: name, Task: r.Task.Name, Net: r.Network, Seed: r.Config.Seed, TestMetric: r.Test, TrainMetric: r.TrainMetric})
		if k := (twin{name, r.Config.Seed}); !seen[k] {
			seen[k] = true
			out = append(out, Network{Name: name, Task: Untrained, Net: r.Untrained, Seed: r.Config.Seed})
		}
	}
	return out
}
