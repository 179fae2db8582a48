package osim

import (
	"cmp"
	"math"
	"path"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
)

// rawJoint is a joint before the bodies are in order.
type rawJoint struct {
	e             *element
	path          string
	parent, child int // bodies in the order of the file
	joint         arm.Joint
}

// setPath returns the path of a set of the model, by its name in the document.
func setPath(e *element, usual string) string {
	if e != nil && e.name != "" {
		return "/" + e.name
	}
	return "/" + usual
}

// skeleton reads bodies, joints and coordinates.
func (b *builder) skeleton() error {
	b.frames, b.bodies, b.coords = map[string]*place{}, map[string]int{"ground": 0}, map[string]int{}
	b.elements = []*element{b.model.child("Ground")}
	b.m.Bodies = []arm.Body{{Name: "ground"}}
	set, joints := b.model.child("BodySet"), b.model.child("JointSet")
	if set == nil {
		return b.errorf(b.model, "no BodySet")
	}
	b.bodyset = setPath(set, "bodyset")
	for _, e := range set.objects() {
		if err := b.body(e); err != nil {
			return err
		}
	}
	components := b.model.child("ComponentSet")
	err := cmp.Or(
		b.offsetFrames(b.model.child("Ground"), "/ground"),
		b.offsetFrames(b.model, "/"),
		b.offsetFramesOf(components, setPath(components, "componentset")))
	for i, e := range b.elements[1:] {
		err = cmp.Or(err, b.offsetFrames(e, path.Join(b.bodyset, b.m.Bodies[i+1].Name)))
	}
	if err != nil {
		return err
	}
	list, err := b.joints(joints)
	if err != nil {
		return err
	}
	return b.arrange(list)
}

func (b *builder) body(e *element) error {
	if e.tag != "Body" {
		return b.errorf(e, "a %s is not supported", e.tag)
	}
	if e.name == "ground" {
		b.elements[0] = e
		return nil
	}
	if e.name == "" {
		return b.errorf(e, "a body without a name")
	}
	if _, ok := b.bodies[e.name]; ok {
		return b.errorf(e, "a second body of this name")
	}
	if len(b.elements) >= maxBodies {
		return b.errorf(e, "more than %d bodies", maxBodies)
	}
	body := arm.Body{Name: e.name}
	var mass [1]float64
	if err := b.numbers(e, mass[:], "mass"); err != nil {
		return err
	}
	body.Mass = mass[0]
	if err := b.numbers(e, body.Center[:], "mass_center"); err != nil {
		return err
	}
	if err := b.numbers(e, body.Inertia[:], "inertia"); err != nil {
		return err
	}
	for i, tag := range []string{"inertia_xx", "inertia_yy", "inertia_zz", "inertia_xy", "inertia_xz", "inertia_yz"} {
		if err := b.numbers(e, body.Inertia[i:i+1], tag); err != nil {
			return err
		}
	}
	b.bodies[e.name] = len(b.m.Bodies)
	b.m.Bodies = append(b.m.Bodies, body)
	b.elements = append(b.elements, e)
	return nil
}

