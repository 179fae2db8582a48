package probe_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/stats/mt19937"
)

func TestActiveAsPassive(t *testing.T) {
	o := recording.SimOptions{Seed: 11, Trials: 60, Bumps: 20, Units: 6}
	active, passive := simulated(t, o, recording.Reaching), simulated(t, o, recording.Bumped)
	a, err := probe.ActiveAsPassive(active, passive)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Train) != len(passive.Train) || len(a.Test) != len(passive.Test) {
		t.Fatalf("%d and %d trials, want %d and %d", len(a.Train), len(a.Test), len(passive.Train), len(passive.Test))
	}
	// RandomState(46).choice over the training trials, then over the test trials.
	rng := mt19937.New(46)
	for k, i := range rng.Choice(len(active.Train), len(passive.Train)) {
		if a.Train[k] != active.Train[i] {
			t.Fatalf("training trial %d is %d, want %d", k, a.Train[k], active.Train[i])
		}
	}
	order := mt19937.New(2022)
	units := len(a.Units)
	for _, i := range a.Train {
		from := order.Intn(100, 100+active.Durations[i]-13)
		if a.Starts[i] != from || a.Durations[i] != 13 {
			t.Fatalf("trial %d is cut at %d for %d samples, want %d for 13", i, a.Starts[i], a.Durations[i], from)
		}
		if want := active.Rates[i][(from-100)*units : (from-87)*units]; !slices.Equal(a.Rates[i], want) {
			t.Fatalf("trial %d: rates are not those of the cut", i)
		}
		x, k, err := probe.Features(a, i, "pos")
		if err != nil || k != 2 || len(x) != 26 || x[0] != active.Kin[i].Pos[2*(from-100)] {
			t.Fatalf("trial %d: %d positions, error %v", i, len(x), err)
		}
	}
	// Regressors are cut where rates are: components that hold the sample number
	// must come out as the samples of the cut.
	c := &probe.Components{Trials: a.Trials(), Time: 400, K: 1, Data: make([]float32, a.Trials()*400)}
	for j := range c.Data {
		c.Data[j] = float32(j % 400)
	}
	for _, i := range slices.Concat(a.Train, a.Test) {
		for b := range 13 {
			for u := range units { // a rate that follows the sample number exactly
				a.Rates[i] = slices.Clone(a.Rates[i])
				a.Rates[i][b*units+u] = float64(a.Starts[i] + b)
			}
		}
	}
	f, err := probe.FitLayer(c, a, probe.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if f.EVTest[0] < 1-1e-7 { // the least penalty shrinks a little
		t.Errorf("EV %g of a rate that is the regressor: cut elsewhere", f.EVTest[0])
	}
	if _, err := probe.ActiveAsPassive(passive, active); err == nil {
		t.Error("more passive than active trials accepted")
	}
}

// Shuffled in time, regressors of a unit that follows them explain nothing.
func TestShuffle(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 12, Trials: 30, Units: 3, Ceiling: 0.7, Tuning: []string{"hand"}}, recording.Reaching)
	c := &probe.Components{Trials: a.Trials(), Time: 400, K: 4, Data: make([]float32, a.Trials()*400*4)}
	for i := range a.Trials() {
		for b := range a.Durations[i] {
			at := (i*400 + 100 + b) * 4
			for j := range 2 {
				c.Data[at+j] = float32(a.Kin[i].Pos[2*b+j])
				c.Data[at+2+j] = float32(a.Kin[i].Vel[2*b+j])
			}
		}
	}
	straight, err := probe.FitLayer(c, a, probe.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	shuffled, err := probe.FitLayer(c, a, probe.LayerOptions{Shuffle: true})
	if err != nil {
		t.Fatal(err)
	}
	for u := range straight.EVTest {
		// The trial's mean posture survives a shuffle in time, so some EV does.
		if !(shuffled.EVTest[u] < straight.EVTest[u]-0.1) {
			t.Errorf("unit %d: EV %.3f, shuffled %.3f", u, straight.EVTest[u], shuffled.EVTest[u])
		}
	}
}

func TestBestLayers(t *testing.T) {
	nan := math.NaN()
	row := func(model string, layer, unit int, train, test float64) probe.Row {
		return probe.Row{Model: model, Task: "t", Layer: layer, Unit: unit, EVTrain: train, EVTest: test, TestMetric: nan}
	}
	tab := &probe.Table{Rows: []probe.Row{
		row("a", 0, 0, 0.1, 0.9), row("a", 0, 1, 0.2, 0.9),
		row("a", 1, 0, 0.3, 0.1), row("a", 1, 1, 0.2, 0.3),
		row("b", 0, 0, 0.5, 0.4), row("b", 0, 1, 0.5, 0.2),
	}}
	best := tab.BestLayers()
	// By training EV, not by test EV.
	if len(best) != 2 || best[0].Layer != 1 || best[0].MeanTest != 0.2 || best[1].Layer != 0 || math.Abs(best[1].MeanTest-0.3) > 1e-15 {
		t.Errorf("best layers %+v", best)
	}
	sum, err := tab.Summary(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(sum) != 1 || sum[0].Models != 2 || math.Abs(sum[0].Mean.Estimate-0.25) > 1e-15 || !(sum[0].Mean.Lo <= 0.25 && sum[0].Mean.Hi >= 0.25) {
		t.Errorf("summary %+v", sum)
	}
}
