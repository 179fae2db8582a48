package conformance

import (
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter"
)

// VS Code's Jupyter extension speaks with a kernel by itself, not through
// jupyter_client. It cannot be installed from a package registry; this is a
// client that does what it does otherwise than the front ends that can, as its
// source says (microsoft/vscode-jupyter, src/kernels/raw): it looks whether the
// ports are taken, asks for kernel_info on shell and control at once until
// something is published, runs code of its own that is not counted, keeps
// sending after an error, interrupts on the shell socket, has no heartbeat, and
// ends a kernel by killing first its children, then itself.
func TestVSCode(t *testing.T) {
	l := launch(t, nil)
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.conn.IOPub)))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	cl, err := jupyter.Dial(l.conn)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	l.Client = cl

	// Its tries are half a second apart; each is answered on its own socket.
	published := false
	for pause := 500 * time.Millisecond; !published; pause *= 2 {
		for _, ch := range []jupyter.Channel{jupyter.Control, jupyter.Shell} {
			cl.Send(ch, "kernel_info_request", obj{})
		}
		for _, ch := range []jupyter.Channel{jupyter.Control, jupyter.Shell} {
			if m, err := cl.Recv(ch, wait); err != nil || m.Header.Type != "kernel_info_reply" {
				t.Fatal(m, err)
			}
		}
		_, err := cl.Recv(jupyter.IOPub, pause)
		if published = err == nil; !published && (pause > wait || !errors.Is(err, os.ErrDeadlineExceeded)) {
			t.Fatal(err)
		}
	}

	execute := func(code string, store bool) string {
		id, _ := cl.Send(jupyter.Shell, "execute_request", obj{"code": code, "silent": false, "stop_on_error": false, "allow_stdin": true, "store_history": store})
		return id
	}
	collect := func(id string) (obj, string) {
		t.Helper()
		reply, out, err := cl.Collect(jupyter.Shell, id, wait)
		if err != nil {
			t.Fatal(err)
		}
		return content(reply), text(out)
	}
	if c, _ := collect(execute("import (\"fmt\"; \"os\")", false)); c["status"] != "ok" || c["execution_count"] != 0.0 {
		t.Error("its own code:", c)
	}
	if c, out := collect(execute("kept := os.Getpid()\nkept", true)); c["execution_count"] != 1.0 || out == "" {
		t.Error("the first cell:", c, out)
	}
	bad, good := execute("panic(1)", true), execute("6 * 7", true)
	if c, _ := collect(bad); c["status"] != "error" {
		t.Error(c)
	}
	if c, out := collect(good); c["status"] != "ok" || out != "42" {
		t.Error("after an error that it would handle itself:", c, out)
	}

	id := execute("fmt.Println(\"running\")\nfor {}", true)
	l.until(jupyter.IOPub, "stream")
	for _, typ := range []string{"complete_request", "inspect_request"} {
		if m, _, err := cl.Do(jupyter.Shell, typ, obj{"code": "fmt.Prin", "cursor_pos": 8, "detail_level": 0}, wait); err != nil || content(m)["status"] != "ok" {
			t.Error(typ, m, err)
		}
	}
	// The reply to the interrupt and the one to the cell come in either order.
	interrupt, _ := cl.Send(jupyter.Shell, "interrupt_request", obj{})
	replies := map[string]obj{}
	for range 2 {
		m, err := cl.Recv(jupyter.Shell, wait)
		if err != nil {
			t.Fatal("interrupt on the shell socket: ", err)
		}
		replies[m.ParentID()] = content(m)
	}
	if replies[interrupt]["status"] != "ok" || replies[id]["status"] != "error" {
		t.Error(replies)
	}
	kept, worker := collect(execute("kept", true))
	if kept["status"] != "ok" {
		t.Fatal("after the interrupt:", kept)
	}

	pid, err := strconv.Atoi(worker)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	l.cmd.Process.Signal(syscall.SIGTERM)
	if err := l.ended(); err != nil || l.out.Len() > 0 {
		t.Errorf("%v; the kernel printed %q", err, l.out.String())
	}
	gone(t, worker)
}
