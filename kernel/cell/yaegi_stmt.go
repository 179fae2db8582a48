package cell

import (
	"go/ast"
	"go/token"
	"go/types"
)

func (l *lowerer) block(b *ast.BlockStmt) *ast.BlockStmt {
	if b == nil {
		return nil
	}
	return &ast.BlockStmt{Lbrace: b.Lbrace, List: l.stmts(b.List), Rbrace: b.Rbrace}
}

func (l *lowerer) stmts(list []ast.Stmt) []ast.Stmt {
	var out []ast.Stmt
	for _, s := range list {
		out = append(out, l.stmt(s)...)
	}
	return out
}

// one rewrites a statement that stands where Go allows only one.
func (l *lowerer) one(s ast.Stmt) ast.Stmt {
	if s == nil {
		return nil
	}
	list := l.stmt(s)
	if len(list) == 1 {
		return list[0]
	}
	return &ast.BlockStmt{Lbrace: s.Pos(), List: list, Rbrace: s.End()}
}

// stmt rewrites a statement into one or several.
func (l *lowerer) stmt(s ast.Stmt) []ast.Stmt {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return []ast.Stmt{l.assign(s)}
	case *ast.BlockStmt:
		return []ast.Stmt{l.block(s)}
	case *ast.BranchStmt:
		b := &ast.BranchStmt{TokPos: s.TokPos, Tok: s.Tok}
		if s.Label != nil {
			b.Label = ident(s.Label.Pos(), s.Label.Name)
		}
		return []ast.Stmt{b}
	case *ast.DeclStmt:
		return l.declStmt(s)
	case *ast.DeferStmt:
		return []ast.Stmt{&ast.DeferStmt{Defer: s.Defer, Call: l.plainCall(s.Call)}}
	case *ast.EmptyStmt:
		return nil
	case *ast.ExprStmt:
		return []ast.Stmt{&ast.ExprStmt{X: l.expr(s.X)}}
	case *ast.ForStmt:
		return l.forStmt(s, "")
	case *ast.GoStmt:
		return l.goStmt(s)
	case *ast.IfStmt:
		return []ast.Stmt{l.ifStmt(s)}
	case *ast.IncDecStmt:
		return []ast.Stmt{&ast.IncDecStmt{X: l.expr(s.X), TokPos: s.TokPos, Tok: s.Tok}}
	case *ast.LabeledStmt:
		return l.labeled(s)
	case *ast.RangeStmt:
		return l.rangeStmt(s, "")
	case *ast.ReturnStmt:
		return []ast.Stmt{&ast.ReturnStmt{Return: s.Return, Results: l.exprs(s.Results)}}
	case *ast.SelectStmt:
		return []ast.Stmt{l.selectStmt(s)}
	case *ast.SendStmt:
		return []ast.Stmt{&ast.SendStmt{Chan: l.expr(s.Chan), Arrow: s.Arrow, Value: l.expr(s.Value)}}
	case *ast.SwitchStmt:
		return []ast.Stmt{l.switchStmt(s)}
	case *ast.TypeSwitchStmt:
		return []ast.Stmt{l.typeSwitch(s)}
	}
	refuse(s, "this statement is not supported in a cell")
	return nil
}

// plainCall rewrites a call that has to stay a call.
func (l *lowerer) plainCall(c *ast.CallExpr) *ast.CallExpr {
	if x, ok := l.expr(c).(*ast.CallExpr); ok {
		return x
	}
	refuse(c, "this call cannot stand here")
	return nil
}

// lhs rewrites the left side of an assignment, where a constant's name cannot
// stand and the blank name can.
func (l *lowerer) lhs(e ast.Expr) ast.Expr {
	if id, ok := e.(*ast.Ident); ok {
		if id.Name == "_" {
			return ident(id.Pos(), "_")
		}
		if o := l.info.Defs[id]; o != nil {
			return l.object(id, o)
		}
	}
	return l.expr(e)
}

