package paper

import (
	"math"

	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/task"
)

// GainBars sets the mean z-scored gain of each task beside the paper's, for
// figure.Ranking.
func GainBars(gains map[string]float64) []figure.Bar {
	var out []figure.Bar
	for _, t := range task.All() {
		z, ok := gains[t.Name]
		if !ok {
			continue
		}
		b := figure.Bar{Name: t.Title, Group: t.Group, Value: z, Reference: math.NaN()}
		if v, ok := Lookup("mean_z", t.Name, "all"); ok {
			b.Reference = v.Value
		}
		out = append(out, b)
	}
	return out
}
