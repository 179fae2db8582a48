package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/jupyter"
	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/kernel/symbols"
	_ "github.com/spindle-lab/spindle/kernel/symbols/lib"
	_ "github.com/spindle-lab/spindle/kernel/symbols/mod"
	_ "github.com/spindle-lab/spindle/kernel/symbols/std"
	"github.com/spindle-lab/spindle/lib/display"
)

// The test binary plays the kernel's executable: its kernel and worker commands.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "worker":
			os.Exit(session.Worker(func(out *session.Output) session.Setup {
				display.SetSink(sink{out})
				return session.Setup{Options: cell.Options{
					Symbols: symbols.Table, Importer: symbols.NewImporter(),
					Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc, Show: display.Last,
				}}
			}))
		case "kernel":
			if err := kernel(os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

type sink struct{ out *session.Output }

func (s sink) Display(b display.Bundle, id string, update bool) {
	s.out.Display(b.Data, b.Metadata, id, update)
}
func (s sink) Result(b display.Bundle) { s.out.Result(b.Data, b.Metadata) }
func (s sink) Clear(wait bool)         { s.out.Clear(wait) }

func kernel(path string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := jupyter.ReadConnection(path)
	if err != nil {
		return err
	}
	s, err := session.Start(session.Config{})
	if err != nil {
		return err
	}
	k, err := jupyter.New(c, s, jupyter.Options{Info: jupyter.Info{
		Implementation: "spindle", Version: "0", Banner: "spindle",
		Language: map[string]any{"name": "go", "version": "1.26", "mimetype": "text/x-go", "file_extension": ".go", "codemirror_mode": "go", "pygments_lexer": "go"},
	}})
	if err != nil {
		return err
	}
	return k.Run(ctx)
}

// systemPython returns Debian's python3 if it has the module.
func systemPython(t *testing.T, module string) string {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		t.Skipf("%s has no %s", python, module)
	}
	return python
}

// install writes a kernelspec for the test binary into a Jupyter data folder
// of its own and returns the environment that points there.
func install(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", dir)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	spec := jupyter.Spec{Name: "spindle-test", Display: "test", Language: "go", Args: []string{"kernel", "{connection_file}"}}
	if _, err := spec.Install(jupyter.Where{}, exe); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "JUPYTER_DATA_DIR="+dir, "JUPYTER_CONFIG_DIR="+filepath.Join(dir, "config"))
}

// Jupyter's own suite, every test of it.
func TestJupyterKernelTest(t *testing.T) {
	python := systemPython(t, "jupyter_kernel_test")
	cmd := exec.Command(python, "jkt.py", "-v")
	cmd.Env = install(t)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// A notebook through nbconvert: output, a picture and a bar are in the file.
func TestNBConvert(t *testing.T) {
	python := systemPython(t, "nbconvert")
	env := install(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "in.ipynb")
	nb := &notebook.Notebook{Metadata: map[string]any{"kernelspec": map[string]any{"name": "spindle-test", "display_name": "x", "language": "go"}}}
	for i, src := range []string{
		"import (\"fmt\"; \"github.com/spindle-lab/spindle/lib/display\"; \"gonum.org/v1/plot\")",
		"fmt.Println(\"hello\")\n6 * 7",
		"step := display.Progress(\"task\")\nfor i := range 11 { step(i, 10, \"\") }",
		"p := plot.New()\np.Title.Text = \"t\"\np",
	} {
		nb.Cells = append(nb.Cells, &notebook.Cell{ID: fmt.Sprint("c", i), Type: notebook.Code, Source: src})
	}
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb", path)
	cmd.Env, cmd.Dir = env, dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := notebook.Read(filepath.Join(dir, "out.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	if o := got.Cells[1].Outputs; len(o) != 2 || o[0].Text != "hello\n" || o[1].Data["text/plain"] != "42" {
		t.Errorf("cell 2: %+v", o)
	}
	if o := got.Cells[2].Outputs; len(o) != 1 || !strings.Contains(fmt.Sprint(o[0].Data["text/plain"]), "10 of 10") {
		t.Errorf("cell 3: %+v", o)
	}
	if o := got.Cells[3].Outputs; len(o) != 1 || o[0].Data["image/png"] == nil {
		t.Errorf("cell 4: %+v", o)
	}
}
