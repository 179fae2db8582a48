package cell_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

func helper(t testing.TB, cells ...string) *cell.Interp {
	t.Helper()
	k, err := cell.New(cell.Options{
		Symbols: symbols.Table, Importer: symbols.NewImporter(), Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc,
		Show: func(...any) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cells {
		if err := k.Eval(context.Background(), i+1, c); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// The state that the tests below ask about.
var helpCells = []string{
	`import ("fmt"; "math"; "strings"; "gonum.org/v1/gonum/mat")`,
	"// A Muscle is a name and a length in mm.\ntype Muscle struct {\n\t// Length is in mm.\n\tLength float64\n\tname string\n}\n\n// Stretch adds d mm.\nfunc (m *Muscle) Stretch(d float64) { m.Length += d }\n\n// gain is the reflex gain in N/mm.\nfunc gain(x float64) float64 { return 2 * x }",
	"speed := 42\nlong := make([]float64, 1000)\nbiceps := &Muscle{Length: 120.5, name: \"biceps\"}\nm := mat.NewDense(3, 4, nil)\nbig := mat.NewDense(300, 400, nil)\nnames := map[string]int{\"a\": 1}\ncube := [][][]float64{{{1}}}\nwide := make([][]float64, 39)\nfor i := range wide { wide[i] = make([]float64, 400) }\nvar none *Muscle",
}

func TestComplete(t *testing.T) {
	k := helper(t, helpCells...)
	for _, c := range []struct {
		text  string // | is the cursor
		want  []string
		not   []string
		start int // where the replaced word begins
	}{
		{"fmt.Printl|", []string{"Println"}, []string{"Printf"}, 4},
		{"x := math.Sq|", []string{"Sqrt", "Sqrt2"}, []string{"Abs"}, 10},
		{"é := math.Sqrt(1); fmt.Fprin|", []string{"Fprint", "Fprintf", "Fprintln"}, nil, 24},
		{"spe|", []string{"speed"}, nil, 0},
		{"biceps.|", []string{"Length", "name", "Stretch"}, []string{"Println"}, 7},
		{"biceps.St|retch(2)", []string{"Stretch"}, []string{"Length"}, 7},
		{"Muscle{Le|", []string{"Length"}, nil, 7},
		{"f := func(angle float64) { an|", []string{"angle"}, nil, 27},
		{"for i := range 3 { value := i; fmt.Println(val|", []string{"value"}, nil, 43},
		{"fo|", []string{"for"}, nil, 0},
		{"strings.NewReplacer(\"a\", \"b\").Rep|", []string{"Replace"}, nil, 30},
		{"import \"gonum.org/v1/gonum/ma|", []string{"gonum.org/v1/gonum/mat", "gonum.org/v1/gonum/mathext"}, nil, 8},
		{"import (\n\t\"fmt\"\n\t\"math/r|", []string{"math/rand", "math/rand/v2"}, nil, 18},
		{"import \"sort\"\nsort.Str|", []string{"Strings", "StringSlice"}, nil, 19},
		{"sort.Str|", []string{"Strings"}, nil, 5}, // not imported: the name says which package
		{"%he|", []string{"%help"}, []string{"%who"}, 0},
		{"x := 1\n%im|", []string{"%imports"}, nil, 7},
		{"?spe|", []string{"speed"}, nil, 1},
		{"nothing.at.al|", nil, nil, 11},
		{"|", []string{"speed", "fmt", "func"}, nil, 0},
		{"\"spe|", nil, []string{"speed"}, 0},
		{"// spe|", nil, []string{"speed"}, 0},
	} {
		pos := strings.IndexByte(c.text, '|')
		text := c.text[:pos] + c.text[pos+1:]
		from, to, matches := k.Complete(text, pos)
		var got []string
		for _, m := range matches {
			got = append(got, m.Text)
		}
		if len(c.want) > 0 && (from != c.start || to != pos) {
			t.Errorf("%q: replaces %d:%d, want %d:%d", c.text, from, to, c.start, pos)
		}
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q: no %q in %.300q", c.text, w, got)
			}
		}
		for _, w := range c.not {
			if slices.Contains(got, w) {
				t.Errorf("%q: %q is offered", c.text, w)
			}
		}
	}
}

func TestInspect(t *testing.T) {
	k := helper(t, helpCells...)
	for _, c := range []struct {
		text             string
		decl, doc, value string // parts
	}{
		{"math.Sq|rt(2)", "func math.Sqrt(x float64) float64", "square root", ""},
		{"fmt.Println(|", "func fmt.Println(a ...any)", "Println formats", ""},
		{"fmt.Println(\"a\", |", "func fmt.Println(a ...any)", "Println formats", ""},
		{"ma|th.Pi", `package math // import "math"`, "Package math", ""},
		{"math.P|i", "const math.Pi", "", "3.14159"},
		{"spe|ed", "var speed int", "", "42"},
		{"speed|", "var speed int", "", "42"},
		{"lon|g", "var long []float64", "", "[0 0 0 0 0 0 0 0 …] (len 1000)"},
		{"bice|ps", "var biceps *Muscle", "", "&{120.5 biceps}"},
		{"biceps.Len|gth", "field Length float64", "Length is in mm.", "120.5"},
		{"biceps.Str|etch(1)", "func (*Muscle).Stretch(d float64)", "Stretch adds d mm.", ""},
		{"m|", "var m *mat.Dense", "", "3 × 4"},
		{"bi|g", "var big *mat.Dense", "", "300 × 400"},
		{"name|s", "var names map[string]int", "", "map[a:1] (len 1)"},
		{"cub|e", "var cube [][][]float64", "", "[[[1]]] (len 1)"},
		{"wid|e", "var wide [][]float64", "", "len 39 × 400"},
		{"non|e", "var none *Muscle", "", "<nil>"},
		{"none.Len|gth", "field Length float64", "Length is in mm.", ""},
		{"biceps.na|me", "field name string", "", "biceps"},
		{"speed := 1.5 // in m/s\nspee|d", "var speed float64", "in m/s", ""},
		{"speed := 43\nspee|d", "var speed int", "", "42"}, // the cell that declared it, read again
		{"for speed := range 3 { spee|d }", "var speed int", "", ""},
		{"func f(speed int) int { return spee|d }", "var speed int", "", ""},
		{"?spe|ed", "var speed int", "", "42"},
		{"ga|in(1)", "func gain(x float64) float64", "gain is the reflex gain in N/mm.", ""},
		{"Mus|cle{}", "type Muscle struct", "A Muscle is a name and a length in mm.", ""},
		{"le|n(long)", "builtin len", "length", ""},
		{"app|end(long, 1)", "builtin append", "appends", ""},
		{"x := spe|ed + nonsense(", "var speed int", "", "42"},
		{"func f(a float64) { fmt.Println(|a) }", "var a float64", "", ""},
		{"sort.Str|ings", "func sort.Strings(x []string)", "Strings sorts", ""},
		{"nothing|", "", "", ""},
		{"|", "", "", ""},
	} {
		pos := strings.IndexByte(c.text, '|')
		decl, doc, value := k.Inspect(c.text[:pos]+c.text[pos+1:], pos)
		if !strings.Contains(decl, c.decl) || c.decl == "" && decl != "" || !strings.Contains(doc, c.doc) || !strings.Contains(value, c.value) || c.value == "" && value != "" {
			t.Errorf("%q:\n got %q, %.100q, %q\nwant %q, %q, %q", c.text, decl, doc, value, c.decl, c.doc, c.value)
		}
	}
}

func BenchmarkComplete(b *testing.B) {
	k := helper(b, helpCells...)
	text := "x := math.Sqrt(2)\nfor i := range 10 {\n\tfmt.Println(i, x, mat."
	for b.Loop() {
		if _, _, m := k.Complete(text, len(text)); len(m) == 0 {
			b.Fatal("nothing")
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	k := helper(b, helpCells...)
	text := "x := math.Sqrt(2)\nfor i := range 10 {\n\tfmt.Println(i, x, biceps.Length)\n}"
	pos := strings.Index(text, "Length")
	for b.Loop() {
		if decl, _, _ := k.Inspect(text, pos); decl == "" {
			b.Fatal("nothing")
		}
	}
}

// BenchmarkFirstComplete is the first question about a large package: its types
// and documentation are read then.
func BenchmarkFirstComplete(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		k := helper(b)
		b.StartTimer()
		k.Complete("plot.", 5)
	}
}
