package cell_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// What is shown can be looked into: a list of a cell's own structs has fields to
// make a table of, and a cell's own error is an error, unless it draws itself.
func TestShownValues(t *testing.T) {
	var last any
	k, err := cell.New(cell.Options{
		Symbols: symbols.Table, Importer: symbols.NewImporter(),
		Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc,
		Show: func(values ...any) { last = values[0] },
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	show := func(text string) any {
		t.Helper()
		n++
		last = nil
		if err := k.Eval(context.Background(), n, text); err != nil {
			t.Fatal(err)
		}
		return last
	}
	rows := show("type Unit struct{ Name string; EV float64 }\n[]Unit{{\"a\", 0.1}, {\"b\", 0.2}}")
	if v := reflect.ValueOf(rows); v.Kind() != reflect.Slice || v.Len() != 2 || v.Type().Elem().Kind() != reflect.Struct || v.Index(1).Field(1).Float() != 0.2 {
		t.Errorf("a list of structs is shown as a %T", rows)
	}
	e := show("type Bad struct{ Why string }\nfunc (b Bad) Error() string { return \"bad: \" + b.Why }\nBad{\"noise\"}")
	if err, ok := e.(error); !ok || err.Error() != "bad: noise" {
		t.Errorf("an error is shown as a %T", e)
	}
	d := show("type Drawn struct{ Bad }\nfunc (d Drawn) HTML() string { return \"<b>drawn</b>\" }\nDrawn{Bad{\"x\"}}")
	r, ok := d.(interface{ SimpleRender() map[string]any })
	if !ok || r.SimpleRender()["text/html"] != "<b>drawn</b>" {
		t.Errorf("a value that draws itself is shown as a %T", d)
	}
}
