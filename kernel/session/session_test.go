package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/kernel/symbols"
	_ "github.com/spindle-lab/spindle/kernel/symbols/mod"
	_ "github.com/spindle-lab/spindle/kernel/symbols/std"
)

// The test binary is its own worker, as the kernel's executable is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(session.Worker(func(out *session.Output) session.Setup {
			return session.Setup{Options: cell.Options{
				Symbols: symbols.Table, Importer: symbols.NewImporter(), Sources: symbols.Sources,
				Show: func(values ...any) {
					out.Result(map[string]any{"text/plain": strings.TrimSuffix(fmt.Sprintln(values...), "\n")}, nil)
				},
			}}
		}))
	}
	os.Exit(m.Run())
}

type run struct {
	t *testing.T
	s *session.Session
	n int
}

func start(t *testing.T, cfg session.Config) *run {
	t.Helper()
	s, err := session.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &run{t: t, s: s}
}

// eval runs a cell and returns its output as text: streams as they are,
// results behind "=> ".
func (r *run) eval(ctx context.Context, code string) (string, *session.Error) {
	r.t.Helper()
	r.n++
	var out strings.Builder
	err := r.s.Eval(ctx, r.n, code, func(e session.Event) {
		switch e.Kind {
		case session.Stream:
			out.WriteString(e.Text)
		case session.Result:
			var b map[string]string
			if err := json.Unmarshal(e.Data, &b); err != nil {
				r.t.Error(err)
			}
			out.WriteString("=> " + b["text/plain"] + "\n")
		case session.Failure:
			out.WriteString("!! " + e.Err.Message + "\n")
		}
	})
	var e *session.Error
	if err != nil && !errors.As(err, &e) {
		r.t.Fatalf("Eval: %v", err)
	}
	return out.String(), e
}

func TestOutputInOrder(t *testing.T) {
	r := start(t, session.Config{})
	out, err := r.eval(context.Background(), "import \"fmt\"\nfor i := range 3 { fmt.Println(i) }\n\"last\"")
	if err != nil || out != "0\n1\n2\n=> last\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

// Each way to die is one error, says what was lost, and the session goes on.
func TestSurvival(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       string // in the message
		lost       bool   // whether the variables are gone
	}{
		{"panic", "panic(\"ouch\")", "ouch", false},
		{"nil map", "var m map[string]int\nm[\"a\"] = 1", "nil map", false},
		{"fatal", "import \"sync\"\nvar mu sync.Mutex\nmu.Unlock()", "unlock of unlocked mutex", true},
		{"out of memory", "var keep [][]byte\nfor { b := make([]byte, 1<<24); for i := 0; i < len(b); i += 4096 { b[i] = 1 }; keep = append(keep, b) }", "out of memory", true},
		{"killed", "import \"os\"\np, _ := os.FindProcess(os.Getpid())\np.Kill()\nselect {}", "killed", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, session.Config{Memory: 1 << 30})
			if _, err := r.eval(context.Background(), "kept := 41"); err != nil {
				t.Fatal(err)
			}
			_, err := r.eval(context.Background(), c.code)
			if err == nil || !strings.Contains(err.Message, c.want) {
				t.Fatalf("error %v %q, want %q", err, err.Traceback, c.want)
			}
			if err.Lost != c.lost {
				t.Errorf("lost = %v, want %v", err.Lost, c.lost)
			}
			out, err := r.eval(context.Background(), "kept + 1")
			if c.lost {
				if err == nil || !strings.Contains(err.Message, "undefined: kept") {
					t.Errorf("after the loss: %q, %v", out, err)
				}
				if out, err := r.eval(context.Background(), "1 + 1"); out != "=> 2\n" {
					t.Errorf("new worker: %q, %v", out, err)
				}
			} else if out != "=> 42\n" {
				t.Errorf("after: %q, %v", out, err)
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	for _, code := range []string{"for {}", "import \"time\"\ntime.Sleep(time.Hour)", "select {}"} {
		r := start(t, session.Config{})
		if _, err := r.eval(context.Background(), "kept := 41"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var at time.Time
		time.AfterFunc(200*time.Millisecond, func() { at = time.Now(); cancel() })
		_, err := r.eval(ctx, code)
		if err == nil || err.Name != "Interrupt" {
			t.Fatalf("%s: %v", code, err)
		}
		t.Logf("%q: stopped after %v", code, time.Since(at))
		if out, err := r.eval(context.Background(), "kept + 1"); out != "=> 42\n" {
			t.Errorf("%s: after: %q, %v", code, out, err)
		}
	}
}
