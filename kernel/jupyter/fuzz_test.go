package jupyter

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter/zmtp"
	"github.com/spindle-lab/spindle/kernel/session"
)

// odd is a backend whose cells do what their first letter says.
func odd() *fake {
	var f *fake
	f = newFake(func(ctx context.Context, code string, out func(session.Event)) error {
		if code == "" {
			return nil
		}
		switch rest := code[1:]; code[0] {
		case 'p':
			out(text(rest))
		case 'd':
			data, _ := json.Marshal(obj{"text/plain": rest})
			out(session.Event{Kind: session.Display, Data: data, DisplayID: rest, Update: len(rest)%2 == 0})
		case 'r':
			data, _ := json.Marshal(obj{"text/plain": rest})
			out(session.Event{Kind: session.Result, Data: data})
		case 'e':
			return failure(rest)
		case 'i':
			out(session.Event{Kind: session.Input, Prompt: rest, Password: true})
			select {
			case <-f.input:
			case <-f.interrupted():
			case <-time.After(20 * time.Millisecond):
			}
		case 'f':
			out(session.Event{Kind: session.Failure, Err: failure(rest)})
		}
		return nil
	})
	return f
}

// A target is the kernel that a fuzzing process attacks, and a good client.
type target struct {
	k      *Kernel
	conn   *Connection
	done   chan error
	client *Client
	n      int
	heap   uint64 // bytes in use at the beginning
	gos    int    // goroutines at the beginning
}

func newTarget(t testing.TB) *target {
	t.Helper()
	k, conn := open(t, odd(), func(*Connection) {})
	var err error
	g := &target{k: k, conn: conn, done: make(chan error, 1)}
	go func() { g.done <- k.Run(context.Background()) }()
	if g.client, err = Dial(conn); err != nil {
		t.Fatal(err)
	}
	if err := g.client.Ready(wait); err != nil {
		t.Fatal(err)
	}
	g.heap, g.gos = usage()
	return g
}

func usage() (heap uint64, goroutines int) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

// check asks for signs of life on every socket, and now and then for growth.
func (g *target) check(t testing.TB) {
	t.Helper()
	for _, ch := range []Channel{Shell, Control} {
		if _, pub, err := g.client.Do(ch, "kernel_info_request", obj{}, wait); err != nil {
			t.Fatalf("no answer on channel %d: %v after %v", ch, err, kinds(pub))
		}
	}
	if err := g.client.Beat(wait); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := g.client.Recv(Stdin, 50*time.Microsecond); err != nil {
			break
		}
	}
	if g.n++; g.n%1000 != 0 {
		return
	}
	var heap uint64
	var gos int
	for range 50 { // what is under way may end first
		if heap, gos = usage(); heap < g.heap+128<<20 && gos < g.gos+50 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("after %d messages: %d MB and %d goroutines, at the beginning %d MB and %d", g.n, heap>>20, gos, g.heap>>20, g.gos)
}

var shared struct {
	sync.Mutex
	g *target
}

