package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/task"
)

// Pipeline draws the whole study as a schematic: a pen stroke, the arm that
// writes it, the muscle lengths that its spindles tell, networks trained on
// each group of tasks, and the comparison of their layers with neurons. Stroke,
// arm and traces are those of the movement; the rest is a drawing.
func Pipeline(title string, m movement.Movement) *Panel {
	if m.Len() < 2 || !anyKnown(m.Pen) || !anyKnown(m.Elbow) || !anyKnown(m.Hand) || len(m.Muscles) == 0 {
		return emptyPanel("pipeline", title+": no movement to draw it with")
	}
	data := display.Table{Columns: []string{"stage", "what"}, Rows: [][]any{
		{"stroke", "pen strokes of 20 letters"},
		{"arm", "two-link inverse kinematics, musculoskeletal model"},
		{"input", "39 muscles × 400 samples × (length, velocity)"},
		{"networks", "four families, 16 tasks"},
		{"layers", "activations on recorded reaches, at most 75 components"},
		{"neurons", "spike counts, ridge regression, explained variance"},
	}}
	return &Panel{Name: "pipeline", Data: data, draw: func(c draw.Canvas) {
		if title != "" {
			s := textStyle(titleSize, Black)
			s.XAlign, s.YAlign = draw.XCenter, draw.YTop
			c.FillText(s, pt(c.Center().X, c.Max.Y), title)
			c.Max.Y -= titleSize * 1.6
		}
		const gap = 5 * mm
		stages := []struct {
			name, note string
			draw       func(draw.Canvas)
		}{
			{"pen stroke", "2858 strokes,\n20 letters", func(c draw.Canvas) { drawPath(c, plane2(m.Pen)(m.Pen), Black, 1.2) }},
			{"arm", "inverse kinematics,\n39 muscles", func(c draw.Canvas) { drawArm(c, m) }},
			{"spindle input", "39 × 400 ×\n(length, velocity)", func(c draw.Canvas) { drawTraces(c, m.Muscles, 12) }},
			{"networks", "trained on one\ntask each", drawNetwork},
			{"16 tasks", "in 6 groups\nof hypotheses", drawTasks},
			{"neurons", "ridge regression\nof spike counts", drawSpikes},
		}
		n := vg.Length(len(stages))
		w := (c.Size().X - (n-1)*gap) / n
		name, note := textStyle(labelSize, Black), textStyle(tickSize, Grey)
		name.XAlign, name.YAlign = draw.XCenter, draw.YTop
		note.XAlign, note.YAlign = draw.XCenter, draw.YBottom
		top, bottom := c.Max.Y-labelSize*1.6, c.Min.Y+tickSize*2.8
		for i, s := range stages {
			x := c.Min.X + vg.Length(i)*(w+gap)
			box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: pt(x, bottom), Max: pt(x+w, top)}}
			c.FillText(name, pt(x+w/2, c.Max.Y), s.name)
			c.FillText(note, pt(x+w/2, c.Min.Y), s.note)
			c.StrokeLines(draw.LineStyle{Color: LightGrey, Width: 0.6}, corners(box.Rectangle, true))
			s.draw(inset(box, 1.5*mm))
			if i+1 < len(stages) {
				arrow(c, pt(x+w+0.8*mm, (top+bottom)/2), pt(x+w+gap-0.8*mm, (top+bottom)/2))
			}
		}
	}}
}

func inset(c draw.Canvas, d vg.Length) draw.Canvas {
	c.Min, c.Max = pt(c.Min.X+d, c.Min.Y+d), pt(c.Max.X-d, c.Max.Y-d)
	return c
}

func corners(r vg.Rectangle, closed bool) []vg.Point {
	p := []vg.Point{r.Min, pt(r.Max.X, r.Min.Y), r.Max, pt(r.Min.X, r.Max.Y)}
	if closed {
		p = append(p, r.Min)
	}
	return p
}

func arrow(c draw.Canvas, a, b vg.Point) {
	style := draw.LineStyle{Color: Black, Width: 1}
	c.StrokeLines(style, []vg.Point{a, b})
	c.FillPolygon(Black, []vg.Point{b, pt(b.X-1.4*mm, b.Y+0.9*mm), pt(b.X-1.4*mm, b.Y-0.9*mm)})
}

