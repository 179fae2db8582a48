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
	o := &ordering{c: c}
	for _, e := range list {
		o.walk(e)
	}
	return o.now()
}

// orderedCall is ordered for the receiver and the arguments of a call.
func (c *compiler) orderedCall(e *ast.CallExpr) (now func(*frame)) {
	o := &ordering{c: c}
	o.operands(e)
	return o.now()
}

// orderedTo is ordered for values that become ones of given types.
func (c *compiler) orderedTo(to func(i int) types.Type, list ...ast.Expr) (now func(*frame)) {
	o := &ordering{c: c}
	for i, e := range list {
		o.walkTo(e, to(i))
	}
	return o.now()
}

// An ordering collects what is evaluated first, from left to right.
type ordering struct {
	c     *compiler
	early []ast.Expr
	// volatile tells that what was seen last is read late and can be changed by
	// other code; needed, that such code comes after it.
	volatile, needed bool
}

func (o *ordering) walk(e ast.Expr) {
	if e == nil {
		return
	}
	c := o.c
	if tv := c.info.Types[e]; tv.Value != nil || tv.IsType() {
		return
	}
	before := o.volatile
	// keep has the value of e itself taken in its order; runs tells that this can
	// change other values.
	keep := func(runs bool) {
		o.needed = o.needed || runs && before
		o.early = append(o.early, e)
		o.volatile = before
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		o.walk(e.X)
	case *ast.Ident:
		if v, ok := c.info.Uses[e].(*types.Var); ok && c.shared(v) {
			o.volatile = true
		}
	case *ast.SelectorExpr:
		if _, ok := c.info.Selections[e]; ok {
			o.walk(e.X)
			if isPointer(c.info.TypeOf(e.X)) {
				o.volatile = true
			}
		} else if _, ok := c.info.Uses[e.Sel].(*types.Var); ok {
			o.volatile = true
		}
	case *ast.IndexExpr:
		o.walk(e.X)
		o.walk(e.Index)
		o.volatile = true
	case *ast.SliceExpr:
		o.walk(e.X)
		o.walk(e.Low)
		o.walk(e.High)
		o.walk(e.Max)
		keep(false)
	case *ast.StarExpr:
		o.walk(e.X)
		o.volatile = true
	case *ast.TypeAssertExpr:
		o.walk(e.X)
		if c.m.typ(c.typeOf(e)).class != classPointer {
			keep(false)
		}
	case *ast.UnaryExpr:
		if _, ok := ast.Unparen(e.X).(*ast.Ident); ok && e.Op == token.AND {
			return // the address does not change
		}
		o.walk(e.X)
		if e.Op == token.ARROW {
			keep(true)
		}
	case *ast.BinaryExpr:
		o.walk(e.X)
		if e.Op == token.LAND || e.Op == token.LOR {
			keep(hasCall(e.Y)) // the right side has an order of its own
			return
		}
		o.walk(e.Y)
		if e.Op == token.QUO || e.Op == token.REM {
			if c.info.Types[e.Y].Value == nil && isInteger(c.m.typ(c.typeOf(e)).class) {
				o.volatile = true // it may fail, after the calls
			}
		}
	case *ast.CompositeLit:
		o.literal(e, keep)
	case *ast.CallExpr:
		o.call(e, keep)
	}
}

// walkTo is walk for a value that becomes one of another type. What the compiler
// puts into an interface by its address it copies in its order, if it has none.
func (o *ordering) walkTo(e ast.Expr, to types.Type) {
	before := o.volatile
	o.walk(e)
	if e == nil || to == nil || !types.IsInterface(o.c.env.subst(to)) {
		return
	}
	if tv := o.c.info.Types[e]; tv.Value != nil || tv.IsNil() || tv.Type == nil || tv.Addressable() {
		return
	}
	if t := o.c.typeOf(e); !types.IsInterface(t) && copiedToInterface(o.c.m.typ(t)) {
		o.early = append(o.early, e)
		o.volatile = before
	}
}

// copiedToInterface tells whether a value of a type is copied before it becomes
// an interface's: all but numbers of two to eight bytes, strings and slices, and
// what is made of one such.
func copiedToInterface(t *typ) bool {
	switch t.class {
	case classString, classSlice:
		return false
	case classMemory:
		return !soleStringOrSlice(t.t) && (hasPointers(t.rt) || t.rt.Size() != uintptr(t.rt.Align()) || t.rt.Size() == 1)
	case classBool, classInt8, classUint8, classComplex64, classComplex128, classPointer, classFunc:
		return true
	}
	return false
}

// soleStringOrSlice tells of a struct or array of one string or slice.
func soleStringOrSlice(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Struct:
		return u.NumFields() == 1 && soleStringOrSlice(u.Field(0).Type())
	case *types.Array:
		return u.Len() == 1 && soleStringOrSlice(u.Elem())
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Slice:
		return true
	}
	return false
}

