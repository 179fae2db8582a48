package jupyter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/session"
)

// A fake runs cells that a test has written in Go.
type fake struct {
	eval  func(ctx context.Context, code string, out func(session.Event)) error
	input chan string // what Input got, "\x00" for no answer

	mu         sync.Mutex
	intr       chan struct{} // closed by Interrupt
	interrupts int
	closed     int
	asked      int // position of the last completion or hover
}

func newFake(eval func(ctx context.Context, code string, out func(session.Event)) error) *fake {
	return &fake{eval: eval, input: make(chan string, 16), intr: make(chan struct{})}
}

func (f *fake) Eval(ctx context.Context, n int, code string, out func(session.Event)) error {
	if f.eval == nil {
		return nil
	}
	return f.eval(ctx, code, out)
}

func (f *fake) Interrupt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.interrupts++
	close(f.intr)
	f.intr = make(chan struct{})
}

// interrupted is closed by the next interrupt.
func (f *fake) interrupted() chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.intr
}

func (f *fake) Input(text string, ok bool) {
	if !ok {
		text = "\x00"
	}
	select {
	case f.input <- text:
	default:
	}
}

// Complete replaces the word before pos by itself and an A.
func (f *fake) Complete(ctx context.Context, code string, pos int) (Completion, error) {
	f.mu.Lock()
	f.asked = pos
	f.mu.Unlock()
	from := strings.LastIndexAny(code[:pos], " .") + 1
	return Completion{From: from, To: pos, Matches: []string{code[from:pos] + "A"}, Types: []string{"function"}}, nil
}

func (f *fake) Inspect(ctx context.Context, code string, pos, detail int) (map[string]any, error) {
	f.mu.Lock()
	f.asked = pos
	f.mu.Unlock()
	if strings.HasPrefix(code, "known") {
		return map[string]any{"text/plain": "it is known"}, nil
	}
	return nil, nil
}

func (f *fake) IsComplete(code string) (status, indent string) { return cell.IsComplete(code) }

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

// A live kernel in this process.
type live struct {
	t    testing.TB
	k    *Kernel
	conn *Connection
	done chan error // Run's end
	stop context.CancelFunc
}

// start serves a backend until the test ends.
func start(t testing.TB, b Backend) *live {
	t.Helper()
	return startWith(t, b, func(*Connection) {})
}

// open makes a kernel at free ports; one that another program has taken
// meanwhile is a reason to choose others.
func open(t testing.TB, b Backend, change func(*Connection)) (*Kernel, *Connection) {
	t.Helper()
	for try := 1; ; try++ {
		conn, err := NewConnection()
		if err != nil {
			t.Fatal(err)
		}
		change(conn)
		k, err := New(conn, b, Options{Info: Info{Implementation: "test", Version: "0", Language: map[string]any{"name": "go"}}})
		if err == nil {
			return k, conn
		}
		if try == 10 || !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// startWith serves at a connection that differs from others.
func startWith(t testing.TB, b Backend, change func(*Connection)) *live {
	t.Helper()
	k, conn := open(t, b, change)
	ctx, stop := context.WithCancel(context.Background())
	k.linger = wait // a slow machine is no reason to lose a reply
	l := &live{t: t, k: k, conn: conn, done: make(chan error, 1), stop: stop}
	go func() {
		l.done <- k.Run(ctx)
		close(l.done)
	}()
	t.Cleanup(func() {
		stop()
		<-l.done
	})
	return l
}

// client connects a client.
func (l *live) client() *Client {
	l.t.Helper()
	cl, err := Dial(l.conn)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(cl.Close)
	if err := cl.Ready(wait); err != nil {
		l.t.Fatal(err)
	}
	for end := time.Now().Add(wait); !l.k.stdin.Connected(cl.session); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatal("the client's stdin is not there")
		}
	}
	return cl
}

// arrived returns when the kernel has all that a client has sent on its shell:
// a socket's messages are taken in their order.
func arrived(t testing.TB, cl *Client) {
	t.Helper()
	id, _ := cl.Send(Shell, "comm_info_request", obj{})
	if _, err := cl.reply(Shell, id, wait); err != nil {
		t.Fatal(err)
	}
}

// wait bounds each step of a test: a failure, never a measurement.
const wait = 2 * time.Minute

// obj is a JSON object.
type obj = map[string]any

// do sends a request and returns the reply's content and what was published,
// each as its type, or for a status its state.
func do(t testing.TB, cl *Client, ch Channel, typ string, content any) (obj, []string, []*Message) {
	t.Helper()
	reply, pub, err := cl.Do(ch, typ, content, wait)
	if err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
	return contentOf(reply), kinds(pub), pub
}

func contentOf(m *Message) obj {
	var c obj
	m.Get(&c)
	return c
}

func kinds(list []*Message) []string {
	var out []string
	for _, m := range list {
		kind := m.Header.Type
		if kind == "status" {
			kind = fmt.Sprint(contentOf(m)["execution_state"])
		}
		out = append(out, kind)
	}
	return out
}

// silence checks that nothing comes on some channels: on Shell and Control
// nothing before the answer to what is asked now, on IOPub nothing that is not
// about that. Stdin answers nothing; there it is a moment's look.
func silence(t testing.TB, cl *Client, channels ...Channel) {
	t.Helper()
	open := map[string]bool{}
	ask := func(ch Channel) {
		id, _ := cl.Send(ch, "comm_info_request", obj{})
		open[id] = true
		if m, err := cl.Recv(ch, wait); err != nil || m.ParentID() != id {
			t.Errorf("unexpected on channel %d: %v %v", ch, m, err)
		}
	}
	for _, ch := range channels {
		switch ch {
		case IOPub:
			ask(Control)
		case Stdin:
			if m, err := cl.Recv(ch, 30*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("unexpected on stdin: %v %v", m, err)
			}
		default:
			ask(ch)
		}
	}
	strict := slices.Contains(channels, IOPub)
	for len(open) > 0 {
		m, err := cl.Recv(IOPub, wait)
		if err != nil {
			t.Fatal(err)
		}
		if !open[m.ParentID()] && strict {
			t.Errorf("unexpected: %s %s", m.Header.Type, m.Content)
		}
		if m.idle() {
			delete(open, m.ParentID())
		}
	}
}

func text(s string) session.Event {
	return session.Event{Kind: session.Stream, Name: "stdout", Text: s}
}

func failure(s string) *session.Error { return &session.Error{Name: "Failed", Message: s} }