// plane2 returns what projects paths onto the two axes along which a path in
// space extends most.
func plane2(path [][]float64) func(p [][]float64) [2][]float64 {
	least, at := math.Inf(1), 0
	for d, row := range path {
		if lo, hi, _ := span(row); hi-lo < least {
			least, at = hi-lo, d
		}
	}
	return func(p [][]float64) [2][]float64 {
		switch at {
		case 0: // a vertical plane seen from behind: left is left
			return [2][]float64{negated(p[1]), p[2]}
		case 1:
			return [2][]float64{p[0], p[2]}
		}
		return [2][]float64{negated(p[1]), p[0]}
	}
}

func negated(x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = -x[i]
	}
	return out
}

// scaled scales points into a canvas, keeping their aspect.
func scaled(c draw.Canvas, xs, ys []float64) func(x, y float64) vg.Point {
	x0, x1, _ := span(xs)
	y0, y1, _ := span(ys)
	scale := math.Min(float64(c.Size().X)/(x1-x0), float64(c.Size().Y)/(y1-y0))
	mid := c.Center()
	return func(x, y float64) vg.Point {
		return pt(mid.X+vg.Length(scale*(x-(x0+x1)/2)), mid.Y+vg.Length(scale*(y-(y0+y1)/2)))
	}
}

func drawPath(c draw.Canvas, p [2][]float64, col color.Color, width vg.Length) {
	place := scaled(c, p[0], p[1])
	var line []vg.Point
	for i := range p[0] {
		if !bad(p[0][i]) && !bad(p[1][i]) {
			line = append(line, place(p[0][i], p[1][i]))
		}
	}
	c.StrokeLines(draw.LineStyle{Color: col, Width: width}, line)
}

// drawArm draws upper arm and forearm at five times of a movement, in the plane
// in which the hand moves.
func drawArm(c draw.Canvas, m movement.Movement) {
	n, project := m.Len(), plane2(m.Pen)
	hand, elbow := project(m.Hand), project(m.Elbow)
	xs := append(append([]float64{0}, hand[0]...), elbow[0]...)
	ys := append(append([]float64{0}, hand[1]...), elbow[1]...)
	place := scaled(c, xs, ys)
	for i := 0; i < 5; i++ {
		t := i * (n - 1) / 4
		if bad(hand[0][t]) || bad(hand[1][t]) || bad(elbow[0][t]) || bad(elbow[1][t]) {
			continue
		}
		col := fade(Orange, 0.25+0.18*float64(i))
		c.StrokeLines(draw.LineStyle{Color: col, Width: 2}, []vg.Point{place(0, 0), place(elbow[0][t], elbow[1][t]), place(hand[0][t], hand[1][t])})
	}
	var line []vg.Point
	for t := range hand[0] {
		if !bad(hand[0][t]) && !bad(hand[1][t]) {
			line = append(line, place(hand[0][t], hand[1][t]))
		}
	}
	c.StrokeLines(draw.LineStyle{Color: Black, Width: 0.8}, line)
	c.DrawGlyph(draw.GlyphStyle{Color: Black, Radius: 1.6, Shape: draw.CircleGlyph{}}, place(0, 0))
}

// drawTraces draws n of the rows over one another, each about its own mean.
func drawTraces(c draw.Canvas, rows [][]float64, n int) {
	n = min(n, len(rows))
	largest := 0.0
	picked := make([][]float64, n)
	for i := range picked {
		picked[i] = rows[i*len(rows)/n]
		m := mean(picked[i])
		for _, x := range picked[i] {
			if !bad(x) {
				largest = math.Max(largest, math.Abs(x-m))
			}
		}
	}
	if largest == 0 {
		largest = 1
	}
	pitch := c.Size().Y / vg.Length(n+1)
	for i, row := range picked {
		m, y := mean(row), c.Max.Y-vg.Length(i+1)*pitch
		var line []vg.Point
		for t, x := range row {
			if !bad(x) && len(row) > 1 {
				line = append(line, pt(c.Min.X+c.Size().X*vg.Length(t)/vg.Length(len(row)-1), y+0.9*pitch*vg.Length((x-m)/largest)))
			}
		}
		c.StrokeLines(draw.LineStyle{Color: lineRamp(float64(i) / math.Max(1, float64(n-1))), Width: 0.7}, line)
	}
}

