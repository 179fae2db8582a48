package notebook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/session"
)

const small = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "spindle", "language": "go"}, "x": 1.5},
"cells": [
 {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# T\n", "text"], "attachments": {"i.png": {"image/png": "AA=="}}},
 {"cell_type": "code", "id": "b", "metadata": {"tags": ["parameters"]}, "execution_count": null, "outputs": [], "source": "seed := 1\nrate := 0.5\ntier := \"smoke\"\nok := true\nn := uint64(3)\nvar big int64 = 5\nlist := []int{1}"},
 {"cell_type": "code", "metadata": {"tags": ["raises-exception"]}, "source": "fail"},
 {"cell_type": "code", "metadata": {"tags": ["skip-execution"]}, "source": "never"},
 {"cell_type": "code", "metadata": {}, "source": "show"}
]}`

func decode(t *testing.T, s string) *notebook.Notebook {
	t.Helper()
	nb, err := notebook.Decode(strings.NewReader(s), "test.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

// fake plays an evaluator: "fail" fails, "show" shows one of each.
type fake struct{ ran []string }

func (f *fake) Eval(ctx context.Context, n int, code string, out func(session.Event)) error {
	f.ran = append(f.ran, code)
	switch code {
	case "fail":
		return &session.Error{Name: "Panic", Message: "In[2]:1:1: panic: no", Traceback: []string{"a", "b"}}
	case "show":
		j := func(s string) json.RawMessage { return json.RawMessage(s) }
		out(session.Event{Kind: session.Stream, Name: "stdout", Text: "gone"})
		out(session.Event{Kind: session.Clear, Wait: true})
		out(session.Event{Kind: session.Stream, Name: "stdout", Text: "a\n"})
		out(session.Event{Kind: session.Stream, Name: "stdout", Text: "b"})
		out(session.Event{Kind: session.Stream, Name: "stderr", Text: "e"})
		out(session.Event{Kind: session.Display, DisplayID: "d", Data: j(`{"text/plain":"0 %"}`), Metadata: j(`{}`)})
		out(session.Event{Kind: session.Display, DisplayID: "d", Update: true, Data: j(`{"text/plain":"100 %"}`), Metadata: j(`{}`)})
		out(session.Event{Kind: session.Result, Data: j(`{"text/plain":"42","application/json":[1,2]}`)})
	}
	return nil
}

func TestExecute(t *testing.T) {
	nb := decode(t, small)
	f := &fake{}
	var steps []notebook.Step
	err := notebook.Execute(context.Background(), nb, f, notebook.Options{Name: "small", Progress: func(s notebook.Step) { steps = append(steps, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.ran) != 3 || len(steps) != 8 || !steps[5].Skipped {
		t.Errorf("ran %q, %d steps", f.ran, len(steps))
	}
	outs := nb.Cells[4].Outputs
	var b bytes.Buffer
	for _, o := range outs {
		b.WriteString(o.Type + ":" + o.Name + o.Text)
		if s, ok := o.Data["text/plain"].(string); ok {
			b.WriteString(s)
		}
		b.WriteString("|")
	}
	if want := "stream:stdouta\nb|stream:stderre|display_data:100 %|execute_result:42|"; b.String() != want {
		t.Errorf("outputs %q, want %q", b.String(), want)
	}
	if nb.Cells[2].Outputs[0].EName != "Panic" || nb.Cells[4].Count != 4 {
		t.Errorf("error output %+v, count %d", nb.Cells[2].Outputs[0], nb.Cells[4].Count)
	}
}

func TestFirstErrorStops(t *testing.T) {
	nb := decode(t, small)
	nb.Cells[2].Metadata = nil
	f := &fake{}
	err := notebook.Execute(context.Background(), nb, f, notebook.Options{Name: "small.ipynb"})
	var ce *notebook.CellError
	if !errors.As(err, &ce) || ce.Cell != 3 || err.Error() != "small.ipynb, cell 3: In[2]:1:1: panic: no" {
		t.Errorf("error %v", err)
	}
	if len(f.ran) != 2 {
		t.Errorf("ran %q after the error", f.ran)
	}
}

func TestExpectedErrorMissing(t *testing.T) {
	nb := decode(t, small)
	nb.Cells[2].Source = "fine"
	if err := notebook.Execute(context.Background(), nb, &fake{}, notebook.Options{}); err == nil || !strings.Contains(err.Error(), "raises-exception") {
		t.Errorf("error %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	nb := decode(t, small)
	if err := notebook.Execute(context.Background(), nb, &fake{}, notebook.Options{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.ipynb")
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
	once, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := notebook.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var twice bytes.Buffer
	if err := again.Encode(&twice); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(once, twice.Bytes()) {
		t.Errorf("written twice:\n%s\n%s", once, twice.Bytes())
	}
	if again.Language() != "go" || again.Cells[0].Source != "# T\ntext" || again.Cells[2].ID == "" {
		t.Errorf("read back %+v", again.Cells[0])
	}
}

func TestParameters(t *testing.T) {
	for _, c := range []struct{ name, value, want, err string }{
		{"seed", "7", "seed := 7", ""},
		{"seed", "0.5", "", "parameter seed is of type int: expected a whole number, got \"0.5\""},
		{"seed", "9223372036854775808", "", "expected a whole number"},
		{"rate", "2", "rate := 2.0", ""},
		{"rate", "1e-3", "rate := 1e-3", ""},
		{"rate", "fast", "", "expected a number"},
		{"tier", "laptop", `tier := "laptop"`, ""},
		{"tier", `"a b"`, `tier := "a b"`, ""},
		{"ok", "false", "ok := false", ""},
		{"ok", "yes", "", "expected true or false"},
		{"n", "5", "n := uint64(5)", ""},
		{"n", "-5", "", "expected a whole number"},
		{"big", "6", "var big int64 = 6", ""},
		{"list", "[]int{4, 5}", "list := []int{4, 5}", ""},
		{"list", `[]string{"a"}`, "", "expected a Go expression of that type"},
		{"list", "4 5", "", "expected a Go expression"},
		{"list", "mine(3)", "list := mine(3)", ""},
		{"none", "1", "", `no parameter "none"; the notebook has seed, rate, tier, ok, n, big, list`},
	} {
		nb := decode(t, small)
		err := nb.SetParameters(map[string]string{c.name: c.value})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s=%s: error %v, want %q", c.name, c.value, err, c.err)
			}
			if nb.Cells[1].Source != decode(t, small).Cells[1].Source {
				t.Errorf("%s=%s: changed the cell", c.name, c.value)
			}
			continue
		}
		if err != nil || !strings.Contains(nb.Cells[1].Source, c.want) {
			t.Errorf("%s=%s: %v, %q", c.name, c.value, err, nb.Cells[1].Source)
		}
	}
}

func TestHostile(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "not a notebook"},
		{"[]", "not a notebook"},
		{"{}", "nbformat is missing"},
		{`{"nbformat": 3}`, "expected 4"},
		{"\xff\xfe", "not UTF-8"},
		{`{"nbformat":4,"cells":[{"cell_type":"heading","source":""}]}`, "cell 1: cell_type"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":3}]}`, "cell 1: source: expected a string"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"x"}]}]}`, "cell 1: output 1: output_type"},
		{"{\"nbformat\":4,\n\"cells\":[}", "test.ipynb: not a notebook: line 2, column 10: invalid character"},
		{`{"nbformat":4,"cells":{}}`, "cells is an object; expected a list"},
		{`{"nbformat":4,"metadata":3}`, "metadata is a number; expected an object"},
		{`{"nbformat":4,"cells":[{"cell_type":"markdown","source":""},3]}`, "cell 2: the whole is a number; expected an object"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":"","execution_count":"one"}]}`, "cell 1: execution_count is a string; expected a whole number"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"error","traceback":7}]}]}`, "cell 1: output 1: traceback is a number; expected a list"},
		{`{"nbformat":4,"cells":[` + strings.Repeat("0,", 5<<20) + `0]}`, "values"},
		{`{"nbformat":4,"cells":[` + strings.Repeat(`{"cell_type":"raw"},`, 30000) + `{}]}`, "30001 cells; at most 20000"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","outputs":[` + strings.Repeat(`{"output_type":"error"},`, 100000) + `{"output_type":"error"}]}]}`, "cell 1: more than 100000 outputs"},
		{`{"nbformat":4,"cells":[` + strings.Repeat("[", 100000) + `]}`, "test.ipynb: not a notebook"},
	} {
		_, err := notebook.Decode(strings.NewReader(c.text), "test.ipynb")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: error %v, want %q", c.text, err, c.want)
		}
	}
}

