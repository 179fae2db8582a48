package notebook_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"github.com/spindle-lab/spindle/kernel/notebook"
)

func pngText(t *testing.T, w, h int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func page(t *testing.T, cells ...*notebook.Cell) string {
	t.Helper()
	nb := &notebook.Notebook{Cells: cells}
	var b bytes.Buffer
	if err := nb.HTML(&b, "nb.ipynb"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func shows(data, meta map[string]any) *notebook.Cell {
	return &notebook.Cell{Type: notebook.Code, Source: "x", Count: 3, Outputs: []*notebook.Output{{Type: "display_data", Data: data, Metadata: meta}}}
}

// Each kind of output comes out as a page can show it.
func TestHTMLOutputs(t *testing.T) {
	pic := pngText(t, 40, 20)
	code := func(o *notebook.Output) *notebook.Cell {
		return &notebook.Cell{Type: notebook.Code, Source: "x", Outputs: []*notebook.Output{o}}
	}
	for _, c := range []struct {
		name string
		cell *notebook.Cell
		want []string
		not  []string
	}{
		{"label", shows(nil, nil), []string{`In[3]`}, nil},
		{"code", &notebook.Cell{Type: notebook.Code, Source: "for i := range 3 { s := \"<b>\" } // c"}, []string{
			`<span class="k">for</span>`, `<span class="s">&#34;&lt;b&gt;&#34;</span>`, `<span class="n">3</span>`, `<span class="c">// c</span>`}, nil},
		{"special line", &notebook.Cell{Type: notebook.Code, Source: "%cd a/b"}, []string{`%cd a/b`}, nil},
		{"png at half its pixels", shows(map[string]any{"image/png": pic, "text/plain": "fig\nmore"}, map[string]any{"image/png": map[string]any{"width": 20.0}}),
			[]string{`<img alt="fig" width="20" height="10" src="data:image/png;base64,` + pic + `">`}, nil},
		{"svg", shows(map[string]any{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>"}, nil), []string{`src="data:image/svg+xml;base64,`}, []string{"<script"}},
		{"table", shows(map[string]any{"text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "1"}, nil), []string{"<td>1</td>"}, nil},
		{"progress keeps its last state", shows(map[string]any{"text/html": `<div><progress max="1" value="1.000"></progress> done</div>`}, nil), []string{`value="1.000"`, "done"}, nil},
		{"markdown output", shows(map[string]any{"text/markdown": "**b**"}, nil), []string{"<strong>b</strong>"}, nil},
		{"latex", shows(map[string]any{"text/latex": `$\frac{a}{b}$`}, nil), []string{"<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"}, nil},
		{"json", shows(map[string]any{"application/json": map[string]any{"a": 1.0}}, nil), []string{`&#34;a&#34;: 1`}, nil},
		{"plain", shows(map[string]any{"text/plain": "<nil>"}, nil), []string{"&lt;nil&gt;"}, nil},
		{"stream", code(&notebook.Output{Type: "stream", Name: "stdout", Text: "1 %\r50 %\r100 %\nnext\n"}), []string{"100 %\nnext"}, []string{"50 %"}},
		{"stderr", code(&notebook.Output{Type: "stream", Name: "stderr", Text: "w"}), []string{`out stderr`}, nil},
		{"error", code(&notebook.Output{Type: "error", EName: "Panic", EValue: "m", Trace: []string{"\x1b[31mIn[1]:2:5\x1b[0m: bad <x>", "  ^"}}),
			[]string{"In[1]:2:5: bad &lt;x&gt;\n  ^"}, []string{"\x1b"}},
		{"tags", &notebook.Cell{Type: notebook.Code, Source: "x", Metadata: map[string]any{"tags": []any{"skip-execution", "raises-exception"}}}, []string{"not run", "meant to fail"}, nil},
		{"markdown", &notebook.Cell{Type: notebook.Markdown, Source: "# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[l](x.ipynb) `c`"}, []string{"<h1 id=\"t\">T</h1>", "<td>2</td>", `<a href="x.ipynb">l</a>`, "<title>T</title>"}, nil},
		{"attachment", &notebook.Cell{Type: notebook.Markdown, Source: "![p](attachment:i.png)", Attachments: map[string]any{"i.png": map[string]any{"image/png": pic}}}, []string{`src="data:image/png;base64,` + pic}, nil},
		{"picture outside", &notebook.Cell{Type: notebook.Markdown, Source: "![p](http://x.invalid/a.png)"}, []string{"[picture: p]"}, []string{"<img"}},
		{"formula", &notebook.Cell{Type: notebook.Markdown, Source: "so $x_i^2$ is 5$ and 6$ and \\$7"}, []string{"<msubsup><mi>x</mi><mi>i</mi><mrow><mn>2</mn></mrow></msubsup>", "5$ and 6$ and $7"}, nil},
		{"unknown formula", &notebook.Cell{Type: notebook.Markdown, Source: `$\weird{a}$`}, []string{`<code class="math-source">\weird{a}</code>`}, nil},
		{"raw", &notebook.Cell{Type: notebook.Raw, Source: "<b>"}, []string{"<pre>&lt;b&gt;</pre>"}, nil},
	} {
		p := page(t, c.cell)
		_, body, _ := strings.Cut(p, "<main>")
		head := p[:len(p)-len(body)]
		for _, w := range c.want {
			if !strings.Contains(body, w) && !strings.Contains(head, w) {
				t.Errorf("%s: no %q in\n%s", c.name, w, body)
			}
		}
		for _, w := range c.not {
			if strings.Contains(body, w) {
				t.Errorf("%s: %q is in\n%s", c.name, w, body)
			}
		}
	}
}

// What an output or a Markdown cell holds can neither act nor change the page
// around it.
func TestHTMLHarmless(t *testing.T) {
	for _, evil := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<a href="javascript:alert(1)">x</a>`,
		"<a href=\"java\tscript:alert(1)\">x</a>", `<a href=" JavaScript:alert(1)">x</a>`, `<iframe src="http://x.invalid"></iframe>`,
		`</div></section></main><h1>taken over</h1>`, `<svg><script>alert(1)</script></svg>`, `<form action="http://x.invalid"><input autofocus onfocus=alert(1)></form>`,
		`<meta http-equiv=refresh content="0;url=http://x.invalid">`, `<base href="http://x.invalid/">`, `<link rel=stylesheet href="http://x.invalid/a.css">`,
		`<object data="http://x.invalid"></object>`, `<table><script>alert(1)</script>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`,
		strings.Repeat("<div>", 100000), `<math><mtext><script>alert(1)</script></mtext></math>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	} {
		for _, cell := range []*notebook.Cell{shows(map[string]any{"text/html": evil}, nil), {Type: notebook.Markdown, Source: evil}} {
			p := page(t, cell, &notebook.Cell{Type: notebook.Markdown, Source: "the end"})
			doc, err := xhtml.Parse(strings.NewReader(p))
			if err != nil {
				t.Fatalf("%.60q: %v", evil, err)
			}
			mains := 0
			var walk func(n *xhtml.Node, inMain bool)
			endInMain := false
			walk = func(n *xhtml.Node, inMain bool) {
				if n.Type == xhtml.ElementNode {
					switch n.Data {
					case "main":
						mains++
						inMain = true
					case "script", "iframe", "object", "base", "link":
						t.Errorf("%.60q leaves <%s>", evil, n.Data)
					case "meta":
						if inMain {
							t.Errorf("%.60q leaves <meta>", evil)
						}
					}
					for _, a := range n.Attr {
						v := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
						if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "data:text") {
							t.Errorf("%.60q leaves %s=%q", evil, a.Key, a.Val)
						}
					}
				}
				if n.Type == xhtml.TextNode && strings.Contains(n.Data, "the end") {
					endInMain = inMain
				}
				for c := n.FirstChild; c != nil; c = c.NextSibling {
					walk(c, inMain)
				}
			}
			walk(doc, false)
			if mains != 1 || !endInMain {
				t.Errorf("%.60q breaks the page", evil)
			}
		}
	}
}

// The page needs no other file: no address in it is loaded, and the policy in
// its head forbids it.
func TestHTMLOfTheNotebooks(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	loads := regexp.MustCompile(`(?i)<(?:img|script|link|iframe|source|video|audio)\b[^>]*\b(?:src|href)="([^"]{0,40})`)
	for _, f := range files {
		nb, err := notebook.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "p.html")
		if err := nb.WriteHTML(out, filepath.Base(f)); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		p := string(raw)
		if !strings.Contains(p, "default-src 'none'") || !strings.Contains(p, `name="viewport"`) || !strings.Contains(p, "prefers-color-scheme: dark") {
			t.Errorf("%s: the head lacks its policy, viewport or dark colours", f)
		}
		for _, m := range loads.FindAllStringSubmatch(p, -1) {
			if !strings.HasPrefix(m[1], "data:") {
				t.Errorf("%s: loads %s", f, m[1])
			}
		}
		if strings.Contains(p, `<code class="math-source">`) {
			t.Errorf("%s: holds a formula that is not drawn", f)
		}
		// Every picture of the notebook is in the page.
		want := 0
		for _, c := range nb.Cells {
			for _, o := range c.Outputs {
				if _, ok := o.Data["text/html"]; !ok && o.Data["image/png"] != nil {
					want++
				}
			}
		}
		if got := strings.Count(p, "src=\"data:image/"); got != want {
			t.Errorf("%s: %d pictures, want %d", f, got, want)
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("# t $x^2$ $$\\frac{a}{\\sqrt b}$$", "<b>x", `\left(\begin{pmatrix}1&2\\3\end{pmatrix}\right)`)
	f.Add("$\\left", "</div>", `x_{y^{z}}`)
	f.Fuzz(func(t *testing.T, md, out, tex string) {
		nb := &notebook.Notebook{Cells: []*notebook.Cell{
			{Type: notebook.Markdown, Source: md},
			{Type: notebook.Code, Source: md, Outputs: []*notebook.Output{
				{Type: "display_data", Data: map[string]any{"text/html": out}},
				{Type: "display_data", Data: map[string]any{"text/latex": tex}},
				{Type: "display_data", Data: map[string]any{"image/png": out}},
				{Type: "stream", Text: out},
			}},
		}}
		var b bytes.Buffer
		if err := nb.HTML(&b, "x"); err != nil {
			t.Fatal(err)
		}
		if _, err := xhtml.Parse(&b); err != nil {
			t.Fatalf("the page is no HTML: %v", err)
		}
	})
}
