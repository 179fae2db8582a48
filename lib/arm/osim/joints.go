package osim

import (
	"math"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
)

// kinds are the classes of joints with OpenSim's fixed forms.
var kinds = map[string]string{
	"WeldJoint": "weld", "PinJoint": "pin", "SliderJoint": "slider", "UniversalJoint": "universal",
	"BallJoint": "ball", "GimbalJoint": "gimbal", "FreeJoint": "free", "PlanarJoint": "planar",
}

func (b *builder) readJoint(j *rawJoint) error {
	reverse, err := b.flag(j.e, false, "reverse")
	if err != nil {
		return err
	}
	if reverse {
		return b.errorf(j.e, "a reversed joint is not supported")
	}
	own, err := b.coordinates(j.e)
	if err != nil {
		return err
	}
	j.joint.Name = j.e.name
	if j.e.tag == "CustomJoint" {
		j.joint.Kind = "custom"
		return b.customJoint(j, own)
	}
	kind, ok := kinds[j.e.tag]
	if !ok {
		return b.errorf(j.e, "a joint of class %s is not supported", j.e.tag)
	}
	form, err := arm.NewJoint(kind, own...)
	if err != nil {
		return b.errorf(j.e, "%d coordinates do not fit a joint of this class", len(own))
	}
	j.joint.Kind, j.joint.Turns, j.joint.Shifts = kind, form.Turns, form.Shifts
	for _, a := range form.Shifts {
		b.m.Coordinates[a.Coordinate].Translational = true
	}
	for _, a := range form.Turns {
		b.m.Coordinates[a.Coordinate].Translational = false
	}
	return nil
}

// coordinates reads the coordinates of a joint.
func (b *builder) coordinates(e *element) (own []int, err error) {
	list := e.child("CoordinateSet", "coordinates").objects()
	for _, k := range list {
		if k.tag != "Coordinate" {
			return nil, b.errorf(k, "expected a Coordinate")
		}
		if _, ok := b.coords[k.name]; ok || k.name == "" {
			return nil, b.errorf(k, "a coordinate needs a name of its own")
		}
		if len(b.m.Coordinates) >= maxCoordinates {
			return nil, b.errorf(k, "more than %d coordinates", maxCoordinates)
		}
		c := arm.Coordinate{Name: k.name, Translational: b.word(k, "motion_type") == "translational"}
		var value [1]float64
		if err := b.numbers(k, value[:], "default_value"); err != nil {
			return nil, err
		}
		c.Default = value[0]
		if p := b.property(k, "range"); p != nil {
			v, err := b.sequence(p)
			if err != nil {
				return nil, err
			}
			if len(v) != 2 {
				return nil, b.errorf(p, "%d numbers, expected 2", len(v))
			}
			c.Range = [2]float64(v)
		} else {
			c.Range = [2]float64{math.Inf(-1), math.Inf(1)}
		}
		if c.Clamped, err = b.flag(k, false, "clamped"); err != nil {
			return nil, err
		}
		if c.Clamped && c.Range[0] > c.Range[1] {
			return nil, b.errorf(k, "clamped to an empty range %v", c.Range)
		}
		if c.Locked, err = b.flag(k, false, "locked"); err != nil {
			return nil, err
		}
		prescribed, err := b.flag(k, false, "prescribed")
		if err != nil {
			return nil, err
		}
		if prescribed {
			return nil, b.errorf(k, "a coordinate prescribed by a function of time is not supported")
		}
		b.coords[k.name] = len(b.m.Coordinates)
		own = append(own, len(b.m.Coordinates))
		b.m.Coordinates = append(b.m.Coordinates, c)
	}
	return own, nil
}

// axisNames are the axes of a SpatialTransform, in order.
var axisNames = [6]string{"rotation1", "rotation2", "rotation3", "translation1", "translation2", "translation3"}

func (b *builder) customJoint(j *rawJoint, own []int) error {
	e := b.property(j.e, "SpatialTransform")
	if e == nil {
		return b.errorf(j.e, "SpatialTransform is missing")
	}
	list := e.objects()
	if len(list) > 6 {
		return b.errorf(e, "%d axes, expected at most 6", len(list))
	}
	var axes [6]*element
	for i, k := range list {
		if k.tag != "TransformAxis" {
			return b.errorf(k, "expected a TransformAxis")
		}
		for n, name := range axisNames {
			if k.name == name {
				i = n
			}
		}
		if axes[i] != nil {
			return b.errorf(k, "a second axis of this name")
		}
		axes[i] = k
	}
	turned := map[int]bool{}
	for i, k := range axes {
		if k == nil {
			continue
		}
		a, err := b.transformAxis(k, own)
		if err != nil {
			return err
		}
		if a == nil {
			continue
		}
		if i < 3 {
			j.joint.Turns = append(j.joint.Turns, *a)
		} else {
			j.joint.Shifts = append(j.joint.Shifts, *a)
		}
		if a.Coordinate < 0 {
			continue
		}
		turned[a.Coordinate] = turned[a.Coordinate] || i < 3
		b.m.Coordinates[a.Coordinate].Translational = !turned[a.Coordinate]
	}
	return nil
}

// transformAxis reads one axis, or nil where nothing moves along it.
func (b *builder) transformAxis(e *element, own []int) (*arm.Axis, error) {
	a := arm.Axis{Coordinate: -1}
	if err := b.numbers(e, a.Direction[:], "axis"); err != nil {
		return nil, err
	}
	names := strings.Fields(b.word(e, "coordinates"))
	if len(names) > 1 {
		return nil, b.errorf(e, "a function of %d coordinates is not supported", len(names))
	}
	if len(names) == 1 {
		i, err := b.coordinate(e, names[0])
		if err != nil {
			return nil, err
		}
		mine := false
		for _, k := range own {
			mine = mine || k == i
		}
		if !mine {
			return nil, b.errorf(e, "coordinate %s is not of this joint", names[0])
		}
		a.Coordinate = i
	}
	f, err := b.function(e, "function")
	if err != nil {
		return nil, err
	}
	constant, fixed := f.(arm.Constant)
	switch {
	case fixed && constant == 0, f == nil && a.Coordinate < 0:
		return nil, nil
	case fixed:
		a.Coordinate = -1
	case a.Coordinate < 0:
		return nil, b.errorf(e, "a function without a coordinate")
	case f == arm.Linear{Gain: 1}:
		f = nil
	}
	if a.Direction == [3]float64{} {
		return nil, b.errorf(e, "the axis has no direction")
	}
	a.Function = f
	return &a, nil
}
