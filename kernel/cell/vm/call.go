package vm

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// call compiles a call or conversion that has one value.
func (c *compiler) call(e *ast.CallExpr) ex {
	ftv := c.info.Types[e.Fun]
	if ftv.IsType() {
		return c.conversion(e, c.expr(e.Args[0]), c.m.typ(c.typeOf(e.Fun)))
	}
	if ftv.IsBuiltin() {
		return c.builtin(e)
	}
	if x, ok := c.intrinsic(e); ok {
		return x
	}
	k := c.prepare(e)
	if len(k.results) != 1 {
		refuse(e, "this call has %d values where one is expected", len(k.results))
	}
	return k.single(c)
}

// callStmt compiles a call whose values are dropped.
func (c *compiler) callStmt(e *ast.CallExpr) func(*frame) {
	ftv := c.info.Types[e.Fun]
	if ftv.IsType() {
		x := c.call(e)
		return x.t.ops().drop(x.f)
	}
	if ftv.IsBuiltin() {
		return c.builtinStmt(e)
	}
	if x, ok := c.intrinsic(e); ok {
		return x.t.ops().drop(x.f)
	}
	k := c.prepare(e)
	if k.native != nil {
		call := k.native
		return func(fr *frame) { call(fr) }
	}
	call := k.begin
	pos := e.Pos()
	return func(fr *frame) {
		nf := call(fr)
		fr.pos = pos
		nf.run(fr)
		fr.th.release(nf)
	}
}

// callMulti compiles a call of several values: now calls, later are the values.
func (c *compiler) callMulti(e *ast.CallExpr) (now func(*frame), later []ex) {
	if x, ok := c.intrinsicMulti(e); ok {
		return x.now, x.later
	}
	k := c.prepare(e)
	var sets []func(from, to *frame)
	for i, t := range k.results {
		p := place{t: t, off: t.ops().bank(c.banks)}
		var v ex
		if k.native != nil {
			v = k.nativeResult(i)
		} else {
			v = load(k.conv.results[i])
		}
		if t.class == classMemory {
			p.kind = inBox
			off, x := p.off, as[unsafe.Pointer](v)
			sets = append(sets, func(from, to *frame) { *(*unsafe.Pointer)(unsafe.Add(to.p, off)) = x(from) })
		} else {
			sets = append(sets, t.ops().pass(p.off, v.f))
		}
		l := load(p)
		l.slot = nil
		later = append(later, l)
	}
	if k.native != nil {
		call := k.native
		return func(fr *frame) {
			res := call(fr)
			for i, s := range sets {
				fr.arg = res[i]
				s(fr, fr)
			}
		}, later
	}
	begin, pos := k.begin, e.Pos()
	return func(fr *frame) {
		nf := begin(fr)
		fr.pos = pos
		nf.run(fr)
		for _, s := range sets {
			s(nf, fr)
		}
		fr.th.release(nf)
	}, later
}

// A prepared call is one of the notebook, through a frame, or a compiled one.
type prepared struct {
	conv    *callConv
	results []*typ
	begin   func(*frame) *frame // a frame with its arguments in place
	// find, of an interface's method, is begin without the receiver, which ready
	// puts into its place: what is behind a pointer is read when the call is made.
	find   func(*frame) (nf *frame, ready func(*frame))
	native func(*frame) []reflect.Value // makes the call
	// delay evaluates function and arguments of a compiled call now.
	delay func(*frame) func() []reflect.Value
	// fun, if not nil, is a function value that may be nil.
	fun func(*frame) *Func
	pos token.Pos
}

func (k *prepared) nativeResult(i int) ex {
	t := k.results[i]
	return ex{t: t, f: t.ops().fromReflect(t, func(fr *frame) reflect.Value { return fr.arg })}
}

// single gives the only value of a call.
func (k *prepared) single(c *compiler) ex {
	t := k.results[0]
	if k.native != nil {
		call := k.native
		return ex{t: t, calls: true, owned: true, f: t.ops().fromReflect(t, func(fr *frame) reflect.Value { return call(fr)[0] })}
	}
	begin, pos := k.begin, k.pos
	run := func(fr *frame) *frame {
		nf := begin(fr)
		fr.pos = pos
		nf.run(fr)
		return nf
	}
	return ex{t: t, calls: true, owned: true, f: t.ops().result(run, k.conv.results[0].off)}
}

