package vm

import (
	"reflect"
	"unsafe"
)

// ops are the operations on values of a class. An expression of the class is a
// func(*frame) T, held as any; f below is always of that form.
type ops interface {
	loadSlot(off uintptr) any
	loadMem(t *typ, addr func(*frame) unsafe.Pointer) any
	loadAt(t *typ, p unsafe.Pointer) any // a global
	storeSlot(off uintptr, f any) func(*frame)
	// storeMem evaluates the value before the address.
	storeMem(t *typ, addr func(*frame) unsafe.Pointer, f any) func(*frame)
	// write evaluates f and stores the value at p.
	write(t *typ, f any) func(fr *frame, p unsafe.Pointer)
	// pass evaluates f in the caller's frame and stores it in a slot of another.
	pass(off uintptr, f any) func(caller, callee *frame)
	drop(f any) func(*frame)
	// toAny makes interface values, fromAny takes them apart.
	toAny(t *typ, f any) func(*frame) any
	fromAny(t *typ, f func(*frame) any) any
	toReflect(t *typ, f any) func(*frame) reflect.Value
	fromReflect(t *typ, f func(*frame) reflect.Value) any
	zero(t *typ) any
	bank(b *banks) uintptr // takes a slot
	// after runs do, then gives what f gives.
	after(do func(*frame), f any) any
	// read returns the slot's value as a call's result, releasing the frame.
	result(call func(*frame) *frame, off uintptr) any
}

// kindOps are the ops of plain values in one bank.
type kindOps[T any] struct {
	base func(*frame) unsafe.Pointer
	take func(*banks) uintptr
}

func (k kindOps[T]) bank(b *banks) uintptr { return k.take(b) }

func inN(f *frame) unsafe.Pointer { return f.n }
func inP(f *frame) unsafe.Pointer { return f.p }
func inS(f *frame) unsafe.Pointer { return f.s }
func inL(f *frame) unsafe.Pointer { return f.l }
func inI(f *frame) unsafe.Pointer { return f.i }

func (k kindOps[T]) after(do func(*frame), f any) any {
	x := f.(func(*frame) T)
	return func(fr *frame) T {
		do(fr)
		return x(fr)
	}
}

func (k kindOps[T]) drop(f any) func(*frame) {
	x := f.(func(*frame) T)
	return func(fr *frame) { x(fr) }
}

func (k kindOps[T]) zero(*typ) any {
	return func(*frame) T {
		var z T
		return z
	}
}

func (k kindOps[T]) write(_ *typ, f any) func(*frame, unsafe.Pointer) {
	x := f.(func(*frame) T)
	return func(fr *frame, p unsafe.Pointer) { *(*T)(p) = x(fr) }
}

func (k kindOps[T]) loadMem(_ *typ, addr func(*frame) unsafe.Pointer) any {
	return func(fr *frame) T { return *(*T)(addr(fr)) }
}

func (k kindOps[T]) loadAt(_ *typ, p unsafe.Pointer) any {
	q := (*T)(p)
	return func(*frame) T { return *q }
}

func (k kindOps[T]) storeMem(_ *typ, addr func(*frame) unsafe.Pointer, f any) func(*frame) {
	x := f.(func(*frame) T)
	return func(fr *frame) {
		v := x(fr)
		*(*T)(addr(fr)) = v
	}
}

func (k kindOps[T]) toReflect(t *typ, f any) func(*frame) reflect.Value {
	x, rt := f.(func(*frame) T), t.rt
	if rt == reflect.TypeFor[T]() {
		return func(fr *frame) reflect.Value { return reflect.ValueOf(x(fr)) }
	}
	return func(fr *frame) reflect.Value {
		p := alloc(rt)
		*(*T)(p) = x(fr)
		return value(rt, p)
	}
}

func (k kindOps[T]) fromReflect(t *typ, f func(*frame) reflect.Value) any {
	rt := t.rt
	return func(fr *frame) T {
		v := f(fr)
		p := new(T)
		value(rt, unsafe.Pointer(p)).Set(v)
		return *p
	}
}

