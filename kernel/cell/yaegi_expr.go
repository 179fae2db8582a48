package cell

import (
	"go/ast"
	"go/token"
	"go/types"
)

// exprs rewrites a list.
func (l *lowerer) exprs(list []ast.Expr) []ast.Expr {
	var out []ast.Expr
	for _, e := range list {
		out = append(out, l.expr(e))
	}
	return out
}

// operand rewrites an operand whose partner gives it its type, so that a
// constant can stand bare.
func (l *lowerer) operand(e, partner ast.Expr) ast.Expr {
	tv, ptv := l.info.Types[e], l.info.Types[partner]
	if tv.Value != nil && ptv.Value == nil {
		if b, ok := l.typeOf(e).Underlying().(*types.Basic); ok && b.Info()&(types.IsInteger|types.IsFloat|types.IsString) != 0 && b.Kind() != types.UntypedRune {
			if pb, ok := l.typeOf(partner).Underlying().(*types.Basic); ok && pb.Info()&types.IsUntyped == 0 {
				return l.constant(e.Pos(), tv.Value, l.typeOf(e), true)
			}
		}
	}
	return l.expr(e)
}

// expr rewrites an expression.
func (l *lowerer) expr(e ast.Expr) ast.Expr {
	tv := l.info.Types[e]
	if tv.Value != nil {
		return l.constant(e.Pos(), tv.Value, l.typeOf(e), false)
	}
	if tv.IsType() {
		return l.typeExpr(e.Pos(), l.typeOf(e))
	}
	switch e := e.(type) {
	case *ast.Ident:
		o := l.info.Uses[e]
		if o == nil {
			o = l.info.Defs[e]
		}
		if o == nil {
			return ident(e.Pos(), e.Name) // the blank name
		}
		return l.object(e, o)
	case *ast.ParenExpr:
		return &ast.ParenExpr{Lparen: e.Lparen, X: l.expr(e.X), Rparen: e.Rparen}
	case *ast.FuncLit:
		return l.funcLit(e)
	case *ast.CompositeLit:
		return l.composite(e)
	case *ast.SelectorExpr:
		return l.selector(e)
	case *ast.IndexExpr:
		if id := calleeIdent(e.X); id != nil {
			if _, ok := l.info.Instances[id]; ok {
				return l.expr(e.X)
			}
		}
		return &ast.IndexExpr{X: l.expr(e.X), Lbrack: e.Lbrack, Index: l.expr(e.Index), Rbrack: e.Rbrack}
	case *ast.IndexListExpr:
		return l.expr(e.X)
	case *ast.SliceExpr:
		s := &ast.SliceExpr{X: l.expr(e.X), Lbrack: e.Lbrack, Slice3: e.Slice3, Rbrack: e.Rbrack}
		if e.Low != nil {
			s.Low = l.expr(e.Low)
		}
		if e.High != nil {
			s.High = l.expr(e.High)
		}
		if e.Max != nil {
			s.Max = l.expr(e.Max)
		}
		return s
	case *ast.TypeAssertExpr:
		if e.Type == nil {
			return &ast.TypeAssertExpr{X: l.expr(e.X), Lparen: e.Lparen, Rparen: e.Rparen}
		}
		return &ast.TypeAssertExpr{X: l.expr(e.X), Lparen: e.Lparen, Type: l.typeExpr(e.Type.Pos(), l.typeOf(e.Type)), Rparen: e.Rparen}
	case *ast.CallExpr:
		return l.call(e)
	case *ast.StarExpr:
		return &ast.StarExpr{Star: e.Star, X: l.expr(e.X)}
	case *ast.UnaryExpr:
		return &ast.UnaryExpr{OpPos: e.OpPos, Op: e.Op, X: l.expr(e.X)}
	case *ast.BinaryExpr:
		if e.Op == token.SHL || e.Op == token.SHR {
			return &ast.BinaryExpr{X: l.expr(e.X), OpPos: e.OpPos, Op: e.Op, Y: l.expr(e.Y)}
		}
		return &ast.BinaryExpr{X: l.operand(e.X, e.Y), OpPos: e.OpPos, Op: e.Op, Y: l.operand(e.Y, e.X)}
	case *ast.KeyValueExpr:
		return &ast.KeyValueExpr{Key: l.expr(e.Key), Colon: e.Colon, Value: l.expr(e.Value)}
	}
	refuse(e, "this expression is not supported in a cell")
	return nil
}

func calleeIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}

// funcLit rewrites a function literal.
func (l *lowerer) funcLit(e *ast.FuncLit) ast.Expr {
	sig := l.typeOf(e).(*types.Signature)
	saved := l.result
	l.result = sig.Results()
	l.lits++
	ft := l.signature(e.Type.Pos(), l.info.TypeOf(e).(*types.Signature))
	body := l.block(e.Body)
	l.lits--
	l.result = saved
	return &ast.FuncLit{Type: ft, Body: body}
}

// signature writes the header of a function being rewritten, with the names
// of its parameters.
func (l *lowerer) signature(pos token.Pos, sig *types.Signature) *ast.FuncType {
	var names []string
	for _, tu := range []*types.Tuple{sig.Params(), sig.Results()} {
		for v := range tu.Variables() {
			n := v.Name()
			if n != "" {
				n = l.local(v)
			}
			names = append(names, n)
		}
	}
	i := 0
	return l.funcType(pos, l.env.subst(sig).(*types.Signature), func(*types.Var) string {
		i++
		return names[i-1]
	})
}

// composite rewrites a composite literal, whose type is always written.
func (l *lowerer) composite(e *ast.CompositeLit) ast.Expr {
	t := l.typeOf(e)
	ptr := false
	if p, ok := t.Underlying().(*types.Pointer); ok && e.Type == nil {
		t, ptr = p.Elem(), true
	}
	c := &ast.CompositeLit{Type: l.typeExpr(e.Pos(), t), Lbrace: e.Lbrace, Rbrace: e.Rbrace}
	st, isStruct := t.Underlying().(*types.Struct)
	for i, el := range e.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		switch {
		case isStruct && ok:
			c.Elts = append(c.Elts, &ast.KeyValueExpr{Key: ident(kv.Key.Pos(), kv.Key.(*ast.Ident).Name), Colon: kv.Colon, Value: l.expr(kv.Value)})
		case isStruct:
			// Always by name: an embedded field is an ordinary one here.
			c.Elts = append(c.Elts, &ast.KeyValueExpr{Key: ident(el.Pos(), st.Field(i).Name()), Colon: el.Pos(), Value: l.expr(el)})
		default:
			c.Elts = append(c.Elts, l.expr(el))
		}
	}
	if ptr {
		return &ast.UnaryExpr{OpPos: e.Pos(), Op: token.AND, X: c}
	}
	return c
}

// selector rewrites x.f: a package's name, a field with the path to it written
// out, or a method value.
func (l *lowerer) selector(e *ast.SelectorExpr) ast.Expr {
	sel, ok := l.info.Selections[e]
	if !ok {
		return l.object(e.Sel, l.info.Uses[e.Sel])
	}
	switch sel.Kind() {
	case types.FieldVal:
		x, _ := l.path(l.expr(e.X), l.typeOf(e.X), e.Sel)
		return x
	case types.MethodVal:
		return l.methodValue(e)
	}
	return l.methodExpr(e)
}

// path writes the way to a field or method through embedded fields. It returns
// the expression before the method's name, or the field's, and its type.
func (l *lowerer) path(x ast.Expr, t types.Type, name *ast.Ident) (ast.Expr, types.Type) {
	obj, index, _ := types.LookupFieldOrMethod(t, true, l.objPkg(name), name.Name)
	if obj == nil {
		refuse(name, "%s has no field or method %s", t.String(), name.Name)
	}
	if _, isField := obj.(*types.Var); !isField {
		index = index[:len(index)-1]
	}
	for _, i := range index {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		f := t.Underlying().(*types.Struct).Field(i)
		x = &ast.SelectorExpr{X: x, Sel: ident(name.Pos(), f.Name())}
		t = f.Type()
	}
	return x, t
}

