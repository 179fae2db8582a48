package probe_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/probe"
)

// checkRidge compares a fit with the arrays of a case that it has, and returns
// the units whose penalty is the reference's.
func checkRidge(t *testing.T, c *golden.Case, r *probe.Ridge) []int {
	t.Helper()
	has := func(name string) bool { return c.Has(t, name) }
	if has("mean") {
		compare(t, c, "mean", r.Scaler.Mean)
		compare(t, c, "scale", r.Scaler.Scale)
	}
	if has("fold_of_trial") {
		if want := c.Array(t, "fold_of_trial").Ints(); !slices.Equal(r.FoldOf, want) {
			t.Errorf("%s: folds %v, want %v", c.Name, r.FoldOf, want)
		}
	}
	compare(t, c, "cv_scores", r.CV)
	margin := c.Array(t, "alpha_margin").Data
	wantIndex := c.Array(t, "alpha_index").Ints()
	// Where the reference's best penalty leads by less than the scores' own
	// tolerance, another choice is no error, and what follows from it differs:
	// such a unit is compared no further.
	tol := tolerance(t, c, "cv_scores") * maxAbs(c.Array(t, "cv_scores").Data)
	var same []int
	for u, want := range wantIndex {
		switch {
		case r.Chosen[u] == want:
			same = append(same, u)
		case margin[u] == 0 || margin[u] > tol:
			t.Errorf("%s: unit %d takes penalty %d, want %d (margin %g)", c.Name, u, r.Chosen[u], want, margin[u])
		default:
			t.Logf("%s: unit %d takes penalty %d, not %d: margin %g within the scores' tolerance", c.Name, u, r.Chosen[u], want, margin[u])
		}
	}
	alphas := make([]float64, r.Units)
	for u := range alphas {
		alphas[u] = r.Penalty(u)
	}
	for name, got := range map[string][]float64{"alphas": alphas, "weights": r.Weights, "intercepts": r.Intercepts, "ev_train": r.EVTrain} {
		compareUnits(t, c, name, got, r.Units, same)
	}
	return same
}

// compareUnits compares the given units' parts of an array [unit][…].
func compareUnits(t *testing.T, c *golden.Case, name string, got []float64, units int, some []int) {
	t.Helper()
	want := c.Array(t, name).Data
	w := len(want) / units
	var a, b []float64
	for _, u := range some {
		a, b = append(a, got[u*w:(u+1)*w]...), append(b, want[u*w:(u+1)*w]...)
	}
	golden.Close(t, c.Name+"/"+name, a, b, tolerance(t, c, name))
}

// compareRows compares the given units' columns of an array [row][unit].
func compareRows(t *testing.T, c *golden.Case, name string, got []float64, units int, some []int) {
	t.Helper()
	want := c.Array(t, name).Data
	if len(got) != len(want) {
		t.Fatalf("%s/%s: %d values, want %d", c.Name, name, len(got), len(want))
	}
	var a, b []float64
	for i := range want {
		if slices.Contains(some, i%units) {
			a, b = append(a, got[i]), append(b, want[i])
		}
	}
	golden.Close(t, c.Name+"/"+name, a, b, tolerance(t, c, name))
}

func tolerance(t *testing.T, c *golden.Case, name string) float64 {
	t.Helper()
	var tol struct{ Float64 map[string]json.RawMessage }
	if json.Unmarshal(c.Tol, &tol) == nil && tol.Float64[name] == nil && tol.Float64["default"] != nil {
		return c.Tolerance(t, "float64", "default")
	}
	return c.Tolerance(t, "float64", name)
}

func compare(t *testing.T, c *golden.Case, name string, got []float64) {
	t.Helper()
	golden.Close(t, c.Name+"/"+name, got, c.Array(t, name).Data, tolerance(t, c, name))
}

func maxAbs(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}

func TestRidgeGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/ridge") {
		t.Run(c.Name, func(t *testing.T) {
			x, y := c.Array(t, "x_train"), c.Array(t, "y_train")
			k, u := x.Shape[1], y.Shape[1]
			opt := probe.RidgeOptions{Penalties: c.Array(t, "alpha_grid").Data}
			r, err := probe.FitRidge(x.Data, k, y.Data, u, c.Array(t, "dur_train").Ints(), opt)
			if err != nil {
				t.Fatal(err)
			}
			golden.Close(t, "the paper's penalties", probe.Penalties(), opt.Penalties, 1e-14)
			same := checkRidge(t, c, r)
			compareRows(t, c, "pred_train", r.Predict(x.Data), u, same)
			test := r.Predict(c.Array(t, "x_test").Data)
			compareRows(t, c, "pred_test", test, u, same)
			compareUnits(t, c, "ev_test", probe.ExplainedVariances(c.Array(t, "y_test").Data, test, u), u, same)
			// Trap 4 of spec/06: exact scores, not scores within a tolerance.
			for f := range r.Folds {
				for a := range r.Penalties {
					for j := range u {
						want := c.Array(t, "cv_scores").Data[(f*len(r.Penalties)+a)*u+j]
						got := r.CV[(f*len(r.Penalties)+a)*u+j]
						if (want == 0 || want == 1) && got != want {
							t.Fatalf("fold %d penalty %d unit %d scores %g, want exactly %g", f, a, j, got, want)
						}
					}
				}
			}
		})
	}
}

