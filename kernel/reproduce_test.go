package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/notebook"
)

// studied is a notebook with two figures, one of which needs less than all.
func studied(t *testing.T) string {
	return module(t, map[string][]string{"03_study": {
		"//parameters\ntier := \"smoke\"\nseed := 1",
		"import (\"fmt\"; \"os\"; \"github.com/spindle-lab/spindle/lib/figure\"; \"github.com/spindle-lab/spindle/lib/run\")\nfmt.Fprintln(os.Stdout, tier)",
		"a := float64(seed)",
		"b := 2.0\nfmt.Println(\"costly\")",
		"fa, err := figure.Compose(\"03a_one\", 60, 40, 1, figure.Lines(\"t\", \"x\", \"y\", figure.Series{X: []float64{0, 1}, Y: []float64{a, 1}})).Save()\nrun.Check(err)",
		"fb, err := figure.Compose(\"03b_two\", 60, 40, 1, figure.Lines(\"t\", \"x\", \"y\", figure.Series{X: []float64{0, b}, Y: []float64{a, 1}})).Save()\nrun.Check(err)\n_, _ = fa, fb",
	}})
}

// A figure runs the cells that it needs and no other; a second time nothing
// runs, unless the seed or a cell has changed.
func TestReproduceOneFigure(t *testing.T) {
	dir := studied(t)
	again := func(o reproduceOptions) string {
		t.Helper()
		o.tier, o.out = "smoke", filepath.Join(dir, "out")
		var log bytes.Buffer
		if err := reproduce(context.Background(), o, nil, &log); err != nil {
			t.Fatalf("%v\n%s", err, &log)
		}
		return log.String()
	}
	log := again(reproduceOptions{seed: 1, figure: "3a"})
	if !strings.Contains(log, "cost not measured at tier smoke") || !strings.Contains(log, "cell  4 of 4") {
		t.Errorf("log of the first run:\n%s", log)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "figures", "03a_one.png")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "figures", "03b_two.png")); err == nil {
		t.Error("the other figure was drawn too")
	}
	nb, err := notebook.Read(filepath.Join(dir, "out", "notebooks", "03_study.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range nb.Cells {
		if strings.Contains(c.Source, "costly") {
			t.Error("a cell ran that the figure does not need")
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	log = again(reproduceOptions{seed: 1, figure: "03a_one"})
	if !strings.Contains(log, "taken from the cache") || strings.Contains(log, "cell ") {
		t.Errorf("log of the second run:\n%s", log)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "figures", "03a_one.csv")); err != nil {
		t.Error(err)
	}
	if log = again(reproduceOptions{seed: 2, figure: "3a"}); strings.Contains(log, "taken from the cache") {
		t.Errorf("another seed took the cached result:\n%s", log)
	}
	if log = again(reproduceOptions{seed: 1, figure: "3a", fresh: true}); !strings.Contains(log, "as measured here") || !strings.Contains(log, "cell ") {
		t.Errorf("log of a fresh run:\n%s", log)
	}
	path := filepath.Join(dir, "notebooks", "03_study.ipynb")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(raw, []byte("a := float64(seed)"), []byte("a := 2 * float64(seed)"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if log = again(reproduceOptions{seed: 1, figure: "3a"}); strings.Contains(log, "taken from the cache") || !strings.Contains(log, "1 cells not measured") {
		t.Errorf("a changed cell took the cached result:\n%s", log)
	}
	if log = again(reproduceOptions{seed: 9, figure: "3", dry: true}); strings.Contains(log, "into") {
		t.Errorf("-cost ran something:\n%s", log)
	}
}

func TestSlice(t *testing.T) {
	cell := func(s string) *notebook.Cell { return &notebook.Cell{Type: notebook.Code, Source: s} }
	nb := &notebook.Notebook{Cells: []*notebook.Cell{
		cell("import \"fmt\"\nx, err := load()"),
		cell("y, err := other()"),
		cell("run.Check(x.Cut(3))"),
		cell("z := x.Read()"),
		cell("%time y"), // does not parse here: stays
		cell("func half(v int) int { return v / 2 }"),
		cell("draw(half(z))"),
		cell("x.After()"),
	}}
	slice(nb, map[int]bool{6: true})
	var kept []string
	for _, c := range nb.Cells {
		kept = append(kept, c.Source)
	}
	all := strings.Join(kept, "|")
	for _, want := range []string{"load()", "Cut(3)", "x.Read", "%time", "func half", "draw("} {
		if !strings.Contains(all, want) {
			t.Errorf("the slice lacks %q: %s", want, all)
		}
	}
	for _, no := range []string{"other()", "After"} {
		if strings.Contains(all, no) {
			t.Errorf("the slice has %q", no)
		}
	}
}

func TestFigureCommand(t *testing.T) {
	dir := t.TempDir()
	csv := filepath.Join(dir, "points.csv")
	if err := os.WriteFile(csv, []byte("task,arch,depth_x,depth,value,score\nregression,ST(green),2.1,2,0.5,1\nregression,lstm(purple),3,3,0.2,1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "p.svg")
	var stderr bytes.Buffer
	if code := dispatch(context.Background(), []string{"figure", "-panel", "performance", "-task", "regression", "-o", out, csv}, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	svg, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(svg), "Hand position") || !strings.Contains(string(svg), "Command: ") {
		t.Errorf("%v: %.200s", err, svg)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"figure", csv}, "want one of performance"},
		{[]string{"figure", "-panel", "layers"}, "want tables of results"},
		{[]string{"figure", "-panel", "best-layers", csv}, "needs a -task"},
		{[]string{"figure", "-panel", "layers", "-task", "dance", csv}, "dance"},
		{[]string{"figure", "-panel", "layers", filepath.Join(dir, "none.csv")}, "none.csv"},
		{[]string{"figure", "-panel", "layers", "-width", "1", csv}, "20 to 2000"},
	} {
		stderr.Reset()
		if code := dispatch(context.Background(), c.args, &stderr); code == 0 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("spindle %s: exit %d, %q; want %q", strings.Join(c.args, " "), code, &stderr, c.want)
		}
	}
}
