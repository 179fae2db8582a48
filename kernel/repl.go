package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/lib/run"
)

var replCommand = command{
	name: "repl", args: "[flags]",
	short: "cells in a terminal; Ctrl-C interrupts one, Ctrl-D ends",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		interpreterFlag(fs)
		return func(ctx context.Context, args []string) error {
			if len(args) != 0 {
				return usageErrorf("unexpected %q", args[0])
			}
			return repl(context.WithoutCancel(ctx))
		}
	},
}

// errLine says that a line was given up with Ctrl-C.
var errLine = errors.New("interrupted")

// A lineSource reads what the user types.
type lineSource interface {
	// line returns a line without its end; errLine after Ctrl-C, io.EOF at the end.
	line(prompt string) (string, error)
	password(prompt string) (string, error)
	// out and err are where to write while a line may be read.
	out() io.Writer
	err() io.Writer
	// restore leaves the terminal as it was.
	restore()
}

// A console is one conversation.
type console struct {
	s     *session.Session
	in    lineSource
	p     *printer
	asks  bool // somebody reads the prompts
	n     int
	bad   bool       // a cell has failed
	input sync.Mutex // one reader of lines at a time
}

func repl(ctx context.Context) error {
	s, err := session.Start(session.Config{})
	if err != nil {
		return err
	}
	defer s.Close()
	c := &console{s: s}
	if term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) {
		c.in, c.asks = newEditor(s), true
		fmt.Printf("spindle %s: cells of Go. ?name explains a name, %%help lists what else there is, Ctrl-D ends.\n", run.Version())
	} else {
		c.in = &plainLines{r: bufio.NewReader(os.Stdin)}
	}
	defer c.in.restore()
	c.p = &printer{out: c.in.out(), err: c.in.err(), terminal: c.asks}
	// The worker has a process group of its own: Ctrl-C reaches us alone.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan error, 1)
	running := make(chan bool)
	go func() { over <- c.talk(ctx, running) }()
	pressed, busy := 0, false
	for {
		select {
		case err := <-over:
			if err == nil && c.bad && !c.asks {
				return exitCode(1)
			}
			return err
		case busy = <-running:
			pressed = 0
		case sig := <-signals:
			if sig != os.Interrupt {
				return exitCode(143)
			}
			if !busy {
				if !c.asks {
					return exitCode(130)
				}
				continue
			}
			if pressed++; pressed < 3 {
				s.Interrupt()
				continue
			}
			fmt.Fprintln(c.in.err(), "the cell does not stop: starting anew, without its variables")
			go s.Restart()
		}
	}
}

// talk reads cells and runs them until the input ends.
func (c *console) talk(ctx context.Context, running chan<- bool) error {
	for {
		code, err := c.cell()
		if code == "" && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		switch strings.TrimSpace(code) {
		case "":
			continue
		case "%exit", "%quit":
			return nil
		}
		c.n++
		running <- true
		evalErr := c.s.Eval(ctx, c.n, code, func(e session.Event) {
			if e.Kind == session.Input {
				go c.ask(e)
				return
			}
			c.p.event(e)
		})
		running <- false
		c.p.finish()
		var failed *session.Error
		switch {
		case errors.As(evalErr, &failed):
			c.bad = true
			c.p.failure(failed)
		case evalErr != nil:
			return evalErr
		}
	}
}

// cell reads lines until they make a cell.
func (c *console) cell() (string, error) {
	c.input.Lock()
	defer c.input.Unlock()
	var code strings.Builder
	prompt := fmt.Sprintf("In[%d]: ", c.n+1)
	more := fmt.Sprintf("%*s", len(prompt), "...: ")
	for {
		l, err := c.in.line(prompt)
		switch {
		case errors.Is(err, errLine):
			code.Reset()
			prompt = fmt.Sprintf("In[%d]: ", c.n+1)
			continue
		case errors.Is(err, io.EOF):
			return code.String() + l, err
		case err != nil:
			return "", err
		}
		code.WriteString(l + "\n")
		if status, _ := c.s.IsComplete(code.String()); status != "incomplete" {
			return strings.TrimRight(code.String(), "\n"), nil
		}
		prompt = more
	}
}

// ask answers a cell that reads its standard input.
func (c *console) ask(e session.Event) {
	c.input.Lock()
	defer c.input.Unlock()
	read := c.in.line
	if e.Password {
		read = c.in.password
	}
	l, err := read(e.Prompt)
	c.s.Input(l, err == nil)
	if errors.Is(err, errLine) {
		c.s.Interrupt()
	}
}

// plainLines reads from a file or a pipe.
type plainLines struct{ r *bufio.Reader }

// maxLine bounds a line of input: the longest text that a cell may have.
const maxLine = 4 << 20

func (p *plainLines) line(string) (string, error) {
	var l strings.Builder
	for {
		part, err := p.r.ReadSlice('\n')
		l.Write(part)
		switch {
		case l.Len() > maxLine:
			return "", fmt.Errorf("a line of more than %d bytes", maxLine)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && l.Len() == 0:
			return "", err
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		}
		return strings.TrimRight(l.String(), "\r\n"), nil
	}
}

func (p *plainLines) password(prompt string) (string, error) { return p.line(prompt) }
func (p *plainLines) out() io.Writer                         { return os.Stdout }
func (p *plainLines) err() io.Writer                         { return os.Stderr }
func (p *plainLines) restore()                               {}
