package vm

import "go/types"

// A typeEnv says what the type parameters of an instance stand for.
type typeEnv struct {
	params map[*types.TypeParam]types.Type
	// locals are the instance's own copies of types declared in the function.
	locals map[*types.Named]*types.Named
	m      *Machine
}

func newTypeEnv(m *Machine) *typeEnv {
	return &typeEnv{map[*types.TypeParam]types.Type{}, map[*types.Named]*types.Named{}, m}
}

func (env *typeEnv) types() map[*types.TypeParam]types.Type {
	if env == nil {
		return nil
	}
	return env.params
}

// sharedContext lets identical instances be one type.
var sharedContext = types.NewContext()

// subst puts the types of the instance for type parameters.
func (env *typeEnv) subst(t types.Type) types.Type {
	if env == nil || len(env.params) == 0 || t == nil {
		return t
	}
	switch t := t.(type) {
	case *types.TypeParam:
		if s, ok := env.params[t]; ok {
			return s
		}
	case *types.Pointer:
		if e := env.subst(t.Elem()); e != t.Elem() {
			return types.NewPointer(e)
		}
	case *types.Slice:
		if e := env.subst(t.Elem()); e != t.Elem() {
			return types.NewSlice(e)
		}
	case *types.Array:
		if e := env.subst(t.Elem()); e != t.Elem() {
			return types.NewArray(e, t.Len())
		}
	case *types.Chan:
		if e := env.subst(t.Elem()); e != t.Elem() {
			return types.NewChan(t.Dir(), e)
		}
	case *types.Map:
		k, e := env.subst(t.Key()), env.subst(t.Elem())
		if k != t.Key() || e != t.Elem() {
			return types.NewMap(k, e)
		}
	case *types.Tuple:
		return env.tuple(t)
	case *types.Signature:
		p, r := env.tuple(t.Params()), env.tuple(t.Results())
		if p != t.Params() || r != t.Results() {
			return types.NewSignatureType(nil, nil, nil, p, r, t.Variadic())
		}
	case *types.Struct:
		changed := false
		var fs []*types.Var
		var tags []string
		for i := range t.NumFields() {
			f := t.Field(i)
			ft := env.subst(f.Type())
			changed = changed || ft != f.Type()
			fs = append(fs, types.NewField(f.Pos(), f.Pkg(), f.Name(), ft, f.Embedded()))
			tags = append(tags, t.Tag(i))
		}
		if changed {
			return types.NewStruct(fs, tags)
		}
	case *types.Interface:
		return env.iface(t)
	case *types.Union:
		var terms []*types.Term
		for i := range t.Len() {
			terms = append(terms, types.NewTerm(t.Term(i).Tilde(), env.subst(t.Term(i).Type())))
		}
		return types.NewUnion(terms)
	case *types.Named:
		return env.named(t)
	case *types.Alias:
		return env.subst(types.Unalias(t))
	}
	return t
}

func (env *typeEnv) iface(t *types.Interface) types.Type {
	changed := false
	var ms []*types.Func
	for m := range t.ExplicitMethods() {
		s := env.subst(m.Type()).(*types.Signature)
		changed = changed || s != m.Type()
		ms = append(ms, types.NewFunc(m.Pos(), m.Pkg(), m.Name(), s))
	}
	var es []types.Type
	for e := range t.EmbeddedTypes() {
		s := env.subst(e)
		changed = changed || s != e
		es = append(es, s)
	}
	if !changed {
		return t
	}
	return types.NewInterfaceType(ms, es).Complete()
}

func (env *typeEnv) named(t *types.Named) types.Type {
	if t.TypeArgs().Len() == 0 {
		o := t.Obj()
		if o.Pkg() == nil || o.Parent() == nil || o.Parent() == o.Pkg().Scope() || !env.m.isOwn(t) && o.Pkg().Path() != env.m.opt.Own {
			return t
		}
		// A type declared inside the generic function: each instance has its own.
		if c, ok := env.locals[t]; ok {
			return c
		}
		c := types.NewNamed(types.NewTypeName(o.Pos(), o.Pkg(), o.Name(), nil), nil, nil)
		env.locals[t] = c
		c.SetUnderlying(env.subst(t.Underlying()).Underlying())
		return c
	}
	changed := false
	args := make([]types.Type, t.TypeArgs().Len())
	for i := range args {
		args[i] = env.subst(t.TypeArgs().At(i))
		changed = changed || args[i] != t.TypeArgs().At(i)
	}
	if !changed {
		return t
	}
	inst, err := types.Instantiate(sharedContext, t.Origin(), args, false)
	if err != nil {
		return t
	}
	return inst
}

func (env *typeEnv) tuple(t *types.Tuple) *types.Tuple {
	changed := false
	var vs []*types.Var
	for v := range t.Variables() {
		s := env.subst(v.Type())
		changed = changed || s != v.Type()
		vs = append(vs, types.NewParam(v.Pos(), v.Pkg(), v.Name(), s))
	}
	if !changed {
		return t
	}
	return types.NewTuple(vs...)
}

func (env *typeEnv) substList(ts *types.TypeList) []types.Type {
	out := make([]types.Type, ts.Len())
	for i := range out {
		out[i] = env.subst(ts.At(i))
	}
	return out
}
