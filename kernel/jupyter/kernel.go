// Package jupyter speaks Jupyter's kernel protocol, version 5.4: connection
// file, signed messages, the five sockets, and the kernelspec. It knows nothing
// of Go code; a [Backend] runs the cells.
//
// Shell requests that run code wait for each other; all others, and everything
// on the control socket, are answered at once, also while a cell runs.
//
// A program's kernel command does:
//
//	c, err := jupyter.ReadConnection(path)
//	s, err := session.Start(session.Config{})
//	k, err := jupyter.New(c, s, jupyter.Options{Info: jupyter.Info{...}, History: jupyter.NewHistory(jupyter.DefaultHistory())})
//	err = k.Run(ctx) // SIGINT should call k.Interrupt, SIGTERM end ctx
//
// and its kernelspec, written by [Spec.Install], starts it with
// []string{"kernel", "{connection_file}"}.
package jupyter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter/zmtp"
	"github.com/spindle-lab/spindle/kernel/session"
)

// A Backend runs cells and knows about code. Positions are byte offsets.
type Backend interface {
	Eval(ctx context.Context, n int, code string, out func(session.Event)) error
	Interrupt()
	// Input answers an input event; ok is false if the client gives no input.
	Input(text string, ok bool)
	Complete(ctx context.Context, code string, pos int) (Completion, error)
	// Inspect returns the MIME bundle about what stands at pos, nil if nothing is known.
	Inspect(ctx context.Context, code string, pos, detail int) (map[string]any, error)
	// IsComplete returns complete, incomplete, invalid or unknown, and the
	// indent of the next line.
	IsComplete(code string) (status, indent string)
	Close() error
}

// A Completion replaces a part of the code by one of its matches.
type Completion = session.Completion

// Info is what the kernel says about itself.
type Info struct {
	Implementation string
	Version        string
	Language       map[string]any // language_info
	Banner         string
	Help           []HelpLink
}

// A HelpLink is an entry of a front end's help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Options of a kernel.
type Options struct {
	Info    Info
	History *History    // nil: kept in memory
	Log     *log.Logger // nil: nothing is logged
}

// A Kernel serves clients.
type Kernel struct {
	opt     Options
	backend Backend
	sign    *signer
	session string
	log     *log.Logger
	hist    *History
	linger  time.Duration // how long the end may wait for what is queued, and then for the backend

	shell, control, stdin, iopub, heart *zmtp.Socket

	pubMu sync.Mutex // keeps what is published in order

	mu       sync.Mutex
	count    int      // execution count
	running  *Message // the execute request being run
	queue    []request
	wake     chan struct{}
	cancel   context.CancelFunc // of the running cell
	stop     chan struct{}      // asks Run to end; a restart is a new process, started by the front end
	ended    chan struct{}      // closed when Run ends
	stopped  bool
	inputFor string // identity of the client whose input_reply is awaited
	asked    int    // questions so far
}

type request struct {
	m    *Message
	to   func(m *Message)
	from string // the client's identity on its sockets
}

// New opens the sockets of a connection.
func New(c *Connection, backend Backend, opt Options) (*Kernel, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	k := &Kernel{opt: opt, backend: backend, sign: &signer{[]byte(c.Key)}, session: newID(), log: opt.Log, hist: opt.History, linger: 500 * time.Millisecond,
		wake: make(chan struct{}, 1), stop: make(chan struct{}, 1), ended: make(chan struct{})}
	if k.log == nil {
		k.log = log.New(io.Discard, "", 0)
	}
	if k.hist == nil {
		k.hist = NewHistory("")
	}
	for _, s := range []struct {
		to   **zmtp.Socket
		kind string
		port int
		name string
	}{
		{&k.heart, "REP", c.Heartbeat, "hb_port"}, {&k.iopub, "XPUB", c.IOPub, "iopub_port"}, {&k.control, "ROUTER", c.Control, "control_port"},
		{&k.stdin, "ROUTER", c.Stdin, "stdin_port"}, {&k.shell, "ROUTER", c.Shell, "shell_port"},
	} {
		sock, err := zmtp.Listen(s.kind, c.endpoint(s.port))
		if err != nil {
			k.closeSockets(0)
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, fmt.Errorf("%s: %w by another program: start the kernel again, for Jupyter to choose other ports", s.name, err)
			}
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		*s.to = sock
	}
	return k, nil
}

