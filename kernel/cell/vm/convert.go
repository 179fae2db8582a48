package vm

import (
	"go/ast"
	"go/types"
	"reflect"
	"strconv"
	"unsafe"
)

// conversion compiles T(x).
func (c *compiler) conversion(n *ast.CallExpr, x ex, to *typ) ex {
	if x.nilv || to.class == classInterface {
		return c.convertTo(n, x, to)
	}
	if x.v != nil {
		// go/types folds constant conversions; this one is to a type parameter
		// or makes a string of a number.
		if to.class == classString && x.t.class != classString {
			return c.stringOfInt(n, x, to)
		}
		if to.class <= classString && !(to.class == classString) == (x.t.class != classString) {
			return c.constant(n, x.v, to.t)
		}
	}
	from := x.t
	switch {
	case isNumber(from.class) && isNumber(to.class):
		return c.numeric(n, x, to)
	case to.class == classString && from.class == classSlice:
		return c.bytesToString(x, to)
	case to.class == classString && isInteger(from.class):
		return c.stringOfInt(n, x, to)
	case to.class == classSlice && from.class == classString:
		return c.stringToBytes(x, to)
	case from.class == classSlice && to.class == classMemory:
		return c.sliceToArray(n, x, to)
	case from.class == classSlice && to.class == classPointer:
		return c.sliceToArrayPointer(n, x, to)
	case from.class == classUintptr && to.class == classPointer:
		refuse(n, "an integer cannot become a pointer in a cell")
	case from.class == classPointer && to.class == classUintptr:
		f := as[unsafe.Pointer](x)
		return ex{t: to, f: func(fr *frame) uintptr { return uintptr(f(fr)) }, calls: x.calls}
	case from.class == classFunc && to.class == classFunc:
		return ex{t: to, f: x.f, calls: x.calls}
	case from.class == to.class:
		return ex{t: to, f: x.f, calls: x.calls, owned: x.owned}
	}
	refuse(n, "a %s cannot be converted to %s in a cell", from.t, to.t)
	return ex{}
}

func isInteger(c class) bool { return c >= classInt && c <= classUintptr }

func isNumber(c class) bool { return c >= classInt && c <= classComplex128 }

// numeric converts between numbers.
func (c *compiler) numeric(n ast.Node, x ex, to *typ) ex {
	if x.v != nil {
		return c.constant(n, x.v, to.t)
	}
	out := ex{t: to, calls: x.calls}
	if x.t.class == to.class {
		out.f, out.slot = x.f, x.slot
		return out
	}
	switch x.t.class {
	case classInt:
		out.f = numberTo[int](x.f, to.class)
	case classInt8:
		out.f = numberTo[int8](x.f, to.class)
	case classInt16:
		out.f = numberTo[int16](x.f, to.class)
	case classInt32:
		out.f = numberTo[int32](x.f, to.class)
	case classInt64:
		out.f = numberTo[int64](x.f, to.class)
	case classUint:
		out.f = numberTo[uint](x.f, to.class)
	case classUint8:
		out.f = numberTo[uint8](x.f, to.class)
	case classUint16:
		out.f = numberTo[uint16](x.f, to.class)
	case classUint32:
		out.f = numberTo[uint32](x.f, to.class)
	case classUint64:
		out.f = numberTo[uint64](x.f, to.class)
	case classUintptr:
		out.f = numberTo[uintptr](x.f, to.class)
	case classFloat32:
		out.f = numberTo[float32](x.f, to.class)
	case classFloat64:
		out.f = numberTo[float64](x.f, to.class)
	case classComplex64:
		f := as[complex64](x)
		out.f = func(fr *frame) complex128 { return complex128(f(fr)) }
	case classComplex128:
		f := as[complex128](x)
		out.f = func(fr *frame) complex64 { return complex64(f(fr)) }
	}
	if out.f == nil {
		refuse(n, "a %s cannot be converted to %s in a cell", x.t.t, to.t)
	}
	return out
}

