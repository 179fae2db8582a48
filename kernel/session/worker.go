package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
)

// Names of the environment variables by which the supervisor tells the worker
// what it has to know.
const (
	envWorker = "SPINDLE_WORKER_KEY"
	envMemory = "SPINDLE_WORKER_MEMORY"
)

// A Setup is what the program puts into its worker.
type Setup struct {
	cell.Options
}

// An Output passes on what cells show. Data and metadata are MIME bundles.
type Output struct{ w *workerSide }

// Display shows a bundle; with an id it can be updated in place later.
func (o *Output) Display(data, metadata map[string]any, id string, update bool) {
	o.w.event(Event{Kind: Display, Data: encode(data), Metadata: encode(metadata), DisplayID: id, Update: update})
}

// Result shows the value of a cell's last expression.
func (o *Output) Result(data, metadata map[string]any) {
	o.w.event(Event{Kind: Result, Data: encode(data), Metadata: encode(metadata)})
}

// Clear empties the cell's output, with wait only once something new comes.
func (o *Output) Clear(wait bool) { o.w.event(Event{Kind: Clear, Wait: wait}) }

// encode writes a bundle; what JSON cannot hold is left out and said.
func encode(bundle map[string]any) json.RawMessage {
	if len(bundle) == 0 {
		return json.RawMessage("{}")
	}
	data, err := json.Marshal(bundle)
	if err == nil {
		return data
	}
	safe := map[string]any{}
	for k, v := range bundle {
		if _, err := json.Marshal(v); err != nil {
			safe["text/plain"] = fmt.Sprintf("%s could not be shown: %v", k, err)
		} else if _, taken := safe[k]; !taken {
			safe[k] = v
		}
	}
	data, _ = json.Marshal(safe)
	return data
}

// A workerSide is the worker's end of the pipes.
type workerSide struct {
	link    *link
	streams [2]*os.File // private copies of the output streams
	nonce   string
	k       *cell.Interp
	input   chan message

	mu     sync.Mutex
	sync   int
	cancel context.CancelFunc // of the running cell
	done   <-chan struct{}
}

// Worker is the life of a worker process: it serves the supervisor until that
// closes the pipe, and returns the exit code.
func Worker(setup func(*Output) Setup) int {
	nonce := os.Getenv(envWorker)
	if nonce == "" {
		fmt.Fprintln(os.Stderr, "the worker command is for the kernel's own use")
		return 2
	}
	os.Unsetenv(envWorker)
	if n, err := strconv.ParseInt(os.Getenv(envMemory), 10, 64); err == nil && n > 0 {
		limitMemory(n)
		debug.SetMemoryLimit(n / 10 * 9)
	}
	os.Unsetenv(envMemory)
	w := &workerSide{
		link:  newLink(os.NewFile(3, "requests"), os.NewFile(4, "events")),
		nonce: nonce, input: make(chan message, 16),
	}
	for i := range w.streams {
		f, err := privateCopy(1 + i)
		if err != nil {
			return 3
		}
		w.streams[i] = f
	}
	closeOnExec(3)
	closeOnExec(4)
	s := setup(&Output{w})
	s.GoPanic = func(e *cell.Error) {
		e.Message = "in a goroutine: " + e.Message
		w.event(Event{Kind: Failure, Err: wireError(e)})
	}
	s.Input = w.readLine
	k, err := cell.New(s.Options)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the interpreter could not be started:", err)
		return 3
	}
	w.k = k
	return w.serve()
}

// serve reads requests. Cells run one after the other beside it.
func (w *workerSide) serve() int {
	type request struct {
		m    message
		ctx  context.Context
		stop context.CancelFunc
	}
	cells := make(chan request, 64)
	go func() {
		for r := range cells {
			w.eval(r.ctx, r.m)
			r.stop()
		}
	}()
	for {
		m, err := w.link.receive()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return 0
			}
			return 4
		}
		switch m.Op {
		case "eval":
			// From here on an interrupt is this cell's, though it may not run yet.
			ctx, cancel := context.WithCancel(context.Background())
			w.mu.Lock()
			w.cancel, w.done = cancel, ctx.Done()
			w.mu.Unlock()
			cells <- request{m, ctx, cancel}
		case "interrupt":
			w.mu.Lock()
			if w.cancel != nil {
				w.cancel()
			}
			w.mu.Unlock()
		case "input":
			select {
			case w.input <- m:
			default:
			}
		case "complete", "inspect":
			go w.ask(m)
		}
	}
}

// eval runs a cell and replies when all its output is on the way.
func (w *workerSide) eval(ctx context.Context, m message) {
	err := w.k.Eval(ctx, m.Cell, m.Code)
	w.mu.Lock()
	w.cancel = nil
	w.mu.Unlock()
	r := message{Op: "reply", ID: m.ID}
	if err != nil {
		var e *cell.Error
		if !errors.As(err, &e) {
			e = &cell.Error{Name: "Error", Message: err.Error()}
		}
		r.Err = wireError(e)
	}
	restoreStreams(w.streams)
	w.sendSynced(r)
}

// errNoInput is what reading gives where the client cannot be asked.
var errNoInput = errors.New("this front end gives no input")

// readLine asks the user for a line and waits for it, or for the cell's end.
func (w *workerSide) readLine(prompt string, password bool) (string, error) {
	for len(w.input) > 0 {
		<-w.input // an answer that came too late for its question
	}
	w.event(Event{Kind: Input, Prompt: prompt, Password: password})
	w.mu.Lock()
	done := w.done
	w.mu.Unlock()
	select {
	case m := <-w.input:
		if m.Pos < 0 {
			return "", errNoInput
		}
		return m.Code, nil
	case <-done:
		return "", context.Canceled
	}
}

// ask answers what does not wait for the running cell.
func (w *workerSide) ask(m message) {
	r := message{Op: "reply", ID: m.ID}
	var result any
	switch m.Op {
	case "complete":
		from, to, ms := w.k.Complete(m.Code, m.Pos)
		c := Completion{From: from, To: to}
		for _, x := range ms {
			c.Matches = append(c.Matches, x.Text)
			c.Types = append(c.Types, x.Kind)
		}
		result = c
	case "inspect":
		decl, doc, value := w.k.Inspect(m.Code, m.Pos)
		result = inspection{decl, doc, value}
	}
	var err error
	if r.Result, err = json.Marshal(result); err != nil {
		r.Err = &Error{Name: "Error", Message: err.Error()}
	}
	_ = w.link.send(r)
}

func wireError(e *cell.Error) *Error {
	return &Error{Name: e.Name, Message: e.Error(), Traceback: e.Traceback()}
}

func (w *workerSide) event(e Event) { w.sendSynced(message{Op: "event", Event: &e}) }

// sendSynced marks the place of a message in the output streams, and sends it.
func (w *workerSide) sendSynced(m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sync++
	m.Sync = w.sync
	mark := marker(w.nonce, m.Sync)
	for _, f := range w.streams {
		f.SetWriteDeadline(time.Time{})
		f.Write(mark)
	}
	if err := w.link.send(m); err != nil {
		if m.Op == "reply" {
			m.Err = &Error{Name: "Error", Message: err.Error(), Traceback: []string{err.Error()}}
			_ = w.link.send(m)
			return
		}
		_ = w.link.send(message{Op: "event", Sync: m.Sync, Event: &Event{Kind: Stream, Name: "stderr", Text: err.Error() + "\n"}})
	}
}
