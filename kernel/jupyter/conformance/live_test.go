package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter"
)

// A live kernel is the program's own process, and a client of it.
type live struct {
	*jupyter.Client
	t    *testing.T
	conn *jupyter.Connection
	cmd  *exec.Cmd
	out  bytes.Buffer // what the process itself prints
	done chan error
}

// wait bounds each step: a failure, never a measurement.
const wait = 3 * time.Minute

type obj = map[string]any

// start starts the kernel as Jupyter does, with more of environment and
// arguments, and connects a client.
func start(t *testing.T, env []string, args ...string) *live {
	t.Helper()
	l := launch(t, env, args...)
	l.Client = dial(t, l.conn)
	return l
}

// launch starts the kernel's process, and returns when it listens. A port that
// another program has taken meanwhile is a reason to choose others.
func launch(t *testing.T, env []string, args ...string) *live {
	t.Helper()
	exe, base := program(t)
	for try := 1; ; try++ {
		conn, err := jupyter.NewConnection()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "connection.json")
		if err := conn.Write(file); err != nil {
			t.Fatal(err)
		}
		l := &live{t: t, conn: conn, done: make(chan error, 1)}
		l.cmd = exec.Command(exe, append(append([]string{"kernel"}, args...), file)...)
		l.cmd.Env = append(base, env...)
		l.cmd.Stdout, l.cmd.Stderr = &l.out, &l.out
		if err := l.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { l.done <- l.cmd.Wait() }()
		t.Cleanup(func() { l.cmd.Process.Kill() })
		if l.listens() {
			return l
		}
		if out := l.out.String(); try == 10 || !strings.Contains(out, "address already in use") {
			t.Fatal("the kernel ends at once: ", out)
		}
	}
}

// listens tells whether the process has opened its last port, or has ended.
func (l *live) listens() bool {
	l.t.Helper()
	for end := time.Now().Add(wait); time.Now().Before(end); {
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.conn.Shell))); err == nil {
			c.Close()
			return true
		}
		select {
		case <-l.done:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	l.t.Fatal("the kernel does not listen")
	return false
}

