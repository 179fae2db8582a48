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

// The test binary plays the program: a session starts it as worker, and tests
// of the repl talk to it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "worker" || os.Args[1] == "repl") {
		os.Exit(dispatch(context.Background(), os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// module makes a folder that looks like a clone with the given notebooks, each
// a list of cells; a cell that begins with "//parameters" is tagged so.
func module(t *testing.T, notebooks map[string][]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+run.Module+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "notebooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, cells := range notebooks {
		var out []map[string]any
		for _, c := range cells {
			meta := map[string]any{}
			if strings.HasPrefix(c, "//parameters") {
				meta["tags"] = []string{"parameters"}
			}
			out = append(out, map[string]any{"cell_type": "code", "metadata": meta, "source": c, "outputs": []any{}, "execution_count": nil, "id": "c"})
		}
		raw, err := json.Marshal(map[string]any{"cells": out, "metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 5})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "notebooks", name+".ipynb"), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv(run.DataEnv, filepath.Join(dir, "nodata"))
	t.Setenv(run.CacheEnv, filepath.Join(dir, "cache"))
	return dir
}

const drawing = `import ("fmt"; "github.com/spindle-lab/spindle/lib/figure"; "github.com/spindle-lab/spindle/lib/run")
fmt.Println("seed", seed, "tier", tier)
f, err := figure.Compose("loss", 60, 40, 1, figure.LossCurves("t", "1", []figure.Curve{{Name: "a", Step: []float64{0, 1}, Loss: []float64{float64(seed), 1}}})).Save()
run.Check(err)
f`

func TestReproduce(t *testing.T) {
	dir := module(t, map[string][]string{"00_a": {"//parameters\ntier := \"laptop\"\nseed := 1", drawing}, "01_b": {"1 + 1"}})
	out := filepath.Join(dir, "out")
	var log bytes.Buffer
	o := reproduceOptions{tier: "smoke", seed: 5, out: out, gallery: true}
	if err := reproduce(context.Background(), o, nil, &log); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	for _, f := range []string{
		"out/notebooks/00_a.ipynb", "out/notebooks/01_b.ipynb", "out/run.json",
		"out/figures/loss.png", "out/figures/loss.svg", "out/figures/loss.pdf", "out/figures/loss.csv", "figures/loss.png", "figures/loss.csv", "figures/README.md",
	} {
		if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
			t.Errorf("%v", err)
		}
	}
	csv, err := os.ReadFile(filepath.Join(out, "figures", "loss.csv"))
	if err != nil || !strings.Contains(string(csv), "a,0,5\n") {
		t.Errorf("the seed did not reach the notebook: %s (%v)", csv, err)
	}
	nb, err := os.ReadFile(filepath.Join(out, "notebooks", "00_a.ipynb"))
	if err != nil || !strings.Contains(string(nb), "seed 5 tier smoke") || !strings.Contains(string(nb), "image/png") {
		t.Errorf("the executed notebook lacks its outputs (%v)", err)
	}
	var record run.Record
	raw, err := os.ReadFile(filepath.Join(out, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &record); err != nil || !record.Finished || record.Seed != 5 || len(record.Timings) != 2 || len(record.Inputs) != 2 {
		t.Errorf("record %+v, %v", record, err)
	}
	for _, want := range []string{"00_a.ipynb", "cell  1 of 2", "cell  2 of 2", "all 2 notebooks ran"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
	if original, _ := os.ReadFile(filepath.Join(dir, "notebooks", "00_a.ipynb")); strings.Contains(string(original), "seed 5") {
		t.Error("a run without -save changed a notebook")
	}
}

func TestReproduceStopsAtTheFirstError(t *testing.T) {
	dir := module(t, map[string][]string{"00_bad": {"x := 1", "y := x + \"a\""}, "01_next": {"println(1)"}})
	out := filepath.Join(dir, "out")
	var log bytes.Buffer
	err := reproduce(context.Background(), reproduceOptions{tier: "smoke", out: out}, nil, &log)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"00_bad.ipynb", "cell 2", "In[2]:1:6", "mismatched types"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q lacks %q", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "notebooks", "01_next.ipynb")); err == nil {
		t.Error("the next notebook ran after an error")
	}
	if _, err := os.Stat(filepath.Join(out, "notebooks", "00_bad.ipynb")); err != nil {
		t.Error("the failed notebook was not kept")
	}
}

// Each mistake gives one sentence that says what was expected, and no panic.
func TestMistakes(t *testing.T) {
	dir := module(t, map[string][]string{"00_a": {"1"}})
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{nil, "usage: spindle COMMAND", 2},
		{[]string{"help"}, "reproduce", 0},
		{[]string{"dance"}, `no command "dance"`, 2},
		{[]string{"reproduce", "-tier", "huge"}, "use smoke", 2},
		{[]string{"reproduce", "07"}, `no notebook "07"; there are 00_a`, 2},
		{[]string{"reproduce", "-out", filepath.Join(blocked, "x")}, "choose another with -out", 1},
		{[]string{"reproduce", "-sed", "3"}, "flag provided but not defined", 2},
		{[]string{"run"}, "want one notebook", 2},
		{[]string{"run", "none.ipynb"}, "none.ipynb", 1},
		{[]string{"run", "-p", "seed", "x.ipynb"}, "want name=value", 2},
		{[]string{"run", "-p", "seed=1", "notebooks/00_a.ipynb"}, "parameter", 1},
		{[]string{"generate"}, "-out names the folder", 2},
		{[]string{"generate", "-out", filepath.Join(dir, "d"), "-monkey", "bob"}, "there are snap", 1},
		{[]string{"install", "-user", "-sys-prefix"}, "exclude each other", 2},
		{[]string{"kernel"}, "connection file", 2},
	} {
		var stderr bytes.Buffer
		if code := dispatch(context.Background(), c.args, &stderr); code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("spindle %s: exit %d, %q; want exit %d and %q", strings.Join(c.args, " "), code, stderr.String(), c.code, c.want)
		}
	}
}
