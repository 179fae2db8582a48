package osim

import (
	"fmt"
	"path"

	"github.com/spindle-lab/spindle/lib/arm"
)

// wrapEntry is a wrap object of the document.
type wrapEntry struct {
	index   int // into Model.Wraps, or -1
	e       *element
	path    string
	problem string // why it cannot be wrapped over
	active  bool
}

// readWraps reads the wrap objects of the bodies and of the frames on them.
// One that cannot be wrapped over matters only if a path names it.
func (b *builder) readWraps() error {
	b.wraps = map[string][]*wrapEntry{}
	for i, e := range b.elements {
		at := "/ground"
		if i > 0 {
			at = path.Join(b.bodyset, b.m.Bodies[i].Name)
		}
		if err := b.wrapSet(e, at, &place{body: i, state: 2}); err != nil {
			return err
		}
	}
	// In the order of the document, so that indices do not depend on chance.
	for _, f := range b.framesInOrder() {
		if f.e.child("WrapObjectSet") == nil {
			continue
		}
		if err := b.resolve(f); err != nil {
			return err
		}
		if err := b.wrapSet(f.e, f.owner, f); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) wrapSet(e *element, at string, f *place) error {
	set := e.child("WrapObjectSet")
	for _, k := range set.objects() {
		w, problem, err := b.wrapObject(k, f)
		if err != nil {
			return err
		}
		entry := &wrapEntry{index: -1, e: k, problem: problem, active: !w.Inactive, path: path.Join(at, setPath(set, "wrapobjectset"), k.name)}
		if problem == "" {
			entry.index = len(b.m.Wraps)
			b.m.Wraps = append(b.m.Wraps, w)
		}
		b.wraps[k.name] = append(b.wraps[k.name], entry)
	}
	return nil
}

func (b *builder) wrapObject(e *element, f *place) (w arm.WrapObject, problem string, err error) {
	w.Name, w.Body = e.name, f.body
	var t, r [3]float64
	if err = b.numbers(e, t[:], "translation"); err != nil {
		return w, "", err
	}
	if err = b.numbers(e, r[:], "xyz_body_rotation"); err != nil {
		return w, "", err
	}
	w.Translation, w.Rotation = f.within(t, r)
	active, err := b.flag(e, true, "active")
	if err != nil {
		return w, "", err
	}
	w.Inactive = !active
	quadrant := b.word(e, "quadrant")
	if quadrant == "Unassigned" {
		quadrant = ""
	}
	var ok bool
	if w.Side, w.Axis, ok = arm.ParseQuadrant(quadrant); !ok {
		return w, "", b.errorf(e, "quadrant %.40q: expected all, or x, y or z with or without a sign", quadrant)
	}
	var sizes [3]float64
	read := func(tags ...string) []float64 {
		for i, tag := range tags {
			if err == nil {
				sizes[i], err = b.number(e, tag)
			}
		}
		return sizes[:len(tags)]
	}
	var need []float64
	switch e.tag {
	case "WrapCylinder":
		w.Kind = arm.Cylinder
		need = read("radius", "length")
		w.Radius, w.Length = sizes[0], sizes[1]
	case "WrapTorus":
		w.Kind = arm.Torus
		need = read("inner_radius", "outer_radius")
		w.Inner, w.Outer = sizes[0], sizes[1]
		if w.Side != 0 {
			problem = "a torus of which only a half is active is not supported"
		}
	case "WrapEllipsoid":
		w.Kind = arm.Ellipsoid
		err = b.numbers(e, sizes[:], "dimensions", "radii")
		w.Radii, need = sizes, sizes[:]
		if w.Side != 0 {
			problem = "an ellipsoid of which only a half is active is not supported"
		}
	case "WrapSphere":
		problem = "a sphere is not supported"
	default:
		problem = fmt.Sprintf("a wrap object of class %s is not supported", e.tag)
	}
	for _, s := range need {
		if err == nil && !(s > 0) {
			problem = fmt.Sprintf("size %v: every size must be positive", need)
		}
	}
	return w, problem, err
}

// pathWraps reads the wrap objects of a path.
func (b *builder) pathWraps(set *element, u *arm.Muscle, used map[*wrapEntry]bool) error {
	for _, e := range set.objects() {
		if e.tag != "PathWrap" {
			return b.errorf(e, "expected a PathWrap")
		}
		entry, err := b.wrapNamed(e)
		if err != nil {
			return err
		}
		used[entry] = true
		if entry.problem != "" {
			if entry.active {
				return b.errorf(entry.e, "muscle %s wraps over it: %s", u.Name, entry.problem)
			}
			b.report.leave(e, "wraps over an object that is switched off")
			continue
		}
		w := arm.PathWrap{Object: entry.index, First: -1, Last: -1}
		method := b.word(e, "method")
		var ok bool
		if w.Method, ok = arm.ParseMethod(method); !ok {
			return b.errorf(e, "method %.40q: expected hybrid, midpoint or axial", method)
		}
		span := [2]float64{-1, -1}
		if err := b.numbers(e, span[:], "range"); err != nil {
			return err
		}
		for i, dst := range []*int{&w.First, &w.Last} {
			n := int(span[i])
			if float64(n) != span[i] || n > len(u.Points) || n < -1 {
				return b.errorf(e, "range %v: expected numbers of path points, 1 to %d, or -1", span, len(u.Points))
			}
			*dst = n
		}
		if w.First > 0 && w.Last > 0 && w.First > w.Last {
			return b.errorf(e, "range %v ends before it starts", span)
		}
		u.Wraps = append(u.Wraps, w)
	}
	return nil
}

// wrapNamed finds the object of a PathWrap by its name or path.
func (b *builder) wrapNamed(e *element) (*wrapEntry, error) {
	name := b.word(e, "wrap_object", "socket_wrap_object")
	entries := b.wraps[lastOf(name)]
	if len(entries) > 1 {
		for _, w := range entries {
			if w.path == name {
				return w, nil
			}
		}
		return nil, b.errorf(e, "there are %d wrap objects %.80q", len(entries), name)
	}
	if len(entries) == 0 {
		return nil, b.errorf(e, "no wrap object %.80q", name)
	}
	return entries[0], nil
}
