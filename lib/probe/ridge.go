package probe

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/stats/mt19937"
)

// Penalties returns the paper's 15 ridge penalties, 10^(−2+j/2): 0.01 to 1e5.
func Penalties() []float64 {
	a := make([]float64, 15)
	for j := range a {
		a[j] = math.Pow(10, -2+0.5*float64(j))
	}
	return a
}

// RidgeOptions says how penalties are chosen. Zero fields take the paper's values.
type RidgeOptions struct {
	Penalties []float64 // default Penalties()
	Folds     int       // default 5
	FoldSeed  uint32    // of the folds' shuffle; default 42, the seed 0 being FoldSeedZero
	// FoldOf, if not nil, gives the fold of each row's trial itself, [trial];
	// Folds and FoldSeed are then not used.
	FoldOf []int
}

// A Ridge is the fit of all units on one set of regressors.
type Ridge struct {
	Features, Units int
	Penalties       []float64 // the grid, [penalty]
	Folds           int
	FoldOf          []int     // fold that holds each training trial out, [trial]
	Scaler          *Scaler   // of the training rows
	CV              []float64 // EV on the held-out fold, [fold][penalty][unit]
	Chosen          []int     // index into Penalties, [unit]
	Margin          []float64 // mean CV of the chosen penalty less that of the second best, [unit]
	Weights         []float64 // of the standardised regressors, [unit][feature]
	Intercepts      []float64 // [unit]
	EVTrain         []float64 // EV on the training rows, [unit]
}

// Penalty returns the penalty chosen for a unit.
func (r *Ridge) Penalty(unit int) float64 { return r.Penalties[r.Chosen[unit]] }