func dial(t *testing.T, conn *jupyter.Connection) *jupyter.Client {
	t.Helper()
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		cl, err := jupyter.Dial(conn)
		if err == nil {
			if err = cl.Ready(wait); err == nil {
				t.Cleanup(cl.Close)
				return cl
			}
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// ended returns the exit of the process.
func (l *live) ended() error {
	l.t.Helper()
	select {
	case err := <-l.done:
		return err
	case <-time.After(wait):
		l.t.Fatal("the kernel does not end")
		return nil
	}
}

// run executes a cell and returns the reply, and the output in order.
func (l *live) run(code string) (obj, []*jupyter.Message) {
	l.t.Helper()
	reply, out, err := l.Do(jupyter.Shell, "execute_request", obj{"code": code}, wait)
	if err != nil {
		l.t.Fatal(code, ": ", err)
	}
	return content(reply), out
}

// ok executes a cell that must not fail, and returns its text and results.
func (l *live) ok(code string) string {
	l.t.Helper()
	reply, out := l.run(code)
	if reply["status"] != "ok" {
		l.t.Fatalf("%s: %v", code, reply)
	}
	return text(out)
}

func content(m *jupyter.Message) obj {
	var c obj
	m.Get(&c)
	return c
}

// text joins streams, and what results and displays are as text.
func text(list []*jupyter.Message) string {
	var b strings.Builder
	for _, m := range list {
		c := content(m)
		switch m.Header.Type {
		case "stream":
			fmt.Fprint(&b, c["text"])
		case "execute_result", "display_data", "update_display_data":
			fmt.Fprint(&b, c["data"].(obj)["text/plain"])
		}
	}
	return b.String()
}

// until reads a channel up to a message of a type.
func (l *live) until(ch jupyter.Channel, typ string) *jupyter.Message {
	l.t.Helper()
	for {
		m, err := l.Recv(ch, wait)
		if err != nil {
			l.t.Fatal(typ, ": ", err)
		}
		if m.Header.Type == typ {
			return m
		}
	}
}

// 100,000 prints come whole, in few enough messages for a front end that takes
// a thousand a second, with their carriage returns.
func TestManyPrints(t *testing.T) {
	l := start(t, nil)
	l.ok(`import "fmt"`)
	begin := time.Now()
	_, out := l.run("for i := range 100000 { fmt.Print(i, \"\\r\") }")
	took := time.Since(begin)
	var want strings.Builder
	for i := range 100000 {
		fmt.Fprint(&want, i, "\r")
	}
	if got := text(out); got != want.String() {
		t.Errorf("%d bytes came, %d were printed", len(got), want.Len())
	}
	// A slow machine has more time for more messages.
	if len(out) > 500 && float64(len(out)) > 1000*took.Seconds() {
		t.Errorf("in %d messages within %v", len(out), took)
	}
}

// Both streams and displays come in the order of the program, before idle, and
// what a goroutine prints later is not lost.
func TestLiveOrder(t *testing.T) {
	l := start(t, nil)
	l.ok("import (\"fmt\"; \"os\"; \"time\"; \"github.com/spindle-lab/spindle/lib/display\")")
	_, out := l.run("for i := range 300 {\n\tfmt.Print(\"o\", i, \" \")\n\tdisplay.Show(display.Text(fmt.Sprint(\"d\", i, \" \")))\n\tfmt.Fprint(os.Stderr, \"e\", i, \" \")\n\tif i%2 == 0 { display.Show(display.Text(\"| \")) }\n}")
	got := text(out)
	// A display stands between what was printed before and after it; the two
	// streams have no order among themselves.
	at := func(kind string, i int) int { return strings.Index(" "+got, fmt.Sprintf(" %s%d ", kind, i)) }
	for i := range 299 {
		if o, d, e, next := at("o", i), at("d", i), at("e", i), at("d", i+1); o < 0 || o > d || d > e || e > next || at("o", i+1) < d {
			t.Fatalf("at %d: o %d, d %d, e %d, next d %d in %.300s", i, o, d, e, next, got)
		}
	}
	// The goroutine goes on when a file is there: after the cell, and during no other.
	signal := filepath.Join(t.TempDir(), "go")
	_, out = l.run(fmt.Sprintf("go func() {\n\tfor {\n\t\tif _, err := os.Stat(%q); err == nil {\n\t\t\tbreak\n\t\t}\n\t\ttime.Sleep(time.Millisecond)\n\t}\n\tfmt.Println(\"late\")\n}()\nfmt.Println(\"now\")", signal))
	if text(out) != "now\n" {
		t.Errorf("%q", text(out))
	}
	if err := os.WriteFile(signal, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if m := l.until(jupyter.IOPub, "stream"); content(m)["text"] != "late\n" || m.ParentID() != out[0].ParentID() {
		t.Errorf("%s, of %s", m.Content, m.Parent)
	}
	// While another cell runs, it is that cell's.
	l.ok("ask, done := make(chan int), make(chan int)\ngo func() { <-ask; fmt.Print(\"of the goroutine\"); close(done) }()")
	if got := l.ok("close(ask)\n_ = <-done"); got != "of the goroutine" {
		t.Errorf("%q", got)
	}
}

// An image of 20 MB, 15 MB before it became text.
func TestLiveBigDisplay(t *testing.T) {
	l := start(t, nil)
	l.ok("type P struct{}\nfunc (P) PNG() []byte { return make([]byte, 15<<20) }")
	_, out := l.run("P{}")
	for _, m := range out {
		if m.Header.Type == "execute_result" {
			if png, _ := content(m)["data"].(obj)["image/png"].(string); len(png) != 20<<20 {
				t.Errorf("%d bytes", len(png))
			}
			return
		}
	}
	t.Error("no picture came")
}

// JSON that is none: numbers that JSON has not, text that is no UTF-8.
func TestLiveOddJSON(t *testing.T) {
	l := start(t, nil)
	l.ok("import (\"fmt\"; \"math\"; \"os\"; \"github.com/spindle-lab/spindle/lib/display\")")
	for code, want := range map[string]string{
		"type J struct{}; func (J) JSON() map[string]any { return map[string]any{\"x\": math.NaN()} }; display.Show(J{})": "could not be shown",
		"fmt.Print(\"a\\xffb\")":                            "a\uFFFDb",
		"display.Show(display.Text(\"a\\xffb\"))":           "a\uFFFDb",
		"os.Stdout.Write([]byte{0, 'x', 0xed, 0xa0, 0x80})": "\x00x\uFFFD",
	} {
		reply, out := l.run(code)
		if got := text(out) + fmt.Sprint(reply["evalue"]); !strings.Contains(got, want) {
			t.Errorf("%s: %q", code, got)
		}
		for _, m := range out {
			if !json.Valid(m.Content) {
				t.Errorf("%s: %s", code, m.Content)
			}
		}
	}
	if got := l.ok("1 + 1"); got != "2" {
		t.Error(got)
	}
}

// An interrupt ends a loop, a sleep, a wait for nobody, and the wait for compiled
// code that hears nothing, by message and by signal; variables are kept.
func TestLiveInterrupt(t *testing.T) {
	l := start(t, nil)
	l.ok("import (\"fmt\"; \"sync\"; \"time\")\nkept := 42")
	for _, code := range []string{"for {}", "time.Sleep(time.Hour)", "<-make(chan int)", "select {}", "var mu sync.Mutex; mu.Lock(); mu.Lock()"} {
		for _, how := range []string{"message", "signal"} {
			id, _ := l.Send(jupyter.Shell, "execute_request", obj{"code": "fmt.Println(\"running\")\n" + code})
			l.until(jupyter.IOPub, "stream")
			if how == "message" {
				l.Send(jupyter.Control, "interrupt_request", obj{})
			} else {
				l.cmd.Process.Signal(os.Interrupt)
			}
			reply, _, err := l.Collect(jupyter.Shell, id, wait)
			if err != nil || content(reply)["status"] != "error" {
				t.Fatalf("%s, by %s: %v %v", code, how, reply, err)
			}
		}
	}
	if got := l.ok("kept"); got != "42" {
		t.Error("after the interrupts:", got)
	}
}

// The heartbeat does not wait for the cell, nor for the worker's memory.
func TestLiveHeartbeat(t *testing.T) {
	l := start(t, nil)
	l.ok("import (\"fmt\"; \"runtime\")")
	id, _ := l.Send(jupyter.Shell, "execute_request", obj{"code": "var keep [][]int\nfor i := range 100 {\n\tkeep = append(keep, make([]int, 1<<18))\n\tfmt.Println(i)\n\truntime.GC()\n}\nlen(keep)"})
	for range 200 {
		if err := l.Beat(wait); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := l.Collect(jupyter.Shell, id, wait); err != nil {
		t.Error(err)
	}
}

// input_request behind fmt.Scan.
func TestLiveInput(t *testing.T) {
	l := start(t, nil)
	l.ok(`import "fmt"`)
	id, _ := l.Send(jupyter.Shell, "execute_request", obj{"code": "var name string\nn, err := fmt.Scan(&name)\nfmt.Println(n, err, name)"})
	l.until(jupyter.Stdin, "input_request")
	l.Send(jupyter.Stdin, "input_reply", obj{"value": "Ada"})
	if _, out, err := l.Collect(jupyter.Shell, id, wait); err != nil || text(out) != "1 <nil> Ada\n" {
		t.Errorf("%q %v", text(out), err)
	}
	reply, out, err := l.Do(jupyter.Shell, "execute_request", obj{"code": "fmt.Scan(&name)", "allow_stdin": false}, wait)
	if err != nil || strings.Contains(text(out), "Ada") {
		t.Error(content(reply), text(out), err)
	}
}

// Shutdown, SIGTERM and the death of the parent end the process, all of it.
func TestLiveEnd(t *testing.T) {
	for name, end := range map[string]func(l *live){
		"shutdown_request": func(l *live) {
			for _, restart := range []bool{true} {
				reply, _, err := l.Do(jupyter.Control, "shutdown_request", obj{"restart": restart}, wait)
				if err != nil || content(reply)["restart"] != restart {
					t.Error(content(reply), err)
				}
			}
		},
		"shutdown while a cell runs": func(l *live) {
			l.Send(jupyter.Shell, "execute_request", obj{"code": "for {}"})
			l.until(jupyter.IOPub, "execute_input")
			l.Send(jupyter.Control, "shutdown_request", obj{"restart": false})
		},
		"SIGTERM": func(l *live) { l.cmd.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, nil)
			l.ok("import \"os\"")
			worker := l.ok("os.Getpid()")
			begin := time.Now()
			end(l)
			if err := l.ended(); err != nil {
				t.Error(err)
			}
			t.Logf("ended within %v", time.Since(begin))
			gone(t, worker)
			if l.out.Len() > 0 {
				t.Errorf("the kernel printed %q", l.out.String())
			}
		})
	}
	t.Run("death of the parent", func(t *testing.T) {
		exe, env := program(t)
		conn, err := jupyter.NewConnection()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "connection.json")
		if err := conn.Write(file); err != nil {
			t.Fatal(err)
		}
		// A shell is the parent; it is killed, and cannot tell the kernel.
		parent := exec.Command("/bin/sh", "-c", `"$0" kernel "$1" & echo $!; wait`, exe, file)
		parent.Env = append(env, "JPY_PARENT_PID=1")
		out, err := parent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 32)
		n, _ := out.Read(line)
		dial(t, conn)
		parent.Process.Kill()
		gone(t, strings.TrimSpace(string(line[:n])))
		parent.Wait()
	})
}

