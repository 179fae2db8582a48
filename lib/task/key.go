package task

import "github.com/spindle-lab/spindle/lib/dataset"

// A Key names a target series of a data set, as in the published HDF5 files.
type Key = dataset.Key

// Rates are the smoothed spike counts of the recorded units, [unit][time], on
// which data-driven networks are trained. Character sets do not hold them.
const Rates Key = "spike_rates"

// KeyUnit returns the unit of a target series.
func KeyUnit(k Key) string {
	if k == Rates {
		return "spikes/bin"
	}
	return k.Unit()
}