// drawNetwork draws a stack of layers of units that narrows to a read-out.
func drawNetwork(c draw.Canvas) {
	const layers = 5
	pitch := c.Size().Y / layers
	var last []vg.Point
	for l := 0; l < layers; l++ {
		units := 8 - l
		if l == layers-1 {
			units = 2
		}
		var now []vg.Point
		for u := 0; u < units; u++ {
			now = append(now, pt(c.Min.X+c.Size().X*(vg.Length(u)+0.5)/vg.Length(units), c.Min.Y+(vg.Length(l)+0.5)*pitch))
		}
		for i, a := range last {
			for j, b := range now {
				if d := i - j; l == layers-1 || d >= -1 && d <= 2 {
					c.StrokeLines(draw.LineStyle{Color: LightGrey, Width: 0.4}, []vg.Point{a, b})
				}
			}
		}
		for _, p := range last {
			c.DrawGlyph(draw.GlyphStyle{Color: Grey, Radius: 1.3, Shape: draw.CircleGlyph{}}, p)
		}
		last = now
	}
	for _, p := range last {
		c.DrawGlyph(draw.GlyphStyle{Color: Vermillion, Radius: 1.6, Shape: draw.CircleGlyph{}}, p)
	}
}

// drawTasks names the groups of tasks, with as many dots as each has tasks.
func drawTasks(c draw.Canvas) {
	var groups []string
	count := map[string]int{}
	for _, t := range task.All() {
		if t.Group == task.DataDriven {
			continue
		}
		if count[t.Group] == 0 {
			groups = append(groups, t.Group)
		}
		count[t.Group]++
	}
	pitch := c.Size().Y / vg.Length(len(groups))
	s := textStyle(6, Black)
	s.YAlign = draw.YCenter
	for i, g := range groups {
		y := c.Max.Y - (vg.Length(i)+0.5)*pitch
		c.FillText(s, pt(c.Min.X, y+0.22*pitch), g)
		for k := 0; k < count[g]; k++ {
			c.DrawGlyph(draw.GlyphStyle{Color: GroupColor(g), Radius: 1.5, Shape: draw.CircleGlyph{}}, pt(c.Min.X+(vg.Length(k)+0.5)*4.2, y-0.25*pitch))
		}
	}
}

// drawSpikes draws a raster of made-up spikes and the rate that a model might
// predict from them.
func drawSpikes(c draw.Canvas) {
	const rows, bins = 9, 60
	rate := func(t, u int) float64 {
		return 0.5 + 0.5*math.Sin(float64(t)/9+float64(u)*0.15)
	}
	upper := c.Size().Y * 0.62
	pitch := upper / rows
	for u := 0; u < rows; u++ {
		y := c.Max.Y - (vg.Length(u)+0.5)*pitch
		for t := 0; t < bins; t++ {
			_, draw01 := math.Modf(float64(u*bins+t+1) * 0.6180339887498949)
			if draw01 < 0.45*rate(t, u) {
				x := c.Min.X + c.Size().X*vg.Length(t)/bins
				c.StrokeLines(draw.LineStyle{Color: Black, Width: 0.5}, []vg.Point{pt(x, y-0.35*pitch), pt(x, y+0.35*pitch)})
			}
		}
	}
	height := c.Size().Y - upper - 1.5*mm
	var truth, guess []vg.Point
	for t := 0; t < bins; t++ {
		x := c.Min.X + c.Size().X*vg.Length(t)/bins
		truth = append(truth, pt(x, c.Min.Y+height*vg.Length(rate(t, 4))))
		guess = append(guess, pt(x, c.Min.Y+height*vg.Length(0.12+0.76*rate(t, 3))))
	}
	c.StrokeLines(draw.LineStyle{Color: Grey, Width: 1}, truth)
	c.StrokeLines(draw.LineStyle{Color: Vermillion, Width: 1, Dashes: []vg.Length{2, 1.5}}, guess)
}