// prepare compiles the function and the arguments of a call.
func (c *compiler) prepare(e *ast.CallExpr) *prepared {
	fun := ast.Unparen(e.Fun)
	sig := c.typeOf(fun).Underlying().(*types.Signature)
	sig = types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
	k := &prepared{pos: e.Lparen}
	for v := range sig.Results().Variables() {
		k.results = append(k.results, c.m.typ(v.Type()))
	}
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		if s := c.info.Selections[sel]; s != nil && s.Kind() == types.MethodVal {
			c.prepareMethod(k, e, sel, sig)
			return k
		}
	}
	// A declared function is called as it is at that time.
	if id := calleeIdent(fun); id != nil {
		if o, ok := c.info.Uses[id].(*types.Func); ok && o.Signature().Recv() == nil {
			if v, ok := c.compiledFunc(id, o); ok {
				c.prepareNative(k, e, v, sig, o.Pkg().Path(), o.Name())
				return k
			}
			fn := c.function0(id, o)
			k.conv = c.m.conv(sig)
			pass := c.arguments(e, sig, k.conv.params)
			k.begin = func(fr *frame) *frame {
				nf := fr.th.call(fn.code)
				for _, p := range pass {
					p(fr, nf)
				}
				nf.env = fn.env
				return nf
			}
			return k
		}
	}
	f := c.expr(fun)
	x := as[*Func](f)
	k.fun = x
	k.conv = c.m.conv(sig)
	pass := c.arguments(e, sig, k.conv.params)
	pos := e.Pos()
	k.begin = func(fr *frame) *frame {
		fn := x(fr)
		if fn == nil {
			nilPointer(fr, pos)
		}
		nf := fr.th.call(fn.code)
		for _, p := range pass {
			p(fr, nf)
		}
		nf.env = fn.env
		return nf
	}
	return k
}

func calleeIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr:
		return calleeIdent(e.X)
	case *ast.IndexListExpr:
		return calleeIdent(e.X)
	}
	return nil
}

// arguments compiles the passing of a call's arguments.
func (c *compiler) arguments(e *ast.CallExpr, sig *types.Signature, params []place) []func(a, b *frame) {
	first, vals := c.argValues(e, sig)
	var out []func(a, b *frame)
	if first != nil {
		out = append(out, func(a, b *frame) { first(a) })
	}
	for i, v := range vals {
		out = append(out, passTo(params[i], v))
	}
	return out
}

// argValues compiles the arguments as values of the parameters' types. What
// first does has to be done before they are evaluated.
func (c *compiler) argValues(e *ast.CallExpr, sig *types.Signature) (first func(*frame), vals []ex) {
	n := sig.Params().Len()
	var args []ex
	if len(e.Args) == 1 {
		if call, ok := ast.Unparen(e.Args[0]).(*ast.CallExpr); ok {
			if tu, ok := c.info.TypeOf(call).(*types.Tuple); ok && tu.Len() > 1 {
				first, args = c.callMulti(call)
			}
		}
	}
	at := func(i int) ast.Node { return e }
	if args == nil {
		for _, a := range e.Args {
			args = append(args, c.expr(a))
		}
		at = func(i int) ast.Node { return e.Args[i] }
	}
	if !sig.Variadic() || e.Ellipsis.IsValid() {
		for i, a := range args {
			vals = append(vals, c.convertTo(at(i), a, c.m.typ(sig.Params().At(i).Type())))
		}
		return first, vals
	}
	for i := range n - 1 {
		vals = append(vals, c.convertTo(at(i), args[i], c.m.typ(sig.Params().At(i).Type())))
	}
	st := c.m.typ(sig.Params().At(n - 1).Type())
	if st.class == classString { // append([]byte, string...)
		return first, append(vals, args[n-1])
	}
	elem := c.m.elemOf(st)
	var sets []setter
	for i := n - 1; i < len(args); i++ {
		v := c.convertTo(at(i), args[i], elem)
		sets = append(sets, setter{uintptr(i-n+1) * elem.rt.Size(), elem.ops().write(elem, v.f)})
	}
	return first, append(vals, c.packed(st, elem, sets))
}

