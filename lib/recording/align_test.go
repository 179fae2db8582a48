package recording_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/recording"
)

// plain is a session of equal trials with slowly growing muscle lengths.
func plain(trials, bins int) *recording.Session {
	n := trials * bins
	s := &recording.Session{Name: "plain", Bin: 0.010, Units: make([]recording.Unit, 2)}
	row := func(f func(t int) float64) []float64 {
		r := make([]float64, n)
		for t := range r {
			r[t] = f(t)
		}
		return r
	}
	s.Counts = [][]float64{row(func(t int) float64 { return float64(t % 3) }), row(func(int) float64 { return 0 })}
	for a := range 2 {
		s.Hand = append(s.Hand, row(func(t int) float64 { return float64(a + t) }))
		s.HandVel = append(s.HandVel, row(func(int) float64 { return 100 }))
	}
	for m := range 39 {
		s.Muscles = append(s.Muscles, row(func(t int) float64 { return 100 + float64(m) + 0.01*float64(t) }))
	}
	for i := range trials {
		s.Segments = append(s.Segments, recording.Segment{Start: i * bins, End: (i + 1) * bins})
		s.Trials = append(s.Trials, recording.Trial{ID: i, Start: i * bins, End: (i + 1) * bins, Onset: i*bins + 10, Stop: (i+1)*bins - 5,
			Bump: recording.None, BumpDir: math.NaN(), Target: float64(i), Rewarded: true, Group: i})
	}
	return s
}

func TestAlignLeavesOut(t *testing.T) {
	s := plain(8, 60)
	s.Trials[0].Rewarded = false
	s.Trials[1].Onset = recording.None
	s.Muscles[7][2*60+20] = math.NaN()
	s.Trials[3].Stop = s.Trials[3].Onset + 3  // shorter than the boxcar
	s.Trials[4].Stop = s.Trials[4].End + 1    // beyond the trial
	s.Trials[5].Stop = s.Trials[5].Onset - 10 // backwards
	a, err := s.Align(context.Background(), recording.AlignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.IDs, []int{6, 7}) || len(a.Excluded) != 6 {
		t.Errorf("kept %v, left out %v", a.IDs, a.Excluded)
	}
	for k, why := range []string{"rewarded", "onset", "muscle length", "boxcar", "passes", "boxcar"} {
		if !strings.Contains(a.Excluded[k].Why, why) {
			t.Errorf("trial %d left out because %s, want something of %s", k, a.Excluded[k].Why, why)
		}
	}
	if a, err = s.Align(context.Background(), recording.AlignOptions{RepairNaN: 2}); err != nil || a.Trials() != 3 {
		t.Fatalf("with gaps filled: %v", err)
	}
	// Between its neighbours, on the line.
	if v := a.Kin[0].Muscles[10*39+7]; math.Abs(v-(107+0.01*(2*60+20))) > 1e-9 {
		t.Errorf("gap filled with %v", v)
	}
	if !math.IsNaN(s.Muscles[7][2*60+20]) {
		t.Error("the session itself was changed")
	}
}

func TestAlignLongTrial(t *testing.T) {
	s := plain(3, 360)
	for i := range s.Trials {
		s.Trials[i].Stop = s.Trials[i].Onset + 299 + i // 299, 300 and 301 samples
	}
	a, err := s.Align(context.Background(), recording.AlignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Durations, []int{299, 300}) || !strings.Contains(a.Excluded[0].Why, "longer") {
		t.Errorf("durations %v, left out %v", a.Durations, a.Excluded)
	}
}

func TestAlignBounds(t *testing.T) {
	s := plain(4, 60)
	s.Marker = [][]float64{slices.Repeat([]float64{20}, 240), make([]float64, 240), make([]float64, 240)}
	s.Marker[0][1] = 36      // trial 0, before the movement
	s.Marker[2][60+2] = 14   // trial 1, before the movement: height counts within it only
	s.Marker[2][120+30] = 14 // trial 2, in the movement
	a, err := s.Align(context.Background(), recording.AlignOptions{Bounds: recording.ButterBounds()})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.IDs, []int{1, 3}) {
		t.Errorf("kept %v, want 1 and 3", a.IDs)
	}
}

func TestAlignErrors(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		s *recording.Session
		o recording.AlignOptions
	}{
		"no trials":      {func() *recording.Session { s := plain(2, 60); s.Trials = nil; return s }(), recording.AlignOptions{}},
		"one trial":      {plain(1, 60), recording.AlignOptions{}},
		"no bumps":       {plain(4, 60), recording.AlignOptions{Condition: recording.Bumped}},
		"condition":      {plain(4, 60), recording.AlignOptions{Condition: "asleep"}},
		"even boxcar":    {plain(4, 60), recording.AlignOptions{Taps: 4}},
		"test fraction":  {plain(4, 60), recording.AlignOptions{TestFraction: 1.5}},
		"split twice":    {plain(4, 60), recording.AlignOptions{Train: []int{0, 1}, Test: []int{1}}},
		"no marker":      {plain(4, 60), recording.AlignOptions{Bounds: recording.ButterBounds()}},
		"negative count": {func() *recording.Session { s := plain(2, 60); s.Counts[0][3] = -1; return s }(), recording.AlignOptions{}},
		"no units":       {func() *recording.Session { s := plain(2, 60); s.Counts, s.Units = nil, nil; return s }(), recording.AlignOptions{}},
		"ragged":         {func() *recording.Session { s := plain(2, 60); s.Hand[1] = s.Hand[1][1:]; return s }(), recording.AlignOptions{}},
	} {
		if _, err := c.s.Align(ctx, c.o); err == nil {
			t.Errorf("%s accepted", name)
		} else if !strings.HasPrefix(err.Error(), "recording: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Groups stay whole: neighbours of one segment never stand on both sides.
func TestSplitGroups(t *testing.T) {
	s := plain(40, 60)
	for i := range s.Trials {
		s.Trials[i].Group = i / 5
	}
	a, err := s.Align(context.Background(), recording.AlignOptions{SplitSeed: 3})
	if err != nil {
		t.Fatal(err)
	}
	side := map[int]bool{}
	for _, i := range a.Test {
		side[i/5] = true
	}
	for _, i := range a.Train {
		if side[i/5] {
			t.Errorf("group %d is on both sides", i/5)
		}
	}
	if len(a.Test) < 8 || len(a.Test) > 12 {
		t.Errorf("%d of 40 trials to test", len(a.Test))
	}
	b, err := s.Align(context.Background(), recording.AlignOptions{SplitSeed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Train, b.Train) {
		t.Error("one seed, two splits")
	}
}
