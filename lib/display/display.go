// Package display turns values into what a notebook can show: a MIME bundle
// (text, HTML, PNG, SVG, Markdown, LaTeX, JSON). It knows nothing of Jupyter:
// whoever runs the code installs a [Sink], and without one values are printed
// as text.
//
// A type of one's own is shown richly if it has one of gophernotes' display
// methods: HTML() string, Markdown() string, Latex() string, SVG() string,
// PNG() []byte, JPEG() []byte, PDF() []byte, JavaScript() string,
// JSON() map[string]any, SimpleRender() map[string]any. Such plain method sets
// need no import. Types that can import this package may implement [Displayer].
package display

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/png"
	"math"
	"reflect"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// MIME types of a bundle.
const (
	MIMEText       = "text/plain"
	MIMEHTML       = "text/html"
	MIMEMarkdown   = "text/markdown"
	MIMELatex      = "text/latex"
	MIMEPNG        = "image/png"
	MIMEJPEG       = "image/jpeg"
	MIMESVG        = "image/svg+xml"
	MIMEPDF        = "application/pdf"
	MIMEJSON       = "application/json"
	MIMEJavaScript = "application/javascript"
)

// A Bundle is one value in all the forms it can be shown in. Text forms are
// strings, binary forms base64 strings, as Jupyter has them.
type Bundle struct {
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
	// Caption is what is written beneath a picture. A front end shows one form of
	// a bundle, the picture or its text: so [Show] and [Last] show the caption as
	// a bundle of its own that follows.
	Caption string `json:"-"`
}

// captionBundle is a bundle's caption, no wider than its picture.
func (b Bundle) captionBundle() Bundle {
	width := "46em"
	for _, mime := range []string{MIMEPNG, MIMESVG, MIMEJPEG} {
		if m, ok := b.Metadata[mime].(map[string]any); ok && m["width"] != nil {
			width = fmt.Sprintf("%vpx", m["width"])
		}
	}
	h := fmt.Sprintf(`<p style="max-width:%s;margin:0 0 1em">%s</p>`, width, escape(b.Caption))
	return Bundle{Data: map[string]any{MIMEText: b.Caption, MIMEHTML: h}, Metadata: map[string]any{}}
}

// Empty tells whether there is nothing to show.
func (b Bundle) Empty() bool { return len(b.Data) == 0 }

// A Displayer makes its own bundle.
type Displayer interface{ Display() Bundle }

// Of returns the bundle of a value. It never panics: a display method that
// panics is reported in the text.
func Of(v any) (b Bundle) {
	defer func() {
		if r := recover(); r != nil {
			b = text(fmt.Sprintf("display: the display method of %T panicked: %v", v, r))
		}
	}()
	switch v := v.(type) {
	case nil:
		return text("<nil>")
	case Bundle:
		return v
	case Displayer:
		if isNilPointer(v) {
			return text("<nil>")
		}
		return v.Display()
	}
	if isNilPointer(v) {
		return text("<nil>")
	}
	b = Bundle{Data: map[string]any{}, Metadata: map[string]any{}}
	methods(v, b.Data)
	switch v := v.(type) {
	case *plot.Plot:
		return ofPlot(v)
	case image.Image:
		if err := b.addImage(v); err != nil {
			return text("display: " + err.Error())
		}
	case error:
		if len(b.Data) == 0 {
			return ofError(v)
		}
	}
	if _, ok := b.Data[MIMEHTML]; !ok && len(b.Data) == 0 {
		if g, ok := asGrid(v); ok {
			return g.display()
		}
	}
	if _, ok := b.Data[MIMEText]; !ok {
		b.Data[MIMEText] = Text(v)
	}
	return b
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// methods collects what gophernotes' display methods give.
func methods(v any, data map[string]any) {
	if x, ok := v.(interface{ SimpleRender() map[string]any }); ok {
		for k, d := range x.SimpleRender() {
			data[k] = encode(d)
		}
	}
	if x, ok := v.(interface{ HTML() string }); ok {
		data[MIMEHTML] = x.HTML()
	}
	if x, ok := v.(interface{ Markdown() string }); ok {
		data[MIMEMarkdown] = x.Markdown()
	}
	if x, ok := v.(interface{ Latex() string }); ok {
		data[MIMELatex] = x.Latex()
	}
	if x, ok := v.(interface{ SVG() string }); ok {
		data[MIMESVG] = x.SVG()
	}
	if x, ok := v.(interface{ JavaScript() string }); ok {
		data[MIMEJavaScript] = x.JavaScript()
	}
	if x, ok := v.(interface{ PNG() []byte }); ok {
		data[MIMEPNG] = encode(x.PNG())
	}
	if x, ok := v.(interface{ JPEG() []byte }); ok {
		data[MIMEJPEG] = encode(x.JPEG())
	}
	if x, ok := v.(interface{ PDF() []byte }); ok {
		data[MIMEPDF] = encode(x.PDF())
	}
	if x, ok := v.(interface{ JSON() map[string]any }); ok {
		j := x.JSON()
		if _, err := json.Marshal(j); err != nil {
			data[MIMEText] = "display: " + err.Error()
		} else {
			data[MIMEJSON] = j
		}
	}
}

func encode(v any) any {
	if raw, ok := v.([]byte); ok {
		return base64.StdEncoding.EncodeToString(raw)
	}
	return v
}

func text(s string) Bundle {
	return Bundle{Data: map[string]any{MIMEText: s}, Metadata: map[string]any{}}
}

func (b Bundle) addImage(img image.Image) error {
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return err
	}
	b.Data[MIMEPNG] = encode(buf.Bytes())
	size := img.Bounds().Size()
	b.Data[MIMEText] = fmt.Sprintf("image %d×%d", size.X, size.Y)
	return nil
}