// gone waits until a process is no more.
func gone(t *testing.T, pid string) {
	t.Helper()
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
	}
	t.Errorf("process %s lives on", pid)
}

// What the kernel has to say of itself goes to the log file, not to the streams.
func TestLiveLog(t *testing.T) {
	logFile := filepath.Join(t.TempDir(), "log")
	l := start(t, nil, "-log", logFile)
	wrong := *l.conn
	wrong.Key = "another key"
	bad, err := jupyter.Dial(&wrong)
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	bad.Send(jupyter.Shell, "execute_request", obj{"code": "1"})
	if got := l.ok("2 * 3"); got != "6" {
		t.Error(got)
	}
	for end := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		log, err := os.ReadFile(logFile)
		if strings.Contains(string(log), "signature") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the log says %q, %v", log, err)
		}
	}
	l.Send(jupyter.Control, "shutdown_request", obj{})
	if err := l.ended(); err != nil || l.out.Len() > 0 {
		t.Errorf("%v; the kernel printed %q", err, l.out.String())
	}
}

// History is there after a restart.
func TestLiveHistory(t *testing.T) {
	env := []string{"XDG_STATE_HOME=" + t.TempDir()}
	l := start(t, env)
	l.ok("first := 1")
	l.Send(jupyter.Control, "shutdown_request", obj{"restart": true})
	l.ended()
	l = start(t, env)
	l.ok("second := 2")
	for request, want := range map[string]string{
		`{"hist_access_type": "tail", "n": 2, "output": false}`:             "[[1 1 first := 1] [2 1 second := 2]]",
		`{"hist_access_type": "range", "session": -1, "start": 1}`:          "[[1 1 first := 1]]",
		`{"hist_access_type": "search", "pattern": "f*t ??= 1", "n": 5}`:    "[]",
		`{"hist_access_type": "search", "pattern": "f*t ?= 1", "n": 5}`:     "[[1 1 first := 1]]",
		`{"hist_access_type": "range", "session": 0, "start": 1, "stop":2}`: "[[2 1 second := 2]]",
	} {
		reply, _, err := l.Do(jupyter.Shell, "history_request", json.RawMessage(request), wait)
		if got := fmt.Sprint(content(reply)["history"]); err != nil || got != want {
			t.Errorf("%s: %s %v", request, got, err)
		}
	}
}

// Hover and pager show documentation with its lines.
func TestLiveInspect(t *testing.T) {
	l := start(t, nil)
	l.ok(`import "math"`)
	reply, _, err := l.Do(jupyter.Shell, "inspect_request", obj{"code": "y := math.Hypot(", "cursor_pos": 15, "detail_level": 0}, wait)
	data, _ := content(reply)["data"].(obj)
	if err != nil || !strings.Contains(fmt.Sprint(data["text/html"]), "<pre>Hypot(±Inf, q) = +Inf\n") {
		t.Error(data, err)
	}
	r, _ := l.run("?math.Hypot")
	if payload := fmt.Sprint(r["payload"]); !strings.Contains(payload, "func math.Hypot") || !strings.Contains(payload, "source:page") {
		t.Error(payload)
	}
}
