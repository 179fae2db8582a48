package probe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
)

// Ceiling is the Task of rows that hold noise ceilings: ev_test is the EV that
// a perfect model of the test trials' rates could reach, ev_train that of the
// training trials.
const Ceiling = "ceiling"

// ceilingNote is what a reader of ceilings must know.
const ceilingNote = "Ceilings: halves of spikes take counts as Poisson given the rate, so that a unit that fires more regularly gets too low a ceiling and one that bursts too high a one; halves of trials assume no kind of noise, but are what a model reaches that knows the direction of a movement and the time since its onset alone"

// SpikeHalves estimates each unit's noise ceiling from halves of its spikes.
// Every spike is put into one of two halves by chance. If spikes are Poisson
// given the rate, the noise of the halves is independent, so that their
// covariance is a quarter of the variance of the rate; the ceiling is that
// variance over the variance of the smoothed counts. Returned is the
// expectation over all random halvings, which has a closed form: Var(y) less
// mean(y)/m, with m the number of 10 ms samples that a value averages.
//
// It needs no repeated trials, and counts all variation that is not Poisson as
// rate, of whatever cause. A unit of refractory, regular firing gets too little,
// and less than zero where its counts vary less than Poisson counts of one
// constant rate; [TrialHalves] does not assume Poisson counts. Units that do not
// vary have no ceiling: NaN.
func SpikeHalves(a *recording.Aligned, trials []int) []float64 {
	units := len(a.Units)
	m := float64(a.PerBin * max(a.Taps, 1))
	y := Stack(a.Rates, trials)
	out := make([]float64, units)
	for u := range out {
		var col []float64
		for i := u; i < len(y); i += units {
			col = append(col, y[i])
		}
		if len(col) == 0 {
			out[u] = math.NaN()
			continue
		}
		mu, sd := meanSD(col)
		if sd == 0 {
			out[u] = math.NaN()
			continue
		}
		out[u] = 1 - mu/m/(sd*sd)
	}
	return out
}

// TrialHalves estimates each unit's noise ceiling from halves of the trials to
// the same target (or with the same perturbation): trials of a condition are
// split in two at random, rates averaged over each half bin by bin from onset,
// and the covariance of the halves over conditions and bins divided by the
// variance of single trials; the mean over repeats of the split. A model that
// knows the condition alone can reach no more; one that follows each trial's
// movement can: it is a lower bound of the ceiling. Directions are taken as equal
// within 5°; a session of more than 16 such directions has no fixed targets, and
// its movements count as equal within one of eight sectors. Fewer than two
// conditions with four trials each are an error.
func TrialHalves(a *recording.Aligned, trials []int, repeats int, rng *rand.Rand) ([]float64, error) {
	byDir := byDirection(a, trials, 72)
	if len(byDir) > 16 {
		byDir = byDirection(a, trials, 8)
	}
	var dirs []int
	for d, ids := range byDir {
		if len(ids) >= 4 {
			dirs = append(dirs, d)
		}
	}
	slices.Sort(dirs)
	if len(dirs) < 2 {
		return nil, fmt.Errorf("probe: %s: %d directions with four trials or more: at least two expected for halves of trials", a.Name, len(dirs))
	}
	units := len(a.Units)
	bins := math.MaxInt // the shortest trial's
	for _, d := range dirs {
		for _, i := range byDir[d] {
			bins = min(bins, a.Durations[i]/a.PerBin)
		}
	}
	out := make([]float64, units)
	size := len(dirs) * bins
	single := make([][]float64, units)
	for _, d := range dirs {
		for _, i := range byDir[d] {
			for b := range bins {
				for u := range units {
					single[u] = append(single[u], a.Rates[i][b*units+u])
				}
			}
		}
	}
	for range repeats {
		half := [2][]float64{make([]float64, size*units), make([]float64, size*units)}
		for c, d := range dirs {
			ids := slices.Clone(byDir[d])
			rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			ids = ids[:len(ids)/2*2]
			for k, i := range ids {
				h := half[k%2][c*bins*units:]
				for j := range bins * units {
					h[j] += a.Rates[i][j] / float64(len(ids)/2)
				}
			}
		}
		for u := range units {
			var m0, m1, cov float64
			for j := range size {
				m0 += half[0][j*units+u] / float64(size)
				m1 += half[1][j*units+u] / float64(size)
			}
			for j := range size {
				cov += (half[0][j*units+u] - m0) * (half[1][j*units+u] - m1) / float64(size)
			}
			if _, sd := meanSD(single[u]); sd > 0 {
				out[u] += cov / (sd * sd) / float64(repeats)
			} else {
				out[u] = math.NaN()
			}
		}
	}
	return out, nil
}

// byDirection groups trials by which of so many sectors their direction is in;
// the middle of the first is at 0 rad.
func byDirection(a *recording.Aligned, trials []int, sectors int) map[int][]int {
	out := map[int][]int{}
	for _, i := range trials {
		if d := a.Directions[i]; !math.IsNaN(d) {
			k := int(math.Round(d/(2*math.Pi)*float64(sectors))) % sectors
			out[(k+sectors)%sectors] = append(out[(k+sectors)%sectors], i)
		}
	}
	return out
}

// Ceilings returns a table of noise ceilings: of halves of spikes, and of halves
// of trials where the session has targets.
func Ceilings(a *recording.Aligned, seed uint64) *Table {
	t := &Table{Caption: caption(a)}
	add := func(name string, train, test []float64) {
		var none []int
		for u := range a.Units {
			nan := math.NaN()
			t.Rows = append(t.Rows, Row{Unit: u, Task: Ceiling, Model: name, Family: Ceiling, LayerName: name, LayerType: Ceiling, MaxLayer: 1,
				Monkey: a.Animal, Session: a.Name, Area: a.Area, Condition: string(a.Condition), EVTrain: train[u], EVTest: test[u],
				ValMetric: nan, TestMetric: nan, TrainMetric: nan, Penalty: nan, Ceiling: nan, Truth: a.Units[u].Truth})
			if math.IsNaN(train[u]) || math.IsNaN(test[u]) {
				none = append(none, u)
			}
		}
		if len(none) > 0 {
			t.Warnings = append(t.Warnings, fmt.Sprintf("units %v do not vary in training or test trials: they have no ceiling of halves of %s (NaN)", none, name))
		}
	}
	train, test := SpikeHalves(a, a.Train), SpikeHalves(a, a.Test)
	add("spikes", train, test)
	var regular []int
	for u := range a.Units {
		if train[u] < 0 {
			regular = append(regular, u)
		}
	}
	if len(regular) > 0 {
		t.Warnings = append(t.Warnings, fmt.Sprintf("units %v fire more regularly than Poisson counts of a constant rate: the ceiling by halves of spikes says nothing of them, and the mean over units is too low", regular))
	}
	const repeats = 50
	train, err := TrialHalves(a, a.Train, repeats, run.Stream(seed, "halves", "train"))
	if err == nil {
		test, err = TrialHalves(a, a.Test, repeats, run.Stream(seed, "halves", "test"))
	}
	if err != nil {
		t.Warnings = append(t.Warnings, "no ceiling of halves of trials: "+err.Error())
		return t
	}
	if len(byDirection(a, a.Train, 72)) > 16 {
		t.Warnings = append(t.Warnings, "the session has no fixed targets: halves of trials take movements within one of eight sectors as equal, and their ceiling is a lower bound only")
	}
	add("trials", train, test)
	return t
}
