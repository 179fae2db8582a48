package cell_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
)

// TestCellsOf compares the cells of files, which SPINDLE_CELLS names by a
// pattern, with the compiled program, as TestCorpus does. It is for programs that
// a generator wrote.
func TestCellsOf(t *testing.T) {
	pattern := os.Getenv("SPINDLE_CELLS")
	if pattern == "" {
		t.Skip("SPINDLE_CELLS names no files of cells")
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files: %v", pattern, err)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		cells := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n-- cell\n")
		want := compiled(t, goTool, cells)
		for i, got := range evaluated(t, cell.VM, cells) {
			if got != want[i] {
				t.Errorf("%s, cell %d:\n%s\nkernel:\n%s\ncompiled:\n%s", f, i+1, cells[i], got, want[i])
			}
		}
	}
}
