package cell_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// How a program of Go's own test directory ends here.
const (
	same    = "same"    // as compiled
	refused = "refused" // by a sentence, before it runs
	other   = "other output"
	failed  = "panicked" // or failed its own check
	died    = "died or hung"
)

// TestGoroot runs the programs of Go's own test directory as cells, each as one
// cell with a call of main in the next, and counts how they end. It takes some
// minutes and needs $SPINDLE_GOROOT_TEST: vm or yaegi, to be asked for by name.
// $SPINDLE_GOROOT_ONLY runs those whose path has that part, and says more.
func TestGoroot(t *testing.T) {
	evaluator := os.Getenv("SPINDLE_GOROOT_TEST")
	if evaluator == "" {
		t.Skip("some minutes long: set SPINDLE_GOROOT_TEST=vm or yaegi")
	}
	goTool, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("the go command is not there to find the test directory")
	}
	dir := filepath.Join(strings.TrimSpace(string(goTool)), "test")
	programs := gorootPrograms(t, dir)
	known := gorootKnown(t)
	count := map[string]int{}
	for file, r := range runGoroot(t, evaluator, dir, programs) {
		count[r.how]++
		want, ok := known[file]
		if !ok {
			want = same
		}
		if os.Getenv("SPINDLE_GOROOT_ONLY") != "" {
			t.Logf("%s: %s\n%s", file, r.how, r.detail)
		}
		if r.how != same && r.how != refused {
			fmt.Printf("%s: %s: %s\n", file, r.how, strings.SplitN(strings.TrimSpace(r.detail), "\n", 2)[0])
			if evaluator == cell.VM && want != r.how {
				t.Errorf("%s: %s, which testdata/goroot.txt does not have", file, r.how)
			}
		} else if evaluator == cell.VM && want != same {
			t.Logf("%s is %s now: take it out of testdata/goroot.txt", file, r.how)
		}
		if r.how == refused {
			fmt.Printf("%s: %s: %s\n", file, r.how, strings.SplitN(strings.TrimSpace(r.detail), "\n", 2)[0])
		}
	}
	t.Logf("%s: %d programs: %v", evaluator, len(programs), count)
}

// gorootPrograms lists the programs that are one file, are run without flags,
// and import nothing that the kernel lacks.
func gorootPrograms(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	packages := symbols.Packages()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		first, _, _ := bytes.Cut(text, []byte("\n"))
		if strings.TrimSpace(string(first)) != "// run" || !strings.Contains(path, os.Getenv("SPINDLE_GOROOT_ONLY")) {
			return nil
		}
		for _, imp := range importsOf(string(text)) {
			if packages[imp] == nil {
				return nil
			}
		}
		rel, err := filepath.Rel(dir, path)
		out = append(out, rel)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this Go has no test directory")
	}
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func importsOf(text string) []string {
	var out []string
	in := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "import (":
			in = true
			continue
		case in && line == ")":
			in = false
		}
		if rest, ok := strings.CutPrefix(line, "import "); ok || in {
			if !ok {
				rest = line
			}
			if i, j := strings.IndexByte(rest, '"'), strings.LastIndexByte(rest, '"'); i >= 0 && j > i {
				out = append(out, rest[i+1:j])
			}
		}
	}
	return out
}

// gorootKnown reads what is known to come out wrong: file: how.
func gorootKnown(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "goroot.txt"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if f := strings.SplitN(strings.TrimSpace(line), ": ", 3); len(f) >= 2 && line[0] != '#' {
			out[f[0]] = f[1]
		}
	}
	return out
}

type ending struct{ how, detail string }

// runGoroot runs programs in processes of their own, a new one after each death.
func runGoroot(t *testing.T, evaluator, dir string, programs []string) map[string]ending {
	t.Helper()
	out := map[string]ending{}
	for len(programs) > 0 {
		n := min(len(programs), 60) // so that what is left running does not add up
		done := runGorootBatch(t, evaluator, dir, programs[:n], out)
		programs = programs[done:]
	}
	return out
}

