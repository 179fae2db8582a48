package vm

import (
	"fmt"
	"go/ast"
	"go/types"
	"io"
	"os"
	"reflect"
	"strings"
	"unsafe"
)

func (c *compiler) builtinName(e *ast.CallExpr) string {
	switch f := ast.Unparen(e.Fun).(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return "unsafe." + f.Sel.Name
	}
	return ""
}

// builtin compiles a predeclared function that has a value.
func (c *compiler) builtin(e *ast.CallExpr) ex {
	name := c.builtinName(e)
	if first, call := c.spread(e); call != nil {
		x := c.builtin(call)
		return ex{t: x.t, f: x.t.ops().after(first, x.f), calls: true}
	}
	switch name {
	case "len", "cap":
		return c.length(e, name)
	case "append":
		return c.append(e)
	case "copy":
		return c.copy(e)
	case "make":
		return c.make(e)
	case "new":
		return c.newValue(e)
	case "min", "max":
		return c.minMax(e, name)
	case "complex", "real", "imag":
		return c.complexPart(e, name)
	case "recover":
		return ex{t: c.m.typ(c.typeOf(e)), calls: true, f: recovered}
	case "unsafe.Sizeof":
		size := c.expr(e.Args[0]).t.rt.Size()
		return ex{t: c.m.typ(types.Typ[types.Uintptr]), f: konst(size)}
	}
	refuse(e, "%s cannot be used as a value", name)
	return ex{}
}

// spread turns f(g()), where g has several values, into f(a, b) with names for
// what g gave; first calls g.
func (c *compiler) spread(e *ast.CallExpr) (first func(*frame), call *ast.CallExpr) {
	if len(e.Args) != 1 {
		return nil, nil
	}
	g, ok := ast.Unparen(e.Args[0]).(*ast.CallExpr)
	if !ok {
		return nil, nil
	}
	if tu, ok := c.info.TypeOf(g).(*types.Tuple); !ok || tu.Len() < 2 {
		return nil, nil
	}
	first, later := c.callMulti(g)
	out := *e
	out.Args = nil
	if c.hoisted == nil {
		c.hoisted = map[ast.Expr]ex{}
	}
	for _, v := range later {
		a := &ast.BadExpr{From: e.Pos(), To: e.End()}
		c.hoisted[a] = v
		out.Args = append(out.Args, a)
	}
	c.info.Types[&out] = c.info.Types[e]
	return first, &out
}

// builtinStmt compiles a predeclared function called for what it does.
func (c *compiler) builtinStmt(e *ast.CallExpr) func(*frame) {
	name := c.builtinName(e)
	switch name {
	case "panic", "print", "println", "close", "delete", "clear":
		later := c.builtinLater(e)
		return func(fr *frame) { later(fr)(fr) }
	}
	x := c.builtin(e)
	return x.t.ops().drop(x.f)
}

