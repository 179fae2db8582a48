// Package cell turns the text of a notebook cell into something that runs:
// any mixture of imports, declarations and statements is checked by Go's own
// type checker and run by package vm.
//
// A notebook is one package whose names may be defined anew: what used a name
// before sees the new definition. Errors carry places as In[3]:2:5.
package cell

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell/vm"
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
	// GoVersion is the language version, such as "go1.26"; the newest if empty.
	GoVersion string
}

// An Interp holds a notebook's state. Cells are run one at a time; [Interp.Complete]
// and [Interp.Inspect] may be called while one runs.
type Interp struct {
	mu     sync.Mutex // held while a cell is checked and compiled, not while it runs
	opt    Options
	vm     *vm.Machine
	fset   *token.FileSet
	world  *world
	serial int
	texts  map[string]string // file name → text of the cell
	declOf map[types.Object]*decl

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
	k := &Interp{opt: opt, fset: token.NewFileSet(), world: newWorld(), texts: map[string]string{}, declOf: map[types.Object]*decl{}}
	k.vm = vm.New(vm.Options{
		Own: notebookPath, Stdin: opt.stdin(), Symbols: opt.Symbols, Importer: opt.Importer, Sources: opt.Sources,
		GoPanic: func(p *vm.Panic) {
			if opt.GoPanic != nil {
				opt.GoPanic(k.panicError(p))
			}
		},
	})
	return k, nil
}

// stopGrace is how long an interrupted cell has to stop before the user is told
// that it does not.
const stopGrace = 350 * time.Millisecond

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
		switch timed, ok := strings.CutPrefix(p.line, "%time"); {
		case p.line == "":
			err = k.evalGo(ctx, n, p.code)
		case ok && (timed == "" || timed[0] == ' '):
			// A statement on the line, or all that follows.
			code := strings.Repeat("\n", p.at-1) + strings.Repeat(" ", len("%time")) + timed
			if strings.TrimSpace(timed) == "" && i+1 < len(pieces) {
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
	run := k.vm.Start(prog)
	select {
	case <-run.Done():
	case <-ctx.Done():
		run.Interrupt()
		select {
		case <-run.Done():
		case <-time.After(stopGrace):
			k.setRunning(false)
			e := k.errorAt(run.Where(), "Interrupt", "interrupted, but compiled code that is called here does not stop: it goes on until it returns. Variables are kept; restart the kernel to end it")
			return e
		}
	}
	k.setRunning(false)
	if err := run.Err(); err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.rollback(before, c, run.At())
		return k.runError(err)
	}
	return nil
}

// prepare makes a program of a cell's text and takes what it declares into the
// world.
func (k *Interp) prepare(n int, text string) (*vm.Program, *checked, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, err := parse(k.fset, n, text)
	if err != nil {
		return nil, nil, plain(err)
	}
	k.texts[fileName(n)] = text
	c, err := k.check(p)
	if err != nil {
		return nil, nil, plain(err)
	}
	prog, err := k.define(c)
	if err != nil {
		return nil, nil, plain(err)
	}
	k.world = c.world
	k.setRunning(true)
	return prog, c, nil
}

// define gives the machine what a cell declares and compiles it. If that fails,
// the machine is as it was.
func (k *Interp) define(c *checked) (prog *vm.Program, fail *Error) {
	var undo []func()
	defer func() {
		if fail != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				undo[i]()
			}
		}
	}()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case vm.Unfit:
			fail = k.errorAt(r.Pos, "Refused", r.Msg)
		default:
			fail = &Error{Name: "Refused", Message: fmt.Sprintf("this kernel cannot run the cell: %v", r)}
		}
	}()
	var fns []*vm.Function
	for _, d := range c.fresh {
		switch d.kind {
		case funcKind:
			var old *vm.Function
			if d.compiled != nil && types.Identical(d.obj.Type(), d.compiledSig) {
				old = d.compiled
			} else if was := k.world.live[d.name]; was != nil && was.kind == funcKind && was.compiled != nil && types.Identical(d.obj.Type(), was.compiledSig) {
				old = was.compiled
			}
			d.compiled = k.vm.DefineFunc(d.obj.(*types.Func), d.fn, d.info, old)
			d.compiledSig = d.obj.Type()
			fns = append(fns, d.compiled)
		case typeKind:
			if _, ok := d.obj.(*types.TypeName); !ok || d.spec.Assign.IsValid() {
				continue
			}
			for _, m := range d.meths {
				f, back := k.vm.DefineMethod(d.obj.(*types.TypeName), m.name, m.asFunc, m.info)
				undo = append(undo, back)
				fns = append(fns, f)
			}
		}
	}
	for _, tm := range c.freshMeths {
		f, back := k.vm.DefineMethod(tm.d.obj.(*types.TypeName), tm.m.name, tm.m.asFunc, tm.m.info)
		undo = append(undo, back)
		fns = append(fns, f)
	}
	for _, d := range c.vars {
		if d.global == nil {
			d.global = k.vm.Define(d.obj.(*types.Var))
			undo = append(undo, func() { d.global = nil; k.vm.Undefine(d.obj) })
		}
	}
	cl := vm.Cell{Body: c.body.Body, Info: c.info, Global: func(o types.Object) *vm.Global {
		if d := c.varOf[o]; d != nil {
			return d.global
		}
		return nil
	}}
	if c.last != nil && !c.quiet && c.values > 0 && !c.isPrint() {
		list := cl.Body.List
		body := *cl.Body
		body.List = list[:len(list)-1]
		cl.Body, cl.Last = &body, c.last
		errorLast := c.lastIsError()
		cl.Show = func(values []any) { k.show(values, errorLast) }
	}
	prog, err := k.vm.Compile(fns, cl)
	if err != nil {
		var u vm.Unfit
		if errors.As(err, &u) {
			return nil, k.errorAt(u.Pos, "Refused", u.Msg)
		}
		return nil, &Error{Name: "Refused", Message: err.Error()}
	}
	return prog, nil
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
func (k *Interp) rollback(before *world, c *checked, at token.Pos) {
	reached := 0
	for i, s := range c.body.Body.List {
		if s.Pos() <= at {
			reached = i
		}
	}
	for i, s := range c.body.Body.List {
		if i < reached {
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

// runError makes an error of what ended a run.
func (k *Interp) runError(err error) error {
	var p *vm.Panic
	var x *vm.Exit
	switch {
	case errors.Is(err, vm.ErrInterrupted):
		return &Error{Name: "Interrupt", Message: "interrupted"}
	case errors.As(err, &x):
		return &Error{Name: "Exit", Message: fmt.Sprintf("os.Exit(%d) ended the cell; variables are kept", x.Code)}
	case errors.As(err, &p):
		return k.panicError(p)
	}
	return &Error{Name: "Error", Message: err.Error()}
}

// panicError makes an error of a panic and the calls that led to it.
func (k *Interp) panicError(p *vm.Panic) *Error {
	e := &Error{Name: "Panic", Message: p.Error()}
	for i, pos := range p.Trace {
		if i == 0 {
			at := k.errorAt(pos, "", "")
			e.Pos, e.Source = at.Pos, at.Source
		} else if len(e.Calls) < 20 {
			e.Calls = append(e.Calls, k.fset.Position(pos).String())
		}
	}
	return e
}

// errorAt makes an error at a place of a cell.
func (k *Interp) errorAt(pos token.Pos, name, msg string) *Error {
	e := &Error{Name: name, Message: msg}
	if pos.IsValid() {
		e.Pos = k.fset.Position(pos)
		e.Source = sourceLine(k.texts[e.Pos.Filename], e.Pos.Line)
	}
	return e
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