func (l *lowerer) assign(s *ast.AssignStmt) ast.Stmt {
	out := &ast.AssignStmt{TokPos: s.TokPos, Tok: s.Tok}
	if s.Tok == token.DEFINE {
		global := true
		for _, e := range s.Lhs {
			if id := e.(*ast.Ident); id.Name != "_" {
				if o := l.info.Defs[id]; o != nil && !(l.body && l.out.varOf[o] != nil) {
					global = false
				}
			}
		}
		if global {
			out.Tok = token.ASSIGN
		}
	}
	for _, e := range s.Lhs {
		out.Lhs = append(out.Lhs, l.lhs(e))
	}
	if len(s.Lhs) == len(s.Rhs) {
		for i, e := range s.Rhs {
			if s.Tok != token.ASSIGN && s.Tok != token.DEFINE && s.Tok != token.SHL_ASSIGN && s.Tok != token.SHR_ASSIGN {
				out.Rhs = append(out.Rhs, l.operand(e, s.Lhs[i]))
				continue
			}
			out.Rhs = append(out.Rhs, l.expr(e))
		}
		return out
	}
	out.Rhs = l.exprs(s.Rhs)
	return out
}

// declStmt rewrites a declaration among statements. Constants are folded where
// they are used, types are written at the top when used.
func (l *lowerer) declStmt(s *ast.DeclStmt) []ast.Stmt {
	g := s.Decl.(*ast.GenDecl)
	if g.Tok != token.VAR {
		return nil
	}
	var out []ast.Stmt
	for _, sp := range g.Specs {
		v := sp.(*ast.ValueSpec)
		var lhs []ast.Expr
		global := false
		for _, id := range v.Names {
			o := l.info.Defs[id]
			if id.Name == "_" || o == nil {
				lhs = append(lhs, ident(id.Pos(), "_"))
				continue
			}
			if l.body && l.out.varOf[o] != nil {
				global = true
			}
			lhs = append(lhs, l.object(id, o))
		}
		switch {
		case len(v.Values) > 0 && global:
			out = append(out, &ast.AssignStmt{Lhs: lhs, TokPos: v.Pos(), Tok: token.ASSIGN, Rhs: l.exprs(v.Values)})
		case global:
			for i, id := range v.Names {
				if o := l.info.Defs[id]; id.Name != "_" && o != nil {
					z := l.newName("zero")
					out = append(out, l.varStmt(id.Pos(), z, o.Type(), nil),
						&ast.AssignStmt{Lhs: []ast.Expr{lhs[i]}, TokPos: id.Pos(), Tok: token.ASSIGN, Rhs: []ast.Expr{ident(id.Pos(), z)}})
				}
			}
		case len(v.Values) == len(v.Names) || len(v.Values) == 0:
			for i, id := range v.Names {
				o := l.info.Defs[id]
				if id.Name == "_" || o == nil {
					if len(v.Values) > 0 {
						out = append(out, &ast.AssignStmt{Lhs: []ast.Expr{ident(id.Pos(), "_")}, TokPos: id.Pos(), Tok: token.ASSIGN, Rhs: []ast.Expr{l.expr(v.Values[i])}})
					}
					continue
				}
				var val ast.Expr
				if len(v.Values) > 0 {
					val = l.expr(v.Values[i])
				}
				out = append(out, l.varStmt(id.Pos(), l.local(o), l.env.subst(o.Type()), val))
			}
		default:
			for _, id := range v.Names {
				if o := l.info.Defs[id]; id.Name != "_" && o != nil {
					out = append(out, l.varStmt(id.Pos(), l.local(o), l.env.subst(o.Type()), nil))
				}
			}
			out = append(out, &ast.AssignStmt{Lhs: lhs, TokPos: v.Pos(), Tok: token.ASSIGN, Rhs: l.exprs(v.Values)})
		}
	}
	return out
}

// varStmt writes var name T = value.
func (l *lowerer) varStmt(pos token.Pos, name string, t types.Type, value ast.Expr) ast.Stmt {
	v := &ast.ValueSpec{Names: []*ast.Ident{ident(pos, name)}, Type: l.typeExpr(pos, t)}
	if value != nil {
		v.Values = []ast.Expr{value}
	}
	return &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: pos, Tok: token.VAR, Specs: []ast.Spec{v}}}
}

