// Package conformance holds what others say about the kernel: Jupyter's own
// test suite, nbconvert, papermill, the console, JupyterLab and Notebook, and
// the known mistakes of kernels that need a live process to be seen.
//
// All run the real program: it is built, installed as a user would, and found
// by Jupyter. What a machine lacks is skipped with one line; with
// SPINDLE_REQUIRE_JUPYTER=1 it is installed by the script setup, nothing is
// skipped, and the slow tests, which drive browsers, run too.
// SPINDLE_ALL_NOTEBOOKS=1 sends every notebook through nbconvert, not one.
// SPINDLE_SHOTS=DIR keeps the screenshots of the browsers.
package conformance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/spindle-lab/spindle/kernel/notebook"
)

const root = "../../.."

var required = os.Getenv("SPINDLE_REQUIRE_JUPYTER") != ""

// The program and the folder that Jupyter finds it in, made once.
var installed struct {
	once     sync.Once
	dir, exe string
	env      []string
	err      error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if installed.dir != "" {
		os.RemoveAll(installed.dir)
	}
	os.Exit(code)
}

// program returns the built program and an environment in which Jupyter finds
// it and nothing of the user's is touched, nor used: cached results prove nothing.
func program(t *testing.T) (exe string, env []string) {
	t.Helper()
	in := &installed
	in.once.Do(func() {
		if in.dir, in.err = os.MkdirTemp("", "spindle-jupyter"); in.err != nil {
			return
		}
		in.env = append(os.Environ(),
			"JUPYTER_DATA_DIR="+filepath.Join(in.dir, "data"), "JUPYTER_CONFIG_DIR="+filepath.Join(in.dir, "config"),
			"JUPYTER_RUNTIME_DIR="+filepath.Join(in.dir, "run"), "XDG_STATE_HOME="+filepath.Join(in.dir, "state"),
			"JUPYTER_PLATFORM_DIRS=0", "SPINDLE_CACHE="+filepath.Join(in.dir, "cache"))
		if in.exe = os.Getenv("SPINDLE_BINARY"); in.exe == "" {
			in.exe = filepath.Join(in.dir, "spindle")
			if out, err := exec.Command("go", "build", "-o", in.exe, root+"/kernel").CombinedOutput(); err != nil {
				in.err = fmt.Errorf("%w\n%s", err, out)
				return
			}
		}
		cmd := exec.Command(in.exe, "install")
		cmd.Env = in.env
		if out, err := cmd.CombinedOutput(); err != nil {
			in.err = fmt.Errorf("spindle install: %w\n%s", err, out)
		}
	})
	if in.err != nil {
		t.Fatal(in.err)
	}
	return in.exe, in.env
}

var newestPython = sync.OnceValues(func() (string, error) {
	args := []string{"-where"}
	if required {
		args = nil
	}
	cmd := exec.Command("./setup", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	dir := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(dir, "complete")); err != nil {
		return "", fmt.Errorf("the newest Jupyter is not there; kernel/jupyter/conformance/setup installs it")
	}
	return filepath.Join(dir, "bin", "python"), nil
})

// newest returns the Python of the newest Jupyter.
func newest(t *testing.T) string {
	t.Helper()
	python, err := newestPython()
	if err != nil {
		miss(t, err.Error())
	}
	return python
}

// debian returns the system's Python if it has a module.
func debian(t *testing.T, module string) string {
	t.Helper()
	if required {
		newest(t) // the script installs both
	}
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		miss(t, python+" has no "+module+"; kernel/jupyter/conformance/setup installs it on Debian")
	}
	return python
}

func miss(t *testing.T, why string) {
	t.Helper()
	if required {
		t.Fatal(why)
	}
	t.Skip(why)
}

func slow(t *testing.T) {
	t.Helper()
	if !required {
		t.Skip("drives a browser; SPINDLE_REQUIRE_JUPYTER=1 runs it")
	}
}

// run runs a program in a folder and returns what it prints.
func run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	_, env := program(t)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// both runs a test with Debian's Jupyter and with the newest.
func both(t *testing.T, module string, f func(t *testing.T, python string)) {
	t.Run("debian", func(t *testing.T) { f(t, debian(t, module)) })
	t.Run("newest", func(t *testing.T) { f(t, newest(t)) })
}

// Jupyter's own suite: every test of it, none left out. It gives each message a
// tenth of a second, which a busy machine may not have: the best of three counts.
func TestJupyterKernelTest(t *testing.T) {
	both(t, "jupyter_kernel_test", func(t *testing.T, python string) {
		for try := 1; ; try++ {
			out, err := run(t, "", python, "jkt.py", "-v")
			t.Log(out)
			if !strings.Contains(out, "\nRan 12 tests") || strings.Contains(out, "skipped") {
				t.Fatal("not every test of the suite was run:", err)
			}
			if err == nil {
				return
			}
			if try == 3 {
				t.Fatal("not every test of the suite passes:", err)
			}
		}
	})
}

