package figure

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
)

// JointNames are the four joint angles in the order of all arrays.
var JointNames = []string{"shoulder flexion", "shoulder adduction", "shoulder rotation", "elbow flexion"}

// ParallelCoordinates draws postures, each a line across the four joint
// angles in degrees. Joints has shape [4][sample]; every stride-th sample is drawn.
func ParallelCoordinates(title string, joints [][]float64, stride int, c color.RGBA) *Panel {
	data := display.Table{Columns: append([]string{"sample"}, JointNames...)}
	p := newPlot(title, "", "joint angle [deg]")
	if len(joints) != len(JointNames) || len(joints[0]) == 0 {
		return emptyPanel("parallel", title+": no postures")
	}
	n := len(joints[0])
	stride = max(stride, 1)
	alpha := min(0.6, 60/float64(n/stride+1))
	for t := 0; t < n; t += stride {
		y := make([]float64, 4)
		row := []any{t}
		for j := range y {
			y[j] = joints[j][t]
			row = append(row, y[j])
		}
		addLine(p, index(4), y, fade(c, max(alpha, 0.06)), 0.4)
		data.Rows = append(data.Rows, row)
	}
	p.X.Min, p.X.Max = -0.2, 3.2
	for j := 0; j < 4; j++ {
		lo, hi, _ := span(joints...)
		addLine(p, []float64{float64(j), float64(j)}, []float64{lo, hi}, Black, 0.5)
	}
	return &Panel{Name: "parallel", Data: data, draw: func(c draw.Canvas) { drawNamed(p, JointNames, c) }}
}

// A Cloud is a set of places in space, in cm on W axes.
type Cloud struct {
	Name   string
	At     [][3]float64
	Color  color.RGBA
	Radius float64 // points
	Alpha  float64
}

// Hands draws clouds of hand positions in the arm's space; the shoulder is the
// black point.
func Hands(title string, clouds ...Cloud) *Panel {
	data := display.Table{Columns: []string{"set", "x_cm", "y_cm", "z_cm"}}
	var marks []mark
	for _, cl := range clouds {
		alpha := cl.Alpha
		if alpha == 0 {
			alpha = 0.5
		}
		for _, p := range cl.At {
			if !known(p) {
				continue
			}
			marks = append(marks, mark{at: [][3]float64{p}, color: fade(cl.Color, alpha), width: plotRadius(cl.Radius)})
			data.Rows = append(data.Rows, []any{cl.Name, p[0], p[1], p[2]})
		}
	}
	if len(marks) == 0 {
		return emptyPanel("hands", title+": no hand positions")
	}
	marks = append(marks, shoulder())
	legend := plot.NewLegend()
	legend.TextStyle = textStyle(tickSize, Black)
	legend.Top, legend.Left, legend.Padding = true, true, 0.7*mm
	legend.ThumbnailWidth = 3 * mm
	for _, cl := range clouds {
		if cl.Name != "" {
			legend.Add(cl.Name, dotThumb{cl.Color})
		}
	}
	return &Panel{Name: "hands", Data: data, draw: func(c draw.Canvas) {
		workspaceView().draw(c, title, append([]mark(nil), marks...))
		c.Max.Y -= titleSize * 1.6
		legend.Draw(c)
	}}
}
