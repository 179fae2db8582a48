package session_test

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/kernel/symbols"
)

// envHarmless makes a worker whose cells reach no file, process or network.
const envHarmless = "SPINDLE_TEST_HARMLESS"

var harmless = map[string]bool{
	"cmp": true, "errors": true, "iter": true, "maps": true, "math": true, "math/cmplx": true, "slices": true,
	"sort": true, "strconv": true, "strings": true, "sync": true, "time": true, "unicode/utf8": true, "fmt": true,
}

type harmlessImporter struct{ *symbols.Importer }

func (im harmlessImporter) Import(path string) (*types.Package, error) {
	if !harmless[path] {
		return nil, fmt.Errorf("package %s is not in this kernel", path)
	}
	return im.Importer.Import(path)
}

// harmlessOptions leave out what could do harm, where the environment asks for it.
func harmlessOptions(opt cell.Options) cell.Options {
	if os.Getenv(envHarmless) == "" {
		return opt
	}
	opt.Importer = harmlessImporter{symbols.NewImporter()}
	opt.Symbols = map[string]map[string]reflect.Value{}
	for key, syms := range symbols.Table {
		if harmless[filepath.Dir(key)] {
			opt.Symbols[key] = syms
		}
	}
	return opt
}

// FuzzSession runs any text as a cell. The worker may die of what Go itself
// dies of, if the error says so; the session answers within 5 s, and goes on.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"1", "for {}", "x := 1\nx", "func f() { f() }\nf()", "var s []byte\nfor { s = append(s, s...); s = append(s, 1) }",
		"m := map[int]int{}\nfor range 3 { go func() { for { m[1]++ } }() }", "select {}", "go panic(1)", "panic(nil)", "var p *int\n*p = 1",
		"import \"sync\"\nvar mu sync.Mutex\nmu.Unlock()", "import \"fmt\"\nfor { fmt.Println(1) }", "defer func() { for {} }()\npanic(1)",
		"import \"time\"\ntime.Sleep(time.Hour)", "make([]int, 1<<50)", "s := \"a\"\nfor { s += s }", "c := make(chan int)\nfor range 1000 { go func() { c <- 1 }() }",
		"type T struct{ *T }\nfunc (t *T) String() string { return t.String() }\nt := &T{}\nt.T = t\nt.String()", "import \"sort\"\nsort.Slice([]int{3, 1}, func(i, j int) bool { panic(1) })",
		"x := []any{nil}\nx[0] = x\nx", "import \"fmt\"\nx := []any{nil}\nx[0] = x\nfmt.Println(x)", "m := map[any]any{}\nm[m] = 1", "%who", "%help", "?x",
	} {
		f.Add(s)
	}
	var s *session.Session
	f.Cleanup(func() {
		if s != nil {
			s.Close()
		}
	})
	f.Fuzz(func(t *testing.T, text string) {
		for line := range strings.Lines(text) {
			if l := strings.TrimSpace(line); l != "" && (strings.ContainsAny(l[:1], "$!") || strings.HasPrefix(l, "%cd")) {
				t.Skip("a line for the shell")
			}
		}
		if s == nil {
			var err error
			s, err = session.Start(session.Config{Memory: 400 << 20, Env: []string{envHarmless + "=1"}})
			if err != nil {
				t.Fatal(err)
			}
		}
		eval := func(code string, limit time.Duration) error {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- s.Eval(ctx, 1, code, func(session.Event) {}) }()
			select {
			case err := <-done:
				return err
			case <-time.After(limit + 60*time.Second): // 5 s on a quiet machine
				t.Fatalf("no answer to %q", code)
			}
			return nil
		}
		err := eval(text, time.Second)
		var e *session.Error
		if errors.As(err, &e) && e.Lost && !expectedDeath(e.Message) {
			t.Errorf("the worker died: %s\n%s", e.Message, strings.Join(e.Traceback, "\n"))
		}
		// What is left running could end the worker of the next cell.
		if err := eval("1", 30*time.Second); err != nil && errors.As(err, &e) && e.Lost && !expectedDeath(e.Message) {
			t.Errorf("the worker died later: %s\n%s", e.Message, strings.Join(e.Traceback, "\n"))
		}
		if strings.Contains(text, "go") || errors.As(err, &e) && strings.Contains(e.Message, "does not stop") {
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// expectedDeath tells whether a compiled program would have died of this too.
func expectedDeath(msg string) bool {
	for _, s := range []string{"out of memory", "concurrent map", "stack overflow", "unlock of unlocked", "Unlock of unlocked", "unlocked"} {
		if strings.Contains(msg, s) {
			return true
		}
	}
	return false
}
