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
// asked for, as it does not hold. With 200 steps of training h was positive in
// ten of ten sessions (+0.024 to +0.043) and h + m in ten of ten, but m in two
// (-0.010 to +0.003): hand networks of the two are the better ones for most
// units, and that covers the difference between units. Nor does it hold for
// networks trained until they learned no more. Of SmallArchs, for each task and
// seeds 1 and 2, trained for 1601 steps of 8 at a rate of 0.01 on 2560 letters,
// hand networks were off by 4.8 to 6.6 (cm, cm/s; the constant
// predictor 24.5) and autoencoders by 16 to 19 (mm, mm/s; 80). Sessions of 160
// trials and 200 units; "both" counts those with h > 0 and m > 0:
//
//	networks  sessions  what is compared             h        m        both
//	seed 1    300-309   best layer, 75 components    -0.0007  +0.0007  0 of 10
//	                    last layer, 75 components    +0.0016  -0.0019  0 of 10
//	                    last layer, 10 components    +0.0077  +0.0011  10 of 10
//	                    second half, 10 components   +0.0096  +0.0001  5 of 10
//	seed 2    400-409   last layer, 10 components    +0.0114  -0.0032  0 of 10
//	                    last layer, 75 components    +0.0014  -0.0021  0 of 10
//
// The third line alone reached nine of ten, and other networks refute it: m of
// single architectures lies between -0.007 and +0.006 with one set of networks
// and between -0.013 and +0.004 with the other, the same in all sessions, so
// that its sign is the draw of networks. The reasons are three. In these
// sessions the position of the hand determines the posture, so that hand and
// muscles differ only in what muscle units rectify, which neither task asks a
// network to keep. The decoder of an autoencoder is not linear, so that its code
// need not hold muscles linearly, as the last layer of a hand network must the
// hand. And with the published components and best layer, the first, any
// network holds the whole movement. An elbow that swings by some 15 degrees at
// one position of the hand (tried, and not kept) makes h with 10 components of
// the last layer three to five times as large, +0.037 and +0.032 with the two
// sets, but leaves m at -0.004 and +0.001: both in 0 of 5 and 4 of 10 sessions.
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
