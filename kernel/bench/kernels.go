package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter"
)

// What is measured, in the order of the table.
var measures = []string{"start", "trivial cell", "20,000 printed lines", "20 MB image", "interrupt of a loop, variables kept"}

const (
	start = iota
	trivial
	lines
	image
	interrupt
)

const (
	printed  = 20000
	imageRaw = 15 << 20 // bytes; 20 MB as text
	patience = 60 * time.Second
)

// A peer is a kernel that is measured: how it is started, and what its cells are.
type peer struct {
	name, version string
	command       []string // the connection file is appended
	prepare       string   // imports and declarations
	one           string   // the trivial cell
	print         string   // prints numbers below 20,000, a line each
	picture       string   // shows an image/png of imageRaw bytes
	loop          string   // prints a line and does not end
	message       bool     // interrupted by message, else by SIGINT
}

func peers(opt options) []peer {
	return []peer{{
		name: "spindle", command: []string{opt.spindle, "kernel"}, message: true,
		prepare: "import \"fmt\"\nkept := 42\ntype P struct{}\nfunc (P) PNG() []byte { return make([]byte, 15<<20) }",
		one:     "1 + 1", print: "for i := range 20000 { fmt.Println(i) }", picture: "P{}",
		loop: "fmt.Println(\"running\")\nfor {\n}",
	}, {
		name: "ipykernel", version: version(opt.python), command: []string{opt.python, "-m", "ipykernel_launcher", "-f"},
		prepare: "from IPython.display import Image\nkept = 42",
		one:     "1 + 1", print: "for i in range(20000): print(i)", picture: "Image(data=bytes(15<<20), format='png')",
		loop: "print('running', flush=True)\nwhile True: pass",
	}, {
		name: "gophernotes", version: "0.7.5", command: []string{opt.gophernotes},
		prepare: "import \"fmt\"\nkept := 42",
		one:     "1 + 1", print: "for i := 0; i < 20000; i++ { fmt.Println(i) }", picture: "display.PNG(make([]byte, 15<<20))",
		loop: "fmt.Println(\"running\")\nfor {\n}",
	}}
}

func version(python string) string {
	out, err := exec.Command(python, "-c", "import ipykernel; print(ipykernel.__version__)").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

var (
	errDied    = errors.New("the kernel has ended")
	errAborted = errors.New("aborted")
)

// measure adds one round of every measure.
func (k peer) measure(ctx context.Context, dir string, to []times) error {
	conn, err := jupyter.NewConnection()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "connection.json")
	if err := conn.Write(file); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	cmd := exec.CommandContext(ctx, k.command[0], append(k.command[1:], file)...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "IPYTHONDIR="+dir, "JUPYTER_PLATFORM_DIRS=0")
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	cl, err := connect(conn, ended)
	if err != nil {
		return err
	}
	defer cl.Close()
	to[start].add(time.Since(begin), nil)
	if _, err := k.cell(cl, k.prepare); err != nil {
		return err
	}
	for range 5 {
		begin = time.Now()
		_, err = k.cell(cl, k.one)
		to[trivial].add(time.Since(begin), err)
	}
	begin = time.Now()
	out, err := k.cell(cl, k.print)
	to[lines].add(time.Since(begin), err)
	if n := strings.Count(text(out), "\n"); err == nil && n != printed {
		return fmt.Errorf("%d of %d lines came", n, printed)
	}
	begin = time.Now()
	out, err = k.cell(cl, k.picture)
	to[image].add(time.Since(begin), err)
	if n := pictureSize(out); err == nil && n < imageRaw {
		return fmt.Errorf("the image has %d bytes", n)
	}
	d, err := k.interrupted(cl, cmd.Process, ended)
	to[interrupt].add(d, err)
	return nil
}

func (t *times) add(d time.Duration, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "  ", err)
	}
	switch {
	case errors.Is(err, errDied):
		t.dead++
	case err != nil:
		t.silent++
	default:
		t.all = append(t.all, d)
	}
}

// connect dials until the kernel answers.
func connect(conn *jupyter.Connection, ended <-chan struct{}) (*jupyter.Client, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if cl, err := jupyter.Dial(conn); err == nil {
			if err = cl.Ready(patience); err == nil {
				return cl, nil
			}
			cl.Close()
		}
		select {
		case <-ended:
			return nil, errDied
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("no answer within %v", patience)
}

// cell runs a cell and returns its output; a cell that fails is an error.
func (k peer) cell(cl *jupyter.Client, code string) ([]*jupyter.Message, error) {
	reply, out, err := cl.Do(jupyter.Shell, "execute_request", map[string]any{"code": code, "silent": false}, patience)
	if err != nil {
		return nil, err
	}
	var c struct{ Status, Evalue string }
	if reply.Get(&c); c.Status == "aborted" {
		return nil, errAborted
	} else if c.Status != "ok" {
		return nil, fmt.Errorf("%q: %s %s", code, c.Status, c.Evalue)
	}
	return out, nil
}

// interrupted measures from the interrupt of a running loop to the end of its
// cell, after which a variable from before must be there.
func (k peer) interrupted(cl *jupyter.Client, p *os.Process, ended <-chan struct{}) (time.Duration, error) {
	id, err := cl.Send(jupyter.Shell, "execute_request", map[string]any{"code": k.loop, "silent": false}) // ipykernel takes none without silent
	if err != nil {
		return 0, err
	}
	for {
		m, err := cl.Recv(jupyter.IOPub, 5*time.Second)
		if err != nil || m.Header.Type == "stream" {
			break // gophernotes may keep the line until the cell has ended
		}
	}
	begin := time.Now()
	if k.message {
		_, err = cl.Send(jupyter.Control, "interrupt_request", struct{}{})
	} else {
		err = p.Signal(syscall.SIGINT)
	}
	if err == nil {
		_, _, err = cl.Collect(jupyter.Shell, id, 10*time.Second)
	}
	d := time.Since(begin)
	select {
	case <-ended:
		return 0, errDied
	case <-time.After(50 * time.Millisecond):
	}
	if err != nil {
		return 0, err
	}
	out, err := k.cell(cl, "kept")
	for range 20 {
		if !errors.Is(err, errAborted) {
			break
		}
		time.Sleep(50 * time.Millisecond) // still emptying its queue
		out, err = k.cell(cl, "kept")
	}
	if err == nil && text(out) != "42" {
		err = fmt.Errorf("after the interrupt kept is %q", text(out))
	}
	return d, err
}

type output struct {
	Text string            `json:"text"`
	Data map[string]string `json:"data"`
}

// text joins what a cell printed, and its value.
func text(list []*jupyter.Message) string {
	var b strings.Builder
	for _, m := range list {
		var o output
		m.Get(&o)
		b.WriteString(o.Text)
		b.WriteString(o.Data["text/plain"])
	}
	return b.String()
}

func pictureSize(list []*jupyter.Message) int {
	n := 0
	for _, m := range list {
		var o output
		m.Get(&o)
		n += len(o.Data["image/png"])
	}
	return n
}
