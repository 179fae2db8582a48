package cell_test

import (
	"context"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// fmt.Scan asks the user, whatever evaluates the cell.
func TestScanAsksUser(t *testing.T) {
	for _, e := range evaluators {
		var shown []any
		k, err := cell.New(cell.Options{
			Symbols: symbols.Table, Importer: symbols.NewImporter(), Evaluator: e,
			Show:  func(v ...any) { shown = v },
			Input: func(string, bool) (string, error) { return "41 x", nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		err = k.Eval(context.Background(), 1, "import \"fmt\"\nvar n int\nfmt.Scan(&n)\nn + 1")
		if err != nil || len(shown) != 1 || shown[0] != 42 {
			t.Errorf("%s: shows %v, %v; want 42", e, shown, err)
		}
	}
}
