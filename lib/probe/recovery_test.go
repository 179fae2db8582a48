package probe_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// What was put into simulated units must come out: over ten seeds, in at least
// nine, units tuned to the hand, the joints and the muscles are each best
// explained, in mean test EV, by their own kind of regressors. And as the
// regressors hold the whole truth of the hand's units, what they explain must
// come near the ceiling that was asked for.
func TestRecovery(t *testing.T) {
	sets := map[string]string{"pos_vel": "hand", "j_ang_vel": "joint", "m_len_vel": "muscle"}
	const ceiling = 0.5
	good := 0
	for seed := range uint64(10) {
		s, err := recording.Simulate(recording.SimOptions{Seed: 100 + seed, Trials: 40, Bumps: 1, Units: 60, Ceiling: ceiling})
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.Align(context.Background(), recording.AlignOptions{TestFraction: 0.3})
		if err != nil {
			t.Fatal(err)
		}
		tab, err := probe.Linear(context.Background(), a, probe.LinearOptions{Sets: []string{"pos_vel", "j_ang_vel", "m_len_vel"}})
		if err != nil {
			t.Fatal(err)
		}
		ev := map[[2]string][]float64{} // of truth by set
		for _, r := range tab.Rows {
			k := [2]string{r.Truth, sets[r.Model]}
			ev[k] = append(ev[k], r.EVTest)
		}
		mean := func(k [2]string) float64 {
			var s float64
			for _, v := range ev[k] {
				s += v
			}
			return s / float64(len(ev[k]))
		}
		recovered := true
		for _, truth := range []string{"hand", "joint", "muscle"} {
			for _, by := range []string{"hand", "joint", "muscle"} {
				if mean([2]string{truth, by}) > mean([2]string{truth, truth}) {
					recovered = false
					t.Logf("seed %d: %s units by %s %.4f, by %s %.4f", seed, truth, by, mean([2]string{truth, by}), truth, mean([2]string{truth, truth}))
				}
			}
		}
		if recovered {
			good++
		}
		// Few test trials and rates bent at zero leave a spread of some hundredths.
		if m := mean([2]string{"hand", "hand"}); math.Abs(m-ceiling) > 0.1 {
			t.Errorf("seed %d: hand units by the hand %.3f, ceiling %.2f", seed, m, ceiling)
		}
	}
	if good < 9 {
		t.Errorf("the tuning was recovered in %d of 10 seeds, at least 9 expected", good)
	}
}

// The closed form of SpikeHalves against halves that are drawn: the mean over
// draws of four times their covariance over the variance of the whole.
func TestSpikeHalves(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 8, Trials: 40, Units: 6, Ceiling: 0.4}, recording.Reaching)
	got := probe.SpikeHalves(a, a.Train)
	units := len(a.Units)
	rng := rand.New(rand.NewPCG(4, 4))
	const draws = 400
	for u := range units {
		// Smoothed counts of the cut: the closed form is that of a's rates, whose
		// ends see the trial beyond the cut, so compare on counts that do not.
		c := *a
		c.Rates, c.Taps = nil, 5
		for _, counts := range a.Counts {
			c.Rates = append(c.Rates, smoothed(counts, units))
		}
		want := 0.0
		var y []float64
		for range draws {
			h1, h2 := []float64{}, []float64{}
			y = y[:0]
			for _, i := range a.Train {
				counts := a.Counts[i]
				half := make([]float64, len(counts))
				for b := u; b < len(counts); b += units {
					for range int(counts[b]) {
						if rng.Uint64()&1 == 0 {
							half[b]++
						}
					}
				}
				s, all := smoothed(half, units), c.Rates[i]
				for b := u; b < len(s); b += units {
					h1, h2 = append(h1, s[b]), append(h2, all[b]-s[b])
					y = append(y, all[b])
				}
			}
			want += 4 * covariance(h1, h2) / covariance(y, y) / draws
		}
		closed := probe.SpikeHalves(&c, a.Train)[u]
		if math.Abs(closed-want) > 0.02 { // the error of 400 draws, and of the ends of trials
			t.Errorf("unit %d: closed form %.4f, drawn halves %.4f", u, closed, want)
		}
		if math.Abs(got[u]-a.Units[u].Ceiling) > 0.12 {
			t.Errorf("unit %d: ceiling %.3f estimated, %.3f simulated", u, got[u], a.Units[u].Ceiling)
		}
	}
}

func smoothed(counts []float64, units int) []float64 {
	out := make([]float64, len(counts))
	trace := make([]float64, len(counts)/units)
	for u := range units {
		for b := range trace {
			trace[b] = counts[b*units+u]
		}
		for b, v := range recording.Boxcar(trace, 5) {
			out[b*units+u] = v
		}
	}
	return out
}

func covariance(x, y []float64) float64 {
	var mx, my, c float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(x))
	}
	for i := range x {
		c += (x[i] - mx) * (y[i] - my) / float64(len(x))
	}
	return c
}

// Trials to one target differ in path and duration, so halves of trials bound
// from below what halves of spikes bound from above.
func TestTrialHalves(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 9, Trials: 80, Units: 9, Ceiling: 0.5}, recording.Reaching)
	spikes := probe.SpikeHalves(a, a.Train)
	trials, err := probe.TrialHalves(a, a.Train, 20, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	var s, h float64
	for u := range spikes {
		s, h = s+spikes[u]/9, h+trials[u]/9
	}
	if !(h > 0.2 && h < s) {
		t.Errorf("mean ceiling %.3f from trials, %.3f from spikes", h, s)
	}
	a.Directions = slices.Repeat([]float64{1}, a.Trials())
	if _, err := probe.TrialHalves(a, a.Train, 2, rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Error("one direction accepted")
	}
}
