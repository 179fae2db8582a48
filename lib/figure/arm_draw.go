package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// armScene is an arm in one posture, W axes, cm.
type armScene struct {
	title, what string // what: the length whose change is coloured
	view        ArmView
	muscles     []muscleLine
	meshes      []meshFace
	bones       [][2][3]float64
	groups      []armGroup
	most        float64 // change at either end of the colour bar, mm

	right, up, toward [3]float64
	lo, hi            [2]float64 // of what is seen, along right and up
}

type muscleLine struct {
	name   string
	group  int
	change float64 // mm
	named  bool
	at     [][3]float64
	on     []bool // the vertex lies on a surface
}

type armGroup struct {
	name  string
	color color.RGBA
	shown bool
}

// meshFace is one face of a wrap surface.
type meshFace struct {
	at     [4][3]float64
	normal [3]float64 // outward, of any length
	active bool       // of the half that paths wrap over
}

// frame finds what is seen; false if nothing is finite.
func (s *armScene) frame() bool {
	s.right, s.up, s.toward = View{Azimuth: s.view.Azimuth, Elevation: s.view.Elevation}.axes()
	s.lo, s.hi = [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	add := func(p [3]float64) {
		x, y := dot(p, s.right), dot(p, s.up)
		if !bad(x) && !bad(y) {
			s.lo = [2]float64{math.Min(s.lo[0], x), math.Min(s.lo[1], y)}
			s.hi = [2]float64{math.Max(s.hi[0], x), math.Max(s.hi[1], y)}
		}
	}
	if s.view.Lo != s.view.Hi {
		for i := 0; i < 8; i++ {
			add(View{Lo: s.view.Lo, Hi: s.view.Hi}.corner(i))
		}
	} else {
		for _, u := range s.muscles {
			for _, p := range u.at {
				add(p)
			}
		}
		for _, b := range s.bones {
			add(b[0])
			add(b[1])
		}
		for _, f := range s.meshes {
			for _, p := range f.at {
				add(p)
			}
		}
	}
	for d := range s.lo {
		if s.hi[d]-s.lo[d] < 1 {
			s.lo[d], s.hi[d] = s.lo[d]-0.5, s.hi[d]+0.5
		}
	}
	return !bad(s.lo[0]) && !bad(s.lo[1])
}

// armMark is a mark of the scene with its depth, in cm towards the eye.
type armMark struct {
	mark
	depth float64
	edge  color.Color // of a face
	halo  bool        // a line that stands out from what it passes in front of
}

// draw paints the scene, the far marks first.
func (s *armScene) draw(c draw.Canvas) {
	if s.title != "" {
		st := textStyle(titleSize, Black)
		st.XAlign, st.YAlign = draw.XCenter, draw.YTop
		c.FillText(st, vg.Point{X: c.Center().X, Y: c.Max.Y}, s.title)
		c.Max.Y -= titleSize * 1.6
	}
	if s.view.Reference != nil {
		bar := c
		bar.Min.X = c.Max.X - 13*mm
		half := min(c.Size().Y/2-4*mm, 22*mm)
		bar.Min.Y, bar.Max.Y = c.Center().Y-half, c.Center().Y+half
		s.changeBar(bar)
		c.Max.X = bar.Min.X
	} else {
		c = s.legend(c)
	}
	corner := c
	left, right := s.nameRoom()
	c.Min.X += left
	c.Max.X -= right
	c.Min.Y += footer
	w, h := s.hi[0]-s.lo[0], s.hi[1]-s.lo[1]
	scale := math.Min(float64(c.Size().X)/w, float64(c.Size().Y)/h)
	mid := c.Center()
	project := func(p [3]float64) vg.Point {
		return vg.Point{
			X: mid.X + vg.Length(scale*(dot(p, s.right)-(s.lo[0]+s.hi[0])/2)),
			Y: mid.Y + vg.Length(scale*(dot(p, s.up)-(s.lo[1]+s.hi[1])/2)),
		}
	}
	// What lies outside of the frame is cut off.
	half := vg.Point{X: vg.Length(scale * w / 2), Y: vg.Length(scale * h / 2)}
	const rim = 1.5 // for line widths
	box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: mid.X - half.X - rim, Y: mid.Y - half.Y - rim},
		Max: vg.Point{X: mid.X + half.X + rim, Y: mid.Y + half.Y + rim}}}
	marks := s.marks()
	slices.SortStableFunc(marks, func(a, b armMark) int {
		switch {
		case a.depth < b.depth:
			return -1
		case a.depth > b.depth:
			return 1
		}
		return 0
	})
	for _, m := range marks {
		paint(box, m, project)
	}
	s.drawNames(c, project)
	s.orientation(corner, scale)
}

func paint(c draw.Canvas, m armMark, project func([3]float64) vg.Point) {
	points := make([]vg.Point, len(m.at))
	for i, p := range m.at {
		points[i] = project(p)
	}
	switch {
	case len(points) == 1:
		if c.Contains(points[0]) {
			c.DrawGlyph(draw.GlyphStyle{Color: m.color, Radius: m.width, Shape: draw.CircleGlyph{}}, points[0])
		}
	case m.face:
		if m.color != nil {
			c.FillPolygon(m.color, c.ClipPolygonXY(points))
		}
		c.StrokeLines(draw.LineStyle{Color: m.edge, Width: m.width}, c.ClipLinesXY(append(points, points[0]))...)
	default:
		if m.halo {
			c.StrokeLines(draw.LineStyle{Color: color.NRGBA{255, 255, 255, 200}, Width: m.width + 0.8}, c.ClipLinesXY(points)...)
		}
		c.StrokeLines(draw.LineStyle{Color: m.color, Width: m.width}, c.ClipLinesXY(overlap(points))...)
	}
}