// toAny boxes the value in the type that tells what it is.
func (k kindOps[T]) toAny(t *typ, f any) func(*frame) any {
	x := f.(func(*frame) T)
	if t.exact && t.rt == reflect.TypeFor[T]() {
		return func(fr *frame) any { return x(fr) }
	}
	dyn := t.dynType
	return func(fr *frame) any {
		p := alloc(dyn)
		*(*T)(p) = x(fr)
		return value(dyn, p).Interface()
	}
}

func (k kindOps[T]) fromAny(t *typ, f func(*frame) any) any {
	if t.exact && t.rt == reflect.TypeFor[T]() {
		return func(fr *frame) T { return f(fr).(T) }
	}
	dyn := t.dynType
	return func(fr *frame) T {
		p := alloc(dyn)
		value(dyn, p).Set(reflect.ValueOf(f(fr)))
		return *(*T)(p)
	}
}

// Slots of numbers, specialised for speed; the others go by kindOps below.

type numOps[T any] struct{ kindOps[T] }

func takeN(size uintptr) func(*banks) uintptr {
	words := int((size + wordSize - 1) / wordSize)
	return func(b *banks) uintptr {
		off := uintptr(b.n) * wordSize
		b.n += words
		return off
	}
}

func num[T any]() ops {
	var z T
	return numOps[T]{kindOps[T]{inN, takeN(unsafe.Sizeof(z))}}
}

func (numOps[T]) loadSlot(off uintptr) any {
	return func(fr *frame) T { return *(*T)(unsafe.Add(fr.n, off)) }
}

func (numOps[T]) storeSlot(off uintptr, f any) func(*frame) {
	x := f.(func(*frame) T)
	return func(fr *frame) { *(*T)(unsafe.Add(fr.n, off)) = x(fr) }
}

func (numOps[T]) pass(off uintptr, f any) func(a, b *frame) {
	x := f.(func(*frame) T)
	return func(a, b *frame) { *(*T)(unsafe.Add(b.n, off)) = x(a) }
}

func (numOps[T]) result(call func(*frame) *frame, off uintptr) any {
	return func(fr *frame) T {
		c := call(fr)
		v := *(*T)(unsafe.Add(c.n, off))
		fr.th.release(c)
		return v
	}
}

type refOps[T any] struct{ kindOps[T] }

func (k refOps[T]) loadSlot(off uintptr) any {
	base := k.base
	return func(fr *frame) T { return *(*T)(unsafe.Add(base(fr), off)) }
}

func (k refOps[T]) storeSlot(off uintptr, f any) func(*frame) {
	x, base := f.(func(*frame) T), k.base
	return func(fr *frame) {
		v := x(fr)
		*(*T)(unsafe.Add(base(fr), off)) = v
	}
}

func (k refOps[T]) pass(off uintptr, f any) func(a, b *frame) {
	x, base := f.(func(*frame) T), k.base
	return func(a, b *frame) {
		v := x(a)
		*(*T)(unsafe.Add(base(b), off)) = v
	}
}

func (k refOps[T]) result(call func(*frame) *frame, off uintptr) any {
	base := k.base
	return func(fr *frame) T {
		c := call(fr)
		v := *(*T)(unsafe.Add(base(c), off))
		fr.th.release(c)
		return v
	}
}

func takeIn(count func(*banks) *int, size uintptr) func(*banks) uintptr {
	return func(b *banks) uintptr {
		n := count(b)
		off := uintptr(*n) * size
		*n++
		return off
	}
}

var (
	takeP = takeIn(func(b *banks) *int { return &b.p }, ptrSize)
	takeS = takeIn(func(b *banks) *int { return &b.s }, strSize)
	takeL = takeIn(func(b *banks) *int { return &b.l }, sliceSize)
	takeI = takeIn(func(b *banks) *int { return &b.i }, anySize)
)

