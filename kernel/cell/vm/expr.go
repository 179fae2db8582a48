package vm

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// expr compiles an expression of one value.
func (c *compiler) expr(e ast.Expr) ex {
	tv := c.info.Types[e]
	if tv.Value != nil {
		return c.constant(e, tv.Value, c.typeOf(e))
	}
	if h, ok := c.hoisted[ast.Unparen(e)]; ok {
		return h
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.expr(e.X)
	case *ast.Ident:
		return c.ident(e)
	case *ast.FuncLit:
		return c.funcLit(e)
	case *ast.CompositeLit:
		return c.composite(e)
	case *ast.SelectorExpr:
		return c.selector(e)
	case *ast.IndexExpr:
		return c.index(e)
	case *ast.IndexListExpr:
		return c.expr(e.X)
	case *ast.SliceExpr:
		return c.slice(e)
	case *ast.TypeAssertExpr:
		return c.assertion(e)
	case *ast.CallExpr:
		return c.call(e)
	case *ast.StarExpr:
		return c.deref(e, c.expr(e.X))
	case *ast.UnaryExpr:
		return c.unary(e)
	case *ast.BinaryExpr:
		return c.binary(e)
	}
	refuse(e, "this expression is not supported in a cell")
	return ex{}
}

// value compiles an expression and converts it to a type it is assignable to.
func (c *compiler) value(e ast.Expr, to types.Type) ex {
	return c.convertTo(e, c.expr(e), c.m.typ(to))
}

// convertTo makes an assignment's implied conversion: to an interface, of a
// constant, of nil, or between types of one underlying type.
func (c *compiler) convertTo(n ast.Node, e ex, to *typ) ex {
	if e.nilv {
		return ex{t: to, f: to.ops().zero(to)}
	}
	if e.t == to {
		return e
	}
	if e.v != nil && to.class != classInterface {
		return c.constant(n, e.v, to.t)
	}
	if to.class == classInterface {
		if e.t.class == classInterface {
			return ex{t: to, f: e.f, calls: e.calls}
		}
		return ex{t: to, f: e.t.ops().toAny(e.t, e.f), calls: e.calls}
	}
	// Values of one class lie alike; only the type's name differs.
	if e.t.class == to.class {
		out := ex{t: to, f: e.f, calls: e.calls}
		if e.t.class == classFunc || e.t.class == classMemory {
			return out
		}
		out.slot = e.slot
		return out
	}
	refuse(n, "a %s cannot become a %s", e.t.t, to.t)
	return ex{}
}

// konst makes a closure of a Go value.
func konst[T any](v T) func(*frame) T { return func(*frame) T { return v } }

// constant compiles a constant of a type.
func (c *compiler) constant(n ast.Node, v constant.Value, t types.Type) ex {
	if _, ok := t.Underlying().(*types.Interface); ok {
		// The constant takes its default type and becomes an interface's value.
		e := c.constant(n, v, defaultType(v, t))
		to := c.m.typ(t)
		return ex{t: to, f: e.t.ops().toAny(e.t, e.f)}
	}
	x := c.m.typ(t)
	e := ex{t: x, v: v}
	i64 := func() int64 {
		i := constant.ToInt(v)
		if n, ok := constant.Int64Val(i); ok {
			return n
		}
		u, _ := constant.Uint64Val(i)
		return int64(u)
	}
	f64 := func() float64 {
		f, _ := constant.Float64Val(constant.ToFloat(v))
		return f
	}
	cplx := func() complex128 {
		z := constant.ToComplex(v)
		re, _ := constant.Float64Val(constant.Real(z))
		im, _ := constant.Float64Val(constant.Imag(z))
		return complex(re, im)
	}
	switch x.class {
	case classBool:
		e.f = konst(constant.BoolVal(v))
	case classInt:
		e.f = konst(int(i64()))
	case classInt8:
		e.f = konst(int8(i64()))
	case classInt16:
		e.f = konst(int16(i64()))
	case classInt32:
		e.f = konst(int32(i64()))
	case classInt64:
		e.f = konst(i64())
	case classUint:
		e.f = konst(uint(i64()))
	case classUint8:
		e.f = konst(uint8(i64()))
	case classUint16:
		e.f = konst(uint16(i64()))
	case classUint32:
		e.f = konst(uint32(i64()))
	case classUint64:
		e.f = konst(uint64(i64()))
	case classUintptr:
		e.f = konst(uintptr(i64()))
	case classFloat32:
		f, _ := constant.Float32Val(constant.ToFloat(v))
		e.f = konst(f)
	case classFloat64:
		e.f = konst(f64())
	case classComplex64:
		e.f = konst(complex64(cplx()))
	case classComplex128:
		e.f = konst(cplx())
	case classString:
		if v.Kind() != constant.String {
			refuse(n, "this constant is no string")
		}
		e.f = konst(constant.StringVal(v))
	default:
		refuse(n, "a constant cannot be a %s", t)
	}
	return e
}

