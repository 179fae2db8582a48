package vm

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// doneCase is ready when the thread's cell has been stopped.
func (th *thread) doneCase() reflect.SelectCase {
	return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(th.g.done)}
}

// recv receives from a channel, or ends with the cell.
func (th *thread) recv(t *typ, p unsafe.Pointer) (reflect.Value, bool) {
	var ch reflect.Value
	if p != nil {
		ch = mapValue(t, p)
		if v, ok := ch.TryRecv(); v.IsValid() {
			return v, ok
		}
	}
	for {
		i, v, ok := reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: ch}, th.doneCase()})
		if i == 0 {
			return v, ok
		}
		th.check()
		th.wait()
	}
}

// wait keeps a deferred call that blocks after an interrupt from spinning.
func (th *thread) wait() { select {} }

// send sends on a channel, or ends with the cell.
func (th *thread) send(t *typ, p unsafe.Pointer, v reflect.Value) {
	var ch reflect.Value
	if p != nil {
		ch = mapValue(t, p)
		if ch.TrySend(v) {
			return
		}
	}
	i, _, _ := reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectSend, Chan: ch, Send: v}, th.doneCase()})
	if i == 1 {
		th.check()
		th.wait()
	}
}

func (c *compiler) send(s *ast.SendStmt) func(*frame) {
	first := c.ordered(s.Chan, s.Value)
	ch := c.expr(s.Chan)
	elem := c.m.elemOf(ch.t)
	v := c.value(s.Value, elem.t)
	p, t, val := as[unsafe.Pointer](ch), ch.t, elem.ops().toReflect(elem, v.f)
	return sequence(first, func(fr *frame) {
		q := p(fr)
		x := val(fr)
		fr.th.send(t, q, x)
	})
}

// receive compiles <-ch with one value.
func (c *compiler) receive(e *ast.UnaryExpr, _ bool) ex {
	ch := c.expr(e.X)
	elem := c.m.elemOf(ch.t)
	p, t, pos := as[unsafe.Pointer](ch), ch.t, e.Pos()
	return ex{t: elem, calls: true, f: elem.ops().fromReflect(elem, func(fr *frame) reflect.Value {
		q := p(fr)
		fr.pos = pos
		v, _ := fr.th.recv(t, q)
		return v
	})}
}

// receiveOk compiles v, ok := <-ch.
func (c *compiler) receiveOk(e *ast.UnaryExpr) (now func(*frame), later []ex) {
	ch := c.expr(e.X)
	elem := c.m.elemOf(ch.t)
	okT := c.m.typ(types.Typ[types.Bool])
	v, ok := c.temp(elem), c.temp(okT)
	set := c.initialise(v, ex{t: elem, f: elem.ops().fromReflect(elem, func(fr *frame) reflect.Value { return fr.arg })})
	p, t, off := as[unsafe.Pointer](ch), ch.t, ok.off
	now = func(fr *frame) {
		r, yes := fr.th.recv(t, p(fr))
		*(*bool)(unsafe.Add(fr.n, off)) = yes
		fr.arg = r
		set(fr)
	}
	lv := load(v)
	lv.slot = nil
	return now, []ex{lv, load(ok)}
}

// selectStmt compiles select.
func (c *compiler) selectStmt(s *ast.SelectStmt, label string) exec {
	type clause struct {
		dir  reflect.SelectDir
		t    *typ
		ch   func(*frame) unsafe.Pointer
		val  func(*frame) reflect.Value
		bind func(*frame) // with the received value in arg and whether in the slot ok
		body exec
	}
	okP := c.temp(c.m.typ(types.Typ[types.Bool]))
	var list []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CommClause)
		cl := clause{}
		switch x := cc.Comm.(type) {
		case nil:
			def = i
			cl.dir = reflect.SelectDefault
		case *ast.SendStmt:
			ch := c.top(x.Chan)
			elem := c.m.elemOf(ch.t)
			v := c.convertTo(x.Value, c.top(x.Value), elem)
			cl = clause{dir: reflect.SelectSend, t: ch.t, ch: as[unsafe.Pointer](ch), val: elem.ops().toReflect(elem, v.f)}
		default:
			cl = clause{dir: reflect.SelectRecv}
			var recv *ast.UnaryExpr
			var lhs []ast.Expr
			define := false
			switch x := x.(type) {
			case *ast.ExprStmt:
				recv = ast.Unparen(x.X).(*ast.UnaryExpr)
			case *ast.AssignStmt:
				recv, lhs, define = ast.Unparen(x.Rhs[0]).(*ast.UnaryExpr), x.Lhs, x.Tok == token.DEFINE
			}
			ch := c.top(recv.X)
			elem := c.m.elemOf(ch.t)
			cl.t, cl.ch = ch.t, as[unsafe.Pointer](ch)
			vals := []ex{{t: elem, f: elem.ops().fromReflect(elem, func(fr *frame) reflect.Value { return fr.arg })}, load(okP)}
			for j, l := range lhs {
				if isBlank(l) {
					continue
				}
				if define {
					o := c.info.Defs[l.(*ast.Ident)]
					t := c.m.typ(c.env.subst(o.Type()))
					cl.bind = sequence(cl.bind, c.initialise(c.declare(o, t.t), c.convertTo(l, vals[j], t)))
					continue
				}
				t := c.target(l, true)
				cl.bind = sequence(cl.bind, t.prep, t.store(c.convertTo(l, vals[j], t.t)))
			}
		}
		cl.body = c.block(cc.Body)
		list = append(list, cl)
	}
	id, off := c.labelID(label), okP.off
	return func(fr *frame) ctl {
		cases := make([]reflect.SelectCase, len(list), len(list)+1)
		for i, cl := range list {
			cases[i].Dir = cl.dir
			if cl.ch == nil {
				continue
			}
			if p := cl.ch(fr); p != nil {
				cases[i].Chan = mapValue(cl.t, p)
			}
			if cl.val != nil {
				cases[i].Send = cl.val(fr)
			}
		}
		if def < 0 {
			cases = append(cases, fr.th.doneCase())
		}
		i, v, ok := reflect.Select(cases)
		if i == len(list) {
			fr.th.check()
			fr.th.wait()
		}
		fr.th.check()
		cl := list[i]
		if cl.bind != nil {
			*(*bool)(unsafe.Add(fr.n, off)) = ok
			fr.arg = v
			cl.bind(fr)
		}
		r := cl.body(fr)
		if r == doBreak && (fr.label == 0 || fr.label == id) {
			fr.label = 0
			return next
		}
		return r
	}
}
