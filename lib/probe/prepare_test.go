package probe_test

import (
	"math"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/probe"
)

func TestResampleGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/resample") {
		in, out := c.Array(t, "p"), c.Array(t, "out")
		n, T, k, W := in.Shape[0], in.Shape[1], in.Shape[2], out.Shape[1]
		got := make([]float64, len(out.Data))
		src, dst := make([]float64, T), make([]float64, W)
		for i := range n {
			for j := range k {
				for s := range T {
					src[s] = in.Data[(i*T+s)*k+j]
				}
				probe.Resample(dst, src)
				for s, v := range dst {
					got[(i*W+s)*k+j] = v
				}
			}
		}
		c.Compare(t, "float64", "out", got)
	}
}

func TestOutlierGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/outlier") {
		in := c.Array(t, "x")
		got := append([]float64(nil), in.Data...)
		n := probe.RepairOutliers(got, in.Shape[0], in.Shape[1], probe.PublishedBound)
		c.Compare(t, "float64", "out", got)
		if want := c.Array(t, "outlier_index").Shape[0]; n != want {
			t.Errorf("%s: %d outliers, want %d", c.Name, n, want)
		}
	}
}

// What was meant: the median of two samples on either side, in the same trial.
func TestOutlierTwoSamples(t *testing.T) {
	const trials, time = 4, 100
	x := make([]float64, trials*time)
	for i := range x {
		x[i] = float64(i % time)
	}
	x[2*time+50] = 1e6
	if n := probe.RepairOutliers(x, trials, time, probe.TwoSamples); n != 1 {
		t.Fatalf("%d outliers, want 1", n)
	}
	if got := x[2*time+50]; got != 50 { // median of 48 49 51 52
		t.Errorf("repaired to %v, want 50", got)
	}
}

func TestScalerGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/scaler") {
		x, z := c.Array(t, "x"), c.Array(t, "z")
		k := x.Shape[1]
		s, err := probe.FitScaler(x.Data, k)
		if err != nil {
			t.Fatal(err)
		}
		c.Compare(t, "float64", "mean", s.Mean)
		c.Compare(t, "float64", "scale", s.Scale)
		got := make([]float64, len(x.Data))
		s.Transform(got, x.Data)
		// The notes ask for var and z column by column.
		wantVar := c.Array(t, "var").Data
		for j := range k {
			var a, b []float64
			for i := j; i < len(got); i += k {
				a, b = append(a, got[i]), append(b, z.Data[i])
			}
			if s.Scale[j] == 1 && wantVar[j] < 1e-20 {
				// A constant column: both variances are rounding of the mean.
				if s.Var[j] > 1e-20 {
					t.Errorf("%s: constant column %d has variance %g", c.Name, j, s.Var[j])
				}
				golden.Close(t, "z of a constant column", a, b, 1e-12)
				continue
			}
			golden.Close(t, "var", s.Var[j:j+1], wantVar[j:j+1], c.Tolerance(t, "float64", "var"))
			golden.Close(t, "z", a, b, c.Tolerance(t, "float64", "z"))
		}
	}
}

func TestEVGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/ev") {
		y := c.Array(t, "y")
		got := probe.ExplainedVariances(y.Data, c.Array(t, "p").Data, y.Shape[1])
		// Per column, so that a large negative EV does not widen the others' tolerance.
		want := c.Array(t, "ev").Data
		for j := range want {
			golden.Close(t, c.Name, got[j:j+1], want[j:j+1], c.Tolerance(t, "float64", "ev"))
		}
	}
}

// spec/03, section 10.
func TestSpecValues(t *testing.T) {
	dst := make([]float64, 400)
	probe.Resample(dst, []float64{0, 1, 4, 9, 16})
	for k, want := range map[int]float64{0: 0, 1: 0.010025062656641603, 100: 1.007518796992481, 199: 3.9849624060150366, 399: 16} {
		if math.Abs(dst[k]-want) > 1e-14 {
			t.Errorf("resample: sample %d is %.17g, want %.17g", k, dst[k], want)
		}
	}
	if ev := probe.ExplainedVariance([]float64{0.2, 0.2, 0.2}, []float64{1, 2, 3}); ev != 0 {
		t.Errorf("constant rate, varying prediction: EV %v, want 0", ev)
	}
	if ev := probe.ExplainedVariance([]float64{0.2, 0.2, 0.2}, []float64{1, 1, 1}); ev != 1 {
		t.Errorf("constant rate, constant residual: EV %v, want 1", ev)
	}
}

func TestScalerRefusesNaN(t *testing.T) {
	_, err := probe.FitScaler([]float64{1, 2, 3, math.NaN()}, 2)
	if err == nil {
		t.Fatal("NaN accepted")
	}
}
