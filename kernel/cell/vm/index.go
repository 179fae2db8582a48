package vm

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"strings"
	"unsafe"
)

func badIndex(fr *frame, pos token.Pos, i, n int) {
	fr.pos = pos
	if i < 0 {
		panic(runtimeError(fmt.Sprintf("index out of range [%d]", i)))
	}
	panic(runtimeError(fmt.Sprintf("index out of range [%d] with length %d", i, n)))
}

// intIndex compiles an index or length as an int. Values that no int holds
// come out negative, which is out of every range.
func (c *compiler) intIndex(e ast.Expr) func(*frame) int {
	x := c.expr(e)
	if x.v != nil {
		k, exact := constant.Int64Val(constant.ToInt(x.v))
		if !exact {
			k = -1
		}
		return konst(int(k))
	}
	if x.t.class == classUint64 || x.t.class == classUint || x.t.class == classUintptr {
		f := as[uint64](c.numeric(e, x, c.m.typ(types.Typ[types.Uint64])))
		return func(fr *frame) int { return int(f(fr)) }
	}
	return as[int](c.numeric(e, x, c.m.typ(types.Typ[types.Int])))
}

// index compiles x[i], or the instance of a generic function.
func (c *compiler) index(e *ast.IndexExpr) ex {
	if id := calleeIdent(e.X); id != nil {
		if _, ok := c.info.Instances[id]; ok {
			return c.expr(e.X)
		}
	}
	x := c.expr(e.X)
	switch x.t.t.Underlying().(type) {
	case *types.Map:
		return c.mapIndex(e, x)
	case *types.Basic:
		return c.stringIndex(e, x)
	}
	elem, addr, addressable := c.element(e, x)
	out := ex{t: elem, calls: true}
	if addressable {
		out.addr = addr
	}
	if x.t.class == classSlice {
		if f := fastElement(e.Pos(), x, elem, c.intIndex(e.Index)); f != nil {
			out.f = f
			return out
		}
	}
	out.f = elem.ops().loadMem(elem, addr)
	return out
}

// element compiles the address of x[i] for slices, arrays and pointers to them.
func (c *compiler) element(e *ast.IndexExpr, x ex) (elem *typ, addr func(*frame) unsafe.Pointer, addressable bool) {
	i, pos := c.intIndex(e.Index), e.Pos()
	switch u := x.t.t.Underlying().(type) {
	case *types.Slice:
		elem = c.m.elemOf(x.t)
		s, size := as[slice](x), elem.rt.Size()
		return elem, func(fr *frame) unsafe.Pointer {
			v := s(fr)
			k := i(fr)
			if uint(k) >= uint(v.len) {
				badIndex(fr, pos, k, v.len)
			}
			return unsafe.Add(v.p, uintptr(k)*size)
		}, true
	case *types.Pointer:
		arr := c.deref(e.X, x)
		return c.arrayElement(arr, i, pos)
	case *types.Array:
		_ = u
		return c.arrayElement(x, i, pos)
	}
	refuse(e, "a %s cannot be indexed", x.t.t)
	return nil, nil, false
}

func (c *compiler) arrayElement(x ex, i func(*frame) int, pos token.Pos) (*typ, func(*frame) unsafe.Pointer, bool) {
	elem := c.m.elemOf(x.t)
	base, size, n := as[unsafe.Pointer](x), elem.rt.Size(), arrayLen(x.t.t)
	return elem, func(fr *frame) unsafe.Pointer {
		p := base(fr)
		k := i(fr)
		if uint(k) >= uint(n) {
			badIndex(fr, pos, k, n)
		}
		return unsafe.Add(p, uintptr(k)*size)
	}, x.addr != nil
}

// fastElement reads elements of the commonest slices without a closure between.
func fastElement(pos token.Pos, x ex, elem *typ, i func(*frame) int) any {
	switch elem.class {
	case classFloat64:
		return readElement[float64](pos, x, i)
	case classFloat32:
		return readElement[float32](pos, x, i)
	case classInt:
		return readElement[int](pos, x, i)
	case classUint8:
		return readElement[uint8](pos, x, i)
	case classBool:
		return readElement[bool](pos, x, i)
	case classString:
		return readElement[string](pos, x, i)
	case classSlice:
		return readElement[slice](pos, x, i)
	}
	return nil
}

