package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/spindle-lab/spindle/kernel/session"
)

// An editor reads lines from a terminal, with the arrow keys, the lines of
// before, and completion by the tabulator.
type editor struct {
	s    *session.Session
	keys *keyReader
	t    *term.Terminal
	past string // the lines of the cell before the one that is read

	mu    sync.Mutex
	state *term.State // of the terminal before a line is read, nil if none is
}

func newEditor(s *session.Session) *editor {
	e := &editor{s: s, keys: &keyReader{r: os.Stdin}}
	e.t = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{e.keys, os.Stdout}, "")
	e.t.AutoCompleteCallback = e.complete
	return e
}

// line reads a line. The terminal is raw only meanwhile, so that Ctrl-C is a
// signal while a cell runs.
func (e *editor) line(prompt string) (string, error) {
	if !strings.HasPrefix(strings.TrimSpace(prompt), "...") {
		e.past = ""
	}
	e.t.SetPrompt(prompt)
	l, err := e.raw(e.t.ReadLine)
	if err == nil {
		e.past += l + "\n"
	}
	return l, err
}

func (e *editor) password(prompt string) (string, error) {
	return e.raw(func() (string, error) { return e.t.ReadPassword(prompt) })
}

func (e *editor) raw(read func() (string, error)) (string, error) {
	fd := int(os.Stdin.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	if w, h, err := term.GetSize(fd); err == nil && w > 0 {
		_ = e.t.SetSize(w, h)
	}
	e.t.SetBracketedPasteMode(true)
	e.mu.Lock()
	e.state = state
	e.mu.Unlock()
	l, err := read()
	e.t.SetBracketedPasteMode(false)
	e.restore()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	if e.keys.takeInterrupt() {
		return "", errLine
	}
	return l, err
}

// restore leaves the terminal as it was before a line was read.
func (e *editor) restore() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != nil {
		_ = term.Restore(int(os.Stdin.Fd()), e.state)
		e.state = nil
	}
}

// screen writes to a file, and past the line that is being typed while one is.
type screen struct {
	e *editor
	f *os.File
}

func (s screen) Write(p []byte) (int, error) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if s.e.state != nil {
		return s.e.t.Write(p)
	}
	return s.f.Write(p)
}

func (e *editor) out() io.Writer { return screen{e, os.Stdout} }
func (e *editor) err() io.Writer { return screen{e, os.Stderr} }

// completeTime is how long the tabulator waits for an answer.
const completeTime = 2 * time.Second

// complete answers the tabulator: it inserts what all completions begin with,
// and lists them if that is nothing new.
func (e *editor) complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	before := line[:pos]
	if strings.TrimSpace(before) == "" {
		return before + "\t" + line[pos:], pos + 1, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), completeTime)
	defer cancel()
	off := len(e.past)
	c, err := e.s.Complete(ctx, e.past+line, off+pos)
	if err != nil || len(c.Matches) == 0 || c.From < off || c.From-off > pos {
		return line, pos, true
	}
	head := line[:c.From-off]
	common := commonPrefix(c.Matches)
	if len(c.Matches) > 1 && strings.HasPrefix(line[c.From-off:pos], common) {
		io.WriteString(e.t, columns(c.Matches))
		return line, pos, true
	}
	return head + common + line[pos:], len(head) + len(common), true
}

func commonPrefix(list []string) string {
	p := list[0]
	for _, s := range list[1:] {
		for !strings.HasPrefix(s, p) {
			r := []rune(p)
			p = string(r[:len(r)-1])
		}
	}
	return p
}

// maxListed is how many completions are listed.
const maxListed = 60

// columns lists names over the width of a terminal.
func columns(names []string) string {
	more := ""
	if len(names) > maxListed {
		names, more = names[:maxListed], "…\n"
	}
	width := 0
	for _, n := range names {
		width = max(width, len(n)+2)
	}
	perLine := max(1, 78/width)
	var b strings.Builder
	for i, n := range names {
		b.WriteString(n)
		if i%perLine == perLine-1 || i == len(names)-1 {
			b.WriteByte('\n')
		} else {
			b.WriteString(strings.Repeat(" ", width-len(n)))
		}
	}
	return b.String() + more
}

// A keyReader turns Ctrl-C, which the terminal's reader takes for the end of
// the input, into keys that empty the line and send it, and remembers it.
type keyReader struct {
	r    io.Reader
	left []byte

	mu      sync.Mutex
	pressed bool
}

// emptied are the keys for it: to the end (Ctrl-E), delete all before (Ctrl-U), enter.
const emptied = "\x05\x15\r"

// Read implements [io.Reader].
func (k *keyReader) Read(p []byte) (int, error) {
	if len(k.left) == 0 {
		buf := make([]byte, max(1, len(p)))
		n, err := k.r.Read(buf)
		for _, c := range buf[:n] {
			if c == 3 {
				k.mu.Lock()
				k.pressed = true
				k.mu.Unlock()
				k.left = append(k.left[:0], emptied...) // what was typed before it is void
				continue
			}
			k.left = append(k.left, c)
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, k.left)
	k.left = k.left[n:]
	return n, nil
}

func (k *keyReader) takeInterrupt() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.pressed
	k.pressed = false
	return was
}
