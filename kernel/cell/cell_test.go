package cell_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
	_ "github.com/spindle-lab/spindle/kernel/symbols/mod"
	_ "github.com/spindle-lab/spindle/kernel/symbols/std"
)

// A notebook runs cells for a test and keeps what they print and show.
type notebook struct {
	t     *testing.T
	k     *cell.Interp
	n     int
	shown []string
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	nb := &notebook{t: t}
	k, err := cell.New(cell.Options{
		Symbols:  symbols.Table,
		Importer: symbols.NewImporter(),
		Paths:    symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc,
		Show: func(values ...any) {
			var s []string
			for _, v := range values {
				s = append(s, fmt.Sprint(v))
			}
			nb.shown = append(nb.shown, strings.Join(s, " "))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	nb.k = k
	return nb
}

// run evaluates a cell and returns what it printed and then showed.
func (nb *notebook) run(text string) (string, error) {
	nb.t.Helper()
	nb.n++
	nb.shown = nil
	var err error
	out := capture(nb.t, func() { err = nb.k.Eval(context.Background(), nb.n, text) })
	for _, s := range nb.shown {
		out += "=> " + s + "\n"
	}
	return out, err
}

// capture returns what a function writes to standard output.
func capture(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	done := make(chan string)
	go func() {
		var b bytes.Buffer
		io.Copy(&b, r)
		done <- b.String()
	}()
	defer func() { os.Stdout = old }()
	f()
	w.Close()
	return <-done
}

func TestBasic(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []string
		want  string // of the last cell; "error: …" for its error's beginning
	}{
		{"mixture", []string{"import \"fmt\"\nfmt.Println(\"hello\")\nfunc f(x int) int { return x + g() }\nfunc g() int { return 2 }\nf(3)"}, "hello\n=> 5\n"},
		{"vars", []string{"x := 5", "y := x * 2", "x + y"}, "=> 15\n"},
		{"print shows nothing", []string{"import \"fmt\"", "fmt.Println(1)"}, "1\n"},
		{"quiet", []string{"x := 3", "x;"}, ""},
		{"multi", []string{"func f() (int, string) { return 1, \"a\" }", "f()"}, "=> 1 a\n"},
		{"nil error", []string{"func f() (int, error) { return 1, nil }", "f()"}, "=> 1\n"},
		{"redefine func", []string{"func f() int { return 1 }\nfunc g() int { return f() }", "func f() int { return 2 }", "g()"}, "=> 2\n"},
		{"redefine func seen by closure", []string{"func f() int { return 1 }", "h := func() int { return f() }", "func f() int { return 2 }", "h()"}, "=> 2\n"},
		{"redefine var type", []string{"x := 1", "func f() string { return \"<\" + name + \">\" }", "name := \"a\""}, "error: In[2]:1:32: undefined: name"},
		{"var type", []string{"x := 1", "x = 2\nx", "x := \"s\"", "x"}, "=> s\n"},
		{"type and method", []string{"type P struct{ X, Y float64 }", "p := P{3, 4}", "func (p P) Norm2() float64 { return p.X*p.X + p.Y*p.Y }", "p.Norm2()"}, "=> 25\n"},
		{"literal of an earlier cell's type", []string{"type T struct{ x int; y string }\ntype U struct{ T }", "t := T{1, \"a\"}\nus := []U{{T{2, \"b\"}}}\nfunc f() T { return T{3, \"c\"} }", "t.x + us[0].x + f().x"}, "=> 6\n"},
		{"init without a body", []string{"func init() "}, "error: In[1]:1:6: func init must have a body"},
		{"method redefined", []string{"type P struct{ X float64 }\nfunc (p P) F() float64 { return p.X }", "p := P{3}\nvar i interface{ F() float64 } = p", "func (p P) F() float64 { return 2 * p.X }", "p.F() + i.F()"}, "=> 12\n"},
		{"generic", []string{"func Map[T, U any](xs []T, f func(T) U) []U { var out []U; for _, x := range xs { out = append(out, f(x)) }; return out }", "import \"strconv\"\nMap([]int{1, 2}, strconv.Itoa)"}, "=> [1 2]\n"},
		{"generic type", []string{"type Stack[T any] struct{ xs []T }\nfunc (s *Stack[T]) Push(x T) { s.xs = append(s.xs, x) }\nfunc (s *Stack[T]) Len() int { return len(s.xs) }", "s := &Stack[string]{}\ns.Push(\"a\")\ns.Push(\"b\")\ns.Len()"}, "=> 2\n"},
		{"range int", []string{"s := 0\nfor i := range 10 { s += i }\ns"}, "=> 45\n"},
		{"min max", []string{"min(3, 1, 2), max(2.5, 1)"}, "error: In[1]:1:1: expected 1 expression"},
		{"min", []string{"x := 3.5\nmin(x, 2, 7)"}, "=> 2\n"},
		{"undefined", []string{"y := bad + 1"}, "error: In[1]:1:6: undefined: bad"},
		{"panic place", []string{"func deep(n int) int {\n\tif n == 0 {\n\t\tpanic(\"ouch\")\n\t}\n\treturn deep(n - 1)\n}", "deep(2)"}, "error: In[1]:3:3: panic: ouch"},
		{"package", []string{"import \"gonum.org/v1/gonum/mat\"\nm := mat.NewDense(2, 2, []float64{1, 2, 3, 4})\nmat.Det(m)"}, "=> -2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := newNotebook(t)
			var out string
			var err error
			for i, text := range c.cells {
				out, err = nb.run(text)
				if err != nil && i < len(c.cells)-1 && !strings.HasPrefix(c.want, "error: ") {
					t.Fatalf("cell %d: %v", i+1, err)
				}
				if err != nil {
					break
				}
			}
			if err != nil {
				out = "error: " + err.Error()
			}
			if out != c.want && !(strings.HasPrefix(c.want, "error: ") && strings.HasPrefix(out, c.want)) {
				t.Errorf("got %q, want %q", out, c.want)
			}
		})
	}
}
