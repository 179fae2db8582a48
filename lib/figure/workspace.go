package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
)

func plotRadius(r float64) vg.Length {
	if r <= 0 {
		return 0.8
	}
	return vg.Length(r)
}

func shoulder() mark {
	return mark{at: [][3]float64{{0, 0, 0}}, color: fade(Black, 1), width: 2}
}

type dotThumb struct{ c color.RGBA }

// Thumbnail implements plot.Thumbnailer.
func (d dotThumb) Thumbnail(c *draw.Canvas) {
	c.DrawGlyph(draw.GlyphStyle{Color: d.c, Radius: 1.8, Shape: draw.CircleGlyph{}}, c.Center())
}

// plane returns the face of the workspace box at a level of one axis.
func plane(axis int, level float64) mark {
	v := workspaceView()
	j, k := (axis+1)%3, (axis+2)%3
	var at [][3]float64
	for _, s := range [][2]int{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		var p [3]float64
		p[axis] = level
		p[j], p[k] = v.Lo[j], v.Lo[k]
		if s[0] == 1 {
			p[j] = v.Hi[j]
		}
		if s[1] == 1 {
			p[k] = v.Hi[k]
		}
		at = append(at, p)
	}
	return mark{at: at, color: fade(LightGrey, 0.35), face: true}
}

// Trace draws a planned pen path in cm, shape [3][time], on its plane in the
// arm's space: horizontal planes are at a height, vertical ones at a distance.
func Trace(title string, pen [][]float64, horizontal bool) *Panel {
	if !anyKnown(pen) {
		return emptyPanel("trace", title+": no path")
	}
	axis := 0
	if horizontal {
		axis = 2
	}
	path, data := pathMark(pen, Black)
	return &Panel{Name: "trace", Data: data, draw: func(c draw.Canvas) {
		workspaceView().draw(c, title, []mark{plane(axis, pen[axis][0]), path, shoulder()})
	}}
}

func pathMark(path [][]float64, c color.RGBA) (mark, display.Table) {
	m := mark{color: fade(c, 1), width: 1}
	data := display.Table{Columns: []string{"sample", "x_cm", "y_cm", "z_cm"}}
	for t := range path[0] {
		p := [3]float64{path[0][t], path[1][t], path[2][t]}
		m.at = append(m.at, p)
		data.Rows = append(data.Rows, []any{t, p[0], p[1], p[2]})
	}
	return m, data
}

// ArmPoses draws the two segments of the arm along a movement, every stride-th
// sample, later ones darker. Elbow and hand are in cm, shape [3][time], the
// shoulder at the origin.
func ArmPoses(title string, elbow, hand [][]float64, stride int) *Panel {
	if !anyKnown(hand) || !anyKnown(elbow) {
		return emptyPanel("poses", title+": no movement")
	}
	path, _ := pathMark(hand, Black)
	data := display.Table{Columns: []string{"sample", "elbow_x_cm", "elbow_y_cm", "elbow_z_cm", "hand_x_cm", "hand_y_cm", "hand_z_cm"}}
	marks := []mark{path, shoulder()}
	n := len(hand[0])
	for t := 0; t < n; t += max(stride, 1) {
		e, h := [3]float64{elbow[0][t], elbow[1][t], elbow[2][t]}, [3]float64{hand[0][t], hand[1][t], hand[2][t]}
		col := fade(Orange, 0.15+0.5*float64(t)/float64(n))
		marks = append(marks,
			mark{at: [][3]float64{{}, e}, color: col, width: 1.8},
			mark{at: [][3]float64{e, h}, color: col, width: 1.8},
			mark{at: [][3]float64{e}, color: col, width: 1.5})
		data.Rows = append(data.Rows, []any{t, e[0], e[1], e[2], h[0], h[1], h[2]})
	}
	return &Panel{Name: "poses", Data: data, draw: func(c draw.Canvas) {
		workspaceView().draw(c, title, append([]mark(nil), marks...))
	}}
}

// step is the time between samples in s.
const step = 0.010

// Joints draws the four joint angles in degrees, shape [4][time], against time.
func Joints(title string, joints [][]float64) *Panel {
	if len(joints) != len(JointNames) || len(joints[0]) == 0 {
		return emptyPanel("joints", title+": no joint angles")
	}
	return traces("joints", title, "joint angle [deg]", joints, JointNames)
}

// Muscles draws all muscles against time, shape [muscle][time]; label says what
// they are and in which unit, such as "muscle length [mm]". Colours follow the
// muscle's number, and no legend of 39 lines hides them.
func Muscles(title, label string, muscles [][]float64) *Panel {
	if len(muscles) == 0 || len(muscles[0]) == 0 {
		return emptyPanel("muscles", title+": no muscles")
	}
	return traces("muscles", title, label, muscles, nil)
}

func traces(name, title, label string, rows [][]float64, names []string) *Panel {
	p := newPlot(title, "time [s]", label)
	data := display.Table{Columns: []string{"t_s"}}
	n := 0
	for i, r := range rows {
		n = max(n, len(r))
		t := index(len(r))
		for k := range t {
			t[k] *= step
		}
		var col color.Color = Palette[i%len(Palette)]
		if names == nil {
			col = lineRamp(float64(i) / math.Max(1, float64(len(rows)-1)))
		}
		l := addLine(p, t, r, col, 0.7)
		switch {
		case names == nil:
			data.Columns = append(data.Columns, fmt.Sprintf("muscle_%d", i))
		default:
			data.Columns = append(data.Columns, names[i])
			if l != nil {
				p.Legend.Add(names[i], l)
			}
		}
	}
	for t := 0; t < n; t++ {
		row := []any{float64(t) * step}
		for _, r := range rows {
			if t < len(r) {
				row = append(row, r[t])
			} else {
				row = append(row, nil)
			}
		}
		data.Rows = append(data.Rows, row)
	}
	lo, hi, ok := span(rows...)
	if !ok {
		return emptyPanel(name, title+": no finite value")
	}
	p.Y.Min, p.Y.Max = lo-0.05*(hi-lo), hi+0.05*(hi-lo)
	p.X.Min, p.X.Max = 0, float64(n)*step
	return plotPanel(name, p, data)
}
