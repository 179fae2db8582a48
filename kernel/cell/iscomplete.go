package cell

import (
	"go/token"
	"strings"
)

// IsComplete tells whether a text is a whole cell: "complete", "incomplete"
// (more lines may make it one; indent is that of the next line) or "invalid".
func IsComplete(text string) (status, indent string) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		if t := strings.TrimSpace(l); len(t) > 1 && strings.ContainsAny(t[:1], "%$?") && closers(strings.Join(lines[:i], "\n")) == "" {
			lines[i] = ""
			if isTime(t) {
				lines[i] = strings.Replace(l, "%time", "", 1)
			}
		}
	}
	text = strings.Join(lines, "\n")
	_, err := parse(token.NewFileSet(), 1, text)
	if err == nil {
		return "complete", ""
	}
	atEnd := err.Name == "Incomplete" ||
		err.Pos.IsValid() && err.Name == "SyntaxError" && strings.TrimSpace(text[min(err.Pos.Offset, len(text)):]) == ""
	if err.Name == "Incomplete" && atEnd {
		// With its brackets closed, is the rest in order?
		if _, e := parse(token.NewFileSet(), 1, closed(text)); e != nil && e.Pos.IsValid() && strings.TrimSpace(text[min(e.Pos.Offset, len(text)):]) != "" {
			atEnd = false
		}
	}
	if !atEnd {
		return "invalid", ""
	}
	last := lines[len(lines)-1]
	indent = last[:len(last)-len(strings.TrimLeft(last, " \t"))]
	switch t := strings.TrimRight(last, " \t"); {
	case strings.HasSuffix(t, "{"), strings.HasSuffix(t, "("), strings.HasSuffix(t, "["), strings.HasSuffix(t, ":"):
		indent += "\t"
	}
	return "incomplete", indent
}
