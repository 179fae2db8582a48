package probe_test

import (
	"context"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/train"
)

// A network trained on spikes of muscle-tuned units must come to explain some of
// their rates on trials it has not seen; before training it explains nothing.
func TestTrainDriven(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 21, Trials: 60, Bumps: 1, Units: 4, Ceiling: 0.7, Tuning: []string{"muscle"}}, recording.Reaching)
	arch := net.Shallow(net.SpatialTemporal, []int{8}, []int{8}, 7, 2, 7, 1)
	var last int
	tab, res, err := probe.TrainDriven(context.Background(), a, []net.Arch{arch}, probe.DrivenOptions{
		Config: train.Config{Steps: 90}, Progress: func(done, total int, _ string) { last = done }})
	if err != nil {
		t.Fatal(err)
	}
	if len(res) != 1 || len(tab.Rows) != 4 || last == 0 {
		t.Fatalf("%d networks, %d rows, progress to %d", len(res), len(tab.Rows), last)
	}
	var mean float64
	for _, r := range tab.Rows {
		mean += r.EVTest / 4
		if r.Task != probe.DataDriven || r.LayerType != "readout" {
			t.Errorf("row %+v", r)
		}
	}
	if mean < 0.15 {
		t.Errorf("mean test EV %.3f, at least 0.15 expected of a ceiling of 0.7", mean)
	}
	t.Logf("mean test EV %.3f, published test metric %.3f, untrained %.3f", mean, res[0].Test, res[0].UntrainedTest)
}
