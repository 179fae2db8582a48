package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// A Regression is a fitted linear model, one entry per column of its design.
type Regression struct {
	Beta, SE []float64
	P        []float64 // two-sided, of Beta against 0
	Lo, Hi   []float64 // 95 % confidence interval
	R2       float64   // of the centred response; NaN in a mixed model
	DF       float64   // residual degrees of freedom; infinite where P is normal
	// GroupVariance and ResidualVariance are those of a mixed model; the share
	// of the first is the intraclass correlation.
	GroupVariance, ResidualVariance float64
	LogLik                          float64 // restricted, of a mixed model
}

func checkDesign(x *mat.Dense, y []float64) (n, k int, err error) {
	n, k = x.Dims()
	if len(y) != n {
		return n, k, fmt.Errorf("stats: regression of %d values on a design of %d rows", len(y), n)
	}
	if n <= k {
		return n, k, fmt.Errorf("stats: regression with %d columns needs more than %d points", k, n)
	}
	for i := 0; i < n; i++ {
		for j := 0; j < k; j++ {
			if bad(x.At(i, j)) {
				return n, k, fmt.Errorf("stats: regression: row %d, column %d of the design is %v", i, j, x.At(i, j))
			}
		}
		if bad(y[i]) {
			return n, k, fmt.Errorf("stats: regression: value %d is %v", i, y[i])
		}
	}
	return n, k, nil
}

// Regress fits y on the columns of x, shape [point][column], by ordinary least
// squares. Put a column of ones in x for an intercept.
func Regress(x *mat.Dense, y []float64) (Regression, error) {
	n, k, err := checkDesign(x, y)
	if err != nil {
		return Regression{}, err
	}
	var qr mat.QR
	qr.Factorize(x)
	if cond := qr.Cond(); cond > 1e13 {
		return Regression{}, fmt.Errorf("stats: regression: columns of the design depend on each other (condition number %.1g)", cond)
	}
	var beta mat.VecDense
	if err := qr.SolveVecTo(&beta, false, mat.NewVecDense(n, y)); err != nil {
		return Regression{}, fmt.Errorf("stats: regression: %w", err)
	}
	var r mat.Dense
	qr.RTo(&r)
	var inv mat.Dense
	if err := inv.Inverse(r.Slice(0, k, 0, k)); err != nil {
		return Regression{}, fmt.Errorf("stats: regression: %w", err)
	}
	var fitted mat.VecDense
	fitted.MulVec(x, &beta)
	mean := 0.0
	for _, v := range y {
		mean += v / float64(n)
	}
	var rss, tss float64
	for i, v := range y {
		rss += (v - fitted.AtVec(i)) * (v - fitted.AtVec(i))
		tss += (v - mean) * (v - mean)
	}
	out := Regression{DF: float64(n - k), R2: math.NaN(), ResidualVariance: rss / float64(n-k)}
	if tss > 0 {
		out.R2 = 1 - rss/tss
	}
	t := distuv.StudentsT{Sigma: 1, Nu: out.DF}.Quantile(0.975)
	for j := 0; j < k; j++ {
		v := 0.0
		for c := 0; c < k; c++ {
			v += inv.At(j, c) * inv.At(j, c)
		}
		b, se := beta.AtVec(j), math.Sqrt(v*out.ResidualVariance)
		p := 1.0
		if se > 0 {
			p = tailT(b/se, out.DF, TwoSided)
		} else if b != 0 {
			p = 0
		}
		out.add(b, se, p, t)
	}
	return out, nil
}

func (r *Regression) add(b, se, p, t float64) {
	r.Beta, r.SE, r.P = append(r.Beta, b), append(r.SE, se), append(r.P, p)
	r.Lo, r.Hi = append(r.Lo, b-t*se), append(r.Hi, b+t*se)
}

