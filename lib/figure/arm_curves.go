package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"

	"github.com/spindle-lab/spindle/lib/display"
)

// An AngleCurve is a quantity at each of a series of joint angles.
type AngleCurve struct {
	Name   string    // for the legend; "" has no entry
	Value  []float64 // one for each angle; NaN leaves a gap
	Dashed bool      // a second curve of the colour before: another method for the same quantity
}

// AgainstAngle draws quantities such as muscle lengths or moment arms against
// the angle of a joint in degrees; label says what they are, and in which unit.
// Up to eight colours are those of the categories; if there are more, colour
// follows the number of the curve.
func AgainstAngle(title, joint, label string, angle []float64, curves []AngleCurve) *Panel {
	var all [][]float64
	colors := 0
	for _, k := range curves {
		if len(k.Value) != len(angle) {
			panic(fmt.Sprintf("figure: curve %q has %d values for %d angles", k.Name, len(k.Value), len(angle)))
		}
		all = append(all, k.Value)
		if !k.Dashed {
			colors++
		}
	}
	lo, hi, ok := span(all...)
	left, right, some := span(angle)
	if !ok || !some {
		return emptyPanel("against_angle", title+": no finite value")
	}
	p := newPlot(title, joint+" [deg]", label)
	data := display.Table{Columns: []string{"angle_deg"}}
	n := -1
	for i, k := range curves {
		if !k.Dashed || n < 0 {
			n++
		}
		var col color.Color = Palette[n%len(Palette)]
		width := vg.Length(0.9)
		if colors > len(Palette) {
			col, width = lineRamp(float64(n)/float64(colors-1)), 0.6
		}
		var dashes []vg.Length
		if k.Dashed {
			dashes = []vg.Length{2.5, 1.5}
		}
		start := 0
		for t := 0; t <= len(angle); t++ {
			// A NaN, and the end, ends a piece of the curve.
			if t < len(angle) && !bad(k.Value[t]) && !bad(angle[t]) {
				continue
			}
			addLine(p, angle[start:t], k.Value[start:t], col, width, dashes...)
			start = t + 1
		}
		name := k.Name
		if name != "" {
			legendEntry(p, name, col, 1.2, dashes...)
		} else {
			name = fmt.Sprintf("curve_%d", i)
		}
		data.Columns = append(data.Columns, name)
	}
	for t, a := range angle {
		row := []any{a}
		for _, k := range curves {
			row = append(row, k.Value[t])
		}
		data.Rows = append(data.Rows, row)
	}
	p.Y.Min, p.Y.Max = lo-0.05*(hi-lo), hi+0.05*(hi-lo)
	p.X.Min, p.X.Max = left, right
	return plotPanel("against_angle", p, data)
}
