package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
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
			return session.Setup{Options: harmlessOptions(cell.Options{
				Symbols: symbols.Table, Importer: symbols.NewImporter(), Sources: symbols.Sources,
				Show: func(values ...any) {
					out.Result(map[string]any{"text/plain": strings.TrimSuffix(fmt.Sprintln(values...), "\n")}, nil)
				},
			})}
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
		{"panic in compiled code", "import \"strings\"\nstrings.Repeat(\"x\", -1)", "negative Repeat count", false},
		{"os.Exit", "import \"os\"\nos.Exit(3)", "os.Exit(3) ended the cell; variables are kept", false},
		{"log.Fatal", "import \"log\"\nlog.Fatal(\"x\")", "os.Exit(1)", false},
		{"os.Exit in a goroutine", "import \"os\"\ngo os.Exit(4)\nselect {}", "os.Exit(4)", false},
		{"runtime.Goexit", "import \"runtime\"\nruntime.Goexit()", "Goexit", false},
		{"stack overflow", "func f(n int) int { return f(n+1) + 1 }\nf(0)", "stack overflow", false},
		{"stack overflow through compiled code", "import \"strings\"\nfunc f(n int) int { strings.Map(func(r rune) rune { f(n+1); return r }, \"x\"); return 0 }\nf(0)", "stack overflow", true},
		{"huge slice", "make([]int, 1<<45)", "makeslice", false},
		{"a send on a closed channel", "c := make(chan int)\nclose(c)\nc <- 1", "send on closed channel", false},
		{"a map written by two", "m := map[int]int{}\nfor range 4 { go func() { for { m[1]++ } }() }\nfor { m[2]++ }", "concurrent map", true},
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

// A panic in a goroutine ends that and is reported; the cell goes on.
func TestGoroutinePanics(t *testing.T) {
	for _, code := range []string{
		"done := make(chan bool)\ngo func() { defer close(done); panic(\"inside\") }()\n<-done\n1",
		"import \"sync\"\nvar wg sync.WaitGroup\nwg.Go(func() { panic(\"inside\") })\nwg.Wait()\n1",
		"import \"time\"\nc := make(chan bool)\ntime.AfterFunc(1, func() { defer close(c); panic(\"inside\") })\n<-c\n1",
		"func f() { panic(\"inside\") }\ngo f()\nimport \"time\"\ntime.Sleep(50*time.Millisecond)\n1",
	} {
		r := start(t, session.Config{})
		out, err := r.eval(context.Background(), code)
		if err != nil || !strings.Contains(out, "=> 1") {
			t.Errorf("%q: %q, %v", code, out, err)
		}
		// It is told beside the cell that runs when the goroutine ends.
		for end := time.Now().Add(time.Minute); !strings.Contains(out, "panic: inside") && time.Now().Before(end); {
			more, _ := r.eval(context.Background(), "import \"time\"\ntime.Sleep(20*time.Millisecond)")
			out += more
		}
		if !strings.Contains(out, "in a goroutine: ") || !strings.Contains(out, "panic: inside") {
			t.Errorf("%q: the panic is not told of: %q", code, out)
		}
	}
}

func TestClosedStreams(t *testing.T) {
	r := start(t, session.Config{})
	for _, code := range []string{"import \"os\"\nos.Stdout.Close()\nos.Stderr.Close();", "import (\"os\"; \"syscall\")\nsyscall.Close(1)"} {
		if _, err := r.eval(context.Background(), code); err != nil && !strings.Contains(err.Message, "not in this kernel") {
			t.Errorf("%q: %v", code, err)
		}
		if out, err := r.eval(context.Background(), "import \"fmt\"\nfmt.Println(\"still here\")"); out != "still here\n" {
			t.Errorf("after %q: %q, %v", code, out, err)
		}
	}
}

