package vm

import (
	"go/types"
	"reflect"
)

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
