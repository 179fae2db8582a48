package vm

import (
	"fmt"
	"go/types"
	"io"
	"reflect"
	"sort"
	"strings"
	"unsafe"
)

// A printer follows package fmt, by the checked types.
type printer struct {
	m    *Machine
	st   fmt.State
	verb rune
}

func (p *printer) text(s string) { io.WriteString(p.st, s) }

func (p *printer) sharp() bool { return p.verb == 'v' && p.st.Flag('#') }

// leaf lets fmt format a value of a compiled type.
func (p *printer) leaf(v any) { fmt.Fprintf(p.st, fmt.FormatString(p.st, p.verb), v) }

// value prints what lies at q. Methods of values in fields that are not
// exported are not called, as fmt cannot call them.
func (p *printer) value(x *typ, q unsafe.Pointer, depth int, callable bool) {
	if depth > 100 {
		p.text("…")
		return
	}
	if callable && p.methods(x, q) {
		return
	}
	if !p.m.ours(x.t) && x.class != classInterface {
		rv := value(x.rt, q)
		if depth > 0 && rv.Kind() == reflect.Pointer && (!callable || !hasFormat(rv.Type())) {
			p.pointer(x, q)
			return
		}
		p.leaf(rv.Interface())
		return
	}
	switch u := x.t.Underlying().(type) {
	case *types.Struct:
		p.structure(x, q, depth, callable)
	case *types.Interface:
		v := p.readIface(x, q)
		switch {
		case v == nil && p.sharp():
			p.text(p.m.typeName(x.t) + "(nil)")
		case v == nil:
			p.text("<nil>")
		default:
			p.dynamic(v, depth+1, callable)
		}
	case *types.Map:
		p.mapping(x, q, depth, callable)
	case *types.Slice, *types.Array:
		p.list(x, q, depth, callable)
	case *types.Pointer:
		e := *(*unsafe.Pointer)(q)
		if depth == 0 && e != nil {
			switch u.Elem().Underlying().(type) {
			case *types.Struct, *types.Array, *types.Slice, *types.Map:
				p.text("&")
				p.value(p.m.lockedElem(x), e, depth+1, callable)
				return
			}
		}
		p.pointer(x, q)
	default:
		if p.sharp() && x.class == classFunc {
			p.pointer(x, q)
			return
		}
		p.leaf(plainOf(value(x.rt, q)))
	}
}

// plainOf drops a named basic type's name where the layout has one.
func plainOf(v reflect.Value) any { return v.Interface() }

func (p *printer) pointer(x *typ, q unsafe.Pointer) {
	e := *(*unsafe.Pointer)(q)
	switch {
	case p.sharp() && e == nil:
		p.text("(" + p.m.typeName(x.t) + ")(nil)")
	case p.sharp():
		fmt.Fprintf(p.st, "(%s)(%#x)", p.m.typeName(x.t), uintptr(e))
	case e == nil && p.verb == 'v':
		p.text("<nil>")
	default:
		p.leaf(e)
	}
}

// dynamic prints the value of an interface.
func (p *printer) dynamic(v any, depth int, callable bool) {
	v = p.m.unwrap(v)
	if s, ok := p.m.Show(v).(*shown); ok {
		q := alloc(s.x.dynType)
		value(s.x.dynType, q).Set(reflect.ValueOf(v))
		p.value(s.x, q, depth, callable)
		return
	}
	p.leaf(v)
}

func (p *printer) readIface(x *typ, q unsafe.Pointer) any {
	if x.iface != nil {
		return p.m.loadIface(x, q)
	}
	return *(*any)(q)
}

func (p *printer) structure(x *typ, q unsafe.Pointer, depth int, callable bool) {
	if p.sharp() {
		p.text(p.m.typeName(x.t))
	}
	p.text("{")
	st := x.t.Underlying().(*types.Struct)
	for i, f := range p.m.lockedFields(x) {
		if i > 0 {
			if p.sharp() {
				p.text(", ")
			} else {
				p.text(" ")
			}
		}
		if p.sharp() || p.verb == 'v' && p.st.Flag('+') {
			p.text(f.name + ":")
		}
		p.value(f.t, unsafe.Add(q, f.off), depth+1, callable && st.Field(i).Exported())
	}
	p.text("}")
}

func (p *printer) list(x *typ, q unsafe.Pointer, depth int, callable bool) {
	elem := p.m.lockedElem(x)
	base, n := q, 0
	if x.class == classSlice {
		s := *(*slice)(q)
		base, n = s.p, s.len
		if p.sharp() && base == nil {
			p.text(p.m.typeName(x.t) + "(nil)")
			return
		}
	} else {
		n = arrayLen(x.t)
	}
	if elem.class == classUint8 {
		switch p.verb {
		case 's', 'q', 'x', 'X':
			p.leaf(unsafe.Slice((*byte)(base), n))
			return
		}
	}
	open, sep, end := "[", " ", "]"
	if p.sharp() {
		open, sep, end = p.m.typeName(x.t)+"{", ", ", "}"
	}
	p.text(open)
	for i := range n {
		if i > 0 {
			p.text(sep)
		}
		p.value(elem, unsafe.Add(base, uintptr(i)*elem.rt.Size()), depth+1, callable)
	}
	p.text(end)
}