// spec/03, section 10: coefficients of scikit-learn's Ridge for two penalties.
func TestRidgeSpecValues(t *testing.T) {
	const n = 40
	x, y := make([]float64, 0, 3*n), make([]float64, 0, 2*n)
	rows := make([]int, n)
	for i := range n {
		a := float64(i)
		r := []float64{math.Sin(.3 * a), math.Cos(.17 * a), float64(i%7) / 7}
		x = append(x, r...)
		y = append(y, 2*r[0]-r[2]+.5*math.Sin(1.7*a), r[1]+.3*math.Cos(2.1*a))
		rows[i] = 1
	}
	for u, want := range []struct {
		alpha, b, ev float64
		w            [3]float64
	}{
		{0.1, -0.36278516352001666, 0.9467737137003751, [3]float64{1.421282596074318, 0.019392796039028576, -0.19873760964730755}},
		{10, 0.08199841129503517, 0.8850642966323348, [3]float64{0.007881130466624696, 0.5885023642261583, -0.002964483012323513}},
	} {
		r, err := probe.FitRidge(x, 3, y, 2, rows, probe.RidgeOptions{Penalties: []float64{want.alpha}})
		if err != nil {
			t.Fatal(err)
		}
		golden.Close(t, "coef", r.Weights[3*u:3*u+3], want.w[:], 1e-12)
		golden.Close(t, "intercept", r.Intercepts[u:u+1], []float64{want.b}, 1e-12)
		golden.Close(t, "EV", r.EVTrain[u:u+1], []float64{want.ev}, 1e-12)
	}
}

// synthetic draws correlated regressors and rates of n trials of rows rows.
func synthetic(seed uint64, trials, rows, k, u int) (x, y []float64, dur []int) {
	rng := rand.New(rand.NewPCG(seed, 7))
	mix := make([]float64, 12*k)
	for i := range mix {
		mix[i] = rng.NormFloat64()
	}
	w := make([]float64, k*u)
	for i := range w {
		w[i] = .05 * rng.NormFloat64()
	}
	n := trials * rows
	x, y = make([]float64, n*k), make([]float64, n*u)
	for r := range n {
		xr := x[r*k : (r+1)*k]
		for i := range 12 {
			z := rng.NormFloat64()
			for j := range xr {
				xr[j] += z * mix[i*k+j]
			}
		}
		yr := y[r*u : (r+1)*u]
		for j := range xr {
			xr[j] += .3 * rng.NormFloat64()
			for i := range yr {
				yr[i] += xr[j] / 3.5 * w[j*u+i]
			}
		}
		for i := range yr {
			yr[i] += rng.NormFloat64()
		}
	}
	dur = make([]int, trials)
	for i := range dur {
		dur[i] = rows
	}
	return x, y, dur
}

// One result, bit for bit, on one core and on several.
func TestRidgeCores(t *testing.T) {
	x, y, dur := synthetic(1, 40, 60, 30, 11)
	fit := func(procs int) *probe.Ridge {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		r, err := probe.FitRidge(x, 30, y, 11, dur, probe.RidgeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b := fit(1), fit(4)
	if !slices.Equal(a.CV, b.CV) || !slices.Equal(a.Weights, b.Weights) || !slices.Equal(a.EVTrain, b.EVTrain) {
		t.Error("scores or weights depend on the number of cores")
	}
}

// A rate constant but not zero over the training folds must not be fitted to
// its own rounding (trap 5 of spec/06 tells where that leads).
func TestRidgeConstantRate(t *testing.T) {
	x, y, dur := synthetic(2, 10, 30, 4, 3)
	for r := range len(y) / 3 {
		y[3*r] = 0.2   // always
		y[3*r+1] = 0.2 // but for one trial
		if r/30 == 3 {
			y[3*r+1] = 0.2 * float64(1+r%3)
		}
	}
	fit, err := probe.FitRidge(x, 4, y, 3, dur, probe.RidgeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range fit.CV {
		switch i % 3 {
		case 0:
			if v != 1 {
				t.Errorf("constant rate scores %g, want 1", v)
			}
		case 1:
			if v != 0 {
				t.Errorf("rate of one trial scores %g, want 0", v)
			}
		}
	}
	if fit.Chosen[0] != 0 || fit.Chosen[1] != 0 {
		t.Errorf("penalties %v, want the first for the first two units", fit.Chosen)
	}
	if fit.EVTrain[0] != 1 || math.Abs(fit.Intercepts[0]-0.2) > 1e-16 {
		t.Errorf("constant rate: EV %g, intercept %g", fit.EVTrain[0], fit.Intercepts[0])
	}
}

func TestRidgeBadInput(t *testing.T) {
	x, y, dur := synthetic(3, 6, 10, 3, 2)
	if _, err := probe.FitRidge(x[:4*30], 3, y[:4*20], 2, dur[:4], probe.RidgeOptions{}); err == nil {
		t.Error("4 trials in 5 folds accepted")
	}
	y[7] = math.NaN()
	if _, err := probe.FitRidge(x, 3, y, 2, dur, probe.RidgeOptions{}); err == nil {
		t.Error("NaN rate accepted")
	}
	y[7], x[8] = 0, math.Inf(1)
	if _, err := probe.FitRidge(x, 3, y, 2, dur, probe.RidgeOptions{}); err == nil {
		t.Error("infinite regressor accepted")
	}
}
