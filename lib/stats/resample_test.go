package stats

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// reference holds values by SciPy 1.17.1 and statsmodels 0.15.0, written by
// testdata/reference.py on data drawn there.
type reference struct {
	X              []float64
	MeanPercentile [2]float64 `json:"mean_percentile"`
	MeanBCa        [2]float64 `json:"mean_BCa"`
	SDPercentile   [2]float64 `json:"sd_percentile"`
	SDBCa          [2]float64 `json:"sd_BCa"`
	Independent    [2]float64 `json:"permutation_independent"`
	Paired         [2]float64 `json:"permutation_paired"`
	Correlation    [2]float64 `json:"permutation_correlation"`
	G              []int
	A, B, Y        []float64
	Mixed          struct {
		Beta     []float64 `json:"beta"`
		SE       []float64 `json:"se"`
		Group    float64   `json:"group_variance"`
		Residual float64   `json:"residual_variance"`
		Loglik   float64   `json:"loglik"`
	} `json:"mixed"`
	OLS struct {
		Beta, SE, P []float64
		R2          float64
		CI          [][2]float64
	}
}

func load(t *testing.T) reference {
	t.Helper()
	raw, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %.10g, want %.10g within %g", name, got, want, tol)
	}
}

// SciPy used 200,000 resamples of its own and ours are others: a quantile at
// 2.5 % of R resamples has a standard error of about sqrt(0.025·0.975/R)/density,
// here 0.0025 for R = 20,000; four of them are allowed.
func TestBootstrapAgainstSciPy(t *testing.T) {
	r := load(t)
	mean := func(idx []int) float64 {
		s := 0.0
		for _, i := range idx {
			s += r.X[i]
		}
		return s / float64(len(idx))
	}
	sd := func(idx []int) float64 {
		m, s := mean(idx), 0.0
		for _, i := range idx {
			s += (r.X[i] - m) * (r.X[i] - m)
		}
		return math.Sqrt(s / float64(len(idx)-1))
	}
	for _, c := range []struct {
		name, method string
		stat         func([]int) float64
		want         [2]float64
	}{
		{"mean", Percentile, mean, r.MeanPercentile},
		{"mean", BCa, mean, r.MeanBCa},
		{"sd", Percentile, sd, r.SDPercentile},
		{"sd", BCa, sd, r.SDBCa},
	} {
		got, err := Bootstrap(context.Background(), len(r.X), c.stat, c.method, 0.95, 20000, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name+" "+c.method+" low", got.Lo, c.want[0], 0.01)
		near(t, c.name+" "+c.method+" high", got.Hi, c.want[1], 0.012)
	}
}

