package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// both is a colour of a scale: as it is on a light background, where it counts
// as a color.Color, and on a dark one.
type both struct{ light, dark color.NRGBA }

// RGBA implements color.Color.
func (b both) RGBA() (red, green, blue, alpha uint32) { return b.light.RGBA() }

// paper is the dark background.
var paper = color.NRGBA{24, 24, 24, 255}

// onDark is the colour that stands on the dark background for one on white:
// greys change places, black with the lightest; hues become lighter, by as much
// for all, so that they differ as before.
func onDark(c color.Color) color.Color {
	if b, ok := c.(both); ok {
		return b.dark
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	if n.R == n.G && n.G == n.B {
		const lightest = 235
		v := lightest - (lightest-float64(paper.R))*math.Pow(float64(n.R)/255, 1.1)
		n.R = uint8(math.Round(v))
		n.G, n.B = n.R, n.R
		return n
	}
	for _, v := range []*uint8{&n.R, &n.G, &n.B} {
		*v = lighter(*v, 0.25)
	}
	return n
}

func lighter(v uint8, by float64) uint8 {
	return uint8(math.Round(float64(v) + by*(255-float64(v))))
}

// darkCanvas draws in the colours of the dark background.
type darkCanvas struct{ vg.Canvas }

// SetColor implements vg.Canvas.
func (d darkCanvas) SetColor(c color.Color) {
	if c != nil {
		c = onDark(c)
	}
	d.Canvas.SetColor(c)
}

// along picks from a table of colours at equal distances.
func along(table [][3]float64, x float64) color.NRGBA {
	x = math.Max(0, math.Min(1, x)) * float64(len(table)-1)
	i := int(math.Min(x, float64(len(table)-2)))
	f := x - float64(i)
	var c [3]uint8
	for d := range c {
		c[d] = uint8(math.Round(table[i][d]*(1-f) + table[i+1][d]*f))
	}
	return color.NRGBA{c[0], c[1], c[2], 255}
}

// cividis, sampled at nine places.
var cividis = [][3]float64{{0, 34, 78}, {24, 52, 112}, {61, 74, 107}, {87, 93, 109}, {112, 113, 115}, {138, 134, 120}, {166, 157, 117}, {197, 181, 105}, {230, 206, 82}}

// ramp is cividis: a sequence that the colour-blind and a grey printer keep in
// order, for areas. What has no value is light grey.
func ramp(x float64) color.Color {
	if bad(x) {
		return LightGrey
	}
	c := along(cividis, x)
	d := c
	for _, v := range []*uint8{&d.R, &d.G, &d.B} {
		*v = lighter(*v, 0.3)
	}
	return both{c, d}
}

// The halves of viridis, sampled at five places each.
var (
	viridisDark  = [][3]float64{{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141}}
	viridisLight = [][3]float64{{33, 144, 141}, {39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37}}
)

// lineRamp is a sequence for thin lines: of viridis the half that stands out
// from the background.
func lineRamp(x float64) color.Color {
	if bad(x) {
		return Grey
	}
	return both{along(viridisDark, x), along(viridisLight, x)}
}

// diverging is blue for -1, grey for 0 and vermillion for +1: a change and its
// sign that the colour-blind can tell. The grey is as dark, or as light, as a
// line needs that is to be seen on the background.
func diverging(x float64) color.Color {
	end := Vermillion
	if x < 0 {
		end, x = Blue, -x
	}
	mix := func(zero uint8, c color.NRGBA) color.NRGBA {
		of := func(v uint8) uint8 { return uint8(math.Round(float64(zero)*(1-x) + float64(v)*x)) }
		return color.NRGBA{of(c.R), of(c.G), of(c.B), 255}
	}
	return both{mix(140, fade(end, 1)), mix(108, onDark(end).(color.NRGBA))}
}

// fillScale fills a strip of width w at the left of c with a scale from 0 below
// to 1 above.
func fillScale(c draw.Canvas, w vg.Length, scale func(x float64) color.Color) {
	const steps = 64
	h := c.Size().Y / steps
	for i := range steps {
		// Up to the top each time: where two steps meet there is no seam.
		y := c.Min.Y + vg.Length(i)*h
		c.FillPolygon(scale((float64(i)+0.5)/steps), []vg.Point{pt(c.Min.X, y), pt(c.Min.X+w, y), pt(c.Min.X+w, c.Max.Y), pt(c.Min.X, c.Max.Y)})
	}
}

// colorBar draws the scale of ramp from lo to hi in the left part of c.
func colorBar(c draw.Canvas, label string, lo, hi float64) {
	const w = 2.5 * mm
	fillScale(c, w, ramp)
	s := textStyle(tickSize, Black)
	s.YAlign = draw.YCenter
	for _, t := range (niceTicks{most: max(2, min(6, int(c.Size().Y/(6*mm))))}).Ticks(lo, hi) {
		y := c.Min.Y + vg.Length((t.Value-lo)/(hi-lo))*c.Size().Y
		if t.Label != "" {
			c.StrokeLine2(draw.LineStyle{Color: Black, Width: 0.5}, c.Min.X+w, y, c.Min.X+w+0.8*mm, y)
			c.FillText(s, pt(c.Min.X+w+1.3*mm, y), t.Label)
		}
	}
	s.YAlign = draw.YBottom
	c.FillText(s, pt(c.Min.X, c.Max.Y+1.5*mm), label)
}
