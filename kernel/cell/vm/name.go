package vm

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"unsafe"
)

// funcName compiles the name of a function used as a value.
func (c *compiler) funcName(id *ast.Ident, o *types.Func) ex {
	t := c.m.typ(c.env.subst(c.instanceSig(id, o)))
	if v, ok := c.compiledFunc(id, o); ok {
		c.m.learn(t.t, v.Type(), 0)
		f := &Func{native: v, t: t, m: c.m}
		m := c.m
		return ex{t: t, f: func(*frame) *Func {
			if f.code == nil {
				f.code = m.nativeCode(t, v)
			}
			return f
		}}
	}
	fn := c.function0(id, o)
	if fn.t == nil {
		fn.t = t
	}
	// The value stays what the name meant when it was taken.
	m := c.m
	return ex{t: t, f: func(*frame) *Func { return &Func{code: fn.code, env: fn.env, m: m, t: t} }}
}

// instanceSig returns the signature of a function as it is used here.
func (c *compiler) instanceSig(id *ast.Ident, o *types.Func) types.Type {
	if in, ok := c.info.Instances[id]; ok {
		return in.Type
	}
	return o.Type()
}

// compiledFunc returns a function of a compiled package.
func (c *compiler) compiledFunc(id *ast.Ident, o *types.Func) (reflect.Value, bool) {
	if o.Pkg() == nil || o.Pkg().Path() == c.m.opt.Own || c.m.funcs[o] != nil {
		return reflect.Value{}, false
	}
	if o.Pkg().Path() == "runtime" {
		switch o.Name() {
		case "Caller", "Callers", "CallersFrames", "FuncForPC":
			refuse(id, "runtime.%s would tell of the kernel's own code, not of the cell's", o.Name())
		}
	}
	if f := c.m.override(o.Pkg().Path(), o.Name()); f.IsValid() {
		return f, true
	}
	if o.Signature().TypeParams().Len() > 0 {
		return reflect.Value{}, false // from its source, if there is one
	}
	if !o.Exported() {
		return reflect.Value{}, false
	}
	v, ok := c.m.symbol(o.Pkg(), o.Name())
	if !ok || v.Kind() != reflect.Func {
		if c.m.hasSource(o.Pkg().Path()) {
			return reflect.Value{}, false
		}
		refuse(id, "%s.%s is not available in cells", o.Pkg().Name(), o.Name())
	}
	c.m.learn(o.Type(), v.Type(), 0)
	return v, true
}

// function0 returns the function of the notebook, or of a package run from
// source, that a name stands for.
func (c *compiler) function0(id *ast.Ident, o *types.Func) *Func {
	f := c.m.funcs[o]
	if f == nil && o.Origin() != o {
		f = c.m.funcs[o.Origin()]
	}
	if f == nil {
		f = c.m.sourceFunc(id, o)
	}
	if f == nil {
		refuse(id, "%s is not known here", o.Name())
	}
	if f.fn != nil && f.sig.TypeParams().Len() == 0 {
		return f.fn
	}
	in, ok := c.info.Instances[id]
	if !ok {
		refuse(id, "%s needs type arguments", o.Name())
	}
	return c.m.instance(f, c.env.substList(in.TypeArgs), false)
}

// maxInstances and maxTypeDepth stop generic code that needs ever new types of
// itself.
const (
	maxInstances = 500
	maxTypeDepth = 30
)

// instance returns a generic function for some types; it is compiled when it
// is first needed.
func (m *Machine) instance(f *Function, args []types.Type, method bool) *Func {
	for _, in := range f.instances {
		if slices.EqualFunc(in.args, args, types.Identical) {
			return in.fn
		}
	}
	if len(f.instances) >= maxInstances {
		panic(Unfit{f.decl.Pos(), fmt.Sprintf("%s would need more than %d instances", f.name, maxInstances)})
	}
	for _, a := range args {
		if typeDepth(a) > maxTypeDepth {
			panic(Unfit{f.decl.Pos(), f.name + " needs ever new types of itself"})
		}
	}
	in := &funcInstance{args: args, fn: &Func{m: m}}
	f.instances = append(f.instances, in)
	m.compileInto(f, in, method)
	return in.fn
}