func numberTo[S integer | float](x any, c class) any {
	f := x.(func(*frame) S)
	switch c {
	case classInt:
		return func(fr *frame) int { return int(f(fr)) }
	case classInt8:
		return func(fr *frame) int8 { return int8(f(fr)) }
	case classInt16:
		return func(fr *frame) int16 { return int16(f(fr)) }
	case classInt32:
		return func(fr *frame) int32 { return int32(f(fr)) }
	case classInt64:
		return func(fr *frame) int64 { return int64(f(fr)) }
	case classUint:
		return func(fr *frame) uint { return uint(f(fr)) }
	case classUint8:
		return func(fr *frame) uint8 { return uint8(f(fr)) }
	case classUint16:
		return func(fr *frame) uint16 { return uint16(f(fr)) }
	case classUint32:
		return func(fr *frame) uint32 { return uint32(f(fr)) }
	case classUint64:
		return func(fr *frame) uint64 { return uint64(f(fr)) }
	case classUintptr:
		return func(fr *frame) uintptr { return uintptr(f(fr)) }
	case classFloat32:
		return func(fr *frame) float32 { return float32(f(fr)) }
	case classFloat64:
		return func(fr *frame) float64 { return float64(f(fr)) }
	}
	return nil
}

// stringOfInt compiles string(r).
func (c *compiler) stringOfInt(n ast.Node, x ex, to *typ) ex {
	r := as[int64](c.numeric(n, x, c.m.typ(types.Typ[types.Int64])))
	return ex{t: to, calls: x.calls, f: func(fr *frame) string {
		v := r(fr)
		if v != int64(rune(v)) {
			return "\uFFFD"
		}
		return string(rune(v))
	}}
}

func (c *compiler) bytesToString(x ex, to *typ) ex {
	f := as[slice](x)
	if c.m.elemOf(x.t).class == classUint8 {
		return ex{t: to, calls: x.calls, f: func(fr *frame) string {
			s := f(fr)
			return string(unsafe.Slice((*byte)(s.p), s.len))
		}}
	}
	return ex{t: to, calls: x.calls, f: func(fr *frame) string {
		s := f(fr)
		return string(unsafe.Slice((*rune)(s.p), s.len))
	}}
}

func (c *compiler) stringToBytes(x ex, to *typ) ex {
	f := as[string](x)
	if c.m.elemOf(to).class == classUint8 {
		return ex{t: to, calls: x.calls, f: func(fr *frame) slice {
			b := []byte(f(fr))
			return slice{unsafe.Pointer(unsafe.SliceData(b)), len(b), cap(b)}
		}}
	}
	return ex{t: to, calls: x.calls, f: func(fr *frame) slice {
		b := []rune(f(fr))
		return slice{unsafe.Pointer(unsafe.SliceData(b)), len(b), cap(b)}
	}}
}

func (c *compiler) sliceToArrayPointer(n ast.Node, x ex, to *typ) ex {
	f, want, pos := as[slice](x), arrayLen(c.m.elemOf(to).t), n.Pos()
	return ex{t: to, calls: x.calls, f: func(fr *frame) unsafe.Pointer {
		s := f(fr)
		if s.len < want {
			fr.pos = pos
			panic(runtimeError("cannot convert slice with length " + strconv.Itoa(s.len) + " to array or pointer to array with length " + strconv.Itoa(want)))
		}
		return s.p
	}}
}

func (c *compiler) sliceToArray(n ast.Node, x ex, to *typ) ex {
	f, want, pos, rt := as[slice](x), arrayLen(to.t), n.Pos(), to.rt
	return ex{t: to, calls: x.calls, f: func(fr *frame) unsafe.Pointer {
		s := f(fr)
		if s.len < want {
			fr.pos = pos
			panic(runtimeError("cannot convert slice with length " + strconv.Itoa(s.len) + " to array or pointer to array with length " + strconv.Itoa(want)))
		}
		if want == 0 {
			return alloc(rt)
		}
		return s.p
	}}
}

func arrayLen(t types.Type) int { return int(t.Underlying().(*types.Array).Len()) }

// assertion compiles x.(T) with one value.
func (c *compiler) assertion(e *ast.TypeAssertExpr) ex {
	x := c.expr(e.X)
	to := c.m.typ(c.typeOf(e.Type))
	v, is, m, pos := as[any](x), c.matches(to), c.m, e.Pos()
	src := x.t
	checked := func(fr *frame) any {
		d := v(fr)
		if !is(d) {
			fr.pos = pos
			panic(m.assertionError(src, to, d))
		}
		return d
	}
	return ex{t: to, calls: true, f: to.ops().fromAny(to, checked)}
}

