package notebook

import (
	"bytes"
	"encoding/base64"
	"html"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	htmlrenderer "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown reads GitHub's Markdown with formulae between $ or $$. HTML in the
// text is passed on, for [cleanHTML] to judge.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(
		parser.WithAutoHeadingID(),
		parser.WithInlineParsers(util.Prioritized(formulaParser{}, 150)),
	),
	goldmark.WithRendererOptions(htmlrenderer.WithUnsafe()),
)

// markdownHTML renders Markdown. Attachments are pictures of the cell: name →
// MIME type → base64.
func markdownHTML(source string, attachments map[string]any) (string, error) {
	src := []byte(source)
	doc := markdown.Parser().Parse(text.NewReader(src))
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if img, ok := n.(*ast.Image); ok && entering {
			if name, ok := strings.CutPrefix(string(img.Destination), "attachment:"); ok {
				img.Destination = []byte(attached(attachments, name))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, src, doc); err != nil {
		return "", err
	}
	return cleanHTML(b.String()), nil
}

// attached returns an attachment as a data URL, "" if there is none of that name.
func attached(attachments map[string]any, name string) string {
	forms, _ := attachments[name].(map[string]any)
	for _, mime := range []string{"image/svg+xml", "image/png", "image/jpeg", "image/gif"} {
		s, ok := forms[mime].(string)
		if !ok {
			continue
		}
		if mime == "image/svg+xml" && strings.Contains(s, "<") {
			s = base64.StdEncoding.EncodeToString([]byte(s))
		}
		return "data:" + mime + ";base64," + strings.Join(strings.Fields(s), "")
	}
	return ""
}

// formulaParser finds $…$ and $$…$$ in the way of pandoc: an opening $ has no
// blank behind it, a closing one has none before it and no digit behind.
type formulaParser struct{}

func (formulaParser) Trigger() []byte { return []byte{'$'} }

func (formulaParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	mark := 1
	if len(line) > 1 && line[1] == '$' {
		mark = 2
	}
	if len(line) <= mark || mark == 1 && isBlank(line[1]) {
		return nil
	}
	block.Advance(mark)
	var tex strings.Builder
	for lines := 0; lines < 100; lines++ {
		line, _ := block.PeekLine()
		if line == nil {
			return nil
		}
		if end := closing(line, mark); end >= 0 {
			tex.Write(line[:end])
			block.Advance(end + mark)
			if strings.TrimSpace(tex.String()) == "" {
				return nil
			}
			n := ast.NewString([]byte(formulaHTML(tex.String(), mark == 2)))
			n.SetCode(true) // written as it is
			return n
		}
		tex.Write(line)
		block.AdvanceLine()
	}
	return nil
}

func closing(line []byte, mark int) int {
	for i := 0; i+mark <= len(line); i++ {
		switch {
		case line[i] == '\\':
			i++
		case line[i] != '$' || mark == 2 && line[i+1] != '$':
		case mark == 1 && (i > 0 && isBlank(line[i-1]) || i+1 < len(line) && line[i+1] >= '0' && line[i+1] <= '9'):
		default:
			return i
		}
	}
	return -1
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// formulaHTML is the formula as MathML, or as it was written if it holds
// something that [mathML] does not know.
func formulaHTML(tex string, display bool) string {
	if m, ok := mathML(tex, display); ok {
		return m
	}
	src := `<code class="math-source">` + html.EscapeString(tex) + `</code>`
	if display {
		return "<div>" + src + "</div>"
	}
	return src
}

// latexHTML renders an output of type text/latex: one formula, with or without
// its marks, or text with formulae in it.
func latexHTML(s string) string {
	t := strings.TrimSpace(s)
	for _, m := range [][2]string{{"$$", "$$"}, {"$", "$"}, {`\[`, `\]`}, {`\(`, `\)`}, {"", ""}} {
		body, ok := strings.CutPrefix(t, m[0])
		body, ok2 := strings.CutSuffix(body, m[1])
		if ok && ok2 && !strings.Contains(body, "$") {
			return formulaHTML(strings.TrimSpace(body), true)
		}
	}
	page, err := markdownHTML(s, nil)
	if err != nil {
		return "<pre>" + html.EscapeString(s) + "</pre>"
	}
	return page
}
