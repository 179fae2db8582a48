package jupyter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter/zmtp"
	"github.com/spindle-lab/spindle/kernel/session"
)

// The known mistakes of Jupyter kernels: the checklist of spec/04, 4.5. Its
// lines, and the tests that hold them, here, in package conformance (c) where
// the program itself is needed, and in package session (s):
//
//	replies on the socket of the request   TestReplyOnTheSocketOfTheRequest
//	control while a cell runs              TestControlWhileACellRuns
//	busy and idle around every request     TestBusyAndIdleAroundEveryRequest, TestNeverBusyAtTheEnd
//	output in order, before the reply      TestOutputInOrder, TestOutputBeforeTheReply, c.TestLiveOrder
//	output of goroutines after idle        TestLateOutput, c.TestLiveOrder, s.TestLateOutput
//	identities echoed, several of them     TestIdentitiesAreEchoed
//	signatures                             TestSignatures
//	short messages                         TestShortMessages, FuzzMessages
//	stopped twice                          TestStopTwice
//	silent, store_history and the others   TestExecuteOptions
//	execution_count                        TestExecutionCount
//	traceback never null                   TestTracebackIsNeverNull
//	cursor_pos in code points              TestCursorInCodePoints
//	20 MB image; 100,000 prints            TestBigImage, c.TestLiveBigDisplay, c.TestManyPrints
//	heartbeat                              TestHeartbeatWhileBusy, c.TestLiveHeartbeat
//	shutdown, SIGTERM, death of parent     TestShutdown, c.TestLiveEnd
//	interrupts                             TestInterrupt, c.TestLiveInterrupt, s.TestInterruptDeafCode
//	two clients, the kernel's session      TestTwoClients, TestDeafAndDeadClients
//	nothing of its own in the streams      c.TestLiveLog
//	odd JSON                               c.TestLiveOddJSON

// Replies come on the socket of the request, and on no other.
func TestReplyOnTheSocketOfTheRequest(t *testing.T) {
	cl := start(t, newFake(nil)).client()
	for ch, other := range map[Channel]Channel{Shell: Control, Control: Shell} {
		for _, typ := range []string{"kernel_info", "comm_info", "history", "is_complete", "complete", "inspect"} {
			reply, _, err := cl.Do(ch, typ+"_request", obj{"code": "1"}, wait)
			if err != nil || reply.Header.Type != typ+"_reply" {
				t.Errorf("%s on %d: %v", typ, ch, err)
			}
		}
		silence(t, cl, other)
	}
	if c, _, _ := do(t, cl, Control, "interrupt_request", obj{}); c["status"] != "ok" {
		t.Error(c)
	}
	silence(t, cl, Shell)
}

// Control, and what runs no code, is answered while a cell runs: here the cell
// ends only after that.
func TestControlWhileACellRuns(t *testing.T) {
	release := make(chan struct{})
	cl := start(t, newFake(func(context.Context, string, func(session.Event)) error { <-release; return nil })).client()
	id, _ := cl.Send(Shell, "execute_request", obj{"code": "wait"})
	for {
		m, err := cl.Recv(IOPub, wait)
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Type == "execute_input" {
			break
		}
	}
	var took []time.Duration
	for range 20 {
		begin := time.Now()
		_, pub, _ := do(t, cl, Control, "kernel_info_request", obj{})
		took = append(took, time.Since(begin))
		if !slices.Equal(pub, []string{"busy", "idle"}) {
			t.Error(pub)
		}
		// A front end that shows one state is told that the cell still runs.
		if m, err := cl.Recv(IOPub, wait); err != nil || m.ParentID() != id || kinds([]*Message{m})[0] != "busy" {
			t.Error("after idle of the other request:", m, err)
		}
	}
	slices.Sort(took)
	t.Logf("control answers within %v to %v, in the median %v; wanted within 50 ms on a quiet machine", took[0], took[19], took[10])
	for _, typ := range []string{"kernel_info_request", "complete_request", "inspect_request", "is_complete_request", "history_request"} {
		do(t, cl, Shell, typ, obj{"code": "1"})
	}
	close(release)
	if _, pub, err := cl.Collect(Shell, id, wait); err != nil || !pub[len(pub)-1].idle() {
		t.Error(err)
	}
	silence(t, cl, IOPub) // nothing says busy after that idle
}

