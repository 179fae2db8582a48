package vm

import (
	"fmt"
	"go/types"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

var anyType = reflect.TypeFor[any]()

// layout returns the reflect type with which values lie in memory. Types of
// the notebook have the layout of what they are made of; a struct carries a
// tag that makes its layout its own. Where a type contains itself, the inner
// occurrence is an untyped word: every access goes by the checked type, never
// by the layout's.
func (m *Machine) layout(t types.Type) reflect.Type {
	t = types.Unalias(t)
	if x := m.types.At(t); x != nil {
		return x.(*typ).rt
	}
	switch t := t.(type) {
	case *types.Basic:
		return basicLayout(t)
	case *types.Named:
		return m.namedLayout(t)
	case *types.Pointer:
		if m.inside(t.Elem()) {
			return reflect.TypeFor[unsafe.Pointer]()
		}
		return reflect.PointerTo(m.layout(t.Elem()))
	case *types.Slice:
		if m.inside(t.Elem()) {
			return reflect.TypeFor[[]struct{}]()
		}
		return reflect.SliceOf(m.layout(t.Elem()))
	case *types.Array:
		e := m.layout(t.Elem())
		if n := t.Len(); n < 0 || e.Size() > 0 && uint64(n) > maxArray/uint64(e.Size()) {
			panic(Unfit{Msg: fmt.Sprintf("an array of %d elements is too large for a cell; use a slice", n)})
		}
		return reflect.ArrayOf(int(t.Len()), e)
	case *types.Map:
		if m.inside(t.Key()) || m.inside(t.Elem()) {
			return reflect.TypeFor[unsafe.Pointer]()
		}
		return reflect.MapOf(m.layout(t.Key()), m.layout(t.Elem()))
	case *types.Chan:
		if m.inside(t.Elem()) {
			return reflect.TypeFor[unsafe.Pointer]()
		}
		dir := reflect.BothDir
		switch t.Dir() {
		case types.SendOnly:
			dir = reflect.SendDir
		case types.RecvOnly:
			dir = reflect.RecvDir
		}
		e := m.layout(t.Elem())
		if e.Size() >= 1<<16 {
			panic(Unfit{Msg: "a channel's elements may have at most 64 kB; send a pointer"})
		}
		return reflect.ChanOf(dir, e)
	case *types.Signature:
		var in, out []reflect.Type
		for v := range t.Params().Variables() {
			in = append(in, m.layout(v.Type()))
		}
		for v := range t.Results().Variables() {
			out = append(out, m.layout(v.Type()))
		}
		if len(in) > 100 || len(out) > 100 {
			panic(Unfit{Msg: "a function of a cell may have at most 100 parameters"})
		}
		return reflect.FuncOf(in, out, t.Variadic())
	case *types.Struct:
		return m.structLayout(t, 0)
	case *types.Interface:
		return anyType
	case *types.TypeParam:
		panic(Unfit{Msg: "the type parameter " + t.Obj().Name() + " has no type here"})
	}
	panic(Unfit{Msg: "a value of type " + t.String() + " cannot be used in a cell"})
}

// maxArray bounds an array's size in bytes.
const maxArray = 1 << 31

func basicLayout(t *types.Basic) reflect.Type {
	switch t.Kind() {
	case types.Bool, types.UntypedBool:
		return reflect.TypeFor[bool]()
	case types.Int, types.UntypedInt:
		return reflect.TypeFor[int]()
	case types.Int8:
		return reflect.TypeFor[int8]()
	case types.Int16:
		return reflect.TypeFor[int16]()
	case types.Int32, types.UntypedRune:
		return reflect.TypeFor[int32]()
	case types.Int64:
		return reflect.TypeFor[int64]()
	case types.Uint:
		return reflect.TypeFor[uint]()
	case types.Uint8:
		return reflect.TypeFor[uint8]()
	case types.Uint16:
		return reflect.TypeFor[uint16]()
	case types.Uint32:
		return reflect.TypeFor[uint32]()
	case types.Uint64:
		return reflect.TypeFor[uint64]()
	case types.Uintptr:
		return reflect.TypeFor[uintptr]()
	case types.Float32:
		return reflect.TypeFor[float32]()
	case types.Float64, types.UntypedFloat:
		return reflect.TypeFor[float64]()
	case types.Complex64:
		return reflect.TypeFor[complex64]()
	case types.Complex128, types.UntypedComplex:
		return reflect.TypeFor[complex128]()
	case types.String, types.UntypedString:
		return reflect.TypeFor[string]()
	case types.UnsafePointer, types.UntypedNil:
		return reflect.TypeFor[unsafe.Pointer]()
	}
	panic(Unfit{Msg: "a value of type " + t.String() + " cannot be used in a cell"})
}

// namedLayout finds the layout of a named type.
func (m *Machine) namedLayout(t *types.Named) reflect.Type {
	o := t.Obj()
	if types.IsInterface(t) {
		if o.Pkg() == nil {
			if o.Name() == "error" {
				return reflect.TypeFor[error]()
			}
			return anyType
		}
		if m.isOwn(t) {
			return anyType
		}
	}
	if !m.isOwn(t) {
		if rt := m.compiledType(t); rt != nil {
			return rt
		}
		if t.TypeArgs().Len() > 0 && t.NumMethods() == 0 {
			return m.layout(t.Underlying())
		}
		panic(Unfit{Msg: fmt.Sprintf("the type %s cannot be used in a cell: it is not exported, or generic in a compiled package", types.TypeString(t, nil))})
	}
	if rt := m.laid.At(t); rt != nil {
		return rt.(reflect.Type)
	}
	if m.open[t] {
		// Only reached through a type that contains itself by value, which Go
		// refuses, or through one of the words above.
		return reflect.TypeFor[unsafe.Pointer]()
	}
	m.open[t] = true
	defer delete(m.open, t)
	var rt reflect.Type
	if st, ok := t.Underlying().(*types.Struct); ok && st.NumFields() > 0 {
		m.tags++
		rt = m.structLayout(st, m.tags)
	} else {
		rt = m.layout(t.Underlying())
	}
	m.laid.Set(t, rt) // one layout for one type, wherever it occurs
	return rt
}

// inside tells whether a type is being laid out, or contains by value, pointer
// or otherwise one that is: then it cannot be laid out yet.
func (m *Machine) inside(t types.Type) bool {
	if len(m.open) == 0 {
		return false
	}
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
			for o := range m.open {
				if types.Identical(o, t) {
					return true
				}
			}
			if !m.isOwn(t) {
				return false
			}
			return visit(t.Underlying())
		case *types.Pointer:
			return visit(t.Elem())
		case *types.Slice:
			return visit(t.Elem())
		case *types.Array:
			return visit(t.Elem())
		case *types.Chan:
			return visit(t.Elem())
		case *types.Map:
			return visit(t.Key()) || visit(t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				if visit(f.Type()) {
					return true
				}
			}
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

// structLayout lays out a struct. A tag other than 0 makes the layout unlike
// all others.
func (m *Machine) structLayout(t *types.Struct, tag int) reflect.Type {
	var fs []reflect.StructField
	for i := range t.NumFields() {
		f := t.Field(i)
		sf := reflect.StructField{Name: f.Name(), Type: m.layout(f.Type()), Tag: reflect.StructTag(t.Tag(i))}
		if !f.Exported() {
			sf.PkgPath = m.opt.Own
			if f.Pkg() != nil {
				sf.PkgPath = f.Pkg().Path()
			}
		} else if f.Embedded() && m.ownNamed(types.Unalias(f.Type())) != nil {
			// Such a type has no methods in the layout, which reflect could
			// not promote; encoders then see the fields as Go has them.
			if rt := sf.Type; rt.Kind() == reflect.Struct {
				sf.Anonymous = true
			}
		}
		if tag != 0 && i == 0 {
			sf.Tag = reflect.StructTag(strings.TrimSpace(string(sf.Tag) + ` spindle:"` + strconv.Itoa(tag) + `"`))
		}
		fs = append(fs, sf)
	}
	return reflect.StructOf(fs)
}

// isExact tells whether a type's layout belongs to it alone.
func (m *Machine) isExact(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return true
	case *types.Named:
		if types.IsInterface(t) {
			return !m.isOwn(t)
		}
		if !m.isOwn(t) {
			return m.compiledType(t) != nil
		}
		st, ok := t.Underlying().(*types.Struct)
		return ok && st.NumFields() > 0
	case *types.Pointer:
		return m.isExact(t.Elem())
	case *types.Slice:
		return m.isExact(t.Elem())
	case *types.Array:
		return m.isExact(t.Elem())
	case *types.Chan:
		return m.isExact(t.Elem())
	case *types.Map:
		return m.isExact(t.Key()) && m.isExact(t.Elem())
	case *types.Signature:
		for v := range t.Params().Variables() {
			if !m.isExact(v.Type()) {
				return false
			}
		}
		for v := range t.Results().Variables() {
			if !m.isExact(v.Type()) {
				return false
			}
		}
		return true
	case *types.Struct:
		for f := range t.Fields() {
			if !m.isExact(f.Type()) || f.Embedded() {
				return false
			}
		}
		return true
	case *types.Interface:
		return t.Empty()
	}
	return false
}
