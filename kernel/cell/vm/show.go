package vm

import (
	"fmt"
	"go/types"
	"io"
	"reflect"
	"sort"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// A shown value of the notebook prints as Go prints it: under its type's name,
// by its own String or Error method, also inside other values. Compiled code
// that formats gets it instead of the bare memory.
type shown struct {
	m *Machine
	v any
	x *typ
}

// Show returns the value in the form in which compiled code should print it.
func (m *Machine) Show(v any) any {
	if v == nil {
		return nil
	}
	if x, own := m.dynamicOf(v); own {
		return &shown{m, v, x}
	}
	if !m.mayHold(reflect.TypeOf(v), 0) {
		return v
	}
	m.mu.Lock()
	t := m.fromReflect(reflect.TypeOf(v))
	var x *typ
	if t != nil {
		x = m.typ(t)
	}
	m.mu.Unlock()
	if x == nil {
		return v
	}
	return &shown{m, v, x}
}

// mayHold tells whether an unnamed type may hold values of the notebook.
func (m *Machine) mayHold(rt reflect.Type, depth int) bool {
	if _, own := (*m.dynamic.Load())[rt]; own {
		return true
	}
	if rt.Name() != "" && rt.Kind() != reflect.Interface || depth > 6 {
		return false
	}
	switch rt.Kind() {
	case reflect.Interface:
		return rt.NumMethod() == 0 || rt == errorType
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return m.mayHold(rt.Elem(), depth+1)
	case reflect.Map:
		return m.mayHold(rt.Key(), depth+1) || m.mayHold(rt.Elem(), depth+1)
	}
	return false
}

// Raw returns the value without the box that tells its type, for compiled code
// that looks into it.
func (m *Machine) Raw(v any) any {
	if v == nil {
		return nil
	}
	if x, own := m.dynamicOf(v); own && x.dynType != x.rt {
		return reflect.ValueOf(v).Field(0).Interface()
	}
	return v
}

// Display returns the value in the form in which a notebook should show it: as
// it is, so that tables can be made of structs, unless only [Machine.Show]
// knows how it prints.
func (m *Machine) Display(v any) any {
	if v == nil {
		return nil
	}
	x, own := m.dynamicOf(v)
	if own && m.bare(x.t) {
		return m.Raw(v)
	}
	return m.Show(v)
}

// bare tells whether values of a type print the same without their types'
// names: no part has methods, holds any value, or contains itself.
func (m *Machine) bare(t types.Type) bool {
	seen := map[types.Type]bool{}
	var visit func(t types.Type) bool
	visit = func(t types.Type) bool {
		t = types.Unalias(t)
		switch t := t.(type) {
		case *types.Named:
			if !m.isOwn(t) {
				return !types.IsInterface(t)
			}
			if seen[t] || types.NewMethodSet(types.NewPointer(t)).Len() > 0 {
				return false
			}
			seen[t] = true
			defer delete(seen, t)
			return visit(t.Underlying())
		case *types.Pointer:
			return visit(t.Elem())
		case *types.Slice:
			return visit(t.Elem())
		case *types.Array:
			return visit(t.Elem())
		case *types.Map:
			return visit(t.Key()) && visit(t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				if !visit(f.Type()) {
					return false
				}
			}
			return true
		case *types.Basic:
			return true
		}
		return false
	}
	return visit(t)
}

// inspected is Raw for functions that look into a value by reflection, and the
// value with its methods where it knows how to encode itself. What they could
// not see through is refused, not encoded wrongly.
func (m *Machine) inspected(v any) any {
	if v == nil {
		return nil
	}
	x, own := m.dynamicOf(v)
	if !own {
		return v
	}
	for _, iface := range m.encoders {
		if w := m.wrappers[iface]; w != nil && m.hasMethods(x, w) {
			return m.wrap(iface, v).Interface()
		}
	}
	if why := m.opaque(x.t); why != "" {
		panic(runtimeError("a value of type " + m.typeName(x.t) + " cannot be handed to this function from a cell: " + why))
	}
	return m.Raw(v)
}

// hasMethods tells whether a type has the methods of a wrapper.
func (m *Machine) hasMethods(x *typ, w reflect.Type) bool {
	for i := 1; i < w.NumField(); i++ {
		if m.bound(x, w.Field(i).Name[1:]) == nil {
			return false
		}
	}
	return true
}

// opaque says why reflection would not see a value as Go does: because a type
// contains itself, or because a part encodes itself by methods.
func (m *Machine) opaque(t types.Type) string {
	seen := map[types.Type]bool{}
	var path []*types.Named
	var visit func(t types.Type, top bool) string
	visit = func(t types.Type, top bool) string {
		t = types.Unalias(t)
		switch t := t.(type) {
		case *types.Named:
			if !m.isOwn(t) || types.IsInterface(t) {
				return ""
			}
			for _, p := range path {
				if p == t {
					return "its type " + t.Obj().Name() + " contains itself"
				}
			}
			if !top {
				for f := range types.NewMethodSet(types.NewPointer(t)).Methods() {
					switch f.Obj().Name() {
					case "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalBinary", "UnmarshalBinary", "GobEncode", "GobDecode", "MarshalXML", "UnmarshalXML":
						return "its part " + t.Obj().Name() + " has a method " + f.Obj().Name() + " that would not be called"
					}
				}
			}
			if seen[t] {
				return ""
			}
			seen[t] = true
			path = append(path, t)
			defer func() { path = path[:len(path)-1] }()
			return visit(t.Underlying(), false)
		case *types.Pointer:
			return visit(t.Elem(), top)
		case *types.Slice:
			return visit(t.Elem(), false)
		case *types.Array:
			return visit(t.Elem(), false)
		case *types.Map:
			if s := visit(t.Key(), false); s != "" {
				return s
			}
			return visit(t.Elem(), false)
		case *types.Struct:
			for f := range t.Fields() {
				if s := visit(f.Type(), false); s != "" {
					return s
				}
			}
		}
		return ""
	}
	return visit(t, true)
}

// typeVerb stands for %T in a format, which fmt does not ask a value about.
const typeVerb = '\U000F0054'

// Format implements [fmt.Formatter].
func (s *shown) Format(st fmt.State, verb rune) {
	if verb == typeVerb {
		io.WriteString(st, s.m.typeName(s.x.t))
		return
	}
	p := alloc(s.x.dynType)
	value(s.x.dynType, p).Set(reflect.ValueOf(s.v))
	pr := &printer{m: s.m, st: st, verb: verb}
	pr.value(s.x, p, 0, true)
}

// SimpleRender gives the value's display methods to whoever shows it.
func (s *shown) SimpleRender() map[string]any {
	out := map[string]any{}
	for name, mime := range displayMethods {
		b := s.m.boundOf(s.v, name)
		if b == nil || b.sig.t.(*types.Signature).Params().Len() != 0 {
			continue
		}
		res := s.m.callMethod(s.v, b, nil)
		if len(res) != 1 {
			continue
		}
		if name == "SimpleRender" {
			if extra, ok := res[0].Interface().(map[string]any); ok {
				for k, v := range extra {
					out[k] = v
				}
			}
			continue
		}
		out[mime] = res[0].Interface()
	}
	return out
}

// displayMethods are gophernotes' method sets.
var displayMethods = map[string]string{
	"HTML": "text/html", "Markdown": "text/markdown", "Latex": "text/latex", "SVG": "image/svg+xml",
	"PNG": "image/png", "JPEG": "image/jpeg", "PDF": "application/pdf", "JavaScript": "application/javascript",
	"JSON": "application/json", "SimpleRender": "",
}

// String implements [fmt.Stringer].
func (s *shown) String() string { return fmt.Sprintf("%v", fmt.Formatter(s)) }

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

// ours tells whether a type is made of types of the notebook, or may hold
// values of such.
func (m *Machine) ours(t types.Type) bool {
	seen := map[types.Type]bool{}
	var visit func(types.Type) bool
	visit = func(t types.Type) bool {
		t = types.Unalias(t)
		if seen[t] {
			return false
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Named:
			return m.isOwn(t) || types.IsInterface(t) && t.NumMethods() == 0
		case *types.Pointer:
			return visit(t.Elem())
		case *types.Slice:
			return visit(t.Elem())
		case *types.Array:
			return visit(t.Elem())
		case *types.Map:
			return visit(t.Key()) || visit(t.Elem())
		case *types.Chan:
			return visit(t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				if visit(f.Type()) {
					return true
				}
			}
		case *types.Interface:
			return true
		case *types.Signature:
			for v := range t.Params().Variables() {
				if visit(v.Type()) {
					return true
				}
			}
			for v := range t.Results().Variables() {
				if visit(v.Type()) {
					return true
				}
			}
		}
		return false
	}
	return visit(t)
}

func (m *Machine) lockedElem(x *typ) *typ {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elemOf(x)
}

func (m *Machine) lockedFields(x *typ) []field {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fieldsOf(x)
}

// withTypeVerbs replaces %T by a verb that shown values answer.
func withTypeVerbs(format string, args []any) string {
	if !strings.Contains(format, "T") {
		return format
	}
	var b strings.Builder
	arg := 0
	for i := 0; i < len(format); {
		if format[i] != '%' {
			j := strings.IndexByte(format[i:], '%')
			if j < 0 {
				j = len(format) - i
			}
			b.WriteString(format[i : i+j])
			i += j
			continue
		}
		j := i + 1
		for j < len(format) && strings.IndexByte("+-# 0123456789.*[]", format[j]) >= 0 {
			switch format[j] {
			case '*':
				arg++
			case '[':
				n := 0
				fmt.Sscanf(format[j:], "[%d]", &n)
				if n > 0 {
					arg = n - 1
				}
				for j < len(format)-1 && format[j] != ']' {
					j++
				}
			}
			j++
		}
		if j >= len(format) {
			b.WriteString(format[i:])
			break
		}
		r, n := utf8.DecodeRuneInString(format[j:])
		b.WriteString(format[i:j])
		if r == 'T' && arg < len(args) {
			if _, ok := args[arg].(*shown); ok {
				r = typeVerb
			}
		}
		b.WriteRune(r)
		if r != '%' {
			arg++
		}
		i = j + n
	}
	return b.String()
}