// A notebook through nbconvert: output, a picture and a bar are in the file.
func TestNBConvert(t *testing.T) {
	both(t, "nbconvert", func(t *testing.T, python string) {
		dir := t.TempDir()
		sample(t, filepath.Join(dir, "in.ipynb"))
		out, err := run(t, dir, python, "-m", "nbconvert", "--to", "notebook", "--execute",
			"--ExecutePreprocessor.iopub_timeout=180", "--ExecutePreprocessor.startup_timeout=180", "--output", "out.ipynb", "in.ipynb")
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		check(t, filepath.Join(dir, "out.ipynb"))
	})
}

// papermill runs a notebook; of parameters for Go it knows nothing, and says so.
func TestPapermill(t *testing.T) {
	python, dir := newest(t), t.TempDir()
	sample(t, filepath.Join(dir, "in.ipynb"))
	if out, err := run(t, dir, python, "-m", "papermill", "--no-progress-bar", "--start-timeout", "180", "in.ipynb", "out.ipynb"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check(t, filepath.Join(dir, "out.ipynb"))
	out, err := run(t, dir, python, "-m", "papermill", "in.ipynb", "out.ipynb", "-p", "x", "1")
	if err == nil || !strings.Contains(out, "No parameter translator functions specified") {
		t.Errorf("papermill has parameters for Go now: README.md says otherwise\n%v\n%s", err, out)
	}
}

// sample writes a notebook of each kind of output.
func sample(t *testing.T, path string) {
	t.Helper()
	nb := &notebook.Notebook{Metadata: map[string]any{"kernelspec": map[string]any{"name": "spindle", "display_name": "x", "language": "go"}}}
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
}

// check looks at the outputs of the sample.
func check(t *testing.T, path string) {
	t.Helper()
	got, err := notebook.Read(path)
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

// The repository's notebooks through nbconvert, at the tier that is written in
// them, smoke.
func TestNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	files, err := filepath.Glob(root + "/notebooks/*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatal("no notebooks", err)
	}
	if os.Getenv("SPINDLE_ALL_NOTEBOOKS") == "" {
		files = files[:1]
	} else {
		more, err := filepath.Glob(root + "/notebooks/teaching/*.ipynb")
		if err != nil || len(more) == 0 {
			t.Fatal("no notebooks for teaching", err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			python := debian(t, "nbconvert")
			nb, err := notebook.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			params, err := nb.Parameters()
			if err != nil || !strings.Contains(fmt.Sprint(params), "smoke") {
				t.Fatalf("its tier is not smoke: %v %v", params, err)
			}
			dir := t.TempDir()
			out, err := run(t, filepath.Dir(file), python, "-m", "nbconvert", "--to", "notebook", "--execute",
				"--ExecutePreprocessor.timeout=3600", "--ExecutePreprocessor.iopub_timeout=180", "--output-dir", dir, filepath.Base(file))
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			done, err := notebook.Read(filepath.Join(dir, filepath.Base(file)))
			if err != nil {
				t.Fatal(err)
			}
			pictures := 0
			for i, c := range done.Cells {
				if c.Type == notebook.Code && c.Source != "" && c.Count == 0 {
					t.Errorf("cell %d was not run", i+1)
				}
				for _, o := range c.Outputs {
					if o.Data["image/png"] != nil {
						pictures++
					}
				}
			}
			if pictures == 0 {
				t.Error("not one picture is in the file")
			}
		})
	}
}

var failed = regexp.MustCompile(`(?m)^\S*(Error|Exception)\b.*`)

// A session in jupyter console, at a terminal.
func TestConsole(t *testing.T) {
	session(t, newest(t), "console.py")
}

// A session in JupyterLab and in Notebook, in a browser.
func TestFrontEnds(t *testing.T) {
	slow(t)
	shots := os.Getenv("SPINDLE_SHOTS")
	if shots == "" {
		shots = t.TempDir()
	}
	for _, front := range []string{"lab", "notebook"} {
		t.Run(front, func(t *testing.T) { session(t, newest(t), "browser.py", front, shots) })
	}
}

func session(t *testing.T, python string, args ...string) {
	t.Helper()
	out, err := run(t, "", append([]string{python}, args...)...)
	if err != nil {
		t.Errorf("%v: %v %s\n%s", args, err, failed.FindString(out), out)
	} else {
		t.Log(strings.Join(strings.Fields(out), " "))
	}
}