// RandomIntercept fits y on the columns of x with an intercept of its own for
// each group (an animal, a session) drawn from a normal distribution, by
// restricted maximum likelihood. p values are those of the normal distribution.
func RandomIntercept(x *mat.Dense, y []float64, group []int) (Regression, error) {
	n, k, err := checkDesign(x, y)
	if err != nil {
		return Regression{}, err
	}
	if len(group) != n {
		return Regression{}, fmt.Errorf("stats: mixed model of %d values with %d group labels", n, len(group))
	}
	members := map[int][]int{}
	var order []int
	for i, g := range group {
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], i)
	}
	if len(order) < 2 || len(order) == n {
		return Regression{}, fmt.Errorf("stats: mixed model: %d groups of %d values; want at least 2 groups, with repeats", len(order), n)
	}
	m := mixed{x: x, y: y, n: n, k: k}
	for _, g := range order {
		m.groups = append(m.groups, members[g])
	}
	// One parameter is left after profiling: the ratio of variances, on a
	// logarithmic scale so that it stays positive.
	f := func(lambda []float64) float64 {
		fit, err := m.at(math.Exp(lambda[0]))
		if err != nil {
			return math.Inf(1)
		}
		return -fit.LogLik
	}
	best, bestAt := math.Inf(1), 0.0
	for l := -12.0; l <= 8; l++ {
		if v := f([]float64{l}); v < best {
			best, bestAt = v, l
		}
	}
	if math.IsInf(best, 1) {
		_, err := m.at(1)
		return Regression{}, err
	}
	res, err := optimize.Minimize(optimize.Problem{Func: f}, []float64{bestAt},
		&optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-14, Iterations: 40}}, &optimize.NelderMead{SimplexSize: 0.5})
	if err != nil {
		return Regression{}, fmt.Errorf("stats: mixed model: %w", err)
	}
	fit, err := m.at(math.Exp(res.X[0]))
	if err != nil {
		return Regression{}, err
	}
	// A variance of the groups of 0 is on the border of the scale.
	if zero, err := m.at(0); err == nil && zero.LogLik >= fit.LogLik {
		return zero, nil
	}
	return fit, nil
}

type mixed struct {
	x      *mat.Dense
	y      []float64
	n, k   int
	groups [][]int
}

// at fits the model for a ratio of group to residual variance. The inverse of
// each group's covariance 1 + ratio·J is 1 − ratio/(1 + ratio·size)·J.
func (m *mixed) at(ratio float64) (Regression, error) {
	k := m.k
	xtx, xty := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	yty, logdet := 0.0, 0.0
	sx := make([]float64, k)
	for _, g := range m.groups {
		w := ratio / (1 + ratio*float64(len(g)))
		logdet += math.Log1p(ratio * float64(len(g)))
		sy := 0.0
		clear(sx)
		for _, i := range g {
			for a := 0; a < k; a++ {
				for b := a; b < k; b++ {
					xtx.SetSym(a, b, xtx.At(a, b)+m.x.At(i, a)*m.x.At(i, b))
				}
				xty.SetVec(a, xty.AtVec(a)+m.x.At(i, a)*m.y[i])
				sx[a] += m.x.At(i, a)
			}
			yty += m.y[i] * m.y[i]
			sy += m.y[i]
		}
		for a := 0; a < k; a++ {
			for b := a; b < k; b++ {
				xtx.SetSym(a, b, xtx.At(a, b)-w*sx[a]*sx[b])
			}
			xty.SetVec(a, xty.AtVec(a)-w*sx[a]*sy)
		}
		yty -= w * sy * sy
	}
	var chol mat.Cholesky
	if !chol.Factorize(xtx) || chol.Cond() > 1e14 {
		return Regression{}, fmt.Errorf("stats: mixed model: columns of the design depend on each other")
	}
	var beta mat.VecDense
	if err := chol.SolveVecTo(&beta, xty); err != nil {
		return Regression{}, fmt.Errorf("stats: mixed model: %w", err)
	}
	df := float64(m.n - k)
	s2 := (yty - mat.Dot(&beta, xty)) / df
	if s2 <= 0 {
		return Regression{}, fmt.Errorf("stats: mixed model: the design explains every value, nothing is left for the variances")
	}
	out := Regression{
		DF: math.Inf(1), R2: math.NaN(), GroupVariance: ratio * s2, ResidualVariance: s2,
		LogLik: -(df*math.Log(2*math.Pi*s2) + df + logdet + chol.LogDet()) / 2,
	}
	var inv mat.SymDense
	if err := chol.InverseTo(&inv); err != nil {
		return Regression{}, fmt.Errorf("stats: mixed model: %w", err)
	}
	z := distuv.UnitNormal.Quantile(0.975)
	for j := 0; j < k; j++ {
		b, se := beta.AtVec(j), math.Sqrt(s2*inv.At(j, j))
		out.add(b, se, 2*normalSF(math.Abs(b/se)), z)
	}
	return out, nil
}
