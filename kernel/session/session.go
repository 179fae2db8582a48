// Package session runs cells in a worker process that may die while its owner
// lives. The supervisor ([Session], in the kernel's process) starts the worker
// (the same executable with a hidden command, which calls [Worker]), sends it
// cells, and receives what they print and show, in order. A panic is an error
// of the cell; what kills the worker (a fatal error of the Go runtime, too much
// memory, a signal) is an error that says what was lost, and the next cell
// finds a new worker.
//
// The command of the kernel that is started as worker does:
//
//	os.Exit(session.Worker(func(out *session.Output) session.Setup {
//		display.SetSink(sink{out}) // passes bundles on
//		return session.Setup{Options: cell.Options{
//			Symbols: symbols.Table, Importer: symbols.NewImporter(),
//			Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc, Show: display.Last,
//		}}
//	}))
package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Kinds of events.
const (
	Stream  = "stream"  // Name and Text
	Display = "display" // Data, Metadata, DisplayID, Update
	Result  = "result"  // Data, Metadata
	Clear   = "clear"   // Wait
	Input   = "input"   // Prompt, Password: answered by Session.Input
	Failure = "error"   // Err: a goroutine's panic while no cell runs, or beside it
)

// An Event is one piece of a cell's output.
type Event struct {
	Kind      string          `json:"kind"`
	Name      string          `json:"name,omitempty"` // stdout or stderr
	Text      string          `json:"text,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"` // MIME type → value
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	DisplayID string          `json:"display_id,omitempty"`
	Update    bool            `json:"update,omitempty"`
	Wait      bool            `json:"wait,omitempty"`
	Prompt    string          `json:"prompt,omitempty"`
	Password  bool            `json:"password,omitempty"`
	Err       *Error          `json:"err,omitempty"`
}

