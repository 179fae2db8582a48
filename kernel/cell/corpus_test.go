package cell_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// TestCorpus runs each cell by each evaluator, and the exported program compiled
// by Go. The machine has to print the same in every cell: it is the test of "no
// silent wrong number". What yaegi gets wrong, refuses or dies of stands in
// testdata/yaegi.txt; a cell more or less there fails the test too.
func TestCorpus(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not there to compile the exported programs")
	}
	known := yaegiKnown(t)
	total := 0
	for file, cells := range corpus(t) {
		total += len(cells)
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := compiled(t, goTool, cells)
			for i, got := range evaluated(t, cell.VM, cells) {
				if got != want[i] {
					t.Errorf("cell %d:\n%s\nkernel:\n%s\ncompiled:\n%s", i+1, cells[i], got, want[i])
				}
			}
			var wrong []string
			for i, got := range evaluated(t, cell.Yaegi, cells) {
				if got != want[i] {
					how := "prints something else"
					if _, e, failed := strings.Cut(got, "!! "); failed {
						how = strings.SplitN(strings.TrimSpace(e), "\n", 2)[0]
						how = inAddress.ReplaceAllString(how, "0x…")
					}
					wrong = append(wrong, fmt.Sprintf("%s %d: %s", name, i+1, how))
				}
			}
			if os.Getenv("SPINDLE_YAEGI_LIST") != "" {
				fmt.Println(strings.Join(wrong, "\n"))
				return
			}
			cellOf := func(s string) string { c, _, _ := strings.Cut(s, ":"); return c }
			for _, w := range wrong {
				if !slices.ContainsFunc(known, func(k string) bool { return cellOf(k) == cellOf(w) }) {
					t.Errorf("yaegi went wrong in a cell that the list does not have: %s", w)
				}
			}
			for _, k := range known {
				if strings.HasPrefix(k, name+" ") && !slices.ContainsFunc(wrong, func(w string) bool { return cellOf(k) == cellOf(w) }) {
					t.Errorf("yaegi got a cell right that the list has: %s", k)
				}
			}
		})
	}
	if total < 150 {
		t.Errorf("%d cells in the corpus, want at least 150", total)
	}
}

var inAddress = regexp.MustCompile(`0x[0-9a-f]+`)

// yaegiKnown reads the list of what yaegi does not get right, a cell a line.
// SPINDLE_YAEGI_LIST=1 prints it anew.
func yaegiKnown(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "yaegi.txt"))
	if err != nil && os.Getenv("SPINDLE_YAEGI_LIST") == "" {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// marked puts a cell behind each that prints where its output ends.
func marked(cells []string) []string {
	var out []string
	for i, c := range cells {
		out = append(out, c, fmt.Sprintf("import \"fmt\"\nfmt.Println(\"\\n--- end of cell %d\")", i+1))
	}
	return out
}

var endOfCell = regexp.MustCompile(`\n--- end of cell (\d+)\n`)

// byCell cuts an output at its marks; cells without one have "(nothing)".
func byCell(out string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = "(nothing)"
	}
	at := 0
	for _, m := range endOfCell.FindAllStringSubmatchIndex(out, -1) {
		if i, err := strconv.Atoi(out[m[2]:m[3]]); err == nil && i >= 1 && i <= n {
			list[i-1] = out[at:m[0]]
		}
		at = m[1]
	}
	return list
}

// compiled returns what the exported program prints for each cell.
func compiled(t *testing.T, goTool string, cells []string) []string {
	t.Helper()
	var list []cell.ExportCell
	for _, c := range marked(cells) {
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
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("compiled: %v\n%s\n%s", err, stderr.String(), prog)
	}
	return byCell(string(out), len(cells))
}

// evaluated returns what cells print in a process of its own, "!! " and the
// error where one fails. A cell of which the process dies is left out of a
// second run.
func evaluated(t *testing.T, evaluator string, cells []string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	died := map[int]string{}
	for {
		list := slices.Clone(cells)
		for i := range died {
			list[i] = ""
		}
		file := filepath.Join(t.TempDir(), "cells")
		if err := os.WriteFile(file, []byte(strings.Join(marked(list), "\n-- cell\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		cmd := exec.CommandContext(ctx, exe)
		cmd.Env = append(os.Environ(), "CELL_TEST_RUN="+file, "CELL_TEST_EVALUATOR="+evaluator)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		cancel()
		res := byCell(string(out), len(cells))
		if err != nil {
			at := slices.Index(res, "(nothing)")
			if at < 0 || died[at] != "" {
				t.Fatalf("%s: %v\n%s", evaluator, err, stderr.String())
			}
			died[at] = "the process died: " + strings.SplitN(stderr.String(), "\n", 2)[0]
			continue
		}
		for i, why := range died {
			res[i] = "!! " + why
		}
		return res
	}
}

func TestMain(m *testing.M) {
	if file := os.Getenv("CELL_TEST_RUN"); file != "" {
		os.Exit(runCells(file))
	}
	if list := os.Getenv("CELL_TEST_GOROOT"); list != "" {
		os.Exit(runGorootPrograms(list))
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
		Symbols: symbols.Table, Importer: symbols.NewImporter(), Evaluator: os.Getenv("CELL_TEST_EVALUATOR"),
		Show: func(values ...any) { fmt.Println(values...) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i, c := range strings.Split(string(data), "\n-- cell\n") {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if err := k.Eval(ctx, i+1, c); err != nil {
			fmt.Printf("!! %v\n", err)
		}
		cancel()
	}
	return 0
}
