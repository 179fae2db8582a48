// Package pandas reads the tables that pandas' to_hdf has written, of either
// format ("fixed" and "table"): the published result tables
// task_driven_results_*.h5 and untrained_results_*.h5, whose columns are listed
// in spec/03, section 3 (explained variances are fractions, one row per unit,
// layer, network and animal).
//
// Columns of numbers, booleans and strings are read, and objects as they print.
// Strings of the fixed format, and names of columns, lie in the file as pickles;
// their data are taken out without running anything. Not read: indexes of several
// levels in the fixed format (in the other they come as columns), categories,
// Series and Panels, and compressors other than zlib; each is an error that says so.
//
// Where columns are asked for by name, only the blocks and members of rows that
// hold them are read: a published table has millions of rows of 22 columns.
//
// Files are not trusted: see package hdf5, whose limits hold here.
package pandas

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
)

// A Frame is a table. Columns have one value per row.
type Frame struct {
	Names   []string           // of all columns of the file, in order
	Columns map[string]*Column // those that were read
	Index   *Column            // the row labels
	Rows    int
}

// A Column holds values of one kind: Floats for numbers and booleans, with Ints
// beside them where all are integers, or Texts.
type Column struct {
	Name   string
	Dtype  string // as stored: "<f8", "<i8", "bool", "string", "object"
	Floats []float64
	Ints   []int64
	Texts  []string // missing strings are ""
}

// Float returns a column of numbers, or an error that says what there is.
func (f *Frame) Float(name string) ([]float64, error) {
	c, err := f.column(name)
	if err != nil {
		return nil, err
	}
	if c.Floats == nil && f.Rows > 0 {
		return nil, fmt.Errorf("pandas: column %q is %s, expected numbers", name, c.Dtype)
	}
	return c.Floats, nil
}

// Text returns a column of strings, or an error that says what there is.
func (f *Frame) Text(name string) ([]string, error) {
	c, err := f.column(name)
	if err != nil {
		return nil, err
	}
	if c.Texts == nil && f.Rows > 0 {
		return nil, fmt.Errorf("pandas: column %q is %s, expected strings", name, c.Dtype)
	}
	return c.Texts, nil
}

func (f *Frame) column(name string) (*Column, error) {
	c := f.Columns[name]
	if c == nil && slices.Contains(f.Names, name) {
		return nil, fmt.Errorf("pandas: column %q was not read: it was not asked for", name)
	}
	if c == nil {
		return nil, fmt.Errorf("pandas: no column %q; the table has %s", name, strings.Join(f.Names, ", "))
	}
	return c, nil
}

// Read reads the table under a key of a file, "df" in the published ones: the
// columns that are named, as far as they are there, or all if none is.
func Read(path, key string, columns ...string) (*Frame, error) {
	f, err := hdf5.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFrom(f, key, columns...)
}

