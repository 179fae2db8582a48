package osim

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
)

// framesInOrder lists the offset frames as they stand in the document.
func (b *builder) framesInOrder() []*place {
	return slices.SortedFunc(maps.Values(b.frames), func(x, y *place) int {
		return cmp.Or(cmp.Compare(x.e.line, y.e.line), cmp.Compare(x.owner, y.owner))
	})
}

// muscles reads the muscles of the set of forces, and reports its other
// members, none of which acts on lengths.
func (b *builder) muscles() error {
	used := map[*wrapEntry]bool{}
	set := b.model.child("ForceSet")
	names, slots := map[string]bool{}, 0
	for _, e := range set.objects() {
		// A muscle that leaves its numbers to its class is refused below, not
		// passed over.
		if b.property(e, "optimal_fiber_length") == nil && !strings.Contains(e.tag, "Muscle") {
			b.report.leave(e, "not a muscle")
			continue
		}
		if names[e.name] || e.name == "" {
			return b.errorf(e, "a muscle needs a name of its own")
		}
		names[e.name] = true
		u, err := b.muscle(e, path.Join(setPath(set, "forceset"), e.name), used)
		if err != nil {
			return err
		}
		// A solver keeps a memory of every wrap on every piece of its path.
		if slots += len(u.Wraps) * (len(u.Points) + 2*len(u.Wraps)); slots > maxWrapSlots {
			return b.errorf(e, "%d wraps on a path of %d points: with the muscles before, more than can be evaluated", len(u.Wraps), len(u.Points))
		}
		b.m.Muscles = append(b.m.Muscles, u)
	}
	for _, name := range slices.Sorted(maps.Keys(b.wraps)) {
		for _, w := range b.wraps[name] {
			if w.problem != "" && !used[w] {
				b.report.leave(w.e, "no muscle wraps over it: %s", w.problem)
			}
		}
	}
	return nil
}

func (b *builder) muscle(e *element, own string, used map[*wrapEntry]bool) (u arm.Muscle, err error) {
	u.Name = e.name
	force := [1]float64{0}
	if err := b.numbers(e, force[:], "max_isometric_force"); err != nil {
		return u, err
	}
	u.MaxForce = force[0]
	if u.OptimalFiber, err = b.number(e, "optimal_fiber_length"); err != nil {
		return u, err
	}
	if u.TendonSlack, err = b.number(e, "tendon_slack_length"); err != nil {
		return u, err
	}
	var more [2]float64
	if err := b.numbers(e, more[:1], "pennation_angle_at_optimal", "pennation_angle"); err != nil {
		return u, err
	}
	u.Pennation = more[0]
	if e.tag == "Schutte1993Muscle_Deprecated" || e.tag == "Schutte1993Muscle" {
		if err := b.numbers(e, more[1:], "default_activation"); err != nil {
			return u, err
		}
		u.Activation = more[1]
		if u.Curves, err = b.curves(e); err != nil {
			return u, err
		}
	}
	p := b.property(e, "GeometryPath")
	if p == nil {
		return u, b.errorf(e, "no GeometryPath: other paths are not supported")
	}
	own = path.Join(own, "geometrypath")
	for _, k := range p.child("PathPointSet").objects() {
		x, err := b.pathPoint(k, path.Join(own, "pathpointset", k.name))
		if err != nil {
			return u, err
		}
		u.Points = append(u.Points, x)
	}
	return u, b.pathWraps(p.child("PathWrapSet"), &u, used)
}

// curves reads the three curves of a Schutte muscle.
func (b *builder) curves(e *element) (*arm.Curves, error) {
	c := new(arm.Curves)
	for _, k := range []struct {
		name string
		dst  **arm.Spline
	}{
		{"tendon_force_length_curve", &c.Tendon},
		{"active_force_length_curve", &c.Active},
		{"passive_force_length_curve", &c.Passive},
	} {
		f, err := b.function(e, k.name)
		if err != nil {
			return nil, err
		}
		s, ok := f.(*arm.Spline)
		if !ok {
			return nil, b.errorf(e, "%s is missing or not a SimmSpline", k.name)
		}
		*k.dst = s
	}
	return c, nil
}

func (b *builder) pathPoint(e *element, own string) (p arm.PathPoint, err error) {
	p.Name = e.name
	f, err := b.parentFrame(e, own)
	if err != nil {
		return p, err
	}
	p.Body = f.body
	if err := b.numbers(e, p.Location[:], "location"); err != nil {
		return p, err
	}
	switch e.tag {
	case "PathPoint":
	case "ConditionalPathPoint":
		c := new(arm.Condition)
		if c.Coordinate, err = b.coordinate(e, b.word(e, "coordinate", "socket_coordinate")); err != nil {
			return p, err
		}
		r := b.property(e, "range")
		if r == nil {
			return p, b.errorf(e, "range is missing")
		}
		v, err := b.sequence(r)
		if err != nil {
			return p, err
		}
		if len(v) != 2 {
			return p, b.errorf(r, "%d numbers, expected 2", len(v))
		}
		c.Lo, c.Hi = v[0], v[1]
		p.While = c
	case "MovingPathPoint":
		if f.translation != [3]float64{} || f.rotation != [3]float64{} {
			return p, b.errorf(e, "a moving point in an offset frame is not supported")
		}
		return p, b.motion(e, &p)
	default:
		return p, b.errorf(e, "a path point of class %s is not supported", e.tag)
	}
	p.Location = f.point(p.Location)
	return p, nil
}

// motion reads how a moving point moves. A component without a coordinate
// stays at its function's value of 0, as in OpenSim.
func (b *builder) motion(e *element, p *arm.PathPoint) error {
	p.Moving = new(arm.Motion)
	for i, axis := range []string{"x", "y", "z"} {
		f, err := b.function(e, axis+"_location")
		if err != nil {
			return err
		}
		if f == nil {
			return b.errorf(e, "%s_location is missing", axis)
		}
		name := b.word(e, axis+"_coordinate", "socket_"+axis+"_coordinate")
		if name == "" {
			p.Location[i] = f.Value(0)
			continue
		}
		c, err := b.coordinate(e, name)
		if err != nil {
			return err
		}
		p.Moving[i].Coordinate, p.Moving[i].Function = c, f
	}
	return nil
}
