package vm

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// A target is what an assignment stores to.
type target struct {
	t     *typ // nil for the blank name
	prep  func(*frame)
	store func(v ex) func(*frame)
}

// target compiles the left side of an assignment. With early, its operands are
// evaluated by prep, before the right side.
func (c *compiler) target(e ast.Expr, early bool) target {
	e = ast.Unparen(e)
	if id, ok := e.(*ast.Ident); ok {
		if id.Name == "_" {
			return target{store: func(v ex) func(*frame) {
				if v.nilv || v.f == nil {
					return nil
				}
				return v.t.ops().drop(v.f)
			}}
		}
		p := c.place(id, c.objectOf(id))
		return target{t: p.t, store: func(v ex) func(*frame) { return store(p, v) }}
	}
	var out target
	if early {
		out.prep = c.hoistOperands(e)
	}
	if ix, ok := e.(*ast.IndexExpr); ok {
		x := c.expr(ix.X)
		if _, isMap := x.t.t.Underlying().(*types.Map); isMap {
			out.t = c.m.elemOf(x.t)
			out.store = func(v ex) func(*frame) { return c.mapStore(ix, x, v) }
			return out
		}
	}
	x := c.expr(e)
	if x.addr == nil {
		refuse(e, "this cannot be assigned to in a cell")
	}
	out.t = x.t
	out.store = func(v ex) func(*frame) { return x.t.ops().storeMem(x.t, x.addr, v.f) }
	return out
}

// hoistOperands evaluates the operands of a left side now: what is indexed,
// the index, the pointer.
func (c *compiler) hoistOperands(e ast.Expr) func(*frame) {
	var fs []func(*frame)
	hoist := func(e ast.Expr) {
		if tv := c.info.Types[e]; tv.Value != nil || tv.IsType() {
			return
		}
		x := c.expr(e)
		if x.t.class == classMemory {
			return // an array: its own operands stand further in
		}
		now, later := c.hoist(x)
		if now != nil {
			fs = append(fs, now)
			if c.hoisted == nil {
				c.hoisted = map[ast.Expr]ex{}
			}
			c.hoisted[ast.Unparen(e)] = later
		}
	}
	var walk func(e ast.Expr)
	walk = func(e ast.Expr) {
		switch e := ast.Unparen(e).(type) {
		case *ast.IndexExpr:
			if t := c.typeOf(e.X); isArray(t) {
				walk(e.X)
			} else {
				hoist(e.X)
			}
			hoist(e.Index)
		case *ast.SelectorExpr:
			if _, ok := c.info.Selections[e]; !ok {
				return
			}
			if isPointer(c.typeOf(e.X)) {
				hoist(e.X)
			} else {
				walk(e.X)
			}
		case *ast.StarExpr:
			hoist(e.X)
		}
	}
	walk(e)
	return sequence(fs...)
}

func isArray(t types.Type) bool {
	_, ok := t.Underlying().(*types.Array)
	return ok
}

// mapStore compiles m[k] = v.
func (c *compiler) mapStore(e *ast.IndexExpr, x, v ex) func(*frame) {
	elem := c.m.elemOf(x.t)
	key := c.value(e.Index, x.t.key.t)
	if f := fastMapStore(x, key, elem, v); f != nil {
		return f
	}
	m, t, pos := as[unsafe.Pointer](x), x.t, e.Pos()
	k, val := t.key.ops().toReflect(t.key, key.f), elem.ops().toReflect(elem, v.f)
	return func(fr *frame) {
		p := m(fr)
		kv := k(fr)
		vv := val(fr)
		if p == nil {
			nilMap(fr, pos)
		}
		mapValue(t, p).SetMapIndex(kv, vv)
	}
}

func nilMap(fr *frame, pos token.Pos) {
	fr.pos = pos
	panic(plainError("assignment to entry in nil map"))
}

// plainError is an error of the runtime that has no prefix.
type plainError string

// Error implements [error].
func (e plainError) Error() string { return string(e) }

// RuntimeError implements [runtime.Error].
func (e plainError) RuntimeError() {}

