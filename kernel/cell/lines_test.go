package cell_test

import (
	"os"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
)

func TestLines(t *testing.T) {
	dir := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chdir(here) })
	for _, c := range []struct {
		name  string
		cells []string
		want  string // a part of the output of the last cell, or of its error
	}{
		{"help", []string{"%help"}, "%imports [word]"},
		{"cd", []string{"%cd " + dir, "import \"os\"\nd, _ := os.Getwd()\nd"}, "=> " + dir},
		{"cd back", []string{"%cd " + here}, here},
		{"cd missing", []string{"%cd " + dir + "/no"}, "In[1]:1:1: chdir"},
		{"shell", []string{"$ echo one; echo two"}, "one\ntwo\n"},
		{"bang", []string{"!echo three"}, "three\n"},
		{"bang of Go", []string{"ok := true", "!ok"}, "=> false"},
		{"shell fails", []string{"x := 1\n$ exit 3"}, "In[1]:2:1: \"exit 3\" ended with exit status 3"},
		{"who", []string{"x := []int{1, 2}\nfunc f() int { return 1 }", "%who"}, "var   x  []int"},
		{"imports", []string{"%imports gonum/mat"}, "gonum.org/v1/gonum/mat\n"},
		{"time", []string{"%time x := 3", "x"}, "=> 3"},
		{"time says", []string{"%time x := 3"}, "time: "},
		{"time cell", []string{"%time\nx := 3\ny := 4"}, "time: "},
		{"time of several lines", []string{"%time for i := range 3 {\n\tprintln(i)\n}\ny := 4", "y"}, "=> 4"},
		{"places in time", []string{"x := 1\n%time for {\n\tbad()\n}"}, "In[1]:3:2: undefined: bad"},
		{"places behind time", []string{"%time for range 2 {\n}\nbad()"}, "In[1]:3:1: undefined: bad"},
		{"time before another line", []string{"%time\n$ echo here"}, "here\n"},
		{"reset", []string{"x := 1", "%reset", "x"}, "undefined: x"},
		{"reset one", []string{"x := 1\ny := 2\nfunc f() int { return x }", "%reset x", "f()"}, "f no longer compiles"},
		{"order", []string{"import \"fmt\"\nfmt.Println(1)\n$ echo 2\nfmt.Println(3)"}, "1\n2\n3\n"},
		{"places", []string{"$ true\nx := bad"}, "In[1]:2:6: undefined: bad"},
		{"query", []string{"import \"math\"\n?math.Sqrt"}, "func math.Sqrt(x float64) float64"},
		{"query value", []string{"speed := 42", "?speed"}, "= 42"},
		{"query unknown", []string{"?nothere"}, "nothing is known of nothere"},
		{"unknown", []string{"%nonsense"}, "no command %nonsense"},
		{"modulo is Go", []string{"x := 7 +\n1\nx\n"}, "=> 8"},
		{"percent in a raw string", []string{"s := `\n%help\n`\nlen(s)"}, "=> 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := newNotebook(t)
			var out string
			for _, text := range c.cells {
				var err error
				if out, err = nb.run(text); err != nil {
					out += err.Error()
				}
			}
			if !strings.Contains(out, c.want) {
				t.Errorf("got %q, want %q in it", out, c.want)
			}
		})
	}
}

func TestIsCompleteWithLines(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"%help", "complete"},
		{"?fmt", "complete"},
		{"$ echo {", "complete"},
		{"%time for i := range 3 {", "incomplete"},
		{"%time for i := range 3 {\n}", "complete"},
		{"x := 1\n%who\nfor {", "incomplete"},
		{"f(\n%help", "invalid"},
	} {
		if got, _ := cell.IsComplete(c.text); got != c.want {
			t.Errorf("%q is %s, want %s", c.text, got, c.want)
		}
	}
}
