package probe_test

import (
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// The whole way from components to EV, as scikit-learn goes it.
func TestChainGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/chain") {
		t.Run(c.Name, func(t *testing.T) {
			var q struct {
				Offset int `json:"counts_offset"`
			}
			c.Decode(t, &q)
			pca, counts := c.Array(t, "layer_pca"), c.Array(t, "counts")
			n, T, k := pca.Shape[0], pca.Shape[1], pca.Shape[2]
			u := counts.Shape[2]
			a := &recording.Aligned{Name: c.Name, PerBin: 1, Units: make([]recording.Unit, u),
				Durations: c.Array(t, "durations").Ints(),
				Train:     c.Array(t, "train_ids").Ints(), Test: c.Array(t, "test_ids").Ints()}
			for i, d := range a.Durations {
				rates := make([]float64, d*u)
				for j := range u {
					trace := make([]float64, d)
					for b := range trace {
						trace[b] = counts.Data[(i*counts.Shape[1]+recording.Onset-q.Offset+b)*u+j]
					}
					for b, v := range recording.Boxcar(trace, 5)[:d] {
						rates[b*u+j] = v
					}
				}
				a.Rates = append(a.Rates, rates)
			}
			compare(t, c, "rates_train", probe.Stack(a.Rates, a.Train))
			compare(t, c, "rates_test", probe.Stack(a.Rates, a.Test))

			repaired := make([]float64, len(pca.Data))
			for j := range k {
				x := make([]float64, n*T)
				for i := range x {
					x[i] = pca.Data[i*k+j]
				}
				probe.RepairOutliers(x, n, T, probe.PublishedBound)
				for i, v := range x {
					repaired[i*k+j] = v
				}
			}
			compare(t, c, "repaired", repaired)

			f, err := probe.FitLayer(&probe.Components{Trials: n, Time: T, K: k, Data: pca.Float32()}, a,
				probe.LayerOptions{KeepPredictions: true})
			if err != nil {
				t.Fatal(err)
			}
			same := checkRidge(t, c, f.Ridge)
			compareRows(t, c, "pred_test", f.Predicted, u, same)
			compareUnits(t, c, "ev_test", f.EVTest, u, same)
			// The first rows of the regressors, before they are standardised.
			x := probe.RegressorsForTest(&probe.Components{Trials: n, Time: T, K: k, Data: pca.Float32()}, a)
			compare(t, c, "x_train_head", x[:len(c.Array(t, "x_train_head").Data)])
		})
	}
}