func fastMapStore(x, key ex, elem *typ, v ex) func(*frame) {
	switch x.t.rt {
	case reflect.TypeFor[map[string]int]():
		return writeMap[string, int](x, key, v)
	case reflect.TypeFor[map[string]float64]():
		return writeMap[string, float64](x, key, v)
	case reflect.TypeFor[map[string]string]():
		return writeMap[string, string](x, key, v)
	case reflect.TypeFor[map[string]bool]():
		return writeMap[string, bool](x, key, v)
	case reflect.TypeFor[map[int]int]():
		return writeMap[int, int](x, key, v)
	case reflect.TypeFor[map[int]float64]():
		return writeMap[int, float64](x, key, v)
	case reflect.TypeFor[map[int]bool]():
		return writeMap[int, bool](x, key, v)
	case reflect.TypeFor[map[int]string]():
		return writeMap[int, string](x, key, v)
	}
	return nil
}

func writeMap[K comparable, V any](x, key, v ex) func(*frame) {
	m, k, f := as[unsafe.Pointer](x), as[K](key), as[V](v)
	return func(fr *frame) {
		p := m(fr)
		kv := k(fr)
		vv := f(fr)
		if p == nil {
			nilMap(fr, fr.pos)
		}
		(*(*map[K]V)(unsafe.Pointer(&p)))[kv] = vv
	}
}

// assign compiles = and := and the operators with an assignment.
func (c *compiler) assign(s *ast.AssignStmt) func(*frame) {
	switch s.Tok {
	case token.DEFINE:
		return c.define(s, s.Lhs, s.Rhs)
	case token.ASSIGN:
	default:
		return c.update(s, s.Lhs[0], assignOp[s.Tok], s.Rhs[0])
	}
	first := c.orderedAssign(s.Lhs, s.Rhs)
	if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
		return sequence(first, c.assignOne(s))
	}
	return sequence(first, c.assignMany(s))
}

// assignMany compiles an assignment to several targets.
func (c *compiler) assignMany(s *ast.AssignStmt) func(*frame) {
	var preps, nows, stores []func(*frame)
	var targets []target
	for _, l := range s.Lhs {
		t := c.target(l, true)
		preps = append(preps, t.prep)
		targets = append(targets, t)
	}
	if len(s.Lhs) == len(s.Rhs) {
		for i, e := range s.Rhs {
			v := c.forTarget(e, targets[i])
			if v.nilv && targets[i].t == nil {
				continue
			}
			now, later := c.hoist(v)
			nows = append(nows, now)
			if targets[i].t != nil {
				stores = append(stores, targets[i].store(later))
			}
		}
		return sequence(append(append(preps, nows...), stores...)...)
	}
	now, later := c.multi(s.Rhs[0])
	for i, t := range targets {
		if t.t == nil {
			continue
		}
		stores = append(stores, t.store(c.convertTo(s, later[i], t.t)))
	}
	return sequence(append(append([]func(*frame){now}, preps...), stores...)...)
}

// forTarget compiles the value for a target.
func (c *compiler) forTarget(e ast.Expr, t target) ex {
	if t.t == nil {
		x := c.expr(e)
		if x.v != nil {
			return c.constant(e, x.v, types.Default(x.t.t))
		}
		return x
	}
	return c.value(e, t.t.t)
}

func (c *compiler) assignOne(s *ast.AssignStmt) func(*frame) {
	early := false
	if _, ok := ast.Unparen(s.Lhs[0]).(*ast.Ident); !ok {
		early = hasCall(s.Lhs[0]) || hasCall(s.Rhs[0])
	}
	t := c.target(s.Lhs[0], early)
	v := c.forTarget(s.Rhs[0], t)
	if early && t.t != nil {
		now, later := c.hoist(v)
		return sequence(t.prep, now, t.store(later))
	}
	// A struct that is assigned from a part of itself is copied as memmove does.
	return sequence(t.prep, t.store(v))
}

// hasCall tells whether an expression can run other code.
func hasCall(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// multi compiles the right side of an assignment to several names.
func (c *compiler) multi(e ast.Expr) (now func(*frame), later []ex) {
	switch x := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return c.callMulti(x)
	case *ast.IndexExpr:
		return c.mapOk(x)
	case *ast.TypeAssertExpr:
		return c.assertionOk(x)
	case *ast.UnaryExpr:
		return c.receiveOk(x)
	}
	refuse(e, "one value where several are expected")
	return nil, nil
}

