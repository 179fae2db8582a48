package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spindle-lab/spindle/kernel/session"
)

// A printer writes what cells print and show as text: on a terminal what
// changes in place changes there, elsewhere only its last state is written.
type printer struct {
	out, err io.Writer
	terminal bool
	// quiet leaves out what is shown, and keeps what is printed.
	quiet bool
	order []string          // ids of what is shown and may change
	live  map[string]string // its text
	open  string            // id whose text stands on the current line of the terminal
	fresh bool              // the cursor is not at the beginning of a line
}

// event writes one event of a cell.
func (p *printer) event(e session.Event) {
	switch e.Kind {
	case session.Stream:
		if p.open != "" {
			p.close()
		}
		w := p.out
		if e.Name == "stderr" {
			w = p.err
		}
		io.WriteString(w, e.Text)
		if e.Text != "" && (p.terminal || e.Name != "stderr") {
			p.fresh = !strings.HasSuffix(e.Text, "\n")
		}
	case session.Display, session.Result:
		if !p.quiet {
			p.show(plainText(e.Data), e.DisplayID, e.Update)
		}
	case session.Failure:
		if e.Err != nil {
			p.failure(e.Err)
		}
	}
}

// plainText returns the text form of a MIME bundle.
func plainText(data json.RawMessage) string {
	var forms map[string]any
	if json.Unmarshal(data, &forms) != nil {
		return ""
	}
	if s, ok := forms["text/plain"].(string); ok {
		return s
	}
	for mime := range forms {
		return "[" + mime + "]"
	}
	return ""
}

func (p *printer) show(text, id string, update bool) {
	switch {
	case id == "":
		p.line(text)
	case !p.terminal || strings.Contains(text, "\n"):
		if p.live == nil {
			p.live = map[string]string{}
		}
		if _, known := p.live[id]; !known {
			p.order = append(p.order, id)
		}
		p.live[id] = text
	case p.open == id:
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
	case !update:
		p.close()
		io.WriteString(p.out, text)
		p.open, p.fresh = id, true
	default:
		p.line(text)
	}
}

func (p *printer) line(text string) {
	p.close()
	fmt.Fprintln(p.out, text)
}

// close ends a line that is not at its end.
func (p *printer) close() {
	if p.fresh {
		fmt.Fprintln(p.out)
	}
	p.open, p.fresh = "", false
}

// finish writes what is left of a cell.
func (p *printer) finish() {
	if p.fresh && p.terminal || p.open != "" {
		p.close()
	}
	for _, id := range p.order {
		p.line(p.live[id])
	}
	p.order, p.live = nil, nil
}

// failure writes an error with its traceback.
func (p *printer) failure(e *session.Error) {
	p.close()
	text := strings.Join(e.Traceback, "\n")
	if text == "" {
		text = e.Message
	}
	fmt.Fprintln(p.err, text)
}
