package vm

import (
	"go/ast"
	"go/types"
)

func (c *compiler) switchStmt(s *ast.SwitchStmt, label string) exec {
	var init exec
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	var now func(*frame)
	tag := ex{t: c.m.typ(types.Typ[types.Bool]), f: konst(true)}
	if s.Tag != nil {
		x := c.top(s.Tag)
		if x.v != nil {
			x = c.constant(s.Tag, x.v, x.t.t)
			x.v = nil
		}
		now, tag = c.hoist(x)
	}
	var tests [][]func(*frame) bool
	var bodies []exec
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CaseClause)
		var list []func(*frame) bool
		for _, e := range cc.List {
			if s.Tag == nil {
				if x := c.top(e); x.t.class == classBool {
					list = append(list, as[bool](x))
					continue
				}
			}
			list = append(list, c.equals(e, tag, c.top(e)))
		}
		if cc.List == nil {
			def = i
		}
		tests = append(tests, list)
		bodies = append(bodies, c.block(cc.Body))
	}
	id, pos := c.labelID(label), s.Pos()
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		if now != nil {
			now(fr)
		}
		at := def
	find:
		for i, list := range tests {
			for _, t := range list {
				if t(fr) {
					at = i
					break find
				}
			}
		}
		fr.pos = pos
		for at >= 0 {
			r := bodies[at](fr)
			switch {
			case r == doFallthrough:
				at++
				continue
			case r == doBreak && (fr.label == 0 || fr.label == id):
				fr.label = 0
				return next
			}
			return r
		}
		return next
	}
}

func (c *compiler) typeSwitch(s *ast.TypeSwitchStmt, label string) exec {
	var init exec
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		x = a.Rhs[0].(*ast.TypeAssertExpr).X
	case *ast.ExprStmt:
		x = ast.Unparen(a.X).(*ast.TypeAssertExpr).X
	}
	src := c.top(x)
	now, v := c.hoist(src)
	val := as[any](v)
	type clause struct {
		tests []func(any) bool
		body  exec
		bind  func(*frame)
	}
	var list []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CaseClause)
		var cl clause
		var only *typ
		for _, e := range cc.List {
			if c.info.Types[e].IsNil() {
				cl.tests = append(cl.tests, func(v any) bool { return v == nil })
				continue
			}
			only = c.m.typ(c.typeOf(e))
			cl.tests = append(cl.tests, c.matches(only))
		}
		if cc.List == nil {
			def = i
		}
		if o := c.info.Implicits[cc]; o != nil {
			t := c.m.typ(c.env.subst(o.Type()))
			p := c.declare(o, t.t)
			bound := v
			if len(cc.List) == 1 && only != nil {
				bound = ex{t: t, f: t.ops().fromAny(t, val)}
			} else {
				bound = c.convertTo(cc, v, t)
			}
			cl.bind = c.initialise(p, bound)
		}
		cl.body = c.block(cc.Body)
		list = append(list, cl)
	}
	id := c.labelID(label)
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		if now != nil {
			now(fr)
		}
		d := val(fr)
		at := def
	find:
		for i, cl := range list {
			for _, t := range cl.tests {
				if t(d) {
					at = i
					break find
				}
			}
		}
		if at < 0 {
			return next
		}
		cl := list[at]
		if cl.bind != nil {
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
