package probe

import "github.com/spindle-lab/spindle/lib/stats/mt19937"

// shuffleSeed is that of the published control, taken anew for each set of trials.
const shuffleSeed = 2022

// shuffleRows permutes, within each trial, the rows of x [row][feature] in time
// while the rates stay: RandomState(2022).choice(n, n, replace=False), trial
// after trial (spec/03, 3.1).
func shuffleRows(x []float64, features int, rows []int) {
	rng := mt19937.New(shuffleSeed)
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
