package cell_test

import (
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// harmless are the packages that fuzzed cells may use: nothing in them reaches
// a file, a process or the network.
var harmless = map[string]bool{
	"cmp": true, "errors": true, "iter": true, "maps": true, "math": true, "math/bits": true, "math/cmplx": true,
	"slices": true, "sort": true, "strconv": true, "strings": true, "unicode": true, "unicode/utf8": true,
	"gonum.org/v1/gonum/floats": true, "gonum.org/v1/gonum/mat": true,
}

type harmlessImporter struct{ *symbols.Importer }

func (im harmlessImporter) Import(path string) (*types.Package, error) {
	if !harmless[path] {
		return nil, fmt.Errorf("package %s is not in this kernel", path)
	}
	return im.Importer.Import(path)
}

// FuzzCell gives any text to everything that reads cells. None may take the
// process down or hold it for 5 s; errors must say something. Code that cannot
// loop is run too; all other code is run by FuzzSession of package session, in
// a worker that may die of its memory.
func FuzzCell(f *testing.F) {
	for _, s := range fuzzSeeds(f) {
		f.Add(s)
	}
	table := map[string]map[string]reflect.Value{}
	for key, syms := range symbols.Table {
		if harmless[filepath.Dir(key)] {
			table[key] = syms
		}
	}
	im := harmlessImporter{symbols.NewImporter()}
	f.Fuzz(func(t *testing.T, text string) {
		began := cpuTime()
		k, err := cell.New(cell.Options{
			Symbols: table, Importer: im, Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc,
			Show: func(v ...any) { _ = fmt.Sprintln(v...) },
		})
		if err != nil {
			t.Fatal(err)
		}
		cell.IsComplete(text)
		at := len(text)
		k.Complete(text, at)
		k.Complete(text, at/2)
		k.Inspect(text, at)
		k.Inspect(text, at/3)
		if !bounded(text) {
			// The text's declarations and statements, behind a panic that
			// they do not get past: checked and compiled, not run.
			if special(text) {
				return
			}
			text = "panic(1)\n" + text
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		for n := range 2 { // again: every name is defined anew
			if err := k.Eval(ctx, n+1, text); err != nil && err.Error() == "" {
				t.Error("an error that says nothing")
			}
		}
		if d := cpuTime() - began; d > 5*time.Second {
			t.Errorf("%v of CPU", d)
		}
	})
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// special tells whether a text may have lines that are not Go.
func special(text string) bool {
	for line := range strings.Lines(text) {
		if strings.ContainsAny(strings.TrimSpace(line)+" ", "%$!?") {
			return true
		}
	}
	return false
}

// bounded tells whether a text has nothing in it that could take for ever or
// take all memory.
func bounded(text string) bool {
	if special(text) {
		return false
	}
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(text)), []byte(text), nil, 0)
	for {
		switch _, tok, lit := s.Scan(); tok {
		case token.EOF:
			return true
		case token.FOR, token.FUNC, token.GOTO, token.GO, token.SELECT, token.CHAN, token.ARROW, token.SHL:
			return false
		case token.IDENT:
			switch lit {
			case "make", "Repeat", "Grow", "NewDense", "Pow", "Iota", "Span":
				return false
			}
		case token.INT:
			if len(lit) > 6 {
				return false
			}
		}
	}
}

// fuzzSeeds are the corpus, cells cut short, and texts made to be unpleasant.
func fuzzSeeds(f *testing.F) []string {
	var out []string
	files, err := filepath.Glob(filepath.Join("testdata", "corpus", "*.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, c := range strings.Split(string(data), "\n-- cell\n") {
			out = append(out, c)
			if i%4 == 0 {
				out = append(out, c[:len(c)*2/3])
			}
		}
	}
	deep := func(open, mid, end string, n int) string {
		return strings.Repeat(open, n) + mid + strings.Repeat(end, n)
	}
	return append(out,
		"", "\x00", "\xff\xfe", "package main", "func", "func f(", "type T", "type T T", "type T struct{ T }", "type T [2]T", "type T []T\nvar t T",
		"x := x", "var x = y\nvar y = x", "const c = 1 << 1000000", "const c = 1e999999999", "1e1000000000", "0x"+strings.Repeat("f", 4000),
		strings.Repeat("9", 20000), "var a [1<<40]int", "var a [1<<29]int", "[...]int{1<<30: 1}", "[]int{1000000000: 1}", "map[int]int{1<<62: 1}",
		`"`+strings.Repeat(`\x41`, 5000)+`"`, "'", "`", "/*", "//", "\"\\", "_ = func() { return 1 }",
		deep("(", "1", ")", 400), deep("(", "1", ")", 600), deep("[", "]int", "", 300), deep("{", "", "}", 450), deep("func() {", "", "}()", 300), deep("if true {", "", "}", 450),
		strings.Repeat("*", 2000)+"p", strings.Repeat("-", 3000)+"1", strings.Repeat("!", 3000)+"true", strings.Repeat("1+", 5000)+"1", strings.Repeat("x.", 3000)+"x",
		strings.Repeat("[]", 3000)+"int{}", strings.Repeat("*", 3000)+"int", "type T "+strings.Repeat("func() ", 2000), "a"+strings.Repeat("[0]", 3000), strings.Repeat("<-", 2000)+"c",
		"var x "+strings.Repeat("chan ", 2000)+"int", "var f func("+strings.Repeat("int,", 500)+")", strings.Repeat("L: ", 1000)+"goto L", strings.Repeat("else ", 1000),
		"type T[P any] struct{ x *T[[]P] }\nvar t T[int]", "func f[T any](x T) { f(&x) }\nf(1)", "type I interface{ I }", "type T[P T[P]] int", "type A = B\ntype B = A",
		"goto L\nL:", "break", "continue", "fallthrough", "return", "return 1", "defer recover()", "panic(nil)", "init()", "func init() {}", "func main() {}\nmain()",
		"%", "%%", "%help", "%reset", "%who", "?", "?x", "x?", "%time 1", "%cd /", "%nothing", "import \"unsafe\"", "import . \"math\"\nSin(1)", "import _ \"math\"", "import \"C\"",
		"switch x := any(1).(type) { case int: x; case string: _ = x }", "var e error\ne.Error()", "struct{}{}", "[0]int{}", "nil", "iota", "_", "len", "int", "math", "1;2;3",
		"for range 3 { defer func() { recover() }() }", "min()", "max(1, \"a\")", "clear(1)", "complex(1, 2i)", "new(int)", "*new(int)", "&struct{a int}{1}", "-9223372036854775808 / -1",
	)
}
