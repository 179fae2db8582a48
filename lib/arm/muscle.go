package arm

import "math"

// Curves are the three force curves of a Schutte muscle (Schutte et al. 1993;
// knots in spec/01, 3.8).
type Curves struct {
	Tendon  *Spline // tendon force / maximal force against strain
	Active  *Spline // active fibre force / maximal force against length / optimal length
	Passive *Spline // passive fibre force / maximal force against length / optimal length
}

// SchutteCurves returns the curves that all muscles of the six models share.
func SchutteCurves() *Curves {
	spline := func(x, y []float64) *Spline {
		s, err := NewSpline(x, y)
		if err != nil {
			panic("arm: " + err.Error())
		}
		return s
	}
	return &Curves{
		Tendon: spline(
			[]float64{-10, -0.002, -0.001, 0, 0.00131, 0.00281, 0.00431, 0.00581, 0.00731, 0.00881, 0.0103, 0.0118, 0.0123, 9.2, 9.201, 9.202, 20},
			[]float64{0, 0, 0, 0, 0.0108, 0.0257, 0.0435, 0.0652, 0.0915, 0.123, 0.161, 0.208, 0.227, 345, 345, 345, 345}),
		Active: spline(
			[]float64{-35, 0, 0.401, 0.402, 0.4035, 0.52725, 0.62875, 0.71875, 0.86125, 1.045, 1.2175, 1.43875, 1.61875, 1.62, 1.621, 2.2, 35},
			[]float64{0, 0, 0, 0, 0, 0.226667, 0.636667, 0.856667, 0.95, 0.993333, 0.77, 0.246667, 0, 0, 0, 0, 0}),
		Passive: spline(
			[]float64{-35, 0.998, 0.999, 1.15, 1.25, 1.35, 1.45, 1.55, 1.65, 1.75, 1.7501, 1.7502, 35},
			[]float64{0, 0, 0, 0, 0.035, 0.12, 0.26, 0.55, 1.17, 2, 2, 2, 2}),
	}
}

// belly is what the equilibrium of a muscle needs, prepared once.
type belly struct {
	curves                *Curves
	force, optimal, slack float64
	activation            float64
	width                 float64 // constant distance between the muscle's two sheets, m
	length, fibre, tendon float64 // the last answer
}

func newBelly(u *Muscle) belly {
	return belly{
		curves: u.Curves, force: u.MaxForce, optimal: u.OptimalFiber, slack: u.TendonSlack,
		activation: u.Activation, width: u.OptimalFiber * math.Sin(u.Pennation), length: nan,
	}
}

// cosPennation returns the cosine of the pennation angle at a fibre length:
// sin α = optimal·sin α0 / fibre (3.8).
func (b *belly) cosPennation(fibre float64) float64 {
	r := b.width / fibre
	switch {
	case fibre < epsilon || r <= 0:
		return 1
	case r >= 1:
		return math.Cos(math.Pi / 2)
	}
	return math.Sqrt(1 - r*r)
}

// equilibrium returns fibre and tendon length (m) of a muscle at rest on a
// path of the given length (spec/01, 3.8): OpenSim's own iteration, which
// stops at a force difference of 0.01 N. It depends on the length alone.
func (b *belly) equilibrium(length float64) (fibre, tendon float64) {
	if length != b.length {
		b.length = length
		b.fibre, b.tendon = b.balance(length)
	}
	return b.fibre, b.tendon
}

func (b *belly) balance(length float64) (fibre, tendon float64) {
	const (
		tolerance = 0.01 // N
		rounds    = 100
	)
	c := b.curves
	if c == nil || math.IsNaN(length) {
		return nan, nan
	}
	// Step 1 of 3.8.
	if length < b.slack {
		return b.width, length - b.width*b.cosPennation(b.width)
	}
	// Step 2.
	fibre = b.optimal
	cos := b.cosPennation(fibre)
	tendon = length - fibre*cos
	if tendon < b.slack {
		fibre, tendon, cos = b.slacken(length)
		fibre = math.Max(fibre, b.width)
	}
	// Step 3.
	before, errorBefore := fibre, 0.0
	for round := range rounds {
		strain := tendon/b.slack - 1
		var pull float64
		if strain >= 0 {
			pull = b.force * c.Tendon.Value(strain)
		}
		norm := fibre / b.optimal
		passive := c.Passive.Value(norm)
		force := math.Max(0, passive)
		if b.activation != 0 {
			force += math.Max(0, b.activation*c.Active.Value(norm))
		}
		diff := pull - force*b.force*cos
		if math.Abs(diff) <= tolerance {
			break
		}
		if round == 0 {
			errorBefore = diff
		}
		now := fibre
		if (diff >= 0) != (errorBefore >= 0) {
			p := math.Abs(diff) / (math.Abs(diff) + math.Abs(errorBefore))
			fibre += p * (before - fibre)
		} else {
			// The tendon's stiffness is taken from its force, not its slope.
			ten := math.Max(pull/b.slack, force*1200*b.force/(32*b.slack))
			fib := b.force / b.optimal * (c.Active.Value(norm) + passive)
			step := math.Min(math.Abs(diff/(fib/cos+ten)), b.optimal/2)
			if diff > 0 {
				fibre += step
			} else {
				fibre -= step
			}
		}
		before, errorBefore = now, diff
		cos = b.cosPennation(fibre)
		tendon = length - fibre*cos
		if tendon < b.slack {
			fibre, tendon, cos = b.slacken(length)
		}
	}
	return fibre, tendon
}

// slacken holds the tendon at its slack length where it would be shorter.
func (b *belly) slacken(length float64) (fibre, tendon, cos float64) {
	along := length - b.slack
	if along == 0 {
		return b.width, b.slack, math.Cos(math.Pi / 2)
	}
	fibre = math.Sqrt(along*along + b.width*b.width)
	return fibre, b.slack, along / fibre
}