func (k *Kernel) closeSockets(wait time.Duration) {
	// What is published last must not be lost behind the replies.
	for _, s := range []*zmtp.Socket{k.iopub, k.shell, k.control, k.stdin, k.heart} {
		if s != nil {
			s.Close(wait)
		}
	}
}

// Run serves until a shutdown request, the end of ctx, or the end of the
// process that started the kernel.
func (k *Kernel) Run(ctx context.Context) error {
	go k.serve(k.shell, k.onShell)
	go k.serve(k.control, k.onControl)
	go k.serve(k.stdin, k.onStdin)
	go k.executeAll()
	k.status(nil, "starting")
	orphan := watchParent(ctx)
	select {
	case <-k.stop:
	case <-ctx.Done():
	case <-orphan:
		k.log.Print("the parent process has ended")
	}
	k.mu.Lock()
	k.stopped = true
	cancel := k.cancel
	k.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	close(k.ended)
	k.hist.Close()
	done := make(chan struct{})
	go func() {
		k.backend.Close()
		close(done)
	}()
	k.closeSockets(k.linger)
	select {
	case <-done:
	case <-time.After(2 * k.linger):
	}
	return nil
}

// watchParent returns a channel that is closed when the process that started
// the kernel has ended.
func watchParent(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{})
	if os.Getenv("JPY_PARENT_PID") == "" {
		return ch
	}
	parent := os.Getppid()
	go func() {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if os.Getppid() != parent {
					close(ch)
					return
				}
			}
		}
	}()
	return ch
}

// serve reads a socket. What is damaged or wrongly signed is dropped.
func (k *Kernel) serve(s *zmtp.Socket, handle func(*Message, func(*Message))) {
	seen := newReplayGuard()
	for {
		zm, err := s.Recv()
		if err != nil {
			return
		}
		m, err := k.sign.decode(zm.Frames)
		if err != nil {
			k.log.Print(err)
			continue
		}
		if len(k.sign.key) > 0 && seen.twice(m.Header.ID) {
			k.log.Printf("jupyter: message %.40q came twice", m.Header.ID)
			continue
		}
		m.from = zm.From
		reply := func(r *Message) {
			r.Identities = m.Identities
			frames, err := k.sign.encode(r)
			if err != nil {
				k.log.Print(err)
				return
			}
			s.Send(zm.From, frames)
		}
		k.guard(m, func() { handle(m, reply) })
	}
}

// guard keeps a mistake of ours in one handler from ending the kernel.
func (k *Kernel) guard(m *Message, f func()) {
	defer func() {
		if r := recover(); r != nil {
			k.log.Printf("jupyter: %s: panic: %v", m.Header.Type, r)
		}
	}()
	f()
}

// message makes an answer to a parent, which may be nil.
func (k *Kernel) message(parent *Message, typ string, content any) *Message {
	data, ok := content.(written)
	if !ok {
		var err error
		if data, err = json.Marshal(content); err != nil {
			k.log.Printf("jupyter: %s: %v", typ, err)
			data = []byte("{}")
		}
	}
	m := &Message{
		Header:  Header{ID: newID(), Type: typ, Username: "kernel", Session: k.session, Date: now(), Version: ProtocolVersion},
		Content: json.RawMessage(data),
	}
	if parent != nil {
		m.Parent = parent.rawHeader
	}
	return m
}

// publish sends a message to all clients.
func (k *Kernel) publish(parent *Message, typ string, content any) {
	k.pubMu.Lock()
	defer k.pubMu.Unlock()
	m := k.message(parent, typ, content)
	m.Identities = [][]byte{[]byte("kernel." + k.session + "." + typ)}
	frames, err := k.sign.encode(m)
	if err != nil {
		k.log.Print(err)
		return
	}
	k.iopub.Publish(frames)
}

func (k *Kernel) status(parent *Message, state string) {
	k.publish(parent, "status", map[string]any{"execution_state": state})
}

// aside answers a request that runs no code, between busy and idle. While a
// cell runs, front ends are told again that it does.
func (k *Kernel) aside(m *Message, to func(*Message), answer func() (string, any)) {
	k.status(m, "busy")
	typ, content := answer()
	if typ != "" {
		to(k.message(m, typ, content))
	}
	k.status(m, "idle")
	// Under the lock, or the cell could end, and say so, between look and word.
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running != nil {
		k.status(k.running, "busy")
	}
}