func defaultType(v constant.Value, t types.Type) types.Type {
	switch v.Kind() {
	case constant.Bool:
		return types.Typ[types.Bool]
	case constant.String:
		return types.Typ[types.String]
	case constant.Int:
		return types.Typ[types.Int]
	case constant.Float:
		return types.Typ[types.Float64]
	}
	return types.Typ[types.Complex128]
}

// ident compiles a name.
func (c *compiler) ident(e *ast.Ident) ex {
	o := c.objectOf(e)
	switch o := o.(type) {
	case *types.Nil:
		t := c.info.TypeOf(e)
		if b, ok := t.(*types.Basic); ok && b.Kind() == types.UntypedNil {
			return ex{nilv: true}
		}
		x := c.m.typ(c.env.subst(t))
		return ex{t: x, f: x.ops().zero(x), nilv: true}
	case *types.Var:
		return load(c.place(e, o))
	case *types.Func:
		return c.funcName(e, o)
	case *types.Const:
		return c.constant(e, o.Val(), c.typeOf(e))
	case nil:
		refuse(e, "undefined: %s", e.Name)
	}
	refuse(e, "%s cannot be used as a value", e.Name)
	return ex{}
}

// nilCheck panics for a nil pointer at a place of the text.
func nilPointer(fr *frame, pos token.Pos) {
	fr.pos = pos
	panic(runtimeError("invalid memory address or nil pointer dereference"))
}

// deref compiles *p.
func (c *compiler) deref(n ast.Node, p ex) ex {
	x := as[unsafe.Pointer](p)
	pos := n.Pos()
	addr := func(fr *frame) unsafe.Pointer {
		q := x(fr)
		if q == nil {
			nilPointer(fr, pos)
		}
		return q
	}
	t := c.m.elemOf(p.t)
	return ex{t: t, addr: addr, f: t.ops().loadMem(t, addr), calls: p.calls}
}

// addressOf compiles &x.
func (c *compiler) addressOf(e *ast.UnaryExpr) ex {
	t := c.m.typ(c.typeOf(e))
	if lit, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok {
		v := c.composite(lit)
		if v.t.class == classMemory {
			return ex{t: t, f: v.f, calls: true} // the literal's memory is its own
		}
		rt := v.t.rt
		write := v.t.ops().write(v.t, v.f)
		return ex{t: t, calls: true, f: func(fr *frame) unsafe.Pointer {
			p := alloc(rt)
			write(fr, p)
			return p
		}}
	}
	x := c.expr(e.X)
	if x.addr == nil {
		refuse(e, "the address of this cannot be taken in a cell")
	}
	return ex{t: t, f: x.addr, calls: x.calls}
}

// field compiles the selection of field i of a struct in memory, or behind a
// pointer.
func (c *compiler) field(n ast.Node, x ex, i int) ex {
	var base func(*frame) unsafe.Pointer
	addressable := false
	st := x.t
	if x.t.class == classPointer {
		d := c.deref(n, x)
		st, base, addressable = d.t, d.addr, true
	} else {
		base = as[unsafe.Pointer](x)
		addressable = x.addr != nil
	}
	f := c.m.fieldOf(st, i)
	off := f.off
	addr := base
	if off != 0 {
		addr = func(fr *frame) unsafe.Pointer { return unsafe.Add(base(fr), off) }
	}
	out := ex{t: f.t, f: f.t.ops().loadMem(f.t, addr), calls: x.calls}
	if addressable {
		out.addr = addr
	}
	return out
}

