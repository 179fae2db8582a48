package probe_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// recoveryEnv set to "full" runs TestRecoveryTrained on ten sessions with three
// networks for each task, and the published way as well: some two and a half
// minutes of CPU.
const recoveryEnv = "SPINDLE_RECOVERY"

// What networks trained on the hand and networks trained on the muscles
// (autoencoders) explain of units tuned to either, in mean test EV over units,
// networks and temporal layers, with 10 components. In nine of ten simulated
// sessions the advantage of hand networks must be larger for hand units than for
// muscle units: h + m > 0, where h is what hand units gain by hand networks and
// m what muscle units gain by muscle networks.
//
// That h and m are both positive, which is more, is counted and logged, but not
// asked for, as it does not hold for small networks. With 200 steps of training
// h was positive in ten of ten sessions and h + m in ten of ten, but m in three:
// one network of the two is the better one for all units, by some thousandths of
// EV, and that covers the difference between units. With the published 75
// components and best layer neither shows: every layer, trained or not, holds
// the whole movement almost linearly, and 75 components of any of them suffice.
func TestRecoveryTrained(t *testing.T) {
	const hand, muscle = "regress_ee_pos_vel", "autoencoder"
	ctx := context.Background()
	sessions, seeds, steps, components := 1, []uint64{1}, 120, []int{10}
	full := os.Getenv(recoveryEnv) == "full"
	if full {
		sessions, seeds, steps, components = 10, []uint64{1, 2, 3}, 200, []int{10, 75}
	}
	dir, err := probe.TrainSmall(ctx, probe.SmallOptions{Dir: t.TempDir(), Tasks: []string{hand, muscle},
		Archs: []net.Arch{net.Shallow(net.SpatialTemporal, []int{8, 8}, []int{8, 16}, 7, 2, 7, 2)}, Seeds: seeds, Steps: steps})
	if err != nil {
		t.Fatal(err)
	}
	nets, _, err := probe.OpenNetworks(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(nets) != 2*len(seeds) {
		t.Fatalf("%d networks, want %d", len(nets), 2*len(seeds))
	}
	good, both := map[string]int{}, map[string]int{}
	for seed := range uint64(sessions) {
		s, err := recording.Simulate(recording.SimOptions{Seed: 300 + seed, Bumps: 1, Units: 60, Ceiling: 0.5, Tuning: []string{"hand", "muscle"}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.Align(ctx, recording.AlignOptions{TestFraction: 0.3})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range components {
			tab, err := probe.Run(ctx, a, nets, probe.Options{Components: k})
			if err != nil {
				t.Fatal(err)
			}
			count := func(way string, scores []probe.Score) {
				type cell struct{ truth, task string }
				sum, n := map[cell]float64{}, map[cell]float64{}
				for _, s := range scores {
					for i, u := range s.UnitIDs {
						c := cell{a.Units[u].Truth, s.Task}
						sum[c] += s.EVTest[i]
						n[c]++
					}
				}
				by := func(truth, task string) float64 { c := cell{truth, task}; return sum[c] / n[c] }
				h, m := by("hand", hand)-by("hand", muscle), by("muscle", muscle)-by("muscle", hand)
				if h+m > 0 {
					good[way]++
				}
				if h > 0 && m > 0 {
					both[way]++
				}
				t.Logf("session %d, %s: hand units gain %+.4f by hand networks, muscle units %+.4f by muscle networks", seed, way, h, m)
			}
			if k == 10 {
				var temporal []probe.Score
				for _, s := range tab.ByLayer() {
					if strings.HasPrefix(s.LayerType, "temporal") {
						temporal = append(temporal, s)
					}
				}
				count("temporal layers, 10 components", temporal)
			} else {
				count("best layer, 75 components", tab.BestLayers())
			}
		}
	}
	t.Logf("of %d sessions, h+m > 0 in %v; h > 0 and m > 0 in %v", sessions, good, both)
	if n := good["temporal layers, 10 components"]; 10*n < 9*sessions {
		t.Errorf("hand units prefer hand networks more than muscle units do in %d of %d sessions, nine of ten expected", n, sessions)
	}
}
