package figure

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/arm"
)

// wrapMesh returns the faces of a wrap surface at its place in the ground.
func wrapMesh(w *arm.WrapObject, place arm.Pose) []meshFace {
	var around, along int
	var point func(u, v float64) [3]float64 // u once around, v from 0 to 1 along
	switch w.Kind {
	case arm.Cylinder:
		around, along = 20, 2
		point = func(u, v float64) [3]float64 {
			s, c := math.Sincos(2 * math.Pi * u)
			return [3]float64{w.Radius * c, w.Radius * s, w.Length * (v - 0.5)}
		}
	case arm.Torus:
		around, along = 24, 12
		point = func(u, v float64) [3]float64 {
			s, c := math.Sincos(2 * math.Pi * u)
			sv, cv := math.Sincos(-2 * math.Pi * v)
			r := w.Outer + w.Inner*cv
			return [3]float64{r * c, r * s, -w.Inner * sv}
		}
	default:
		around, along = 20, 10
		point = func(u, v float64) [3]float64 {
			s, c := math.Sincos(2 * math.Pi * u)
			sv, cv := math.Sincos(math.Pi * (v - 0.5))
			return [3]float64{w.Radii[0] * cv * c, w.Radii[1] * cv * s, w.Radii[2] * sv}
		}
	}
	faces := make([]meshFace, 0, around*along)
	for i := range around {
		for j := range along {
			u0, u1 := float64(i)/float64(around), float64(i+1)/float64(around)
			v0, v1 := float64(j)/float64(along), float64(j+1)/float64(along)
			middle := point((u0+u1)/2, (v0+v1)/2)
			f := meshFace{active: w.Side == 0 || (middle[w.Axis] >= 0) == (w.Side > 0)}
			for k, p := range [4][3]float64{point(u0, v0), point(u1, v0), point(u1, v1), point(u0, v1)} {
				f.at[k] = inWorld(place.Apply(p))
			}
			f.normal = cross(sub(f.at[2], f.at[0]), sub(f.at[3], f.at[1]))
			faces = append(faces, f)
		}
	}
	return faces
}

