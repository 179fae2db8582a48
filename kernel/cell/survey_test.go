package cell_test

import (
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// held is what compiled code keeps of a cell's closures.
var held []func() int

// sizer is the wrapper that the generator would write for hold.Size.
type sizer struct {
	IValue any
	WLen   func() int
}

func (s sizer) Len() int { return s.WLen() }

// withHold adds a compiled package "hold" whose functions keep what they get.
type withHold struct{ *symbols.Importer }

func (w withHold) Import(path string) (*types.Package, error) {
	if path != "hold" {
		return w.Importer.Import(path)
	}
	p := types.NewPackage("hold", "hold")
	intT := types.Typ[types.Int]
	result := types.NewTuple(types.NewParam(0, p, "", intT))
	f := types.NewSignatureType(nil, nil, nil, nil, result, false)
	p.Scope().Insert(types.NewFunc(0, p, "Hold", types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewParam(0, p, "f", f)), nil, false)))
	p.Scope().Insert(types.NewFunc(0, p, "Call", types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewParam(0, p, "i", intT)), result, false)))
	sized := types.NewInterfaceType([]*types.Func{types.NewFunc(0, p, "Len", types.NewSignatureType(nil, nil, nil, nil, result, false))}, nil).Complete()
	p.Scope().Insert(types.NewFunc(0, p, "Size", types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewParam(0, p, "x", sized)), result, false)))
	p.MarkComplete()
	return p, nil
}