// packed makes the slice of variadic arguments.
func (c *compiler) packed(st, elem *typ, sets []setter) ex {
	if len(sets) == 0 {
		return ex{t: st, f: st.ops().zero(st)}
	}
	rt, n := reflect.SliceOf(elem.rt), len(sets)
	return ex{t: st, calls: true, f: func(fr *frame) slice {
		p := reflect.MakeSlice(rt, n, n).UnsafePointer()
		for _, s := range sets {
			s.write(fr, unsafe.Add(p, s.off))
		}
		return slice{p, n, n}
	}}
}

// prepareMethod compiles x.M(args).
func (c *compiler) prepareMethod(k *prepared, e *ast.CallExpr, sel *ast.SelectorExpr, sig *types.Signature) {
	x, o := c.path(sel)
	fn, ok := o.(*types.Func)
	if !ok {
		refuse(sel, "%s is no method", sel.Sel.Name)
	}
	if x.t.class == classInterface {
		c.prepareDynamic(k, e, x, fn, sig)
		return
	}
	if target := c.ownMethod(x.t, fn); target != nil {
		r := c.receiver(sel, x, fn)
		k.conv = c.m.conv(sig)
		rp := passTo(k.conv.recvPlace(r.t), r)
		pass := c.arguments(e, sig, k.conv.params)
		k.begin = func(fr *frame) *frame {
			nf := fr.th.call(target.code)
			rp(fr, nf)
			for _, p := range pass {
				p(fr, nf)
			}
			nf.env = target.env
			return nf
		}
		return
	}
	c.prepareCompiledMethod(k, e, sel, x, fn, sig)
}

// receiver makes the receiver that a method takes of a value: its address or
// what it points to.
func (c *compiler) receiver(n ast.Node, x ex, fn *types.Func) ex {
	_, wantPtr := types.Unalias(fn.Signature().Recv().Type()).(*types.Pointer)
	isPtr := x.t.class == classPointer && isPointer(x.t.t)
	switch {
	case wantPtr && !isPtr:
		if x.addr == nil {
			if x.t.class != classMemory {
				refuse(n, "the address of this cannot be taken in a cell")
			}
			x.addr = as[unsafe.Pointer](x)
		}
		return ex{t: c.m.typ(types.NewPointer(x.t.t)), f: x.addr, calls: x.calls}
	case !wantPtr && isPtr:
		return c.deref(n, x)
	}
	return x
}

// ownMethod returns the function of a method of a notebook type, nil for
// methods of compiled types.
func (c *compiler) ownMethod(t *typ, fn *types.Func) *Func {
	recv := types.Unalias(fn.Signature().Recv().Type())
	if p, ok := recv.(*types.Pointer); ok {
		recv = types.Unalias(p.Elem())
	}
	n, ok := recv.(*types.Named)
	if !ok || types.IsInterface(n) || !c.m.isOwn(n) {
		return nil
	}
	// The receiver's own instance, not the generic type's.
	if own := c.m.ownNamed(types.Unalias(t.t)); own != nil && own.Origin() == n.Origin() {
		n = own
	}
	return c.m.methodFunc(n, fn.Name())
}

// prepareDynamic compiles the call of an interface's method.
func (c *compiler) prepareDynamic(k *prepared, e *ast.CallExpr, x ex, fn *types.Func, sig *types.Signature) {
	k.conv = c.m.conv(sig)
	pass := c.arguments(e, sig, k.conv.params)
	v := as[any](x)
	m, name, st, pos := c.m, fn.Name(), c.m.typ(sig), e.Pos()
	k.find = func(fr *frame) (*frame, func(*frame)) {
		recv := v(fr)
		if recv == nil {
			nilPointer(fr, pos)
		}
		if b := m.boundOf(recv, name); b != nil && b.fn != nil {
			nf := fr.th.call(b.fn.code)
			nf.recv = recv
			for _, p := range pass {
				p(fr, nf)
			}
			nf.env = b.fn.env
			return nf, b.setRecv
		}
		f := m.compiledMethod(recv, name, st)
		nf := fr.th.call(f.code)
		for _, p := range pass {
			p(fr, nf)
		}
		return nf, nil
	}
	k.begin = func(fr *frame) *frame {
		nf, ready := k.find(fr)
		if ready != nil {
			ready(nf)
		}
		return nf
	}
}

