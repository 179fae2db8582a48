package cell_test

import (
	"context"
	"testing"

	"github.com/traefik/yaegi/interp"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

var evaluators = []string{cell.VM, cell.Yaegi}

func bench(b *testing.B, evaluator string, cells ...string) *cell.Interp {
	b.Helper()
	k, err := cell.New(cell.Options{
		Symbols: symbols.Table, Importer: symbols.NewImporter(), Evaluator: evaluator,
		Show: func(...any) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	for i, c := range cells {
		if err := k.Eval(context.Background(), i+1, c); err != nil {
			b.Fatal(err)
		}
	}
	return k
}

// A cell that does next to nothing: what a notebook waits for at the least.
func BenchmarkCell(b *testing.B) {
	for _, e := range evaluators {
		b.Run(e, func(b *testing.B) {
			k := bench(b, e, "x := 1")
			n := 1
			for b.Loop() {
				n++
				if err := k.Eval(context.Background(), n, "x + 1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// loops are interpreted code that does nothing but count, call, index and add.
var loops = []struct{ name, define, run string }{
	{"int", "func f() int { s := 0; for i := 0; i < 100000; i++ { s += i & 3 }; return s }", "f()"},
	{"float", "func f() float64 { s := 0.0; for i := 0; i < 100000; i++ { s = s*0.5 + 1.5 }; return s }", "f()"},
	{"slice", "func f() float64 { x := make([]float64, 1000); s := 0.0; for j := 0; j < 100; j++ { for i := 0; i < len(x); i++ { x[i] += 0.5; s += x[i] } }; return s }", "f()"},
	{"fib", "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }", "fib(20)"},
	{"string", "func f() int { s := \"\"; for i := 0; i < 2000; i++ { s += \"x\" }; return len(s) }", "f()"},
}

// BenchmarkLoop runs the same loops by both evaluators here and by yaegi itself.
func BenchmarkLoop(b *testing.B) {
	for _, l := range loops {
		for _, e := range evaluators {
			b.Run(l.name+"/"+e, func(b *testing.B) {
				k := bench(b, e, l.define)
				n := 1
				for b.Loop() {
					n++
					if err := k.Eval(context.Background(), n, "_ = "+l.run); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(l.name+"/yaegi-itself", func(b *testing.B) {
			i := interp.New(interp.Options{})
			if _, err := i.Eval(l.define); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := i.Eval(l.run); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
