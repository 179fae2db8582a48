package arm

import "math"

// wrapCylinder leads p1-p2 over a cylinder of the given radius and length
// about z, centred at the origin (spec/01, 3.7.2). With side ±1 only the half
// where the coordinate axis has that sign is active.
func wrapCylinder(p1, p2 vec, radius, length float64, side, axis int) (c contact) {
	// Step 1 of 3.7.2.
	d1, d2 := math.Hypot(p1.x, p1.y), math.Hypot(p2.x, p2.y)
	r2 := radius * radius
	if p1.x*p1.x+p1.y*p1.y < r2 || p2.x*p2.x+p2.y*p2.y < r2 {
		c.action = inside
		return c
	}
	// Step 2: where the line p1-p2 passes nearest to the axis.
	hit := false
	var near vec
	span := p2.sub(p1)
	if n := span.norm(); n > 0 {
		d := span.mul(1 / n)
		if den := d.x*d.x + d.y*d.y; den > roundoff {
			s := -(p1.x*d.x + p1.y*d.y) / den
			near = p1.along(s, d)
			t := s / n
			hit = near.x*near.x+near.y*near.y < r2 && t > 0 && t < 1
		}
	}
	// Step 3: whether to wrap.
	if side == 0 {
		if !hit {
			return c
		}
		c.action = mandatory
	} else {
		s1, s2 := signOf(p1.at(axis)), signOf(p2.at(axis))
		c.action = optional
		switch {
		case s1 != side && s2 != side:
		case hit:
			c.action = mandatory
		case s1 != s2 && signOf(near.at(axis)) != side:
		default:
			c.action = none
			return c
		}
	}
	// Steps 4 and 5: candidates for the tangent points, in the planes of p1 and
	// p2, and the choice among them.
	a1, b1 := tangents(p1, d1, radius)
	a2, b2 := tangents(p2, d2, radius)
	var far bool
	if side == 0 {
		c.r1, c.r2 = widest(a1, b1, a2, b2)
	} else {
		c.r1, c.r2, far = activeTangents(a1, b1, a2, b2, side, axis)
		rx, ry := c.r1.x+c.r2.x, c.r1.y+c.r2.y
		c.long = rx*(rx-p1.x-p2.x)+ry*(ry-p1.y-p2.y) < 0
	}
	slideTangents(&c, p1, p2, d1, d2, radius, far) // step 6
	half := length / 2                             // step 7
	if math.Abs(c.r1.z) > half && math.Abs(c.r2.z) > half {
		return contact{}
	}
	spiral(&c, p1, p2, radius) // step 8
	c.real = true
	return c
}

// tangents returns the two points, at the height of p, where a plane through p
// parallel to the axis touches the cylinder.
func tangents(p vec, d, radius float64) (a, b vec) {
	vx, vy := p.x/d, p.y/d
	sin := radius / d
	h := radius * sin
	g := math.Sqrt(radius*radius - h*h)
	return vec{h*vx - g*vy, h*vy + g*vx, p.z}, vec{h*vx + g*vy, h*vy - g*vx, p.z}
}

func radial(a, b vec) float64 { return a.x*b.x + a.y*b.y }

// widest chooses the pair of tangent points with the least angle between them.
func widest(a1, b1, a2, b2 vec) (r1, r2 vec) {
	aa, ab, ba, bb := radial(a1, a2), radial(a1, b2), radial(b1, a2), radial(b1, b2)
	switch {
	case aa > ab && aa > ba && aa > bb:
		return a1, a2
	case ab > ba && ab > bb:
		return a1, b2
	case ba > bb:
		return b1, a2
	}
	return b1, b2
}

// activeTangents chooses the pair that lies on the active half.
func activeTangents(a1, b1, a2, b2 vec, side, axis int) (r1, r2 vec, far bool) {
	on := func(p vec) bool { return signOf(p.at(axis)) == side }
	// All four lie at the same distance from the axis, so the larger angle has
	// the smaller product.
	wide := radial(a1, b2) < radial(b1, a2)
	onA, onB := on(a1), on(b1)
	switch {
	case onA && !onB, onA && onB && !on(a2), !onA && !onB && !on(a2) && on(b2):
		return a1, b2, wide
	case onA || onB || on(a2):
		return b1, a2, !wide
	case wide:
		return a1, b2, true
	}
	return b1, a2, true
}

