package arm

import "fmt"

// jointAxes lists, for OpenSim's joints of fixed form, the axes of their turns
// and shifts in the order of their coordinates: x, y, z turn, X, Y, Z shift.
var jointAxes = map[string]string{
	"weld":      "",
	"pin":       "z",
	"slider":    "X",
	"universal": "xy",
	"ball":      "xyz",
	"gimbal":    "xyz",
	"free":      "xyzXYZ",
	"planar":    "zXY",
}

// NewJoint returns a joint of one of OpenSim's fixed forms (weld, pin, slider,
// universal, ball, gimbal, free, planar) with its coordinates, as indices into
// Model.Coordinates; a ball's angles are body-fixed x-y-z. Parent and offsets
// are left to the caller.
func NewJoint(kind string, coordinates ...int) (Joint, error) {
	axes, ok := jointAxes[kind]
	if !ok {
		return Joint{}, fmt.Errorf("arm: no joint kind %q of fixed form", kind)
	}
	if len(axes) != len(coordinates) {
		return Joint{}, fmt.Errorf("arm: a %s joint has %d coordinates, got %d", kind, len(axes), len(coordinates))
	}
	j := Joint{Kind: kind}
	for i, c := range axes {
		a := Axis{Coordinate: coordinates[i]}
		if c >= 'x' {
			a.Direction[c-'x'] = 1
			j.Turns = append(j.Turns, a)
		} else {
			a.Direction[c-'X'] = 1
			j.Shifts = append(j.Shifts, a)
		}
	}
	return j, nil
}
