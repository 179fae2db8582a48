package figure

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawPlot draws a plot as fitted to its canvas.
func drawPlot(p *plot.Plot, c draw.Canvas) { fitted(p, c).Draw(c) }

// fitted returns a plot for a canvas: no more names on an axis than have room,
// and the y axis lengthened by what the legend takes, so that it hides nothing.
func fitted(p *plot.Plot, c draw.Canvas) *plot.Plot {
	q := *p
	area := q.DataCanvas(c).Size()
	for _, a := range []struct {
		axis *plot.Axis
		most vg.Length
	}{{&q.X, area.X / (9 * mm)}, {&q.Y, area.Y / (5 * mm)}} {
		if t, ok := a.axis.Tick.Marker.(niceTicks); ok && t.most == 0 {
			t.most = max(3, min(6, int(a.most)))
			a.axis.Tick.Marker = t
		}
	}
	legend := q.Legend.Rectangle(c).Size().Y
	if legend > 0 && q.Legend.Top && area.Y > 0 {
		kept := 1 - math.Min(0.6, float64((legend+1*mm)/area.Y))
		if _, isLog := q.Y.Scale.(plot.LogScale); isLog {
			q.Y.Max = q.Y.Min * math.Pow(q.Y.Max/q.Y.Min, 1/kept)
		} else {
			q.Y.Max = q.Y.Min + (q.Y.Max-q.Y.Min)/kept
		}
	}
	return &q
}

// drawNamed draws a plot whose places 0, 1, … of the x axis have names: in as
// many lines as each has room for, or upright where a word is wider than that.
func drawNamed(p *plot.Plot, names []string, c draw.Canvas) {
	q := *p
	style := q.X.Tick.Label
	q.X.Tick.Marker = ticksAt(make([]string, len(names)))
	room := q.DataCanvas(c).Size().X/vg.Length(math.Max(q.X.Max-q.X.Min, 1)) - 1*mm
	lines := make([]string, len(names))
	most := 0
	for i, n := range names {
		broken, ok := inLines(style, n, room)
		if !ok {
			q.X.Tick.Label.Rotation, q.X.Tick.Label.XAlign, q.X.Tick.Label.YAlign = math.Pi/2, draw.XRight, draw.YCenter
			q.X.Tick.Marker = ticksAt(names)
			drawPlot(&q, c)
			return
		}
		lines[i] = strings.Join(broken, "\n")
		most = max(most, len(broken))
	}
	for i, n := range lines {
		// gonum centres the lines of a name: with as many each, all begin level.
		lines[i] = n + strings.Repeat("\n ", most-1-strings.Count(n, "\n"))
	}
	q.X.Tick.Marker = ticksAt(lines)
	drawPlot(&q, c)
}

// inLines breaks a name at blanks, and behind hyphens but those of S-T and its
// like, into lines of a width; false if a piece of it is wider.
func inLines(style text.Style, name string, width vg.Length) (lines []string, ok bool) {
	line := ""
	for _, word := range strings.Fields(name) {
		pieces := strings.SplitAfter(word, "-")
		if len(word) <= 4 {
			pieces = []string{word}
		}
		for k, piece := range pieces {
			if piece == "" {
				continue
			}
			if style.Width(piece) > width {
				return nil, false
			}
			longer := line + piece
			if k == 0 && line != "" {
				longer = line + " " + piece
			}
			if line != "" && style.Width(longer) > width {
				lines, longer = append(lines, line), piece
			}
			line = longer
		}
	}
	return append(lines, line), true
}

// tile draws plots in a grid whose data areas line up, square if asked for, and
// in the middle of what they do not fill.
func tile(c draw.Canvas, plots []*plot.Plot, cols int, square bool) {
	rows := (len(plots) + cols - 1) / cols
	t := draw.Tiles{Rows: rows, Cols: cols, PadX: 1.5 * mm, PadY: 1.5 * mm}
	grid := make([][]*plot.Plot, rows)
	for i := range grid {
		grid[i] = make([]*plot.Plot, cols)
		for j := range grid[i] {
			if i*cols+j < len(plots) {
				cell := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Max: pt(c.Size().X/vg.Length(cols), c.Size().Y/vg.Length(rows))}}
				grid[i][j] = fitted(plots[i*cols+j], cell)
			}
		}
	}
	boxes := plot.Align(grid, t, c)
	if area := grid[0][0].DataCanvas(boxes[0][0]).Size(); square && area.X > 0 && area.Y > 0 {
		if spare := area.X - area.Y; spare > 0 {
			c.Max.X -= vg.Length(cols) * spare
		} else {
			c.Min.Y -= vg.Length(rows) * spare
		}
		boxes = plot.Align(grid, t, c)
	}
	for i, line := range boxes {
		for j, box := range line {
			if grid[i][j] != nil {
				grid[i][j].Draw(box)
			}
		}
	}
}

// drawKey names two lines at the upper right, for a grid of plots of one scale,
// and returns what is left of the canvas.
func drawKey(c draw.Canvas, names []string, colors []color.RGBA) draw.Canvas {
	s := textStyle(tickSize, Black)
	s.XAlign, s.YAlign = draw.XRight, draw.YTop
	x := c.Max.X
	for i := len(names) - 1; i >= 0; i-- {
		c.FillText(s, pt(x, c.Max.Y), names[i])
		x -= s.Width(names[i]) + 1*mm
		c.StrokeLine2(draw.LineStyle{Color: colors[i], Width: 0.8}, x-4*mm, c.Max.Y-tickSize*0.5, x, c.Max.Y-tickSize*0.5)
		x -= 7 * mm
	}
	c.Max.Y -= tickSize * 1.2
	return c
}

// drawBeside draws a plot with its legend to the right of the axes.
func drawBeside(p *plot.Plot, c draw.Canvas) {
	q, legend := *p, p.Legend
	q.Legend = plot.Legend{TextStyle: legend.TextStyle}
	legend.Left = true
	side := c
	side.Min.X = c.Max.X - legend.Rectangle(c).Size().X - 1*mm
	side.Max.Y -= titleSize * 1.5
	c.Max.X = side.Min.X - 2*mm
	drawPlot(&q, c)
	legend.Draw(side)
}
