package vm

import (
	"go/ast"
	"go/token"
	"go/types"
	"unsafe"
)

// block compiles a list of statements.
func (c *compiler) block(list []ast.Stmt) exec {
	var ss []exec
	var ps []token.Pos
	labels := map[int]int{} // label → statement
	for _, s := range list {
		if l, ok := s.(*ast.LabeledStmt); ok {
			labels[c.labels[l.Label.Name]] = len(ss)
		}
		if x := c.stmt(s); x != nil {
			ss, ps = append(ss, x), append(ps, s.Pos())
		}
	}
	if len(labels) > 0 {
		return jumping(ss, ps, labels)
	}
	switch len(ss) {
	case 0:
		return func(*frame) ctl { return next }
	case 1:
		s, p := ss[0], ps[0]
		return func(fr *frame) ctl {
			fr.pos = p
			return s(fr)
		}
	case 2:
		s, p, t, q := ss[0], ps[0], ss[1], ps[1]
		return func(fr *frame) ctl {
			fr.pos = p
			if r := s(fr); r != next {
				return r
			}
			fr.pos = q
			return t(fr)
		}
	}
	return func(fr *frame) ctl {
		for i, s := range ss {
			fr.pos = ps[i]
			if r := s(fr); r != next {
				return r
			}
		}
		return next
	}
}

// jumping runs a list into which goto can jump.
func jumping(ss []exec, ps []token.Pos, labels map[int]int) exec {
	return func(fr *frame) ctl {
		for i := 0; i < len(ss); i++ {
			fr.pos = ps[i]
			r := ss[i](fr)
			if r == doGoto {
				if at, ok := labels[fr.label]; ok {
					fr.th.check()
					i = at - 1
					continue
				}
			}
			if r != next {
				return r
			}
		}
		return next
	}
}

// plain makes a statement of a closure.
func plain(f func(*frame)) exec {
	if f == nil {
		return nil
	}
	return func(fr *frame) ctl {
		f(fr)
		return next
	}
}

// stmt compiles a statement; nil if it does nothing.
func (c *compiler) stmt(s ast.Stmt) exec {
	label := c.label
	c.label = ""
	switch s := s.(type) {
	case *ast.AssignStmt:
		return plain(c.assign(s))
	case *ast.BlockStmt:
		return c.block(s.List)
	case *ast.BranchStmt:
		return c.branch(s)
	case *ast.DeclStmt:
		return plain(c.declStmt(s))
	case *ast.DeferStmt:
		return c.deferStmt(s)
	case *ast.EmptyStmt:
		return nil
	case *ast.ExprStmt:
		return plain(c.exprStmt(s.X))
	case *ast.ForStmt:
		return c.forStmt(s, label)
	case *ast.GoStmt:
		return c.goStmt(s)
	case *ast.IfStmt:
		return c.ifStmt(s)
	case *ast.IncDecStmt:
		op := token.ADD
		if s.Tok == token.DEC {
			op = token.SUB
		}
		return plain(c.update(s, s.X, op, nil))
	case *ast.LabeledStmt:
		c.label = s.Label.Name
		x := c.stmt(s.Stmt)
		c.label = ""
		if x == nil {
			x = func(*frame) ctl { return next }
		}
		return c.labelled(s, x)
	case *ast.RangeStmt:
		return c.rangeStmt(s, label)
	case *ast.ReturnStmt:
		return c.returnStmt(s)
	case *ast.SelectStmt:
		return c.selectStmt(s, label)
	case *ast.SendStmt:
		return plain(c.send(s))
	case *ast.SwitchStmt:
		return c.switchStmt(s, label)
	case *ast.TypeSwitchStmt:
		return c.typeSwitch(s, label)
	}
	refuse(s, "this statement is not supported in a cell")
	return nil
}

// labelled lets a break leave a labelled statement that is no loop.
func (c *compiler) labelled(s *ast.LabeledStmt, x exec) exec {
	id := c.labels[s.Label.Name]
	return func(fr *frame) ctl {
		r := x(fr)
		if r == doBreak && fr.label == id {
			fr.label = 0
			return next
		}
		return r
	}
}

func (c *compiler) branch(s *ast.BranchStmt) exec {
	id := 0
	if s.Label != nil {
		id = c.labels[s.Label.Name]
	}
	var r ctl
	switch s.Tok {
	case token.BREAK:
		r = doBreak
	case token.CONTINUE:
		r = doContinue
	case token.GOTO:
		r = doGoto
	default:
		r = doFallthrough
	}
	return func(fr *frame) ctl {
		fr.label = id
		return r
	}
}

// exprStmt compiles an expression evaluated for what it does.
func (c *compiler) exprStmt(e ast.Expr) func(*frame) {
	switch x := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		now := c.orderedCall(x)
		return sequence(now, c.callStmt(x))
	case *ast.UnaryExpr:
		if x.Op == token.ARROW {
			now, v := c.ordered(x.X), c.receive(x, false)
			return sequence(now, v.t.ops().drop(v.f))
		}
	}
	v := c.expr(e)
	if v.nilv {
		return func(*frame) {}
	}
	return v.t.ops().drop(v.f)
}

