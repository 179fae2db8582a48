package cell_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// growth runs n cells and returns the bytes of heap that each leaves behind.
func growth(t *testing.T, n int, text func(i int) string) float64 {
	t.Helper()
	k, err := cell.New(cell.Options{Symbols: symbols.Table, Importer: symbols.NewImporter(), Show: func(...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	run := func(i int) {
		if err := k.Eval(context.Background(), i, text(i)); err != nil {
			t.Fatal(err)
		}
	}
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for i := range n / 10 {
		run(i + 1)
	}
	before := heap()
	for i := range n {
		run(n/10 + i + 1)
	}
	grown := heap() - before
	runtime.KeepAlive(k)
	return grown / float64(n)
}

// A notebook that runs for days does not fill the memory. The bound is the
// survey's 2.3 kB a cell of the interpreter yaegi.
func TestSoak(t *testing.T) {
	for name, text := range map[string]func(int) string{
		"expression": func(i int) string { return fmt.Sprintf("1 + %d", i) },
		"variable":   func(i int) string { return fmt.Sprintf("x := %d\nx * 2", i) },
		"loop":       func(i int) string { return "s := 0\nfor i := range 10 { s += i }\ns" },
		"import":     func(i int) string { return "import \"math\"\nmath.Sqrt(2)" },
		"closure":    func(i int) string { return "f := func() int { return 3 }\nf()" },
		"print":      func(i int) string { return "import \"fmt\"\n_ = fmt.Sprint(1, \"a\")" },
		"error":      func(i int) string { return "x := 1;" },
	} {
		if g := growth(t, 3000, text); g > 2300 {
			t.Errorf("%s: %.0f bytes a cell stay behind, want at most 2300", name, g)
		} else {
			t.Logf("%s: %.0f bytes a cell", name, g)
		}
	}
	// A function run again replaces the one before.
	if g := growth(t, 1000, func(i int) string { return "func f(n int) int { return n + 1 }\nf(1)" }); g > 10000 {
		t.Errorf("function: %.0f bytes a cell stay behind", g)
	} else {
		t.Logf("function: %.0f bytes a cell", g)
	}
}
