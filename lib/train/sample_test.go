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

// Lists of grids: so many of each family, none above the limit, none twice;
// the cheap draw is a part of no other, but the same for the same seed.
func TestSelectArchs(t *testing.T) {
	count := func(archs []net.Arch) map[net.Family]int {
		n := map[net.Family]int{}
		for _, a := range archs {
			n[a.Family]++
		}
		return n
	}
	all, err := SelectArchs("paper-shallow", 1, 0)
	if err != nil || !reflect.DeepEqual(all, net.PaperShallow()) {
		t.Errorf("%d of the public list, %v", len(all), err)
	}
	for list, want := range map[string]map[net.Family]int{
		"paper-shallow:8":          {net.SpatialTemporal: 8, net.TemporalSpatial: 8, net.Spatiotemporal: 8},
		"shallow:3, lstm:2":        {net.SpatialTemporal: 3, net.TemporalSpatial: 3, net.Spatiotemporal: 3, net.LSTM: 2},
		"shallow:2,shallow:2":      {net.SpatialTemporal: 2, net.TemporalSpatial: 2, net.Spatiotemporal: 2},
		"paper-shallow:5,deep:1":   {net.SpatialTemporal: 6, net.TemporalSpatial: 6, net.Spatiotemporal: 6},
		"lstm:1,paper-shallow:100": nil, // the list has 50, 50 and 48
		"shallow:0":                nil,
		"deep":                     nil,
		"":                         nil,
		"lstm:2,":                  nil,
	} {
		archs, err := SelectArchs(list, 7, 0.1)
		again, _ := SelectArchs(list, 7, 0.1)
		if (err == nil) != (want != nil) || want != nil && !reflect.DeepEqual(count(archs), want) || !reflect.DeepEqual(archs, again) {
			t.Errorf("%q: %v, want %v; %v", list, count(archs), want, err)
		}
		for _, a := range archs {
			if GFLOP(a) > 0.1 {
				t.Errorf("%q: %s costs %.3g GFLOP", list, a.Name(), GFLOP(a))
			}
		}
	}
	for _, limit := range []float64{-1, math.NaN()} {
		if _, err := SelectArchs("shallow:1", 1, limit); err == nil {
			t.Errorf("a limit of %g is accepted", limit)
		}
	}
}

// The name of an LSTM is completed; other names stand for themselves.
func TestParseArch(t *testing.T) {
	a, err := ParseArch(" lstm_2_8-16_64:52")
	if err != nil || !reflect.DeepEqual(a, net.Recurrent([]int{8, 16}, 64, 5, 2)) {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = ParseArch("spatiotemporal_1_8_3232"); err != nil || a.Name() != "spatiotemporal_1_8_3232" {
		t.Errorf("%+v, %v", a, err)
	}
	for _, bad := range []string{"", "lstm_2_8-16_64", "lstm_2_8-16_64:5", "lstm_2_8-16_64:02", "lstm_2_8-16_64:5x", "spatiotemporal_1_8_3232:52", "lstm_2_8_64:52"} {
		if _, err := ParseArch(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