func (l *lowerer) ifStmt(s *ast.IfStmt) ast.Stmt {
	out := &ast.IfStmt{If: s.If, Init: l.one(s.Init), Cond: l.expr(s.Cond), Body: l.block(s.Body)}
	if s.Else != nil {
		out.Else = l.one(s.Else)
	}
	return out
}

func (l *lowerer) labeled(s *ast.LabeledStmt) []ast.Stmt {
	wrap := func(inner []ast.Stmt) []ast.Stmt {
		n := len(inner) - 1
		inner[n] = &ast.LabeledStmt{Label: ident(s.Label.Pos(), s.Label.Name), Colon: s.Colon, Stmt: inner[n]}
		return inner
	}
	inner := l.stmt(s.Stmt)
	if len(inner) == 0 {
		inner = []ast.Stmt{&ast.EmptyStmt{Semicolon: s.Colon}}
	}
	return wrap(inner)
}

func (l *lowerer) caseBodies(b *ast.BlockStmt, each func(*ast.CaseClause) *ast.CaseClause) *ast.BlockStmt {
	out := &ast.BlockStmt{Lbrace: b.Lbrace, Rbrace: b.Rbrace}
	for _, s := range b.List {
		out.List = append(out.List, each(s.(*ast.CaseClause)))
	}
	return out
}

func (l *lowerer) switchStmt(s *ast.SwitchStmt) ast.Stmt {
	out := &ast.SwitchStmt{Switch: s.Switch, Init: l.one(s.Init)}
	if s.Tag != nil {
		out.Tag = l.expr(s.Tag)
	}
	out.Body = l.caseBodies(s.Body, func(c *ast.CaseClause) *ast.CaseClause {
		return &ast.CaseClause{Case: c.Case, List: l.exprs(c.List), Colon: c.Colon, Body: l.stmts(c.Body)}
	})
	return out
}

func (l *lowerer) typeSwitch(s *ast.TypeSwitchStmt) ast.Stmt {
	out := &ast.TypeSwitchStmt{Switch: s.Switch, Init: l.one(s.Init)}
	name := ""
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		x := a.Rhs[0].(*ast.TypeAssertExpr)
		id := a.Lhs[0].(*ast.Ident)
		name = l.newName(id.Name)
		out.Assign = &ast.AssignStmt{Lhs: []ast.Expr{ident(id.Pos(), name)}, TokPos: a.TokPos, Tok: token.DEFINE, Rhs: []ast.Expr{&ast.TypeAssertExpr{X: l.expr(x.X), Lparen: x.Lparen, Rparen: x.Rparen}}}
	case *ast.ExprStmt:
		x := a.X.(*ast.TypeAssertExpr)
		out.Assign = &ast.ExprStmt{X: &ast.TypeAssertExpr{X: l.expr(x.X), Lparen: x.Lparen, Rparen: x.Rparen}}
	}
	out.Body = l.caseBodies(s.Body, func(c *ast.CaseClause) *ast.CaseClause {
		if o := l.info.Implicits[c]; o != nil && name != "" {
			l.locals[o] = name
		}
		cc := &ast.CaseClause{Case: c.Case, Colon: c.Colon}
		for _, e := range c.List {
			if tv := l.info.Types[e]; tv.IsNil() {
				cc.List = append(cc.List, ident(e.Pos(), "nil"))
				continue
			}
			cc.List = append(cc.List, l.typeExpr(e.Pos(), l.typeOf(e)))
		}
		cc.Body = l.stmts(c.Body)
		return cc
	})
	return out
}

func (l *lowerer) selectStmt(s *ast.SelectStmt) ast.Stmt {
	out := &ast.SelectStmt{Select: s.Select, Body: &ast.BlockStmt{Lbrace: s.Body.Lbrace, Rbrace: s.Body.Rbrace}}
	for _, c := range s.Body.List {
		cc := c.(*ast.CommClause)
		out.Body.List = append(out.Body.List, &ast.CommClause{Case: cc.Case, Comm: l.one(cc.Comm), Colon: cc.Colon, Body: l.stmts(cc.Body)})
	}
	return out
}