// An Error is how a cell failed.
type Error struct {
	Name      string   `json:"name"`      // TypeError, Panic, Interrupt, …
	Message   string   `json:"message"`   // with the place in front, if there is one
	Traceback []string `json:"traceback"` // lines to show
	// Lost tells that the worker is gone and with it all variables.
	Lost bool `json:"lost,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Config says how to start a worker.
type Config struct {
	// Command is the worker's command line: this executable and "worker" if empty.
	Command []string
	// Dir is the worker's working folder, the supervisor's if empty.
	Dir string
	// Env is added to the environment.
	Env []string
	// Memory bounds the worker's memory in bytes. If 0, three quarters of what
	// the machine has free at start.
	Memory int64
}

// A Session owns a worker.
type Session struct {
	cfg Config

	evalMu sync.Mutex // one cell at a time
	sinkMu sync.Mutex // one event at a time
	mu     sync.Mutex
	w      *worker
	closed bool
	sink   func(Event) // of the newest cell, which also gets late output
	nextID int
	calls  map[int]chan message
}

// Start starts a session and its worker.
func Start(cfg Config) (*Session, error) {
	if len(cfg.Command) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cfg.Command = []string{exe, "worker"}
	}
	s := &Session{cfg: cfg, calls: map[int]chan message{}}
	if _, err := s.worker(); err != nil {
		return nil, err
	}
	return s, nil
}

// worker returns the running worker, a new one if the last has died.
func (s *Session) worker() (*worker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("session: closed")
	}
	if s.w != nil && s.w.alive() {
		return s.w, nil
	}
	w, err := startWorker(s.cfg, s.dispatch)
	if err != nil {
		return nil, fmt.Errorf("session: the worker process could not be started: %w", err)
	}
	s.w = w
	return w, nil
}

// dispatch passes an event of the worker on.
func (s *Session) dispatch(m message) {
	switch m.Op {
	case "event":
		s.sinkMu.Lock()
		defer s.sinkMu.Unlock()
		s.mu.Lock()
		sink := s.sink
		s.mu.Unlock()
		if sink != nil && m.Event != nil {
			sink(*m.Event)
		}
	case "reply":
		s.mu.Lock()
		ch := s.calls[m.ID]
		delete(s.calls, m.ID)
		s.mu.Unlock()
		if ch != nil {
			ch <- m
		}
	}
}

// request sends a message and returns the channel of its reply.
func (s *Session) request(w *worker, m message) (id int, reply chan message, err error) {
	ch := make(chan message, 1)
	s.mu.Lock()
	s.nextID++
	m.ID = s.nextID
	s.calls[m.ID] = ch
	s.mu.Unlock()
	if err := w.link.send(m); err != nil {
		s.mu.Lock()
		delete(s.calls, m.ID)
		s.mu.Unlock()
		return 0, nil, err
	}
	return m.ID, ch, nil
}

// Eval runs the text of cell n and passes its output to out, in order, all of
// it before Eval returns. A failed cell gives an *Error. When ctx ends the cell
// is interrupted.
func (s *Session) Eval(ctx context.Context, n int, code string, out func(Event)) error {
	s.evalMu.Lock()
	defer s.evalMu.Unlock()
	w, err := s.worker()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.sink = out
	s.mu.Unlock()
	for _, st := range w.out {
		st.reset()
	}
	_, ch, err := s.request(w, message{Op: "eval", Cell: n, Code: code})
	if err != nil {
		<-w.done
		return w.epitaph(s.isClosed())
	}
	stop := ctx.Done()
	for {
		select {
		case m := <-ch:
			if m.Err != nil {
				return m.Err
			}
			return nil
		case <-w.done:
			// A reply may have come just before the end.
			select {
			case m := <-ch:
				if m.Err != nil {
					return m.Err
				}
				return nil
			default:
			}
			return w.epitaph(s.isClosed())
		case <-stop:
			stop = nil
			s.Interrupt()
		}
	}
}

func (s *Session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Interrupt asks the running cell to stop. It does nothing if none runs.
func (s *Session) Interrupt() {
	s.mu.Lock()
	w := s.w
	s.mu.Unlock()
	if w != nil && w.alive() {
		w.interrupted()
		// The write may block behind a worker that reads nothing.
		go func() { _ = w.link.send(message{Op: "interrupt"}) }()
	}
}

// Input answers an [Input] event: a line of text, or none if ok is false.
func (s *Session) Input(text string, ok bool) {
	s.mu.Lock()
	w := s.w
	s.mu.Unlock()
	if w != nil {
		m := message{Op: "input", Code: text}
		if !ok {
			m.Pos = -1
		}
		_ = w.link.send(m)
	}
}

// call asks the worker for something that does not wait for the running cell.
func (s *Session) call(ctx context.Context, m message, result any) error {
	w, err := s.worker()
	if err != nil {
		return err
	}
	id, ch, err := s.request(w, m)
	if err != nil {
		return err
	}
	select {
	case r := <-ch:
		if r.Err != nil {
			return r.Err
		}
		return json.Unmarshal(r.Result, result)
	case <-w.done:
		err = errors.New("session: the worker ended")
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	delete(s.calls, id) // nobody waits for the reply any more
	s.mu.Unlock()
	return err
}

// Restart ends the worker and starts a new one: all variables are gone.
func (s *Session) Restart() error {
	s.mu.Lock()
	w := s.w
	s.mu.Unlock()
	if w != nil {
		w.stop()
	}
	_, err := s.worker()
	return err
}

// Close ends the worker.
func (s *Session) Close() error {
	s.mu.Lock()
	s.closed = true
	w := s.w
	s.mu.Unlock()
	if w != nil {
		w.stop()
	}
	return nil
}

// Pid returns the worker's process number, 0 if there is none.
func (s *Session) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil || !s.w.alive() {
		return 0
	}
	return s.w.cmd.Process.Pid
}

// A worker is the supervisor's side of a worker process.
type worker struct {
	cmd    *exec.Cmd
	link   *link
	toW    *os.File
	done   chan struct{} // closed when the process has ended and all is read
	out    [2]*stream
	limit  int64
	mu     sync.Mutex
	killed string // why we killed it
	intr   time.Time
}

func startWorker(cfg Config, dispatch func(message)) (*worker, error) {
	toR, toW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromR, fromW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w := &worker{toW: toW, done: make(chan struct{}), limit: cfg.Memory}
	if w.limit == 0 {
		w.limit = defaultMemory()
	}
	nonce := newNonce()
	w.cmd = exec.Command(cfg.Command[0], cfg.Command[1:]...)
	w.cmd.Dir = cfg.Dir
	w.cmd.Env = append(append(os.Environ(), cfg.Env...),
		envWorker+"="+nonce, fmt.Sprintf("%s=%d", envMemory, w.limit))
	w.cmd.ExtraFiles = []*os.File{toR, fromW}
	w.cmd.SysProcAttr = ownGroup()
	var ends [2]*os.File
	for i, name := range []string{"stdout", "stderr"} {
		r, end, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		ends[i] = end
		w.out[i] = newStream(name, nonce, r, func(text string) {
			dispatch(message{Op: "event", Event: &Event{Kind: Stream, Name: name, Text: text}})
		})
	}
	w.cmd.Stdout, w.cmd.Stderr = ends[0], ends[1]
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	for _, f := range []*os.File{toR, fromW, ends[0], ends[1]} {
		f.Close()
	}
	w.link = newLink(fromR, toW)
	for _, st := range w.out {
		go st.read()
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer func() {
			for _, st := range w.out {
				st.release(math.MaxInt)
			}
		}()
		for {
			m, err := w.link.receive()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					w.kill("its messages cannot be read: " + err.Error())
				}
				return
			}
			if m.Sync > 0 {
				// What was printed before the message goes out before it.
				for _, st := range w.out {
					st.wait(m.Sync)
				}
			}
			dispatch(m)
			for _, st := range w.out {
				st.release(m.Sync)
			}
		}
	}()
	watched := make(chan struct{})
	go w.watch(watched)
	go func() {
		err := w.cmd.Wait()
		close(watched)
		_ = err // the state is in cmd.ProcessState
		// Children of the worker may hold its pipes open: do not wait for ever.
		grace := time.After(time.Second)
		for _, ch := range []<-chan struct{}{read, w.out[0].ended, w.out[1].ended} {
			select {
			case <-ch:
			case <-grace:
				grace = time.After(0)
			}
		}
		fromR.Close()
		toW.Close()
		for _, st := range w.out {
			st.close()
		}
		killGroup(w.cmd.Process.Pid)
		close(w.done)
	}()
	return w, nil
}

func (w *worker) alive() bool {
	select {
	case <-w.done:
		return false
	default:
		return true
	}
}

func (w *worker) interrupted() {
	w.mu.Lock()
	w.intr = time.Now()
	w.mu.Unlock()
}

// kill ends the process at once and remembers why.
func (w *worker) kill(why string) {
	w.mu.Lock()
	if w.killed == "" {
		w.killed = why
	}
	w.mu.Unlock()
	killGroup(w.cmd.Process.Pid)
	_ = w.cmd.Process.Kill()
}

// stop asks the worker to end, and ends it.
func (w *worker) stop() {
	w.toW.Close() // the worker's loop ends on it
	select {
	case <-w.done:
		return
	case <-time.After(300 * time.Millisecond):
	}
	w.kill("it was stopped")
	<-w.done
}

// epitaph is the error of the cell during which the worker ended.
func (w *worker) epitaph(closed bool) *Error {
	w.mu.Lock()
	why := w.killed
	w.mu.Unlock()
	e := &Error{Name: "WorkerDied", Lost: true}
	var detail []string
	switch {
	case closed:
		return &Error{Name: "Interrupt", Message: "the kernel was stopped", Traceback: []string{"the kernel was stopped"}, Lost: true}
	case why != "":
		e.Message = "the worker process was ended: " + why
	default:
		e.Message, detail = explain(w.cmd.ProcessState, w.out[1].tail())
	}
	e.Traceback = append([]string{e.Message}, detail...)
	e.Traceback = append(e.Traceback, "All variables, functions and imports of this notebook are lost; run its cells again from the top.")
	return e
}

// explain finds the reason in what the Go runtime wrote last.
func explain(state *os.ProcessState, stderr string) (string, []string) {
	lines := strings.Split(stderr, "\n")
	for i, l := range lines {
		switch {
		case strings.HasPrefix(l, "runtime: goroutine stack exceeds"), strings.Contains(l, "fatal error: stack overflow"):
			return "stack overflow: a function calls itself without end", nil
		case strings.Contains(l, "out of memory"), strings.Contains(l, "cannot allocate memory"), strings.Contains(l, "pthread_create failed"):
			return "out of memory: the cell needed more than the worker may use", nil
		case strings.HasPrefix(l, "panic: "), strings.HasPrefix(l, "fatal error: "):
			return "the worker process died: " + l, goroutineTop(lines[i+1:])
		}
	}
	if state != nil {
		if state.Exited() {
			return fmt.Sprintf("the worker process ended with exit code %d", state.ExitCode()), nil
		}
		return "the worker process died: " + state.String(), nil
	}
	return "the worker process died", nil
}

// goroutineTop keeps the first calls of a Go traceback.
func goroutineTop(lines []string) []string {
	var out []string
	for _, l := range lines {
		if l == "" && len(out) > 0 {
			break
		}
		if l != "" && len(out) < 9 {
			out = append(out, l)
		}
	}
	return out
}
