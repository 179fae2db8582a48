package vm

import (
	"go/ast"
	"go/types"
	"maps"
	"reflect"
	"regexp"
	"strings"
	"unsafe"
)

// An errorWrapper is a value of the notebook as a Go error.
type errorWrapper struct {
	IValue any
	m      *Machine
}

// Error calls the value's own method.
func (w errorWrapper) Error() string { return w.m.callString(w.IValue, "Error") }

// Unwrap, Is and As serve package errors.

func (w errorWrapper) Unwrap() error {
	if b := w.m.boundOf(w.IValue, "Unwrap"); b != nil {
		if out := w.m.callMethod(w.IValue, b, nil); len(out) == 1 {
			if e, ok := out[0].Interface().(error); ok {
				return e
			}
		}
	}
	return nil
}

func (m *Machine) callString(v any, method string) string {
	b := m.boundOf(v, method)
	if b == nil {
		return ""
	}
	out := m.callMethod(v, b, nil)
	if len(out) != 1 || out[0].Kind() != reflect.String {
		return ""
	}
	return out[0].String()
}

// loadIface reads a compiled interface from memory: its dynamic value.
func (m *Machine) loadIface(t *typ, p unsafe.Pointer) any {
	if t.iface == errorType {
		e := *(*error)(p)
		if w, ok := e.(errorWrapper); ok {
			return w.IValue
		}
		return m.unwrap(e)
	}
	v := value(t.iface, p)
	if v.IsNil() {
		return nil
	}
	return m.unwrap(v.Elem().Interface())
}

var errorType = reflect.TypeFor[error]()

// unwrap returns the notebook's value behind a wrapper, other values as they are.
func (m *Machine) unwrap(v any) any {
	switch w := v.(type) {
	case nil:
		return nil
	case errorWrapper:
		return w.IValue
	case *shown:
		return w.v
	}
	rt := reflect.TypeOf(v)
	if rt.Kind() == reflect.Struct && m.wraps[rt] {
		return reflect.ValueOf(v).Field(0).Interface()
	}
	return v
}

// storeIface writes a value into memory of a compiled interface.
func (m *Machine) storeIface(t *typ, p unsafe.Pointer, v any) {
	if v == nil {
		value(t.iface, p).SetZero()
		return
	}
	if t.iface == errorType {
		if _, own := m.dynamicOf(v); own {
			*(*error)(p) = errorWrapper{v, m}
			return
		}
		*(*error)(p) = v.(error)
		return
	}
	value(t.iface, p).Set(m.wrap(t.iface, v))
}

// dynamicOf returns the notebook type of an interface's value, if it is one.
func (m *Machine) dynamicOf(v any) (*typ, bool) {
	x, ok := (*m.dynamic.Load())[reflect.TypeOf(v)]
	return x, ok
}

// wrap makes a value fit a compiled interface.
func (m *Machine) wrap(iface reflect.Type, v any) reflect.Value {
	rv := reflect.ValueOf(v)
	if rv.Type().Implements(iface) {
		return rv
	}
	x, own := m.dynamicOf(v)
	if !own {
		panic(runtimeError("interface conversion: " + rv.Type().String() + " is not " + iface.String()))
	}
	if iface == errorType {
		return reflect.ValueOf(errorWrapper{v, m})
	}
	w, ok := m.wrappers[iface]
	for _, big := range m.combined[iface] {
		if m.hasMethods(x, big) {
			w = big
			break
		}
	}
	if !ok {
		w, ok = m.anyWrapper(iface, x)
	}
	if !ok {
		panic(runtimeError("a value of type " + m.typeName(x.t) + " cannot stand as a " + iface.String() + ", which has methods that are not exported or unknown here"))
	}
	out := reflect.New(w).Elem()
	out.Field(0).Set(rv)
	for i := 1; i < w.NumField(); i++ {
		f := w.Field(i)
		b := m.bound(x, f.Name[1:])
		if b == nil {
			panic(runtimeError("interface conversion: " + m.typeName(x.t) + " is not " + iface.String() + ": missing method " + f.Name[1:]))
		}
		out.Field(i).Set(reflect.MakeFunc(f.Type, func(args []reflect.Value) []reflect.Value {
			return m.callMethod(v, b, args)
		}))
	}
	return out
}

