package cell

import (
	"fmt"
	"go/token"
	"strings"
	"unicode/utf8"
)

// An Error is what went wrong with a cell, as a person should read it.
type Error struct {
	Name string // "SyntaxError", "TypeError", "Panic", "Interrupt", "Refused", "Exit"
	// Message is one line, or Go's own text.
	Message string
	// Pos is the place, if there is one: file name In[n], line and column from 1.
	Pos token.Position
	// Source is the text of the line at Pos.
	Source string
	// Calls are the places that the failing code was called from, innermost first.
	Calls []string
}

// Error returns the place and the message on one line.
func (e *Error) Error() string {
	if e.Pos.IsValid() {
		return e.Pos.String() + ": " + e.Message
	}
	return e.Message
}

// Traceback returns the error as lines of text: place and message, the source
// line with a caret below the column, the calls.
func (e *Error) Traceback() []string {
	lines := strings.Split(e.Error(), "\n")
	if e.Pos.IsValid() && e.Source != "" {
		lines = append(lines, "    "+e.Source, "    "+caret(e.Source, e.Pos.Column))
	}
	for _, c := range e.Calls {
		lines = append(lines, "  called from "+c)
	}
	return lines
}

// caret returns the blanks and the caret that point at a byte column.
func caret(line string, col int) string {
	if col < 1 {
		col = 1
	}
	head := line[:min(col-1, len(line))]
	var b strings.Builder
	for _, r := range head {
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	if pad := col - 1 - len(head); pad > 0 {
		b.WriteString(strings.Repeat(" ", pad))
	}
	return b.String() + "^"
}

// fileName is the name under which the text of cell n is known.
func fileName(n int) string { return fmt.Sprintf("In[%d]", n) }

// sourceLine returns a line of a text, shortened if it is endless.
func sourceLine(text string, line int) string {
	for i := 1; text != ""; i++ {
		l, rest, _ := strings.Cut(text, "\n")
		if i == line {
			l = strings.TrimRight(l, "\r")
			if len(l) > 400 {
				cut := 400 // between characters, if there are any
				for cut > 400-utf8.UTFMax && !utf8.RuneStart(l[cut]) {
					cut--
				}
				l = l[:cut]
			}
			return l
		}
		text = rest
	}
	return ""
}
