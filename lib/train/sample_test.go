package train

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

func TestGridsAreWithinThePaper(t *testing.T) {
	for _, g := range Grids() {
		archs, err := GridArchs(g, 50, 4)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := GridArchs(g, 50, 4)
		if !reflect.DeepEqual(archs, again) {
			t.Errorf("%s: another draw from the same seed", g)
		}
		want := map[string]int{"paper-shallow": 148, "shallow": 150, "deep": 150, "lstm": 50}[g]
		if len(archs) != want {
			t.Errorf("%s: %d networks, want %d", g, len(archs), want)
		}
		for _, a := range archs {
			if err := a.Validate(); err != nil {
				t.Errorf("%s: %v", g, err)
			}
			if a.Family == net.LSTM {
				if a.Layers > 3 {
					t.Errorf("%s: %s", g, a.Name())
				}
				continue
			}
			all := slices.Concat(a.SpatialChannels, a.TemporalChannels)
			if a.Family == net.TemporalSpatial {
				all = slices.Concat(a.TemporalChannels, a.SpatialChannels)
			}
			if !slices.IsSorted(all) || a.SpatialKernel > a.TemporalKernel {
				t.Errorf("%s: %s: channels or kernels fall", g, a.Name())
			}
			if a.Deep() != (g == "deep") || a.OutTime(400) < 2 {
				t.Errorf("%s: %s: %d layers, %d frames", g, a.Name(), a.Layers, a.OutTime(400))
			}
		}
	}
	if _, err := GridArchs("wide", 1, 1); err == nil {
		t.Error("an unknown grid is accepted")
	}
	if _, err := GridArchs("deep", 0, 1); err == nil {
		t.Error("an empty grid is accepted")
	}
}

// Each number of layers has a quarter of the draws, each spatial stride a half.
// Tolerance: five standard deviations of 4,000 draws.
func TestShallowDraw(t *testing.T) {
	const n = 4000
	rng := rand.New(rand.NewPCG(1, 2))
	layers, strides := map[int]int{}, map[int]int{}
	for range n {
		a := SampleShallow(net.TemporalSpatial, rng)
		layers[a.Layers]++
		strides[a.SpatialStride[0]]++
	}
	check := func(what string, got map[int]int, kinds int) {
		p := 1 / float64(kinds)
		slack := 5 * math.Sqrt(n*p*(1-p))
		for v := 1; v <= kinds; v++ {
			if math.Abs(float64(got[v])-n*p) > slack {
				t.Errorf("%s %d: %d of %d draws, want %g ± %.0f", what, v, got[v], n, n*p, slack)
			}
		}
	}
	check("layers", layers, 4)
	check("stride", strides, 2)
}

// spec/02, 8.2 and appendix A: cost of a training sample at 39×400×2.
func TestGFLOP(t *testing.T) {
	for name, want := range map[string]float64{
		"spatiotemporal_1_8_3232":                         .0023,
		"spatiotemporal_4_8-8-32-64_7272":                 .0953,
		"spatial_temporal_4_8-16-16-32_32-32-64-64_7293":  .110,
		"temporal_spatial_4_16-16-32-64_64-64-64-64_5272": .291,
		"spatiotemporal_4_8-16-64-64_7171":                24.1,
	} {
		a, err := net.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := GFLOP(a); math.Abs(got-want) > 0.006*want {
			t.Errorf("%s: %.4g GFLOP, want %.4g", name, got, want)
		}
	}
	cheap := Below(net.PaperShallow(), 0.05)
	if len(cheap) == 0 || len(cheap) == 148 {
		t.Errorf("%d of 148 networks below 0.05 GFLOP", len(cheap))
	}
}

func TestDeepDrawFitsTheTargetGrid(t *testing.T) {
	archs, err := GridArchs("deep", 20, 9)
	if err != nil {
		t.Fatal(err)
	}
	k, err := task.Lookup("hand_pos")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range archs {
		n, err := net.New(a, draws(1, "x", 0, 0)(0))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := task.NewModel(k, n, task.DefaultDims, 3, task.Switches{}, draws(1, "y", 0, 0)(0)); err != nil {
			t.Errorf("%s: %v", a.Name(), err)
		}
	}
}
