package vm

import (
	"go/types"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"
)

// goFunc returns the word of the Go function value of type t that calls f.
func (f *Func) goFunc(t *typ) unsafe.Pointer {
	if f == nil {
		return nil
	}
	f.once.Do(func() {
		if f.word != nil {
			return
		}
		p := alloc(t.rt)
		if f.native.IsValid() {
			v := f.native
			if v.Type() != t.rt {
				v = v.Convert(t.rt)
			}
			value(t.rt, p).Set(v)
		} else {
			value(t.rt, p).Set(reflect.MakeFunc(t.rt, f.callGo).Convert(t.rt))
		}
		f.word = *(*unsafe.Pointer)(p)
		if !f.native.IsValid() {
			f.m.words.add(f.word, f)
		}
	})
	return f.word
}

// reflect returns the Go function value of type t.
func (f *Func) reflect(t *typ) reflect.Value {
	p := alloc(t.rt)
	*(*unsafe.Pointer)(p) = f.goFunc(t)
	return value(t.rt, p)
}

// callGo runs f for compiled code, on whatever goroutine that is.
func (f *Func) callGo(args []reflect.Value) []reflect.Value {
	return f.m.callback(f.code, func(th *thread) []reflect.Value {
		fr := th.call(f.code)
		fr.env = f.env
		return fr.runGo(args)
	})
}

// callback runs code of the notebook for compiled code. A panic goes on through
// the compiled code if a cell called that; on a goroutine that compiled code
// has started nobody could catch it, so it ends here and is reported.
func (m *Machine) callback(c *code, call func(*thread) []reflect.Value) (out []reflect.Value) {
	th := m.threads.Get().(*thread)
	m.grpMu.Lock()
	th.g = m.current
	m.grpMu.Unlock()
	th.depth, th.top, th.unwinding, th.inFlight = 0, nil, false, nil
	done := false
	defer func() {
		if done {
			m.threads.Put(th)
			return
		}
		r := recover()
		if r == nil {
			return // runtime.Goexit
		}
		if outer, ok := goroutines.Load(goroutineID()); ok {
			o := outer.(*thread)
			o.panicked(r, append(th.trace(r), o.trace(nil)...))
			panic(r)
		}
		th.report(r)
		sig := c.sig.t.Underlying().(*types.Signature)
		for v := range sig.Results().Variables() {
			m.mu.Lock()
			t := m.typ(v.Type())
			m.mu.Unlock()
			out = append(out, reflect.Zero(t.rt))
		}
	}()
	out = call(th)
	done = true
	return out
}

// runGo runs a frame with arguments from compiled code, and releases it.
func (fr *frame) runGo(args []reflect.Value) []reflect.Value {
	c := fr.code
	for i, a := range args {
		fr.arg = a
		c.fromGo[i](fr)
	}
	fr.arg = reflect.Value{}
	fr.run(nil)
	out := make([]reflect.Value, len(c.toGo))
	for i, get := range c.toGo {
		out[i] = get(fr)
	}
	fr.th.release(fr)
	return out
}

// funcAt reads a function from memory.
func (m *Machine) funcAt(t *typ, p unsafe.Pointer) *Func {
	w := *(*unsafe.Pointer)(p)
	if w == nil {
		return nil
	}
	if f := m.words.get(w); f != nil {
		return f
	}
	v := alloc(t.rt)
	*(*unsafe.Pointer)(v) = w
	nv := value(t.rt, v)
	return &Func{native: nv, code: m.nativeCode(t, nv), t: t, m: m, word: w}
}

// fromGoFunc takes a Go function value.
func (m *Machine) fromGoFunc(t *typ, v reflect.Value) *Func {
	if v.IsNil() {
		return nil
	}
	p := alloc(t.rt)
	value(t.rt, p).Set(v.Convert(t.rt))
	return m.funcAt(t, p)
}

// words finds the Func behind a Go function value that was made of one. It
// holds them weakly: a closure lives as long as its function value.
type words struct {
	mu sync.Mutex
	m  map[uintptr]weak.Pointer[Func]
}

func (w *words) add(word unsafe.Pointer, f *Func) {
	key := uintptr(word)
	w.mu.Lock()
	if w.m == nil {
		w.m = map[uintptr]weak.Pointer[Func]{}
	}
	w.m[key] = weak.Make(f)
	w.mu.Unlock()
	runtime.AddCleanup(f, func(key uintptr) {
		w.mu.Lock()
		defer w.mu.Unlock()
		// The word may belong to another function by now.
		if p, ok := w.m[key]; ok && p.Value() == nil {
			delete(w.m, key)
		}
	}, key)
}

func (w *words) get(word unsafe.Pointer) *Func {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p, ok := w.m[uintptr(word)]; ok {
		return p.Value()
	}
	return nil
}

// nativeCode is the code of a function that is compiled, for callers that do
// not know it is.
func (m *Machine) nativeCode(t *typ, fn reflect.Value) *code {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nativeCodeLocked(t, fn)
}

func (m *Machine) nativeCodeLocked(t *typ, fn reflect.Value) *code {
	sig := t.t.Underlying().(*types.Signature)
	cc := t.callConv()
	c := &code{name: "compiled function", sig: t, params: cc.params, results: cc.results, banks: cc.banks}
	var in []func(*frame) reflect.Value
	for _, p := range cc.params {
		in = append(in, p.t.ops().toReflect(p.t, load(p).f))
	}
	var out []func(*frame)
	for _, p := range cc.results {
		v := ex{t: p.t, f: p.t.ops().fromReflect(p.t, func(fr *frame) reflect.Value { return fr.arg })}
		out = append(out, setPlace(p, v))
	}
	variadic := sig.Variadic()
	c.body = func(fr *frame) ctl {
		args := make([]reflect.Value, len(in))
		for i, f := range in {
			args[i] = f(fr)
		}
		var res []reflect.Value
		if variadic {
			res = fn.CallSlice(args)
		} else {
			res = fn.Call(args)
		}
		fr.th.check()
		for i, set := range out {
			fr.arg = res[i]
			set(fr)
		}
		return doReturn
	}
	m.goConv(c)
	return c
}
