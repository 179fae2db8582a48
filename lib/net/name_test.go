package net

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, n := range []string{"spatial_temporal_r_4_8-16-16-32_32-32-64-64_7293", "spatiotemporal_r_1_64_5252"} {
		a, l, err := ParseLabel(n)
		if err != nil || !l.Regression || a.RegressionName() != n {
			t.Errorf("%s: %v %+v, written as %s", n, err, l, a.RegressionName())
		}
	}
	a, l, err := ParseLabel("lstm_3_8-16-16_256_12r")
	if err != nil || l.Seed != 12 || !l.Untrained || a.Units != 256 || a.Name() != "lstm_3_8-16-16_256" {
		t.Errorf("lstm: %v %+v %+v", err, a, l)
	}
	for _, n := range []string{"", "mlp_1_8_3131", "spatiotemporal_1_8_313", "spatiotemporal_1_8_3132", "spatiotemporal_2_8_3131",
		"spatial_temporal_1_8_3131", "spatiotemporal_1_0_3131", "spatiotemporal_1_-8_3131", "spatiotemporal_1_8_0101",
		"spatiotemporal_1_08_3131", "spatiotemporal_99999999999999999999_8_3131", "lstm_1_8_x"} {
		if a, err := ParseName(n); err == nil {
			t.Errorf("%q was read as %+v", n, a)
		}
	}
}

// Deep names give the squared number of strides of 2 (spec/02 2.5: four twos
// are 16), LSTM names lack kernel and stride unless they have the deep form.
func TestDeepNames(t *testing.T) {
	deep := Arch{Family: SpatialTemporal, Layers: 5, SpatialChannels: []int{8, 8, 8, 8, 8}, TemporalChannels: []int{8, 8, 16, 16, 16},
		SpatialKernel: 3, TemporalKernel: 5, SpatialStride: []int{2, 1, 2, 1, 1}, TemporalStride: []int{2, 2, 2, 2, 1}}
	if want := "spatial_temporal_5_8-8-8-8-8_8-8-16-16-16_34516"; deep.Name() != want {
		t.Errorf("deep name %s, want %s", deep.Name(), want)
	}
	for name, want := range map[string]struct {
		ks, kt        int
		twos          [2]int
		sknown, known bool
	}{
		"spatial_temporal_5_8-8-8-8-8_8-8-16-16-16_34516":          {3, 5, [2]int{2, 4}, false, false},
		"temporal_spatial_r_5_8-8-8-8-8_8-8-16-16-16_525916":       {5, 9, [2]int{5, 4}, true, false},
		"temporal_spatial_6_8-8-8-8-8-8_8-8-16-16-16-64_736936":    {7, 9, [2]int{6, 6}, true, true},
		"spatiotemporal_7_8-8-8-8-8-8-8_34934":                     {3, 3, [2]int{7, 2}, true, false},
		"spatiotemporal_12_" + strings.Repeat("8-", 11) + "8_5050": {5, 5, [2]int{0, 0}, true, true},
		"spatial_temporal_5_8-8-8-8-8_8-8-8-8-8_31651":             {3, 5, [2]int{4, 1}, false, false},
	} {
		a, l, err := ParseLabel(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if a.SpatialKernel != want.ks || a.TemporalKernel != want.kt || l.Twos != want.twos ||
			(a.SpatialStride != nil) != want.sknown || (a.TemporalStride != nil) != want.known || !a.Deep() {
			t.Errorf("%s was read as %+v %+v", name, a, l)
		}
		var missing *FieldError
		if err := a.Validate(); (err == nil) != (want.sknown && want.known) || err != nil && (!errors.As(err, &missing) || !strings.HasSuffix(missing.Field, "Stride")) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ParseNames(name); (err == nil) != (want.sknown && want.known) {
			t.Errorf("ParseNames(%s): %v", name, err)
		}
	}
	for _, bad := range []string{
		"spatial_temporal_5_8-8-8-8-8_8-8-8-8-8_3251",  // 2 is no square
		"spatial_temporal_5_8-8-8-8-8_8-8-8-8-8_33651", // six strides of five layers
		"spatial_temporal_5_8-8-8-8-8_8-8-8-8-8_3",
		"spatial_temporal_5_8-8-8-8_8-8-8-8-8_3151", // four channels
		"spatial_temporal_5_8-8-8-8-0_8-8-8-8-8_3151",
		"spatial_temporal_5_8-8-8-8-8_8-8-8-8-8_2121616", // 2 1 2 1616 and the like
		"spatiotemporal_5_8-8-8-8-8_3151",
		"lstm_2_3_8-8-8_64_39", "lstm_1_3_8-8-8_64_3", "lstm_1_3_8-8-8_64_32", "lstm_1_3_8-8_64_31",
	} {
		if a, err := ParseName(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, a)
		}
	}
	a, l, err := ParseLabel("lstm_1_3_8-8-8_64_59_7")
	if err != nil || l.Seed != 7 || l.Twos[0] != 3 || !slices.Equal(a.SpatialStride, []int{2, 2, 2}) || a.SpatialKernel != 5 || a.Units != 64 || a.Validate() != nil {
		t.Errorf("deep form of an lstm's name: %+v %+v %v", a, l, err)
	}
}

