package cell

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"time"

	"github.com/spindle-lab/spindle/kernel/cell/vm"
)

// A machine is the evaluator of package vm.
type machine struct {
	k  *Interp
	vm *vm.Machine
}

func newMachine(k *Interp) *machine {
	opt := k.opt
	return &machine{k, vm.New(vm.Options{
		Own: notebookPath, Stdin: opt.stdin(), Symbols: opt.Symbols, Importer: opt.Importer, Sources: opt.Sources,
		GoPanic: func(p *vm.Panic) {
			if opt.GoPanic != nil {
				opt.GoPanic(k.panicError(p))
			}
		},
	})}
}

func (e *machine) variable(d *decl) (reflect.Value, bool) {
	if d.global == nil {
		return reflect.Value{}, false
	}
	return d.global.Pointer(), true
}

// compile gives the machine what a cell declares and compiles it. If that fails,
// the machine is as it was.
func (e *machine) compile(c *checked) (_ program, fail *Error) {
	k := e.k
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
			d.compiled = e.vm.DefineFunc(d.obj.(*types.Func), d.fn, d.info, old)
			d.compiledSig = d.obj.Type()
			fns = append(fns, d.compiled)
		case typeKind:
			if _, ok := d.obj.(*types.TypeName); !ok || d.spec.Assign.IsValid() {
				continue
			}
			for _, m := range d.meths {
				f, back := e.vm.DefineMethod(d.obj.(*types.TypeName), m.name, m.asFunc, m.info)
				undo = append(undo, back)
				fns = append(fns, f)
			}
		}
	}
	for was, d := range c.were {
		e.vm.Alias(was.(*types.Func), d.obj.(*types.Func))
	}
	for _, tm := range c.freshMeths {
		f, back := e.vm.DefineMethod(tm.d.obj.(*types.TypeName), tm.m.name, tm.m.asFunc, tm.m.info)
		undo = append(undo, back)
		fns = append(fns, f)
	}
	for _, d := range c.vars {
		if d.global == nil {
			d.global = e.vm.Define(d.obj.(*types.Var))
			undo = append(undo, func() { d.global = nil; e.vm.Undefine(d.obj) })
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
	prog, err := e.vm.Compile(fns, cl)
	if err != nil {
		var u vm.Unfit
		if errors.As(err, &u) {
			return nil, k.errorAt(u.Pos, "Refused", u.Msg)
		}
		return nil, &Error{Name: "Refused", Message: err.Error()}
	}
	return func(ctx context.Context) (int, error) { return e.run(ctx, prog, c) }, nil
}

// stopGrace is how long an interrupted cell has to stop before the user is told
// that it does not.
const stopGrace = 350 * time.Millisecond

// run runs a program to its end, or until it is clear that it does not stop.
func (e *machine) run(ctx context.Context, prog *vm.Program, c *checked) (done int, err error) {
	run := e.vm.Start(prog)
	select {
	case <-run.Done():
	case <-ctx.Done():
		run.Interrupt()
		select {
		case <-run.Done():
		case <-time.After(stopGrace):
			return len(c.body.Body.List), e.k.errorAt(run.Where(), "Interrupt", "interrupted, but compiled code that is called here does not stop: it goes on until it returns. Variables are kept; restart the kernel to end it")
		}
	}
	if err := run.Err(); err != nil {
		return c.doneBefore(run.At()), e.runError(err)
	}
	return 0, nil
}

// doneBefore counts the statements before the one in which a place is.
func (c *checked) doneBefore(at token.Pos) (n int) {
	for i, s := range c.body.Body.List {
		if s.Pos() <= at {
			n = i
		}
	}
	return n
}

// runError makes an error of what ended a run.
func (e *machine) runError(err error) error {
	var p *vm.Panic
	var x *vm.Exit
	var i *vm.Interrupted
	switch {
	case errors.As(err, &i):
		return e.k.traced(i.Trace, "Interrupt", "interrupted")
	case errors.As(err, &x):
		return e.k.traced(x.Trace, "Exit", fmt.Sprintf("os.Exit(%d) ended the cell; variables are kept", x.Code))
	case errors.As(err, &p):
		return e.k.panicError(p)
	}
	return &Error{Name: "Error", Message: err.Error()}
}

// panicError makes an error of a panic and the calls that led to it.
func (k *Interp) panicError(p *vm.Panic) *Error { return k.traced(p.Trace, "Panic", p.Error()) }

// traced makes an error at the first of some places, to which the others led.
func (k *Interp) traced(trace []token.Pos, name, msg string) *Error {
	if len(trace) == 0 {
		return k.errorAt(token.NoPos, name, msg)
	}
	e := k.errorAt(trace[0], name, msg)
	for _, pos := range trace[1:min(len(trace), 21)] {
		e.Calls = append(e.Calls, k.fset.Position(pos).String())
	}
	return e
}
