package probe

import (
	"fmt"
	"slices"

	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/stats/mt19937"
)

// Seeds of the published controls (spec/03, 3.1). The generator of the second is
// made anew for each set of trials.
const (
	choiceSeed = 46
	orderSeed  = 2022
)

// shuffleRows permutes, within each trial, the rows of x [row][feature] in time
// while the rates stay: RandomState(2022).choice(n, n, replace=False), trial
// after trial.
func shuffleRows(x []float64, features int, rows []int) {
	rng := mt19937.New(orderSeed)
	at := 0
	var old []float64
	for _, n := range rows {
		trial := x[at*features : (at+n)*features]
		old = append(old[:0], trial...)
		for i, j := range rng.Choice(n, n) {
			copy(trial[i*features:(i+1)*features], old[j*features:(j+1)*features])
		}
		at += n
	}
}

// ActiveAsPassive returns active trials made as few and as short as the passive
// ones, the published control: as many training trials as the passive set has,
// then as many test trials, drawn without replacement, and of each a random
// stretch of 130 ms. The networks' input stays the whole window; what is
// regressed is cut. Trials of 130 ms or less stay whole.
func ActiveAsPassive(active, passive *recording.Aligned) (*recording.Aligned, error) {
	if len(passive.Train) > len(active.Train) || len(passive.Test) > len(active.Test) {
		return nil, fmt.Errorf("probe: %s: %d and %d passive trials to draw from %d and %d active ones: no more passive than active expected",
			active.Name, len(passive.Train), len(passive.Test), len(active.Train), len(active.Test))
	}
	out := *active
	out.Condition, out.Whole, out.Place = recording.AsPassive, nil, nil
	rng := mt19937.New(choiceSeed)
	draw := func(from []int, n int) []int {
		ids := make([]int, n)
		for k, i := range rng.Choice(len(from), n) {
			ids[k] = from[i]
		}
		return ids
	}
	out.Train, out.Test = draw(active.Train, len(passive.Train)), draw(active.Test, len(passive.Test))
	out.Durations, out.Rates, out.Counts, out.Kin = slices.Clone(active.Durations), slices.Clone(active.Rates), slices.Clone(active.Counts), slices.Clone(active.Kin)
	out.Starts = make([]int, active.Trials())
	for i := range out.Starts {
		out.Starts[i] = recording.Onset
	}
	for _, ids := range [][]int{out.Train, out.Test} {
		order := mt19937.New(orderSeed)
		for _, i := range ids {
			bins := active.Durations[i] / active.PerBin
			keep := (recording.Passive + active.PerBin - 1) / active.PerBin
			if bins <= keep {
				continue
			}
			b := order.Intn(0, bins-keep)
			out.Starts[i] += b * active.PerBin
			out.Durations[i] = keep * active.PerBin
			units := len(active.Units)
			out.Rates[i] = active.Rates[i][b*units : (b+keep)*units]
			if active.Counts != nil {
				out.Counts[i] = active.Counts[i][b*units : (b+keep)*units]
			}
			if active.Kin != nil {
				out.Kin[i] = active.Kin[i].Slice(b, b+keep, bins)
			}
		}
	}
	return &out, nil
}