func (l *lowerer) objPkg(id *ast.Ident) *types.Package {
	if o := l.info.Uses[id]; o != nil && o.Pkg() != nil {
		return o.Pkg()
	}
	return l.out.pkg
}

// A target is what a method call goes to.
type target struct {
	recv ast.Expr // the receiver as the method takes it
	fun  ast.Expr // what to call; a function that takes the receiver first if direct
	// direct says that fun takes the receiver as its first argument.
	direct bool
	sig    *types.Signature
	recvT  types.Type
}

// method resolves x.M to what is to be called.
func (l *lowerer) method(e *ast.SelectorExpr) target {
	xt := l.typeOf(e.X)
	obj, _, _ := types.LookupFieldOrMethod(xt, true, l.objPkg(e.Sel), e.Sel.Name)
	fn, ok := obj.(*types.Func)
	if !ok {
		refuse(e.Sel, "%s is no method", e.Sel.Name)
	}
	x, t := l.path(l.expr(e.X), xt, e.Sel)
	sig := fn.Signature()
	if !types.IsInterface(t) {
		if named := namedOf(t); named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == notebookPath && !types.IsInterface(named) {
			_, wantPtr := types.Unalias(sig.Recv().Type()).(*types.Pointer)
			_, isPtr := t.Underlying().(*types.Pointer)
			switch {
			case wantPtr && !isPtr:
				x, t = &ast.UnaryExpr{OpPos: e.Pos(), Op: token.AND, X: x}, types.NewPointer(t)
			case !wantPtr && isPtr:
				x, t = &ast.ParenExpr{X: &ast.StarExpr{Star: e.Pos(), X: x}}, t.Underlying().(*types.Pointer).Elem()
			}
			return target{recv: x, fun: ident(e.Sel.Pos(), l.methodName(named, e.Sel.Name)), direct: true, sig: sig, recvT: t}
		}
	}
	return target{recv: x, fun: &ast.SelectorExpr{X: x, Sel: ident(e.Sel.Pos(), e.Sel.Name)}, sig: sig, recvT: t}
}

// methodValue rewrites x.M used as a value: the receiver is taken now.
func (l *lowerer) methodValue(e *ast.SelectorExpr) ast.Expr {
	m := l.method(e)
	if !m.direct {
		return m.fun
	}
	// func(r T) func(args) results { return func(args) results { return M(r, args) } }(x)
	pos := e.Pos()
	r := l.newName("r")
	inner := l.forward(pos, m.fun, ident(pos, r), m.sig)
	sig := l.funcType(pos, unnamed(m.sig), nil)
	outer := &ast.FuncLit{
		Type: &ast.FuncType{Func: pos,
			Params:  &ast.FieldList{List: []*ast.Field{{Names: []*ast.Ident{ident(pos, r)}, Type: l.typeExpr(pos, m.recvT)}}},
			Results: &ast.FieldList{List: []*ast.Field{{Type: sig}}}},
		Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ReturnStmt{Return: pos, Results: []ast.Expr{inner}}}},
	}
	return &ast.CallExpr{Fun: outer, Args: []ast.Expr{m.recv}}
}

