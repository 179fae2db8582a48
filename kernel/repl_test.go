package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/session"
)

// What is piped in is run cell by cell, without prompts; the exit code tells
// whether a cell failed.
func TestReplPiped(t *testing.T) {
	for _, c := range []struct {
		name, in, out string
		err           []string // parts of standard error
		code          int
	}{
		{"nothing", "", "", nil, 0},
		{"values and prints", "x := 1\nx + 1\nimport \"fmt\"\nfmt.Println(\"a\", x)\n", "2\na 1\n", nil, 0},
		{"cells of several lines", "func f(n int) int {\n\treturn 2 * n\n}\n\nfor i := range 2 {\n\tprint(i)\n}\nf(\n\t4,\n)", "8\n", []string{"01"}, 0},
		{"no line end", "6 * 7", "42\n", nil, 0},
		{"goes on after an error", "bad\n1 + 1\npanic(\"no\")\n3", "2\n3\n", []string{"In[1]:1:1: undefined: bad", "In[3]:1:1: panic: no"}, 1},
		{"ends inside a cell", "func f() {", "", []string{"In[1]:1:10", "never closed"}, 1},
		{"the end is said", "1\n%exit\n2\n", "1\n", nil, 0},
		{"a cell reads the input", "import \"fmt\"\nvar n int\nfmt.Scanln(&n);\n41\nn + 1\n", "42\n", nil, 0},
		{"variables are listed", "x := 1\n%who\n", "var  x  int  1\n", nil, 0},
		{"a worker that dies", "import \"os\"\np, _ := os.FindProcess(os.Getpid())\np.Kill()\n1 + 1\n", "2\n", []string{"the worker process died", "are lost"}, 1},
		{"printed in pieces", "import (\"fmt\"; \"time\")\nfor i := range 3 {\nfmt.Print(i)\ntime.Sleep(120 * time.Millisecond)\n}\nfmt.Println()\n", "012\n", nil, 0},
		{"progress has its last state only", "import \"github.com/spindle-lab/spindle/lib/display\"\np := display.Progress(\"w\")\nfor i := range 5 { p(i+1, 5, \"\") }\n", "w: 5 of 5 (100 %)\n", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "repl")
			cmd.Stdin = strings.NewReader(c.in)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			got := stdout.String()
			for _, want := range c.err {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("standard error %q lacks %q", &stderr, want)
				}
			}
			if len(c.err) == 0 && stderr.Len() > 0 {
				t.Errorf("standard error %q", &stderr)
			}
			if strings.TrimRight(got, " ") != strings.TrimRight(c.out, " ") || cmd.ProcessState.ExitCode() != c.code {
				t.Errorf("printed %q and ended with %d, want %q and %d", got, cmd.ProcessState.ExitCode(), c.out, c.code)
			}
		})
	}
}

func TestPlainLinesAreBounded(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	p := &plainLines{r: bufio.NewReader(strings.NewReader("a\r\nb\n" + long + "\n"))}
	for _, want := range []string{"a", "b"} {
		if l, err := p.line(""); l != want || err != nil {
			t.Errorf("%q, %v; want %q", l, err, want)
		}
	}
	if l, err := p.line(""); err == nil {
		t.Errorf("a line of %d bytes was read", len(l))
	}
}

// Ctrl-C empties the line that is being typed, and is remembered.
func TestKeyReader(t *testing.T) {
	k := &keyReader{r: strings.NewReader("abc\x03de")}
	got, err := io.ReadAll(k)
	if err != nil || string(got) != emptied+"de" || !k.takeInterrupt() || k.takeInterrupt() {
		t.Errorf("%q, %v", got, err)
	}
}

// On a terminal a bar changes in its line, and what comes stands below it.
func TestPrinter(t *testing.T) {
	var b bytes.Buffer
	p := &printer{out: &b, err: &b, terminal: true}
	show := func(text, id string, update bool) {
		p.event(session.Event{Kind: session.Display, Data: []byte(`{"text/plain":"` + text + `"}`), DisplayID: id, Update: update})
	}
	show("w: 1 of 2", "a", false)
	show("w: 2 of 2", "a", true)
	p.event(session.Event{Kind: session.Stream, Name: "stdout", Text: "x"})
	show("3", "", false)
	p.finish()
	if want := "w: 1 of 2\r\x1b[Kw: 2 of 2\nx\n3\n"; b.String() != want {
		t.Errorf("%q, want %q", &b, want)
	}
}
