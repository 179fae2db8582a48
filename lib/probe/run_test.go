package probe_test

import (
	"bytes"
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
)

func simulated(t testing.TB, o recording.SimOptions, c recording.Condition) *recording.Aligned {
	t.Helper()
	s, err := recording.Simulate(o)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Align(context.Background(), recording.AlignOptions{Condition: c})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestRunSmall(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 5, Trials: 24, Units: 6, Ceiling: 0.6}, recording.Reaching)
	arch := net.Shallow(net.SpatialTemporal, []int{4, 4}, []int{4, 8}, 7, 2, 9, 3)
	n, err := net.New(arch, run.Stream(1, "net"))
	if err != nil {
		t.Fatal(err)
	}
	nets := []probe.Network{{Task: probe.Untrained, Net: n}}
	one, err := probe.Run(context.Background(), a, nets, probe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := 4 * 6; len(one.Rows) != want {
		t.Fatalf("%d rows, want %d: 4 layers of 6 units", len(one.Rows), want)
	}
	for _, r := range one.Rows {
		if math.IsNaN(r.EVTest) || math.IsNaN(r.EVTrain) || r.EVTrain > 1 || r.EVTrain < 0 {
			t.Errorf("unit %d layer %d: EV %g train, %g test", r.Unit, r.Layer, r.EVTrain, r.EVTest)
		}
	}
	// In groups of one layer the scores must be the same bytes.
	two, err := probe.Run(context.Background(), a, nets, probe.Options{Memory: 1})
	if err != nil {
		t.Fatal(err)
	}
	var b1, b2 bytes.Buffer
	if err := one.WriteCSV(&b1); err != nil {
		t.Fatal(err)
	}
	if err := two.WriteCSV(&b2); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b1.Bytes(), b2.Bytes()) {
		t.Error("scores depend on the memory limit")
	}
	back, err := probe.ReadCSV(bytes.NewReader(b1.Bytes()), "table")
	if err != nil {
		t.Fatal(err)
	}
	for i := range back.Rows {
		// NaN is not equal to itself.
		x, y := back.Rows[i], one.Rows[i]
		if !math.IsNaN(x.ValMetric) || !math.IsNaN(x.TestMetric) || !math.IsNaN(x.TrainMetric) {
			t.Fatalf("row %d has metrics that are not known", i)
		}
		x.ValMetric, x.TestMetric, x.TrainMetric, y.ValMetric, y.TestMetric, y.TrainMetric = 0, 0, 0, 0, 0, 0
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("row %d reads back as %+v, was %+v", i, x, y)
		}
	}
}

func TestLinearSets(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 6, Trials: 30, Units: 6, Ceiling: 0.6}, recording.Reaching)
	tab, err := probe.Linear(context.Background(), a, probe.LinearOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// spec/03, 4.1, except that our arm has four joints where the files have seven.
	want := map[string]int{"dir": 2, "pos": 2, "vel": 2, "acc": 2, "force": 2, "pos_norm": 1, "vel_norm": 1, "acc_norm": 1, "force_norm": 1,
		"j_ang": 4, "j_vel": 4, "m_len": 39, "m_vel": 39, "pos_vel": 4, "pos_acc": 4, "pos_force": 4, "vel_acc": 4, "vel_force": 4,
		"acc_force": 4, "pos_vel_acc": 6, "pos_vel_acc_force": 8, "j_ang_vel": 8, "m_len_vel": 78, "joint_muscle": 86}
	got := map[string]int{}
	for _, r := range tab.Rows {
		got[r.Model] = r.Features
	}
	if !reflect.DeepEqual(got, want) || len(probe.FeatureSets()) != 24 {
		t.Errorf("features %v, want %v", got, want)
	}
}

// Few trials leave fewer rows than components, and some units never fire: scores
// are numbers all the same, and the table says which of them say nothing.
func TestRunFewTrials(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 41, Trials: 8, Bumps: 1, Units: 3, Ceiling: 0.6}, recording.Reaching)
	for i := range a.Rates {
		for j := 1; j < len(a.Rates[i]); j += 3 {
			a.Rates[i][j] = 0
		}
	}
	// Two frames a trial: 16 rows for the 75 components of 5·32 features.
	arch := net.Shallow(net.TemporalSpatial, []int{16, 32}, []int{8, 8}, 7, 3, 9, 15)
	n, err := net.New(arch, run.Stream(3))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := probe.Run(context.Background(), a, []probe.Network{{Task: probe.Untrained, Net: n}}, probe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range tab.Rows {
		if math.IsNaN(r.EVTrain) || math.IsNaN(r.EVTest) || math.IsInf(r.EVTest, 0) {
			t.Errorf("unit %d, %s: EV %g train, %g test", r.Unit, r.LayerName, r.EVTrain, r.EVTest)
		}
		if r.Unit == 1 && (r.EVTrain != 1 || r.EVTest != 1) {
			t.Errorf("a silent unit scores %g and %g, 1 by definition", r.EVTrain, r.EVTest)
		}
	}
	if len(tab.Warnings) != 1 {
		t.Errorf("warnings %v, one on the silent unit expected", tab.Warnings)
	}
	a.Train, a.Test = a.Train[:3], a.Train[3:]
	if _, err := probe.Run(context.Background(), a, []probe.Network{{Net: n}}, probe.Options{}); err == nil {
		t.Error("three training trials in five folds accepted")
	}
	a.Input = nil
	if _, err := probe.Run(context.Background(), a, []probe.Network{{Net: n}}, probe.Options{}); err == nil {
		t.Error("a session without muscles accepted")
	}
}
