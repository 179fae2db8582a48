// Package cell turns the text of a notebook cell into something that runs:
// any mixture of imports, declarations and statements is checked by Go's own
// type checker and run by an evaluator: package vm, or yaegi behind a rewriting
// into the part of Go that it gets right.
//
// A notebook is one package whose names may be defined anew: what used a name
// before sees the new definition. Errors carry places as In[3]:2:5.
package cell

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Options configure an interpreter.
type Options struct {
	// Symbols maps "import/path/name" to the values of a package's exported names.
	Symbols map[string]map[string]reflect.Value
	// Importer gives the types of the same packages.
	Importer types.Importer
	// Sources gives the text of packages with generic functions, file name →
	// text; nil for all others. If it is not set, the importer's method of that
	// name is asked.
	Sources func(path string) map[string]string
	// Paths lists what can be imported, for messages and completion.
	Paths []string
	// Path finds the import path of a package's name, "" if there is none.
	Path func(name string) string
	// Doc returns the documentation of a name of a package: "F", "T.Method", "".
	Doc func(path, name string) string
	// Show receives the values of a cell's last expression.
	Show func(values ...any)
	// GoPanic receives the panic of a goroutine.
	GoPanic func(*Error)
	// Input asks the user for a line; fmt.Scan and package spindle/prompt read
	// by it. If nil they read standard input.
	Input func(prompt string, password bool) (string, error)
	// Evaluator names what runs cells: [VM], also if empty, or [Yaegi].
	Evaluator string
	// GoVersion is the language version, such as "go1.26"; the newest if empty.
	GoVersion string
}

// An Interp holds a notebook's state. Cells are run one at a time; [Interp.Complete]
// and [Interp.Inspect] may be called while one runs.
type Interp struct {
	mu     sync.Mutex // held while a cell is checked and compiled, not while it runs
	opt    Options
	ev     evaluator
	fset   *token.FileSet
	world  *world
	pkg    *types.Package // the notebook
	serial int
	declOf map[types.Object]*decl

	textMu sync.Mutex        // goroutines of earlier cells tell where they panicked
	texts  map[string]string // file name → text of the cell

	varMu   sync.Mutex
	running bool
}