func readElement[T any](pos token.Pos, x ex, i func(*frame) int) any {
	if x.slot != nil && x.slot.kind == inSlot {
		off := x.slot.off
		return func(fr *frame) T {
			k := i(fr)
			v := (*[]T)(unsafe.Add(fr.l, off))
			if uint(k) >= uint(len(*v)) {
				badIndex(fr, pos, k, len(*v))
			}
			return (*v)[k]
		}
	}
	s := as[slice](x)
	return func(fr *frame) T {
		v := s(fr)
		k := i(fr)
		if uint(k) >= uint(v.len) {
			badIndex(fr, pos, k, v.len)
		}
		var z T
		return *(*T)(unsafe.Add(v.p, uintptr(k)*unsafe.Sizeof(z)))
	}
}

func (c *compiler) stringIndex(e *ast.IndexExpr, x ex) ex {
	s, i, pos := as[string](x), c.intIndex(e.Index), e.Pos()
	return ex{t: c.m.typ(c.typeOf(e)), calls: true, f: func(fr *frame) byte {
		v := s(fr)
		k := i(fr)
		if uint(k) >= uint(len(v)) {
			badIndex(fr, pos, k, len(v))
		}
		return v[k]
	}}
}

// mapValue returns the reflect value of a map's word.
func mapValue(t *typ, p unsafe.Pointer) reflect.Value {
	word := p
	return value(t.mapOrChan(), unsafe.Pointer(&word))
}

// mapIndex compiles m[k].
func (c *compiler) mapIndex(e *ast.IndexExpr, x ex) ex {
	get, key, elem := c.mapGet(e, x)
	if f := fastMap(x, key, elem); f != nil {
		return ex{t: elem, calls: true, f: f}
	}
	rt := elem.rt
	return ex{t: elem, calls: true, f: elem.ops().fromReflect(elem, func(fr *frame) reflect.Value {
		v := get(fr)
		if !v.IsValid() {
			return reflect.Zero(rt)
		}
		return v
	})}
}

// mapGet compiles the look-up of a key: the invalid value if it is not there.
func (c *compiler) mapGet(e *ast.IndexExpr, x ex) (get func(*frame) reflect.Value, key ex, elem *typ) {
	elem = c.m.elemOf(x.t)
	key = c.value(e.Index, x.t.key.t)
	m, k, t := as[unsafe.Pointer](x), x.t.key.ops().toReflect(x.t.key, key.f), x.t
	return func(fr *frame) reflect.Value {
		p := m(fr)
		kv := k(fr)
		return mapValue(t, p).MapIndex(kv)
	}, key, elem
}

// fastMap reads the commonest maps as what they are.
func fastMap(x, key ex, elem *typ) any {
	switch x.t.rt {
	case reflect.TypeFor[map[string]int]():
		return readMap[string, int](x, key)
	case reflect.TypeFor[map[string]float64]():
		return readMap[string, float64](x, key)
	case reflect.TypeFor[map[string]string]():
		return readMap[string, string](x, key)
	case reflect.TypeFor[map[string]bool]():
		return readMap[string, bool](x, key)
	case reflect.TypeFor[map[int]int]():
		return readMap[int, int](x, key)
	case reflect.TypeFor[map[int]float64]():
		return readMap[int, float64](x, key)
	case reflect.TypeFor[map[int]bool]():
		return readMap[int, bool](x, key)
	case reflect.TypeFor[map[int]string]():
		return readMap[int, string](x, key)
	}
	return nil
}

func readMap[K comparable, V any](x, key ex) any {
	m, k := as[unsafe.Pointer](x), as[K](key)
	return func(fr *frame) V {
		p := m(fr)
		kv := k(fr)
		return (*(*map[K]V)(unsafe.Pointer(&p)))[kv]
	}
}

