package notebook

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image"
	_ "image/jpeg" // sizes of pictures
	_ "image/png"
	"io"
	"maps"
	"slices"
	"strings"
)

//go:embed page.css
var pageStyle string

// policy lets the page load nothing and run nothing: it is whole in itself, and
// what a notebook's outputs hold cannot act.
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"

// HTML writes the notebook as one page that needs no other file and no network:
// Markdown rendered, formulae as MathML, pictures inside. Scripts in outputs do
// not run. Formulae beyond the LaTeX that [mathML] knows stand as they were
// written. The title is the first heading, or name.
func (nb *Notebook) HTML(w io.Writer, name string) error {
	var b bytes.Buffer
	title := nb.title()
	if title == "" {
		title = name
	}
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="spindle">
<title>%s</title>
<style>
%s</style>
</head>
<body>
<main>
`, policy, html.EscapeString(title), pageStyle)
	goCode := nb.Language() == "go" || nb.Language() == ""
	for i, c := range nb.Cells {
		if err := c.html(&b, goCode); err != nil {
			return fmt.Errorf("%s, cell %d: %w", name, i+1, err)
		}
	}
	fmt.Fprintf(&b, "<footer>%s</footer>\n</main>\n</body>\n</html>\n", html.EscapeString(name))
	_, err := w.Write(b.Bytes())
	return err
}

// WriteHTML writes the page to a file: beside it first, then renamed.
func (nb *Notebook) WriteHTML(path, name string) error {
	return writeFile(path, func(w io.Writer) error { return nb.HTML(w, name) })
}

// title returns the text of the first heading of a Markdown cell.
func (nb *Notebook) title() string {
	for _, c := range nb.Cells {
		if c.Type != Markdown {
			continue
		}
		for l := range strings.Lines(c.Source) {
			if h, ok := strings.CutPrefix(l, "# "); ok {
				return strings.TrimSpace(strings.NewReplacer("*", "", "`", "").Replace(h))
			}
		}
	}
	return ""
}

func (c *Cell) html(b *bytes.Buffer, goCode bool) error {
	switch c.Type {
	case Markdown:
		page, err := markdownHTML(c.Source, c.Attachments)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "<section class=\"text\">\n%s</section>\n", page)
		return nil
	case Raw:
		if c.Source != "" {
			fmt.Fprintf(b, "<section class=\"text\"><pre>%s</pre></section>\n", html.EscapeString(c.Source))
		}
		return nil
	}
	if c.Source == "" && len(c.Outputs) == 0 {
		return nil
	}
	label := ""
	if c.Count > 0 {
		label = fmt.Sprintf("In[%d]", c.Count)
	}
	source := html.EscapeString(c.Source)
	if goCode {
		source = highlight(c.Source)
	}
	fmt.Fprintf(b, "<section class=\"cell\"><div class=\"label\">%s</div><div class=\"body\">\n<pre class=\"source\"><code>%s</code></pre>\n", label, source)
	if c.HasTag("skip-execution") {
		b.WriteString("<p class=\"note\">not run (skip-execution)</p>\n")
	}
	if c.HasTag("raises-exception") {
		b.WriteString("<p class=\"note\">this cell is meant to fail (raises-exception)</p>\n")
	}
	for _, o := range c.Outputs {
		if err := o.html(b); err != nil {
			return err
		}
	}
	b.WriteString("</div></section>\n")
	return nil
}

func (o *Output) html(b *bytes.Buffer) error {
	switch o.Type {
	case "stream":
		class := "stdout"
		if o.Name == "stderr" {
			class = "stderr"
		}
		fmt.Fprintf(b, "<div class=\"out %s\"><pre class=\"plain\">%s</pre></div>\n", class, html.EscapeString(terminalText(o.Text)))
		return nil
	case "error":
		text := strings.Join(o.Trace, "\n")
		if text == "" {
			text = o.EName + ": " + o.EValue
		}
		fmt.Fprintf(b, "<div class=\"out error\" role=\"note\" aria-label=\"error\"><pre class=\"plain\">%s</pre></div>\n", html.EscapeString(terminalText(text)))
		return nil
	}
	body, err := o.bundle()
	if err != nil || body == "" {
		return err
	}
	fmt.Fprintf(b, "<div class=\"out\">%s</div>\n", body)
	return nil
}

// bundle writes the richest form of an output that a page without scripts can
// show, in the order in which Jupyter prefers them.
func (o *Output) bundle() (string, error) {
	alt, _ := o.Data["text/plain"].(string)
	for _, mime := range []string{"text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg"} {
		s, ok := o.Data[mime].(string)
		if !ok || s == "" {
			continue
		}
		switch mime {
		case "text/html":
			return cleanHTML(s), nil
		case "text/markdown":
			return markdownHTML(s, nil)
		case "text/latex":
			return latexHTML(s), nil
		case "image/svg+xml":
			// As an image its styles and names stay its own, and it runs nothing.
			s = base64.StdEncoding.EncodeToString([]byte(s))
		}
		return o.picture(mime, s, alt), nil
	}
	if alt == "" {
		if mimes := slices.Sorted(maps.Keys(o.Data)); len(mimes) > 0 {
			j, err := json.MarshalIndent(o.Data[mimes[0]], "", "  ")
			if err != nil {
				return "", err
			}
			alt = mimes[0] + ": " + string(j)
		}
	}
	if alt == "" {
		return "", nil
	}
	return "<pre class=\"plain\">" + html.EscapeString(terminalText(alt)) + "</pre>", nil
}

// picture writes an image element with the size that the output asks for, so
// that the page does not move when it is decoded.
func (o *Output) picture(mime, data, alt string) string {
	data = strings.Join(strings.Fields(data), "")
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return "<pre class=\"plain\">(a picture that is not base64)</pre>"
	}
	size := ""
	if cfg, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && cfg.Width > 0 && cfg.Height > 0 {
		w, h := float64(cfg.Width), float64(cfg.Height)
		meta, _ := o.Metadata[mime].(map[string]any)
		if want, ok := meta["width"].(float64); ok && want >= 1 && want <= 1e5 {
			w, h = want, want*h/w
		}
		size = fmt.Sprintf(" width=\"%.0f\" height=\"%.0f\"", w, h)
	}
	alt, _, _ = strings.Cut(alt, "\n")
	img := fmt.Sprintf("<img alt=\"%s\"%s src=\"data:%s;base64,%s\">", html.EscapeString(alt), size, mime, data)
	// A box to tick needs no script: see .zoom in the style.
	return "<label class=\"zoom\"><input type=\"checkbox\" aria-label=\"full size\">" + img + "</label>"
}

// terminalText is what a terminal would leave to see: a carriage return begins
// the line anew, colours are dropped.
func terminalText(s string) string {
	if !strings.ContainsAny(s, "\r\x1b\b") {
		return s
	}
	s = strings.ReplaceAll(dropEscapes(s), "\r\n", "\n")
	var out strings.Builder
	for l := range strings.Lines(s) {
		body, end := strings.CutSuffix(l, "\n")
		body = strings.TrimSuffix(body, "\r")
		if i := strings.LastIndexByte(body, '\r'); i >= 0 {
			body = body[i+1:]
		}
		out.WriteString(body)
		if end {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// dropEscapes removes the control sequences of terminals.
func dropEscapes(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		if s[i] != 0x1b {
			if s[i] != '\b' {
				out.WriteByte(s[i])
			}
			i++
			continue
		}
		i++
		if i < len(s) && s[i] == '[' {
			for i++; i < len(s) && (s[i] < 0x40 || s[i] > 0x7e); i++ {
			}
		}
		i++
	}
	return out.String()
}
