package vm

import (
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/tools/go/types/typeutil"
)

// A class says how values of a type are held by closures and slots.
type class uint8

const (
	classBool class = iota
	classInt
	classInt8
	classInt16
	classInt32
	classInt64
	classUint
	classUint8
	classUint16
	classUint32
	classUint64
	classUintptr
	classFloat32
	classFloat64
	classComplex64
	classComplex128
	classString
	classPointer   // pointers, maps, channels, unsafe.Pointer: one word
	classFunc      // *Func
	classSlice     // slice
	classInterface // any, whatever the interface
	classMemory    // structs and arrays: a pointer to the value, to be copied
	classVoid      // no value, or several
)

// A typ is a type as the machine knows it.
type typ struct {
	t     types.Type
	rt    reflect.Type // its layout in memory
	class class
	// exact says that rt belongs to no other type, so that a value in an
	// interface tells its type. Others are boxed in a struct of their own.
	exact   bool
	dynType reflect.Type // rt, or the box
	m       *Machine
	// iface is rt for an interface of a compiled package, whose values carry a
	// method table; nil for those that are laid out as any.
	iface reflect.Type
	named *types.Named // a notebook type, or a pointer to one: it may have methods here

	copyTo  func(dst, src unsafe.Pointer)
	equal   func(a, b unsafe.Pointer) bool
	methods atomic.Pointer[map[string]*bound] // by name, found so far
	under   *typ
	made    reflect.Type
	conv    *callConv // of functions
	elem    *typ      // of pointers, slices, arrays, channels, maps
	key     *typ      // of maps
	fields  []field
}

// A field of a struct.
type field struct {
	name string
	t    *typ
	off  uintptr
}

// typ returns what the machine knows of a type.
func (m *Machine) typ(t types.Type) *typ {
	t = types.Unalias(t)
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		t = types.Default(t)
	}
	if x := m.types.At(t); x != nil {
		return x.(*typ)
	}
	if tu, ok := t.(*types.Tuple); ok {
		return &typ{t: tu, class: classVoid}
	}
	x := &typ{t: t, m: m}
	x.rt = m.layout(t)
	x.class = m.classOf(t)
	x.exact = m.isExact(t)
	m.types.Set(t, x)
	if it, ok := t.Underlying().(*types.Interface); ok && !it.Empty() && x.rt != anyType {
		x.iface = x.rt
	}
	if n := m.ownNamed(t); n != nil {
		x.named = n
	}
	x.dynType = x.rt
	if !x.exact && x.class != classInterface {
		m.tags++
		x.dynType = reflect.StructOf([]reflect.StructField{{
			Name: "V", Type: x.rt, Tag: reflect.StructTag(`spindle:"box ` + strconv.Itoa(m.tags) + `"`),
		}})
	}
	if x.named != nil || !x.exact {
		d := maps.Clone(*m.dynamic.Load())
		d[x.dynType] = x
		m.dynamic.Store(&d)
	}
	x.copyTo = copier(x.rt)
	return x
}

// ownNamed returns the type of the notebook that t is, or points to.
func (m *Machine) ownNamed(t types.Type) *types.Named {
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok || types.IsInterface(n) || !m.isOwn(n) {
		return nil
	}
	return n
}

// isOwn tells whether a named type was written in a cell, or belongs to a
// package that is run from its source.
func (m *Machine) isOwn(n *types.Named) bool {
	p := n.Obj().Pkg()
	if p == nil {
		return false
	}
	if p.Path() == m.opt.Own {
		return true
	}
	s := m.sources[p.Path()]
	return s != nil && s.pkg == p && !n.Obj().Exported()
}

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

func (m *Machine) classOf(t types.Type) class {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch u.Kind() {
		case types.Bool, types.UntypedBool:
			return classBool
		case types.Int, types.UntypedInt:
			return classInt
		case types.Int8:
			return classInt8
		case types.Int16:
			return classInt16
		case types.Int32, types.UntypedRune:
			return classInt32
		case types.Int64:
			return classInt64
		case types.Uint:
			return classUint
		case types.Uint8:
			return classUint8
		case types.Uint16:
			return classUint16
		case types.Uint32:
			return classUint32
		case types.Uint64:
			return classUint64
		case types.Uintptr:
			return classUintptr
		case types.Float32:
			return classFloat32
		case types.Float64, types.UntypedFloat:
			return classFloat64
		case types.Complex64:
			return classComplex64
		case types.Complex128, types.UntypedComplex:
			return classComplex128
		case types.String, types.UntypedString:
			return classString
		}
		return classPointer
	case *types.Pointer, *types.Map, *types.Chan:
		return classPointer
	case *types.Signature:
		return classFunc
	case *types.Slice:
		return classSlice
	case *types.Interface:
		return classInterface
	case *types.Struct, *types.Array:
		return classMemory
	}
	return classVoid
}