// FitRidge regresses the rates y [row][unit] on x [row][feature]; rows gives the
// number of rows of each training trial, in the order in which they are
// stacked. Regressors are standardised over all rows. For every fold and
// penalty the ridge with intercept, ‖y−b−Xw‖² + α‖w‖² over the other folds, is
// scored by EV on the fold; each unit takes the first penalty with the largest
// mean over folds, and is fitted again on all rows.
//
// Everything is computed from the second moments of each fold: those of the
// other folds by subtraction from the total, all penalties and units from one
// eigendecomposition per fold. A unit that does not vary over the training
// folds has weights of exactly zero, so a silent unit scores exactly 1 by the
// definition of EV, and one that fires in a single trial exactly 0, for every
// penalty: both take the first.
//
// Fewer trials than folds and values that are not finite are errors.
func FitRidge(x []float64, features int, y []float64, units int, rows []int, opt RidgeOptions) (*Ridge, error) {
	n := 0
	for i, r := range rows {
		if r <= 0 {
			return nil, fmt.Errorf("probe: training trial %d has %d rows: at least one expected", i, r)
		}
		n += r
	}
	if features <= 0 || units <= 0 || len(x) != n*features || len(y) != n*units {
		panic(fmt.Sprintf("probe: ridge of %d values of %d features and %d of %d units in %d rows", len(x), features, len(y), units, n))
	}
	r := &Ridge{Features: features, Units: units, Penalties: opt.Penalties, Folds: opt.Folds}
	if r.Penalties == nil {
		r.Penalties = Penalties()
	}
	for _, a := range r.Penalties {
		if !(a > 0) || math.IsInf(a, 0) {
			panic(fmt.Sprintf("probe: penalty %v: positive and finite expected", a))
		}
	}
	if err := r.assign(len(rows), opt); err != nil {
		return nil, err
	}
	var err error
	if r.Scaler, err = FitScaler(x, features); err != nil {
		return nil, err
	}
	base, err := least(y, units)
	if err != nil {
		return nil, err
	}
	fold := foldMoments(x, y, base, rows, r)
	total := newMoments(features, units)
	for f := range fold {
		total.add(&fold[f])
	}
	r.CV = make([]float64, r.Folds*len(r.Penalties)*units)
	errs := make([]error, r.Folds+1)
	var all *spectrum
	forEach(r.Folds+1, func(_, f int) {
		if f == 0 { // the refit's, with the folds: as large as any
			all, errs[f] = newSpectrum(fold, total, -1)
			return
		}
		var s *spectrum
		if s, errs[f] = newSpectrum(fold, total, f-1); errs[f] == nil {
			s.score(&fold[f-1], r.Penalties, r.CV[(f-1)*len(r.Penalties)*units:])
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	r.choose()
	r.refit(all, total, base)
	return r, nil
}

// defaultSeed is the seed of the published folds.
const defaultSeed = 42

func (r *Ridge) assign(trials int, opt RidgeOptions) error {
	if opt.FoldOf != nil {
		if len(opt.FoldOf) != trials {
			panic(fmt.Sprintf("probe: folds of %d trials for %d", len(opt.FoldOf), trials))
		}
		r.FoldOf, r.Folds = opt.FoldOf, 0
		for _, f := range opt.FoldOf {
			if f < 0 {
				panic(fmt.Sprintf("probe: fold %d", f))
			}
			r.Folds = max(r.Folds, f+1)
		}
		used := make([]bool, r.Folds)
		for _, f := range opt.FoldOf {
			used[f] = true
		}
		for f, ok := range used {
			if !ok || r.Folds < 2 {
				return fmt.Errorf("probe: fold %d of %d holds no trial or all: two folds or more, each with a trial, expected", f, r.Folds)
			}
		}
		return nil
	}
	if r.Folds == 0 {
		r.Folds = 5
	}
	if trials < r.Folds {
		return fmt.Errorf("probe: %d training trials for %d folds of cross-validation: at least %d, one to each fold, expected", trials, r.Folds, r.Folds)
	}
	seed := opt.FoldSeed
	if seed == 0 {
		seed = defaultSeed
	}
	r.FoldOf = mt19937.KFold(trials, r.Folds, seed)
	return nil
}

// choose takes for each unit the first penalty with the largest mean score.
func (r *Ridge) choose() {
	u, q := r.Units, len(r.Penalties)
	r.Chosen, r.Margin = make([]int, u), make([]float64, u)
	for i := range u {
		best, second := math.Inf(-1), math.Inf(-1)
		for j := range q {
			var s float64
			for f := range r.Folds {
				s += r.CV[(f*q+j)*u+i]
			}
			switch s /= float64(r.Folds); {
			case s > best:
				best, second, r.Chosen[i] = s, best, j
			case s > second:
				second = s
			}
		}
		if r.Margin[i] = best - second; q == 1 {
			r.Margin[i] = 0
		}
	}
}

func (r *Ridge) refit(s *spectrum, total *moments, base []float64) {
	k, u := r.Features, r.Units
	r.Weights, r.Intercepts, r.EVTrain = make([]float64, u*k), make([]float64, u), make([]float64, u)
	d := make([]float64, k*u)
	for i := range u {
		a := r.Penalty(i)
		for j := range k {
			d[j*u+i] = s.rot[j*u+i] / (max(s.values[j], 0) + a)
		}
	}
	gemm(trans, trans, u, k, k, 1, d, u, s.vectors, k, 0, r.Weights, k)
	for i := range u {
		b := base[i] + total.sy[i]/total.n
		for j, v := range r.Weights[i*k : (i+1)*k] {
			b -= v * total.sx[j] / total.n
		}
		r.Intercepts[i] = b
		// Var(y−ŷ) over the training rows, in the eigenvectors' basis.
		var dd, cd float64
		for j := range k {
			v := d[j*u+i]
			dd += v * v * max(s.values[j], 0)
			cd += v * s.rot[j*u+i]
		}
		r.EVTrain[i] = momentEV(total, i, dd, cd, s.still[i])
	}
}

// momentEV is EV of unit i over the rows of m where the weights give the
// prediction the centred sum of squares dd and the product cd with y. A unit
// without weights predicts a constant.
func momentEV(m *moments, i int, dd, cd float64, still bool) float64 {
	if m.constant[i] {
		return evOfConstant(true, still || dd <= 0)
	}
	if still {
		return 0
	}
	yy := m.yy[i] - m.sy[i]*m.sy[i]/m.n
	if yy <= 0 {
		return evOfConstant(true, dd <= 0)
	}
	return 1 - max(yy-2*cd+dd, 0)/yy
}

// Predict returns the fit's rates for x [row][feature], [row][unit].
func (r *Ridge) Predict(x []float64) []float64 {
	k, u := r.Features, r.Units
	if len(x)%k != 0 {
		panic(fmt.Sprintf("probe: %d values are not rows of %d features", len(x), k))
	}
	n := len(x) / k
	out := make([]float64, n*u)
	const part = 1024
	bufs := make([][]float64, workers())
	forEach((n+part-1)/part, func(w, c int) {
		lo, hi := c*part, min((c+1)*part, n)
		bufs[w] = grow(bufs[w], (hi-lo)*k)
		r.Scaler.Transform(bufs[w], x[lo*k:hi*k])
		p := out[lo*u : hi*u]
		for i := range p {
			p[i] = r.Intercepts[i%u]
		}
		gemm(no, trans, hi-lo, u, k, 1, bufs[w], k, r.Weights, k, 1, p, u)
	})
	return out
}