// define compiles := and var. Names that are declared already are assigned to.
func (c *compiler) define(n ast.Node, lhs, rhs []ast.Expr) func(*frame) {
	first := c.orderedAssign(lhs, rhs)
	return sequence(first, c.defineAll(n, lhs, rhs))
}

func (c *compiler) defineAll(n ast.Node, lhs, rhs []ast.Expr) func(*frame) {
	// The values first, in the scope before the new names.
	type dst struct {
		init bool
		t    target
	}
	plan := func(e ast.Expr) (dst, *typ) {
		id := e.(*ast.Ident)
		if id.Name == "_" {
			return dst{t: c.target(id, false)}, nil
		}
		if o := c.info.Defs[id]; o != nil {
			if g := c.global(o); g != nil {
				return dst{t: target{t: g.t, store: func(v ex) func(*frame) { return store(g.place, v) }}}, g.t
			}
			return dst{init: true}, c.m.typ(c.env.subst(o.Type()))
		}
		t := c.target(id, false)
		return dst{t: t}, t.t
	}
	finish := func(e ast.Expr, d dst, v ex) func(*frame) {
		if d.init {
			o := c.info.Defs[e.(*ast.Ident)]
			return c.initialise(c.declare(o, c.env.subst(o.Type())), v)
		}
		if d.t.t == nil && v.f == nil {
			return nil
		}
		return d.t.store(v)
	}
	if len(rhs) == 0 {
		var fs []func(*frame)
		for _, e := range lhs {
			d, t := plan(e)
			if t == nil {
				continue
			}
			v := ex{}
			if !d.init {
				v = ex{t: t, f: t.ops().zero(t)}
			}
			fs = append(fs, finish(e, d, v))
		}
		return sequence(fs...)
	}
	if len(lhs) == len(rhs) {
		if len(lhs) == 1 {
			d, t := plan(lhs[0])
			return finish(lhs[0], d, c.forTarget(rhs[0], target{t: t}))
		}
		var nows, stores []func(*frame)
		var ds []dst
		var vs []ex
		for i, e := range lhs {
			d, t := plan(e)
			now, later := c.hoist(c.forTarget(rhs[i], target{t: t}))
			nows = append(nows, now)
			ds, vs = append(ds, d), append(vs, later)
		}
		for i, e := range lhs {
			stores = append(stores, finish(e, ds[i], vs[i]))
		}
		return sequence(append(nows, stores...)...)
	}
	now, later := c.multi(rhs[0])
	fs := []func(*frame){now}
	for i, e := range lhs {
		d, t := plan(e)
		if t == nil {
			continue
		}
		fs = append(fs, finish(e, d, c.convertTo(n, later[i], t)))
	}
	return sequence(fs...)
}

// global returns the notebook's variable that a name of the cell's own
// statements declares.
func (c *compiler) global(o types.Object) *Global {
	if c.locals != nil {
		return c.locals(o)
	}
	return nil
}

var assignOp = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO,
	token.REM_ASSIGN: token.REM, token.AND_ASSIGN: token.AND, token.OR_ASSIGN: token.OR, token.XOR_ASSIGN: token.XOR,
	token.SHL_ASSIGN: token.SHL, token.SHR_ASSIGN: token.SHR, token.AND_NOT_ASSIGN: token.AND_NOT,
}