// mapOk compiles v, ok := m[k].
func (c *compiler) mapOk(e *ast.IndexExpr) (now func(*frame), later []ex) {
	x := c.expr(e.X)
	get, _, elem := c.mapGet(e, x)
	okT := c.m.typ(types.Typ[types.Bool])
	ok, v := c.temp(okT), c.temp(elem)
	rt := elem.rt
	set := c.initialise(v, ex{t: elem, f: elem.ops().fromReflect(elem, func(fr *frame) reflect.Value { return fr.arg })})
	off := ok.off
	now = func(fr *frame) {
		r := get(fr)
		*(*bool)(unsafe.Add(fr.n, off)) = r.IsValid()
		if !r.IsValid() {
			r = reflect.Zero(rt)
		}
		fr.arg = r
		set(fr)
	}
	lv := load(v)
	lv.slot = nil
	return now, []ex{lv, load(ok)}
}

// slice compiles x[i:j:k].
func (c *compiler) slice(e *ast.SliceExpr) ex {
	x := c.expr(e.X)
	t := c.m.typ(c.typeOf(e))
	bound := func(e ast.Expr) func(*frame) int {
		if e == nil {
			return nil
		}
		return c.intIndex(e)
	}
	lo, hi, top, pos := bound(e.Low), bound(e.High), bound(e.Max), e.Pos()
	if x.t.class == classString {
		s := as[string](x)
		return ex{t: t, calls: true, f: func(fr *frame) string {
			v := s(fr)
			i, j := 0, len(v)
			if lo != nil {
				i = lo(fr)
			}
			if hi != nil {
				j = hi(fr)
			}
			if j < 0 || j > len(v) {
				sliceError(fr, pos, "[:%d] with length %d", j, len(v))
			}
			if i < 0 || i > j {
				sliceError(fr, pos, "[%d:%d]", i, j)
			}
			return v[i:j]
		}}
	}
	var src func(*frame) slice
	var elem *typ
	if x.t.class == classSlice {
		src, elem = as[slice](x), c.m.elemOf(x.t)
	} else {
		arr := x
		if x.t.class == classPointer {
			arr = c.deref(e.X, x)
		} else if x.addr == nil {
			refuse(e, "this array cannot be sliced: it has no address")
		}
		elem = c.m.elemOf(arr.t)
		base, n := as[unsafe.Pointer](arr), arrayLen(arr.t.t)
		src = func(fr *frame) slice { return slice{base(fr), n, n} }
	}
	size := elem.rt.Size()
	limit := "capacity"
	if x.t.class != classSlice {
		limit = "length"
	}
	return ex{t: t, calls: true, f: func(fr *frame) slice {
		v := src(fr)
		i, j, k := 0, v.len, v.cap
		if lo != nil {
			i = lo(fr)
		}
		if hi != nil {
			j = hi(fr)
		}
		if top != nil {
			k = top(fr)
			if k < 0 || k > v.cap {
				sliceError(fr, pos, "[::%d] with "+limit+" %d", k, v.cap)
			}
			if j < 0 || j > k {
				sliceError(fr, pos, "[:%d:%d]", j, k)
			}
			if i < 0 || i > j {
				sliceError(fr, pos, "[%d:%d:]", i, j)
			}
		} else {
			if j < 0 || j > v.cap {
				sliceError(fr, pos, "[:%d] with "+limit+" %d", j, v.cap)
			}
			if i < 0 || i > j {
				sliceError(fr, pos, "[%d:%d]", i, j)
			}
		}
		p := v.p
		if k > i { // never point behind the end
			p = unsafe.Add(p, uintptr(i)*size)
		}
		return slice{p, j - i, k - i}
	}}
}

// sliceError panics as Go does; of a negative bound it names only that.
func sliceError(fr *frame, pos token.Pos, format string, args ...any) {
	fr.pos = pos
	for i, a := range args {
		if a.(int) >= 0 {
			continue
		}
		verb := format[:strings.IndexByte(format, ']')+1]
		switch {
		case strings.Count(verb, ":") == 2 && i == 0 && !strings.HasPrefix(verb, "[:"):
			format = "[%d::]"
		case strings.Count(verb, ":") == 2 && strings.HasPrefix(verb, "[:%"):
			format = "[:%d:]"
		case strings.Count(verb, ":") == 2:
			format = "[::%d]"
		case i == 0 && !strings.HasPrefix(verb, "[:"):
			format = "[%d:]"
		default:
			format = "[:%d]"
		}
		args = []any{a}
		break
	}
	panic(runtimeError("slice bounds out of range " + fmt.Sprintf(format, args...)))
}
