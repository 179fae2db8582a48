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

// tagged writes a notebook whose cells are tag, source, tag, source, ….
func tagged(t *testing.T, path string, cells ...string) {
	t.Helper()
	nb := &notebook.Notebook{Metadata: map[string]any{}}
	for i := 0; i < len(cells); i += 2 {
		c := &notebook.Cell{ID: string(rune('a' + i)), Type: notebook.Code, Source: cells[i+1], Metadata: map[string]any{}}
		if cells[i] == notebook.Markdown {
			c.Type = notebook.Markdown
		} else if cells[i] != "" {
			c.Metadata["tags"] = []any{cells[i]}
		}
		nb.Cells = append(nb.Cells, c)
	}
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
}

// A notebook is run with parameters from the command line and its tags
// honoured; the executed file and the page hold what it showed.
func TestRun(t *testing.T) {
	t.Chdir(t.TempDir())
	tagged(t, "nb.ipynb",
		notebook.Markdown, "# A run\n\n$x^2$",
		"parameters", "n := 1\nname := \"a\"",
		"raises-exception", "panic(\"as it should\")",
		"skip-execution", "panic(\"never\")",
		"", "import (\"fmt\"; \"github.com/spindle-lab/spindle/lib/display\")\nh := display.Live(\"at first\")\nfmt.Println(name)\nh.Update(\"at last\")\nn * 2")
	var stderr bytes.Buffer
	if code := dispatch(context.Background(), []string{"run", "nb.ipynb", "-p", "n=21", "-p", "name=b", "-html", "-o", "out.ipynb"}, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	nb, err := notebook.Read("out.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("out.html")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	if got := nb.Cells[1].Source; got != "n := 21\nname := \"b\"" {
		t.Errorf("the parameters are %q", got)
	}
	if o := nb.Cells[2].Outputs; len(o) != 1 || o[0].EName != "Panic" || !strings.Contains(o[0].EValue, "as it should") {
		t.Errorf("the cell that has to fail: %+v", o)
	}
	if c := nb.Cells[3]; len(c.Outputs) != 0 || c.Count != 0 {
		t.Errorf("the cell that is left out ran: %+v", c)
	}
	last := nb.Cells[4].Outputs
	if len(last) != 3 || last[0].Data["text/plain"] != "at last" || last[1].Text != "b\n" || last[2].Data["text/plain"] != "42" {
		for _, o := range last {
			t.Errorf("an output of the last cell: %+v", *o)
		}
	}
	for _, want := range []string{"<title>A run</title>", "<msup>", "at last", "42", "as it should", "not run (skip-execution)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, ">at first") {
		t.Error("the page holds what was replaced")
	}
}

// What fails is said with file and cell, and what ran is written all the same.
func TestRunFails(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	tagged(t, "bad.ipynb", "", "1 + 1", "", "x := undefined", "", "2")
	tagged(t, "tame.ipynb", "raises-exception", "1")
	if err := os.WriteFile("broken.ipynb", []byte("{\"nbformat\": 4,\n \"cells\": [{\"cell_type\": \"code\", \"source\": 1}]}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"run bad.ipynb -o sub.html", "bad.ipynb, cell 2: In[2]:1:6: undefined: undefined"},
		{"run tame.ipynb", "tame.ipynb, cell 1: the cell is tagged raises-exception and raised none"},
		{"run broken.ipynb", "broken.ipynb: cell 1: source"},
		{"run " + dir, "is a folder"},
		{"run bad.ipynb -o no/such/folder/x.ipynb", "no/such/folder"},
	} {
		var stderr bytes.Buffer
		if code := dispatch(context.Background(), strings.Fields(c.args), &stderr); code != 1 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit %d, %q; want %q", c.args, code, &stderr, c.want)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "sub.html"))
	if err != nil || !strings.Contains(string(page), "undefined: undefined") || strings.Contains(string(page), "In[3]") {
		t.Errorf("the page of a failed run (%v):\n%s", err, page)
	}
}
