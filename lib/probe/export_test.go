package probe

import "github.com/spindle-lab/spindle/lib/recording"

// RegressorsForTest are the training rows of a layer's regressors.
func RegressorsForTest(c *Components, a *recording.Aligned) []float64 {
	train, _, _ := regressors(c, a, LayerOptions{})
	return train
}
