package figure

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Widths of a journal's columns, in mm.
const (
	SingleColumn = 85.0
	MiddleColumn = 114.0
	DoubleColumn = 174.0
)

// mm is one millimetre in gonum's points.
const mm = vg.Millimeter

// Sizes of type in points as printed. Nothing is smaller than 6 pt.
const (
	tickSize   = 6.5
	labelSize  = 7.5
	titleSize  = 8
	letterSize = 10
)

// Okabe and Ito's colours, which the colour-blind can tell apart, those too
// light for a line on white darkened to a contrast of 3 (WCAG 2.1, 1.4.11) and
// two others moved away from them; brown in place of yellow. LightGrey is for
// areas and for lines that are no data.
var (
	Black      = color.RGBA{0, 0, 0, 255}
	Orange     = color.RGBA{202, 134, 0, 255}
	SkyBlue    = color.RGBA{68, 153, 218, 255}
	Green      = color.RGBA{0, 158, 115, 255}
	Brown      = color.RGBA{100, 60, 20, 255}
	Blue       = color.RGBA{0, 100, 175, 255}
	Vermillion = color.RGBA{190, 65, 0, 255}
	Purple     = color.RGBA{204, 121, 167, 255}
	Grey       = color.RGBA{110, 110, 110, 255}
	LightGrey  = color.RGBA{205, 205, 205, 255}
)

// Palette is the order in which categories are coloured.
var Palette = []color.RGBA{Blue, Vermillion, Green, Purple, Orange, SkyBlue, Black, Grey}

// FamilyColor gives the colour of an architecture family, the same in every figure.
func FamilyColor(family string) color.RGBA {
	switch family {
	case "spatial_temporal":
		return Blue
	case "temporal_spatial":
		return Orange
	case "spatiotemporal":
		return Green
	case "lstm":
		return Purple
	}
	return Grey
}

// FamilyName is a family's name spelt out.
func FamilyName(family string) string {
	switch family {
	case "spatial_temporal":
		return "spatial-temporal"
	case "temporal_spatial":
		return "temporal-spatial"
	case "lstm":
		return "LSTM"
	}
	return family
}

// FamilyShort is the paper's abbreviation of a family.
func FamilyShort(family string) string {
	switch family {
	case "spatial_temporal":
		return "S-T"
	case "temporal_spatial":
		return "T-S"
	case "spatiotemporal":
		return "ST"
	case "lstm":
		return "LSTM"
	}
	return family
}

// GroupColor gives the colour of a group of tasks (hypotheses of the paper).
func GroupColor(group string) color.RGBA {
	switch group {
	case "action recognition":
		return Blue
	case "hand state":
		return Orange
	case "limb state":
		return Purple
	case "joint state":
		return Green
	case "inverse dynamics":
		return Vermillion
	case "efficient coding":
		return SkyBlue
	case "linear", "data-driven":
		return Black
	}
	return Grey
}

func fade(c color.RGBA, alpha float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(255 * alpha)}
}

var sans = font.NewCache(liberation.Collection())

func face(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

func textStyle(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    face(size),
		Handler: text.Plain{Fonts: sans},
	}
}

// newPlot returns a plot in the house style; labels carry units.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = text.Plain{Fonts: sans}
	p.Title.Text = title
	p.Title.TextStyle = textStyle(titleSize, Black)
	p.Title.TextStyle.XAlign = draw.XCenter
	p.Title.TextStyle.YAlign = draw.YTop
	p.Title.Padding = 1 * mm
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		rotation, xalign, yalign := a.Label.TextStyle.Rotation, a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign
		a.Label.TextStyle = textStyle(labelSize, Black)
		a.Label.TextStyle.Rotation, a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = rotation, xalign, yalign
		rotation, xalign, yalign = a.Tick.Label.Rotation, a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = textStyle(tickSize, Black)
		a.Tick.Label.Rotation, a.Tick.Label.XAlign, a.Tick.Label.YAlign = rotation, xalign, yalign
		a.LineStyle.Width = 0.5
		a.Tick.LineStyle.Width = 0.5
		a.Tick.Length = 1 * mm
		a.Padding = 1 * mm
		a.Tick.Marker = niceTicks{}
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Legend.TextStyle = textStyle(tickSize, Black)
	p.Legend.ThumbnailWidth = 4 * mm
	p.Legend.Padding = 0.7 * mm
	p.Legend.Top = true
	p.X.Label.Padding = 0.5 * mm
	return p
}
