package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/run"
)

// notebooksEnv asks for the comparison of all shipped notebooks with their
// compiled programs, which takes a minute or two.
const notebooksEnv = "SPINDLE_TEST_NOTEBOOKS"

func TestExportCommand(t *testing.T) {
	dir := module(t, map[string][]string{"00_a": {"//parameters\nseed := 1", "import \"fmt\"\nfmt.Println(seed)", "seed * 2"}, "01_bad": {"x := 1", "y := x + \"a\""}})
	var stderr bytes.Buffer
	out := filepath.Join(dir, "sub", "main.go")
	if code := dispatch(context.Background(), []string{"export", "notebooks/00_a.ipynb", "-p", "seed=7", "-o", out}, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	prog, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"// Written by spindle export from 00_a.ipynb.\n\npackage main", "seed = 7", "blas.Use()", "display.Last(", `"` + run.Module + `/lib/display"`} {
		if !strings.Contains(string(prog), want) {
			t.Errorf("the program lacks %q:\n%s", want, prog)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"export", "want one notebook"},
		{"export none.ipynb", "none.ipynb"},
		{"export notebooks/01_bad.ipynb", "notebooks/01_bad.ipynb: In[2]:1:6"},
		{"export notebooks/00_a.ipynb -p seed=x", "expected a whole number"},
	} {
		stderr.Reset()
		if code := dispatch(context.Background(), strings.Fields(c.args), &stderr); code == 0 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit %d, %q; want %q", c.args, code, &stderr, c.want)
		}
	}
}

// numbers are all that a text prints, and what the bars of progress say is left out.
var (
	numbers = regexp.MustCompile(`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\bNaN\b|[-+]?\bInf\b`)
	bars    = regexp.MustCompile(`(?m)^.*: \d+ of \d+ \(\d+ %\).*\n`)
)

// TestNotebooksCompiled compares every number that a shipped notebook prints
// here with what the same notebook prints as a compiled program.
func TestNotebooksCompiled(t *testing.T) {
	if os.Getenv(notebooksEnv) == "" {
		t.Skipf("takes minutes: set %s=1", notebooksEnv)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal("the go command is needed to compile the exported programs")
	}
	var files []string
	for _, dir := range []string{"", "teaching"} {
		more, err := filepath.Glob(filepath.Join("..", "notebooks", dir, "*.ipynb"))
		if err != nil || len(more) == 0 {
			t.Fatalf("no notebooks: %v", err)
		}
		files = append(files, more...)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".ipynb"), func(t *testing.T) {
			params := map[string]string{}
			nb, err := notebook.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			have, err := nb.Parameters()
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range have {
				if p.Name == "tier" {
					params["tier"] = "smoke"
				}
			}
			prog, err := exportNotebook(f, params)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			src, exe := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
			if err := os.WriteFile(src, prog, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(goTool, "build", "-o", exe, src).CombinedOutput(); err != nil {
				t.Fatalf("compiling: %v\n%s", err, out)
			}
			env := func(name string) []string {
				return []string{figure.OutEnv + "=" + filepath.Join(dir, name, "figures"), run.CacheEnv + "=" + filepath.Join(dir, name, "cache")}
			}
			cmd := exec.Command(exe)
			cmd.Dir, cmd.Env = filepath.Dir(f), append(os.Environ(), env("compiled")...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("compiled: %v\n%s", err, &stderr)
			}
			if err := nb.SetParameters(params); err != nil {
				t.Fatal(err)
			}
			s, err := session.Start(session.Config{Dir: filepath.Dir(f), Env: env("kernel")})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
			defer cancel()
			var here bytes.Buffer
			err = notebook.Execute(ctx, nb, s, notebook.Options{Name: f, Output: func(_ int, e session.Event) {
				switch {
				case e.Kind == session.Stream && e.Name == "stdout":
					here.WriteString(e.Text)
				case (e.Kind == session.Display || e.Kind == session.Result) && e.DisplayID == "":
					here.WriteString(plainText(e.Data) + "\n")
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			compare(t, here.String(), bars.ReplaceAllString(stdout.String(), ""))
		})
	}
}

// compare compares the numbers of two texts, digit by digit.
func compare(t *testing.T, kernel, compiled string) {
	t.Helper()
	a, b := numbers.FindAllStringIndex(kernel, -1), numbers.FindAllStringIndex(compiled, -1)
	around := func(s string, at []int) string { return s[max(0, at[0]-60):min(len(s), at[1]+20)] }
	for i := range min(len(a), len(b)) {
		if x, y := kernel[a[i][0]:a[i][1]], compiled[b[i][0]:b[i][1]]; x != y {
			t.Fatalf("number %d of %d is %s in the kernel and %s compiled:\n kernel   …%q…\n compiled …%q…", i+1, len(a), x, y, around(kernel, a[i]), around(compiled, b[i]))
		}
	}
	if len(a) != len(b) {
		t.Fatalf("the kernel prints %d numbers, the program %d", len(a), len(b))
	}
	if len(a) == 0 {
		t.Fatal("the notebook prints no number")
	}
	t.Logf("%d numbers are the same", len(a))
}