// builtinLater evaluates the arguments now and gives what the function does.
func (c *compiler) builtinLater(e *ast.CallExpr) func(*frame) func(*frame) {
	name, pos := c.builtinName(e), e.Pos()
	if first, call := c.spread(e); call != nil {
		later := c.builtinLater(call)
		return func(fr *frame) func(*frame) {
			first(fr)
			return later(fr)
		}
	}
	switch name {
	case "panic":
		x := as[any](c.value(e.Args[0], types.Universe.Lookup("any").Type()))
		return func(fr *frame) func(*frame) {
			v := x(fr)
			return func(fr *frame) {
				fr.pos = pos
				panic(v)
			}
		}
	case "print", "println":
		var args []func(*frame) string
		for _, a := range e.Args {
			args = append(args, c.printed(a))
		}
		return func(fr *frame) func(*frame) {
			var parts []string
			for _, a := range args {
				parts = append(parts, a(fr))
			}
			return func(*frame) {
				if name == "println" {
					io.WriteString(os.Stderr, strings.Join(parts, " ")+"\n")
				} else {
					io.WriteString(os.Stderr, strings.Join(parts, ""))
				}
			}
		}
	case "close":
		x := c.expr(e.Args[0])
		t, f := x.t, as[unsafe.Pointer](x)
		return func(fr *frame) func(*frame) {
			p := f(fr)
			return func(fr *frame) {
				fr.pos = pos
				mapValue(t, p).Close()
			}
		}
	case "delete":
		m := c.expr(e.Args[0])
		c.m.elemOf(m.t)
		k := c.value(e.Args[1], m.t.key.t)
		t, mf, kf := m.t, as[unsafe.Pointer](m), m.t.key.ops().toReflect(m.t.key, k.f)
		return func(fr *frame) func(*frame) {
			p := mf(fr)
			key := kf(fr)
			return func(fr *frame) {
				fr.pos = pos
				if p == nil {
					hashable(key)
					return
				}
				mapValue(t, p).SetMapIndex(key, reflect.Value{})
			}
		}
	case "clear":
		x := c.expr(e.Args[0])
		if x.t.class == classSlice {
			elem := c.m.elemOf(x.t)
			f, st := as[slice](x), reflect.SliceOf(elem.rt)
			return func(fr *frame) func(*frame) {
				s := f(fr)
				return func(*frame) { value(st, unsafe.Pointer(&s)).Clear() }
			}
		}
		t, f := x.t, as[unsafe.Pointer](x)
		return func(fr *frame) func(*frame) {
			p := f(fr)
			return func(*frame) {
				if p != nil {
					mapValue(t, p).Clear()
				}
			}
		}
	case "recover":
		return func(*frame) func(*frame) { return func(fr *frame) { recovered(fr) } }
	}
	do := c.builtinStmt(e)
	return func(fr *frame) func(*frame) { return func(*frame) { do(fr) } }
}

// hashable panics for a key that no map can hold.
func hashable(key reflect.Value) {
	if key.Kind() == reflect.Interface && !key.IsNil() && !key.Elem().Comparable() {
		panic(runtimeError("hash of unhashable type " + key.Elem().Type().String()))
	}
}

// printed formats an argument of print as the runtime does.
func (c *compiler) printed(a ast.Expr) func(*frame) string {
	x := c.expr(a)
	if x.nilv {
		return konst("nil")
	}
	if x.v != nil {
		if b, ok := x.t.t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			x = c.constant(a, x.v, types.Default(b))
		}
	}
	f := x.t.ops().toReflect(x.t, x.f)
	return func(fr *frame) string {
		v := f(fr)
		switch v.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
			return fmt.Sprintf("%#x", v.Pointer())
		case reflect.Slice:
			return fmt.Sprintf("[%d/%d]%#x", v.Len(), v.Cap(), v.Pointer())
		case reflect.Interface:
			if v.IsNil() {
				return "(0x0,0x0)"
			}
			return fmt.Sprintf("(%v)", v.Elem().Type())
		case reflect.String:
			return v.String()
		}
		return fmt.Sprint(plainValue(v))
	}
}

// length compiles len and cap.
func (c *compiler) length(e *ast.CallExpr, name string) ex {
	x := c.expr(e.Args[0])
	t := c.m.typ(types.Typ[types.Int])
	out := ex{t: t, calls: x.calls}
	switch x.t.class {
	case classString:
		f := as[string](x)
		out.f = func(fr *frame) int { return len(f(fr)) }
	case classSlice:
		f := as[slice](x)
		off, slot := slotOf(x)
		switch {
		case name == "cap":
			out.f = func(fr *frame) int { return f(fr).cap }
		case slot:
			out.f = func(fr *frame) int { return (*slice)(unsafe.Add(fr.l, off)).len }
		default:
			out.f = func(fr *frame) int { return f(fr).len }
		}
	case classMemory:
		n, f := arrayLen(x.t.t), as[unsafe.Pointer](x)
		out.f = func(fr *frame) int { f(fr); return n }
	case classPointer:
		f := as[unsafe.Pointer](x)
		switch x.t.t.Underlying().(type) {
		case *types.Pointer:
			n := arrayLen(c.m.elemOf(x.t).t)
			out.f = func(fr *frame) int { f(fr); return n }
		default:
			xt := x.t
			out.f = func(fr *frame) int {
				p := f(fr)
				if p == nil {
					return 0
				}
				v := mapValue(xt, p)
				if name == "cap" {
					return v.Cap()
				}
				return v.Len()
			}
		}
	default:
		refuse(e, "%s is not defined on %s", name, x.t.t)
	}
	return out
}

