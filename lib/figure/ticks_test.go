package figure

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// What gonum named on these axes of the gallery was -0.2, 0.2 and 0.6; 0.5,
// 1.5 and 2.5; -40, 40 and 120; 50.00, 25.00 and 0.00.
func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		ticks  niceTicks
		want   string
	}{
		{-0.27, 0.66, niceTicks{}, "−0.2 0 0.2 0.4 0.6"},
		{-2, 4.8, niceTicks{}, "−2 0 2 4"},
		{-52, 140, niceTicks{}, "−50 0 50 100"},
		{-2, 50, niceTicks{}, "0 10 20 30 40 50"},
		{0.0835, 0.0895, niceTicks{}, "0.084 0.085 0.086 0.087 0.088 0.089"},
		{0, 2.4, niceTicks{whole: true}, "0 1 2"},
		{-0.11, 0.11, niceTicks{most: 3}, "−0.1 0 0.1"},
		{0, 4e9, niceTicks{}, "0 1e+09 2e+09 3e+09 4e+09"},
		{3, 3, niceTicks{}, ""},
		{math.NaN(), 1, niceTicks{}, ""},
		{0, math.Inf(1), niceTicks{}, ""},
	} {
		var names []string
		for _, k := range c.ticks.Ticks(c.lo, c.hi) {
			if k.Label != "" {
				names = append(names, k.Label)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%g to %g: %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
	// Whatever the axis: two to six names that say their place, zero among them
	// where it is on the axis.
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		lo := (rng.Float64() - 0.5) * math.Pow(10, float64(rng.IntN(9)-4))
		hi := lo + rng.Float64()*math.Pow(10, float64(rng.IntN(9)-4))
		if hi-lo < 1e-3*math.Abs(lo) {
			continue
		}
		names, zero := 0, false
		for _, k := range (niceTicks{}).Ticks(lo, hi) {
			if k.Value < lo || k.Value > hi {
				t.Fatalf("%g to %g: a tick at %g", lo, hi, k.Value)
			}
			if k.Label == "" {
				continue
			}
			names++
			zero = zero || k.Label == "0"
			x, err := strconv.ParseFloat(strings.ReplaceAll(k.Label, "−", "-"), 64)
			if err != nil || math.Abs(x-k.Value) > 1e-3*(hi-lo) {
				t.Fatalf("%g to %g: %q at %g", lo, hi, k.Label, k.Value)
			}
		}
		if names < 2 || names > 6 {
			t.Errorf("%g to %g: %d names", lo, hi, names)
		}
		if lo <= 0 && hi >= 0 && !zero {
			t.Errorf("%g to %g: zero has no name", lo, hi)
		}
	}
	var powers []string
	for _, k := range (logTicks{}).Ticks(5, 150) {
		powers = append(powers, k.Label)
	}
	if got := strings.Join(strings.Fields(strings.Join(powers, " ")), " "); got != "5 10 20 50 100" {
		t.Errorf("logarithmic: %q", got)
	}
}
