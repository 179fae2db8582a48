package vm

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Go leaves open whether a variable is read before or after the calls to its
// right in a statement. The compiler makes the calls first, from left to right,
// and then reads the rest; so that a cell gives the compiled program's numbers,
// the same is done here where it can make a difference.

// ordered finds the calls in expressions that are evaluated together. If one of
// them could change what is read to its left, now makes all the calls, and the
// expressions then use their values.
func (c *compiler) ordered(list ...ast.Expr) (now func(*frame)) {
	var calls []ast.Expr
	volatile, needed := false, false
	var walk func(e ast.Expr)
	walk = func(e ast.Expr) {
		if e == nil {
			return
		}
		if tv := c.info.Types[e]; tv.Value != nil || tv.IsType() {
			return
		}
		switch e := e.(type) {
		case *ast.ParenExpr:
			walk(e.X)
		case *ast.Ident:
			if o, ok := c.info.Uses[e].(*types.Var); ok && c.shared(o) {
				volatile = true
			}
		case *ast.SelectorExpr:
			if _, ok := c.info.Selections[e]; ok {
				walk(e.X)
				if isPointer(c.info.TypeOf(e.X)) {
					volatile = true
				}
			} else if _, ok := c.info.Uses[e.Sel].(*types.Var); ok {
				volatile = true
			}
		case *ast.IndexExpr:
			walk(e.X)
			walk(e.Index)
			volatile = true
		case *ast.SliceExpr:
			walk(e.X)
			walk(e.Low)
			walk(e.High)
			walk(e.Max)
		case *ast.StarExpr:
			walk(e.X)
			volatile = true
		case *ast.TypeAssertExpr:
			walk(e.X)
		case *ast.UnaryExpr:
			if e.Op == token.AND {
				return
			}
			walk(e.X)
			if e.Op == token.ARROW {
				needed = needed || volatile
				calls = append(calls, e)
			}
		case *ast.BinaryExpr:
			walk(e.X)
			if e.Op == token.LAND || e.Op == token.LOR {
				return // the right side may not be evaluated
			}
			walk(e.Y)
		case *ast.KeyValueExpr:
			walk(e.Value)
		case *ast.CompositeLit:
			_, isStruct := c.typeOf(e).Underlying().(*types.Struct)
			for _, el := range e.Elts {
				if kv, ok := el.(*ast.KeyValueExpr); ok && !isStruct {
					walk(kv.Key)
				}
				walk(el)
			}
		case *ast.CallExpr:
			ftv := c.info.Types[e.Fun]
			before := volatile
			if !ftv.IsType() && !ftv.IsBuiltin() {
				if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
					walk(sel.X)
				} else {
					walk(e.Fun)
				}
				volatile = before // the function itself is not read again
			}
			for _, a := range e.Args {
				walk(a)
			}
			if c.isCall(e) {
				needed = needed || before
				calls = append(calls, e)
				volatile = before // the arguments have been used
			}
		}
	}
	for _, e := range list {
		walk(e)
	}
	if !needed {
		return nil
	}
	var fs []func(*frame)
	for _, e := range calls {
		if _, ok := c.info.TypeOf(e).(*types.Tuple); ok || c.info.Types[e].IsVoid() {
			continue // f(g()) or a statement: nothing reads beside it
		}
		first, later := c.hoist(c.expr(e))
		if first == nil {
			continue
		}
		if c.hoisted == nil {
			c.hoisted = map[ast.Expr]ex{}
		}
		c.hoisted[e] = later
		fs = append(fs, first)
	}
	return sequence(fs...)
}

// orderedMany is ordered for an assignment. One expression that gives several
// values is evaluated where they are stored, and here only what it takes.
func (c *compiler) orderedMany(lhs, rhs []ast.Expr) (now func(*frame)) {
	if len(lhs) == len(rhs) || len(rhs) != 1 {
		return c.ordered(rhs...)
	}
	switch e := ast.Unparen(rhs[0]).(type) {
	case *ast.CallExpr:
		return c.ordered(append([]ast.Expr{receiverOf(e)}, e.Args...)...)
	case *ast.IndexExpr:
		return c.ordered(e.X, e.Index)
	case *ast.TypeAssertExpr:
		return c.ordered(e.X)
	case *ast.UnaryExpr:
		return c.ordered(e.X)
	}
	return nil
}

// shared tells whether other code can change a variable.
func (c *compiler) shared(o *types.Var) bool {
	if o.IsField() {
		return false
	}
	if c.boxed[o] || c.m.globals[o] != nil {
		return true
	}
	if c.locals != nil && c.locals(o) != nil {
		return true
	}
	p, ok := c.vars[o]
	return !ok || p.kind != inSlot
}

// isCall tells whether an expression runs other code: a function, or one of
// the built-in ones that write.
func (c *compiler) isCall(e *ast.CallExpr) bool {
	ftv := c.info.Types[e.Fun]
	if ftv.IsType() {
		return false
	}
	if ftv.IsBuiltin() {
		switch c.builtinName(e) {
		case "cap", "complex", "imag", "len", "make", "max", "min", "new", "real": // no code, but in their order
			return true
		case "copy", "append", "recover", "print", "println", "panic", "delete", "close", "clear":
			return true
		}
		return false
	}
	return true
}

// top compiles an expression that is a statement's own.
func (c *compiler) top(e ast.Expr) ex {
	now := c.ordered(e)
	x := c.expr(e)
	if now != nil && !x.nilv {
		x = ex{t: x.t, f: x.t.ops().after(now, x.f), calls: true}
	}
	return x
}
