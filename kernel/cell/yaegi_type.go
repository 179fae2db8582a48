package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// subst puts the types of an instance for type parameters.
func (env typeEnv) subst(t types.Type) types.Type {
	if len(env) == 0 || t == nil {
		return t
	}
	switch t := t.(type) {
	case *types.TypeParam:
		if s, ok := env[t]; ok {
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
		if changed {
			return types.NewInterfaceType(ms, es).Complete()
		}
	case *types.Union:
		return t
	case *types.Named:
		if t.TypeArgs().Len() == 0 {
			return t
		}
		changed := false
		args := make([]types.Type, t.TypeArgs().Len())
		for i := range args {
			args[i] = env.subst(t.TypeArgs().At(i))
			changed = changed || args[i] != t.TypeArgs().At(i)
		}
		if changed {
			if inst, err := types.Instantiate(sharedContext, t.Origin(), args, false); err == nil {
				return inst
			}
		}
	case *types.Alias:
		return env.subst(types.Unalias(t))
	}
	return t
}

// sharedContext lets identical instances be one type.
var sharedContext = types.NewContext()

func (env typeEnv) tuple(t *types.Tuple) *types.Tuple {
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

func (env typeEnv) substList(ts *types.TypeList) []types.Type {
	out := make([]types.Type, ts.Len())
	for i := range out {
		out[i] = env.subst(ts.At(i))
	}
	return out
}

// typeExpr writes a type as syntax for the interpreter.
func (l *lowerer) typeExpr(pos token.Pos, t types.Type) ast.Expr {
	switch t := t.(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.UnsafePointer:
			panic(unfit{pos, "package unsafe is not available in cells"})
		case types.UntypedBool, types.UntypedInt, types.UntypedRune, types.UntypedFloat, types.UntypedComplex, types.UntypedString, types.UntypedNil:
			return l.typeExpr(pos, types.Default(t))
		}
		return ident(pos, t.Name())
	case *types.Alias:
		return l.typeExpr(pos, types.Unalias(t))
	case *types.Pointer:
		return &ast.StarExpr{Star: pos, X: l.typeExpr(pos, t.Elem())}
	case *types.Slice:
		return &ast.ArrayType{Lbrack: pos, Elt: l.typeExpr(pos, t.Elem())}
	case *types.Array:
		return &ast.ArrayType{Lbrack: pos, Len: signed(pos, token.INT, strconv.FormatInt(t.Len(), 10)), Elt: l.typeExpr(pos, t.Elem())}
	case *types.Map:
		return &ast.MapType{Map: pos, Key: l.typeExpr(pos, t.Key()), Value: l.typeExpr(pos, t.Elem())}
	case *types.Chan:
		dir := ast.SEND | ast.RECV
		switch t.Dir() {
		case types.SendOnly:
			dir = ast.SEND
		case types.RecvOnly:
			dir = ast.RECV
		}
		elem := l.typeExpr(pos, t.Elem())
		if c, ok := t.Elem().(*types.Chan); ok && c.Dir() == types.RecvOnly {
			elem = &ast.ParenExpr{Lparen: pos, X: elem, Rparen: pos}
		}
		return &ast.ChanType{Begin: pos, Dir: dir, Value: elem}
	case *types.Signature:
		return l.funcType(pos, t, nil)
	case *types.Struct:
		return l.structType(pos, t)
	case *types.Interface:
		return l.interfaceType(pos, t)
	case *types.Named:
		return l.namedType(pos, t)
	case *types.TypeParam:
		panic(unfit{pos, "the type parameter " + t.Obj().Name() + " has no type here"})
	case *types.Tuple:
		panic(unfit{pos, "several values where one is expected"})
	}
	panic(unfit{pos, "a value of type " + t.String() + " cannot be used in a cell"})
}

// funcType writes a signature; names, if given, are those of its parameters
// and results in order.
func (l *lowerer) funcType(pos token.Pos, sig *types.Signature, names func(*types.Var) string) *ast.FuncType {
	list := func(tu *types.Tuple, variadic bool) *ast.FieldList {
		fl := &ast.FieldList{Opening: pos, Closing: pos}
		for i := range tu.Len() {
			v := tu.At(i)
			var t ast.Expr
			if variadic && i == tu.Len()-1 {
				if s, ok := v.Type().(*types.Slice); ok {
					t = &ast.Ellipsis{Ellipsis: pos, Elt: l.typeExpr(pos, s.Elem())}
				}
			}
			if t == nil {
				t = l.typeExpr(pos, v.Type())
			}
			f := &ast.Field{Type: t}
			if names != nil {
				if n := names(v); n != "" {
					f.Names = []*ast.Ident{ident(pos, n)}
				}
			}
			fl.List = append(fl.List, f)
		}
		return fl
	}
	ft := &ast.FuncType{Func: pos, Params: list(sig.Params(), sig.Variadic())}
	if sig.Results().Len() > 0 {
		ft.Results = list(sig.Results(), false)
	}
	return ft
}

func (l *lowerer) structType(pos token.Pos, t *types.Struct) ast.Expr {
	fl := &ast.FieldList{Opening: pos, Closing: pos}
	for i := range t.NumFields() {
		f := t.Field(i)
		af := &ast.Field{Names: []*ast.Ident{ident(pos, f.Name())}, Type: l.typeExpr(pos, f.Type())}
		if tag := t.Tag(i); tag != "" {
			af.Tag = &ast.BasicLit{ValuePos: pos, Kind: token.STRING, Value: strconv.Quote(tag)}
		}
		fl.List = append(fl.List, af)
	}
	return &ast.StructType{Struct: pos, Fields: fl}
}

func (l *lowerer) interfaceType(pos token.Pos, t *types.Interface) ast.Expr {
	fl := &ast.FieldList{Opening: pos, Closing: pos}
	for m := range t.Methods() {
		fl.List = append(fl.List, &ast.Field{
			Names: []*ast.Ident{ident(pos, m.Name())},
			Type:  l.funcType(pos, m.Signature(), nil),
		})
	}
	return &ast.InterfaceType{Interface: pos, Methods: fl}
}

// namedType names a type: of a compiled package, of the universe, of the
// notebook, or local to a function, which is then written at the top.
func (l *lowerer) namedType(pos token.Pos, t *types.Named) ast.Expr {
	o := t.Obj()
	if o.Pkg() == nil {
		return ident(pos, o.Name()) // error, any, comparable
	}
	if o.Pkg().Path() != notebookPath {
		if t.TypeArgs().Len() > 0 {
			return l.typeExpr(pos, t.Underlying())
		}
		if !o.Exported() {
			panic(unfit{pos, "the type " + o.Pkg().Name() + "." + o.Name() + " is private to its package and cannot be held by a variable of a cell"})
		}
		return &ast.SelectorExpr{X: ident(pos, l.pkgName(o.Pkg().Path())), Sel: ident(pos, o.Name())}
	}
	return ident(pos, l.typeName(t))
}

// An instance is a named type as it is known to the interpreter.
type instance struct {
	t    types.Type
	name string
}

// typeName returns the interpreter's name of a notebook type, and writes its
// declaration when it is first needed.
func (l *lowerer) typeName(t *types.Named) string {
	o := t.Origin().Obj()
	for _, in := range l.y.types[o] {
		if types.Identical(in.t, t) {
			return in.name
		}
	}
	l.k.serial++
	name := o.Name() + "·" + strconv.Itoa(l.k.serial)
	l.y.types[o] = append(l.y.types[o], instance{t, name})
	l.declareType(name, t)
	return name
}

// declareType writes the declaration of a type and its methods.
func (l *lowerer) declareType(name string, t *types.Named) {
	pos := l.file.pos
	g := &ast.GenDecl{TokPos: pos, Tok: token.TYPE}
	l.file.types = append(l.file.types, g)
	saved := l.env
	under := l.env.subst(t.Underlying())
	g.Specs = []ast.Spec{&ast.TypeSpec{Name: ident(pos, name), Type: l.typeExpr(pos, under)}}
	l.env = saved
	if types.IsInterface(under) {
		return
	}
	l.y.pending = append(l.y.pending, pendingType{name, t})
}

// A pendingType waits for its methods to be written.
type pendingType struct {
	name string
	t    *types.Named
}
