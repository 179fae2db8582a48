package jupyter_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/jupyter"
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
	cmd := exec.Command(python, "testdata/jkt.py", "-v")
	cmd.Env = install(t)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
