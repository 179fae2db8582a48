package osim

import (
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
)

// functions lists the classes of functions that are read.
var functions = map[string]func(*doc, *element) (arm.Function, error){}

func init() {
	spline := func(d *doc, e *element) (arm.Function, error) {
		s, err := d.spline(e)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	functions["Constant"] = (*doc).constant
	functions["LinearFunction"] = (*doc).linear
	functions["PolynomialFunction"] = (*doc).polynomial
	functions["MultiplierFunction"] = (*doc).multiplied
	functions["PiecewiseLinearFunction"] = (*doc).piecewise
	// The older names are of the same spline.
	for _, tag := range []string{"SimmSpline", "NaturalCubicSpline", "natCubicSpline"} {
		functions[tag] = spline
	}
}

// function reads the function of a property: the property itself, named so, as
// documents of version 4 have it, or the element within it.
func (d *doc) function(e *element, property string) (arm.Function, error) {
	for _, k := range e.kids {
		if k.name == property && k.tag != property {
			return d.readFunction(k)
		}
	}
	p := d.property(e, property)
	if p == nil {
		return nil, nil
	}
	if len(p.kids) == 0 && p.text == "" {
		return nil, nil
	}
	if len(p.kids) != 1 {
		return nil, d.errorf(p, "expected one function")
	}
	return d.readFunction(p.kids[0])
}

func (d *doc) readFunction(e *element) (arm.Function, error) {
	read, ok := functions[e.tag]
	if !ok {
		return nil, d.errorf(e, "a function of class %s is not supported", e.tag)
	}
	return read(d, e)
}

func (d *doc) constant(e *element) (arm.Function, error) {
	var v [1]float64
	err := d.numbers(e, v[:], "value")
	return arm.Constant(v[0]), err
}

func (d *doc) linear(e *element) (arm.Function, error) {
	v := [2]float64{1, 0}
	err := d.numbers(e, v[:], "coefficients")
	return arm.Linear{Gain: v[0], Offset: v[1]}, err
}

func (d *doc) polynomial(e *element) (arm.Function, error) {
	p := d.property(e, "coefficients")
	if p == nil {
		return nil, d.errorf(e, "coefficients are missing")
	}
	v, err := d.finite(p)
	if err != nil {
		return nil, err
	}
	if len(v) == 0 || len(v) > 1000 {
		return nil, d.errorf(p, "%d coefficients, expected 1 to 1000", len(v))
	}
	return arm.Polynomial(v), nil
}

func (d *doc) multiplied(e *element) (arm.Function, error) {
	f, err := d.function(e, "function")
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, d.errorf(e, "function is missing")
	}
	v := [1]float64{1}
	if err := d.numbers(e, v[:], "scale"); err != nil {
		return nil, err
	}
	if c, ok := f.(arm.Constant); ok {
		c *= arm.Constant(v[0])
		if math.IsInf(float64(c), 0) {
			return nil, d.errorf(e, "scale times value is not finite")
		}
		return c, nil
	}
	return arm.Multiplied{F: f, Scale: v[0]}, nil
}

func (d *doc) piecewise(e *element) (arm.Function, error) {
	x, y, err := d.points(e)
	if err != nil {
		return nil, err
	}
	f, err := arm.NewPiecewiseLinear(x, y)
	if err != nil {
		return nil, d.errorf(e, "%v", err)
	}
	return f, nil
}

func (d *doc) spline(e *element) (*arm.Spline, error) {
	x, y, err := d.points(e)
	if err != nil {
		return nil, err
	}
	s, err := arm.NewSpline(x, y)
	if err != nil {
		return nil, d.errorf(e, "%v", err)
	}
	return s, nil
}

func (d *doc) points(e *element) (x, y []float64, err error) {
	px, py := d.property(e, "x"), d.property(e, "y")
	if px == nil || py == nil {
		return nil, nil, d.errorf(e, "x and y are needed")
	}
	if x, err = d.finite(px); err != nil {
		return nil, nil, err
	}
	y, err = d.finite(py)
	return x, y, err
}

func (d *doc) finite(p *element) ([]float64, error) {
	v, err := d.sequence(p)
	for _, a := range v {
		if math.IsInf(a, 0) {
			return nil, d.errorf(p, "%v is not finite", a)
		}
	}
	return v, err
}
