package figure

import (
	"fmt"
	"image/color"
	"math"
	"sort"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A View looks at a box of space from one direction, without perspective, so
// that lengths can be compared.
type View struct {
	Azimuth, Elevation float64 // degrees; azimuth 0 looks from +x, 90 from +y
	Lo, Hi             [3]float64
	Labels             [3]string
	Ticks              [3][]float64
}

// Workspace is the view of the arm's space in all 3-D panels: W axes in cm,
// x forward, y left, z up, the shoulder at the origin.
func workspaceView() View {
	return View{
		Azimuth: -55, Elevation: 28,
		Lo: [3]float64{-10, -40, -40}, Hi: [3]float64{40, 40, 40},
		Labels: [3]string{"x forward [cm]", "y left [cm]", "z up [cm]"},
		Ticks:  [3][]float64{{0, 36}, {-36, 0, 36}, {-36, 0, 36}},
	}
}

// mark is one thing to draw: a point (one vertex), a line, or a filled face.
type mark struct {
	at    [][3]float64
	color color.Color // of a face: nil for its edge alone
	width vg.Length   // line width, or a point's radius
	face  bool
}

func (v View) axes() (right, up, toward [3]float64) {
	a, e := v.Azimuth*math.Pi/180, v.Elevation*math.Pi/180
	toward = [3]float64{math.Cos(e) * math.Cos(a), math.Cos(e) * math.Sin(a), math.Sin(e)}
	right = [3]float64{-math.Sin(a), math.Cos(a), 0}
	up = [3]float64{-math.Sin(e) * math.Cos(a), -math.Sin(e) * math.Sin(a), math.Cos(e)}
	return right, up, toward
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// corner i of the box, bit d set for the upper end of axis d.
func (v View) corner(i int) [3]float64 {
	var p [3]float64
	for d := range p {
		p[d] = v.Lo[d]
		if i>>d&1 == 1 {
			p[d] = v.Hi[d]
		}
	}
	return p
}

// draw paints the box and the marks, the far ones first.
func (v View) draw(c draw.Canvas, title string, marks []mark) {
	if title != "" {
		s := textStyle(titleSize, Black)
		s.XAlign, s.YAlign = draw.XCenter, draw.YTop
		c.FillText(s, vg.Point{X: c.Center().X, Y: c.Max.Y}, title)
		c.Max.Y -= titleSize * 1.6
	}
	right, up, toward := v.axes()
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i := 0; i < 8; i++ {
		p := v.corner(i)
		for d, x := range [2]float64{dot(p, right), dot(p, up)} {
			lo[d], hi[d] = math.Min(lo[d], x), math.Max(hi[d], x)
		}
	}
	const room = 7 * mm // for tick labels
	w, h := c.Size().X-2*room, c.Size().Y-2*room
	scale := math.Min(float64(w)/(hi[0]-lo[0]), float64(h)/(hi[1]-lo[1]))
	mid := c.Center()
	project := func(p [3]float64) vg.Point {
		return vg.Point{
			X: mid.X + vg.Length(scale*(dot(p, right)-(lo[0]+hi[0])/2)),
			Y: mid.Y + vg.Length(scale*(dot(p, up)-(lo[1]+hi[1])/2)),
		}
	}
	v.drawBox(c, project, toward)
	depth := func(m mark) float64 {
		sum := 0.0
		for _, p := range m.at {
			sum += dot(p, toward)
		}
		return sum / float64(len(m.at))
	}
	sort.SliceStable(marks, func(i, j int) bool { return depth(marks[i]) < depth(marks[j]) })
	for _, m := range marks {
		var points []vg.Point
		for _, p := range m.at {
			if known(p) { // the rasteriser never ends on an infinite line
				points = append(points, project(p))
			}
		}
		switch {
		case len(points) == 0:
		case len(points) == 1:
			c.SetColor(m.color)
			var path vg.Path
			path.Move(vg.Point{X: points[0].X + m.width, Y: points[0].Y})
			path.Arc(points[0], m.width, 0, 2*math.Pi)
			path.Close()
			c.Fill(path)
		case m.face:
			c.FillPolygon(m.color, points)
		default:
			c.StrokeLines(draw.LineStyle{Color: m.color, Width: m.width}, points)
		}
	}
}

func known(p [3]float64) bool { return !bad(p[0]) && !bad(p[1]) && !bad(p[2]) }

// anyKnown tells whether a path [3][time] has a place that can be drawn.
func anyKnown(path [][]float64) bool {
	if len(path) != 3 {
		return false
	}
	for t := range path[0] {
		if known([3]float64{path[0][t], path[1][t], path[2][t]}) {
			return true
		}
	}
	return false
}

// drawBox draws the three far faces' edges, and labels the outer edges.
func (v View) drawBox(c draw.Canvas, project func([3]float64) vg.Point, toward [3]float64) {
	far := 0
	for d := range toward {
		if toward[d] < 0 {
			far |= 1 << d
		}
	}
	edge := draw.LineStyle{Color: LightGrey, Width: 0.5}
	for i := 0; i < 8; i++ {
		for d := 0; d < 3; d++ {
			j := i ^ 1<<d
			// An edge belongs to a far face if both ends share the far side of another axis.
			shared := false
			for k := 0; k < 3; k++ {
				if k != d && (i^far)>>k&1 == 0 {
					shared = true
				}
			}
			if i < j && shared {
				c.StrokeLines(edge, []vg.Point{project(v.corner(i)), project(v.corner(j))})
			}
		}
	}
	s := textStyle(tickSize, Black)
	s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
	center := project([3]float64{(v.Lo[0] + v.Hi[0]) / 2, (v.Lo[1] + v.Hi[1]) / 2, (v.Lo[2] + v.Hi[2]) / 2})
	for d := 0; d < 3; d++ {
		base := v.labelEdge(d, far, project, center)
		at := func(x float64) vg.Point {
			p := base
			p[d] = x
			return project(p)
		}
		a, b := at(v.Lo[d]), at(v.Hi[d])
		out := outward(a, b, center)
		c.StrokeLines(draw.LineStyle{Color: Grey, Width: 0.5}, []vg.Point{a, b})
		for _, x := range v.Ticks[d] {
			p := at(x)
			c.FillText(s, vg.Point{X: p.X + 2.2*mm*out.X, Y: p.Y + 2.2*mm*out.Y}, minus(fmt.Sprint(x)))
		}
		l := s
		m := vg.Point{X: (a.X+b.X)/2 + 5.5*mm*out.X, Y: (a.Y+b.Y)/2 + 5.5*mm*out.Y}
		angle := math.Atan2(float64(b.Y-a.Y), float64(b.X-a.X))
		for angle > math.Pi/2 {
			angle -= math.Pi
		}
		for angle < -math.Pi/2 {
			angle += math.Pi
		}
		l.Rotation = angle
		c.FillText(l, m, v.Labels[d])
	}
}

// labelEdge picks, of an axis's four edges, the outline's edge that is lowest
// on the page (for the vertical axis the leftmost): there labels hide nothing.
func (v View) labelEdge(d, far int, project func([3]float64) vg.Point, center vg.Point) [3]float64 {
	best, bestScore := [3]float64{}, math.Inf(1)
	for i := 0; i < 8; i++ {
		if i>>d&1 == 1 {
			continue
		}
		j, k := (d+1)%3, (d+2)%3
		if (i^far)>>j&1 == (i^far)>>k&1 {
			continue // not on the outline
		}
		a, b := project(v.corner(i)), project(v.corner(i|1<<d))
		score := float64(a.Y + b.Y)
		if d == 2 {
			score = float64(a.X + b.X)
		}
		if score < bestScore {
			best, bestScore = v.corner(i), score
		}
	}
	return best
}

func outward(a, b, center vg.Point) vg.Point {
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	n := math.Hypot(dx, dy)
	if n == 0 {
		return vg.Point{Y: -1}
	}
	o := vg.Point{X: vg.Length(-dy / n), Y: vg.Length(dx / n)}
	mx, my := float64(a.X+b.X)/2-float64(center.X), float64(a.Y+b.Y)/2-float64(center.Y)
	if float64(o.X)*mx+float64(o.Y)*my < 0 {
		o.X, o.Y = -o.X, -o.Y
	}
	return o
}
