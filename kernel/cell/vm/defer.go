package vm

import (
	"go/ast"
	"go/token"
	"reflect"
)

// A deferred call has its function and arguments already.
type deferred struct {
	nf     *frame
	ready  func(*frame) // what is left to do with nf, if not nil
	native func() []reflect.Value
	do     func(*frame)
	pos    token.Pos
}

// panicking is a panic on its way through a function's deferred calls.
type panicking struct {
	value     any
	recovered bool
	goexit    bool
	trace     []token.Pos
}

// delayed evaluates a call's function and arguments now.
func (c *compiler) delayed(e *ast.CallExpr) func(*frame) deferred {
	first, d := c.orderedCall(e), c.taken(e)
	if first == nil {
		return d
	}
	return func(fr *frame) deferred {
		first(fr)
		return d(fr)
	}
}

func (c *compiler) taken(e *ast.CallExpr) func(*frame) deferred {
	pos := e.Pos()
	if c.info.Types[e.Fun].IsBuiltin() {
		later := c.builtinLater(e)
		return func(fr *frame) deferred { return deferred{do: later(fr), pos: pos} }
	}
	if f, ok := c.intrinsicLater(e); ok {
		return func(fr *frame) deferred { return deferred{do: f(fr), pos: pos} }
	}
	k := c.prepare(e)
	if k.native != nil {
		return func(fr *frame) deferred { return deferred{native: k.delay(fr), pos: pos} }
	}
	return func(fr *frame) deferred {
		if k.fun != nil && k.fun(fr) == nil {
			return deferred{pos: pos, do: func(fr *frame) { nilPointer(fr, pos) }}
		}
		d := deferred{pos: pos}
		if k.find != nil {
			d.nf, d.ready = k.find(fr)
		} else {
			d.nf = k.begin(fr)
		}
		fr.th.depth--
		return d
	}
}

// run makes the call.
func (d deferred) run(fr *frame) {
	switch {
	case d.nf != nil:
		d.nf.th = fr.th
		d.nf.deferrer = fr
		fr.th.depth++
		if d.ready != nil {
			d.ready(d.nf)
		}
		d.nf.run(fr)
		fr.th.release(d.nf)
	case d.native != nil:
		d.native()
	default:
		d.do(fr)
	}
}

func (c *compiler) deferStmt(s *ast.DeferStmt) exec {
	c.defers = true
	d := c.delayed(s.Call)
	return func(fr *frame) ctl {
		fr.defers = append(fr.defers, d(fr))
		return next
	}
}

// runDeferring runs a body and then its deferred calls, last one first, also
// when the body panics.
func (fr *frame) runDeferring() {
	th := fr.th
	depth := th.depth
	protect := func(f func()) {
		done := false
		defer func() {
			if done {
				return
			}
			r := recover()
			p := &panicking{value: r, goexit: r == nil, trace: th.trace(r)}
			if s, ok := r.(stopped); ok {
				// Deferred calls put things in order after an interrupt too.
				th.unwinding = true
				p.value = s
			}
			fr.panic = p
			th.depth, th.top = depth, fr
			if r == nil {
				// runtime.Goexit goes on by itself: run what is left here.
				fr.runDefers(protectNothing)
			}
		}()
		f()
		done = true
	}
	protect(func() { fr.code.body(fr) })
	fr.runDefers(protect)
	if p := fr.panic; p != nil {
		fr.panic = nil
		th.depth--
		th.panicked(p.value, p.trace)
		panic(p.value)
	}
}

func protectNothing(f func()) { f() }

func (fr *frame) runDefers(protect func(func())) {
	for n := len(fr.defers); n > 0; n = len(fr.defers) {
		d := fr.defers[n-1]
		fr.defers = fr.defers[:n-1]
		protect(func() { d.run(fr) })
		if fr.panic != nil && fr.panic.recovered {
			fr.panic = nil
			fr.th.forgetPanic()
		}
	}
}

// recovered is the built-in recover.
func recovered(fr *frame) any {
	d := fr.deferrer
	if fr.panic != nil { // "defer recover()" in a function that panics itself
		return nil
	}
	if d == nil || d.panic == nil || d.panic.recovered || d.panic.goexit {
		return nil
	}
	if _, ok := d.panic.value.(stopped); ok {
		return nil // an interrupt is not the program's to catch
	}
	d.panic.recovered = true
	return fr.th.m.unwrap(d.panic.value)
}

// trace returns the places of the calls that led to a panic, innermost first.
// A panic that has been through deferred calls has its own.
func (th *thread) trace(value any) []token.Pos {
	if th.inFlight != nil && sameValue(th.inFlight.value, value) {
		t := th.inFlight.trace
		th.inFlight = nil
		return t
	}
	var out []token.Pos
	for f := th.top; f != nil && len(out) < 100; f = f.up {
		if f.pos.IsValid() {
			out = append(out, f.pos)
		}
	}
	return out
}

func sameValue(a, b any) (same bool) {
	defer func() { _ = recover() }() // values that cannot be compared
	return a == b
}

func (th *thread) panicked(value any, trace []token.Pos) {
	th.inFlight = &panicking{value: value, trace: trace}
}

func (th *thread) forgetPanic() { th.inFlight = nil }

func (c *compiler) goStmt(s *ast.GoStmt) exec {
	d := c.delayed(s.Call)
	return func(fr *frame) ctl {
		call := d(fr)
		th := &thread{m: fr.th.m, g: fr.th.g}
		go th.guard(func() {
			base := newFrame(banks{})
			base.th, base.pos = th, call.pos
			th.top = base
			if call.nf == nil {
				call.run(base)
				return
			}
			call.nf.th = th
			th.depth++
			if call.ready != nil {
				call.ready(call.nf)
			}
			call.nf.run(nil)
		})
		return next
	}
}

// guard runs a goroutine so that a panic ends it and no more.
func (th *thread) guard(f func()) {
	done := false
	id := goroutineID()
	goroutines.Store(id, th)
	defer func() {
		goroutines.Delete(id)
		if done {
			return
		}
		if r := recover(); r != nil { // else runtime.Goexit
			th.report(r)
		}
	}()
	f()
	done = true
}

// report tells of the panic that ended a goroutine. An exit ends the cell.
func (th *thread) report(r any) {
	if s, ok := r.(stopped); ok {
		if s.exit {
			th.g.end(s)
		}
		return
	}
	if th.m.opt.GoPanic != nil {
		th.m.opt.GoPanic(&Panic{Value: th.m.unwrap(r), Trace: th.trace(r), m: th.m})
	}
}