// TestSurvey has one line for each construct of the survey's table of what the
// interpreter yaegi gets wrong or cannot do: here it has to be right.
func TestSurvey(t *testing.T) {
	table := maps.Clone(symbols.Table)
	table["hold/hold"] = map[string]reflect.Value{
		"Hold": reflect.ValueOf(func(f func() int) { held = append(held, f) }),
		"Call": reflect.ValueOf(func(i int) int { return held[i]() }),
		"_~1":  reflect.ValueOf((*sizer)(nil)),
		"Size": reflect.ValueOf(func(x interface{ Len() int }) int { return x.Len() }),
	}
	for _, c := range []struct {
		name  string
		cells []string
		want  string
	}{
		{"declarations and statements in one cell", []string{"import \"fmt\"\nfmt.Println(\"x\")\ntype T int\nvar v T = 2\nfunc f() int { return int(v) }\nf()"}, "x\n=> 2\n"},
		{"import again", []string{"import \"fmt\"", "import \"fmt\"\nfmt.Println(1)"}, "1\n"},
		{"variable of a new type", []string{"x := 1", "x := \"s\"", "x"}, "=> s\n"},
		{"function seen by old callers", []string{"func f() int { return 1 }", "func g() int { return f() }", "func f() int { return 2 }", "g()"}, "=> 2\n"},
		{"type defined anew", []string{"type P struct{ X int }", "type P struct{ Y string }", "P{Y: \"y\"}.Y"}, "=> y\n"},
		{"method defined anew", []string{"type P struct{}\nfunc (P) F() int { return 1 }", "func (P) F() int { return 2 }", "P{}.F()"}, "=> 2\n"},
		{"forward reference", []string{"func a() int { return b() }\nfunc b() int { return 7 }", "a()"}, "=> 7\n"},
		{"forward reference to another cell", []string{"func a() int { return b() }"}, "error: In[1]:1:23: undefined: b"},
		{"range over an integer", []string{"s := 0\nfor i := range 10 { s += i }\ns"}, "=> 45\n"},
		{"range over a function", []string{"it := func(yield func(int) bool) { _ = yield(1) && yield(2) && yield(3) }\ns := 0\nfor v := range it { s += v }\ns"}, "=> 6\n"},
		{"min", []string{"min(3, 1, 2)"}, "=> 1\n"},
		{"max", []string{"x := 2.5\nmax(x, 1)"}, "=> 2.5\n"},
		{"clear", []string{"m := map[int]int{1: 1}\nclear(m)\nlen(m)"}, "=> 0\n"},
		{"generics, explicit", []string{"func Id[T any](x T) T { return x }\nId[int](3)"}, "=> 3\n"},
		{"generics, second parameter inferred", []string{"import \"strconv\"\nfunc Map[T, U any](xs []T, f func(T) U) []U { var o []U; for _, x := range xs { o = append(o, f(x)) }; return o }\nMap([]int{1, 2}, strconv.Itoa)"}, "=> [1 2]\n"},
		{"generics, variadic", []string{"func Sum[T int | float64](xs ...T) (s T) { for _, x := range xs { s += x }; return }\nSum(1.5, 2)"}, "=> 3.5\n"},
		{"generic alias", []string{"type Set[T comparable] = map[T]bool\ns := Set[string]{\"a\": true}\nlen(s)"}, "=> 1\n"},
		{"generic functions of compiled packages", []string{"import (\"slices\"; \"maps\")\nx := []int{3, 1, 2}\nslices.Sort(x)\nx[0]*100 + slices.Max(x)*10 + len(maps.Clone(map[int]int{1: 1}))"}, "=> 131\n"},
		{"iter", []string{"import \"iter\"\nvar s iter.Seq[int] = func(yield func(int) bool) { yield(9) }\nnext, stop := iter.Pull(s)\nv, ok := next()\nstop()\nif ok { v++ }\nv"}, "=> 10\n"},
		{"closure kept by compiled code", []string{"import \"hold\"\nfor i := 0; i < 3; i++ { x := i; hold.Hold(func() int { return x }) }\n[]int{hold.Call(0), hold.Call(1), hold.Call(2)}"}, "=> [0 1 2]\n"},
		{"loop variable kept by compiled code", []string{"import \"hold\"\nfor i := 0; i < 3; i++ { hold.Hold(func() int { return i }) }\n[]int{hold.Call(0), hold.Call(1), hold.Call(2)}"}, "=> [0 1 2]\n"},
		{"loop variable of each turn", []string{"var fs []func() int\nfor i := 0; i < 3; i++ { fs = append(fs, func() int { return i }) }\n[]int{fs[0](), fs[1](), fs[2]()}"}, "=> [0 1 2]\n"},
		{"loop variable of each turn of a range", []string{"var fs []func() int\nfor i := range 3 { fs = append(fs, func() int { i += 4; return i }) }\n[]int{fs[0](), fs[1](), fs[2](), fs[0]()}"}, "=> [4 5 6 8]\n"},
		{"goroutines in a loop", []string{"import \"sync\"\nvar wg sync.WaitGroup\nr := make([]int, 3)\nfor i := range 3 { wg.Add(1); go func() { defer wg.Done(); r[i] = i }() }\nwg.Wait()\nr"}, "=> [0 1 2]\n"},
		{"loop variable after the loop", []string{"for i := 0; i < 3; i++ { }", "i"}, "error: In[2]:1:1: undefined: i"},
		{"unused variable", []string{"func f() int { x := 1; return 2 }\nf()"}, "=> 2\n"},
		{"undefined name", []string{"x := 1\ny := bad + x"}, "error: In[1]:2:6: undefined: bad"},
		{"column on line 1", []string{"func f() int { return \"s\" }"}, "error: In[1]:1:23: cannot use \"s\""},
		{"value of a void call", []string{"secret := \"s\"", "func f() {}\nf()"}, ""},
		{"value of an assignment", []string{"x := 5"}, ""},
		{"value of a loop", []string{"x := 5", "for range 3 { x++ }"}, ""},
		{"values of a call", []string{"func f() (int, string, error) { return 1, \"a\", nil }\nf()"}, "=> 1 a\n"},
		{"String of a value", []string{"import \"fmt\"\ntype T int\nfunc (t T) String() string { return fmt.Sprintf(\"T%d\", int(t)) }\nfmt.Println(T(3), []T{4})"}, "T3 [T4]\n"},
		{"String and Error of a pointer", []string{"import \"fmt\"\ntype E struct{ n int }\nfunc (e *E) Error() string { return fmt.Sprint(\"E\", e.n) }\nfmt.Println(&E{3}, E{4})\nvar err error = &E{5}\nfmt.Println(err)"}, "E3 {4}\nE5\n"},
		{"errors.As", []string{"import (\"fmt\"; \"errors\")\ntype E struct{ n int }\nfunc (e *E) Error() string { return \"e\" }\nerr := fmt.Errorf(\"w: %w\", &E{6})\nvar e *E\nfmt.Println(errors.As(err, &e), e.n)"}, "true 6\n"},
		{"type's name", []string{"import \"fmt\"\ntype P struct{ X int }\ntype C float64\nfmt.Printf(\"%T %T %T\\n\", P{}, C(1), []*P{})"}, "main.P main.C []*main.P\n"},
		{"as a compiled interface", []string{"import (\"sort\"; \"fmt\")\ntype B []int\nfunc (b B) Len() int { return len(b) }\nfunc (b B) Less(i, j int) bool { return b[i] > b[j] }\nfunc (b B) Swap(i, j int) { b[i], b[j] = b[j], b[i] }\nb := B{1, 3, 2}\nsort.Sort(b)\nfmt.Println(b)"}, "[3 2 1]\n"},
		{"defer recover()", []string{"func f() (n int) {\n\tdefer func() { n = 1; defer recover() }()\n\tpanic(2)\n}\nf()"}, "=> 1\n"},
		{"runtime.Caller", []string{"import \"runtime\"\n_, _, line, _ := runtime.Caller(0)\nline"}, "error: In[1]:2:26: runtime.Caller would tell of the kernel's own code"},
		{"recover as a deferred call", []string{"func f() (out string) {\n\tdefer func() { out += \"outer \" + fmt.Sprint(recover()) }()\n\tdefer func() {\n\t\tdefer func() { out += \"inner \" + fmt.Sprint(recover()) + \" \" }()\n\t\tdefer recover()\n\t\tpanic(3)\n\t}()\n\tpanic(2)\n}\nimport \"fmt\"\nf()"}, "=> inner 3 outer 2\n"},
		{"package reflect on a cell's own type", []string{"import \"reflect\"\ntype T int\nreflect.TypeOf(T(1)).Name()"}, "error: In[1]:3:16: package reflect would see the type main.T, which a cell declares, without its name and methods"},
		{"package reflect on an interface's value", []string{"import \"reflect\"\ntype T int\nvar x any = T(1)\nreflect.TypeOf(x).Name()"}, "error: In[1]:4:1: panic: runtime error: package reflect would see the type main.T"},
		{"reflect.DeepEqual", []string{"import \"reflect\"\ntype T int\ntype S struct{ a []T }\n[]bool{reflect.DeepEqual(T(1), 1), reflect.DeepEqual(T(1), T(1)), reflect.DeepEqual(S{[]T{1}}, S{[]T{1}}), reflect.DeepEqual(S{[]T{1}}, S{[]T{2}}), reflect.DeepEqual([]any{T(1)}, []any{1})}"}, "=> [false true true false false]\n"},
		{"package reflect on other types", []string{"import \"reflect\"\n[]string{reflect.TypeOf([]float64{1}).String(), reflect.ValueOf(2.5).Kind().String(), reflect.TypeOf([]any{1}).String()}"}, "=> [[]float64 float64 []interface {}]\n"},
		{"as a compiled interface without a name", []string{"import (\"hold\"; \"strings\"; \"container/list\")\ntype L int\nfunc (l L) Len() int { return int(l) }\nvar x interface{ Len() int } = L(4)\nl := list.New()\nl.PushBack(1)\nhold.Size(strings.NewReader(\"abc\")) + 10*hold.Size(x) + 100*hold.Size(l)"}, "=> 143\n"},
		{"promoted methods as an interface", []string{"import (\"fmt\"; \"sort\")\ntype B []int\nfunc (b B) Len() int { return len(b) }\nfunc (b B) Less(i, j int) bool { return b[i] < b[j] }\nfunc (b B) Swap(i, j int) { b[i], b[j] = b[j], b[i] }\ntype W struct{ B }\nfunc (w W) Less(i, j int) bool { return w.B[i] > w.B[j] }\nw := W{B{1, 3, 2}}\nsort.Sort(w)\nfmt.Println(w.B)"}, "[3 2 1]\n"},
		{"unexported method of an interface", []string{"type i interface{ m() int }\ntype T int\nfunc (t T) m() int { return int(t) }\nvar x i = T(4)\nx.m()"}, "=> 4\n"},
		{"json", []string{"import \"encoding/json\"\ntype T struct { A int `json:\"a\"`; b int }\nd, _ := json.Marshal([]T{{1, 2}})\nstring(d)"}, "=> [{\"a\":1}]\n"},
		{"json of a type with its own form", []string{"import \"encoding/json\"\ntype T int\nfunc (t T) MarshalJSON() ([]byte, error) { return []byte(`\"T\"`), nil }\nd, _ := json.Marshal(T(1))\nstring(d)"}, "=> \"T\"\n"},
		{"json of a part with its own form", []string{"import \"encoding/json\"\ntype T int\nfunc (t T) MarshalJSON() ([]byte, error) { return []byte(`\"T\"`), nil }\ntype S struct{ V T }\njson.Marshal(S{1})"}, "error: In[1]:5:1: panic: runtime error: a value of type main.S cannot be handed to this function from a cell: its part T has a method MarshalJSON that would not be called"},
		{"json of a type that contains itself", []string{"import \"encoding/json\"\ntype N struct{ Next *N }\njson.Marshal(N{})"}, "error: In[1]:3:1: panic: runtime error: a value of type main.N cannot be handed to this function from a cell: its type N contains itself"},
		{"environment", []string{"import \"os\"\nos.Setenv(\"SPINDLE_TEST_X\", \"1\")\nos.Getenv(\"SPINDLE_TEST_X\")"}, "=> 1\n"},
		{"os.Stdout", []string{"import (\"fmt\"; \"os\")\nfmt.Fprint(os.Stdout, \"a\")\nfmt.Print(\"b\")\nos.Stdout.WriteString(\"c\\n\");"}, "abc\n"},
		{"place of a panic", []string{"func deep(n int) int {\n\tif n == 0 {\n\t\tpanic(\"no\")\n\t}\n\treturn deep(n - 1)\n}", "deep(3)"}, "error: In[1]:3:3: panic: no"},
		{"place of an index", []string{"x := []int{1}\ni := 3\nif true {\n\tx[i] = 2\n}"}, "error: In[1]:4:2: panic: runtime error: index out of range [3] with length 1"},
		{"stack overflow", []string{"kept := 1\nfunc f(n int) int { return f(n+1) + 1 }", "f(0)"}, "error: In[1]:2:"},
		{"after a stack overflow", []string{"kept := 1\nfunc f(n int) int { return f(n+1) + 1 }", "f(0)", "kept"}, "=> 1\n"},
		{"os.Exit", []string{"kept := 2", "import \"os\"\nos.Exit(3)", "kept"}, "=> 2\n"},
		{"log.Fatal", []string{"import \"log\"\nlog.Fatal(\"bye\")"}, "error: In[1]:2:1: os.Exit(1) ended the cell; variables are kept"},
		// The failures that spec/05 names.
		{"variadic parameter of interface type", []string{"import (\"gonum.org/v1/plot\"; \"gonum.org/v1/plot/plotter\")\ntype M struct{ plotter.XYs }\nfunc (m M) Plot(c draw.Canvas, p *plot.Plot) {}"}, "error: In[1]:3:19: undefined: draw (import "},
		{"variadic parameter of interface type, in order", []string{"import (\"gonum.org/v1/plot\"; \"gonum.org/v1/plot/vg/draw\")\ntype M struct{ n *int }\nfunc (m M) Plot(c draw.Canvas, p *plot.Plot) { *m.n++ }\nn := 0\np := plot.New()\np.Add(M{&n})\np.WriterTo(100, 100, \"png\")\nn"}, "=> 1\n"},
		{"DataRange of a plotter", []string{"import (\"gonum.org/v1/plot\"; \"gonum.org/v1/plot/vg/draw\")\ntype M struct{}\nfunc (m M) Plot(c draw.Canvas, p *plot.Plot) {}\nfunc (m M) DataRange() (a, b, c, d float64) { return -5, 5, -7, 7 }\np := plot.New()\np.Add(M{})\np.X.Max + p.Y.Max"}, "=> 12\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			held = nil
			nb := newNotebook(t)
			k, err := cell.New(cell.Options{
				Symbols: table, Importer: withHold{symbols.NewImporter()}, Path: symbols.PathOf,
				Show: func(values ...any) {
					nb.shown = append(nb.shown, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			nb.k = k
			var out string
			for _, text := range c.cells {
				if out, err = nb.run(text); err != nil {
					out += "error: " + err.Error()
				}
			}
			if out != c.want && !(strings.HasPrefix(c.want, "error: ") && strings.HasPrefix(out, c.want)) {
				t.Errorf("got  %q\nwant %q", out, c.want)
			}
		})
	}
}
