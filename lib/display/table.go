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
func (t Table) Shape() string { return t.grid().shape() }

// HTML returns the table as HTML.
func (t Table) HTML() string { return t.grid().html() }

// String returns the table as aligned text.
func (t Table) String() string { return t.grid().text() }

// Display implements [Displayer].
func (t Table) Display() Bundle { return t.grid().display() }

func (t Table) grid() grid {
	n := len(t.Columns)
	for _, r := range t.Rows {
		n = max(n, len(r))
	}
	return grid{
		caption: t.Caption, rows: len(t.Rows), cols: n,
		name: func(j int) string {
			if j < len(t.Columns) {
				return t.Columns[j]
			}
			return ""
		},
		at: func(i, j int) any {
			if j < len(t.Rows[i]) {
				return t.Rows[i][j]
			}
			return nil
		},
	}
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

// A grid is what a table shows, read only where it is shown.
type grid struct {
	caption    string
	rows, cols int
	name       func(j int) string
	at         func(i, j int) any
}

func (g grid) shape() string { return fmt.Sprintf("%d × %d", g.rows, g.cols) }

// cut tells whether something is left out.
func (g grid) cut() bool { return g.rows > MaxRows || g.cols > MaxColumns }

// pick returns the indexes shown of n, -1 where some are left out.
func pick(n, limit int) []int {
	var idx []int
	if n <= limit {
		for i := range n {
			idx = append(idx, i)
		}
		return idx
	}
	for i := range limit - 3 {
		idx = append(idx, i)
	}
	return append(idx, -1, n-3, n-2, n-1)
}

func (g grid) head(j int) string {
	if j < 0 {
		return "…"
	}
	return g.name(j)
}

func (g grid) cell(i, j int) string {
	if i < 0 || j < 0 {
		return "…"
	}
	switch v := g.at(i, j).(type) {
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

// numeric tells whether a column holds numbers, which stand to the right.
func (g grid) numeric(j int, rows []int) bool {
	if j < 0 {
		return false
	}
	for _, i := range rows {
		if i < 0 {
			continue
		}
		if v := g.at(i, j); v != nil {
			return isNumber(reflect.TypeOf(v).Kind())
		}
	}
	return false
}

func (g grid) display() Bundle {
	return Bundle{Data: map[string]any{MIMEHTML: g.html(), MIMEText: g.text()}, Metadata: map[string]any{}}
}

func (g grid) html() string {
	rows, cols := pick(g.rows, MaxRows), pick(g.cols, MaxColumns)
	var s strings.Builder
	// A table wider than the page scrolls by itself.
	s.WriteString("<div style=\"overflow-x:auto;max-width:100%\"><table>")
	if g.caption != "" {
		fmt.Fprintf(&s, "<caption style=\"text-align:left\">%s</caption>", html.EscapeString(g.caption))
	}
	s.WriteString("<thead><tr>")
	align := make([]string, len(cols))
	for k, j := range cols {
		align[k] = "left"
		if g.numeric(j, rows) {
			align[k] = "right"
		}
		fmt.Fprintf(&s, "<th style=\"text-align:%s\">%s</th>", align[k], html.EscapeString(g.head(j)))
	}
	s.WriteString("</tr></thead><tbody>")
	for _, i := range rows {
		s.WriteString("<tr>")
		for k, j := range cols {
			fmt.Fprintf(&s, "<td style=\"text-align:%s\">%s</td>", align[k], html.EscapeString(g.cell(i, j)))
		}
		s.WriteString("</tr>")
	}
	s.WriteString("</tbody></table></div>")
	if g.cut() {
		fmt.Fprintf(&s, "<p>%s</p>", g.shape())
	}
	return s.String()
}

func (g grid) text() string {
	rows, cols := pick(g.rows, MaxRows), pick(g.cols, MaxColumns)
	lines := [][]string{make([]string, len(cols))}
	for k, j := range cols {
		lines[0][k] = g.head(j)
	}
	for _, i := range rows {
		line := make([]string, len(cols))
		for k, j := range cols {
			line[k] = g.cell(i, j)
		}
		lines = append(lines, line)
	}
	width, right := make([]int, len(cols)), make([]bool, len(cols))
	for k, j := range cols {
		right[k] = g.numeric(j, rows)
		for _, line := range lines {
			width[k] = max(width[k], utf8.RuneCountInString(line[k]))
		}
	}
	var s strings.Builder
	if g.caption != "" {
		s.WriteString(g.caption + "\n")
	}
	for _, line := range lines {
		var l strings.Builder
		for k, c := range line {
			pad := strings.Repeat(" ", width[k]-utf8.RuneCountInString(c))
			if right[k] {
				l.WriteString(pad + c + "  ")
			} else {
				l.WriteString(c + pad + "  ")
			}
		}
		s.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	if g.cut() {
		s.WriteString(g.shape() + "\n")
	}
	return strings.TrimRight(s.String(), "\n")
}