// underlying returns the type without its name.
func (m *Machine) underlying(x *typ) *typ {
	if x.under == nil {
		x.under = m.typ(x.t.Underlying())
	}
	return x.under
}

// elemOf returns the element type of a pointer, slice, array, channel or map.
func (m *Machine) elemOf(x *typ) *typ {
	if x.elem == nil {
		switch u := x.t.Underlying().(type) {
		case *types.Pointer:
			x.elem = m.typ(u.Elem())
		case *types.Slice:
			x.elem = m.typ(u.Elem())
		case *types.Array:
			x.elem = m.typ(u.Elem())
		case *types.Chan:
			x.elem = m.typ(u.Elem())
		case *types.Map:
			x.elem, x.key = m.typ(u.Elem()), m.typ(u.Key())
		case *types.Basic: // a string
			x.elem = m.typ(types.Typ[types.Uint8])
		default:
			panic(Unfit{Msg: "no elements in " + x.t.String()})
		}
	}
	return x.elem
}

// fieldOf returns a field of a struct. Offsets are those of the layout.
func (m *Machine) fieldOf(x *typ, i int) field {
	st := x.t.Underlying().(*types.Struct)
	if x.fields == nil {
		x.fields = make([]field, st.NumFields())
	}
	if x.fields[i].t == nil {
		f, sf := st.Field(i), x.rt.Field(i)
		m.learn(f.Type(), sf.Type, 0)
		ft := m.typ(f.Type())
		if ft.class == classInterface && sf.Type.Kind() == reflect.Interface && ft.rt != sf.Type {
			panic(Unfit{Pos: f.Pos(), Msg: fmt.Sprintf("the field %s of type %s cannot be used in a cell: its interface has no name", f.Name(), sf.Type)})
		}
		x.fields[i] = field{f.Name(), ft, sf.Offset}
	}
	return x.fields[i]
}

// fieldsOf returns all fields of a struct.
func (m *Machine) fieldsOf(x *typ) []field {
	for i := range x.t.Underlying().(*types.Struct).NumFields() {
		m.fieldOf(x, i)
	}
	return x.fields
}

// mapOrChan returns the reflect type of a map or channel as it is made. The
// layout is a bare word where such a type contains itself.
func (t *typ) mapOrChan() reflect.Type {
	if t.made == nil {
		t.m.elemOf(t)
		switch u := t.t.Underlying().(type) {
		case *types.Map:
			t.made = t.rt
			if t.rt.Kind() != reflect.Map {
				t.made = reflect.MapOf(t.key.rt, t.elem.rt)
			}
		case *types.Chan:
			// Two ways: a channel is made, sent to and received from as such.
			t.made = reflect.ChanOf(reflect.BothDir, t.elem.rt)
			_ = u
		}
	}
	return t.made
}

// compiledType returns the reflect type of a named type of a compiled package,
// nil if it is not known.
func (m *Machine) compiledType(t *types.Named) reflect.Type {
	if rt, ok := m.hidden[types.TypeString(t, nil)]; ok {
		return rt
	}
	o := t.Obj()
	if o.Pkg() == nil || t.TypeArgs().Len() > 0 || o.Parent() != o.Pkg().Scope() {
		return nil
	}
	v, ok := m.symbol(o.Pkg(), o.Name())
	if !ok || v.Kind() != reflect.Pointer {
		return nil
	}
	return v.Type().Elem()
}