// FuzzMessages sends messages of all kinds of wrongness on every socket of a
// live kernel: none may end it, hang it, or make it grow.
//
// how: its two lowest bits choose raw frames, a signed message of raw parts, a
// signed message of a type, or one with a wrong signature; then come identity
// frames in front, buffers behind, and bytes on the bare connection.
func FuzzMessages(f *testing.F) {
	types := []string{"kernel_info_request", "execute_request", "complete_request", "inspect_request", "is_complete_request",
		"history_request", "comm_info_request", "comm_open", "comm_msg", "comm_close", "interrupt_request", "shutdown_request",
		"input_reply", "debug_request", "no_such_request"}
	contents := []string{
		`{}`, `null`, `[]`, `5`, `"x"`, `{"code": 5}`, `{"code": null, "silent": "yes", "user_expressions": [1]}`,
		`{"code": "pé😀", "cursor_pos": 2}`, `{"code": "é", "cursor_pos": -7}`, `{"code": "é", "cursor_pos": 1e99}`, `{"code": "dx", "cursor_pos": 1.5}`,
		`{"code": "r1", "user_expressions": {"a": "r2", "b": "e", "c": "i"}}`, `{"code": "i", "allow_stdin": false}`, `{"code": "i", "allow_stdin": true}`,
		`{"code": "known?"}`, `{"code": "??"}`, `{"code": "e", "stop_on_error": null}`, `{"code": "f"}`,
		`{"hist_access_type": "range", "session": -99999999999, "start": -1, "stop": 1e9}`, `{"hist_access_type": "search", "pattern": "*?*?*[", "n": -1}`,
		`{"hist_access_type": "tail", "n": 9999999999}`, `{"comm_id": {"x": []}, "target_name": "\ud800"}`, `{"restart": "perhaps"}`, `{"value": 3}`,
		strings.Repeat("[", 5000), `{"code": "` + strings.Repeat("x", 70000) + `"}`, "{\"code\": \"\xff\xfe\"}", `{`, ``,
	}
	for i, c := range contents {
		f.Add(uint8(i), uint8(2), []byte(types[i%len(types)]), []byte(c), []byte("{}"))
		f.Add(uint8(0), uint8(2|4), []byte("execute_request"), []byte(c), []byte("id"))
	}
	for i, typ := range types {
		for ch := range uint8(6) {
			f.Add(ch, uint8(i%4)|8, []byte(typ), []byte(`{"code": "p", "restart": true}`), []byte(typ))
		}
	}
	header := `{"msg_id": "a", "msg_type": "execute_request", "session": 5, "date": null, "version": []}`
	f.Add(uint8(0), uint8(1), []byte(header), []byte(`{}`), []byte(`null`))
	f.Add(uint8(1), uint8(0), []byte("\xfe<IDS|MSG>\xfe\xfe{}\xfe{}\xfe{}\xfe{}"), []byte{}, []byte{})
	f.Add(uint8(2), uint8(0), []byte("<IDS|MSG>"), []byte{}, []byte{})
	f.Add(uint8(3), uint8(0), []byte("\xfe\xfe\xfe"), []byte{}, []byte{})
	f.Add(uint8(4), uint8(16), []byte("GET / HTTP/1.0\r\n\r\n"), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, socket, how uint8, a, b, c []byte) {
		if len(a)+len(b)+len(c) > 1<<20 {
			t.Skip()
		}
		shared.Lock()
		defer shared.Unlock()
		if shared.g == nil {
			shared.g = newTarget(t)
		}
		g := shared.g
		stops := attack(t, g, socket, how, a, b, c)
		if stops {
			select {
			case <-g.done:
			case <-time.After(wait):
				t.Fatal("shutdown_request did not end the kernel")
			}
			g.client.Close()
			shared.g = nil
			return
		}
		g.check(t)
	})
}

// attack sends one message; stops tells that it rightly ends the kernel.
func attack(t testing.TB, g *target, socket, how uint8, a, b, c []byte) (stops bool) {
	ports := []struct {
		port int
		kind string
	}{{g.conn.Shell, "DEALER"}, {g.conn.Control, "DEALER"}, {g.conn.Stdin, "DEALER"}, {g.conn.IOPub, "SUB"}, {g.conn.Heartbeat, "REQ"}}
	p := ports[int(socket)%len(ports)]
	if how&16 != 0 {
		rw, err := net.Dial("tcp", strings.TrimPrefix(g.conn.endpoint(p.port), "tcp://"))
		if err != nil {
			t.Fatal(err)
		}
		defer rw.Close()
		rw.SetDeadline(time.Now().Add(wait))
		rw.Write(append(a, b...))
		return false
	}
	id := ""
	if how&4 != 0 {
		id = string(c[:min(len(c), 255)])
	}
	z, err := zmtp.Dial(p.kind, g.conn.endpoint(p.port), id)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	frames := craft(g.client.sign, how, a, b, c)
	// By the code under test, but only to know that a shutdown was asked for.
	m, err := g.client.sign.decode(frames)
	stops = err == nil && m.Header.Type == "shutdown_request" && (p.port == g.conn.Shell || p.port == g.conn.Control)
	z.Send(frames)
	if p.kind == "DEALER" && !stops && p.port != g.conn.Stdin {
		// Behind it, on the same connection: answered after it, or cut off.
		z.Send(craft(g.client.sign, 2, []byte("comm_info_request"), []byte("{}"), nil))
		for range 100 {
			frames, err := z.Recv(2 * time.Second)
			if err != nil {
				break
			}
			if m, err := g.client.sign.decode(frames); err == nil && m.Header.Type == "comm_info_reply" {
				break
			}
		}
	}
	return stops
}

func craft(sign *signer, how uint8, a, b, c []byte) [][]byte {
	var front, back [][]byte
	if how&4 != 0 {
		front = bytes.SplitN(c, []byte{0xfe}, 50)
	}
	if how&8 != 0 {
		back = bytes.SplitN(c, []byte{0xfe}, 50)
	}
	if how&3 == 0 {
		return append(append(front, bytes.SplitN(a, []byte{0xfe}, 300)...), back...)
	}
	header, parent := a, c
	if how&3 != 1 {
		header, _ = json.Marshal(Header{ID: newID(), Type: string(a), Session: "fuzz", Version: ProtocolVersion})
		parent = []byte("{}")
	}
	parts := [][]byte{header, parent, []byte("{}"), b}
	signature := sign.sum(parts)
	if how&3 == 3 {
		signature = append([]byte("0"), signature[1:]...)
		signature[5] ^= 1
	}
	frames := append(front, delimiter, signature)
	return append(append(frames, parts...), back...)
}
