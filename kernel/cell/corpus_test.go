package cell_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// corpus returns the cells of each file of the corpus.
func corpus(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "corpus", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	out := map[string][]string{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n-- cell\n")
	}
	return out
}

// TestCorpus runs each cell here, and the exported program compiled by Go: both
// have to print the same. It is the test of "no silent wrong number".
func TestCorpus(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not there to compile the exported programs")
	}
	total := 0
	for file, cells := range corpus(t) {
		total += len(cells)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			differential(t, goTool, cells)
		})
	}
	if total < 150 {
		t.Errorf("%d cells in the corpus, want at least 150", total)
	}
}

func differential(t *testing.T, goTool string, cells []string) {
	var list []cell.ExportCell
	for _, c := range cells {
		list = append(list, cell.ExportCell{Source: c})
	}
	prog, err := cell.Export(cell.Options{Symbols: symbols.Table, Importer: symbols.NewImporter()}, cell.Program{}, list)
	if err != nil {
		t.Fatalf("export: %v\n%s", err, prog)
	}
	src := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(src, prog, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(goTool, "run", src)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	want, err := cmd.Output()
	if err != nil {
		t.Fatalf("compiled: %v\n%s\n%s", err, stderr.String(), prog)
	}
	got := interpreted(t, cells)
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Fatalf("line %d of the output:\n kernel   %s\n compiled %s", i+1, a, b)
		}
	}
}

// interpreted runs cells in a process of its own, for its output.
func interpreted(t *testing.T, cells []string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cells")
	if err := os.WriteFile(file, []byte(strings.Join(cells, "\n-- cell\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-run-cells", file)
	cmd.Env = append(os.Environ(), "CELL_TEST_RUN="+file)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kernel: %v\n%s\n%s", err, out, stderr.String())
	}
	return string(out)
}

func TestMain(m *testing.M) {
	if file := os.Getenv("CELL_TEST_RUN"); file != "" {
		os.Exit(runCells(file))
	}
	os.Exit(m.Run())
}

func runCells(file string) int {
	data, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	k, err := cell.New(cell.Options{
		Symbols: symbols.Table, Importer: symbols.NewImporter(),
		Show: func(values ...any) { fmt.Println(values...) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i, c := range strings.Split(string(data), "\n-- cell\n") {
		if err := k.Eval(context.Background(), i+1, c); err != nil {
			fmt.Fprintf(os.Stderr, "cell %d: %v\n", i+1, err)
			return 1
		}
	}
	return 0
}
