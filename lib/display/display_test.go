package display

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
func (rich) JPEG() []byte         { return []byte{3} }
func (rich) PDF() []byte          { return []byte{4} }

type simple struct{}

func (simple) SimpleRender() map[string]any {
	return map[string]any{MIMEMarkdown: "**r**", MIMEPNG: []byte{1, 2}}
}

type richError struct{}

func (richError) Error() string { return "bad" }
func (richError) HTML() string  { return "<b>bad</b>" }

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
		{"error", errors.New("bad"), []string{MIMEText, MIMEHTML}, "error: bad"},
		{"error with a display method", richError{}, []string{MIMEText, MIMEHTML}, "bad"},
		{"methods", rich{}, []string{MIMEText, MIMEHTML, MIMEPNG, MIMELatex, MIMEJSON, MIMESVG, MIMEMarkdown, MIMEJavaScript, MIMEJPEG, MIMEPDF}, "rich"},
		{"SimpleRender", simple{}, []string{MIMEText, MIMEMarkdown, MIMEPNG}, "{}"},
		{"image", image.NewGray(image.Rect(0, 0, 3, 2)), []string{MIMEPNG, MIMEText}, "image 3×2"},
		{"plot", plot.New(), []string{MIMEPNG}, ""},
		{"matrix", mat.NewDense(2, 2, []float64{1, 2, 3, 4}), []string{MIMEHTML, MIMEText}, ""},
		{"slices", [][]float64{{1, 2}, {3}}, []string{MIMEHTML, MIMEText}, ""},
		{"arrays", [2][3]int{{1, 2, 3}, {4, 5, 6}}, []string{MIMEHTML, MIMEText}, ""},
		{"vector", mat.NewVecDense(2, []float64{1, 2}), []string{MIMEHTML, MIMEText}, ""},
		{"empty matrix", &mat.Dense{}, []string{MIMEText}, ""},
		{"nil slice", []float64(nil), []string{MIMEText}, "[]"},
		{"errors in a list", []error{errors.New("a")}, []string{MIMEText}, "[a]"},
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

// Text is Go's %v where that is short, and says what it leaves out where not.
func TestText(t *testing.T) {
	cube := make([][][]float64, 39)
	for i := range cube {
		cube[i] = make([][]float64, 400)
		for j := range cube[i] {
			cube[i][j] = []float64{1, 2}
		}
	}
	long := map[int]string{}
	for i := range 1000 {
		long[i] = "x"
	}
	type holder struct {
		Name string
		X    []float64
	}
	type node struct {
		Next *node
		V    int
	}
	loop := &node{V: 1}
	loop.Next = loop
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"short list", []int{1, 2, 3}, "[1 2 3]"},
		{"long list", make([]float64, 1000), "[0 0 0 0 0 0 0 0 … 0 0 0 0] (1000 values)"},
		{"three dimensions", cube[:12], "(12 × 400 × 2)"},
		{"deep lists are short too", cube, "[[1 2] [1 2] [1 2] … [1 2]]"},
		{"ragged", [][]string{make([]string, 900), {"a"}}, "(2 values)"},
		{"long map", long, "map[0:x 1:x 2:x 3:x 4:x 5:x 6:x 7:x …] (1000 entries)"},
		{"struct with a long field", holder{"a", make([]float64, 1000)}, "{a [0 0 0 … 0]}"},
		{"pointer to one", &holder{"a", make([]float64, 1000)}, "&{a [0 0 0 … 0]}"},
		{"long text", strings.Repeat("é", 100000), "… (200000 bytes)"},
		{"loop of pointers", loop, ""},
		{"nil", nil, "<nil>"},
		{"map with nil", map[string]any{"a": nil}, "map[a:<nil>]"},
	} {
		s := Text(c.v)
		if !strings.Contains(s, c.want) || len(s) > 101_000 {
			t.Errorf("%s: %.300q, want %q in it", c.name, s, c.want)
		}
	}
}

// A matrix of any size is a table of a few rows that says its shape, made
// without reading the rest.
func TestMatrixIsShortened(t *testing.T) {
	h := &huge{}
	b := Of(h)
	s := b.Data[MIMEText].(string)
	if !strings.HasPrefix(s, "matrix 100000000 × 50000000\n") || strings.Count(s, "\n") > MaxRows+3 {
		t.Errorf("text %.200q", s)
	}
	if n := strings.Count(b.Data[MIMEHTML].(string), "<tr>"); n > MaxRows+2 {
		t.Errorf("%d rows of HTML", n)
	}
	if h.read > 4*(MaxRows+1)*(MaxColumns+1) {
		t.Errorf("%d elements were read", h.read)
	}
	list := Of([][]float32{{1, 2}, {3}}).Data[MIMEText].(string)
	if !strings.HasPrefix(list, "2 × 2, rows of different lengths\n") {
		t.Errorf("ragged rows: %q", list)
	}
}

type huge struct{ read int }

func (*huge) Dims() (r, c int) { return 100_000_000, 50_000_000 }
func (h *huge) At(i, j int) float64 {
	h.read++
	return float64(i) + float64(j)
}