// typeDepth counts how deep a type is made of others, by name where it has one.
func typeDepth(t types.Type) int {
	d := 0
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		d = typeDepth(t.Elem())
	case *types.Slice:
		d = typeDepth(t.Elem())
	case *types.Array:
		d = typeDepth(t.Elem())
	case *types.Chan:
		d = typeDepth(t.Elem())
	case *types.Map:
		d = max(typeDepth(t.Key()), typeDepth(t.Elem()))
	case *types.Struct:
		for f := range t.Fields() {
			d = max(d, typeDepth(f.Type()))
		}
	case *types.Signature:
		for _, tu := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tu.Variables() {
				d = max(d, typeDepth(v.Type()))
			}
		}
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			d = max(d, typeDepth(a))
		}
	}
	return d + 1
}

// compileInto compiles one instance of a function.
func (m *Machine) compileInto(f *Function, in *funcInstance, method bool) {
	sig := f.declared()
	env := newTypeEnv(m)
	for i := range in.args {
		env.params[sig.TypeParams().At(i)] = in.args[i]
	}
	in.fn.code = m.compileBody(f, env, method)
}

// declared returns the signature with the very parameters of the tree.
func (f *Function) declared() *types.Signature {
	if f.src != nil && f.method {
		return f.sig
	}
	for id, o := range f.info.Defs {
		if fn, ok := o.(*types.Func); ok && id.Pos() == f.decl.Name.Pos() {
			return fn.Signature()
		}
	}
	return f.sig
}

func (m *Machine) compileBody(f *Function, env *typeEnv, method bool) *code {
	if f.decl.Body == nil {
		panic(Unfit{f.decl.Pos(), f.name + " has no body"})
	}
	c := &compiler{m: m, info: f.info, env: env, banks: &banks{}, vars: map[types.Object]place{}, boxed: map[types.Object]bool{}, src: f.src}
	boxedVars(f.info, f.decl, c.boxed)
	sig := f.declared()
	return c.function(f.name, f.decl.Pos(), sig, method, f.decl.Body)
}

// methodFunc returns a method of a notebook type, with the type arguments of
// its receiver.
func (m *Machine) methodFunc(n *types.Named, name string) *Func {
	f := m.methods[n.Origin().Obj()][name]
	if f == nil {
		f = m.sourceMethod(n, name)
	}
	if f == nil {
		panic(Unfit{Msg: "method " + n.Obj().Name() + "." + name + " is not known"})
	}
	if n.TypeArgs().Len() == 0 {
		return f.fn
	}
	args := make([]types.Type, n.TypeArgs().Len())
	for i := range args {
		args[i] = n.TypeArgs().At(i)
	}
	return m.instance(f, args, true)
}

// methodValue compiles x.M used as a value: the receiver is taken now.
func (c *compiler) methodValue(e *ast.SelectorExpr) ex {
	x, o := c.path(e)
	fn, ok := o.(*types.Func)
	if !ok {
		refuse(e, "%s is no method", e.Sel.Name)
	}
	t := c.m.typ(c.typeOf(e))
	m, name, pos := c.m, fn.Name(), e.Pos()
	if x.t.class == classInterface {
		v := as[any](x)
		return ex{t: t, calls: true, f: func(fr *frame) *Func {
			r := v(fr)
			if r == nil {
				nilPointer(fr, pos)
			}
			return m.dynamicMethod(r, name, t)
		}}
	}
	r := c.receiver(e, x, fn)
	if target := c.ownMethod(x.t, fn); target != nil {
		return c.bindReceiver(t, target, r)
	}
	c.m.learn(r.t.t, r.t.rt, 0)
	get := r.t.ops().toReflect(r.t, r.f)
	return ex{t: t, calls: true, f: func(fr *frame) *Func {
		v := get(fr).MethodByName(name)
		if !v.IsValid() {
			panic(runtimeError("no method " + name))
		}
		return &Func{native: v, code: m.nativeCode(t, v), t: t, m: m}
	}}
}

// bindReceiver makes a function that remembers a receiver.
func (c *compiler) bindReceiver(t *typ, target *Func, r ex) ex {
	cc := t.callConv()
	out := &code{name: "method value", sig: t, params: cc.params, results: cc.results, banks: cc.banks}
	env := func(fr *frame) unsafe.Pointer { return fr.env[0] }
	recv := passTo(cc.recvPlace(r.t), ex{t: r.t, f: r.t.ops().loadMem(r.t, env)})
	out.body = forwardTo(cc, target, recv)
	c.m.goConv(out)
	rt, m := r.t.rt, c.m
	write := r.t.ops().write(r.t, r.f)
	return ex{t: t, calls: true, f: func(fr *frame) *Func {
		p := alloc(rt)
		write(fr, p)
		return &Func{code: out, env: []unsafe.Pointer{p}, m: m, t: t}
	}}
}

