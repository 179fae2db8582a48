package display

import (
	"bytes"
	"errors"
	"image"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
)

type rich struct{}

func (rich) HTML() string         { return "<b>x</b>" }
func (rich) PNG() []byte          { return []byte{1, 2} }
func (rich) String() string       { return "rich" }
func (rich) Latex() string        { return "$x$" }
func (rich) JSON() map[string]any { return map[string]any{"a": 1} }
func (rich) SVG() string          { return "<svg/>" }
func (rich) Markdown() string     { return "*x*" }
func (rich) JavaScript() string   { return "1" }

type broken struct{}

func (broken) HTML() string { panic("no") }

type nan struct{}

func (nan) JSON() map[string]any { return map[string]any{"a": math.NaN()} }

func TestOf(t *testing.T) {
	var none *plot.Plot
	for _, c := range []struct {
		name  string
		v     any
		mimes []string
		text  string
	}{
		{"nil", nil, []string{MIMEText}, "<nil>"},
		{"nil pointer", none, []string{MIMEText}, "<nil>"},
		{"number", 3.5, []string{MIMEText}, "3.5"},
		{"string", "a\nb", []string{MIMEText}, "a\nb"},
		{"error", errors.New("bad"), []string{MIMEText}, "bad"},
		{"methods", rich{}, []string{MIMEText, MIMEHTML, MIMEPNG, MIMELatex, MIMEJSON, MIMESVG, MIMEMarkdown}, "rich"},
		{"image", image.NewGray(image.Rect(0, 0, 3, 2)), []string{MIMEPNG, MIMEText}, "image 3×2"},
		{"plot", plot.New(), []string{MIMEPNG}, ""},
		{"matrix", mat.NewDense(2, 2, []float64{1, 2, 3, 4}), []string{MIMEHTML, MIMEText}, ""},
		{"slices", [][]float64{{1, 2}, {3}}, []string{MIMEHTML, MIMEText}, ""},
		{"structs", []struct {
			A int
			B string
		}{{1, "x"}}, []string{MIMEHTML, MIMEText}, ""},
		{"panicking method", broken{}, []string{MIMEText}, "display: the display method of display.broken panicked: no"},
	} {
		b := Of(c.v)
		for _, m := range c.mimes {
			if _, ok := b.Data[m]; !ok {
				t.Errorf("%s: no %s in %v", c.name, m, b.Data)
			}
		}
		if c.text != "" && b.Data[MIMEText] != c.text {
			t.Errorf("%s: text %q, want %q", c.name, b.Data[MIMEText], c.text)
		}
	}
	if _, ok := Of(nan{}).Data[MIMEJSON]; ok {
		t.Error("a NaN reached application/json, which no front end can read")
	}
}

func TestLongSliceIsShortened(t *testing.T) {
	s := Text(make([]float64, 1000))
	if len(s) > 200 || !strings.Contains(s, "1000 values") {
		t.Errorf("text of 1000 values: %q", s)
	}
}

func TestTable(t *testing.T) {
	tab := Table{Columns: []string{"unit", "EV"}, Caption: "scores <1>"}
	for i := 0; i < 100; i++ {
		tab.Rows = append(tab.Rows, []any{i, float64(i) / 3})
	}
	h := tab.HTML()
	if strings.Count(h, "<tr>") > MaxRows+3 || !strings.Contains(h, "100 × 2") || !strings.Contains(h, "scores &lt;1&gt;") {
		t.Errorf("long table is not shortened, or says no shape: %s", h)
	}
	if s := tab.String(); !strings.Contains(s, "100 × 2") || !strings.Contains(s, "33") {
		t.Errorf("text table:\n%s", s)
	}
	var buf bytes.Buffer
	if err := tab.WriteCSV(&buf); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(buf.String(), "\n"); n != 101 {
		t.Errorf("CSV has %d lines, want all 101", n)
	}
}

type record struct {
	shown, updated, results []Bundle
}

func (r *record) Display(b Bundle, id string, update bool) {
	if update {
		r.updated = append(r.updated, b)
		return
	}
	r.shown = append(r.shown, b)
}
func (r *record) Result(b Bundle) { r.results = append(r.results, b) }
func (r *record) Clear(bool)      {}

func TestSink(t *testing.T) {
	r := &record{}
	SetSink(r)
	defer SetSink(nil)
	Show(1, "two")
	Last(1, errors.New("bad"))
	p := Progress("work")
	for i := 0; i <= 1000; i++ {
		p(i, 1000, "")
	}
	if len(r.shown) != 3 || len(r.results) != 1 {
		t.Fatalf("%d shown, %d results; want 2 values and a bar, 1 result", len(r.shown), len(r.results))
	}
	if got := r.results[0].Data[MIMEText]; got != "1\nbad" {
		t.Errorf("result of two values is %q", got)
	}
	if len(r.updated) == 0 || len(r.updated) > 20 {
		t.Errorf("%d updates of a bar moved 1000 times at once", len(r.updated))
	}
	if last := r.updated[len(r.updated)-1].Data[MIMEText]; last != "work: 1000 of 1000 (100 %)" {
		t.Errorf("the bar's last state is %q", last)
	}
}