// A plot has two pixels in the file for each on the page; on request it is SVG.
func TestPlot(t *testing.T) {
	p := plot.New()
	p.Title.Text = "EV"
	b := Of(p)
	raw, err := base64.StdEncoding.DecodeString(b.Data[MIMEPNG].(string))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	// 5 × 3.5 inches of 96 CSS pixels.
	meta := b.Metadata[MIMEPNG].(map[string]any)
	if cfg.Width != 960 || cfg.Height != 672 || meta["width"] != 480 || b.Data[MIMEText] != "plot EV" {
		t.Errorf("%d×%d pixels, shown %v wide, text %q", cfg.Width, cfg.Height, meta["width"], b.Data[MIMEText])
	}
	v := Vector(p)
	if s, _ := v.Data[MIMESVG].(string); !strings.Contains(s, "<svg") || v.Data[MIMEPNG] != nil {
		t.Errorf("as SVG: %v", v.Data)
	}
	if v := Vector(rich{}); v.Data[MIMESVG] != "<svg/>" || v.Data[MIMEText] != "rich" {
		t.Errorf("a value with SVG(): %v", v.Data)
	}
	var none *plot.Plot
	if v := Vector(none); v.Data[MIMEText] != "<nil>" {
		t.Errorf("a nil plot: %v", v.Data)
	}
	if v := Vector(3); v.Data[MIMEText] != "3" {
		t.Errorf("a number: %v", v.Data)
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
	mu   sync.Mutex
	log  []string // what came, in order
	last map[string]Bundle
}

func (r *record) add(kind, id string, b Bundle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, fmt.Sprintf("%s %v", kind, b.Data[MIMEText]))
	if id != "" {
		if r.last == nil {
			r.last = map[string]Bundle{}
		}
		r.last[id] = b
	}
}

func (r *record) Display(b Bundle, id string, update bool) {
	kind := "display"
	if update {
		kind = "update"
	}
	r.add(kind, id, b)
}
func (r *record) Result(b Bundle) { r.add("result", "", b) }
func (r *record) Clear(wait bool) { r.add(fmt.Sprint("clear ", wait), "", Bundle{}) }

func (r *record) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

func recorded(t *testing.T) *record {
	r := &record{}
	SetSink(r)
	t.Cleanup(func() { SetSink(nil) })
	return r
}

// All results of a call are shown, in their order.
func TestLast(t *testing.T) {
	for _, c := range []struct {
		values []any
		want   []string
	}{
		{nil, nil},
		{[]any{1}, []string{"result 1"}},
		{[]any{1, errors.New("bad")}, []string{"result 1\nerror: bad"}},
		{[]any{1, "a", nil}, []string{"result 1\na\n<nil>"}},
		{[]any{1, rich{}, 2, 3}, []string{"display 1", "display rich", "result 2\n3"}},
		{[]any{rich{}, rich{}}, []string{"display rich", "display rich"}},
	} {
		r := recorded(t)
		Last(c.values...)
		if got := r.lines(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.values, got, c.want)
		}
	}
}

type captioned struct{}

func (captioned) Display() Bundle {
	b := PNG([]byte{1}, 321)
	b.Caption = "n < 5"
	return b
}

// A picture's caption follows it as words, no wider than the picture, and is in
// no form of the picture itself.
func TestCaption(t *testing.T) {
	r := recorded(t)
	Last(captioned{})
	Show(captioned{})
	Last(captioned{}, 1)
	want := []string{"result PNG picture", "display n < 5", "display PNG picture", "display n < 5", "display PNG picture", "display n < 5", "result 1"}
	if got := r.lines(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	h := Of(captioned{}).captionBundle().Data[MIMEHTML].(string)
	if !strings.Contains(h, "max-width:321px") || !strings.Contains(h, "n &lt; 5") {
		t.Errorf("caption %s", h)
	}
	raw, err := json.Marshal(Of(captioned{}))
	if err != nil || strings.Contains(string(raw), "n <") {
		t.Errorf("the picture's bundle is %s, %v", raw, err)
	}
}

// What is shown can be replaced in place, and the output emptied.
func TestUpdateAndClear(t *testing.T) {
	r := recorded(t)
	Show(1, "two")
	h := Live("a")
	h.Update("b")
	Clear(true)
	Clear(false)
	want := []string{"display 1", "display two", "display a", "update b", "clear true <nil>", "clear false <nil>"}
	if got := r.lines(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// One bar per task, moved in place a few times a second; its last state stays.
func TestProgress(t *testing.T) {
	r := recorded(t)
	p := Progress("work")
	for i := 0; i <= 1000; i++ {
		p(i, 1000, "")
	}
	got := r.lines()
	if len(got) < 2 || len(got) > 20 || len(r.last) != 1 {
		t.Errorf("a bar moved 1000 times at once sent %d messages for %d displays", len(got), len(r.last))
	}
	if last := got[len(got)-1]; last != "update work: 1000 of 1000 (100 %)" {
		t.Errorf("the bar's last state is %q", last)
	}
	// A task that ends early: its state is there before what comes behind it.
	r = recorded(t)
	p = Progress("fit")
	p(1, 100, "")
	p(37, 100, "loss 2")
	Last("done")
	want := []string{"display fit: 1 of 100 (1 %)", "update fit: 37 of 100 (37 %), loss 2", "result done"}
	if got := r.lines(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// And by itself if nothing comes.
	r = recorded(t)
	p = Progress("search")
	p(1, 0, "")
	p(2, 0, "a")
	for range 200 {
		if len(r.lines()) == 2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := r.lines(); len(got) != 2 || got[1] != "update search: 2, a" {
		t.Errorf("%q", got)
	}
}