// ofError shows an error as one: it is a value like others, and must not be
// taken for a text.
func ofError(err error) Bundle {
	s := "error: " + clip(err.Error())
	h := `<pre style="border-left:3px solid #d55e00;padding-left:.6em">` + escape(s) + `</pre>`
	return Bundle{Data: map[string]any{MIMEText: s, MIMEHTML: h}, Metadata: map[string]any{}}
}

// plotWidth and plotHeight are the size of a bare gonum/plot plot.
const (
	plotWidth  = 5 * vg.Inch
	plotHeight = 3.5 * vg.Inch
	cssDPI     = 96 // pixels of a page per inch
)

// ofPlot draws a plot with two pixels of the file for each of the page.
func ofPlot(p *plot.Plot) Bundle {
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseDPI(2*cssDPI))}
	p.Draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return text("display: " + err.Error())
	}
	b := PNG(buf.Bytes(), int(plotWidth/vg.Inch*cssDPI))
	b.Data[MIMEText] = plotText(p)
	return b
}

func plotText(p *plot.Plot) string { return strings.TrimRight("plot "+p.Title.Text, " ") }

// Vector shows a value as SVG where it can be drawn so: a gonum/plot plot, or
// anything with a method SVG() string, such as a figure of this library. All
// else is shown as [Of] shows it.
func Vector(v any) (b Bundle) {
	defer func() {
		if r := recover(); r != nil {
			b = text(fmt.Sprintf("display: the display method of %T panicked: %v", v, r))
		}
	}()
	switch x := v.(type) {
	case nil:
	case *plot.Plot:
		if x == nil {
			break
		}
		c := vgsvg.New(plotWidth, plotHeight)
		x.Draw(draw.New(c))
		var buf bytes.Buffer
		if _, err := c.WriteTo(&buf); err != nil {
			return text("display: " + err.Error())
		}
		b = SVG(buf.String())
		b.Data[MIMEText] = plotText(x)
		return b
	case interface{ SVG() string }:
		if isNilPointer(v) {
			break
		}
		b = SVG(x.SVG())
		of := Of(v)
		if t, ok := of.Data[MIMEText].(string); ok {
			b.Data[MIMEText] = t
		}
		b.Caption = of.Caption
		return b
	}
	return Of(v)
}

// Data of one kind, for use in a cell: display.HTML("<b>x</b>").

// HTML is shown as HTML.
func HTML(s string) Bundle {
	return Bundle{Data: map[string]any{MIMEHTML: s, MIMEText: stripTags(s)}, Metadata: map[string]any{}}
}

// Markdown is shown as Markdown.
func Markdown(s string) Bundle {
	return Bundle{Data: map[string]any{MIMEMarkdown: s, MIMEText: s}, Metadata: map[string]any{}}
}

// Math is shown as a LaTeX formula; the text carries its own $ signs.
func Math(latex string) Bundle {
	return Bundle{Data: map[string]any{MIMELatex: latex, MIMEText: latex}, Metadata: map[string]any{}}
}

// SVG is shown as a picture.
func SVG(s string) Bundle {
	return Bundle{Data: map[string]any{MIMESVG: s, MIMEText: "SVG picture"}, Metadata: map[string]any{}}
}

// PNG is shown as a picture of the given width in CSS pixels, its own if 0.
func PNG(raw []byte, width int) Bundle {
	b := Bundle{Data: map[string]any{MIMEPNG: encode(raw), MIMEText: "PNG picture"}, Metadata: map[string]any{}}
	if width > 0 {
		b.Metadata[MIMEPNG] = map[string]any{"width": width}
	}
	return b
}

func stripTags(s string) string {
	var out strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '<':
			depth++
		case r == '>' && depth > 0:
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return html.UnescapeString(out.String())
}

// number formats a float with up to five significant digits, so that a table's
// columns stay narrow; the exact values are in the CSV beside a figure.
func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 0):
		return fmt.Sprint(x)
	case x == math.Trunc(x) && math.Abs(x) < 1e7:
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.5g", x)
}