// forwardTo is a body that calls another function with its own arguments.
func forwardTo(cc *callConv, target *Func, recv func(from, to *frame)) exec {
	var pass, back []func(from, to *frame)
	for _, p := range cc.params {
		pass = append(pass, passTo(p, load(p)))
	}
	for _, p := range cc.results {
		back = append(back, passTo(p, ex{t: p.t, f: load(p).f, owned: true}))
	}
	return func(fr *frame) ctl {
		nf := fr.th.call(target.code)
		recv(fr, nf)
		for _, p := range pass {
			p(fr, nf)
		}
		nf.env = target.env
		nf.run(fr)
		for _, p := range back {
			p(nf, fr)
		}
		fr.th.release(nf)
		return doReturn
	}
}

// methodExpr compiles T.M, a function that takes the receiver first.
func (c *compiler) methodExpr(e *ast.SelectorExpr) ex {
	t := c.m.typ(c.typeOf(e))
	sig := t.t.(*types.Signature)
	recvT := c.m.typ(sig.Params().At(0).Type())
	o, index := c.lookup(e, recvT.t)
	fn, ok := o.(*types.Func)
	if !ok {
		refuse(e, "%s is no method", e.Sel.Name)
	}
	cc := t.callConv()
	out := &code{name: fn.Name(), sig: t, params: cc.params, results: cc.results, banks: cc.banks}
	x := load(cc.params[0])
	for _, i := range index[:len(index)-1] {
		x = c.field(e.Sel, x, i)
	}
	// The method without its receiver has its arguments elsewhere.
	var rest []*types.Var
	for i := 1; i < sig.Params().Len(); i++ {
		rest = append(rest, sig.Params().At(i))
	}
	inner := types.NewSignatureType(nil, nil, nil, types.NewTuple(rest...), sig.Results(), sig.Variadic())
	ic := c.m.conv(inner)
	var pass, back []func(from, to *frame)
	for i, p := range ic.params {
		pass = append(pass, passTo(p, load(cc.params[i+1])))
	}
	for i, p := range cc.results {
		back = append(back, passTo(p, ex{t: p.t, f: load(ic.results[i]).f, owned: true}))
	}
	begin := c.beginMethod(e, x, fn, c.m.typ(inner), ic)
	out.body = func(fr *frame) ctl {
		nf := begin(fr)
		for _, p := range pass {
			p(fr, nf)
		}
		nf.run(fr)
		for _, p := range back {
			p(nf, fr)
		}
		fr.th.release(nf)
		return doReturn
	}
	c.m.goConv(out)
	return ex{t: t, f: konst(&Func{code: out, m: c.m, t: t})}
}

// beginMethod returns a frame for a method with its receiver in place.
func (c *compiler) beginMethod(n ast.Node, x ex, fn *types.Func, sig *typ, cc *callConv) func(*frame) *frame {
	m, name, pos := c.m, fn.Name(), n.Pos()
	if x.t.class == classInterface {
		v := as[any](x)
		return func(fr *frame) *frame {
			r := v(fr)
			if r == nil {
				nilPointer(fr, pos)
			}
			f := m.dynamicMethod(r, name, sig)
			nf := fr.th.call(f.code)
			nf.env = f.env
			return nf
		}
	}
	if target := c.ownMethod(x.t, fn); target != nil {
		r := c.receiver(n, x, fn)
		recv := passTo(cc.recvPlace(r.t), r)
		return func(fr *frame) *frame {
			nf := fr.th.call(target.code)
			recv(fr, nf)
			nf.env = target.env
			return nf
		}
	}
	r := c.receiver(n, x, fn)
	c.m.learn(r.t.t, r.t.rt, 0)
	get := r.t.ops().toReflect(r.t, r.f)
	return func(fr *frame) *frame {
		v := get(fr).MethodByName(name)
		return fr.th.call(m.nativeCode(sig, v))
	}
}
