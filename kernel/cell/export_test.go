package cell_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

func export(t *testing.T, how cell.Program, cells ...cell.ExportCell) (string, error) {
	t.Helper()
	prog, err := cell.Export(cell.Options{Symbols: symbols.Table, Importer: symbols.NewImporter(), Paths: symbols.Paths()}, how, cells)
	return string(prog), err
}

// Special lines, cells that have to fail, and forgotten names are written so
// that a compiled program does the same.
func TestExport(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not there to compile the exported program")
	}
	dir := t.TempDir()
	c := func(s string) cell.ExportCell { return cell.ExportCell{Source: s} }
	prog, err := export(t, cell.Program{Start: "runtime.GC", Show: "fmt.Println"},
		c("import \"fmt\"\n%time x := 3\n?x\n%help"),
		c("fmt.Println(1)\n$ echo two\nfmt.Println(x)"),
		c("%cd "+dir+"\nimport \"os\"\nd, _ := os.Getwd()\nd"),
		cell.ExportCell{Source: "fmt.Println(\"before\")\npanic(1)\n$ echo never", Raises: true},
		cell.ExportCell{Source: "var s string = 3", Raises: true},
		c("func f() int { return 1 }\nunused := 5\nf()"),
		c("g := f\nfunc f() int { return 2 }\ng()"),
		c("%reset x"),
		c("x := \"a text\"\nx"),
	)
	if err != nil {
		t.Fatalf("%v\n%s", err, prog)
	}
	src := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(src, []byte(prog), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(goTool, "run", src).CombinedOutput()
	want := strings.Join([]string{"1", "two", "3", dir, "before", "1", "2", "a text", ""}, "\n")
	if err != nil || string(out) != want {
		t.Errorf("%v: printed\n%s\nwant\n%s\n%s", err, out, want, prog)
	}
}

// An error of a cell names its place, and no program comes of it.
func TestExportErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"x := bad", "In[1]:1:6: undefined: bad"},
		{"x := 1\n%reset y", "In[1]:2:1: y is not defined"},
		{"import \"no/such\"", "In[1]:1:8"},
		{strings.Repeat("x", 5<<20), "at most"},
	} {
		if prog, err := export(t, cell.Program{}, cell.ExportCell{Source: c.src}); err == nil || !strings.Contains(err.Error(), c.want) || prog != "" {
			t.Errorf("%.40q: error %v, want %q; program %.60q", c.src, err, c.want, prog)
		}
	}
}