// joints reads the joints: of the set of version 4, or from within the bodies.
func (b *builder) joints(set *element) ([]rawJoint, error) {
	var list []rawJoint
	nested := set == nil
	for _, e := range b.elements[1:] {
		nested = nested || e.child("Joint") != nil
	}
	if nested && len(set.objects()) > 0 {
		return nil, b.errorf(set, "joints both in a set and in bodies")
	}
	if nested {
		for i, e := range b.elements {
			if i == 0 {
				continue
			}
			k := e.child("Joint")
			if k == nil || len(k.kids) != 1 {
				return nil, b.errorf(e, "the body needs one joint")
			}
			j, err := b.nestedJoint(k.kids[0], i)
			if err != nil {
				return nil, err
			}
			list = append(list, j)
		}
	} else {
		for _, e := range set.objects() {
			j, err := b.socketJoint(e, path.Join(setPath(set, "jointset"), e.name))
			if err != nil {
				return nil, err
			}
			list = append(list, j)
		}
	}
	for i := range list {
		if err := b.readJoint(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (b *builder) nestedJoint(e *element, child int) (rawJoint, error) {
	j := rawJoint{e: e, child: child}
	p := b.property(e, "parent_body")
	if p == nil {
		return j, b.errorf(e, "parent_body is missing")
	}
	parent, ok := b.bodies[p.text]
	if !ok {
		return j, b.errorf(p, "no body %.80q", p.text)
	}
	j.parent = parent
	for tag, dst := range map[string]*[3]float64{
		"location_in_parent": &j.joint.Location, "orientation_in_parent": &j.joint.Orientation,
		"location": &j.joint.ChildLocation, "orientation": &j.joint.ChildOrientation,
	} {
		if err := b.numbers(e, dst[:], tag); err != nil {
			return j, err
		}
	}
	return j, nil
}

func (b *builder) socketJoint(e *element, own string) (rawJoint, error) {
	j := rawJoint{e: e, path: own}
	if err := b.offsetFrames(e, own); err != nil {
		return j, err
	}
	for _, side := range []string{"parent", "child"} {
		socket := b.property(e, "socket_"+side+"_frame", "socket_"+side+"_frame_connectee_name")
		if socket == nil {
			return j, b.errorf(e, "socket_%s_frame is missing", side)
		}
		f, err := b.find(socket, own, socket.text)
		if err != nil {
			return j, err
		}
		if side == "parent" {
			j.parent, j.joint.Location, j.joint.Orientation = f.body, f.translation, f.rotation
		} else {
			j.child, j.joint.ChildLocation, j.joint.ChildOrientation = f.body, f.translation, f.rotation
		}
	}
	return j, nil
}

// arrange puts the bodies in an order in which parents stand before their
// children, that of the file where it is so.
func (b *builder) arrange(list []rawJoint) error {
	of := make([]int, len(b.elements)) // joint of each body, from 1
	for i, j := range list {
		switch {
		case j.child == 0:
			return b.errorf(j.e, "the ground cannot be the child of a joint")
		case of[j.child] != 0:
			return b.errorf(j.e, "body %s is already the child of joint %s: loops are not supported", b.m.Bodies[j.child].Name, list[of[j.child]-1].e.name)
		}
		of[j.child] = i + 1
	}
	order := make([]int, len(b.elements)) // place of each body, 0 not yet
	bodies, elements := b.m.Bodies[:1:1], b.elements[:1:1]
	state := make([]bool, len(b.elements))
	var visit func(i int) error
	visit = func(i int) error {
		if i == 0 || order[i] != 0 {
			return nil
		}
		if of[i] == 0 {
			return b.errorf(b.elements[i], "the body has no joint")
		}
		j := &list[of[i]-1]
		if state[i] {
			return b.errorf(j.e, "the body hangs on itself")
		}
		state[i] = true
		if err := visit(j.parent); err != nil {
			return err
		}
		body := b.m.Bodies[i]
		body.Joint = j.joint
		body.Joint.Parent = order[j.parent]
		order[i] = len(bodies)
		bodies, elements = append(bodies, body), append(elements, b.elements[i])
		return nil
	}
	for i := range b.elements {
		if err := visit(i); err != nil {
			return err
		}
	}
	b.m.Bodies, b.elements = bodies, elements
	for name, i := range b.bodies {
		b.bodies[name] = order[i]
	}
	for _, f := range b.frames {
		if f.state == 2 {
			f.body = order[f.body]
		}
	}
	return nil
}

// readMarkers reads the markers.
func (b *builder) readMarkers() error {
	set := b.model.child("MarkerSet")
	names := map[string]bool{}
	for _, e := range set.objects() {
		if e.tag != "Marker" {
			b.report.leave(e, "not a marker")
			continue
		}
		f, err := b.parentFrame(e, path.Join(setPath(set, "markerset"), e.name))
		if err != nil {
			return err
		}
		var at [3]float64
		if err := b.numbers(e, at[:], "location"); err != nil {
			return err
		}
		if names[e.name] {
			return b.errorf(e, "a second marker of this name")
		}
		names[e.name] = true
		b.m.Markers = append(b.m.Markers, arm.Marker{Name: e.name, Body: f.body, Location: f.point(at)})
	}
	return nil
}

// constraints reads the couplers; any other constraint that is in force would
// change the postures.
func (b *builder) constraints() error {
	dependent := map[int]bool{}
	for _, e := range b.model.child("ConstraintSet").objects() {
		off, err := b.flag(e, false, "isDisabled")
		if err != nil {
			return err
		}
		on, err := b.flag(e, !off, "isEnforced")
		if err != nil {
			return err
		}
		if !on {
			b.report.leave(e, "a constraint that is not in force")
			continue
		}
		if e.tag != "CoordinateCouplerConstraint" {
			return b.errorf(e, "a constraint of class %s is not supported", e.tag)
		}
		c, err := b.coupler(e)
		if err != nil {
			return err
		}
		if dependent[c.Dependent] {
			return b.errorf(e, "coordinate %s is coupled twice", b.m.Coordinates[c.Dependent].Name)
		}
		dependent[c.Dependent] = true
		b.m.Couplers = append(b.m.Couplers, c)
	}
	for _, c := range b.m.Couplers {
		if dependent[c.Independent] {
			return b.errorf(b.model.child("ConstraintSet"), "coupler %s depends on a coordinate that is coupled itself: not supported", c.Name)
		}
	}
	return nil
}

func (b *builder) coupler(e *element) (c arm.Coupler, err error) {
	c.Name = e.name
	if c.Dependent, err = b.coordinate(e, b.word(e, "dependent_coordinate_name")); err != nil {
		return c, err
	}
	names := strings.Fields(b.word(e, "independent_coordinate_names"))
	if len(names) != 1 {
		return c, b.errorf(e, "%d independent coordinates: only one is supported", len(names))
	}
	if c.Independent, err = b.coordinate(e, names[0]); err != nil {
		return c, err
	}
	if c.Function, err = b.function(e, "coupled_coordinates_function"); err != nil {
		return c, err
	}
	if c.Function == nil {
		return c, b.errorf(e, "coupled_coordinates_function is missing")
	}
	scale := [1]float64{1}
	if err := b.numbers(e, scale[:], "scale_factor"); err != nil {
		return c, err
	}
	if scale[0] != 1 {
		c.Function = arm.Multiplied{F: c.Function, Scale: scale[0]}
	}
	if c.Dependent == c.Independent || math.IsNaN(c.Function.Value(0)) {
		return c, b.errorf(e, "a coordinate cannot be coupled to itself")
	}
	return c, nil
}

// coordinate finds a coordinate by name, or by a path that ends in it.
func (b *builder) coordinate(e *element, name string) (int, error) {
	i, ok := b.coords[lastOf(strings.TrimSpace(name))]
	if !ok {
		return 0, b.errorf(e, "no coordinate %.80q", name)
	}
	return i, nil
}