const gorootMark = "\n--- spindle: "

func runGorootBatch(t *testing.T, evaluator, dir string, programs []string, out map[string]ending) (done int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte(strings.Join(programs, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "CELL_TEST_GOROOT="+list, "CELL_TEST_DIR="+dir, "CELL_TEST_EVALUATOR="+evaluator)
	cmd.Dir = t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var text strings.Builder
	lines := make(chan string)
	go func() {
		defer close(lines)
		br := bufio.NewReader(r)
		for {
			s, err := br.ReadString('\n')
			if s != "" {
				lines <- s
			}
			if err != nil {
				return
			}
		}
	}()
	kill := time.NewTimer(3 * time.Minute)
	defer func() {
		kill.Stop()
		_ = cmd.Process.Kill()
		for range lines {
		}
		_ = cmd.Wait()
		r.Close()
	}()
	for done < len(programs) {
		select {
		case <-kill.C:
			out[programs[done]] = ending{died, "hung: " + tail(text.String())}
			return done + 1
		case s, ok := <-lines:
			if !ok {
				out[programs[done]] = ending{died, tail(text.String())}
				return done + 1
			}
			if text.Len() < 1<<22 {
				text.WriteString(s)
			}
			if !strings.HasPrefix(s, gorootMark[1:]) {
				continue
			}
			printed, _, _ := strings.Cut(text.String(), gorootMark)
			verdict := strings.TrimSpace(strings.TrimPrefix(s, gorootMark[1:]))
			out[programs[done]] = judge(filepath.Join(dir, programs[done]), printed, verdict)
			text.Reset()
			done++
			kill.Reset(3 * time.Minute)
		}
	}
	return done
}

func tail(s string) string {
	if i := strings.Index(s, "goroutine "); i > 0 {
		s = s[:i+min(3000, len(s)-i)]
	}
	return s[max(0, len(s)-4000):]
}

// judge compares what a program printed with what Go's own test wants.
func judge(path, printed, verdict string) ending {
	kind, msg, _ := strings.Cut(verdict, " ")
	switch kind {
	case "refused":
		return ending{refused, msg}
	case "failed":
		return ending{failed, msg + "\n" + tail(printed)}
	}
	want, err := os.ReadFile(strings.TrimSuffix(path, ".go") + ".out")
	if err != nil {
		want = nil // then it prints nothing
	}
	if printed != string(want) {
		return ending{other, fmt.Sprintf("%.200q, want %.200q", printed, want)}
	}
	return ending{how: same}
}

// runGorootPrograms is the child's side.
func runGorootPrograms(list string) int {
	data, err := os.ReadFile(list)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	limit := uint64(3 << 30)
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: limit, Max: limit})
	for name := range strings.SplitSeq(string(data), "\n") {
		fmt.Print(gorootMark, gorootProgram(filepath.Join(os.Getenv("CELL_TEST_DIR"), name)), "\n")
	}
	return 0
}

func gorootProgram(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "failed " + err.Error()
	}
	k, err := cell.New(cell.Options{
		Symbols: symbols.Table, Importer: symbols.NewImporter(), Evaluator: os.Getenv("CELL_TEST_EVALUATOR"),
		Show:    func(...any) {},
		GoPanic: func(e *cell.Error) { fmt.Println("panic in a goroutine:", e) },
	})
	if err != nil {
		return "failed " + err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// Two cells: package variables are put in order in one that only declares.
	if err = k.Eval(ctx, 1, string(text)); err == nil {
		err = k.Eval(ctx, 2, "main()")
	}
	runtime.Gosched()
	var e *cell.Error
	if !errors.As(err, &e) {
		return "ran"
	}
	msg := strings.ReplaceAll(err.Error(), "\n", " | ")
	switch {
	case e.Name == "Exit" && strings.Contains(msg, "os.Exit(0)"):
		return "ran"
	case e.Name == "TypeError" || e.Name == "SyntaxError" || e.Name == "Refused" || e.Name == "Incomplete":
		return "refused " + msg
	}
	return "failed " + e.Name + " " + msg
}