func (o *ordering) literal(e *ast.CompositeLit, keep func(runs bool)) {
	t := o.c.typeOf(e)
	if p, ok := t.Underlying().(*types.Pointer); ok { // &T is implied
		t = p.Elem()
	}
	switch u := t.Underlying().(type) {
	case *types.Map:
		keep(hasCall(e)) // an entry at a time
	case *types.Struct:
		for i, el := range e.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
				for j := range u.NumFields() {
					if u.Field(j).Name() == kv.Key.(*ast.Ident).Name {
						i = j
					}
				}
			}
			o.walkTo(el, u.Field(i).Type())
		}
	default:
		var elem types.Type
		if u, ok := u.(interface{ Elem() types.Type }); ok {
			elem = u.Elem()
		}
		for _, el := range e.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			o.walkTo(el, elem)
		}
	}
}

func (o *ordering) call(e *ast.CallExpr, keep func(runs bool)) {
	c := o.c
	o.operands(e)
	ftv := c.info.Types[e.Fun]
	switch {
	case ftv.IsType():
		// Text becomes a slice in its order.
		if to := c.m.typ(c.typeOf(e.Fun)); to.class == classSlice && c.m.typ(types.Default(c.typeOf(e.Args[0]))).class == classString {
			keep(false)
		}
	case ftv.IsBuiltin():
		switch c.builtinName(e) {
		case "cap", "complex", "imag", "len", "make", "max", "min", "new", "real":
			keep(false)
		case "copy", "append", "recover", "print", "println", "panic", "delete", "close", "clear":
			keep(true)
		}
	default:
		keep(true)
	}
}

// operands walks what a call is made on and with.
func (o *ordering) operands(e *ast.CallExpr) {
	c := o.c
	ftv := c.info.Types[e.Fun]
	if ftv.IsType() {
		o.walkTo(e.Args[0], c.typeOf(e.Fun))
		return
	}
	var sig *types.Signature
	if !ftv.IsBuiltin() {
		before := o.volatile
		sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
		if ok {
			o.walk(sel.X)
		} else {
			o.walk(e.Fun)
		}
		if ok && c.addressTaken(sel) {
			o.volatile = before // an address does not change
		}
		sig, _ = c.typeOf(e.Fun).Underlying().(*types.Signature)
		if ok && sig != nil && !c.addressTaken(sel) {
			if s := c.info.Selections[sel]; s != nil && s.Kind() == types.MethodVal && valueReceiver(s) && isPointer(c.typeOf(sel.X)) {
				o.volatile = true
			}
		}
	}
	for i, a := range e.Args {
		var to types.Type
		if sig != nil {
			switch n := sig.Params().Len(); {
			case !sig.Variadic() || i < n-1 || e.Ellipsis.IsValid():
				if i < n {
					to = sig.Params().At(i).Type()
				}
			default:
				if s, ok := sig.Params().At(n - 1).Type().Underlying().(*types.Slice); ok {
					to = s.Elem()
				}
			}
		}
		o.walkTo(a, to)
	}
}

func valueReceiver(s *types.Selection) bool {
	recv := s.Obj().(*types.Func).Signature().Recv()
	return recv != nil && !isPointer(recv.Type())
}

// addressTaken tells that a method takes a variable's address.
func (c *compiler) addressTaken(sel *ast.SelectorExpr) bool {
	s := c.info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal {
		return false
	}
	_, name := ast.Unparen(sel.X).(*ast.Ident)
	return name && !valueReceiver(s) && !isPointer(c.typeOf(sel.X)) && !types.IsInterface(c.typeOf(sel.X))
}

// now returns what is to be done first, nil if the order makes no difference.
func (o *ordering) now() func(*frame) {
	if !o.needed {
		return nil
	}
	c := o.c
	var fs []func(*frame)
	for _, e := range o.early {
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
		c.hoisted[ast.Unparen(e)] = later
		fs = append(fs, first)
	}
	return sequence(fs...)
}

// orderedAssign is ordered for an assignment or a declaration. One expression
// that gives several values is evaluated where they are stored, and here only
// what it takes.
func (c *compiler) orderedAssign(lhs, rhs []ast.Expr) (now func(*frame)) {
	o := &ordering{c: c}
	several := len(lhs) != len(rhs) && len(rhs) == 1
	for _, e := range lhs {
		if _, ok := ast.Unparen(e).(*ast.Ident); ok {
			continue
		}
		o.walk(e)
		// Several values are there before the operands are read.
		o.needed = o.needed || several && hasCall(e)
	}
	if !several {
		for _, e := range rhs {
			o.walk(e)
		}
		return o.now()
	}
	switch e := ast.Unparen(rhs[0]).(type) {
	case *ast.CallExpr:
		o.operands(e)
	case *ast.IndexExpr:
		o.walk(e.X)
		o.walk(e.Index)
	case *ast.TypeAssertExpr:
		o.walk(e.X)
	case *ast.UnaryExpr:
		o.walk(e.X)
	}
	return o.now()
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

// top compiles an expression that is a statement's own.
func (c *compiler) top(e ast.Expr) ex {
	now := c.ordered(e)
	x := c.expr(e)
	if now != nil && !x.nilv {
		x = ex{t: x.t, f: x.t.ops().after(now, x.f), calls: true}
	}
	return x
}
