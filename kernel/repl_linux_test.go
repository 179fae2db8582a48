package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a terminal that no window shows.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	fd := int(ours.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100}); err != nil {
		t.Fatal(err)
	}
	if theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// A user at a terminal: prompts, completion, lines given up, a loop that is
// interrupted with its variables kept, and the end by Ctrl-D.
func TestReplTerminal(t *testing.T) {
	ours, theirs := openTerminal(t)
	cmd := exec.Command(os.Args[0], "repl")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	t.Cleanup(func() { cmd.Process.Kill() })
	var (
		mu  sync.Mutex
		all bytes.Buffer
	)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := ours.Read(buf)
			mu.Lock()
			all.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	seen := 0
	// expect waits for a text behind what has been seen.
	expect := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			mu.Lock()
			text := all.String()
			mu.Unlock()
			if i := strings.Index(text[seen:], want); i >= 0 {
				seen += i + len(want)
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %q in %q", want, text[seen:])
			}
		}
	}
	typed := func(s string) {
		t.Helper()
		if _, err := ours.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	expect("In[1]: ")
	typed("speed := 41\r")
	expect("In[2]: ")
	typed("spe\t + 1\r") // the tabulator completes
	expect("speed + 1")
	expect("42")
	expect("In[3]: ")
	typed("for {\r")
	expect("...: ")
	typed("}\x03") // given up
	expect("In[3]: ")
	typed("for {\r")
	expect("...: ")
	typed("}\r")
	time.Sleep(300 * time.Millisecond) // so that it runs
	typed("\x03")
	expect("interrupted")
	expect("In[4]: ")
	typed("speed * 2\r")
	expect("82")
	expect("In[5]: ")
	typed("\x04")
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("Ctrl-D did not end it")
	}
}