func (c *compiler) ifStmt(s *ast.IfStmt) exec {
	var init exec
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	cond := as[bool](c.top(s.Cond))
	then := c.block(s.Body.List)
	var other exec
	if s.Else != nil {
		other = c.stmt(s.Else)
	}
	pos := s.Cond.Pos()
	if init == nil && other == nil {
		return func(fr *frame) ctl {
			if cond(fr) {
				return then(fr)
			}
			return next
		}
	}
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
			fr.pos = pos
		}
		if cond(fr) {
			return then(fr)
		}
		if other != nil {
			return other(fr)
		}
		return next
	}
}

// loopEnd tells what a loop does with the way its body ended: whether it goes
// on, and if not, what it returns.
func loopEnd(fr *frame, r ctl, id int) (on bool, out ctl) {
	switch r {
	case next:
		return true, next
	case doContinue:
		if fr.label == 0 || fr.label == id {
			fr.label = 0
			return true, next
		}
	case doBreak:
		if fr.label == 0 || fr.label == id {
			fr.label = 0
			return false, next
		}
	}
	return false, r
}

// labelID is the number of a loop's own label, -1 without one.
func (c *compiler) labelID(label string) int {
	if label == "" {
		return -1
	}
	return c.labels[label]
}

func (c *compiler) forStmt(s *ast.ForStmt, label string) exec {
	id := c.labelID(label)
	var init, post exec
	var cond func(*frame) bool
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	if s.Cond != nil {
		cond = as[bool](c.top(s.Cond))
	}
	if s.Post != nil {
		post = c.stmt(s.Post)
	}
	body := c.block(s.Body.List)
	// Variables that closures share are new in each turn.
	var renew func(*frame)
	if d, ok := s.Init.(*ast.AssignStmt); ok && d.Tok == token.DEFINE {
		for _, l := range d.Lhs {
			if o := c.info.Defs[l.(*ast.Ident)]; o != nil && c.boxed[o] {
				renew = sequence(renew, renewBox(c.vars[o]))
			}
		}
	}
	pos := s.Pos()
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		g := fr.th.g
		for cond == nil || cond(fr) {
			if r := body(fr); r != next {
				if on, out := loopEnd(fr, r, id); !on {
					return out
				}
			}
			if g.stop.Load() {
				fr.th.check()
			}
			fr.pos = pos
			if renew != nil {
				renew(fr)
			}
			if post != nil {
				post(fr)
			}
		}
		return next
	}
}

// renewBox gives a variable new memory with its present value.
func renewBox(p place) func(*frame) {
	off, rt, cp := p.off, p.t.rt, p.t.copyTo
	return func(fr *frame) {
		at := (*unsafe.Pointer)(unsafe.Add(fr.p, off))
		mem := alloc(rt)
		cp(mem, *at)
		*at = mem
	}
}

// returnStmt compiles return.
func (c *compiler) returnStmt(s *ast.ReturnStmt) exec {
	if c.rangeFn != nil && c.rangeFn.returns != nil {
		return c.rangeFn.returns(c, s)
	}
	f := c.setResults(s)
	if f == nil {
		return func(*frame) ctl { return doReturn }
	}
	return func(fr *frame) ctl {
		f(fr)
		return doReturn
	}
}

// setResults stores the values of a return statement.
func (c *compiler) setResults(s *ast.ReturnStmt) func(*frame) {
	if len(s.Results) == 0 {
		return nil
	}
	if len(s.Results) == 1 && len(c.results) > 1 {
		call := ast.Unparen(s.Results[0]).(*ast.CallExpr)
		first := c.orderedCall(call)
		now, later := c.callMulti(call)
		fs := []func(*frame){first, now}
		for i, v := range later {
			fs = append(fs, store(c.results[i], c.convertTo(s, v, c.results[i].t)))
		}
		return sequence(fs...)
	}
	first := c.orderedTo(func(i int) types.Type { return c.results[i].t.t }, s.Results...)
	if len(s.Results) == 1 {
		p := c.results[0]
		return sequence(first, store(p, c.value(s.Results[0], p.t.t)))
	}
	nows, stores := []func(*frame){first}, []func(*frame){}
	for i, e := range s.Results {
		p := c.results[i]
		now, later := c.hoist(c.value(e, p.t.t))
		nows, stores = append(nows, now), append(stores, store(p, later))
	}
	return sequence(append(nows, stores...)...)
}

// declStmt compiles a declaration of variables; types and constants need no code.
func (c *compiler) declStmt(s *ast.DeclStmt) func(*frame) {
	g := s.Decl.(*ast.GenDecl)
	if g.Tok != token.VAR {
		return nil
	}
	var fs []func(*frame)
	for _, sp := range g.Specs {
		v := sp.(*ast.ValueSpec)
		var lhs []ast.Expr
		for _, id := range v.Names {
			lhs = append(lhs, id)
		}
		fs = append(fs, c.define(v, lhs, v.Values))
	}
	return sequence(fs...)
}
