package cell

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A piece is a part of a cell: Go code, or one special line. Line numbers are
// kept: the code of the other pieces is blank in it.
type piece struct {
	code string // Go, if line is empty
	line string // a special line, trimmed
	at   int    // its number, from 1
}

// pieces cuts a cell at its special lines: %command, $ command, !command, ?name.
func (k *Interp) pieces(text string) []piece {
	if !strings.ContainsAny(text, "%$!?") {
		return []piece{{code: text}}
	}
	lines := strings.SplitAfter(text, "\n")
	var out []piece
	var code strings.Builder
	flush := func() {
		if strings.TrimSpace(code.String()) != "" {
			out = append(out, piece{code: code.String()})
		}
		blanks := strings.Repeat("\n", strings.Count(code.String(), "\n"))
		code.Reset()
		code.WriteString(blanks)
	}
	found := false
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		t := strings.TrimSpace(l)
		if k.special(t) && closers(code.String()) == "" {
			found = true
			flush()
			p := piece{line: t, at: i + 1}
			skip := 1
			if isTime(t) {
				// The statement goes on until its brackets are closed.
				for closers(p.line) != "" && i+1 < len(lines) {
					i++
					skip++
					p.line += "\n" + strings.TrimRight(lines[i], "\r\n")
				}
			}
			out = append(out, p)
			if strings.HasSuffix(lines[i], "\n") {
				code.WriteString(strings.Repeat("\n", skip))
			}
			continue
		}
		code.WriteString(l)
	}
	if !found {
		return []piece{{code: text}}
	}
	flush()
	return out
}

// special tells whether a line is one of ours rather than Go.
func (k *Interp) special(t string) bool {
	if len(t) < 2 {
		return false
	}
	switch t[0] {
	case '%', '$':
		return true
	case '?':
		return isName(strings.TrimSpace(t[1:]))
	case '!':
		// !ok is Go where ok is a name that the notebook has.
		word := strings.FieldsFunc(t[1:], func(r rune) bool { return r != '_' && !isLetterOrDigit(r) })
		if len(word) == 0 || t[1] == '(' || t[1] == '!' {
			return false
		}
		return k.world.live[word[0]] == nil && types.Universe.Lookup(word[0]) == nil && k.world.imports.names[word[0]] == ""
	}
	if name, ok := strings.CutSuffix(t, "?"); ok {
		return isName(name)
	}
	return false
}

func isName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for _, r := range s {
		if r != '_' && r != '.' && !isLetterOrDigit(r) {
			return false
		}
	}
	return true
}

// helpText is what %help prints.
const helpText = `Cells hold Go: imports, declarations and statements in any mixture. The value of
the last expression is shown; a semicolon behind it keeps it quiet.

  ?name             what is known of a name: declaration, documentation, value
  %help             this text
  %who              the names that this notebook has defined
  %imports [word]   the packages that can be imported (whose path has the word)
  %time statement   run a statement, or the rest of the cell, and say how long it took
  %cd [folder]      change the working folder, or print it
  %reset [name…]    forget all names, or those given
  $ command         run a shell command (also !command)
`

