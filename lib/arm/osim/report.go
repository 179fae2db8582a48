package osim

import "fmt"

// A Report tells what of a model file did not come into the model. None of it
// changes a length.
type Report struct {
	Version int      // of the document
	Left    []string // what was left out, with the line of the file
}

func (r *Report) leave(e *element, format string, args ...any) {
	r.Left = append(r.Left, fmt.Sprintf("line %d: %s: %s", e.line, e.path(), fmt.Sprintf(format, args...)))
}
