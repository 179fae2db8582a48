package probe_test

import (
	"context"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// strayed is a simulated session in which the hand marker of some trials leaves
// the bounds, aligned with and without bounds.
func strayed(t *testing.T, c recording.Condition, bad ...int) (bounded, all *recording.Aligned) {
	t.Helper()
	s, err := recording.Simulate(recording.SimOptions{Seed: 51, Trials: 24, Bumps: 24, Units: 3, Ceiling: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range bad {
		s.Marker[2][s.Trials[i].Start] = 0
		s.Marker[1][s.Trials[i].Start] = 1e3
	}
	o := recording.AlignOptions{Condition: c}
	if all, err = s.Align(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	o.Bounds = &recording.Bounds{MaxForward: 100, MaxSide: 100, MaxHeight: 100}
	if bounded, err = s.Align(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if bounded.Trials() != all.Trials()-len(bad) || bounded.Whole == nil || bounded.Whole.Trials() != all.Trials() {
		t.Fatalf("%d of %d trials within bounds", bounded.Trials(), all.Trials())
	}
	return bounded, all
}

func linearEV(t *testing.T, a *recording.Aligned, set string, o probe.LinearOptions) []float64 {
	t.Helper()
	f, err := probe.FitLinear(a, set, o)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(f.EVTrain, f.EVTest)
}

// Defect B5 (spec/03, 9): the split's positions taken among all rewarded trials,
// the bad ones of them dropped.
func TestButterActive(t *testing.T) {
	bad := []int{1, 2, 9}
	a, all := strayed(t, recording.Reaching, bad...)
	want := *a
	want.Whole = nil
	among := func(ids []int) (out []int) {
		for _, p := range ids {
			if id := all.IDs[p]; !slices.Contains(bad, id) {
				out = append(out, slices.Index(a.IDs, id))
			}
		}
		return out
	}
	want.Train, want.Test = among(a.Train), among(a.Test)
	published, fixed := linearEV(t, a, "pos_vel", probe.LinearOptions{}), linearEV(t, a, "pos_vel", probe.LinearOptions{NetworkTrials: true})
	if !slices.Equal(published, linearEV(t, &want, "pos_vel", probe.LinearOptions{})) {
		t.Errorf("published EV %v", published)
	}
	plain := *a
	plain.Whole = nil
	if !slices.Equal(fixed, linearEV(t, &plain, "pos_vel", probe.LinearOptions{})) || slices.Equal(fixed, published) {
		t.Errorf("corrected EV %v, published %v", fixed, published)
	}
}

// Defect B6: single sets meet the rates of other trials; joined ones run over all.
func TestButterPassive(t *testing.T) {
	a, all := strayed(t, recording.Bumped, 0, 11)
	shifted := *a
	shifted.Whole, shifted.Rates = nil, all.Rates[:a.Trials()]
	whole := *all
	whole.Train, whole.Test = a.Train, a.Test
	plain := *a
	plain.Whole = nil
	for set, want := range map[string]*recording.Aligned{"vel": &shifted, "pos_vel": &whole} {
		published, fixed := linearEV(t, a, set, probe.LinearOptions{}), linearEV(t, a, set, probe.LinearOptions{MatchedRates: true})
		if !slices.Equal(published, linearEV(t, want, set, probe.LinearOptions{})) {
			t.Errorf("%s: published EV %v", set, published)
		}
		if !slices.Equal(fixed, linearEV(t, &plain, set, probe.LinearOptions{})) || slices.Equal(fixed, published) {
			t.Errorf("%s: corrected EV %v, published %v", set, fixed, published)
		}
	}
}
