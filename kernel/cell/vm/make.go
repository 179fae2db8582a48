package vm

import (
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"
)

// append compiles append(s, x...).
func (c *compiler) append(e *ast.CallExpr) ex {
	t := c.m.typ(c.typeOf(e))
	s := c.value(e.Args[0], t.t)
	elem := c.m.elemOf(t)
	st, size := reflect.SliceOf(elem.rt), elem.rt.Size()
	f := as[slice](s)
	if e.Ellipsis.IsValid() {
		y := c.expr(e.Args[1])
		var tail func(*frame) slice
		switch {
		case y.nilv:
			return ex{t: t, f: s.f, calls: s.calls}
		case y.t.class == classString:
			g := as[string](y)
			tail = func(fr *frame) slice {
				v := g(fr)
				return slice{unsafe.Pointer(unsafe.StringData(v)), len(v), len(v)}
			}
		default:
			tail = as[slice](y)
		}
		return ex{t: t, calls: true, f: func(fr *frame) slice {
			v := f(fr)
			w := tail(fr)
			return appendSlice(st, v, w)
		}}
	}
	n := len(e.Args) - 1
	if n == 0 {
		return ex{t: t, f: s.f, calls: s.calls}
	}
	if n == 1 {
		x := c.value(e.Args[1], elem.t)
		switch elem.class {
		case classFloat64:
			return ex{t: t, calls: true, f: appendOne[float64](f, x)}
		case classInt:
			return ex{t: t, calls: true, f: appendOne[int](f, x)}
		case classString:
			return ex{t: t, calls: true, f: appendOne[string](f, x)}
		case classUint8:
			return ex{t: t, calls: true, f: appendOne[uint8](f, x)}
		}
	}
	var sets []setter
	for i, a := range e.Args[1:] {
		sets = append(sets, setter{uintptr(i) * size, elem.ops().write(elem, c.value(a, elem.t).f)})
	}
	rt := reflect.ArrayOf(n, elem.rt)
	return ex{t: t, calls: true, f: func(fr *frame) slice {
		v := f(fr)
		// The values first: they may append to the same slice.
		p := alloc(rt)
		for _, w := range sets {
			w.write(fr, unsafe.Add(p, w.off))
		}
		return appendSlice(st, v, slice{p, n, n})
	}}
}

func appendOne[T any](f func(*frame) slice, x ex) func(*frame) slice {
	g := as[T](x)
	return func(fr *frame) slice {
		v := f(fr)
		e := g(fr)
		s := append(unsafe.Slice((*T)(v.p), v.cap)[:v.len], e)
		return slice{unsafe.Pointer(unsafe.SliceData(s)), len(s), cap(s)}
	}
}

func appendSlice(st reflect.Type, v, w slice) slice {
	if w.len == 0 {
		return v
	}
	out := reflect.AppendSlice(value(st, unsafe.Pointer(&v)), value(st, unsafe.Pointer(&w)))
	return slice{out.UnsafePointer(), out.Len(), out.Cap()}
}

// copy compiles copy(dst, src).
func (c *compiler) copy(e *ast.CallExpr) ex {
	d, s := c.expr(e.Args[0]), c.expr(e.Args[1])
	t := c.m.typ(types.Typ[types.Int])
	f := as[slice](d)
	if s.t.class == classString {
		g := as[string](s)
		return ex{t: t, calls: true, f: func(fr *frame) int {
			v := f(fr)
			return copy(unsafe.Slice((*byte)(v.p), v.len), g(fr))
		}}
	}
	g, st := as[slice](s), reflect.SliceOf(c.m.elemOf(d.t).rt)
	return ex{t: t, calls: true, f: func(fr *frame) int {
		v := f(fr)
		w := g(fr)
		return reflect.Copy(value(st, unsafe.Pointer(&v)), value(st, unsafe.Pointer(&w)))
	}}
}

// make compiles make(T, n, m).
func (c *compiler) make(e *ast.CallExpr) ex {
	t := c.m.typ(c.typeOf(e))
	var n, m func(*frame) int
	if len(e.Args) > 1 {
		n = c.intIndex(e.Args[1])
	}
	if len(e.Args) > 2 {
		m = c.intIndex(e.Args[2])
	}
	pos := e.Pos()
	switch t.t.Underlying().(type) {
	case *types.Slice:
		elem := c.m.elemOf(t)
		st, size := reflect.SliceOf(elem.rt), elem.rt.Size()
		return ex{t: t, calls: true, f: func(fr *frame) slice {
			k := n(fr)
			top := k
			if m != nil {
				top = m(fr)
			}
			if k < 0 || size > 0 && uint64(k) > maxAlloc/uint64(size) {
				fr.pos = pos
				panic(runtimeError("makeslice: len out of range"))
			}
			if top < k || size > 0 && uint64(top) > maxAlloc/uint64(size) {
				fr.pos = pos
				panic(runtimeError("makeslice: cap out of range"))
			}
			return slice{reflect.MakeSlice(st, k, top).UnsafePointer(), k, top}
		}}
	case *types.Map:
		rt := t.rt
		return ex{t: t, calls: true, f: func(fr *frame) unsafe.Pointer {
			k := 0
			if n != nil {
				k = max(0, n(fr))
			}
			return reflect.MakeMapWithSize(rt, k).UnsafePointer()
		}}
	case *types.Chan:
		rt := chanType(t)
		size := c.m.elemOf(t).rt.Size()
		return ex{t: t, calls: true, f: func(fr *frame) unsafe.Pointer {
			k := 0
			if n != nil {
				k = n(fr)
			}
			if k < 0 || uint64(k) > maxAlloc/uint64(size+1) {
				fr.pos = pos
				panic(runtimeError("makechan: size out of range"))
			}
			return reflect.MakeChan(rt, k).UnsafePointer()
		}}
	}
	refuse(e, "make is not defined on %s", t.t)
	return ex{}
}

// maxAlloc is the address space that Go can use.
const maxAlloc = 1 << 47

// chanType returns the two-way channel type of a channel.
func chanType(t *typ) reflect.Type { return t.mapOrChan() }

// newValue compiles new(T) and new(x).
func (c *compiler) newValue(e *ast.CallExpr) ex {
	t := c.m.typ(c.typeOf(e))
	elem := c.m.elemOf(t)
	rt := elem.rt
	if c.info.Types[e.Args[0]].IsType() {
		return ex{t: t, calls: true, f: func(*frame) unsafe.Pointer { return alloc(rt) }}
	}
	write := elem.ops().write(elem, c.value(e.Args[0], elem.t).f)
	return ex{t: t, calls: true, f: func(fr *frame) unsafe.Pointer {
		p := alloc(rt)
		write(fr, p)
		return p
	}}
}
