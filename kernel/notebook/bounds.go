package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Bounds on what is read: past them a file is no notebook that a person made.
// They are looked at before memory is taken for what the file holds.
const (
	MaxBytes   = 256 << 20
	MaxCells   = 20000
	MaxOutputs = 100000  // of all cells
	maxValues  = 4 << 20 // JSON values; a list of lines has one for each line
	maxDepth   = 200     // of lists in lists
)

// tooMany counts the values and the depth of a JSON text without reading it.
func tooMany(data []byte) error {
	values, depth := 0, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			values++
			if depth++; depth > maxDepth {
				return fmt.Errorf("%s: lists within lists more than %d deep", place(data, int64(i)), maxDepth)
			}
		case ']', '}':
			depth--
		case ',':
			values++
		}
	}
	if values > maxValues {
		return fmt.Errorf("more than %d values", maxValues)
	}
	return nil
}

// place returns a place in a text as "line 3, column 5".
func place(data []byte, offset int64) string {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// clear puts an error of the JSON reader into words of the file; text names the
// field that is a string or a list of lines.
func clear(err error, data []byte, text string) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, errLines):
		return fmt.Errorf("%s: %w", text, err)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: %w", place(data, syntax.Offset-1), err)
	case errors.As(err, &kind):
		want := "a text"
		switch k := kind.Type.String(); {
		case strings.HasPrefix(k, "map"), strings.Contains(k, "raw"):
			want = "an object"
		case strings.HasPrefix(k, "[]"):
			want = "a list"
		case strings.HasPrefix(k, "int"):
			want = "a whole number"
		}
		field := kind.Field
		if field == "" {
			field = "the whole"
		}
		return fmt.Errorf("%s is %s; expected %s", field, article(kind.Value), want)
	}
	return err
}

func article(what string) string {
	switch what {
	case "object", "array":
		return "an " + what
	}
	return "a " + what
}
