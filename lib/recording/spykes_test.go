package recording_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/recording"
)

// SOURCE.txt of the recording gives shapes, the number of segments (about 418)
// and a median rate of 6.8 Hz, the upper of the two middle units; NumPy's
// median(spikes.mean(0)/0.05) is 6.427.
func TestReadSpykes(t *testing.T) {
	s, err := recording.ReadSpykes(golden.Path(t, "recordings", "s1_data.mat"))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Units) != 52 || s.Bins() != 35129 || s.Bin != 0.050 || s.PerBin() != 5 {
		t.Fatalf("%d units, %d bins of %g s", len(s.Units), s.Bins(), s.Bin)
	}
	if n := len(s.Segments); n < 415 || n > 421 {
		t.Errorf("%d segments, about 418 expected", n)
	}
	rates := s.MeanRates()
	slices.Sort(rates)
	if m := (rates[25] + rates[26]) / 2; math.Abs(m-6.427) > 0.001 || math.Abs(rates[26]-6.8) > 0.05 {
		t.Errorf("median rate %.3f, upper median %.2f Hz, 6.427 and 6.8 expected", m, rates[26])
	}
	// The interpolated velocity must be the slope of the interpolated position.
	g := s.Segments[3]
	var worst float64
	for k := g.Start*5 + 1; k < g.End*5-1; k++ {
		d := (s.Hand[0][k+1] - s.Hand[0][k-1]) / 0.02
		worst = max(worst, math.Abs(d-s.HandVel[0][k]))
	}
	if worst > 2 { // cm/s; curvature of the cubic over 10 ms
		t.Errorf("velocity departs from the slope of position by %.2f cm/s", worst)
	}
}

// testdata/make_samples.py: constant velocity, a jump of 3 cm after bin 25. It
// runs in a lone clone too.
func TestReadSpykesSample(t *testing.T) {
	s, err := recording.ReadSpykes(sample("spykes_small.mat"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []recording.Segment{{Start: 0, End: 25}, {Start: 25, End: 60}}; !slices.Equal(s.Segments, want) {
		t.Fatalf("segments %v, want %v", s.Segments, want)
	}
	for _, k := range []int{0, 60, 124, 125, 299} {
		bin := float64(k)/5 - 0.4 // the middle sample of a bin has the bin's own position
		want := .25 * bin
		if k >= 125 {
			want += 3
		}
		near(t, "x", s.Hand[0][k], want, 1e-12)
		near(t, "vy", s.HandVel[1][k], 2, 1e-12)
	}
	if s.Counts[2][59] != 2 || s.Counts[0][4] != 1 {
		t.Errorf("counts %v %v", s.Counts[2][59], s.Counts[0][4])
	}
}

func TestReachesAndMuscles(t *testing.T) {
	s, err := recording.ReadSpykes(golden.Path(t, "recordings", "s1_data.mat"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CutReaches(recording.ReachOptions{}); err != nil {
		t.Fatal(err)
	}
	var total int
	for _, r := range s.Trials {
		total += r.End - r.Start
		if d := float64(r.End-r.Start) * s.Bin; d < 0.3-1e-9 || d > 3+1e-9 {
			t.Errorf("reach %d lasts %.2f s", r.ID, d)
		}
	}
	t.Logf("%d reaches, %.0f of %.0f s", len(s.Trials), float64(total)*s.Bin, s.Seconds())
	if err := s.CutReaches(recording.ReachOptions{Limit: 60}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.AddMuscles(context.Background(), "snap", nil, nil); err != nil {
		t.Fatal(err)
	}
	var n int
	for _, m := range s.Muscles {
		for _, v := range m {
			if !math.IsNaN(v) {
				n++
				if v < 10 || v > 400 { // mm
					t.Fatalf("a muscle of %.1f mm", v)
				}
			}
		}
	}
	t.Logf("%s: %d samples in %v", s.Arm, n/39, time.Since(start))
}