func (p *printer) mapping(x *typ, q unsafe.Pointer, depth int, callable bool) {
	elem := p.m.lockedElem(x)
	word := *(*unsafe.Pointer)(q)
	sep, end := " ", "]"
	if p.sharp() {
		if word == nil {
			p.text(p.m.typeName(x.t) + "(nil)")
			return
		}
		p.text(p.m.typeName(x.t) + "{")
		sep, end = ", ", "}"
	} else {
		p.text("map[")
	}
	if word != nil {
		mv := mapValue(x, word)
		keys := mv.MapKeys()
		sort.SliceStable(keys, func(i, j int) bool { return lessKey(keys[i], keys[j]) })
		for i, k := range keys {
			if i > 0 {
				p.text(sep)
			}
			p.placed(x.key, k, depth+1, callable)
			p.text(":")
			p.placed(elem, mv.MapIndex(k), depth+1, callable)
		}
	}
	p.text(end)
}

// placed prints a reflect value of a type.
func (p *printer) placed(x *typ, v reflect.Value, depth int, callable bool) {
	q := alloc(x.rt)
	value(x.rt, q).Set(v)
	p.value(x, q, depth, callable)
}

// lessKey orders map keys as fmt does for the plain kinds.
func lessKey(a, b reflect.Value) bool {
	if a.Kind() == reflect.Interface {
		a, b = a.Elem(), b.Elem()
	}
	if a.Kind() == reflect.Struct && a.NumField() > 0 {
		for i := range a.NumField() {
			x, y := a.Field(i), b.Field(i)
			if lessKey(x, y) {
				return true
			}
			if lessKey(y, x) {
				return false
			}
		}
		return false
	}
	if a.Kind() != b.Kind() {
		return a.Kind() < b.Kind()
	}
	switch a.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Int() < b.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return a.Uint() < b.Uint()
	case reflect.String:
		return a.String() < b.String()
	case reflect.Float32, reflect.Float64:
		x, y := a.Float(), b.Float()
		return x < y || x != x && y == y
	case reflect.Bool:
		return !a.Bool() && b.Bool()
	case reflect.Array:
		for i := range a.Len() {
			if lessKey(a.Index(i), b.Index(i)) {
				return true
			}
			if lessKey(b.Index(i), a.Index(i)) {
				return false
			}
		}
	}
	return false
}

// methods prints by the value's own methods, if it has such.
func (p *printer) methods(x *typ, q unsafe.Pointer) bool {
	if x.named == nil {
		return false
	}
	v := p.boxed(x, q)
	if b := p.m.bound(x, "Format"); b != nil && b.sig.t.(*types.Signature).Params().Len() == 2 {
		p.guarded(x, q, "Format", func() {
			p.m.callMethod(v, b, []reflect.Value{reflect.ValueOf(&p.st).Elem(), reflect.ValueOf(p.verb)})
		})
		return true
	}
	name := ""
	switch {
	case p.sharp():
		name = p.stringMethod(x, "GoString")
	case strings.ContainsRune("vsxXq", p.verb):
		if name = p.stringMethod(x, "Error"); name == "" {
			name = p.stringMethod(x, "String")
		}
	}
	if name == "" {
		return false
	}
	p.guarded(x, q, name, func() {
		s := p.m.callString(v, name)
		if name == "GoString" {
			p.text(s)
			return
		}
		p.leaf(s)
	})
	return true
}

// stringMethod returns the name of a method func() string, or nothing.
func (p *printer) stringMethod(x *typ, name string) string {
	b := p.m.bound(x, name)
	if b == nil {
		return ""
	}
	sig := b.sig.t.(*types.Signature)
	if sig.Params().Len() != 0 || sig.Results().Len() != 1 || sig.Results().At(0).Type() != types.Typ[types.String] {
		return ""
	}
	return name
}

// guarded runs a method; its panic is printed, as fmt does.
func (p *printer) guarded(x *typ, q unsafe.Pointer, name string, f func()) {
	defer func() {
		r := recover()
		switch {
		case r == nil:
		case x.class == classPointer && *(*unsafe.Pointer)(q) == nil:
			p.text("<nil>")
		default:
			if s, ok := r.(stopped); ok {
				panic(s)
			}
			fmt.Fprintf(p.st, "%%!%c(PANIC=%s method: %v)", p.verb, name, r)
		}
	}()
	f()
}

// boxed returns the value at q as an interface's value.
func (p *printer) boxed(x *typ, q unsafe.Pointer) any {
	if x.dynType == x.rt {
		return value(x.rt, q).Interface()
	}
	b := alloc(x.dynType)
	value(x.rt, b).Set(value(x.rt, q))
	return value(x.dynType, b).Interface()
}

func hasFormat(rt reflect.Type) bool {
	return rt.Implements(reflect.TypeFor[fmt.Stringer]()) || rt.Implements(errorType) || rt.Implements(reflect.TypeFor[fmt.Formatter]())
}