var opsOf = [...]ops{
	classBool: num[bool](), classInt: num[int](), classInt8: num[int8](), classInt16: num[int16](),
	classInt32: num[int32](), classInt64: num[int64](), classUint: num[uint](), classUint8: num[uint8](),
	classUint16: num[uint16](), classUint32: num[uint32](), classUint64: num[uint64](), classUintptr: num[uintptr](),
	classFloat32: num[float32](), classFloat64: num[float64](), classComplex64: num[complex64](),
	classComplex128: num[complex128](),
	classString:     refOps[string]{kindOps[string]{inS, takeS}},
	classPointer:    refOps[unsafe.Pointer]{kindOps[unsafe.Pointer]{inP, takeP}},
	classFunc:       funcOps{refOps[*Func]{kindOps[*Func]{inP, takeP}}},
	classSlice:      refOps[slice]{kindOps[slice]{inL, takeL}},
	classInterface:  anyOps{refOps[any]{kindOps[any]{inI, takeI}}},
	classMemory:     memOps{refOps[unsafe.Pointer]{kindOps[unsafe.Pointer]{inP, takeP}}},
}

// ops returns the operations of a type's class.
func (t *typ) ops() ops { return opsOf[t.class] }

// funcOps: in memory a function is a Go function value, in slots a *Func.
type funcOps struct{ refOps[*Func] }

func (funcOps) loadMem(t *typ, addr func(*frame) unsafe.Pointer) any {
	m := t.m
	return func(fr *frame) *Func { return m.funcAt(t, addr(fr)) }
}

func (o funcOps) loadAt(t *typ, p unsafe.Pointer) any {
	return o.loadMem(t, func(*frame) unsafe.Pointer { return p })
}

func (funcOps) storeMem(t *typ, addr func(*frame) unsafe.Pointer, f any) func(*frame) {
	x := f.(func(*frame) *Func)
	return func(fr *frame) {
		v := x(fr).goFunc(t)
		*(*unsafe.Pointer)(addr(fr)) = v
	}
}

func (funcOps) write(t *typ, f any) func(*frame, unsafe.Pointer) {
	x := f.(func(*frame) *Func)
	return func(fr *frame, p unsafe.Pointer) { *(*unsafe.Pointer)(p) = x(fr).goFunc(t) }
}

func (funcOps) toReflect(t *typ, f any) func(*frame) reflect.Value {
	x := f.(func(*frame) *Func)
	return func(fr *frame) reflect.Value { return x(fr).reflect(t) }
}

func (funcOps) fromReflect(t *typ, f func(*frame) reflect.Value) any {
	m := t.m
	return func(fr *frame) *Func { return m.fromGoFunc(t, f(fr)) }
}

func (funcOps) toAny(t *typ, f any) func(*frame) any {
	x, dyn := f.(func(*frame) *Func), t.dynType
	return func(fr *frame) any {
		p := alloc(dyn)
		*(*unsafe.Pointer)(p) = x(fr).goFunc(t)
		return value(dyn, p).Interface()
	}
}

func (funcOps) fromAny(t *typ, f func(*frame) any) any {
	m, dyn := t.m, t.dynType
	return func(fr *frame) *Func {
		p := alloc(dyn)
		value(dyn, p).Set(reflect.ValueOf(f(fr)))
		return m.funcAt(t, p)
	}
}

// anyOps: a slot holds any; memory of a compiled interface type holds that.
type anyOps struct{ refOps[any] }

func (anyOps) loadMem(t *typ, addr func(*frame) unsafe.Pointer) any {
	if t.iface == nil {
		return func(fr *frame) any { return *(*any)(addr(fr)) }
	}
	m := t.m
	return func(fr *frame) any { return m.loadIface(t, addr(fr)) }
}

func (o anyOps) loadAt(t *typ, p unsafe.Pointer) any {
	return o.loadMem(t, func(*frame) unsafe.Pointer { return p })
}