// anyWrapper finds a wrapper that has the methods of an interface without one
// of its own, and no method that the type lacks.
func (m *Machine) anyWrapper(iface reflect.Type, x *typ) (found reflect.Type, ok bool) {
	for w := range m.wraps {
		if !w.Implements(iface) || !m.hasMethods(x, w) {
			continue
		}
		if !ok || w.NumField() < found.NumField() || w.NumField() == found.NumField() && w.String() < found.String() {
			found, ok = w, true
		}
	}
	return found, ok
}

// A bound is a method of a dynamic type of the notebook.
type bound struct {
	// fn is the method's function and setRecv puts the receiver, which it
	// finds in the frame's recv, into its place.
	fn      *Func
	setRecv func(callee *frame)
	// native, for methods promoted from a compiled type, gives the method of a
	// value as a Go function.
	native func(fr *frame) reflect.Value
	sig    *typ // without the receiver
}

// boundOf finds a method of a value of the notebook.
func (m *Machine) boundOf(v any, name string) *bound {
	if v == nil {
		return nil
	}
	x, ok := m.dynamicOf(v)
	if !ok {
		return nil
	}
	return m.bound(x, name)
}

// bound finds a method in the method set of a type; nil if there is none.
func (m *Machine) bound(x *typ, name string) *bound {
	if t := x.methods.Load(); t != nil {
		if b, ok := (*t)[name]; ok {
			return b
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.findBound(x, name)
	t := map[string]*bound{}
	if old := x.methods.Load(); old != nil {
		maps.Copy(t, *old)
	}
	t[name] = b
	x.methods.Store(&t)
	return b
}

func (m *Machine) findBound(x *typ, name string) *bound {
	set := types.NewMethodSet(x.t)
	sel := set.Lookup(m.ownPackage(x.t), name)
	if sel == nil {
		return nil
	}
	fn := sel.Obj().(*types.Func)
	c := &compiler{m: m, info: noInfo, banks: &banks{}}
	b := &bound{sig: m.typ(sel.Type())}
	at := &ast.Ident{Name: name}
	e := ex{t: x, f: x.ops().fromAny(x, func(fr *frame) any { return fr.recv })}
	if x.class == classMemory {
		e.addr = as[unsafe.Pointer](e)
	}
	index := sel.Index()
	for _, i := range index[:len(index)-1] {
		e = c.field(at, e, i)
	}
	if e.t.class == classInterface {
		v := as[any](e)
		b.native = func(fr *frame) reflect.Value {
			f := m.dynamicMethod(v(fr), name, b.sig)
			return f.reflect(b.sig)
		}
		return b
	}
	if target := c.ownMethod(e.t, fn); target != nil {
		r := c.receiver(at, e, fn)
		p := m.conv(b.sig.t.(*types.Signature)).recvPlace(r.t)
		set := passTo(p, r)
		b.fn, b.setRecv = target, func(callee *frame) { set(callee, callee) }
		if len(index) == 1 && isPointer(x.t) && r.t != x {
			// Its value method: the message names both.
			n := m.ownNamed(x.t)
			ptr, own := as[unsafe.Pointer](e), n.Obj().Name()
			if n.TypeArgs().Len() > 0 {
				own += "[...]"
			}
			msg := plainError("value method " + "main." + own + "." + name + " called using nil *" + own + " pointer")
			b.setRecv = func(callee *frame) {
				if ptr(callee) == nil {
					panic(msg)
				}
				set(callee, callee)
			}
		}
		return b
	}
	r := c.receiver(at, e, fn)
	get := r.t.ops().toReflect(r.t, r.f)
	b.native = func(fr *frame) reflect.Value { return get(fr).MethodByName(name) }
	return b
}

// dynamicMethod returns a method of an interface's value as a function.
func (m *Machine) dynamicMethod(v any, name string, sig *typ) *Func {
	if v == nil {
		panic(runtimeError("invalid memory address or nil pointer dereference"))
	}
	b := m.boundOf(v, name)
	if b == nil || b.fn == nil {
		return m.compiledMethod(v, name, sig)
	}
	// A function that remembers the receiver.
	cc := sig.callConv()
	out := &code{name: name, sig: sig, params: cc.params, results: cc.results, banks: cc.banks}
	var pass []func(from, to *frame)
	for _, p := range cc.params {
		pass = append(pass, passTo(p, load(p)))
	}
	var back []func(from, to *frame)
	for _, p := range cc.results {
		back = append(back, passTo(p, ex{t: p.t, f: load(p).f, owned: true}))
	}
	out.body = func(fr *frame) ctl {
		nf := fr.th.call(b.fn.code)
		nf.recv = v
		b.setRecv(nf)
		for _, p := range pass {
			p(fr, nf)
		}
		nf.env = b.fn.env
		nf.run(fr)
		for _, p := range back {
			p(nf, fr)
		}
		fr.th.release(nf)
		return doReturn
	}
	m.goConv(out)
	return &Func{code: out, m: m, t: sig}
}

// compiledMethod returns a method of a value of a compiled type, or one that a
// notebook type has from a compiled one.
func (m *Machine) compiledMethod(v any, name string, sig *typ) *Func {
	if b := m.boundOf(v, name); b != nil && b.native != nil {
		fn := b.native(&frame{recv: v})
		return &Func{native: fn, code: m.nativeCode(sig, fn), t: sig, m: m}
	}
	fn := reflect.ValueOf(v).MethodByName(name)
	if !fn.IsValid() {
		panic(runtimeError("a value of type " + m.dynamicName(v) + " has no method " + name))
	}
	return &Func{native: fn, code: m.nativeCode(sig, fn), t: sig, m: m}
}

// callMethod calls a method of a notebook value with Go values.
func (m *Machine) callMethod(v any, b *bound, args []reflect.Value) []reflect.Value {
	if b.fn == nil {
		fn := b.native(&frame{recv: v})
		if fn.Type().IsVariadic() {
			return fn.CallSlice(args)
		}
		return fn.Call(args)
	}
	return m.callback(b.fn.code, func(th *thread) []reflect.Value {
		nf := th.call(b.fn.code)
		nf.recv = v
		b.setRecv(nf)
		nf.env = b.fn.env
		return nf.runGo(args)
	})
}

// ownPackage returns the package in which names that are not exported are
// looked up.
func (m *Machine) ownPackage(t types.Type) *types.Package {
	if n := m.ownNamed(t); n != nil {
		return n.Obj().Pkg()
	}
	return types.NewPackage(m.opt.Own, m.opt.Own)
}

// implements tells whether a dynamic value has the methods of an interface.
func (m *Machine) implements(v any, t *typ) bool {
	rt := reflect.TypeOf(v)
	if x, own := m.dynamicOf(v); own {
		return types.Implements(x.t, t.t.Underlying().(*types.Interface))
	}
	if t.iface != nil {
		return rt.Implements(t.iface)
	}
	it := t.t.Underlying().(*types.Interface)
	if it.Empty() {
		return true
	}
	m.mu.Lock()
	ct := m.fromReflect(rt)
	m.mu.Unlock()
	if ct != nil {
		return types.Implements(ct, it)
	}
	// A type that cells cannot name: by the names of the methods and the
	// number of their values.
	for f := range it.Methods() {
		meth, ok := rt.MethodByName(f.Name())
		if !ok || meth.Type.NumIn()-1 != f.Signature().Params().Len() || meth.Type.NumOut() != f.Signature().Results().Len() {
			return false
		}
	}
	return true
}

// typeName writes a type as Go's messages do.
func (m *Machine) typeName(t types.Type) string {
	s := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == m.opt.Own {
			return "main"
		}
		return p.Name()
	})
	return tightArgs(bareAny.ReplaceAllString(strings.ReplaceAll(s, "interface{}", "interface {}"), "interface {}"))
}

