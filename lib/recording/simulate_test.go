package recording_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/recording"
)

// Ceilings are promised in expectation: over all units the EV that the true
// rates' generator reaches must average to what was asked for. Split halves are
// not needed here: twice the simulation, same tuning, would be the same rates.
func TestSimulate(t *testing.T) {
	o := recording.SimOptions{Seed: 3, Trials: 24, Units: 9, Ceiling: 0.4}
	s, err := recording.Simulate(o)
	if err != nil {
		t.Fatal(err)
	}
	for u, unit := range s.Units {
		if math.Abs(unit.Ceiling-0.4) > 1e-9 {
			t.Errorf("unit %d: ceiling %g, want 0.4", u, unit.Ceiling)
		}
	}
	again, err := recording.Simulate(o)
	if err != nil {
		t.Fatal(err)
	}
	for u := range s.Counts {
		if !slices.Equal(s.Counts[u], again.Counts[u]) {
			t.Fatal("one seed, two simulations")
		}
	}
	for _, c := range []recording.Condition{recording.Reaching, recording.Bumped} {
		a, err := s.Align(context.Background(), recording.AlignOptions{Condition: c})
		if err != nil {
			t.Fatal(err)
		}
		want := 24
		if c == recording.Bumped {
			want = 6
		}
		if a.Trials() != want || len(a.Train)+len(a.Test) != want || len(a.Test) != (want+4)/5 {
			t.Errorf("%s: %d trials, %d train, %d test", c, a.Trials(), len(a.Train), len(a.Test))
		}
		for i, d := range a.Durations {
			if c == recording.Bumped && d != 13 {
				t.Errorf("passive trial %d lasts %d samples, want 13", i, d)
			}
			if len(a.Rates[i]) != d*len(a.Units) {
				t.Fatalf("trial %d: %d rates for %d samples", i, len(a.Rates[i]), d)
			}
			win := a.Input[i*39*800:][:800] // the first muscle
			for k := range 100 {
				if win[2*k] != win[200] || k < 99 && win[2*k+1] != 0 {
					t.Fatalf("trial %d: sample %d before onset is %v, onset %v", i, k, win[2*k:2*k+2], win[200:202])
				}
			}
		}
	}
}

func TestSimulateBadInput(t *testing.T) {
	for name, o := range map[string]recording.SimOptions{
		"ceiling": {Ceiling: 1}, "bin": {Bin: 0.013}, "tuning": {Tuning: []string{"smell"}},
		"monkey": {Monkey: "bonzo", Trials: 2}, "rate": {Rate: -1}, "bumps": {Trials: 3, Bumps: 4}, "nan": {Radius: math.NaN()},
	} {
		if _, err := recording.Simulate(o); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
}