// forward writes func(args) results { return fun(first, args...) }.
func (l *lowerer) forward(pos token.Pos, fun, first ast.Expr, sig *types.Signature) *ast.FuncLit {
	i := 0
	var args []ast.Expr
	if first != nil {
		args = append(args, first)
	}
	ft := l.funcType(pos, sig, func(v *types.Var) string {
		i++
		if i > sig.Params().Len() {
			return ""
		}
		n := l.newName("a")
		args = append(args, ident(pos, n))
		return n
	})
	call := &ast.CallExpr{Fun: fun, Lparen: pos, Args: args, Rparen: pos}
	if sig.Variadic() {
		call.Ellipsis = pos
	}
	var s ast.Stmt = &ast.ReturnStmt{Return: pos, Results: []ast.Expr{call}}
	if sig.Results().Len() == 0 {
		s = &ast.ExprStmt{X: call}
	}
	return &ast.FuncLit{Type: ft, Body: &ast.BlockStmt{Lbrace: pos, List: []ast.Stmt{s}, Rbrace: pos}}
}

// unnamed drops the receiver and the names of a signature.
func unnamed(sig *types.Signature) *types.Signature {
	strip := func(tu *types.Tuple) *types.Tuple {
		var vs []*types.Var
		for v := range tu.Variables() {
			vs = append(vs, types.NewParam(v.Pos(), v.Pkg(), "", v.Type()))
		}
		return types.NewTuple(vs...)
	}
	return types.NewSignatureType(nil, nil, nil, strip(sig.Params()), strip(sig.Results()), sig.Variadic())
}

// methodExpr rewrites T.M, a function that takes the receiver first.
func (l *lowerer) methodExpr(e *ast.SelectorExpr) ast.Expr {
	pos := e.Pos()
	sig := l.typeOf(e).(*types.Signature)
	recv := sig.Params().At(0).Type()
	r := l.newName("r")
	x, t := l.path(ident(pos, r), recv, e.Sel)
	obj, _, _ := types.LookupFieldOrMethod(recv, true, l.objPkg(e.Sel), e.Sel.Name)
	msig := obj.(*types.Func).Signature()
	var fun, first ast.Expr = &ast.SelectorExpr{X: x, Sel: ident(e.Sel.Pos(), e.Sel.Name)}, nil
	if named := namedOf(t); named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == notebookPath && !types.IsInterface(named) {
		_, wantPtr := types.Unalias(msig.Recv().Type()).(*types.Pointer)
		_, isPtr := t.Underlying().(*types.Pointer)
		switch {
		case wantPtr && !isPtr:
			x = &ast.UnaryExpr{OpPos: pos, Op: token.AND, X: x}
		case !wantPtr && isPtr:
			x = &ast.StarExpr{Star: pos, X: x}
		}
		fun, first = ident(pos, l.methodName(named, e.Sel.Name)), x
	}
	var ps []*types.Var
	for i := 1; i < sig.Params().Len(); i++ {
		ps = append(ps, sig.Params().At(i))
	}
	rest := types.NewSignatureType(nil, nil, nil, types.NewTuple(ps...), sig.Results(), sig.Variadic())
	lit := l.forward(pos, fun, first, rest)
	lit.Type.Params.List = append([]*ast.Field{{Names: []*ast.Ident{ident(pos, r)}, Type: l.typeExpr(pos, recv)}}, lit.Type.Params.List...)
	return lit
}

// call rewrites a call or conversion.
func (l *lowerer) call(e *ast.CallExpr) ast.Expr {
	out := &ast.CallExpr{Lparen: e.Lparen, Ellipsis: e.Ellipsis, Rparen: e.Rparen}
	ftv := l.info.Types[e.Fun]
	if ftv.IsType() {
		t := l.typeOf(e.Fun)
		out.Fun = l.typeExpr(e.Fun.Pos(), t)
		switch out.Fun.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.ArrayType, *ast.MapType:
		default:
			out.Fun = &ast.ParenExpr{Lparen: e.Fun.Pos(), X: out.Fun, Rparen: e.Fun.Pos()}
		}
		out.Args = l.exprs(e.Args)
		return out
	}
	if ftv.IsBuiltin() {
		return l.builtin(e, out)
	}
	if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
		if s := l.info.Selections[sel]; s != nil && s.Kind() == types.MethodVal {
			m := l.method(sel)
			out.Fun = m.fun
			if m.direct {
				out.Args = append(out.Args, m.recv)
				if len(e.Args) == 1 {
					if tu, ok := l.typeOf(e.Args[0]).(*types.Tuple); ok {
						return l.spread(e, m, tu)
					}
				}
			}
			out.Args = append(out.Args, l.exprs(e.Args)...)
			return out
		}
	}
	out.Fun = l.expr(e.Fun)
	out.Args = l.exprs(e.Args)
	return out
}

