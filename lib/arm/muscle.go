package arm

import "math"

// Curves are the three force curves of a Schutte muscle (Schutte et al. 1993).
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

// cosPennation returns the cosine of the pennation angle at a fibre length;
// width is the constant distance between the muscle's two sheets.
func cosPennation(width, fibre float64) float64 {
	switch r := width / fibre; {
	case fibre < epsilon || r <= 0:
		return 1
	case r >= 1:
		return math.Cos(math.Pi / 2)
	default:
		return math.Cos(math.Asin(r))
	}
}

// equilibrium returns fibre and tendon length (m) of a muscle at rest on a
// path of the given length (spec/01, 3.8): OpenSim's own iteration, which
// stops at a force difference of 0.01 N.
func (u *Muscle) equilibrium(length float64) (fibre, tendon float64) {
	const (
		tolerance = 0.01 // N
		rounds    = 100
	)
	c := u.Curves
	if c == nil || math.IsNaN(length) {
		return nan, nan
	}
	width := u.OptimalFiber * math.Sin(u.Pennation)
	slack := u.TendonSlack
	if length < slack {
		return width, length - width*cosPennation(width, width)
	}
	// slacken holds the tendon at its slack length where it would be shorter.
	slacken := func() float64 {
		cos := math.Cos(math.Atan(width / (length - slack)))
		fibre, tendon = (length-slack)/cos, slack
		return cos
	}
	fibre = u.OptimalFiber
	cos := cosPennation(width, fibre)
	tendon = length - fibre*cos
	if tendon < slack {
		cos = slacken()
		fibre = math.Max(fibre, width)
	}
	before, errorBefore := fibre, 0.0
	for round := range rounds {
		strain := tendon/slack - 1
		var pull float64
		if strain >= 0 {
			pull = u.MaxForce * c.Tendon.Value(strain)
		}
		norm := fibre / u.OptimalFiber
		force := math.Max(0, c.Passive.Value(norm))
		if u.Activation != 0 {
			force += math.Max(0, u.Activation*c.Active.Value(norm))
		}
		diff := pull - force*u.MaxForce*cos
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
			ten := math.Max(pull/slack, force*1200*u.MaxForce/(32*slack))
			fib := u.MaxForce / u.OptimalFiber * (c.Active.Value(norm) + c.Passive.Value(norm))
			step := math.Min(math.Abs(diff/(fib/cos+ten)), u.OptimalFiber/2)
			if diff > 0 {
				fibre += step
			} else {
				fibre -= step
			}
		}
		before, errorBefore = now, diff
		cos = cosPennation(width, fibre)
		tendon = length - fibre*cos
		if tendon < slack {
			cos = slacken()
		}
	}
	return fibre, tendon
}