// runLine runs a special line.
func (k *Interp) runLine(ctx context.Context, n int, p piece) error {
	fail := func(format string, args ...any) error { return lineError(n, p, format, args...) }
	switch p.line[0] {
	case '?':
		return k.printHelp(strings.TrimSpace(p.line[1:]), fail)
	case '$', '!':
		if err := shell(ctx, strings.TrimSpace(p.line[1:])); err != nil {
			if ctx.Err() != nil {
				return &Error{Name: "Interrupt", Message: "interrupted"}
			}
			return fail("%v", err)
		}
		return nil
	}
	if strings.HasSuffix(p.line, "?") {
		return k.printHelp(strings.TrimSuffix(p.line, "?"), fail)
	}
	word, rest, _ := strings.Cut(p.line[1:], " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "help":
		io.WriteString(os.Stdout, helpText)
	case "cd":
		if rest != "" {
			if rest == "~" || strings.HasPrefix(rest, "~/") {
				home, err := os.UserHomeDir()
				if err != nil {
					return fail("%v", err)
				}
				rest = filepath.Join(home, rest[1:])
			}
			if err := os.Chdir(rest); err != nil {
				return fail("%v", err)
			}
		}
		dir, err := os.Getwd()
		if err != nil {
			return fail("%v", err)
		}
		fmt.Fprintln(os.Stdout, dir)
	case "who":
		k.who(os.Stdout)
	case "imports":
		for _, path := range k.opt.Paths {
			if strings.Contains(path, rest) {
				fmt.Fprintln(os.Stdout, path)
			}
		}
	case "reset":
		return k.reset(strings.Fields(rest), fail)
	case "go111module":
		fmt.Fprintln(os.Stdout, "nothing to do: what can be imported is in the kernel; see %imports")
	default:
		return fail("no command %%%s; %%help lists them", word)
	}
	return nil
}

// lineError is an error of a special line.
func lineError(n int, p piece, format string, args ...any) error {
	e := &Error{Name: "LineError", Message: fmt.Sprintf(format, args...), Source: p.line}
	e.Pos.Filename, e.Pos.Line, e.Pos.Column = fileName(n), p.at, 1
	return e
}

// isTime tells whether a special line is %time, with or without a statement.
func isTime(line string) bool {
	rest, ok := strings.CutPrefix(line, "%time")
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// timedCode returns the code on a %time line, in its place, and whether it is one.
func timedCode(p piece) (string, bool) {
	if !isTime(p.line) {
		return "", false
	}
	timed := strings.TrimPrefix(p.line, "%time")
	return strings.Repeat("\n", p.at-1) + strings.Repeat(" ", len("%time")) + timed, true
}

// shell runs a command with the cell's output.
func shell(ctx context.Context, line string) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.WaitDelay = 200 * time.Millisecond
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%q ended with %s", line, exit.ProcessState)
	}
	return err
}

func (k *Interp) printHelp(name string, fail func(string, ...any) error) error {
	decl, doc, value := k.Inspect(name, len(name))
	if decl == "" {
		return fail("nothing is known of %s", name)
	}
	fmt.Fprintln(os.Stdout, decl)
	if value != "" {
		fmt.Fprintln(os.Stdout, "\n= "+value)
	}
	if doc != "" {
		fmt.Fprintln(os.Stdout, "\n"+doc)
	}
	return nil
}

// who lists the notebook's names.
func (k *Interp) who(w io.Writer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for n := range k.world.live {
		names = append(names, n)
	}
	slices.Sort(names)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, n := range names {
		d := k.world.live[n]
		kind := [...]string{"const", "type", "func", "var"}[d.kind]
		t, val := "", ""
		switch {
		case d.stale != nil:
			t = "(no longer compiles)"
		case d.kind == typeKind:
			t = k.typeText(d.obj.Type().Underlying())
		default:
			t = k.typeText(d.obj.Type())
		}
		if d.kind == varKind {
			val = k.valueText(d, 60)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", kind, n, cut(t, 60), val)
	}
	tw.Flush()
}

func (k *Interp) typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == notebookPath {
			return ""
		}
		return p.Name()
	})
}

// reset forgets names. What uses them no longer compiles.
func (k *Interp) reset(names []string, fail func(string, ...any) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(names) == 0 {
		k.world = newWorld()
		return nil
	}
	w := k.world.clone()
	gone := map[string]bool{}
	for _, n := range names {
		switch {
		case w.live[n] != nil:
			delete(w.live, n)
			gone[n] = true
		case w.imports.names[n] != "":
			delete(w.imports.names, n)
		default:
			return fail("%s is not defined", n)
		}
	}
	for n := range w.dependents(gone) {
		d := w.edit(n)
		d.stale = &Error{Name: "TypeError", Message: "it uses " + strings.Join(names, ", ") + ", which %reset has removed"}
	}
	k.world = w
	return nil
}