// assertionOk compiles v, ok := x.(T).
func (c *compiler) assertionOk(e *ast.TypeAssertExpr) (now func(*frame), later []ex) {
	x := c.expr(e.X)
	to := c.m.typ(c.typeOf(e.Type))
	v, is := as[any](x), c.matches(to)
	okT := c.m.typ(types.Typ[types.Bool])
	ok := c.temp(okT)
	val := c.temp(c.m.typ(types.Universe.Lookup("any").Type()))
	off, okOff := val.off, ok.off
	now = func(fr *frame) {
		d := v(fr)
		yes := is(d)
		*(*bool)(unsafe.Add(fr.n, okOff)) = yes
		*(*any)(unsafe.Add(fr.i, off)) = d
	}
	good := as[bool](load(ok))
	dyn := as[any](load(val))
	return now, []ex{{t: to, f: choose(to, good, to.ops().fromAny(to, dyn)), calls: true}, {t: okT, f: good}}
}

// choose gives f, or zero while cond does not hold.
func choose(t *typ, cond func(*frame) bool, f any) any {
	switch t.class {
	case classBool:
		return chosen[bool](cond, f)
	case classInt:
		return chosen[int](cond, f)
	case classInt8:
		return chosen[int8](cond, f)
	case classInt16:
		return chosen[int16](cond, f)
	case classInt32:
		return chosen[int32](cond, f)
	case classInt64:
		return chosen[int64](cond, f)
	case classUint:
		return chosen[uint](cond, f)
	case classUint8:
		return chosen[uint8](cond, f)
	case classUint16:
		return chosen[uint16](cond, f)
	case classUint32:
		return chosen[uint32](cond, f)
	case classUint64:
		return chosen[uint64](cond, f)
	case classUintptr:
		return chosen[uintptr](cond, f)
	case classFloat32:
		return chosen[float32](cond, f)
	case classFloat64:
		return chosen[float64](cond, f)
	case classComplex64:
		return chosen[complex64](cond, f)
	case classComplex128:
		return chosen[complex128](cond, f)
	case classString:
		return chosen[string](cond, f)
	case classPointer:
		return chosen[unsafe.Pointer](cond, f)
	case classFunc:
		return chosen[*Func](cond, f)
	case classSlice:
		return chosen[slice](cond, f)
	case classInterface:
		return chosen[any](cond, f)
	}
	x, rt := f.(func(*frame) unsafe.Pointer), t.rt
	return func(fr *frame) unsafe.Pointer {
		if !cond(fr) {
			return alloc(rt)
		}
		return x(fr)
	}
}

func chosen[T any](cond func(*frame) bool, f any) any {
	x := f.(func(*frame) T)
	return func(fr *frame) T {
		if !cond(fr) {
			var z T
			return z
		}
		return x(fr)
	}
}

// matches returns the test of an interface's value for a type.
func (c *compiler) matches(to *typ) func(any) bool {
	m := c.m
	if to.class == classInterface {
		return func(v any) bool { return v != nil && m.implements(v, to) }
	}
	want := to.dynType
	return func(v any) bool { return reflect.TypeOf(v) == want }
}

// A typeAssertionError is Go's error of a failed assertion.
func (m *Machine) assertionError(src, to *typ, v any) error {
	from := "interface {}"
	if _, ok := src.t.(*types.Named); ok {
		from = m.typeName(src.t)
	} else if !src.t.Underlying().(*types.Interface).Empty() {
		from = "interface"
	}
	if to.class == classInterface {
		if v == nil {
			return typeError("interface conversion: interface is nil, not " + m.typeName(to.t))
		}
		missing := ""
		if x := m.typeOfValue(v); x != nil {
			if f, _ := types.MissingMethod(x, to.t.Underlying().(*types.Interface), true); f != nil {
				missing = ": missing method " + f.Name()
			}
		}
		return typeError("interface conversion: " + m.dynamicName(v) + " is not " + m.typeName(to.t) + missing)
	}
	if v == nil {
		return typeError("interface conversion: " + from + " is nil, not " + m.typeName(to.t))
	}
	return typeError("interface conversion: " + from + " is " + m.dynamicName(v) + ", not " + m.typeName(to.t))
}

// typeOfValue returns the checked type of an interface's value, nil if it has none.
func (m *Machine) typeOfValue(v any) types.Type {
	if x, ok := m.dynamicOf(v); ok {
		return x.t
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fromReflect(reflect.TypeOf(v))
}

// typeError is a failed type assertion.
type typeError string

// Error implements [error].
func (e typeError) Error() string { return string(e) }

// RuntimeError implements [runtime.Error].
func (e typeError) RuntimeError() {}
