package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// A Line is a straight line fitted by ordinary least squares, with standard
// errors. With two points the errors are NaN: no residual is left to estimate them.
type Line struct {
	Slope, Intercept     float64
	SlopeSE, InterceptSE float64
	R2                   float64
	N                    int
}

// LeastSquares fits y = Intercept + Slope·x.
func LeastSquares(x, y []float64) (Line, error) {
	if err := paired("LeastSquares", x, y, 2); err != nil {
		return Line{}, err
	}
	if constant(x) {
		return Line{}, fmt.Errorf("stats: LeastSquares: all x are %v, so the slope is undefined", x[0])
	}
	n := float64(len(x))
	mx, my := floats.Sum(x)/n, floats.Sum(y)/n
	u, v := centred(x), centred(y)
	sxx, sxy, syy := floats.Dot(u, u), floats.Dot(u, v), floats.Dot(v, v)
	l := Line{Slope: sxy / sxx, N: len(x), R2: math.NaN(), SlopeSE: math.NaN(), InterceptSE: math.NaN()}
	l.Intercept = my - l.Slope*mx
	rss := 0.0
	for i := range u {
		d := v[i] - l.Slope*u[i]
		rss += d * d
	}
	if syy > 0 {
		l.R2 = 1 - rss/syy
	}
	if len(x) > 2 {
		s2 := rss / (n - 2)
		l.SlopeSE = math.Sqrt(s2 / sxx)
		l.InterceptSE = math.Sqrt(s2 * (1/n + mx*mx/sxx))
	}
	return l, nil
}

// SlopeInterval returns the confidence interval of the slope, level such as 0.95.
func (l Line) SlopeInterval(level float64) (lo, hi float64, err error) {
	if l.N < 3 {
		return 0, 0, fmt.Errorf("stats: an interval of the slope needs at least 3 points, not %d", l.N)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(l.N - 2)}.Quantile(0.5 + level/2)
	return l.Slope - t*l.SlopeSE, l.Slope + t*l.SlopeSE, nil
}