// spread writes x.M(f()) where f has several results.
func (l *lowerer) spread(e *ast.CallExpr, m target, tu *types.Tuple) ast.Expr {
	pos := e.Pos()
	r := l.newName("r")
	var fields []*ast.Field
	args := []ast.Expr{ident(pos, r)}
	for v := range tu.Variables() {
		n := l.newName("a")
		fields = append(fields, &ast.Field{Names: []*ast.Ident{ident(pos, n)}, Type: l.typeExpr(pos, v.Type())})
		args = append(args, ident(pos, n))
	}
	inner := &ast.FuncLit{Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{List: fields}}, Body: &ast.BlockStmt{}}
	call := &ast.CallExpr{Fun: m.fun, Args: args}
	sig := unnamed(m.sig)
	if sig.Results().Len() > 0 {
		inner.Type.Results = l.funcType(pos, sig, nil).Results
		inner.Body.List = []ast.Stmt{&ast.ReturnStmt{Return: pos, Results: []ast.Expr{call}}}
	} else {
		inner.Body.List = []ast.Stmt{&ast.ExprStmt{X: call}}
	}
	maker := &ast.FuncLit{
		Type: &ast.FuncType{Func: pos,
			Params:  &ast.FieldList{List: []*ast.Field{{Names: []*ast.Ident{ident(pos, r)}, Type: l.typeExpr(pos, m.recvT)}}},
			Results: &ast.FieldList{List: []*ast.Field{{Type: inner.Type}}}},
		Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ReturnStmt{Return: pos, Results: []ast.Expr{inner}}}},
	}
	return &ast.CallExpr{Fun: &ast.CallExpr{Fun: maker, Args: []ast.Expr{m.recv}}, Args: []ast.Expr{l.expr(e.Args[0])}}
}

// builtin rewrites a call of a predeclared function.
func (l *lowerer) builtin(e, out *ast.CallExpr) ast.Expr {
	name := ast.Unparen(e.Fun).(*ast.Ident).Name
	pos := e.Pos()
	switch name {
	case "min", "max":
		t := l.typeOf(e)
		b := t.Underlying().(*types.Basic)
		kind, wide := "", types.Type(types.Typ[types.String])
		switch {
		case b.Info()&types.IsUnsigned != 0:
			kind, wide = "Uint", types.Typ[types.Uint64]
		case b.Info()&types.IsInteger != 0:
			kind, wide = "Int", types.Typ[types.Int64]
		case b.Info()&types.IsFloat != 0:
			kind, wide = "Float", types.Typ[types.Float64]
		default:
			kind = "String"
		}
		x := l.helper(pos, map[string]string{"min": "Min", "max": "Max"}[name]+kind)
		for _, a := range e.Args {
			x.Args = append(x.Args, &ast.CallExpr{Fun: l.typeExpr(pos, wide), Args: []ast.Expr{l.expr(a)}})
		}
		return &ast.CallExpr{Fun: l.typeExpr(pos, t), Args: []ast.Expr{x}}
	case "clear":
		return l.helper(pos, "Clear", l.expr(e.Args[0]))
	case "make", "new":
		if !l.info.Types[e.Args[0]].IsType() {
			break // new of a value
		}
		out.Fun = ident(e.Fun.Pos(), name)
		out.Args = append([]ast.Expr{l.typeExpr(e.Args[0].Pos(), l.typeOf(e.Args[0]))}, l.exprs(e.Args[1:])...)
		return out
	}
	out.Fun = ident(e.Fun.Pos(), name)
	out.Args = l.exprs(e.Args)
	return out
}