// New returns an interpreter without any names defined.
func New(opt Options) (*Interp, error) {
	if s, ok := opt.Importer.(interface {
		Sources(path string) map[string]string
	}); ok && opt.Sources == nil {
		opt.Sources = s.Sources
	}
	opt = withPrompt(opt)
	k := &Interp{opt: opt, fset: token.NewFileSet(), world: newWorld(), pkg: types.NewPackage(notebookPath, notebookPath), texts: map[string]string{}, declOf: map[types.Object]*decl{}}
	var err error
	k.ev, err = newEvaluator(k, opt.Evaluator)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Eval checks and runs the text of cell n. Output goes where the process's
// output goes, values of the last expression to Options.Show. When ctx ends the
// cell is interrupted; Eval then returns also if compiled code that the cell
// called goes on.
func (k *Interp) Eval(ctx context.Context, n int, text string) error {
	if len(text) > maxText {
		return tooLong(len(text))
	}
	pieces := k.pieces(text)
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		var err error
		switch code, timed := timedCode(p); {
		case p.line == "":
			err = k.evalGo(ctx, n, p.code)
		case timed:
			// A statement on the line, or all that follows.
			if strings.TrimSpace(code) == "" && i+1 < len(pieces) && pieces[i+1].line == "" {
				i++
				code = pieces[i].code
			}
			start := time.Now()
			err = k.evalGo(ctx, n, code)
			fmt.Fprintln(os.Stdout, "time:", time.Since(start).Round(time.Microsecond))
		default:
			err = k.runLine(ctx, n, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// evalGo checks and runs the Go of a cell.
func (k *Interp) evalGo(ctx context.Context, n int, text string) error {
	before := k.world
	prog, c, err := k.prepare(n, text)
	if err != nil {
		return err
	}
	done, err := prog(ctx)
	k.setRunning(false)
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.rollback(before, c, done)
	}
	return err
}

// prepare makes a program of a cell's text and takes what it declares into the
// world.
func (k *Interp) prepare(n int, text string) (program, *checked, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, err := parse(k.fset, n, text)
	if err != nil {
		return nil, nil, plain(err)
	}
	k.textMu.Lock()
	k.texts[fileName(n)] = text
	k.textMu.Unlock()
	c, err := k.check(p)
	if err != nil {
		return nil, nil, plain(err)
	}
	prog, err := k.ev.compile(c)
	if err != nil {
		return nil, nil, plain(err)
	}
	k.world = c.world
	k.setRunning(true)
	return prog, c, nil
}

// show passes the values of the last expression on. A nil error at the end is
// no news.
func (k *Interp) show(values []any, errorLast bool) {
	if n := len(values); errorLast && values[n-1] == nil {
		values = values[:n-1]
	}
	if len(values) > 0 && k.opt.Show != nil {
		k.opt.Show(values...)
	}
}

// lastIsError tells whether the last value of the last expression is an error.
func (c *checked) lastIsError() bool {
	t := c.info.TypeOf(c.last)
	if tu, ok := t.(*types.Tuple); ok && tu.Len() > 0 {
		t = tu.At(tu.Len() - 1).Type()
	}
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// isPrint tells whether the last expression calls fmt's printing functions,
// whose results nobody wants to see.
func (c *checked) isPrint() bool {
	call, ok := ast.Unparen(c.last).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := c.info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" {
		return false
	}
	switch f.Name() {
	case "Print", "Printf", "Println", "Fprint", "Fprintf", "Fprintln":
		return true
	}
	return false
}

func (k *Interp) setRunning(on bool) {
	k.varMu.Lock()
	k.running = on
	k.varMu.Unlock()
}

// plain keeps a nil *Error from becoming a non-nil error.
func plain(e *Error) error {
	if e == nil {
		return nil
	}
	if e.Name == "Incomplete" {
		e.Name = "SyntaxError"
	}
	return e
}

// rollback undefines the variables whose declarations the run did not finish:
// those of the statement at which it ended, and of the ones behind it.
func (k *Interp) rollback(before *world, c *checked, done int) {
	for i, s := range c.body.Body.List {
		if i < done {
			continue
		}
		ast.Inspect(s, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			d := c.varOf[c.info.Defs[id]]
			if d == nil || before.live[d.name] == d {
				return true
			}
			if old := before.live[d.name]; old != nil {
				k.world.live[d.name] = old
			} else {
				delete(k.world.live, d.name)
			}
			return true
		})
	}
}

// errorAt makes an error at a place of a cell.
func (k *Interp) errorAt(pos token.Pos, name, msg string) *Error {
	e := &Error{Name: name, Message: msg}
	if pos.IsValid() {
		e.Pos = k.fset.Position(pos)
		e.Source = k.sourceAt(e.Pos)
	}
	return e
}

// sourceAt returns the line of a cell in which a place is.
func (k *Interp) sourceAt(p token.Position) string {
	k.textMu.Lock()
	defer k.textMu.Unlock()
	return sourceLine(k.texts[p.Filename], p.Line)
}

// noPackage says that a package is not there and what is near.
func (k *Interp) noPackage(path string) string {
	msg := fmt.Sprintf("package %q is not in this kernel", path)
	base := path[strings.LastIndexByte(path, '/')+1:]
	var near []string
	for _, p := range k.opt.Paths {
		if p[strings.LastIndexByte(p, '/')+1:] == base {
			near = append(near, fmt.Sprintf("%q", p))
		}
	}
	if len(near) > 0 {
		return msg + "; there is " + strings.Join(near, " and ")
	}
	return msg + "; %imports lists what is, and `spindle build -with` makes a kernel with more"
}
