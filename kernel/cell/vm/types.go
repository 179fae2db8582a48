package vm

import (
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"strconv"
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
	// No value's dynamic type is an interface.
	if x.class != classInterface && (x.named != nil || !x.exact) {
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

func newTypeMap() *typeutil.Map { return new(typeutil.Map) }

// callConv returns the calling convention of a function type.
func (t *typ) callConv() *callConv {
	if t.conv == nil {
		t.conv = t.m.conv(t.t.Underlying().(*types.Signature))
	}
	return t.conv
}