// overlap lengthens a short line a little at both ends, so that the pieces of
// a line leave no gap.
func overlap(p []vg.Point) []vg.Point {
	const more = 0.2
	a, b := p[0], p[len(p)-1]
	n := vg.Length(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y)))
	if n == 0 {
		return p
	}
	dx, dy := more*(b.X-a.X)/n, more*(b.Y-a.Y)/n
	return []vg.Point{{X: a.X - dx, Y: a.Y - dy}, {X: b.X + dx, Y: b.Y + dy}}
}

// marks are all that is painted, lines in pieces so short that each has one depth.
func (s *armScene) marks() []armMark {
	var marks []armMark
	for _, f := range s.meshes {
		m := armMark{mark: mark{at: f.at[:], width: 0.25, face: true}, edge: fade(Grey, 0.3)}
		if f.active {
			if dot(f.normal, s.toward) < 0 {
				continue // the far side of a closed surface
			}
			m.color = fade(LightGrey, 0.45)
		}
		for _, p := range f.at {
			m.depth += dot(p, s.toward) / 4
		}
		marks = append(marks, m)
	}
	for _, b := range s.bones {
		marks = s.pieces(marks, b[:], nil, fade(Grey, 0.75), 2.6)
		for _, p := range b {
			marks = append(marks, armMark{mark: mark{at: [][3]float64{p}, color: fade(Grey, 1), width: 1.7}, depth: dot(p, s.toward) + 0.1})
		}
	}
	for _, u := range s.muscles {
		var col color.Color = s.groups[u.group].color
		width := vg.Length(0.9)
		if s.view.Reference != nil {
			x := s.relative(u.change)
			col, width = diverging(x), 1.1-0.5*vg.Length(x)
		}
		marks = s.pieces(marks, u.at, u.on, col, width)
	}
	return marks
}

// relative gives a change of length as a part of the largest, within ±1.
func (s *armScene) relative(change float64) float64 {
	if bad(change) || s.most == 0 {
		return 0
	}
	return math.Max(-1, math.Min(1, change/s.most))
}

// pieces appends a line in short pieces; on tells which of its points lie on a
// surface, and are drawn in front of its faces.
func (s *armScene) pieces(marks []armMark, line [][3]float64, on []bool, c color.Color, width vg.Length) []armMark {
	const longest, lift = 0.5, 0.1 // cm
	for k := 1; k < len(line); k++ {
		a, d := line[k-1], sub(line[k], line[k-1])
		length := math.Sqrt(dot(d, d))
		if bad(length) {
			continue
		}
		n := math.Min(math.Ceil(length/longest), 1000)
		for i := 0.0; i < n; i++ {
			m := armMark{mark: mark{color: c, width: width}, halo: true}
			for _, f := range [2]float64{i / n, (i + 1) / n} {
				p := [3]float64{a[0] + f*d[0], a[1] + f*d[1], a[2] + f*d[2]}
				m.at = append(m.at, p)
				m.depth += dot(p, s.toward) / 2
			}
			if on != nil && on[k] && on[k-1] {
				m.depth += lift
			}
			marks = append(marks, m)
		}
	}
	return marks
}

// changeBar draws the scale of the change of length.
func (s *armScene) changeBar(c draw.Canvas) {
	const w = 2.5 * mm
	fillScale(c, w, func(x float64) color.Color { return diverging(2*x - 1) })
	st := textStyle(tickSize, Black)
	st.YAlign = draw.YCenter
	for _, f := range []float64{-1, 0, 1} {
		c.FillText(st, vg.Point{X: c.Min.X + w + 1*mm, Y: c.Center().Y + vg.Length(f)*c.Size().Y/2}, signed(f*s.most))
	}
	st.Rotation, st.XAlign, st.YAlign = math.Pi/2, draw.XCenter, draw.YTop
	c.FillText(st, vg.Point{X: c.Max.X - tickSize*1.4, Y: c.Center().Y}, "change of "+s.what+" [mm]")
}

// signed writes a number with its sign, and zero without.
func signed(x float64) string {
	if x == 0 {
		return "0"
	}
	return minus(fmt.Sprintf("%+.3g", x))
}

// legend names the groups of muscles below the drawing and returns what is
// left of the canvas.
func (s *armScene) legend(c draw.Canvas) draw.Canvas {
	st := textStyle(tickSize, Black)
	st.YAlign = draw.YCenter
	const sample, gap, row = 4 * mm, 3 * mm, tickSize * 1.4
	type entry struct {
		armGroup
		x    vg.Length
		line int
	}
	var entries []entry
	x, line := vg.Length(0), 0
	for _, g := range s.groups {
		if !g.shown {
			continue
		}
		w := sample + 1*mm + st.Width(g.name) + gap
		if x > 0 && x+w-gap > c.Size().X {
			x, line = 0, line+1
		}
		entries = append(entries, entry{g, x, line})
		x += w
	}
	if len(entries) == 0 {
		return c
	}
	top := c.Min.Y + vg.Length(line+1)*row
	for _, e := range entries {
		y := top - (vg.Length(e.line)+0.5)*row
		c.StrokeLine2(draw.LineStyle{Color: e.color, Width: 1.2}, c.Min.X+e.x, y, c.Min.X+e.x+sample, y)
		c.FillText(st, vg.Point{X: c.Min.X + e.x + sample + 1*mm, Y: y}, e.name)
	}
	c.Min.Y = top + 1*mm
	return c
}