func sub(a, b [3]float64) [3]float64 { return [3]float64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func cross(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

// tag is a muscle's name and the place on its path that it points to.
type tag struct {
	name string
	at   [3]float64
	left bool // of the drawing
}

// tags are the names to write, each at the middle of what is seen of its path.
func (s *armScene) tags() []tag {
	var tags []tag
	for _, u := range s.muscles {
		if !u.named {
			continue
		}
		if at, ok := s.middle(u.at); ok {
			tags = append(tags, tag{u.name, at, dot(at, s.right) < (s.lo[0]+s.hi[0])/2})
		}
	}
	return tags
}

// middle returns the point half way along the part of a line that is within
// the frame.
func (s *armScene) middle(line [][3]float64) ([3]float64, bool) {
	var seen [][3]float64
	for _, p := range s.pieces(nil, line, nil, nil, 0) {
		q := p.at[0]
		if x, y := dot(q, s.right), dot(q, s.up); x >= s.lo[0] && x <= s.hi[0] && y >= s.lo[1] && y <= s.hi[1] {
			seen = append(seen, q)
		}
	}
	if len(seen) == 0 {
		return [3]float64{}, false
	}
	return seen[len(seen)/2], true
}

// nameRoom is how much the names need on either side of the drawing.
func (s *armScene) nameRoom() (left, right vg.Length) {
	st := textStyle(tickSize, Black)
	for _, t := range s.tags() {
		w := st.Width(t.name) + 3*mm
		if t.left {
			left = max(left, w)
		} else {
			right = max(right, w)
		}
	}
	return left, right
}

// drawNames writes the names beside the drawing, one below the other, with a
// line to each muscle.
func (s *armScene) drawNames(c draw.Canvas, project func([3]float64) vg.Point) {
	tags := s.tags()
	slices.SortStableFunc(tags, func(a, b tag) int {
		switch ya, yb := dot(a.at, s.up), dot(b.at, s.up); {
		case ya > yb:
			return -1
		case ya < yb:
			return 1
		}
		return 0
	})
	const row = tickSize * 1.35
	for _, left := range []bool{true, false} {
		var ys []vg.Length
		var side []tag
		for _, t := range tags {
			if t.left != left {
				continue
			}
			y := min(project(t.at).Y, c.Max.Y-row/2)
			if n := len(ys); n > 0 {
				y = min(y, ys[n-1]-row)
			}
			side, ys = append(side, t), append(ys, y)
		}
		// Names pushed out below move up together with those above them.
		low := c.Min.Y + row/2
		for k := len(ys) - 1; k >= 0 && ys[k] < low; k-- {
			ys[k] = low
			low += row
		}
		st := textStyle(tickSize, Black)
		st.YAlign = draw.YCenter
		x, edge := c.Max.X+2*mm, c.Max.X+1.5*mm
		if left {
			st.XAlign = draw.XRight
			x, edge = c.Min.X-2*mm, c.Min.X-1.5*mm
		}
		for k, t := range side {
			p := project(t.at)
			c.StrokeLines(draw.LineStyle{Color: Black, Width: 0.3}, []vg.Point{{X: edge, Y: ys[k]}, p})
			c.DrawGlyph(draw.GlyphStyle{Color: Black, Radius: 0.8, Shape: draw.CircleGlyph{}}, p)
			c.FillText(st, vg.Point{X: x, Y: ys[k]}, t.name)
		}
	}
}

// footer is the height of the strip that orientation fills.
const footer = 10 * mm

// orientation draws a bar of length and the directions of the axes below the
// drawing.
func (s *armScene) orientation(c draw.Canvas, scale float64) {
	length := 1.0 // cm, the longest of 1, 2, 5, 10, … that takes less than a fifth of the width
	for _, f := range []float64{2, 5, 10, 20, 50, 100} {
		if f*scale < float64(c.Size().X)/5 {
			length = f
		}
	}
	st := textStyle(tickSize, Black)
	st.YAlign = draw.YCenter
	y, end := c.Min.Y+3*mm, c.Min.X+vg.Length(length*scale)
	c.StrokeLine2(draw.LineStyle{Color: Black, Width: 1}, c.Min.X, y, end, y)
	label := fmt.Sprintf("%g cm", length)
	c.FillText(st, vg.Point{X: end + 1*mm, Y: y}, label)
	const arrow = 4 * mm
	// As low as its names allow.
	low := 0.0
	for d := range 3 {
		low = math.Min(low, s.up[d])
	}
	o := vg.Point{X: end + st.Width(label) + 14*mm, Y: c.Min.Y + 1.5*mm - arrow*vg.Length(low)}
	if low < 0 {
		o.Y += tickSize * 0.7
	}
	st = textStyle(tickSize, Grey)
	st.XAlign, st.YAlign = draw.XCenter, draw.YCenter
	var names []vg.Rectangle
	for d, name := range []string{"forward", "left", "up"} {
		var axis [3]float64
		axis[d] = 1
		x, y := dot(axis, s.right), dot(axis, s.up)
		n := math.Hypot(x, y)
		if n < 0.3 {
			continue // points at the eye, or away
		}
		tip := vg.Point{X: o.X + arrow*vg.Length(x), Y: o.Y + arrow*vg.Length(y)}
		c.StrokeLines(draw.LineStyle{Color: Grey, Width: 0.6}, []vg.Point{o, tip})
		half := st.Width(name) / 2
		at := vg.Point{X: tip.X + vg.Length(x/n)*(half+0.5*mm), Y: tip.Y + vg.Length(y/n)*tickSize*0.7}
		for _, r := range names {
			if at.X-half < r.Max.X && at.X+half > r.Min.X && at.Y > r.Min.Y && at.Y < r.Max.Y {
				at.Y = r.Min.Y // below the name that is there
				if tip.Y > (r.Min.Y+r.Max.Y)/2 {
					at.Y = r.Max.Y
				}
			}
		}
		names = append(names, vg.Rectangle{Min: vg.Point{X: at.X - half, Y: at.Y - tickSize}, Max: vg.Point{X: at.X + half, Y: at.Y + tickSize}})
		c.FillText(st, at, name)
	}
}