// ReadFrom reads the table under a key of an open file, as [Read] does.
func ReadFrom(f *hdf5.File, key string, columns ...string) (*Frame, error) {
	g, err := f.Group(key)
	if err != nil {
		return nil, err
	}
	r := &reader{g: g, only: columns}
	kind, err := text(g, "pandas_type")
	if err != nil {
		return nil, err
	}
	var frame *Frame
	switch kind {
	case "frame":
		frame, err = r.fixed()
	case "frame_table":
		frame, err = r.table()
	default:
		err = fmt.Errorf("pandas_type is %q, expected \"frame\" or \"frame_table\": a table that to_hdf has written", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("pandas: %s: %s: %w", f.Name(), g.Path(), err)
	}
	return frame, nil
}

type reader struct {
	g    *hdf5.Group
	only []string // the columns that are asked for; all if empty
}

func (r *reader) wants(column string) bool {
	return len(r.only) == 0 || slices.Contains(r.only, column)
}

func (r *reader) wantsAny(columns []string) bool { return slices.ContainsFunc(columns, r.wants) }

// text returns an attribute of one string, "" where there is none.
func text(o hdf5.Object, name string) (string, error) {
	has, err := o.Has(name)
	if err != nil || !has {
		return "", err
	}
	a, err := o.Attr(name)
	if err != nil {
		return "", err
	}
	if !a.Dtype.IsString() {
		return "", fmt.Errorf("attribute %q of %s is %v, expected a string", name, o.Path(), a.Dtype)
	}
	return a.Text()
}

// newFrame makes a frame of so many rows with columns in that order.
func (r *reader) newFrame(names []string, rows int, columns map[string]*Column, index *Column) (*Frame, error) {
	f := &Frame{Names: names, Columns: columns, Index: index, Rows: rows}
	if len(r.only) == 0 && len(names) != len(columns) {
		return nil, fmt.Errorf("%d columns of values for the names %s", len(columns), strings.Join(names, ", "))
	}
	for _, n := range names {
		if !r.wants(n) {
			continue
		}
		c := columns[n]
		if c == nil {
			return nil, fmt.Errorf("no values for column %q", n)
		}
		if got := max(len(c.Floats), len(c.Texts)); got != rows {
			return nil, fmt.Errorf("column %q has %d values, the table %d rows", n, got, rows)
		}
	}
	return f, nil
}

// objects makes a column of Python objects: numbers where all are, else texts.
func objects(name string, v []any) (*Column, error) {
	c := &Column{Name: name, Dtype: "object"}
	numbers, ints, some := true, true, false
	for _, x := range v {
		switch x := simple(x).(type) {
		case int64, bool:
			some = true
		case float64:
			some = true
			ints = false
		case nil:
			ints = false
		default:
			_ = x
			numbers = false
		}
	}
	if numbers && some {
		c.Floats = make([]float64, len(v))
		if ints {
			c.Ints = make([]int64, len(v))
		}
		for i, x := range v {
			switch x := simple(x).(type) {
			case int64:
				c.Floats[i] = float64(x)
			case float64:
				c.Floats[i] = x
			case bool:
				if x {
					c.Floats[i] = 1
				}
			default:
				c.Floats[i] = math.NaN()
			}
			if ints {
				c.Ints[i] = int64(c.Floats[i])
			}
		}
		return c, nil
	}
	c.Texts = make([]string, len(v))
	for i, x := range v {
		var b strings.Builder
		if err := show(&b, x, 0); err != nil {
			return nil, fmt.Errorf("column %q, row %d: %w", name, i, err)
		}
		c.Texts[i] = b.String()
	}
	return c, nil
}

// maxShown bounds how an object prints, against lists that hold themselves.
const maxShown = 1 << 16

// show prints a Python object: text as it is, a missing value as nothing.
func show(b *strings.Builder, v any, depth int) error {
	if depth > 8 || b.Len() > maxShown {
		return fmt.Errorf("an object too deep or too long to print")
	}
	switch x := simple(v).(type) {
	case nil:
		if depth > 0 {
			b.WriteString("None")
		}
	case string:
		if depth == 0 {
			b.WriteString(x)
		} else {
			b.WriteString("'" + x + "'")
		}
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[x])
	case int64:
		b.WriteString(strconv.FormatInt(x, 10))
	case float64:
		if depth == 0 && math.IsNaN(x) {
			return nil // a missing string
		}
		b.WriteString(strconv.FormatFloat(x, 'g', -1, 64))
	case *list:
		return showAll(b, "[", x.items, "]", depth)
	case tuple:
		return showAll(b, "(", x, ")", depth)
	case *call:
		if items, err := array(x); err == nil {
			return showAll(b, "[", items, "]", depth)
		}
		return fmt.Errorf("an object made by %v, expected numbers, strings or lists", x.what)
	default:
		return fmt.Errorf("an object of type %T", v)
	}
	return nil
}

func showAll(b *strings.Builder, open string, items []any, closing string, depth int) error {
	b.WriteString(open)
	for i, x := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := show(b, x, depth+1); err != nil {
			return err
		}
	}
	b.WriteString(closing)
	return nil
}