// prepareCompiledMethod compiles the call of a compiled type's method.
func (c *compiler) prepareCompiledMethod(k *prepared, e *ast.CallExpr, sel *ast.SelectorExpr, x ex, fn *types.Func, sig *types.Signature) {
	r := c.receiver(sel, x, fn)
	c.m.learn(r.t.t, r.t.rt, 0)
	meth, ok := r.t.rt.MethodByName(fn.Name())
	if !ok {
		refuse(sel, "%s has no method %s that cells can call", c.m.typeName(r.t.t), fn.Name())
	}
	c.m.learn(fn.Signature(), meth.Type, 0)
	for i, v := range k.results { // now that hidden types are known
		k.results[i] = c.m.typ(v.t)
	}
	recv := r.t.ops().toReflect(r.t, r.f)
	if r.t.class == classPointer && isPointer(r.t.t) {
		p, rt, pos := as[unsafe.Pointer](r), r.t.rt.Elem(), e.Pos()
		recv = func(fr *frame) reflect.Value {
			q := p(fr)
			if q == nil {
				fr.pos = pos
			}
			return reflect.NewAt(rt, q)
		}
	}
	pkg := ""
	if fn.Pkg() != nil {
		pkg = fn.Pkg().Path()
	}
	c.nativeArgs(k, e, meth.Func, recv, sig, pkg, fn.Name())
}

// prepareNative compiles the call of a compiled function.
func (c *compiler) prepareNative(k *prepared, e *ast.CallExpr, v reflect.Value, sig *types.Signature, pkg, name string) {
	c.nativeArgs(k, e, v, nil, sig, pkg, name)
}

func (c *compiler) nativeArgs(k *prepared, e *ast.CallExpr, fn reflect.Value, recv func(*frame) reflect.Value, sig *types.Signature, pkg, name string) {
	first, vals := c.argValues(e, sig)
	mode := passMode(pkg, name)
	var in []func(*frame) reflect.Value
	if recv != nil {
		in = append(in, recv)
	}
	if mode == passReflect && len(e.Args) == 1 {
		if t := c.typeOf(e.Args[0]); t != types.Typ[types.UntypedNil] && !types.IsInterface(t) && c.m.declared(t) {
			refuse(e.Args[0], "%s", c.m.noReflect(t))
		}
	}
	for i, v := range vals {
		in = append(in, c.fit(e, v.t, c.export(v, mode), fn.Type().In(len(in)), i))
	}
	for i, t := range k.results {
		if rt := fn.Type().Out(i); t.rt != rt && t.class != classInterface && !rt.ConvertibleTo(t.rt) {
			refuse(e, "the result of type %s cannot be used in a cell", rt)
		}
	}
	slice := sig.Variadic()
	pos, n := e.Pos(), len(in)
	evaluate := func(fr *frame) []reflect.Value {
		if first != nil {
			first(fr)
		}
		args := make([]reflect.Value, n)
		for i, f := range in {
			args[i] = f(fr)
		}
		return args
	}
	do := func(args []reflect.Value) []reflect.Value {
		if slice {
			return fn.CallSlice(args)
		}
		return fn.Call(args)
	}
	k.native = func(fr *frame) []reflect.Value {
		args := evaluate(fr)
		fr.pos = pos
		fr.th.at.Store(int64(pos))
		res := do(args)
		if fr.th.g.stop.Load() {
			fr.th.check()
		}
		return res
	}
	k.delay = func(fr *frame) func() []reflect.Value {
		args := evaluate(fr)
		return func() []reflect.Value { return do(args) }
	}
}

// fit makes an argument one of the compiled parameter's own type: that may be
// an interface without a name, whose values lie in a cell's memory as any.
func (c *compiler) fit(e *ast.CallExpr, t *typ, get func(*frame) reflect.Value, want reflect.Type, i int) func(*frame) reflect.Value {
	if t.rt.AssignableTo(want) {
		return get
	}
	if t.class != classInterface || want.Kind() != reflect.Interface {
		refuse(e, "a value of type %s cannot be handed to this function from a cell, which wants %s as argument %d", c.m.typeName(t.t), want, i+1)
	}
	m := c.m
	return func(fr *frame) reflect.Value {
		out := reflect.New(want).Elem()
		if v := get(fr); !v.IsNil() {
			out.Set(m.wrap(want, v.Elem().Interface()))
		}
		return out
	}
}