// selector compiles x.f.
func (c *compiler) selector(e *ast.SelectorExpr) ex {
	sel, ok := c.info.Selections[e]
	if !ok {
		o := c.info.Uses[e.Sel]
		if o == nil {
			refuse(e, "undefined: %s", e.Sel.Name)
		}
		return c.qualified(e, o)
	}
	switch sel.Kind() {
	case types.FieldVal:
		x, _ := c.path(e)
		return x
	case types.MethodVal:
		return c.methodValue(e)
	}
	return c.methodExpr(e)
}

// lookup finds what a selector means for the types of the instance at hand.
func (c *compiler) lookup(e *ast.SelectorExpr, t types.Type) (types.Object, []int) {
	var pkg *types.Package
	if o := c.info.Uses[e.Sel]; o != nil {
		pkg = o.Pkg()
	}
	o, index, _ := types.LookupFieldOrMethod(t, true, pkg, e.Sel.Name)
	if o == nil {
		if sel := c.info.Selections[e]; sel != nil && len(c.env.types()) == 0 {
			return sel.Obj(), sel.Index()
		}
		refuse(e.Sel, "%s has no field or method %s", c.m.typeName(t), e.Sel.Name)
	}
	return o, index
}

// path compiles the way through embedded fields to a field, or to the receiver
// of a method.
func (c *compiler) path(e *ast.SelectorExpr) (ex, types.Object) {
	t := c.typeOf(e.X)
	o, index := c.lookup(e, t)
	x := c.expr(e.X)
	if _, isField := o.(*types.Var); !isField {
		index = index[:len(index)-1]
	}
	for _, i := range index {
		x = c.field(e.Sel, x, i)
	}
	return x, o
}

// qualified compiles the name of a compiled package's object.
func (c *compiler) qualified(e *ast.SelectorExpr, o types.Object) ex {
	switch o := o.(type) {
	case *types.Func:
		return c.funcName(e.Sel, o)
	case *types.Const:
		return c.constant(e, o.Val(), c.typeOf(e))
	case *types.Var:
		if g := c.m.globals[o]; g != nil {
			return load(g.place)
		}
		v, ok := c.m.symbol(o.Pkg(), o.Name())
		if !ok || !v.CanAddr() {
			refuse(e, "%s.%s is not available in cells", o.Pkg().Name(), o.Name())
		}
		c.m.learn(o.Type(), v.Type(), 0)
		t := c.m.typ(o.Type())
		return load(place{t: t, kind: inGlobal, mem: v.Addr().UnsafePointer()})
	}
	refuse(e, "%s cannot be used as a value", e.Sel.Name)
	return ex{}
}

// composite compiles a composite literal. Each evaluation makes new memory.
func (c *compiler) composite(e *ast.CompositeLit) ex {
	t := c.m.typ(c.typeOf(e))
	if t.class == classPointer {
		if _, ok := t.t.Underlying().(*types.Pointer); ok && e.Type == nil {
			// &T is implied by the enclosing literal's type.
			v := c.literal(e, c.m.elemOf(t))
			f := as[unsafe.Pointer](v)
			if v.t.class != classMemory {
				rt := v.t.rt
				write := v.t.ops().write(v.t, v.f)
				f = func(fr *frame) unsafe.Pointer {
					p := alloc(rt)
					write(fr, p)
					return p
				}
			}
			return ex{t: t, f: f, calls: true}
		}
	}
	return c.literal(e, t)
}

// A setter stores one element of a literal.
type setter struct {
	off   uintptr
	write func(*frame, unsafe.Pointer)
}