// The last word about a cell is idle, however its end meets the requests that
// are answered meanwhile, each of which says that it still runs: were one to
// look before the end and to speak after it, a front end would show busy for
// ever.
func TestNeverBusyAtTheEnd(t *testing.T) {
	release := make(chan struct{})
	l := start(t, newFake(func(context.Context, string, func(session.Event)) error { <-release; return nil }))
	cl := l.client()
	trials := 200 // a fault shows in one of about fifteen
	if testing.Short() {
		trials = 50
	}
	for trial := range trials {
		id, _ := cl.Send(Shell, "execute_request", obj{"code": "1"})
		for {
			if m, err := cl.Recv(IOPub, wait); err != nil {
				t.Fatal(err)
			} else if m.Header.Type == "execute_input" {
				break
			}
		}
		var asking sync.WaitGroup
		var ended atomic.Bool
		begun := make(chan struct{}, 2)
		for n := range cap(begun) {
			m := &Message{Header: Header{ID: fmt.Sprint(n), Type: "kernel_info_request"}, rawHeader: fmt.Appendf(nil, `{"msg_id": "%d"}`, n)}
			asking.Go(func() {
				for i := 0; i < 100 && !ended.Load(); i++ {
					l.k.onControl(m, func(*Message) {})
					if i == 0 {
						begun <- struct{}{}
					}
				}
			})
		}
		for range cap(begun) {
			<-begun
		}
		release <- struct{}{}
		read := func(until string) {
			for {
				m, err := cl.Recv(IOPub, wait)
				if err != nil {
					t.Fatal(err)
				}
				if ended.Load() && m.ParentID() == id {
					t.Fatalf("trial %d: after idle of the cell: %s", trial, m.Content)
				}
				if m.idle() && m.ParentID() == until {
					return
				}
			}
		}
		read(id)
		ended.Store(true)
		asking.Wait()
		last, _ := cl.Send(Control, "comm_info_request", obj{})
		read(last)
		if _, err := cl.reply(Shell, id, wait); err != nil {
			t.Fatal(err)
		}
	}
}

// Busy and idle are around every request, also one that nobody knows.
func TestBusyAndIdleAroundEveryRequest(t *testing.T) {
	cl := start(t, newFake(nil)).client()
	for _, ch := range []Channel{Shell, Control} {
		for _, typ := range []string{"kernel_info_request", "execute_request", "complete_request", "inspect_request", "is_complete_request",
			"history_request", "comm_info_request", "comm_open", "comm_msg", "comm_close", "interrupt_request", "debug_request",
			"connect_request", "create_subshell_request", "no_such_request", "kernel_info_reply"} {
			id, _ := cl.Send(ch, typ, obj{"code": "1", "comm_id": "c"})
			var got []string
			for len(got) == 0 || got[len(got)-1] != "idle" {
				m, err := cl.Recv(IOPub, wait)
				if err != nil {
					t.Fatalf("%s: %v after %v", typ, err, got)
				}
				if m.ParentID() == id {
					got = append(got, kinds([]*Message{m})...)
				}
			}
			if got[0] != "busy" {
				t.Errorf("%s: %v", typ, got)
			}
		}
	}
}

// Output comes in its order, between busy and idle.
func TestOutputInOrder(t *testing.T) {
	cl := start(t, newFake(func(_ context.Context, _ string, out func(session.Event)) error {
		out(text("a"))
		out(session.Event{Kind: session.Stream, Name: "stderr", Text: "b"})
		out(session.Event{Kind: session.Display, Data: json.RawMessage(`{"text/plain": "c"}`), DisplayID: "d"})
		out(session.Event{Kind: session.Display, Data: json.RawMessage(`{"text/plain": "e"}`), DisplayID: "d", Update: true})
		out(session.Event{Kind: session.Clear, Wait: true})
		out(text("f"))
		out(session.Event{Kind: session.Result, Data: json.RawMessage(`{"text/plain": "g"}`)})
		return nil
	})).client()
	_, got, pub := do(t, cl, Shell, "execute_request", obj{"code": "1"})
	want := []string{"busy", "execute_input", "stream", "stream", "display_data", "update_display_data", "clear_output", "stream", "execute_result", "idle"}
	if !slices.Equal(got, want) {
		t.Error(got)
	}
	for i, m := range pub[4:6] {
		c := contentOf(m)
		if !reflect.DeepEqual(c["transient"], obj{"display_id": "d"}) || c["metadata"] == nil {
			t.Error(i, c)
		}
	}
}

