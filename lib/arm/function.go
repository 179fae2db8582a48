package arm

import (
	"fmt"
	"math"
)

// A Function is a function of one coordinate with its first derivative.
type Function interface {
	Value(x float64) float64
	Slope(x float64) float64 // dValue/dx
}

// Constant is the function y = c.
type Constant float64

// Value returns c.
func (c Constant) Value(float64) float64 { return float64(c) }

// Slope returns 0.
func (c Constant) Slope(float64) float64 { return 0 }

// Linear is the function y = Gain·x + Offset.
type Linear struct{ Gain, Offset float64 }

// Value returns Gain·x + Offset.
func (l Linear) Value(x float64) float64 { return l.Gain*x + l.Offset }

// Slope returns Gain.
func (l Linear) Slope(float64) float64 { return l.Gain }

// Polynomial holds coefficients, that of the highest power first, as OpenSim does.
type Polynomial []float64

// Value evaluates the polynomial by Horner's rule.
func (p Polynomial) Value(x float64) float64 {
	y := 0.0
	for _, c := range p {
		y = y*x + c
	}
	return y
}

// Slope evaluates its derivative.
func (p Polynomial) Slope(x float64) float64 {
	y, d := 0.0, 0.0
	for _, c := range p {
		d = d*x + y
		y = y*x + c
	}
	return d
}

// Multiplied is the function y = Scale·F(x).
type Multiplied struct {
	F     Function
	Scale float64
}

// Value returns Scale·F(x).
func (m Multiplied) Value(x float64) float64 { return m.Scale * m.F.Value(x) }

// Slope returns its derivative.
func (m Multiplied) Slope(x float64) float64 { return m.Scale * m.F.Slope(x) }

// PiecewiseLinear joins points (X, Y) by straight lines and continues the
// outer ones.
type PiecewiseLinear struct{ X, Y []float64 }

// NewPiecewiseLinear returns the function through the points; X must ascend.
func NewPiecewiseLinear(x, y []float64) (*PiecewiseLinear, error) {
	if err := checkKnots(x, y, 2); err != nil {
		return nil, err
	}
	return &PiecewiseLinear{X: x, Y: y}, nil
}

func (p *PiecewiseLinear) piece(x float64) int {
	return interval(p.X, x)
}

// Value returns the interpolated y.
func (p *PiecewiseLinear) Value(x float64) float64 {
	i := p.piece(x)
	return p.Y[i] + p.Slope(x)*(x-p.X[i])
}

// Slope returns the slope of the piece that holds x.
func (p *PiecewiseLinear) Slope(x float64) float64 {
	i := p.piece(x)
	return (p.Y[i+1] - p.Y[i]) / (p.X[i+1] - p.X[i])
}

// interval returns i with x[i] ≤ v < x[i+1], held within the table.
func interval(x []float64, v float64) int {
	lo, hi := 0, len(x)-1
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) / 2); v < x[mid] {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

func checkKnots(x, y []float64, least int) error {
	if len(x) != len(y) || len(x) < least {
		return fmt.Errorf("needs at least %d points and as many y as x, got %d x and %d y", least, len(x), len(y))
	}
	for i := range x {
		if !finite(x[i], y[i]) {
			return fmt.Errorf("point %d is (%v, %v): must be finite", i+1, x[i], y[i])
		}
		if i > 0 && x[i] <= x[i-1] {
			return fmt.Errorf("x must ascend: x[%d] = %v after %v", i, x[i], x[i-1])
		}
	}
	return nil
}

// Spline is SIMM's cubic spline (OpenSim's SimmSpline; spec/01, 3.8.1),
// continued by straight lines beyond its ends. The third derivative at each end is that of the cubic
// through the four outer points (Forsythe, Malcolm and Moler, 1977). It
// overshoots between knots; that is part of the reference.
type Spline struct {
	x, y    []float64
	b, c, d []float64
}

// NewSpline returns the spline through the points; x must ascend.
func NewSpline(x, y []float64) (*Spline, error) {
	if err := checkKnots(x, y, 2); err != nil {
		return nil, err
	}
	n := len(x)
	s := &Spline{
		x: append([]float64(nil), x...), y: append([]float64(nil), y...),
		b: make([]float64, n), c: make([]float64, n), d: make([]float64, n),
	}
	if n == 2 {
		t := math.Max(1e-7, x[1]-x[0])
		s.b[0] = (y[1] - y[0]) / t
		s.b[1] = s.b[0]
		return s, nil
	}
	s.solve()
	return s, nil
}

// solve sets up the tridiagonal system: b holds its diagonal, d what stands
// beside it, c the right side and then the solution.
func (s *Spline) solve() {
	x, y, b, c, d := s.x, s.y, s.b, s.c, s.d
	n := len(x)
	d[0] = math.Max(1e-7, x[1]-x[0])
	c[1] = (y[1] - y[0]) / d[0]
	for i := 1; i < n-1; i++ {
		d[i] = math.Max(1e-7, x[i+1]-x[i])
		b[i] = 2 * (d[i-1] + d[i])
		c[i+1] = (y[i+1] - y[i]) / d[i]
		c[i] = c[i+1] - c[i]
	}
	b[0], b[n-1] = -d[0], -d[n-2]
	c[0], c[n-1] = 0, 0
	if n > 3 {
		width := func(i, j int) float64 { return math.Max(1e-7, x[i]-x[j]) }
		c[0] = c[2]/width(3, 1) - c[1]/width(2, 0)
		c[n-1] = c[n-2]/width(n-1, n-3) - c[n-3]/width(n-2, n-4)
		c[0] = c[0] * d[0] * d[0] / width(3, 0)
		c[n-1] = -c[n-1] * d[n-2] * d[n-2] / width(n-1, n-4)
	}
	for i := 1; i < n; i++ {
		t := d[i-1] / b[i-1]
		b[i] -= t * d[i-1]
		c[i] -= t * c[i-1]
	}
	c[n-1] /= b[n-1]
	for i := n - 2; i >= 0; i-- {
		c[i] = (c[i] - d[i]*c[i+1]) / b[i]
	}
	b[n-1] = (y[n-1]-y[n-2])/d[n-2] + d[n-2]*(c[n-2]+2*c[n-1])
	for i := 0; i < n-1; i++ {
		b[i] = (y[i+1]-y[i])/d[i] - d[i]*(c[i+1]+2*c[i])
		d[i] = (c[i+1] - c[i]) / d[i]
		c[i] *= 3
	}
	c[n-1] *= 3
	d[n-1] = d[n-2]
}

// Value evaluates the spline.
func (s *Spline) Value(x float64) float64 {
	n := len(s.x)
	switch {
	case x < s.x[0]:
		return s.y[0] + (x-s.x[0])*s.b[0]
	case x > s.x[n-1]:
		return s.y[n-1] + (x-s.x[n-1])*s.b[n-1]
	}
	k := interval(s.x, x)
	h := x - s.x[k]
	return s.y[k] + h*(s.b[k]+h*(s.c[k]+h*s.d[k]))
}

// Slope evaluates its derivative.
func (s *Spline) Slope(x float64) float64 {
	n := len(s.x)
	switch {
	case x < s.x[0]:
		return s.b[0]
	case x > s.x[n-1]:
		return s.b[n-1]
	}
	k := interval(s.x, x)
	h := x - s.x[k]
	return s.b[k] + h*(2*s.c[k]+3*h*s.d[k])
}