func (c *compiler) literal(e *ast.CompositeLit, t *typ) ex {
	switch u := t.t.Underlying().(type) {
	case *types.Struct:
		var sets []setter
		fields := c.m.fieldsOf(t)
		for i, el := range e.Elts {
			v := el
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				v = kv.Value
				for j := range u.NumFields() {
					if u.Field(j).Name() == kv.Key.(*ast.Ident).Name {
						i = j
					}
				}
			}
			f := fields[i]
			sets = append(sets, setter{f.off, f.t.ops().write(f.t, c.value(v, f.t.t).f)})
		}
		return c.build(t, sets)
	case *types.Array:
		elem := c.m.elemOf(t)
		sets, _ := c.elements(e, elem)
		return c.build(t, sets)
	case *types.Slice:
		elem := c.m.elemOf(t)
		sets, n := c.elements(e, elem)
		rt := elem.rt
		st := reflect.SliceOf(rt)
		return ex{t: t, calls: true, f: func(fr *frame) slice {
			p := reflect.MakeSlice(st, n, n).UnsafePointer()
			for _, s := range sets {
				s.write(fr, unsafe.Add(p, s.off))
			}
			return slice{p, n, n}
		}}
	case *types.Map:
		return c.mapLiteral(e, t)
	}
	refuse(e, "a literal of type %s is not supported in a cell", t.t)
	return ex{}
}

func (c *compiler) build(t *typ, sets []setter) ex {
	rt := t.rt
	return ex{t: t, calls: true, owned: true, f: func(fr *frame) unsafe.Pointer {
		p := alloc(rt)
		for _, s := range sets {
			s.write(fr, unsafe.Add(p, s.off))
		}
		return p
	}}
}

// elements compiles the elements of an array or slice literal and counts them.
func (c *compiler) elements(e *ast.CompositeLit, elem *typ) (sets []setter, n int) {
	i := 0
	for _, el := range e.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			k, _ := constant.Int64Val(constant.ToInt(c.info.Types[kv.Key].Value))
			i, el = int(k), kv.Value
		}
		v := c.value(el, elem.t)
		sets = append(sets, setter{uintptr(i) * elem.rt.Size(), elem.ops().write(elem, v.f)})
		i++
		n = max(n, i)
	}
	if uint64(n)*uint64(elem.rt.Size()) > maxArray {
		refuse(e, "a literal of %d elements is too large for a cell", n)
	}
	return sets, n
}

func (c *compiler) mapLiteral(e *ast.CompositeLit, t *typ) ex {
	elem := c.m.elemOf(t)
	key := t.key
	type pair struct {
		first func(*frame)
		k, v  func(*frame) reflect.Value
	}
	var pairs []pair
	for _, el := range e.Elts {
		kv := el.(*ast.KeyValueExpr)
		first := c.ordered(kv.Key, kv.Value)
		k, v := c.value(kv.Key, key.t), c.value(kv.Value, elem.t)
		pairs = append(pairs, pair{first, key.ops().toReflect(key, k.f), elem.ops().toReflect(elem, v.f)})
	}
	rt := mapType(t)
	return ex{t: t, calls: true, f: func(fr *frame) unsafe.Pointer {
		m := reflect.MakeMapWithSize(rt, len(pairs))
		for _, p := range pairs {
			if p.first != nil {
				p.first(fr)
			}
			k := p.k(fr)
			m.SetMapIndex(k, p.v(fr))
		}
		return m.UnsafePointer()
	}}
}

// mapType returns the reflect type of a map, as it is when nothing contains
// itself.
func mapType(t *typ) reflect.Type { return t.mapOrChan() }

// funcLit compiles a function literal.
func (c *compiler) funcLit(e *ast.FuncLit) ex {
	sig := c.typeOf(e).(*types.Signature)
	s := c.sub()
	orig := c.info.TypeOf(e).(*types.Signature)
	code := s.function("func", e.Pos(), orig, false, e.Body)
	t := c.m.typ(sig)
	m := c.m
	if len(s.captures) == 0 {
		return ex{t: t, f: func(*frame) *Func { return &Func{code: code, m: m, t: t} }}
	}
	// Take the boxes, not the values.
	boxes := make([]func(*frame) unsafe.Pointer, len(s.captures))
	for i, p := range s.captures {
		boxes[i] = addrOf(p)
	}
	return ex{t: t, f: func(fr *frame) *Func {
		env := make([]unsafe.Pointer, len(boxes))
		for i, b := range boxes {
			env[i] = b(fr)
		}
		return &Func{code: code, env: env, m: m, t: t}
	}}
}
