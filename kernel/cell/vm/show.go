package vm

import (
	"fmt"
	"go/types"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
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
	s, ok := m.Show(v).(*shown)
	if !ok {
		return v
	}
	if m.bare(s.x.t) {
		return m.Raw(v)
	}
	if m.boundOf(v, "Error") != nil && len(s.SimpleRender()) == 0 {
		return m.wrap(errorType, v).Interface()
	}
	return s
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

// ours tells whether a type is made of types of the notebook, or may hold
// values of such.
func (m *Machine) ours(t types.Type) bool { return m.madeOf(t, true) }

// declared tells whether a type is made of types of the notebook.
func (m *Machine) declared(t types.Type) bool { return m.madeOf(t, false) }

func (m *Machine) madeOf(t types.Type, orAny bool) bool {
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
			return m.isOwn(t) || orAny && types.IsInterface(t) && t.NumMethods() == 0
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
			return orAny
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
