package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildEnv asks for a kernel to be compiled with a module of one's own, which
// takes a minute.
const buildEnv = "SPINDLE_TEST_BUILD"

// ownModule writes a small module that no proxy has.
func ownModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module example.org/mine\n\ngo 1.26\n",
		"mine.go":            "// Package mine holds reflexes.\npackage mine\n\n// Gain is the reflex gain in N/mm.\nconst Gain = 2.5\n\n// Twice returns 2 x.\nfunc Twice(x float64) float64 { return 2 * x }\n\n// A Spindle has a length in mm.\ntype Spindle struct{ Length float64 }\n\n// Stretch adds d mm.\nfunc (s *Spindle) Stretch(d float64) { s.Length += d }\n",
		"deep/deep.go":       "package deep\n\nimport \"example.org/mine\"\n\nfunc Four(x float64) float64 { return mine.Twice(mine.Twice(x)) }\n",
		"cmd/tool/main.go":   "package main\n\nfunc main() {}\n",
		"internal/in/in.go":  "package in\n\nconst X = 1\n",
		"mine_extra_test.go": "package mine\n",
	} {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuildMistakes(t *testing.T) {
	mine, empty := ownModule(t), t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "-with names what the kernel is to have"},
		{"no version", []string{"-with", "example.org/mine"}, "want module@version or module=folder"},
		{"no path", []string{"-with", "=x"}, "want module@version or module=folder"},
		{"no module there", []string{"-with", "example.org/mine=" + empty}, "the folder has to hold a module"},
		{"another module", []string{"-with", "example.org/yours=" + mine}, "the go.mod there names module example.org/mine"},
		{"no source", []string{"-src", empty, "-with", "example.org/mine=" + mine}, "-src has to name spindle's own source"},
		{"another source", []string{"-src", mine, "-with", "example.org/mine=" + mine}, "holds module example.org/mine; expected github.com/spindle-lab/spindle"},
	} {
		var stderr bytes.Buffer
		if code := dispatch(context.Background(), append([]string{"build"}, c.args...), &stderr); code == 0 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit %d, %q; want %q", c.name, code, &stderr, c.want)
		}
	}
	t.Run("no toolchain", func(t *testing.T) {
		t.Setenv("PATH", empty)
		var stderr bytes.Buffer
		code := dispatch(context.Background(), []string{"build", "-with", "example.org/mine=" + mine}, &stderr)
		if code == 0 || !strings.Contains(stderr.String(), "the go command is not in PATH") {
			t.Errorf("exit %d, %q", code, &stderr)
		}
	})
}

// The whole way: a kernel is compiled with a local module, and its cells use it.
func TestBuild(t *testing.T) {
	if os.Getenv(buildEnv) == "" {
		t.Skipf("takes a minute: set %s=1", buildEnv)
	}
	mine := ownModule(t)
	exe := filepath.Join(t.TempDir(), "kernel")
	var log bytes.Buffer
	b := builder{out: exe, log: &log}
	before := status(t)
	if err := b.build(context.Background(), []with{{path: "example.org/mine", dir: mine}}); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if after := status(t); after != before {
		t.Errorf("the source was changed:\n%s", after)
	}
	cmd := exec.Command(exe, "repl")
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader("import (\"example.org/mine\"; \"example.org/mine/deep\")\ns := mine.Spindle{Length: 1}\ns.Stretch(mine.Gain)\ndeep.Four(s.Length)\n%imports example.org\n?mine.Gain\n")
	out, err := cmd.CombinedOutput()
	want := "14\nexample.org/mine\nexample.org/mine/deep\nconst mine.Gain untyped float\n\n= 2.5\n\nGain is the reflex gain in N/mm.\n"
	if err != nil || string(out) != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, out, want)
	}
}

// status returns the state of go.mod and the tables in the source.
func status(t *testing.T) string {
	t.Helper()
	var s strings.Builder
	for _, pattern := range []string{"../go.mod", "../go.sum", "symbols/*/register.go", "symbols/*/export.bin"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			st, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			s.WriteString(f + st.ModTime().String() + "\n")
		}
	}
	return s.String()
}