// place gives an architecture that a name left open as many strides of 2 as
// the name says.
func place(a Arch, l Label) Arch {
	if !a.Deep() {
		return a
	}
	for i, s := range []*[]int{&a.SpatialStride, &a.TemporalStride} {
		if *s == nil {
			*s = append(slices.Repeat([]int{2}, l.Twos[i]), slices.Repeat([]int{1}, a.Layers-l.Twos[i])...)
		}
	}
	return a
}

// Every name of a drawn network of the deep class (spec/02 2.4: 5 to 12
// layers, 5 or 6 of two kinds, channels and kernels as in the shallow class) is
// read with its channels, kernels and numbers of strides, and written again.
func TestDeepNamesRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	choose := func(from []int, n int) []int {
		v := make([]int, n)
		for i := range v {
			v[i] = from[rng.IntN(len(from))]
		}
		return v
	}
	kernels, channels := []int{3, 5, 7, 9}, []int{8, 16, 32, 64}
	for range 3000 {
		f := Families()[rng.IntN(3)]
		n := 5 + rng.IntN(2)
		if f == Spatiotemporal {
			n = 5 + rng.IntN(8)
		}
		a := Shallow(f, choose(channels, n), choose(channels, n), choose(kernels, 1)[0], 1, choose(kernels, 1)[0], 1)
		a.SpatialStride, a.TemporalStride = choose([]int{1, 2}, n), choose([]int{1, 2}, n)
		b, l, err := ParseLabel(a.Name())
		if err != nil {
			t.Fatal(err)
		}
		b = place(b, l)
		if err := b.Validate(); err != nil || b.Name() != a.Name() || b.SpatialKernel != a.SpatialKernel || b.TemporalKernel != a.TemporalKernel ||
			!slices.Equal(b.SpatialChannels, a.SpatialChannels) || !slices.Equal(b.TemporalChannels, a.TemporalChannels) {
			t.Fatalf("%s was read as %+v (%v)", a.Name(), b, err)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, a := range PaperShallow()[:3] {
		f.Add(a.Name())
		f.Add(a.RegressionName())
	}
	f.Add("lstm_3_8-16-16_256_12r")
	f.Add("lstm_1_3_8-8-8_64_59_7")
	f.Add("spatial_temporal_5_8-8-8-8-8_8-8-16-16-16_34516")
	f.Add("spatiotemporal_7_8-8-8-8-8-8-8_34934")
	f.Fuzz(func(t *testing.T, name string) {
		a, l, err := ParseLabel(name)
		if err != nil || a.Family == LSTM {
			return
		}
		a = place(a, l)
		if err := a.Validate(); err != nil {
			t.Fatalf("%q: read, but %v", name, err)
		}
		again := a.Name()
		if l.Regression {
			again = a.RegressionName()
		}
		if !strings.HasPrefix(name, again) {
			t.Fatalf("%q is written as %q", name, again)
		}
	})
}