// A parameters cell that is no list of assignments is an error, not a panic.
func TestHostileParameters(t *testing.T) {
	for _, src := range []string{"}\ntype T struct {", "}\nvar x = 1\nfunc _() {", "x := ", "{", "\x00", "x := 1 }", "//line /etc/passwd:7\nx := 1", "x, y := f()", "x := func() { y := 1 }"} {
		nb := &notebook.Notebook{Cells: []*notebook.Cell{{Type: notebook.Code, Source: src, Metadata: map[string]any{"tags": []any{"parameters"}}}}}
		_, _ = nb.Parameters()
		before := nb.Cells[0].Source
		if err := nb.SetParameters(map[string]string{"x": "2"}); err != nil && nb.Cells[0].Source != before {
			t.Errorf("%q: an error changed the cell", src)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","metadata":{"tags":["parameters"]},"source":"}\ntype x struct {"}]}`))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"markdown","source":"$x$ ![](attachment:a)","attachments":{"a":{"image/png":"AA=="}}}]}`))
	f.Add([]byte(small))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a","b"],"outputs":[{"output_type":"display_data","data":{"text/plain":["a"]}}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := notebook.Decode(bytes.NewReader(data), "x")
		if err != nil {
			return
		}
		var a, b bytes.Buffer
		if err := nb.Encode(&a); err != nil {
			t.Fatal(err)
		}
		again, err := notebook.Decode(bytes.NewReader(a.Bytes()), "x")
		if err != nil {
			t.Fatalf("written and not read: %v", err)
		}
		if err := again.Encode(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatalf("not stable:\n%s\n%s", a.Bytes(), b.Bytes())
		}
		if ps, err := nb.Parameters(); err == nil && len(ps) > 0 {
			_ = nb.SetParameters(map[string]string{ps[0].Name: "1"})
			if _, err := nb.Parameters(); err != nil {
				t.Fatalf("a parameter that was set broke its cell: %v", err)
			}
		}
		if err := nb.HTML(io.Discard, "x"); err != nil {
			t.Fatal(err)
		}
	})
}