func (k *Kernel) onControl(m *Message, to func(*Message)) {
	switch m.Header.Type {
	case "shutdown_request":
		k.shutdown(m, to)
	case "execute_request":
		k.log.Print("jupyter: execute_request on the control socket")
		k.aside(m, to, nothing)
	default:
		k.other(m, to)
	}
}

func nothing() (string, any) { return "", nil }

// Interrupt stops the running cell.
func (k *Kernel) Interrupt() {
	k.mu.Lock()
	running := k.running != nil
	k.mu.Unlock()
	if running {
		k.backend.Interrupt()
	}
}

func (k *Kernel) shutdown(m *Message, to func(*Message)) {
	var c struct {
		Restart bool `json:"restart"`
	}
	_ = json.Unmarshal(m.Content, &c)
	k.aside(m, to, func() (string, any) {
		return "shutdown_reply", map[string]any{"status": "ok", "restart": c.Restart}
	})
	select {
	case k.stop <- struct{}{}:
	default:
	}
}

func (k *Kernel) onShell(m *Message, to func(*Message)) {
	switch m.Header.Type {
	case "execute_request":
		k.mu.Lock()
		k.queue = append(k.queue, request{m, to, m.from})
		k.mu.Unlock()
		select {
		case k.wake <- struct{}{}:
		default:
		}
	case "shutdown_request":
		k.shutdown(m, to)
	default:
		k.other(m, to)
	}
}

// other answers requests that may come on either socket. Those that ask the
// worker do not hold up the socket.
func (k *Kernel) other(m *Message, to func(*Message)) {
	switch m.Header.Type {
	case "kernel_info_request":
		k.aside(m, to, k.kernelInfo)
	case "interrupt_request": // VS Code sends it on the shell socket
		k.aside(m, to, func() (string, any) {
			k.Interrupt()
			return "interrupt_reply", map[string]any{"status": "ok"}
		})
	case "complete_request":
		go k.guard(m, func() { k.aside(m, to, func() (string, any) { return k.complete(m) }) })
	case "inspect_request":
		go k.guard(m, func() { k.aside(m, to, func() (string, any) { return k.inspect(m) }) })
	case "is_complete_request":
		k.aside(m, to, func() (string, any) { return k.isComplete(m) })
	case "history_request":
		k.aside(m, to, func() (string, any) { return k.history(m) })
	case "comm_info_request":
		k.aside(m, to, func() (string, any) {
			return "comm_info_reply", map[string]any{"status": "ok", "comms": map[string]any{}}
		})
	case "comm_open":
		var c struct {
			ID string `json:"comm_id"`
		}
		_ = json.Unmarshal(m.Content, &c)
		k.status(m, "busy")
		k.publish(m, "comm_close", map[string]any{"comm_id": c.ID, "data": map[string]any{}})
		k.status(m, "idle")
	default:
		k.aside(m, to, nothing)
	}
}

func (k *Kernel) kernelInfo() (string, any) {
	help := k.opt.Info.Help
	if help == nil {
		help = []HelpLink{}
	}
	return "kernel_info_reply", map[string]any{
		"status":                 "ok",
		"protocol_version":       ProtocolVersion,
		"implementation":         k.opt.Info.Implementation,
		"implementation_version": k.opt.Info.Version,
		"language_info":          k.opt.Info.Language,
		"banner":                 k.opt.Info.Banner,
		"help_links":             help,
		"debugger":               false,
		"supported_features":     []string{},
	}
}

func (k *Kernel) onStdin(m *Message, to func(*Message)) {
	if m.Header.Type != "input_reply" {
		return
	}
	var c struct {
		Value string `json:"value"`
	}
	_ = json.Unmarshal(m.Content, &c)
	k.mu.Lock()
	waiting := k.inputFor != "" && k.inputFor == m.from
	if waiting {
		k.inputFor = ""
	}
	k.mu.Unlock()
	if waiting {
		k.backend.Input(c.Value, true)
	}
}

// A replayGuard remembers the newest message numbers.
type replayGuard struct {
	seen map[string]bool
	ring []string
	at   int
}

func newReplayGuard() *replayGuard {
	return &replayGuard{seen: map[string]bool{}, ring: make([]string, 4096)}
}

func (g *replayGuard) twice(id string) bool {
	if len(id) > 256 {
		id = id[:256]
	}
	if g.seen[id] {
		return true
	}
	delete(g.seen, g.ring[g.at])
	g.ring[g.at] = id
	g.at = (g.at + 1) % len(g.ring)
	g.seen[id] = true
	return false
}
