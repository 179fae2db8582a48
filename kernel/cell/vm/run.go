package vm

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"runtime"
)

// A Panic is how a cell or goroutine ended.
type Panic struct {
	Value any
	Trace []token.Pos // innermost first
	m     *Machine
}

// Error writes the panic as Go does.
func (p *Panic) Error() string { return "panic: " + p.Text() }

// Text returns the panic's value as text.
func (p *Panic) Text() string {
	switch v := p.Value.(type) {
	case runtime.Error:
		return v.Error()
	case error:
		return v.Error()
	case string:
		return v
	}
	if p.m != nil {
		if b := p.m.boundOf(p.Value, "Error"); b != nil {
			return p.m.callString(p.Value, "Error")
		}
		if b := p.m.boundOf(p.Value, "String"); b != nil {
			return p.m.callString(p.Value, "String")
		}
		if _, own := p.m.dynamicOf(p.Value); own {
			return fmt.Sprintf("%v", p.m.Show(p.Value))
		}
	}
	return fmt.Sprintf("%v", p.Value)
}

// An Exit is a call of os.Exit.
type Exit struct {
	Code  int
	Trace []token.Pos // innermost first
}

func (e *Exit) Error() string { return fmt.Sprintf("os.Exit(%d)", e.Code) }

// An Interrupted is where a run was when it was interrupted and stopped.
type Interrupted struct {
	Trace []token.Pos // innermost first
}

func (e *Interrupted) Error() string { return "interrupted" }

// A Cell is the statements of a cell.
type Cell struct {
	Body *ast.BlockStmt
	// Last, if not nil, is the expression whose values Show gets.
	Last ast.Expr
	Show func(values []any)
	Info *types.Info
	// Global finds the notebook's variable that a name of the statements declares.
	Global func(types.Object) *Global
}

// show compiles the last expression and what shows its values.
func (c *compiler) show(cell *Cell) exec {
	var now func(*frame)
	var vals []ex
	if tu, ok := c.typeOf(cell.Last).(*types.Tuple); ok {
		if tu.Len() == 0 {
			return plain(c.exprStmt(cell.Last))
		}
		first := c.orderedAssign(nil, []ast.Expr{cell.Last})
		call, list := c.multi(cell.Last)
		now, vals = sequence(first, call), list
	} else {
		v := c.top(cell.Last)
		if v.v != nil {
			v = c.constant(cell.Last, v.v, types.Default(v.t.t))
		}
		vals = []ex{v}
	}
	var gets []func(*frame) any
	for _, v := range vals {
		gets = append(gets, v.t.ops().toAny(v.t, v.f))
	}
	m, show := c.m, cell.Show
	return func(fr *frame) ctl {
		if now != nil {
			now(fr)
		}
		out := make([]any, len(gets))
		for i, g := range gets {
			out[i] = m.Display(g(fr))
		}
		show(out)
		return next
	}
}

// A Program is a cell's statements, compiled.
type Program struct {
	code *code
	m    *Machine
}

// Compile compiles all functions given and the body of a cell. Nothing is
// replaced unless all of it can be compiled. An [Unfit] says what cannot
// be run.
func (m *Machine) Compile(fns []*Function, cell Cell) (p *Program, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case Unfit:
			p, err = nil, r
		default:
			p, err = nil, fmt.Errorf("this kernel cannot run the cell: %v", r)
		}
	}()
	codes := make([]*code, len(fns))
	for i, f := range fns {
		if f.fn == nil {
			continue // generic: compiled for each use
		}
		codes[i] = m.compileBody(f, nil, f.method)
	}
	c := &compiler{m: m, info: cell.Info, banks: &banks{}, vars: map[types.Object]place{}, boxed: map[types.Object]bool{}, locals: cell.Global}
	boxedVars(cell.Info, cell.Body, c.boxed)
	if cell.Last != nil {
		boxedVars(cell.Info, cell.Last, c.boxed)
	}
	c.last = &cell
	main := c.function("cell", cell.Body.Pos(), types.NewSignatureType(nil, nil, nil, nil, nil, false), false, cell.Body)
	for i, f := range fns {
		if f.fn != nil {
			f.fn.code = codes[i]
		}
	}
	return &Program{main, m}, nil
}

// A Run is a program that is running.
type Run struct {
	g    *group
	th   *thread
	done chan struct{}
	err  error
	at   token.Pos // of the cell's own statement
}

// Start runs a program.
func (m *Machine) Start(p *Program) *Run {
	g := newGroup()
	m.grpMu.Lock()
	m.current = g
	th := &thread{m: m, g: g}
	m.main.Store(th)
	m.grpMu.Unlock()
	r := &Run{g: g, th: th, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		th.run(p.code, r)
	}()
	return r
}

// run runs a cell's statements to their end, whatever that is.
func (th *thread) run(c *code, run *Run) {
	f := th.call(c)
	done := false
	id := goroutineID()
	goroutines.Store(id, th)
	defer func() {
		goroutines.Delete(id)
		run.at = f.pos
		if done {
			return
		}
		r := recover()
		switch r := r.(type) {
		case nil:
			run.err = &Panic{Value: "runtime.Goexit was called by the cell itself", Trace: th.trace(nil), m: th.m}
		case stopped:
			if r.exit {
				run.err = &Exit{r.code, th.trace(r)}
			} else {
				run.err = &Interrupted{th.trace(r)}
			}
		default:
			run.err = &Panic{Value: th.m.unwrap(r), Trace: th.trace(r), m: th.m}
		}
	}()
	f.run(nil)
	th.release(f)
	done = true
}

// Done is closed when the run has ended.
func (r *Run) Done() <-chan struct{} { return r.done }

// At returns the place of the cell's own statement at which the run ended.
func (r *Run) At() token.Pos { return r.at }

// Err is how the run ended, after Done.
func (r *Run) Err() error { return r.err }

// Interrupt asks the run and its goroutines to stop.
func (r *Run) Interrupt() { r.g.end(stopped{}) }

// Where returns the place of the compiled function that the run has called last.
func (r *Run) Where() token.Pos {
	return token.Pos(r.th.at.Load())
}

// Context returns a context that ends with the cell that runs when it is asked.
func (m *Machine) Context() context.Context { return cellContext{m} }
