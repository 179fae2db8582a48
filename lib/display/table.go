package display

import (
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Table is a titled grid of values, shown as an HTML table, or as aligned
// text where there is no HTML. Rows past MaxRows and columns past MaxColumns
// are left out of the display, and the shape is said.
type Table struct {
	Columns []string
	Rows    [][]any
	Caption string
}

// What a display shows of a long table.
const (
	MaxRows    = 20
	MaxColumns = 14
)

// Shape returns "rows × columns".
func (t Table) Shape() string {
	return fmt.Sprintf("%d × %d", len(t.Rows), t.width())
}

func (t Table) width() int {
	n := len(t.Columns)
	for _, r := range t.Rows {
		n = max(n, len(r))
	}
	return n
}

// pick returns the indexes shown of n, -1 where some are left out.
func pick(n, limit int) []int {
	var idx []int
	for i := 0; i < n; i++ {
		if n > limit && i >= limit-3 && i < n-3 {
			if i == limit-3 {
				idx = append(idx, -1)
			}
			continue
		}
		idx = append(idx, i)
	}
	return idx
}

func (t Table) cell(r, c int) string {
	switch {
	case r < 0 || c < 0:
		return "…"
	case c >= len(t.Rows[r]):
		return ""
	}
	switch v := t.Rows[r][c].(type) {
	case nil:
		return ""
	case float64:
		return number(v)
	case float32:
		return number(float64(v))
	default:
		return Text(v)
	}
}

func (t Table) numeric(c int) bool {
	if c < 0 || len(t.Rows) == 0 || c >= len(t.Rows[0]) || t.Rows[0][c] == nil {
		return false
	}
	switch reflect.TypeOf(t.Rows[0][c]).Kind() {
	case reflect.Float32, reflect.Float64, reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return true
	}
	return false
}

func (t Table) cut() bool { return len(t.Rows) > MaxRows || t.width() > MaxColumns }

// HTML returns the table as HTML.
func (t Table) HTML() string {
	rows, cols := pick(len(t.Rows), MaxRows), pick(t.width(), MaxColumns)
	var s strings.Builder
	s.WriteString("<table>")
	if t.Caption != "" {
		fmt.Fprintf(&s, "<caption style=\"text-align:left\">%s</caption>", html.EscapeString(t.Caption))
	}
	s.WriteString("<thead><tr>")
	for _, c := range cols {
		name := "…"
		if c >= 0 {
			name = ""
			if c < len(t.Columns) {
				name = t.Columns[c]
			}
		}
		fmt.Fprintf(&s, "<th>%s</th>", html.EscapeString(name))
	}
	s.WriteString("</tr></thead><tbody>")
	for _, r := range rows {
		s.WriteString("<tr>")
		for _, c := range cols {
			align := "left"
			if t.numeric(c) {
				align = "right"
			}
			fmt.Fprintf(&s, "<td style=\"text-align:%s\">%s</td>", align, html.EscapeString(t.cell(r, c)))
		}
		s.WriteString("</tr>")
	}
	s.WriteString("</tbody></table>")
	if t.cut() {
		fmt.Fprintf(&s, "<p>%s</p>", t.Shape())
	}
	return s.String()
}

// String returns the table as aligned text.
func (t Table) String() string {
	rows, cols := pick(len(t.Rows), MaxRows), pick(t.width(), MaxColumns)
	grid := [][]string{make([]string, len(cols))}
	for j, c := range cols {
		if c < 0 {
			grid[0][j] = "…"
		} else if c < len(t.Columns) {
			grid[0][j] = t.Columns[c]
		}
	}
	for _, r := range rows {
		line := make([]string, len(cols))
		for j, c := range cols {
			line[j] = t.cell(r, c)
		}
		grid = append(grid, line)
	}
	width := make([]int, len(cols))
	for _, line := range grid {
		for j, c := range line {
			width[j] = max(width[j], utf8.RuneCountInString(c))
		}
	}
	var s strings.Builder
	if t.Caption != "" {
		s.WriteString(t.Caption + "\n")
	}
	for _, line := range grid {
		var l strings.Builder
		for j, c := range line {
			pad := strings.Repeat(" ", width[j]-utf8.RuneCountInString(c))
			if t.numeric(cols[j]) {
				l.WriteString(pad + c + "  ")
			} else {
				l.WriteString(c + pad + "  ")
			}
		}
		s.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	if t.cut() {
		s.WriteString(t.Shape() + "\n")
	}
	return strings.TrimRight(s.String(), "\n")
}

// Display implements [Displayer].
func (t Table) Display() Bundle {
	return Bundle{Data: map[string]any{MIMEHTML: t.HTML(), MIMEText: t.String()}, Metadata: map[string]any{}}
}

// WriteCSV writes the whole table, numbers to nine significant digits: more than
// any figure shows, and few enough that the rounding of another processor does
// not change the file.
func (t Table) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.Columns); err != nil {
		return err
	}
	for _, r := range t.Rows {
		line := make([]string, len(r))
		for j, v := range r {
			switch v := v.(type) {
			case nil:
			case float64:
				line[j] = strconv.FormatFloat(v, 'g', 9, 64)
			default:
				line[j] = fmt.Sprint(v)
			}
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// matrix is what gonum's mat.Matrix has of it that a table needs.
type matrix interface {
	Dims() (r, c int)
	At(i, j int) float64
}

// maxTabulated bounds how much of a matrix is copied for a display.
const maxTabulated = 1 << 20

// asTable recognises matrices, slices of slices of numbers and slices of
// structs, which read better as tables.
func asTable(v any) (Table, bool) {
	if m, ok := v.(matrix); ok {
		r, c := m.Dims()
		if r*c > maxTabulated {
			return Table{}, false
		}
		t := Table{Caption: fmt.Sprintf("matrix %d × %d", r, c)}
		for j := 0; j < c; j++ {
			t.Columns = append(t.Columns, fmt.Sprint(j))
		}
		for i := 0; i < r; i++ {
			row := make([]any, c)
			for j := range row {
				row[j] = m.At(i, j)
			}
			t.Rows = append(t.Rows, row)
		}
		return t, true
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice || r.Len() == 0 || r.Len() > maxTabulated {
		return Table{}, false
	}
	if _, ok := r.Index(0).Interface().(fmt.Stringer); ok {
		return Table{}, false
	}
	elem := r.Type().Elem()
	switch {
	case elem.Kind() == reflect.Slice && (elem.Elem().Kind() == reflect.Float64 || elem.Elem().Kind() == reflect.Float32 || elem.Elem().Kind() == reflect.Int):
		return sliceTable(r), true
	case elem.Kind() == reflect.Struct:
		return structTable(r, elem)
	}
	return Table{}, false
}

func sliceTable(r reflect.Value) Table {
	t := Table{}
	for i := 0; i < r.Len(); i++ {
		row := make([]any, 0, min(r.Index(i).Len(), maxTabulated))
		for j := 0; j < cap(row); j++ {
			row = append(row, r.Index(i).Index(j).Interface())
		}
		t.Rows = append(t.Rows, row)
	}
	for j := 0; j < t.width(); j++ {
		t.Columns = append(t.Columns, fmt.Sprint(j))
	}
	t.Caption = t.Shape()
	return t
}

func structTable(r reflect.Value, elem reflect.Type) (Table, bool) {
	t := Table{}
	var fields []int
	for i := 0; i < elem.NumField(); i++ {
		f := elem.Field(i)
		switch f.Type.Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64, reflect.Float32, reflect.Float64:
			if f.IsExported() {
				fields = append(fields, i)
				t.Columns = append(t.Columns, f.Name)
			}
		}
	}
	if len(fields) == 0 {
		return Table{}, false
	}
	for i := 0; i < r.Len(); i++ {
		row := make([]any, len(fields))
		for j, f := range fields {
			row[j] = r.Index(i).Field(f).Interface()
		}
		t.Rows = append(t.Rows, row)
	}
	return t, true
}