// goStmt rewrites a go statement so that a panic in it ends the goroutine and
// not the process. Function and arguments are evaluated now, as Go has it.
func (l *lowerer) goStmt(s *ast.GoStmt) []ast.Stmt {
	pos := s.Go
	call := l.plainCall(s.Call)
	guard := &ast.DeferStmt{Defer: pos, Call: &ast.CallExpr{Fun: &ast.FuncLit{
		Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{}},
		Body: &ast.BlockStmt{Lbrace: pos, Rbrace: pos, List: []ast.Stmt{
			&ast.ExprStmt{X: l.helper(pos, "Recovered", &ast.CallExpr{Fun: ident(pos, "recover"), Lparen: pos, Rparen: pos})},
		}},
	}, Lparen: pos, Rparen: pos}}
	if lit, ok := call.Fun.(*ast.FuncLit); ok {
		// A literal takes its arguments itself; its own deferred calls run first.
		lit.Body.List = append([]ast.Stmt{guard}, lit.Body.List...)
		return []ast.Stmt{&ast.GoStmt{Go: pos, Call: call}}
	}
	return []ast.Stmt{l.guardedGo(pos, s.Call, call, guard)}
}

func (l *lowerer) guardedGo(pos token.Pos, orig, call *ast.CallExpr, guard ast.Stmt) ast.Stmt {
	params := &ast.FieldList{Opening: pos, Closing: pos}
	inner := &ast.CallExpr{Lparen: pos, Rparen: pos, Ellipsis: call.Ellipsis}
	outer := &ast.CallExpr{Lparen: pos, Rparen: pos}
	pass := func(x ast.Expr, t types.Type) ast.Expr {
		n := l.newName("g")
		params.List = append(params.List, &ast.Field{Names: []*ast.Ident{ident(pos, n)}, Type: l.typeExpr(pos, t)})
		outer.Args = append(outer.Args, x)
		return ident(pos, n)
	}
	args := orig.Args
	inner.Fun = call.Fun
	if len(call.Args) == len(args)+1 { // a method's receiver comes first
		sel := ast.Unparen(orig.Fun).(*ast.SelectorExpr)
		inner.Args = append(inner.Args, pass(call.Args[0], l.method(sel).recvT))
	} else if sel, ok := call.Fun.(*ast.SelectorExpr); ok && l.info.Selections[selectorOf(orig.Fun)] != nil {
		m := l.method(selectorOf(orig.Fun))
		inner.Fun = &ast.SelectorExpr{X: pass(m.recv, m.recvT), Sel: sel.Sel}
	} else if _, ok := l.info.TypeOf(orig.Fun).(*types.Signature); ok && !l.isFuncName(orig.Fun) {
		inner.Fun = pass(call.Fun, l.typeOf(orig.Fun))
	}
	offset := len(call.Args) - len(args)
	for i, a := range args {
		if l.info.Types[a].Value != nil || l.info.Types[a].IsNil() || l.info.Types[a].IsType() {
			inner.Args = append(inner.Args, call.Args[offset+i])
			continue
		}
		inner.Args = append(inner.Args, pass(call.Args[offset+i], l.typeOf(a)))
	}
	outer.Fun = &ast.FuncLit{
		Type: &ast.FuncType{Func: pos, Params: params},
		Body: &ast.BlockStmt{Lbrace: pos, Rbrace: pos, List: []ast.Stmt{guard, &ast.ExprStmt{X: inner}}},
	}
	return &ast.GoStmt{Go: pos, Call: outer}
}

func selectorOf(e ast.Expr) *ast.SelectorExpr {
	s, _ := ast.Unparen(e).(*ast.SelectorExpr)
	return s
}

// isFuncName tells whether an expression names a declared function.
func (l *lowerer) isFuncName(e ast.Expr) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.IndexExpr:
		return l.isFuncName(x.X)
	case *ast.IndexListExpr:
		return l.isFuncName(x.X)
	}
	id := calleeIdent(e)
	if id == nil {
		return false
	}
	switch o := l.info.Uses[id].(type) {
	case *types.Func, *types.Builtin:
		return o != nil
	}
	return false
}