// learn notes the reflect types of the unexported and generic named types in a
// compiled type, which no symbol names.
func (m *Machine) learn(t types.Type, rt reflect.Type, depth int) {
	if depth > 8 || rt == nil {
		return
	}
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t.Obj().Pkg() == nil || m.isOwn(t) {
			return
		}
		if rt.Name() != "" && !types.IsInterface(t) && m.compiledType(t) == nil {
			m.hidden[types.TypeString(t, nil)] = rt
		}
	case *types.Pointer:
		if rt.Kind() == reflect.Pointer {
			m.learn(t.Elem(), rt.Elem(), depth+1)
		}
	case *types.Slice:
		if rt.Kind() == reflect.Slice {
			m.learn(t.Elem(), rt.Elem(), depth+1)
		}
	case *types.Array:
		if rt.Kind() == reflect.Array {
			m.learn(t.Elem(), rt.Elem(), depth+1)
		}
	case *types.Chan:
		if rt.Kind() == reflect.Chan {
			m.learn(t.Elem(), rt.Elem(), depth+1)
		}
	case *types.Map:
		if rt.Kind() == reflect.Map {
			m.learn(t.Key(), rt.Key(), depth+1)
			m.learn(t.Elem(), rt.Elem(), depth+1)
		}
	case *types.Signature:
		if rt.Kind() != reflect.Func {
			return
		}
		skip := rt.NumIn() - t.Params().Len() // a method's receiver
		for i := range t.Params().Len() {
			if i+skip >= 0 {
				m.learn(t.Params().At(i).Type(), rt.In(i+skip), depth+1)
			}
		}
		for i := range min(t.Results().Len(), rt.NumOut()) {
			m.learn(t.Results().At(i).Type(), rt.Out(i), depth+1)
		}
	case *types.Struct:
		if rt.Kind() == reflect.Struct && rt.NumField() == t.NumFields() {
			for i := range t.NumFields() {
				m.learn(t.Field(i).Type(), rt.Field(i).Type, depth+1)
			}
		}
	}
}

// fromReflect returns the checked type of a reflect type, nil if it is none
// that cells could name.
func (m *Machine) fromReflect(rt reflect.Type) types.Type {
	if x, ok := (*m.dynamic.Load())[rt]; ok {
		return x.t
	}
	if t, ok := m.reflected[rt]; ok {
		return t
	}
	t := m.makeFromReflect(rt)
	m.reflected[rt] = t
	return t
}

func (m *Machine) makeFromReflect(rt reflect.Type) types.Type {
	if name := rt.Name(); name != "" {
		path := rt.PkgPath()
		if path == "" {
			if o := types.Universe.Lookup(name); o != nil {
				return o.Type()
			}
			return nil
		}
		pkg, err := m.opt.Importer.Import(path)
		if err != nil {
			return nil
		}
		if o, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok {
			return o.Type()
		}
		return nil
	}
	sub := func(rt reflect.Type) types.Type { return m.fromReflect(rt) }
	switch rt.Kind() {
	case reflect.Pointer:
		if e := sub(rt.Elem()); e != nil {
			return types.NewPointer(e)
		}
	case reflect.Slice:
		if e := sub(rt.Elem()); e != nil {
			return types.NewSlice(e)
		}
	case reflect.Array:
		if e := sub(rt.Elem()); e != nil {
			return types.NewArray(e, int64(rt.Len()))
		}
	case reflect.Map:
		if k, e := sub(rt.Key()), sub(rt.Elem()); k != nil && e != nil {
			return types.NewMap(k, e)
		}
	case reflect.Interface:
		if rt.NumMethod() == 0 {
			return types.Universe.Lookup("any").Type()
		}
	case reflect.Func:
		list := func(n int, at func(int) reflect.Type) *types.Tuple {
			var vs []*types.Var
			for i := range n {
				t := sub(at(i))
				if t == nil {
					return nil
				}
				vs = append(vs, types.NewParam(0, nil, "", t))
			}
			return types.NewTuple(vs...)
		}
		return types.NewSignatureType(nil, nil, nil, list(rt.NumIn(), rt.In), list(rt.NumOut(), rt.Out), rt.IsVariadic())
	}
	return nil
}

func newTypeMap() *typeutil.Map { return new(typeutil.Map) }

// callConv returns the calling convention of a function type.
func (t *typ) callConv() *callConv {
	if t.conv == nil {
		t.conv = t.m.conv(t.t.Underlying().(*types.Signature))
	}
	return t.conv
}