func (o anyOps) storeMem(t *typ, addr func(*frame) unsafe.Pointer, f any) func(*frame) {
	x := f.(func(*frame) any)
	if t.iface == nil {
		return func(fr *frame) {
			v := x(fr)
			*(*any)(addr(fr)) = v
		}
	}
	m := t.m
	return func(fr *frame) {
		v := x(fr)
		m.storeIface(t, addr(fr), v)
	}
}

func (anyOps) write(t *typ, f any) func(*frame, unsafe.Pointer) {
	x := f.(func(*frame) any)
	if t.iface == nil {
		return func(fr *frame, p unsafe.Pointer) { *(*any)(p) = x(fr) }
	}
	m := t.m
	return func(fr *frame, p unsafe.Pointer) { m.storeIface(t, p, x(fr)) }
}

func (anyOps) toAny(_ *typ, f any) func(*frame) any { return f.(func(*frame) any) }

func (anyOps) fromAny(_ *typ, f func(*frame) any) any { return f }

func (anyOps) toReflect(t *typ, f any) func(*frame) reflect.Value {
	x, m := f.(func(*frame) any), t.m
	rt := t.rt
	return func(fr *frame) reflect.Value {
		v := x(fr)
		p := alloc(rt)
		if t.iface == nil {
			*(*any)(p) = v
		} else {
			m.storeIface(t, p, v)
		}
		return value(rt, p)
	}
}

func (anyOps) fromReflect(t *typ, f func(*frame) reflect.Value) any {
	m := t.m
	return func(fr *frame) any {
		v := f(fr)
		if v.Kind() == reflect.Interface {
			if v.IsNil() {
				return nil
			}
			v = v.Elem()
		}
		return m.unwrap(v.Interface())
	}
}

// memOps: an expression gives a pointer to the value, which has to be copied
// before anything else runs.
type memOps struct{ refOps[unsafe.Pointer] }

func (memOps) loadMem(_ *typ, addr func(*frame) unsafe.Pointer) any { return addr }

func (memOps) loadAt(_ *typ, p unsafe.Pointer) any {
	return func(*frame) unsafe.Pointer { return p }
}

func (memOps) storeMem(t *typ, addr func(*frame) unsafe.Pointer, f any) func(*frame) {
	x, cp := f.(func(*frame) unsafe.Pointer), t.copyTo
	return func(fr *frame) {
		v := x(fr)
		cp(addr(fr), v)
	}
}

func (memOps) write(t *typ, f any) func(*frame, unsafe.Pointer) {
	x, cp := f.(func(*frame) unsafe.Pointer), t.copyTo
	return func(fr *frame, p unsafe.Pointer) { cp(p, x(fr)) }
}

func (memOps) zero(t *typ) any {
	rt := t.rt
	return func(*frame) unsafe.Pointer { return alloc(rt) }
}

func (memOps) toAny(t *typ, f any) func(*frame) any {
	x, rt, dyn := f.(func(*frame) unsafe.Pointer), t.rt, t.dynType
	if dyn == rt {
		return func(fr *frame) any { return value(rt, x(fr)).Interface() }
	}
	cp := t.copyTo
	return func(fr *frame) any {
		v := x(fr)
		p := alloc(dyn)
		cp(p, v)
		return value(dyn, p).Interface()
	}
}

func (memOps) fromAny(t *typ, f func(*frame) any) any {
	dyn := t.dynType
	return func(fr *frame) unsafe.Pointer {
		p := alloc(dyn)
		value(dyn, p).Set(reflect.ValueOf(f(fr)))
		return p
	}
}

func (memOps) toReflect(t *typ, f any) func(*frame) reflect.Value {
	x, rt, cp := f.(func(*frame) unsafe.Pointer), t.rt, t.copyTo
	return func(fr *frame) reflect.Value {
		v := x(fr)
		p := alloc(rt)
		cp(p, v)
		return value(rt, p)
	}
}

func (memOps) fromReflect(t *typ, f func(*frame) reflect.Value) any {
	rt := t.rt
	return func(fr *frame) unsafe.Pointer {
		v := f(fr)
		p := alloc(rt)
		value(rt, p).Set(v)
		return p
	}
}
