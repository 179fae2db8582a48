// Package figure draws the panels of the paper, one function each, in one
// house style on gonum/plot: sizes in mm as printed, type of at least 6 pt,
// colours that the colour-blind can tell apart, units on every axis.
//
// A function takes results of the library and returns a [Panel]: the drawing
// and the numbers it shows. [Compose] sets panels side by side and letters
// them. A [Figure] shows itself in a notebook, and [Figure.Save] writes it as
// PNG, SVG and PDF with the plotted numbers as CSV beside it.
package figure

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/spindle-lab/spindle/lib/display"
)

// A Panel is one drawing and the numbers that it shows.
type Panel struct {
	Name string        // short, for the CSV's file name
	Data display.Table // the plotted numbers
	draw func(c draw.Canvas)
}

func plotPanel(name string, p *plot.Plot, data display.Table) *Panel {
	return &Panel{Name: name, Data: data, draw: func(c draw.Canvas) { drawPlot(p, c) }}
}

// emptyPanel says why there is nothing to see; a figure never has a blank box.
func emptyPanel(name, why string) *Panel {
	return &Panel{Name: name, draw: func(c draw.Canvas) {
		s := textStyle(labelSize, Grey)
		s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
		words, line, y := strings.Fields(why), "", c.Center().Y
		var lines []string
		for _, w := range words {
			if line != "" && s.Width(line+" "+w) > c.Size().X*9/10 {
				lines, line = append(lines, line), w
				continue
			}
			line = strings.TrimSpace(line + " " + w)
		}
		lines = append(lines, line)
		y += vg.Length(len(lines)-1) * labelSize * 0.7
		for _, l := range lines {
			c.FillText(s, vg.Point{X: c.Center().X, Y: y}, l)
			y -= labelSize * 1.4
		}
	}}
}

// A Figure is a set of panels at its printed size.
type Figure struct {
	Name          string  // file name without extension
	Caption       string  // what is seen, n, tier, switches off their default
	Width, Height float64 // mm
	Panels        []*Panel
	// Provenance is written into the files' metadata: command, version, seed.
	Provenance map[string]string
	rows, cols int
	dark       bool
}

// Compose sets panels in rows of cols, lettered a, b, c, … if there are
// several. Width and height are in mm.
func Compose(name string, width, height float64, cols int, panels ...*Panel) *Figure {
	if cols < 1 || width <= 0 || height <= 0 {
		panic("figure: Compose needs a positive size and at least one column")
	}
	return &Figure{Name: name, Width: width, Height: height, Panels: panels,
		cols: cols, rows: (len(panels) + cols - 1) / cols}
}

// WithCaption sets the caption and returns the figure.
func (f *Figure) WithCaption(format string, args ...any) *Figure {
	f.Caption = fmt.Sprintf(format, args...)
	return f
}

// OnDark returns the figure for a dark background, such as a slide's, under a
// name of its own.
func (f *Figure) OnDark() *Figure {
	g := *f
	g.dark = true
	g.Name += "_dark"
	return &g
}

func (f *Figure) drawOn(c draw.Canvas) {
	if f.dark {
		c.Canvas = darkCanvas{c.Canvas}
	}
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	if len(f.Panels) == 0 {
		emptyPanel(f.Name, "no panels").draw(c)
		return
	}
	const gap, margin = 3 * mm, 1.5 * mm
	cw := (c.Size().X - 2*margin - vg.Length(f.cols-1)*gap) / vg.Length(f.cols)
	ch := (c.Size().Y - 2*margin - vg.Length(f.rows-1)*gap) / vg.Length(f.rows)
	letter := textStyle(letterSize, Black)
	letter.YAlign = draw.YTop
	for i, p := range f.Panels {
		x := c.Min.X + margin + vg.Length(i%f.cols)*(cw+gap)
		y := c.Max.Y - margin - vg.Length(i/f.cols)*(ch+gap)
		box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: y - ch}, Max: vg.Point{X: x + cw, Y: y}}}
		if len(f.Panels) > 1 {
			// Struck twice for weight: vgpdf cannot embed a bold face.
			for _, dx := range []vg.Length{0, 0.3} {
				c.FillText(letter, vg.Point{X: x + dx, Y: y}, panelLetter(i))
			}
			box.Min.X += 1.5 * mm
		}
		p.draw(box)
	}
}

func panelLetter(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return panelLetter(i/26-1) + panelLetter(i%26)
}

func (f *Figure) size() (w, h vg.Length) { return vg.Length(f.Width) * mm, vg.Length(f.Height) * mm }

// screenDPI is a CSS pixel's density; pictures have twice that.
const screenDPI = 96

func (f *Figure) image() image.Image {
	w, h := f.size()
	var back color.Color = color.White
	if f.dark {
		back = paper // also of pixels at the rim that the figure covers in part
	}
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(2*screenDPI), vgimg.UseBackgroundColor(back))
	f.drawOn(draw.New(c))
	return c.Image()
}

// PNG returns the figure at twice the density of a screen.
func (f *Figure) PNG() []byte {
	var buf bytes.Buffer
	// Notebooks carry the pictures: their size is worth the time.
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, f.image()); err != nil {
		panic("figure: " + err.Error()) // a buffer in memory does not fail
	}
	return pngWithText(buf.Bytes(), f.metadata())
}

// SVG returns the figure as a vector picture with real text.
func (f *Figure) SVG() string {
	w, h := f.size()
	c := vgsvg.New(w, h)
	f.drawOn(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		panic("figure: " + err.Error())
	}
	// Liberation Sans has the widths of Arial: where it is missing, that fits.
	svg := strings.ReplaceAll(buf.String(), "font-family:Liberation Sans;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")
	return svgWithMetadata(svg, f.metadata())
}

// PDF returns the figure as a one-page document.
func (f *Figure) PDF() []byte {
	w, h := f.size()
	c := vgpdf.New(w, h)
	c.EmbedFonts(true)
	f.drawOn(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		panic("figure: " + err.Error())
	}
	return pdfWithInfo(buf.Bytes(), f.metadata())
}

// Display implements display.Displayer: a PNG at its printed size, the caption
// beneath.
func (f *Figure) Display() display.Bundle {
	width := int(math.Round(f.Width / 25.4 * screenDPI))
	var names []string
	for _, p := range f.Panels {
		names = append(names, strings.ReplaceAll(p.Name, "_", " "))
	}
	txt := fmt.Sprintf("figure %s: %s", f.Name, strings.Join(names, ", "))
	return display.Bundle{
		Caption:  f.Caption,
		Data:     map[string]any{display.MIMEPNG: base64.StdEncoding.EncodeToString(f.PNG()), display.MIMEText: txt},
		Metadata: map[string]any{display.MIMEPNG: map[string]any{"width": width}},
	}
}
