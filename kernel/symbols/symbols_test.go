package symbols_test

import (
	"fmt"
	"go/types"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/symbols"
	_ "github.com/spindle-lab/spindle/kernel/symbols/lib"
	_ "github.com/spindle-lab/spindle/kernel/symbols/mod"
	_ "github.com/spindle-lab/spindle/kernel/symbols/std"
)

func Example() {
	pkg, err := symbols.NewImporter().Import("math")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pkg.Scope().Lookup("Hypot"))
	fmt.Println(symbols.Table["math/math"]["Hypot"].Type())
	fmt.Println(strings.SplitAfter(symbols.Doc("math", "Hypot"), ",")[0])
	// Output:
	// func math.Hypot(p float64, q float64) float64
	// func(float64, float64) float64
	// Hypot returns [Sqrt](p*p + q*q),
}

// What the checker lets a cell use has a value in the tables.
func TestTablesHoldTheTypes(t *testing.T) {
	im := symbols.NewImporter()
	for path, p := range symbols.Packages() {
		pkg, err := im.Import(path)
		if err != nil {
			t.Error(err)
			continue
		}
		table := symbols.Table[path+"/"+p.Name]
		for _, name := range pkg.Scope().Names() {
			o := pkg.Scope().Lookup(name)
			if !o.Exported() {
				continue
			}
			switch o := o.(type) {
			case *types.Func:
				if o.Signature().TypeParams().Len() > 0 {
					continue
				}
			case *types.TypeName:
				if n, ok := types.Unalias(o.Type()).(*types.Named); ok && n.TypeParams().Len() > 0 {
					continue
				}
				if a, ok := o.Type().(*types.Alias); ok && a.TypeParams().Len() > 0 {
					continue
				}
				if it, ok := o.Type().Underlying().(*types.Interface); ok && !it.IsMethodSet() {
					continue
				}
			}
			if _, ok := table[name]; !ok {
				t.Errorf("%s.%s has no value", path, name)
			}
		}
	}
}

func TestUnknownPackage(t *testing.T) {
	if _, err := symbols.NewImporter().Import("no/such"); err == nil || err.Error() != "package no/such is not in this kernel" {
		t.Errorf("error %v", err)
	}
}

func TestPathOf(t *testing.T) {
	for name, want := range map[string]string{"fmt": "fmt", "mat": "gonum.org/v1/gonum/mat", "display": "github.com/spindle-lab/spindle/lib/display", "nothing": ""} {
		if got := symbols.PathOf(name); got != want {
			t.Errorf("PathOf(%q) = %q, want %q", name, got, want)
		}
	}
}
