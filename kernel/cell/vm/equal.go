package vm

import (
	"go/ast"
	"go/token"
	"go/types"
	"unsafe"
)

// equality compiles x == y and x != y.
func (c *compiler) equality(e *ast.BinaryExpr) ex {
	t := c.m.typ(c.typeOf(e))
	x, y := c.expr(e.X), c.expr(e.Y)
	out := ex{t: t, calls: x.calls || y.calls}
	f := c.equals(e, x, y)
	if e.Op == token.NEQ {
		out.f = func(fr *frame) bool { return !f(fr) }
	} else {
		out.f = f
	}
	return out
}

// equals compiles a comparison of values of which one is assignable to the
// other's type.
func (c *compiler) equals(n ast.Node, x, y ex) func(*frame) bool {
	if x.nilv || y.nilv {
		if x.nilv {
			x, y = y, x
		}
		if x.nilv {
			return konst(true)
		}
		return isNil(n, x)
	}
	if (x.t.class == classInterface) != (y.t.class == classInterface) {
		// The other becomes an interface's value.
		if x.t.class == classInterface {
			y = c.convertTo(n, y, x.t)
		} else {
			x = c.convertTo(n, x, y.t)
		}
	}
	switch {
	case x.v != nil && y.v == nil:
		x = c.convertTo(n, x, y.t)
	case y.v != nil && x.v == nil:
		y = c.convertTo(n, y, x.t)
	}
	switch x.t.class {
	case classBool:
		return same[bool](x, y)
	case classInt:
		return same[int](x, y)
	case classInt8:
		return same[int8](x, y)
	case classInt16:
		return same[int16](x, y)
	case classInt32:
		return same[int32](x, y)
	case classInt64:
		return same[int64](x, y)
	case classUint:
		return same[uint](x, y)
	case classUint8:
		return same[uint8](x, y)
	case classUint16:
		return same[uint16](x, y)
	case classUint32:
		return same[uint32](x, y)
	case classUint64:
		return same[uint64](x, y)
	case classUintptr:
		return same[uintptr](x, y)
	case classFloat32:
		return same[float32](x, y)
	case classFloat64:
		return same[float64](x, y)
	case classComplex64:
		return same[complex64](x, y)
	case classComplex128:
		return same[complex128](x, y)
	case classString:
		return same[string](x, y)
	case classPointer:
		return same[unsafe.Pointer](x, y)
	case classInterface:
		a, b := as[any](x), as[any](y)
		m, pos := c.m, n.Pos()
		return func(fr *frame) bool {
			v, w := a(fr), b(fr)
			fr.pos = pos
			return m.sameDynamic(v, w)
		}
	case classMemory:
		eq := c.m.memEqual(x.t)
		a, b := as[unsafe.Pointer](x), as[unsafe.Pointer](y)
		return func(fr *frame) bool {
			p := a(fr)
			return eq(p, b(fr))
		}
	}
	refuse(n, "values of type %s cannot be compared", x.t.t)
	return nil
}

func same[T comparable](x, y ex) func(*frame) bool {
	a, b := as[T](x), as[T](y)
	return func(fr *frame) bool { v := a(fr); return v == b(fr) }
}

// sameDynamic compares two values of interfaces.
func (m *Machine) sameDynamic(v, w any) bool {
	if v == nil || w == nil {
		return v == nil && w == nil
	}
	if x, own := m.dynamicOf(v); own {
		if y, _ := m.dynamicOf(w); y != x {
			return false
		}
		if !types.Comparable(x.t) {
			panic(runtimeError("comparing uncomparable type " + m.typeName(x.t)))
		}
	}
	return v == w
}

// isNil compiles x == nil.
func isNil(n ast.Node, x ex) func(*frame) bool {
	switch x.t.class {
	case classPointer:
		f := as[unsafe.Pointer](x)
		return func(fr *frame) bool { return f(fr) == nil }
	case classFunc:
		f := as[*Func](x)
		return func(fr *frame) bool { return f(fr) == nil }
	case classSlice:
		f := as[slice](x)
		return func(fr *frame) bool { return f(fr).p == nil }
	case classInterface:
		f := as[any](x)
		return func(fr *frame) bool { return f(fr) == nil }
	}
	refuse(n, "a %s is never nil", x.t.t)
	return nil
}

// memEqual returns the comparison of structs or arrays in memory; blank fields
// do not count.
func (m *Machine) memEqual(t *typ) func(p, q unsafe.Pointer) bool {
	if t.equal != nil {
		return t.equal
	}
	switch u := t.t.Underlying().(type) {
	case *types.Struct:
		type part struct {
			off uintptr
			eq  func(p, q unsafe.Pointer) bool
		}
		var parts []part
		for _, f := range m.fieldsOf(t) {
			if f.name != "_" {
				parts = append(parts, part{f.off, m.memEqual(f.t)})
			}
		}
		t.equal = func(p, q unsafe.Pointer) bool {
			for _, f := range parts {
				if !f.eq(unsafe.Add(p, f.off), unsafe.Add(q, f.off)) {
					return false
				}
			}
			return true
		}
	case *types.Array:
		elem := m.elemOf(t)
		eq, size, n := m.memEqual(elem), elem.rt.Size(), int(u.Len())
		t.equal = func(p, q unsafe.Pointer) bool {
			for i := range n {
				off := uintptr(i) * size
				if !eq(unsafe.Add(p, off), unsafe.Add(q, off)) {
					return false
				}
			}
			return true
		}
	default:
		t.equal = m.plainEqual(t)
	}
	return t.equal
}

func (m *Machine) plainEqual(t *typ) func(p, q unsafe.Pointer) bool {
	switch t.class {
	case classBool:
		return sameAt[bool]
	case classInt8, classUint8:
		return sameAt[uint8]
	case classInt16, classUint16:
		return sameAt[uint16]
	case classInt32, classUint32:
		return sameAt[uint32]
	case classInt, classInt64, classUint, classUint64, classUintptr:
		return sameAt[uint64]
	case classFloat32:
		return sameAt[float32]
	case classFloat64:
		return sameAt[float64]
	case classComplex64:
		return sameAt[complex64]
	case classComplex128:
		return sameAt[complex128]
	case classString:
		return sameAt[string]
	case classPointer:
		return sameAt[unsafe.Pointer]
	case classInterface:
		read := func(p unsafe.Pointer) any {
			if t.iface != nil {
				return m.loadIface(t, p)
			}
			return *(*any)(p)
		}
		return func(p, q unsafe.Pointer) bool { return m.sameDynamic(read(p), read(q)) }
	}
	return func(p, q unsafe.Pointer) bool {
		panic(runtimeError("comparing uncomparable type " + m.typeName(t.t)))
	}
}

func sameAt[T comparable](p, q unsafe.Pointer) bool { return *(*T)(p) == *(*T)(q) }
