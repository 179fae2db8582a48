package probe_test

import (
	"context"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// A linear decoder with the spikes of ±10 bins, trained on the first 70 % of
// the file and tested on the last 15 %, reaches R² 0.74 (SOURCE.txt of the
// recording); at least 0.72 shows that spikes, velocity and bins are read right.
func TestDecodeRecording(t *testing.T) {
	s, err := recording.ReadSpykes(golden.Path(t, "recordings", "s1_data.mat"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := probe.DecodeVelocity(context.Background(), s, probe.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("R² %.4f (%.4f), penalty %g, rows %v", d.Mean, d.R2, d.Penalty, d.Rows)
	if d.Mean < 0.72 {
		t.Errorf("velocity decoded with R² %.3f, at least 0.72 expected", d.Mean)
	}
}
