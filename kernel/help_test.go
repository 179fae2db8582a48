package main

import (
	"context"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// What the library exports is explained with its unit and shape.
func TestHelpTellsUnitsAndShapes(t *testing.T) {
	k, err := cell.New(cell.Options{Symbols: symbols.Table, Importer: symbols.NewImporter(), Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Eval(context.Background(), 1, `import "github.com/spindle-lab/spindle/lib/movement"
var w movement.Movement`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []string
	}{
		{"w.Muscles", []string{"Muscles [][]float64", "mm, [39][time]"}},
		{"w.Torques", []string{"N·m, [4][time]"}},
		{"w.TracingError", []string{"cm"}},
	} {
		decl, doc, _ := k.Inspect(c.text, len(c.text))
		for _, want := range c.want {
			if !strings.Contains(decl+"\n"+doc, want) {
				t.Errorf("%s: no %q in %q, %q", c.text, want, decl, doc)
			}
		}
	}
}
