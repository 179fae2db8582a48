package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/run"
)

// Whatever a notebook may depend on makes it run again when it changes, and
// nothing else does: a file of the data, the folder that SPINDLE_DATA names, the
// tables of a longer run, the paper's files, the tier, and the notebook's prose,
// which -save would write back.
func TestReproduceIsNeverStale(t *testing.T) {
	dir := module(t, map[string][]string{"03_study": {
		"//parameters\nseed := 1",
		"import (\"fmt\"; \"os\"; \"github.com/spindle-lab/spindle/lib/run\")",
		"path, _ := run.DataPath(\"recordings\", \"s1_data.mat\")\nraw, _ := os.ReadFile(path)\nfmt.Println(\"data:\", string(raw))",
		"zenodo, _ := os.ReadFile(os.Getenv(\"SPINDLE_ZENODO\") + \"/table.txt\")\nfmt.Println(\"zenodo:\", string(zenodo))",
	}})
	write := func(text string, path ...string) {
		t.Helper()
		p := filepath.Join(append([]string{dir}, path...)...)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := reproduceOptions{tier: "smoke", seed: 1, zenodo: filepath.Join(dir, "theirs")}
	again := func() (log, written string) {
		t.Helper()
		o := o
		o.out = filepath.Join(dir, "out")
		if err := os.RemoveAll(o.out); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := reproduce(context.Background(), o, nil, &b); err != nil {
			t.Fatalf("%v\n%s", err, &b)
		}
		raw, err := os.ReadFile(filepath.Join(o.out, "notebooks", "03_study.ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		return b.String(), string(raw)
	}
	hit := func(log string) bool { return strings.Contains(log, "taken from the cache") }

	write("one", "a", "recordings", "s1_data.mat")
	write("two", "b", "recordings", "s1_data.mat")
	write("x", "theirs", "table.txt")
	// A relative path means the folder that it meant here, also in the notebook's.
	t.Setenv(run.DataEnv, "a")
	log, written := again()
	if hit(log) || !strings.Contains(written, "data: one") || !strings.Contains(written, "zenodo: x") {
		t.Fatalf("the first run: %s\n%s", log, written)
	}
	if log, _ = again(); !hit(log) {
		t.Fatalf("nothing changed, and it ran: %s", log)
	}
	for _, c := range []struct {
		what, want string
		change     func()
	}{
		{"a data file", "data: three", func() { write("three", "a", "recordings", "s1_data.mat") }},
		{"the data folder", "data: two", func() { t.Setenv(run.DataEnv, filepath.Join(dir, "b")) }},
		{"a table of a longer run", "data: two", func() { write("task\n", "figures", "results", "smoke", "layers.csv") }},
		{"such a table's content", "data: two", func() { write("tasks\n", "figures", "results", "smoke", "layers.csv") }},
		{"a file of the paper", "zenodo: y", func() { write("y", "theirs", "table.txt") }},
		{"the paper's folder", "zenodo: \\n", func() { o.zenodo = "" }},
		{"the tier", "data: two", func() { o.tier = "laptop" }},
		{"the seed", "seed := 2", func() { o.seed = 2 }},
		{"the prose", "what is asked", func() { prose(t, filepath.Join(dir, "notebooks", "03_study.ipynb"), "what is asked") }},
	} {
		c.change()
		if log, written = again(); hit(log) || !strings.Contains(written, c.want) {
			t.Errorf("%s changed: %s\nno %q in %s", c.what, log, c.want, written)
		}
		if log, written = again(); !hit(log) || !strings.Contains(written, c.want) {
			t.Errorf("after %s nothing changed: %s", c.what, log)
		}
	}
}

// prose puts a Markdown cell before a notebook's first.
func prose(t *testing.T, path, text string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var nb map[string]any
	if err := json.Unmarshal(raw, &nb); err != nil {
		t.Fatal(err)
	}
	cell := map[string]any{"cell_type": "markdown", "id": "m", "metadata": map[string]any{}, "source": text}
	nb["cells"] = append([]any{cell}, nb["cells"].([]any)...)
	if raw, err = json.Marshal(nb); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}