// update compiles x op= y; a nil y is the constant 1.
func (c *compiler) update(n ast.Stmt, lhs ast.Expr, op token.Token, rhs ast.Expr) func(*frame) {
	t := c.m.typ(c.typeOf(lhs))
	right := func() ex {
		switch {
		case rhs == nil:
			return c.constant(n, constant.MakeInt64(1), t.t)
		case op == token.SHL || op == token.SHR:
			return c.expr(rhs)
		}
		return c.value(rhs, t.t)
	}
	combine := func(x, y ex) ex {
		if op == token.SHL || op == token.SHR {
			return c.shift(n, op, x, y)
		}
		return c.arith(n, op, x, y)
	}
	lhs = ast.Unparen(lhs)
	if id, ok := lhs.(*ast.Ident); ok {
		p := c.place(id, c.objectOf(id))
		first := c.ordered(rhs)
		y := right()
		if f := fastUpdate(p, op, y); f != nil {
			return sequence(first, f)
		}
		var now func(*frame)
		if rhs != nil && hasCall(rhs) {
			now, y = c.hoist(y)
		}
		return sequence(first, now, store(p, combine(load(p), y)))
	}
	first := c.ordered(lhs, rhs)
	prep := sequence(first, c.hoistOperands(lhs))
	y := right()
	var now func(*frame)
	if rhs != nil && hasCall(rhs) {
		now, y = c.hoist(y)
	}
	if ix, ok := lhs.(*ast.IndexExpr); ok {
		x := c.expr(ix.X)
		if _, isMap := x.t.t.Underlying().(*types.Map); isMap {
			return sequence(prep, now, c.mapStore(ix, x, combine(c.mapIndex(ix, x), y)))
		}
	}
	x := c.expr(lhs)
	if x.addr == nil {
		refuse(lhs, "this cannot be assigned to in a cell")
	}
	if f := fastUpdateMem(t, x.addr, op, y); f != nil {
		return sequence(prep, now, f)
	}
	// The address once, for reading and writing.
	off := takeP(c.banks)
	addr := x.addr
	keep := func(fr *frame) { *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = addr(fr) }
	at := func(fr *frame) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) }
	cur := ex{t: t, f: t.ops().loadMem(t, at), addr: at}
	return sequence(prep, now, keep, t.ops().storeMem(t, at, combine(cur, y).f))
}

// fastUpdate is x op= y of an int or float64 in a slot or a global.
func fastUpdate(p place, op token.Token, y ex) func(*frame) {
	if op != token.ADD && op != token.SUB && op != token.MUL {
		return nil
	}
	switch p.t.class {
	case classInt:
		return updateNumber[int](p, op, y)
	case classFloat64:
		return updateNumber[float64](p, op, y)
	}
	return nil
}

func updateNumber[T int | float64](p place, op token.Token, y ex) func(*frame) {
	f := as[T](y)
	switch p.kind {
	case inSlot:
		off := p.off
		if y.v != nil && op != token.MUL {
			k := f(nil)
			if op == token.SUB {
				k = -k
			}
			return func(fr *frame) { *(*T)(unsafe.Add(fr.n, off)) += k }
		}
		switch op {
		case token.ADD:
			return func(fr *frame) { v := f(fr); *(*T)(unsafe.Add(fr.n, off)) += v }
		case token.SUB:
			return func(fr *frame) { v := f(fr); *(*T)(unsafe.Add(fr.n, off)) -= v }
		}
		return func(fr *frame) { v := f(fr); *(*T)(unsafe.Add(fr.n, off)) *= v }
	case inGlobal:
		q := (*T)(p.mem)
		switch op {
		case token.ADD:
			return func(fr *frame) { v := f(fr); *q += v }
		case token.SUB:
			return func(fr *frame) { v := f(fr); *q -= v }
		}
		return func(fr *frame) { v := f(fr); *q *= v }
	}
	return nil
}

// fastUpdateMem is x op= y of an int or float64 in memory.
func fastUpdateMem(t *typ, addr func(*frame) unsafe.Pointer, op token.Token, y ex) func(*frame) {
	if op != token.ADD && op != token.SUB && op != token.MUL {
		return nil // a shift's y has a type of its own
	}
	switch t.class {
	case classInt:
		return updateMem[int](addr, op, y)
	case classFloat64:
		return updateMem[float64](addr, op, y)
	}
	return nil
}

func updateMem[T int | float64](addr func(*frame) unsafe.Pointer, op token.Token, y ex) func(*frame) {
	f := as[T](y)
	switch op {
	case token.ADD:
		return func(fr *frame) { v := f(fr); *(*T)(addr(fr)) += v }
	case token.SUB:
		return func(fr *frame) { v := f(fr); *(*T)(addr(fr)) -= v }
	}
	return func(fr *frame) { v := f(fr); *(*T)(addr(fr)) *= v }
}