// minMax compiles min and max.
func (c *compiler) minMax(e *ast.CallExpr, name string) ex {
	t := c.m.typ(c.typeOf(e))
	out := c.value(e.Args[0], t.t)
	for _, a := range e.Args[1:] {
		y := c.value(a, t.t)
		var f any
		switch t.class {
		case classInt:
			f = pick[int](name, out, y)
		case classInt8:
			f = pick[int8](name, out, y)
		case classInt16:
			f = pick[int16](name, out, y)
		case classInt32:
			f = pick[int32](name, out, y)
		case classInt64:
			f = pick[int64](name, out, y)
		case classUint:
			f = pick[uint](name, out, y)
		case classUint8:
			f = pick[uint8](name, out, y)
		case classUint16:
			f = pick[uint16](name, out, y)
		case classUint32:
			f = pick[uint32](name, out, y)
		case classUint64:
			f = pick[uint64](name, out, y)
		case classUintptr:
			f = pick[uintptr](name, out, y)
		case classFloat32:
			f = pick[float32](name, out, y)
		case classFloat64:
			f = pick[float64](name, out, y)
		case classString:
			f = pick[string](name, out, y)
		}
		out = ex{t: t, f: f, calls: true}
	}
	out.v = nil
	return out
}

func pick[T ordered](name string, x, y ex) any {
	a, b := as[T](x), as[T](y)
	if name == "min" {
		return func(fr *frame) T { v := a(fr); return min(v, b(fr)) }
	}
	return func(fr *frame) T { v := a(fr); return max(v, b(fr)) }
}

// complexPart compiles complex, real and imag.
func (c *compiler) complexPart(e *ast.CallExpr, name string) ex {
	t := c.m.typ(c.typeOf(e))
	if name == "complex" {
		part := types.Typ[types.Float64]
		if t.class == classComplex64 {
			part = types.Typ[types.Float32]
		}
		x, y := c.partOf(e.Args[0], part), c.partOf(e.Args[1], part)
		if t.class == classComplex64 {
			a, b := as[float32](x), as[float32](y)
			return ex{t: t, calls: true, f: func(fr *frame) complex64 { v := a(fr); return complex(v, b(fr)) }}
		}
		a, b := as[float64](x), as[float64](y)
		return ex{t: t, calls: true, f: func(fr *frame) complex128 { v := a(fr); return complex(v, b(fr)) }}
	}
	x := c.expr(e.Args[0])
	if x.v != nil {
		x = c.constant(e, x.v, types.Typ[types.Complex128])
	}
	if x.t.class == classComplex64 {
		f := as[complex64](x)
		if name == "real" {
			return ex{t: t, calls: true, f: func(fr *frame) float32 { return real(f(fr)) }}
		}
		return ex{t: t, calls: true, f: func(fr *frame) float32 { return imag(f(fr)) }}
	}
	f := as[complex128](x)
	if name == "real" {
		return ex{t: t, calls: true, f: func(fr *frame) float64 { return real(f(fr)) }}
	}
	return ex{t: t, calls: true, f: func(fr *frame) float64 { return imag(f(fr)) }}
}

// partOf compiles a part of a complex number, whose type may have a name.
func (c *compiler) partOf(e ast.Expr, part types.Type) ex {
	x := c.expr(e)
	if x.v != nil {
		return c.constant(e, x.v, part)
	}
	return x
}

// plainValue is a value without the methods of its type, which print ignores.
func plainValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return v.Uint()
	case reflect.Float32:
		return float32(v.Float())
	case reflect.Float64:
		return v.Float()
	case reflect.Complex64:
		return complex64(v.Complex())
	case reflect.Complex128:
		return v.Complex()
	}
	return v.Interface()
}