func TestBootstrapDoesNotDependOnCores(t *testing.T) {
	r := load(t)
	mean := func(idx []int) float64 {
		s := 0.0
		for _, i := range idx {
			s += r.X[i]
		}
		return s / float64(len(idx))
	}
	one := func(cores int) Interval {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		got, err := Bootstrap(context.Background(), len(r.X), mean, BCa, 0.9, 500, rand.New(rand.NewPCG(3, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if a, b := one(1), one(7); a != b {
		t.Errorf("1 core gives %+v, 7 give %+v", a, b)
	}
}

func TestBootstrapRefuses(t *testing.T) {
	ctx, rng := context.Background(), rand.New(rand.NewPCG(1, 1))
	one := func([]int) float64 { return 1 }
	nan := func([]int) float64 { return math.NaN() }
	for name, f := range map[string]func() (Interval, error){
		"one point":      func() (Interval, error) { return Bootstrap(ctx, 1, one, Percentile, 0.95, 1000, rng) },
		"unknown method": func() (Interval, error) { return Bootstrap(ctx, 5, one, "basic", 0.95, 1000, rng) },
		"level":          func() (Interval, error) { return Bootstrap(ctx, 5, one, Percentile, 1, 1000, rng) },
		"few replicates": func() (Interval, error) { return Bootstrap(ctx, 5, one, Percentile, 0.95, 10, rng) },
		"NaN statistic":  func() (Interval, error) { return Bootstrap(ctx, 5, nan, Percentile, 0.95, 1000, rng) },
		"constant BCa":   func() (Interval, error) { return Bootstrap(ctx, 5, one, BCa, 0.95, 1000, rng) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s gave %+v, want an error", name, got)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Bootstrap(gone, 5, one, Percentile, 0.95, 1000, rng); err == nil {
		t.Error("a cancelled context gave no error")
	}
}

func TestPermutationAgainstSciPy(t *testing.T) {
	r := load(t)
	x := r.X
	two, err := PermuteTwo(x[:8], x[8:16], TwoSided, 0, nil)
	if err != nil || !two.Exact {
		t.Fatalf("%+v, %v", two, err)
	}
	near(t, "independent statistic", two.Statistic, r.Independent[0], 1e-12)
	near(t, "independent p", two.P, r.Independent[1], 1e-12)
	pair, err := PermutePaired(x[:10], x[10:20], TwoSided, 0, nil)
	if err != nil || !pair.Exact {
		t.Fatalf("%+v, %v", pair, err)
	}
	near(t, "paired statistic", pair.Statistic, r.Paired[0], 1e-12)
	near(t, "paired p", pair.P, r.Paired[1], 1e-12)
	cor, err := PermuteCorrelation(x[:8], x[8:16], TwoSided, 0, nil)
	if err != nil || !cor.Exact {
		t.Fatalf("%+v, %v", cor, err)
	}
	near(t, "correlation", cor.Statistic, r.Correlation[0], 1e-12)
	near(t, "correlation p", cor.P, r.Correlation[1], 1e-12)
}

// Drawn rearrangements must agree with the closed tests where those hold: 30
// normal points, 20,000 draws, standard error of p below 0.004.
func TestDrawnPermutationsAgreeWithT(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	x, y := make([]float64, 30), make([]float64, 30)
	for i := range x {
		x[i] = rng.NormFloat64()
		y[i] = 0.5*x[i] + rng.NormFloat64() + 0.2
	}
	pt, _ := PairedT(x, y, TwoSided)
	pp, err := PermutePaired(x, y, TwoSided, 20000, rng)
	if err != nil || pp.Exact {
		t.Fatalf("%+v, %v", pp, err)
	}
	near(t, "paired p", pp.P, pt.P, 0.015)
	near(t, "paired effect", pp.Effect, pt.Effect, 1e-12)
	c, _ := Pearson(x, y)
	pc, err := PermuteCorrelation(x, y, TwoSided, 20000, rng)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "correlation p", pc.P, c.P, 0.01)
	if two, err := PermuteTwo(x, y, Less, 20000, rng); err != nil || two.P <= 0 || two.P > 1 {
		t.Errorf("two samples: %+v, %v", two, err)
	}
	if _, err := PermutePaired(x, y, TwoSided, 5, rng); err == nil {
		t.Error("5 draws gave no error")
	}
}

func design(r reference) *mat.Dense {
	x := mat.NewDense(len(r.Y), 3, nil)
	for i := range r.Y {
		x.SetRow(i, []float64{1, r.A[i], r.B[i]})
	}
	return x
}

func TestRegressAgainstStatsmodels(t *testing.T) {
	r := load(t)
	got, err := Regress(design(r), r.Y)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "R²", got.R2, r.OLS.R2, 1e-12)
	for j := range got.Beta {
		near(t, "beta", got.Beta[j], r.OLS.Beta[j], 1e-12)
		near(t, "SE", got.SE[j], r.OLS.SE[j], 1e-12)
		near(t, "p", got.P[j], r.OLS.P[j], 1e-10*r.OLS.P[j]+1e-15)
		near(t, "low", got.Lo[j], r.OLS.CI[j][0], 1e-9)
		near(t, "high", got.Hi[j], r.OLS.CI[j][1], 1e-9)
	}
}

// statsmodels stops its search at about 1e-8 of the variance ratio, which
// moves the estimates by up to 1e-6 of themselves; our likelihood may not be lower.
func TestRandomInterceptAgainstStatsmodels(t *testing.T) {
	r := load(t)
	got, err := RandomIntercept(design(r), r.Y, r.G)
	if err != nil {
		t.Fatal(err)
	}
	for j := range got.Beta {
		near(t, "beta", got.Beta[j], r.Mixed.Beta[j], 1e-6)
		near(t, "SE", got.SE[j], r.Mixed.SE[j], 1e-6)
	}
	near(t, "group variance", got.GroupVariance, r.Mixed.Group, 1e-6)
	near(t, "residual variance", got.ResidualVariance, r.Mixed.Residual, 1e-7)
	near(t, "log-likelihood", got.LogLik, r.Mixed.Loglik, 1e-9)
	if got.LogLik < r.Mixed.Loglik-1e-10 {
		t.Errorf("log-likelihood %v below statsmodels' %v", got.LogLik, r.Mixed.Loglik)
	}
}

func TestRegressionRefuses(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{1, 2, 1, 3, 1, 4, 1, 7})
	same := mat.NewDense(4, 2, []float64{1, 1, 1, 1, 1, 1, 1, 1})
	y := []float64{1, 2, 3, 5}
	for name, f := range map[string]func() (Regression, error){
		"lengths":          func() (Regression, error) { return Regress(x, y[:3]) },
		"dependent":        func() (Regression, error) { return Regress(same, y) },
		"NaN":              func() (Regression, error) { return Regress(x, []float64{1, 2, math.NaN(), 3}) },
		"two points":       func() (Regression, error) { return Regress(mat.NewDense(2, 2, []float64{1, 2, 1, 3}), y[:2]) },
		"one group":        func() (Regression, error) { return RandomIntercept(x, y, []int{1, 1, 1, 1}) },
		"no repeats":       func() (Regression, error) { return RandomIntercept(x, y, []int{1, 2, 3, 4}) },
		"group labels":     func() (Regression, error) { return RandomIntercept(x, y, []int{1, 2}) },
		"dependent, mixed": func() (Regression, error) { return RandomIntercept(same, y, []int{1, 1, 2, 2}) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s gave %+v, want an error", name, got)
		}
	}
	// Groups that do not differ have no variance between them, not a negative one.
	rng := rand.New(rand.NewPCG(2, 2))
	n := 60
	flat, ones, g := make([]float64, n), mat.NewDense(n, 1, nil), make([]int, n)
	for i := range flat {
		flat[i], g[i] = rng.NormFloat64(), i%20
		ones.Set(i, 0, 1)
	}
	m, err := RandomIntercept(ones, flat, g)
	if err != nil || m.GroupVariance < 0 {
		t.Errorf("flat groups: %+v, %v", m, err)
	}
	near(t, "mean", m.Beta[0], floats.Sum(flat)/float64(n), 0.05)
}