// slideTangents moves the tangent points along the axis into the plane through
// p1, p2 and the apex of the wrap.
func slideTangents(c *contact, p1, p2 vec, d1, d2, radius float64, far bool) {
	m := p1.along(d1/(d1+d2), p2.sub(p1))
	foot := vec{0, 0, m.z}
	n := p1.sub(foot).unit().cross(p2.sub(foot).unit()).unit()
	v := vec{-n.y, n.x, 0}.unit()
	apex, other := foot.along(radius, v), foot.along(-radius, v)
	e1, e2 := m.sub(apex), m.sub(other)
	if (e1.dot(e1) < e2.dot(e2)) == far {
		apex = other
	}
	n = p1.sub(apex).unit().cross(p2.sub(apex).unit())
	n = n.mul(1 / n.norm())
	z1, ok1 := planeHeight(c.r1, n, p1)
	z2, ok2 := planeHeight(c.r2, n, p1)
	gap := math.Abs(p1.z - p2.z)
	if ok1 && math.Abs(z1-p2.z) < gap {
		c.r1.z = z1
	}
	if ok2 && math.Abs(z2-p1.z) < gap {
		c.r2.z = z2
	}
}

// planeHeight intersects the line through r parallel to z with the plane of
// normal n through p, looking 10 m up and down as OpenSim does.
func planeHeight(r, n, p vec) (z float64, ok bool) {
	const reach, tiny = 10.0, 1e-5
	rise := 2 * reach * n.z
	if math.Abs(rise) < tiny || math.IsNaN(rise) {
		return 0, false
	}
	low := vec{r.x, r.y, r.z - reach}
	t := (p.dot(n) - low.dot(n)) / rise
	if t < -tiny || t > 1+tiny {
		return 0, false
	}
	return low.z + t*2*reach, true
}

// spiral joins the tangent points by a helix and moves them along the axis
// until the straight pieces touch it to within a tenth of a degree. Only
// heights change from round to round.
func spiral(c *contact, p1, p2 vec, radius float64) {
	const (
		segment = 0.002 // m
		rounds  = 100
	)
	ux, uy := c.r1.x/radius, c.r1.y/radius
	wx, wy := c.r2.x/radius, c.r2.y/radius
	theta := acos((ux*wx + uy*wy) / math.Sqrt((ux*ux+uy*uy)*(wx*wx+wy*wy)))
	sense := float64(signOf(ux*wy - uy*wx))
	if c.long {
		theta = 2*math.Pi - theta
		sense = -sense
	}
	arc := radius * theta
	var end1, end2 slider
	var n, t, least, most float64 // segments, 1/n, and the squared lengths between which n holds
	z1, z2 := c.r1.z, c.r2.z
	for range rounds {
		rise := z2 - z1
		if square := arc*arc + rise*rise; !(square >= least && square < most) {
			n = math.Trunc(math.Sqrt(square) / segment)
			if !(n >= 2) {
				break
			}
			t, least, most = 1/n, n*segment*n*segment, (n+1)*segment*(n+1)*segment
			s, k := math.Sincos(sense * t * theta)
			end1.set(&c.r1, &p1, radius*(ux*k-uy*s), radius*(uy*k+ux*s))
			s, k = math.Sincos(sense * (1 - t) * theta)
			end2.set(&c.r2, &p2, radius*(ux*k-uy*s), radius*(uy*k+ux*s))
		}
		move1 := end1.move(z1, z1+t*rise)
		move2 := end2.move(z2, z1+(1-t)*rise)
		if move1 == 0 && move2 == 0 {
			break
		}
		z1 += move1
		z2 += move2
	}
	c.r1.z, c.r2.z = z1, z2
	c.length = math.Sqrt(arc*arc + (z2-z1)*(z2-z1))
}

// slider is what does not change while a tangent point slides along the axis:
// the height of the end of the piece, the horizontal distances from there to
// the tangent point (in) and on to the next point of the helix (out), and where
// the line from the end to that point passes nearest to the tangent point's
// generator. Height limits how steep that line may be.
type slider struct{ end, in, out, share, height float64 }

func (s *slider) set(r, p *vec, wx, wy float64) {
	ix, iy := r.x-p.x, r.y-p.y
	ox, oy := wx-r.x, wy-r.y
	dx, dy := wx-p.x, wy-p.y
	s.end = p.z
	s.in, s.out = math.Sqrt(ix*ix+iy*iy), math.Sqrt(ox*ox+oy*oy)
	span2 := dx*dx + dy*dy
	s.share = (ix*dx + iy*dy) / span2
	// A line along the axis has no nearest point.
	s.height = math.Sqrt(span2 * (1 - roundoff) / roundoff)
}

// move returns how far the tangent point at height z slides: not at all if the
// pieces on either side, from the end and to height w, rise at angles that
// differ by no more than a tenth of a degree.
func (s *slider) move(z, w float64) float64 {
	const tangency = 0.0017453310241888 // tan 0.1°
	in, out := z-s.end, w-z
	dot := in*out + s.in*s.out
	rise := w - s.end
	if dot > 0 && math.Abs(s.in*out-s.out*in) <= tangency*dot || !(math.Abs(rise) < s.height) {
		return 0
	}
	return 1.5 * (s.share*rise - in)
}