func TestFlood(t *testing.T) {
	r := start(t, session.Config{})
	start := time.Now()
	n, bytes := 0, 0
	err := r.s.Eval(context.Background(), 1, "import \"fmt\"\nfor i := range 2000000 { fmt.Println(\"line number\", i) }", func(e session.Event) {
		if e.Kind == session.Stream {
			n++
			bytes += len(e.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if bytes < 8<<20 || bytes > 9<<20 {
		t.Errorf("%d bytes passed on, want 8 MB and a notice", bytes)
	}
	if rate := float64(n) / max(1, time.Since(start).Seconds()); rate > 1000 {
		t.Errorf("%.0f messages a second, want at most 1000", rate)
	}
	if out, err := r.eval(context.Background(), "fmt.Println(1)"); out != "1\n" {
		t.Errorf("after: %q, %v", out, err)
	}
}

// What a goroutine prints after its cell is not lost.
func TestLateOutput(t *testing.T) {
	r := start(t, session.Config{})
	var mu sync.Mutex
	var late strings.Builder
	err := r.s.Eval(context.Background(), 1, "import (\"fmt\"; \"time\")\ngo func() { time.Sleep(100*time.Millisecond); fmt.Println(\"late\") }()", func(e session.Event) {
		mu.Lock()
		defer mu.Unlock()
		late.WriteString(e.Text)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		done := late.String() == "late\n"
		mu.Unlock()
		if done {
			return
		}
	}
	t.Errorf("late output %q", late.String())
}

func TestInput(t *testing.T) {
	r := start(t, session.Config{})
	code := "import (\"fmt\"; \"spindle/prompt\")\nvar a, b int\nfmt.Scan(&a, &b)\nname, _ := prompt.Line(\"name: \")\n_, err := prompt.Password(\"key: \")\nfmt.Println(a+b, name, err)"
	answers := []string{"3", "4", "Ada"}
	var asked []string
	var out strings.Builder
	err := r.s.Eval(context.Background(), 1, code, func(e session.Event) {
		switch e.Kind {
		case session.Input:
			asked = append(asked, e.Prompt)
			if len(answers) == 0 {
				go r.s.Input("", false)
				return
			}
			a := answers[0]
			answers = answers[1:]
			go r.s.Input(a, true)
		case session.Stream:
			out.WriteString(e.Text)
		}
	})
	if err != nil || out.String() != "7 Ada this front end gives no input\n" || strings.Join(asked, "|") != "||name: |key: " {
		t.Errorf("%q, %q, %v", out.String(), asked, err)
	}
}

// A context of a cell ends with the interrupt, so library calls stop.
func TestInterruptContext(t *testing.T) {
	r := start(t, session.Config{})
	if _, err := r.eval(context.Background(), "import (\"context\"; \"time\")\nctx := context.Background()\nkept := 41"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := r.eval(ctx, "c2, stop := context.WithTimeout(ctx, time.Hour)\ndefer stop()\n<-c2.Done()")
	if err == nil || err.Name != "Interrupt" {
		t.Errorf("%v", err)
	}
	if out, err := r.eval(context.Background(), "ctx.Err() == nil && kept == 41"); out != "=> true\n" {
		t.Errorf("after: %q, %v", out, err)
	}
}

// Compiled code that does not listen: the user is told, the notebook goes on.
func TestInterruptDeafCode(t *testing.T) {
	r := start(t, session.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// The cell says when it is there: an interrupt before would stop it.
	failed := r.s.Eval(ctx, 1, "import (\"sync\"; \"fmt\")\nkept := 1\nvar mu sync.Mutex\nmu.Lock()\nfmt.Println(\"there\")\nmu.Lock()", func(e session.Event) {
		if e.Kind == session.Stream {
			time.AfterFunc(3*time.Second, cancel) // by then it waits for the lock
		}
	})
	var err *session.Error
	if !errors.As(failed, &err) || err.Name != "Interrupt" || !strings.Contains(err.Message, "does not stop") || !strings.Contains(err.Message, "In[1]:6:1") {
		t.Fatalf("%v", failed)
	}
	if out, err := r.eval(context.Background(), "1 + 1"); out != "=> 2\n" {
		t.Errorf("after: %q, %v", out, err)
	}
}

// TestNoLeaks runs many cells in one worker: 300, or as many as $SPINDLE_SOAK
// says. No goroutine, file or process may stay behind, and no more memory than
// the 2.3 kB a cell that yaegi keeps of its own.
func TestNoLeaks(t *testing.T) {
	cells := 300
	if n, err := strconv.Atoi(os.Getenv("SPINDLE_SOAK")); err == nil && n > 0 {
		cells = n
	}
	r := start(t, session.Config{})
	if _, err := r.eval(context.Background(), "import (\"runtime\"; \"os\"; \"fmt\"; \"strings\")\nvar mem runtime.MemStats"); err != nil {
		t.Fatal(err)
	}
	count := func() (leaks string, heap float64) {
		out, err := r.eval(context.Background(), "fds, _ := os.ReadDir(\"/proc/self/fd\")\nchildren, _ := os.ReadFile(\"/proc/self/task/\" + fmt.Sprint(os.Getpid()) + \"/children\")\nruntime.GC(); runtime.GC(); runtime.ReadMemStats(&mem)\nfmt.Println(mem.HeapAlloc)\nfmt.Sprint(runtime.NumGoroutine(), len(fds), len(strings.Fields(string(children))))")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(out, "%f\n=> %s", &heap, &leaks); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		_, leaks, _ = strings.Cut(out, "=> ")
		return leaks, heap
	}
	run := func(n int) {
		for i := range n {
			code := fmt.Sprintf("x := %d\nfor i := range 3 { x += i }\nx", i)
			switch i % 10 {
			case 3:
				code = "done := make(chan int)\ngo func() { done <- 1 }()\n<-done"
			case 5:
				code = "panic(1)"
			case 7:
				code = "$ true"
			case 9:
				code = "undefined + 1"
			}
			if _, err := r.eval(context.Background(), code); err != nil && i%10 != 5 && i%10 != 9 {
				t.Fatal(err)
			}
		}
	}
	run(cells / 3)
	before, heap := count()
	run(cells)
	after, grown := count()
	for range 100 { // what has ended may need a moment to be gone
		if after == before {
			break
		}
		time.Sleep(100 * time.Millisecond)
		after, _ = count()
	}
	if after != before {
		t.Errorf("goroutines, files, processes: %s before, %s after %d cells", before, after, cells)
	}
	each := (grown - heap) / float64(cells)
	t.Logf("%d cells, %.0f bytes a cell stay behind; goroutines, files, processes: %s", cells, each, after)
	if each > 2300 && cells >= 1000 {
		t.Errorf("%.0f bytes a cell stay behind, want at most 2300", each)
	}
}

func TestInterrupt(t *testing.T) {
	for _, code := range []string{"for {}", "import \"time\"\ntime.Sleep(time.Hour)", "select {}", "c := make(chan int)\n<-c", "func f() { for { defer func() { recover() }(); for {} } }\nf()", "$ sleep 100"} {
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
		if d := time.Since(at); d > 500*time.Millisecond {
			t.Logf("%q: stopped after %v, want 500 ms on a quiet machine", code, d)
		}
		if out, err := r.eval(context.Background(), "kept + 1"); out != "=> 42\n" {
			t.Errorf("%s: after: %q, %v", code, out, err)
		}
	}
}

// An interrupt that comes before the worker has begun with the cell is not lost.
func TestEarlyInterrupt(t *testing.T) {
	r := start(t, session.Config{})
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := r.eval(ctx, "for {}"); err == nil || err.Name != "Interrupt" {
			t.Fatalf("%v", err)
		}
	}
	if out, err := r.eval(context.Background(), "1 + 1"); out != "=> 2\n" {
		t.Errorf("after: %q, %v", out, err)
	}
}