// tightArgs drops the blank after the commas between type arguments.
func tightArgs(s string) string {
	var out strings.Builder
	var open []bool // the brackets around: whether of type arguments
	for i := 0; i < len(s); i++ {
		out.WriteByte(s[i])
		switch s[i] {
		case '[', '(', '{':
			name := s[i] == '[' && i > 0 && (s[i-1] == '_' || s[i-1] >= '0' && s[i-1] <= '9' || s[i-1]|0x20 >= 'a' && s[i-1]|0x20 <= 'z')
			open = append(open, name && !bareMap.MatchString(s[:i]))
		case ']', ')', '}':
			open = open[:max(0, len(open)-1)]
		case ',':
			if n := len(open); n > 0 && open[n-1] && strings.HasPrefix(s[i+1:], " ") {
				i++
			}
		}
	}
	return out.String()
}

var bareMap = regexp.MustCompile(`\bmap$`)

var bareAny = regexp.MustCompile(`\bany\b`)

// dynamicName names the type of an interface's value.
func (m *Machine) dynamicName(v any) string {
	if v == nil {
		return "nil"
	}
	if x, ok := m.dynamicOf(v); ok {
		return m.typeName(x.t)
	}
	return reflect.TypeOf(v).String()
}

var noInfo = &types.Info{}