// All output is on its way, in its order, when the reply is sent; idle comes
// behind the reply.
func TestOutputBeforeTheReply(t *testing.T) {
	l := start(t, newFake(func(_ context.Context, code string, out func(session.Event)) error {
		out(text("a"))
		out(session.Event{Kind: session.Result, Data: json.RawMessage(`{"text/plain": "b"}`)})
		if code == "fail" {
			return failure("no")
		}
		return nil
	}))
	cl := l.client()
	for code, want := range map[string][]string{
		"1":    {"busy", "execute_input", "stream", "execute_result", "the reply", "idle"},
		"fail": {"busy", "execute_input", "stream", "execute_result", "error", "the reply", "idle"},
	} {
		id := newID()
		m := &Message{Header: Header{ID: id, Type: "execute_request"}, rawHeader: json.RawMessage(`{"msg_id": "` + id + `"}`), Content: json.RawMessage(`{"code": "` + code + `"}`)}
		l.k.onShell(m, func(*Message) { l.k.publish(m, "the reply", obj{}) }) // where it is sent, as published
		var got []string
		for len(got) == 0 || got[len(got)-1] != "idle" {
			m, err := cl.Recv(IOPub, wait)
			if err != nil {
				t.Fatal(err, got)
			}
			if m.ParentID() == id {
				got = append(got, kinds([]*Message{m})...)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v", code, got)
		}
	}
}

// Output that comes after its cell belongs to that cell, until another runs.
func TestLateOutput(t *testing.T) {
	var late func(session.Event)
	cl := start(t, newFake(func(_ context.Context, _ string, out func(session.Event)) error { late = out; return nil })).client()
	id, _ := cl.Send(Shell, "execute_request", obj{"code": "go f()"})
	if _, _, err := cl.Collect(Shell, id, wait); err != nil {
		t.Fatal(err)
	}
	late(text("late"))
	m, err := cl.Recv(IOPub, wait)
	if err != nil || m.ParentID() != id || contentOf(m)["text"] != "late" {
		t.Errorf("%+v %v", m, err)
	}
	// Also after a request with user expressions.
	id, _ = cl.Send(Shell, "execute_request", obj{"code": "go f()", "user_expressions": obj{"x": "1"}})
	if _, _, err := cl.Collect(Shell, id, wait); err != nil {
		t.Fatal(err)
	}
	late(text("later"))
	if m, err := cl.Recv(IOPub, wait); err != nil || m.ParentID() != id || contentOf(m)["text"] != "later" {
		t.Errorf("%+v %v", m, err)
	}
}

// All identity frames of a request are in front of its reply.
func TestIdentitiesAreEchoed(t *testing.T) {
	l := start(t, newFake(nil))
	cl := l.client()
	for _, ids := range []string{"", "one", "one|two||three"} {
		z, err := zmtp.Dial("DEALER", l.conn.endpoint(l.conn.Shell), "")
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		front := bytes.Split([]byte(ids), []byte("|"))
		z.Send(append(front, craft(cl.sign, 2, []byte("kernel_info_request"), []byte("{}"), nil)...))
		got, err := z.Recv(wait)
		if err != nil || len(got) != len(front)+6 || string(bytes.Join(got[:len(front)], []byte("|"))) != ids {
			t.Errorf("%q: %q %v", ids, got, err)
		}
	}
}

// A message with a wrong signature, or that came before, is dropped; buffers
// are not signed; without a key nothing is.
func TestSignatures(t *testing.T) {
	l := start(t, newFake(nil))
	cl := l.client()
	good := craft(cl.sign, 2, []byte("kernel_info_request"), []byte("{}"), nil)
	bad := func(change func(frames [][]byte)) [][]byte {
		frames := craft(cl.sign, 2, []byte("kernel_info_request"), []byte("{}"), nil)
		change(frames)
		return frames
	}
	send := func(frames [][]byte) { cl.ch[Shell].Send(frames) }
	send(bad(func(f [][]byte) { f[1] = nil }))
	send(bad(func(f [][]byte) { f[1] = bytes.ToUpper(f[1]) }))
	send(bad(func(f [][]byte) { f[1][63] ^= 1 }))
	send(bad(func(f [][]byte) { f[1] = f[1][:32] }))
	send(bad(func(f [][]byte) { f[5] = []byte(`{"x": 1}`) }))
	send(craft(cl.sign, 3, []byte("shutdown_request"), []byte("{}"), nil))
	silence(t, cl, Shell, Control, IOPub)
	send(append(good, []byte("a buffer")))
	if _, err := cl.Recv(Shell, wait); err != nil {
		t.Fatal("with a buffer:", err)
	}
	send(good)
	silence(t, cl, Shell) // a replay

	l = startWith(t, newFake(nil), func(c *Connection) { c.Key = "" })
	cl = l.client()
	send(bad(func(f [][]byte) { f[1] = []byte("anything") }))
	if _, err := cl.Recv(Shell, wait); err != nil {
		t.Error("without a key:", err)
	}
	l.conn.Key, l.conn.Scheme = "k", "hmac-md5"
	if _, err := New(l.conn, newFake(nil), Options{}); err == nil || !strings.Contains(err.Error(), "hmac-sha256") {
		t.Error(err)
	}
}

// Too few frames, no delimiter, or what is no JSON object: dropped.
func TestShortMessages(t *testing.T) {
	cl := start(t, newFake(nil)).client()
	good := craft(cl.sign, 2, []byte("kernel_info_request"), []byte("{}"), nil)
	for _, ch := range []Channel{Shell, Control, Stdin} {
		for n := 1; n < len(good); n++ {
			cl.ch[ch].Send(good[:n])
			cl.ch[ch].Send(good[n:])
		}
		for _, header := range []string{"", "5", "null", "[]", "{}", `{"msg_id": "", "msg_type": "x"}`, `{"msg_id": 5, "msg_type": "kernel_info_request"}`,
			`{"msg_id": "long", "msg_type": "kernel_info_request", "x": "` + strings.Repeat("x", maxHeader) + `"}`, "{\"msg_id\": \"\xff\", \"msg_type\": \"x\"}"} {
			cl.ch[ch].Send(craft(cl.sign, 1, []byte(header), []byte("{}"), nil))
		}
		for _, content := range []string{"", "5", "null", "[]", "{"} {
			cl.ch[ch].Send(craft(cl.sign, 2, []byte("kernel_info_request"), []byte(content), nil))
		}
	}
	silence(t, cl, Shell, Control, IOPub)
	do(t, cl, Shell, "kernel_info_request", obj{})
}

// Stopping twice, in whatever way, is stopping once.
func TestStopTwice(t *testing.T) {
	b := newFake(nil)
	l := start(t, b)
	cl := l.client()
	for range 3 {
		cl.Send(Control, "shutdown_request", obj{"restart": false})
		cl.Send(Shell, "shutdown_request", obj{"restart": false})
	}
	l.stop()
	select {
	case <-l.done:
	case <-time.After(wait):
		t.Fatal("it does not stop")
	}
	l.stop()
	l.k.closeSockets(0)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed != 1 {
		t.Errorf("the backend was closed %d times", b.closed)
	}
}

func TestExecuteOptions(t *testing.T) {
	var input string
	release := make(chan struct{})
	var b *fake
	b = newFake(func(ctx context.Context, code string, out func(session.Event)) error {
		switch code {
		case "fail":
			return failure("no")
		case "fail later":
			<-release
			return failure("no")
		case "ask":
			out(session.Event{Kind: session.Input, Prompt: "?", Password: true})
			input = <-b.input
		default:
			out(text(code))
			out(session.Event{Kind: session.Result, Data: json.RawMessage(`{"text/plain": "` + code + `"}`)})
		}
		return nil
	})
	cl := start(t, b).client()

	// All fields are optional.
	c, pub, _ := do(t, cl, Shell, "execute_request", obj{})
	if c["status"] != "ok" || c["execution_count"] != 1.0 || !slices.Equal(pub, []string{"busy", "execute_input", "stream", "execute_result", "idle"}) {
		t.Error(c, pub)
	}
	// silent: neither input nor result, no count, no history; an error only in the reply.
	c, pub, _ = do(t, cl, Shell, "execute_request", obj{"code": "x", "silent": true, "store_history": true})
	if c["execution_count"] != 1.0 || !slices.Equal(pub, []string{"busy", "stream", "idle"}) {
		t.Error(c, pub)
	}
	c, pub, _ = do(t, cl, Shell, "execute_request", obj{"code": "fail", "silent": true})
	if c["status"] != "error" || c["ename"] != "Failed" || !slices.Equal(pub, []string{"busy", "idle"}) {
		t.Error(c, pub)
	}
	// store_history.
	c, _, _ = do(t, cl, Shell, "execute_request", obj{"code": "unstored", "store_history": false})
	if c["execution_count"] != 1.0 {
		t.Error(c)
	}
	c, _, _ = do(t, cl, Shell, "execute_request", obj{"code": "stored"})
	if c["execution_count"] != 2.0 {
		t.Error(c)
	}
	c, _, _ = do(t, cl, Shell, "history_request", obj{"hist_access_type": "tail", "n": 10, "output": false, "raw": true})
	if got := fmt.Sprint(c["history"]); got != "[[1 1 ] [1 2 stored]]" {
		t.Error(got)
	}
	// user_expressions, each for itself, and none after an error.
	c, pub, _ = do(t, cl, Shell, "execute_request", obj{"code": "y", "user_expressions": obj{"a": "z", "b": "fail"}})
	e, _ := c["user_expressions"].(obj)
	if e == nil || fmt.Sprint(e["a"].(obj)["data"]) != "map[text/plain:z]" || e["b"].(obj)["status"] != "error" || e["b"].(obj)["evalue"] != "no" {
		t.Error(c)
	}
	if !slices.Equal(pub, []string{"busy", "execute_input", "stream", "execute_result", "stream", "idle"}) {
		t.Error(pub) // an expression's result is in the reply only
	}
	// allow_stdin.
	c, _, _ = do(t, cl, Shell, "execute_request", obj{"code": "ask", "allow_stdin": false})
	if c["status"] != "ok" || input != "\x00" {
		t.Errorf("%v %q", c, input)
	}
	silence(t, cl, Stdin)
	id, _ := cl.Send(Shell, "execute_request", obj{"code": "ask"})
	m, err := cl.Recv(Stdin, wait)
	if err != nil || m.ParentID() != id || m.Header.Type != "input_request" || !reflect.DeepEqual(contentOf(m), obj{"prompt": "?", "password": true}) {
		t.Fatalf("%+v %v", m, err)
	}
	cl.Send(Stdin, "input_reply", obj{"value": "answer"})
	if _, _, err := cl.Collect(Shell, id, wait); err != nil || input != "answer" {
		t.Errorf("%q %v", input, err)
	}
	// stop_on_error: what has come by the time that the request fails is aborted.
	for _, stop := range []any{true, nil, false} {
		want := []string{"error", "aborted", "aborted"}
		if stop == false {
			want = []string{"error", "ok", "error"}
		}
		var ids []string
		for _, code := range []string{"fail later", "x", "fail"} {
			content := obj{"code": code}
			if stop != nil {
				content["stop_on_error"] = stop
			}
			id, _ := cl.Send(Shell, "execute_request", content)
			ids = append(ids, id)
		}
		arrived(t, cl)
		release <- struct{}{}
		for i, id := range ids {
			reply, pub, err := cl.Collect(Shell, id, wait)
			if err != nil || contentOf(reply)["status"] != want[i] {
				t.Fatalf("stop_on_error %v: request %d: %v %v", stop, i, contentOf(reply), err)
			}
			if k := kinds(pub); want[i] == "aborted" && !slices.Equal(k, []string{"busy", "idle"}) {
				t.Error(k)
			}
		}
		// And what comes after is run.
		if c, _, _ := do(t, cl, Shell, "execute_request", obj{"code": "x"}); c["status"] != "ok" {
			t.Error(c)
		}
	}
	// What is of a wrong type is an error of the request.
	c, _, _ = do(t, cl, Shell, "execute_request", obj{"code": 5})
	if c["status"] != "error" || c["ename"] != "ProtocolError" {
		t.Error(c)
	}
}

// One number in input, reply and result, that only grows.
func TestExecutionCount(t *testing.T) {
	cl := start(t, newFake(func(_ context.Context, code string, out func(session.Event)) error {
		out(session.Event{Kind: session.Result, Data: json.RawMessage(`{"text/plain": "1"}`)})
		if code == "fail" {
			return failure("")
		}
		return nil
	})).client()
	for n, code := range []string{"a", "fail", "b"} {
		c, _, pub := do(t, cl, Shell, "execute_request", obj{"code": code})
		for _, c := range []obj{c, contentOf(pub[1]), contentOf(pub[2])} {
			if c["execution_count"] != float64(n+1) {
				t.Error(n, c)
			}
		}
		if contentOf(pub[1])["code"] != code {
			t.Error(contentOf(pub[1]))
		}
	}
}

// A traceback is a list, in the reply and in the output, also without lines.
func TestTracebackIsNeverNull(t *testing.T) {
	cl := start(t, newFake(func(context.Context, string, func(session.Event)) error { return failure("no") })).client()
	c, _, pub := do(t, cl, Shell, "execute_request", obj{"code": "a"})
	for _, c := range []obj{c, contentOf(pub[2])} {
		if list, ok := c["traceback"].([]any); !ok || len(list) != 0 || c["ename"] != "Failed" || c["evalue"] != "no" {
			t.Error(c)
		}
	}
	if len(pub) != 4 || pub[2].Header.Type != "error" {
		t.Error(kinds(pub))
	}
}

// cursor_pos counts code points, and so do the answers.
func TestCursorInCodePoints(t *testing.T) {
	b := newFake(nil)
	cl := start(t, b).client()
	const code = "é😀 ab.cd ef"
	for _, c := range []struct{ pos, bytes, from, to int }{
		{8, 12, 6, 8}, {5, 9, 3, 5}, {0, 0, 0, 0}, {-3, 0, 0, 0}, {1000, len(code), 9, 11},
	} {
		got, _, _ := do(t, cl, Shell, "complete_request", obj{"code": code, "cursor_pos": c.pos})
		if b.asked != c.bytes || got["cursor_start"] != float64(c.from) || got["cursor_end"] != float64(c.to) {
			t.Errorf("at %d: byte %d, %v", c.pos, b.asked, got)
		}
		do(t, cl, Shell, "inspect_request", obj{"code": code, "cursor_pos": c.pos})
		if b.asked != c.bytes {
			t.Errorf("inspect at %d: byte %d", c.pos, b.asked)
		}
	}
	// Without a position it is the end.
	do(t, cl, Shell, "complete_request", obj{"code": code})
	if b.asked != len(code) {
		t.Error(b.asked)
	}
}

// An image of 20 MB arrives whole.
func TestBigImage(t *testing.T) {
	picture := strings.Repeat("iVBORw0K", 20<<20/8)
	cl := start(t, newFake(func(_ context.Context, _ string, out func(session.Event)) error {
		out(session.Event{Kind: session.Display, Data: json.RawMessage(`{"image/png": "` + picture + `"}`)})
		return nil
	})).client()
	_, _, pub := do(t, cl, Shell, "execute_request", obj{"code": "a"})
	if data, _ := contentOf(pub[2])["data"].(obj); data["image/png"] != picture {
		t.Error("the image is not what was sent")
	}
}

// The heartbeat does not wait for anything.
func TestHeartbeatWhileBusy(t *testing.T) {
	release := make(chan struct{})
	cl := start(t, newFake(func(_ context.Context, _ string, out func(session.Event)) error {
		for range 5000 {
			out(text(strings.Repeat("x", 1000)))
		}
		<-release
		return nil
	})).client()
	id, _ := cl.Send(Shell, "execute_request", obj{"code": "a"})
	for range 100 {
		if err := cl.Beat(wait); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	if _, _, err := cl.Collect(Shell, id, wait); err != nil {
		t.Error(err)
	}
}

// A shutdown request is answered with its restart flag, then comes idle, then
// the end; also while a cell runs.
func TestShutdown(t *testing.T) {
	for _, ch := range []Channel{Control, Shell} {
		for _, restart := range []bool{false, true} {
			b := newFake(func(ctx context.Context, _ string, _ func(session.Event)) error { <-ctx.Done(); return ctx.Err() })
			l := start(t, b)
			cl := l.client()
			cl.Send(Shell, "execute_request", obj{"code": "for {}"})
			c, pub, _ := do(t, cl, ch, "shutdown_request", obj{"restart": restart})
			if c["restart"] != restart || c["status"] != "ok" || !slices.Equal(pub, []string{"busy", "idle"}) {
				t.Error(c, pub)
			}
			select {
			case err := <-l.done:
				if err != nil || b.closed != 1 {
					t.Error(err, b.closed)
				}
			case <-time.After(wait):
				t.Fatal("it does not end")
			}
		}
	}
}

// An interrupt stops the running cell, however often it comes and on whichever
// socket, and does nothing when none runs.
func TestInterrupt(t *testing.T) {
	var b *fake
	ready := make(chan struct{}, 1)
	b = newFake(func(ctx context.Context, code string, _ func(session.Event)) error {
		if code == "quick" {
			return nil
		}
		ch := b.interrupted()
		ready <- struct{}{}
		<-ch
		return &session.Error{Name: "Interrupt", Message: "interrupted"}
	})
	cl := start(t, b).client()
	for range 3 {
		if c, _, _ := do(t, cl, Control, "interrupt_request", obj{}); c["status"] != "ok" {
			t.Error(c)
		}
	}
	if b.interrupts != 0 {
		t.Errorf("%d interrupts reached the backend while no cell ran", b.interrupts)
	}
	if c, _, _ := do(t, cl, Shell, "execute_request", obj{"code": "quick"}); c["status"] != "ok" {
		t.Error("an interrupt while idle stopped the next cell:", c)
	}
	for _, ch := range []Channel{Control, Shell, Control} {
		replies := map[string]obj{}
		read := func(ch Channel, n int) {
			for range n {
				m, err := cl.Recv(ch, wait)
				if err != nil {
					t.Fatal(err)
				}
				replies[m.ParentID()] = contentOf(m)
			}
		}
		id, _ := cl.Send(Shell, "execute_request", obj{"code": "slow"})
		queued, _ := cl.Send(Shell, "execute_request", obj{"code": "quick"})
		<-ready
		arrived(t, cl)
		// The second may come when the cell has ended: then it does nothing.
		first, _ := cl.Send(ch, "interrupt_request", obj{})
		second, _ := cl.Send(ch, "interrupt_request", obj{})
		read(ch, 2)
		read(Shell, 2)
		if replies[id]["ename"] != "Interrupt" || replies[queued]["status"] != "aborted" || replies[first]["status"] != "ok" || replies[second]["status"] != "ok" {
			t.Errorf("on %d: %v", ch, replies)
		}
	}
}

// Two clients: each gets its own replies, both all that is published; the
// session is the kernel's own; one does not answer what the other is asked.
func TestTwoClients(t *testing.T) {
	var b *fake
	b = newFake(func(_ context.Context, code string, out func(session.Event)) error {
		if code == "ask" {
			out(session.Event{Kind: session.Input})
			out(text(<-b.input))
			return nil
		}
		out(text(code))
		return nil
	})
	l := start(t, b)
	one, two := l.client(), l.client()
	const each = 50
	var ids []string
	for i := range each {
		a, _ := one.Send(Shell, "execute_request", obj{"code": fmt.Sprint("one ", i)})
		b, _ := two.Send(Shell, "execute_request", obj{"code": fmt.Sprint("two ", i)})
		ids = append(ids, a, b)
	}
	for c, cl := range []*Client{one, two} {
		for i := range each {
			m, err := cl.Recv(Shell, wait)
			if err != nil || m.ParentID() != ids[2*i+c] {
				t.Fatalf("client %d, reply %d: %v", c, i, err)
			}
			if m.Header.Session == one.session || m.Header.Session == two.session || m.Header.Session == "" {
				t.Error("the session is", m.Header.Session)
			}
		}
		for idle := 0; idle < 2*each; {
			m, err := cl.Recv(IOPub, wait)
			if err != nil {
				t.Fatalf("client %d: %v after %d", c, err, idle)
			}
			if m.idle() && slices.Contains(ids, m.ParentID()) {
				idle++
			}
		}
	}
	id, _ := one.Send(Shell, "execute_request", obj{"code": "ask"})
	if _, err := one.Recv(Stdin, wait); err != nil {
		t.Fatal(err)
	}
	two.Send(Stdin, "input_reply", obj{"value": "wrong"})
	silence(t, two, Stdin)
	one.Send(Stdin, "input_reply", obj{"value": "right"})
	_, pub, err := one.Collect(Shell, id, wait)
	if err != nil || contentOf(pub[2])["text"] != "right" {
		t.Error(kinds(pub), err)
	}
}

// A client that reads nothing, and one that has gone, cost the others nothing.
func TestDeafAndDeadClients(t *testing.T) {
	var b *fake
	b = newFake(func(_ context.Context, code string, out func(session.Event)) error {
		switch code {
		case "ask":
			out(session.Event{Kind: session.Input})
			out(text(<-b.input))
		case "much":
			for range 200 {
				out(text(strings.Repeat("x", 100<<10)))
			}
		}
		return nil
	})
	l := start(t, b)
	deaf, dead, cl := l.client(), l.client(), l.client()
	for range 20 {
		deaf.Send(Shell, "execute_request", obj{"code": ""})
	}
	// It dies with a question open, and another cell of its has yet to ask.
	dead.Send(Shell, "execute_request", obj{"code": "ask"})
	dead.Send(Shell, "execute_request", obj{"code": "ask"})
	if m, err := dead.Recv(Stdin, wait); err != nil || m.Header.Type != "input_request" {
		t.Fatal(err)
	}
	dead.Close()
	_, _, pub := do(t, cl, Shell, "execute_request", obj{"code": "much"})
	if len(pub) != 203 {
		t.Errorf("%d messages", len(pub))
	}
	if err := cl.Beat(wait); err != nil {
		t.Error(err)
	}
}

// What is asked with ?name or name? is shown in the pager; a name of which
// nothing is known is left to the cell.
func TestPager(t *testing.T) {
	cl := start(t, newFake(func(_ context.Context, code string, out func(session.Event)) error { return failure(code) })).client()
	for _, code := range []string{"?known", "known.x?", " ? known ", "known??\n"} {
		c, pub, _ := do(t, cl, Shell, "execute_request", obj{"code": code})
		want := []any{obj{"source": "page", "start": 0.0, "data": obj{"text/plain": "it is known"}}}
		if c["status"] != "ok" || !reflect.DeepEqual(c["payload"], want) || !slices.Equal(pub, []string{"busy", "execute_input", "idle"}) {
			t.Errorf("%q: %v %v", code, c, pub)
		}
	}
	for _, code := range []string{"unknown?", "?", "// known?", "known", "known\nknown?", "\"known?"} {
		if c, _, _ := do(t, cl, Shell, "execute_request", obj{"code": code}); c["status"] != "error" || c["evalue"] != code {
			t.Errorf("%q: %v", code, c)
		}
	}
}
