package display

import (
	"fmt"
	"reflect"
)

// matrix is what gonum's mat.Matrix has of it that a table needs.
type matrix interface {
	Dims() (r, c int)
	At(i, j int) float64
}

// maxListed bounds how many rows of a list of lists are measured for its width.
const maxListed = 1 << 16

// asGrid recognises matrices, lists of lists of numbers and lists of structs,
// which read better as tables. Only what is shown of them is read.
func asGrid(v any) (grid, bool) {
	if m, ok := v.(matrix); ok {
		r, c := m.Dims()
		if r == 0 || c == 0 {
			return grid{}, false
		}
		return grid{
			caption: fmt.Sprintf("matrix %d × %d", r, c), rows: r, cols: c,
			name: func(j int) string { return fmt.Sprint(j) },
			at:   func(i, j int) any { return m.At(i, j) },
		}, true
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Array && r.Len() > 0 && isNumberList(r.Type().Elem()) {
		return listGrid(r), true
	}
	if r.Kind() != reflect.Slice || r.Len() == 0 {
		return grid{}, false
	}
	if e := r.Index(0); e.CanInterface() {
		switch e.Interface().(type) {
		case fmt.Stringer, error:
			return grid{}, false
		}
	}
	elem := r.Type().Elem()
	switch {
	case isNumberList(elem):
		return listGrid(r), true
	case elem.Kind() == reflect.Struct:
		return structGrid(r, elem)
	}
	return grid{}, false
}

func isNumberList(t reflect.Type) bool {
	if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
		return false
	}
	return isNumber(t.Elem().Kind())
}

func isNumber(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Uint64 || k == reflect.Float32 || k == reflect.Float64
}

func listGrid(r reflect.Value) grid {
	cols, ragged := r.Index(0).Len(), false
	for i := range min(r.Len(), maxListed) {
		n := r.Index(i).Len()
		ragged = ragged || n != cols
		cols = max(cols, n)
	}
	g := grid{
		rows: r.Len(), cols: cols,
		name: func(j int) string { return fmt.Sprint(j) },
		at: func(i, j int) any {
			if row := r.Index(i); j < row.Len() {
				return row.Index(j).Interface()
			}
			return nil
		},
	}
	g.caption = g.shape()
	if ragged {
		g.caption += ", rows of different lengths"
	}
	return g
}

// structGrid makes a column of each exported field that holds one value. If a
// struct has none, or others besides, it is no row of a table.
func structGrid(r reflect.Value, elem reflect.Type) (grid, bool) {
	var fields []int
	for i := range elem.NumField() {
		f := elem.Field(i)
		if k := f.Type.Kind(); f.IsExported() && (isNumber(k) || k == reflect.String || k == reflect.Bool) {
			fields = append(fields, i)
		}
	}
	if len(fields) == 0 {
		return grid{}, false
	}
	g := grid{
		rows: r.Len(), cols: len(fields),
		name: func(j int) string { return elem.Field(fields[j]).Name },
		at:   func(i, j int) any { return r.Index(i).Field(fields[j]).Interface() },
	}
	if left := elem.NumField() - len(fields); left > 0 {
		g.caption = fmt.Sprintf("%s, without %d fields that are no single value", elem.Name(), left)
	}
	return g, true
}
