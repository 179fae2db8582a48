package session

import (
	"context"
	"go/doc/comment"
	"html"
	"strings"

	"github.com/spindle-lab/spindle/kernel/cell"
)

// A Completion replaces code[From:To] by one of the matches. Offsets are bytes.
type Completion struct {
	From, To int
	Matches  []string
	Types    []string // what each match is: function, type, variable, …
}

// Complete returns the completions at a byte offset. It does not wait for the
// running cell.
func (s *Session) Complete(ctx context.Context, code string, pos int) (Completion, error) {
	var c Completion
	err := s.call(ctx, message{Op: "complete", Code: code, Pos: pos}, &c)
	return c, err
}

type inspection struct{ Decl, Doc, Value string }

// Inspect returns the MIME bundle about the name at a byte offset, nil if
// nothing is known of it. It does not wait for the running cell.
func (s *Session) Inspect(ctx context.Context, code string, pos, detail int) (map[string]any, error) {
	var in inspection
	if err := s.call(ctx, message{Op: "inspect", Code: code, Pos: pos}, &in); err != nil || in.Decl == "" {
		return nil, err
	}
	return in.bundle(), nil
}

// bundle renders an inspection; the documentation in Go's own way, so that its
// lists and tables stay what they are.
func (in inspection) bundle() map[string]any {
	text, page := in.Decl, "<pre><code>"+html.EscapeString(in.Decl)+"</code></pre>"
	md := "```go\n" + in.Decl + "\n```\n"
	if in.Value != "" {
		text += "\n\n= " + in.Value
		page += "<pre>= " + html.EscapeString(in.Value) + "</pre>"
		md += "\n`= " + strings.ReplaceAll(in.Value, "`", "'") + "`\n"
	}
	if in.Doc != "" {
		known := comment.Parser{LookupSym: func(recv, name string) bool { return true }}
		doc := known.Parse(in.Doc)
		p := comment.Printer{HeadingLevel: 4, TextWidth: 80, DocLinkURL: func(*comment.DocLink) string { return "" }, HeadingID: func(*comment.Heading) string { return "" }}
		text += "\n\n" + strings.TrimRight(string(p.Text(doc)), "\n")
		page += string(p.HTML(doc))
		md += "\n" + string(p.Markdown(doc))
	}
	return map[string]any{"text/plain": text, "text/html": page, "text/markdown": md}
}

// IsComplete tells whether a text is a whole cell; see [cell.IsComplete].
func (s *Session) IsComplete(code string) (status, indent string) { return cell.IsComplete(code) }
