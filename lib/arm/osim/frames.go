package osim

import (
	"math"
	"path"
	"strings"
)

// A place is a frame fixed in a body: Translation (m) and body-fixed x-y-z
// Rotation (rad).
type place struct {
	body                  int
	translation, rotation [3]float64

	e     *element // of an offset frame, until it is resolved
	owner string   // its own path
	state int      // 0 not looked at, 1 being resolved, 2 resolved
}

type matrix [3][3]float64

// rotation returns Rx·Ry·Rz.
func rotation(a [3]float64) matrix {
	sx, cx := math.Sincos(a[0])
	sy, cy := math.Sincos(a[1])
	sz, cz := math.Sincos(a[2])
	return matrix{
		{cy * cz, -cy * sz, sy},
		{cx*sz + sx*sy*cz, cx*cz - sx*sy*sz, -sx * cy},
		{sx*sz - cx*sy*cz, sx*cz + cx*sy*sz, cx * cy},
	}
}

// angles is the inverse of rotation.
func (m matrix) angles() [3]float64 {
	cy := math.Hypot(m[0][0], m[0][1])
	if cy < 1e-12 {
		// Only the sum or difference of the other two is determined.
		return [3]float64{math.Atan2(m[1][0], m[1][1]) * math.Copysign(1, m[0][2]), math.Copysign(math.Pi/2, m[0][2]), 0}
	}
	return [3]float64{math.Atan2(-m[1][2], m[2][2]), math.Atan2(m[0][2], cy), math.Atan2(-m[0][1], m[0][0])}
}

func (m matrix) apply(v [3]float64) (w [3]float64) {
	for i := range w {
		w[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
	}
	return w
}

func (m matrix) times(n matrix) (p matrix) {
	for i := range p {
		for j := range p[i] {
			p[i][j] = m[i][0]*n[0][j] + m[i][1]*n[1][j] + m[i][2]*n[2][j]
		}
	}
	return p
}

// point returns, in the body, what stands at v in the frame.
func (p *place) point(v [3]float64) [3]float64 {
	if p.rotation != [3]float64{} {
		v = rotation(p.rotation).apply(v)
	}
	for i := range v {
		v[i] += p.translation[i]
	}
	return v
}

// within returns the frame that stands at translation and angles in p. Where p
// is the body itself the numbers stay as they are.
func (p *place) within(translation, angles [3]float64) (t, r [3]float64) {
	t, r = p.point(translation), p.rotation
	switch {
	case p.rotation == [3]float64{}:
		r = angles
	case angles != [3]float64{}:
		r = rotation(p.rotation).times(rotation(angles)).angles()
	}
	return t, r
}

// offsetFrames registers all offset frames below an element whose own path is
// given. They are resolved when they are used.
func (b *builder) offsetFrames(e *element, at string) error {
	for _, tag := range []string{"frames", "components"} {
		if err := b.offsetFramesOf(e.child(tag), at); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) offsetFramesOf(set *element, at string) error {
	for _, k := range set.objects() {
		if k.tag != "PhysicalOffsetFrame" {
			continue
		}
		if len(b.frames) >= maxFrames {
			return b.errorf(k, "more than %d frames", maxFrames)
		}
		own := path.Join(at, k.name)
		b.frames[own] = &place{e: k, owner: own}
		if err := b.offsetFrames(k, own); err != nil {
			return err
		}
	}
	return nil
}

// find returns the frame that a socket of an element with the given path names.
func (b *builder) find(e *element, owner, socket string) (*place, error) {
	name := strings.TrimSpace(socket)
	if name == "" {
		return nil, b.errorf(e, "a body is missing")
	}
	absolute := name
	if !strings.HasPrefix(name, "/") {
		absolute = path.Join(owner, name)
	}
	absolute = path.Clean(absolute)
	if p, ok := b.frames[absolute]; ok {
		return p, b.resolve(p)
	}
	if absolute == "/ground" {
		return &place{state: 2}, nil
	}
	if dir, last := path.Split(absolute); path.Clean(dir) == b.bodyset {
		if i, ok := b.bodies[last]; ok {
			return &place{body: i, state: 2}, nil
		}
	}
	// Documents before version 4 name the body alone, later ones may be
	// relative in ways that depend on the release.
	if !strings.HasPrefix(name, "/") {
		if i, ok := b.bodies[lastOf(name)]; ok {
			return &place{body: i, state: 2}, nil
		}
	}
	return nil, b.errorf(e, "no body or frame %.80q", name)
}

// resolve finds the body of an offset frame, through other such frames.
func (b *builder) resolve(p *place) error {
	switch p.state {
	case 1:
		return b.errorf(p.e, "the frame stands on itself")
	case 2:
		return nil
	}
	p.state = 1
	socket := b.property(p.e, "socket_parent", "socket_parent_connectee_name")
	if socket == nil {
		return b.errorf(p.e, "socket_parent is missing")
	}
	base, err := b.find(socket, p.owner, socket.text)
	if err != nil {
		return err
	}
	var t, r [3]float64
	if err := b.numbers(p.e, t[:], "translation"); err != nil {
		return err
	}
	if err := b.numbers(p.e, r[:], "orientation"); err != nil {
		return err
	}
	p.body = base.body
	p.translation, p.rotation = base.within(t, r)
	p.state = 2
	return nil
}

// parentFrame finds the frame of a point, a marker or the like: by the body's
// name, or by a socket.
func (b *builder) parentFrame(e *element, owner string) (*place, error) {
	p := b.property(e, "socket_parent_frame", "socket_parent_frame_connectee_name", "body")
	if p == nil {
		return nil, b.errorf(e, "its body is missing")
	}
	return b.find(p, owner, p.text)
}
