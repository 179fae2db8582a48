package vm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"
)

// A source is a compiled package whose generic functions are run from their
// text: compiled code has no form for all types.
type source struct {
	pkg     *types.Package
	info    *types.Info
	funcs   map[string]*Function
	methods map[string]map[string]*Function
	vars    map[types.Object]place
}

func (m *Machine) hasSource(path string) bool {
	return m.opt.Sources != nil && m.opt.Sources(path) != nil
}

// source loads a package's text, once.
func (m *Machine) source(path string) *source {
	if s, ok := m.sources[path]; ok {
		return s
	}
	if !m.hasSource(path) {
		return nil
	}
	s := &source{funcs: map[string]*Function{}, methods: map[string]map[string]*Function{}, vars: map[types.Object]place{}}
	fset := token.NewFileSet()
	var files []*ast.File
	texts := m.opt.Sources(path)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		f, err := parser.ParseFile(fset, name, texts[name], parser.SkipObjectResolution)
		if err != nil {
			panic(Unfit{Msg: "package " + path + ": " + err.Error()})
		}
		files = append(files, f)
	}
	s.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{},
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	// Errors are in what is not part of the text; such functions are refused
	// when they are used.
	conf := types.Config{Importer: m.opt.Importer, Error: func(error) {}}
	s.pkg, _ = conf.Check(path, fset, files, s.info)
	for _, f := range files {
		for _, d := range f.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Body == nil {
				continue
			}
			o, ok := s.info.Defs[fd.Name].(*types.Func)
			if !ok {
				continue
			}
			if recv := o.Signature().Recv(); recv != nil {
				s.addMethod(m, fd, o, recv)
				continue
			}
			fn := &Function{name: s.pkg.Name() + "." + o.Name(), decl: fd, info: s.info, sig: o.Signature(), src: s}
			if o.Signature().TypeParams().Len() == 0 {
				fn.fn = &Func{m: m}
			}
			s.funcs[o.Name()] = fn
		}
	}
	m.sources[path] = s
	return s
}

// addMethod notes a method, as a function that takes the receiver first.
func (s *source) addMethod(m *Machine, fd *ast.FuncDecl, o *types.Func, recv *types.Var) {
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok || n.TypeParams().Len() > 0 {
		return
	}
	ps := []*types.Var{recv}
	for v := range o.Signature().Params().Variables() {
		ps = append(ps, v)
	}
	sig := types.NewSignatureType(nil, nil, nil, types.NewTuple(ps...), o.Signature().Results(), o.Signature().Variadic())
	if s.methods[n.Obj().Name()] == nil {
		s.methods[n.Obj().Name()] = map[string]*Function{}
	}
	s.methods[n.Obj().Name()][o.Name()] = &Function{name: o.FullName(), decl: fd, info: s.info, sig: sig, fn: &Func{m: m}, src: s, method: true}
}

// sourceFunc finds a function of a package that is run from its text.
func (m *Machine) sourceFunc(id *ast.Ident, o *types.Func) *Function {
	if o.Pkg() == nil {
		return nil
	}
	s := m.source(o.Pkg().Path())
	if s == nil {
		if o.Signature().TypeParams().Len() > 0 {
			refuse(id, "%s.%s is a generic function of a compiled package, which cells cannot call", o.Pkg().Name(), o.Name())
		}
		return nil
	}
	f := s.funcs[o.Name()]
	if f == nil && m.bodyless(s, o) {
		f = s.funcs[o.Name()]
	}
	if f == nil {
		refuse(id, "%s.%s cannot be called from a cell: its body is part of the Go runtime", o.Pkg().Name(), o.Name())
	}
	if f.fn != nil && f.fn.code == nil {
		f.fn.code = &code{} // while it is compiled: it may call itself
		f.fn.code = m.compileBody(f, nil, false)
	}
	return f
}

// bodyless gives the functions that the Go runtime implements a body here.
func (m *Machine) bodyless(s *source, o *types.Func) bool {
	if o.FullName() != "maps.clone" {
		return false
	}
	t := m.typ(o.Type())
	v := reflect.ValueOf(func(x any) any {
		in := reflect.ValueOf(x)
		out := reflect.MakeMapWithSize(in.Type(), in.Len())
		for it := in.MapRange(); it.Next(); {
			out.SetMapIndex(it.Key(), it.Value())
		}
		return out.Interface()
	})
	s.funcs[o.Name()] = &Function{name: o.FullName(), sig: o.Signature(), fn: &Func{native: v, code: m.nativeCodeLocked(t, v), t: t, m: m}}
	return true
}

// sourceMethod finds a method of a type of a package that is run from its text.
func (m *Machine) sourceMethod(n *types.Named, name string) *Function {
	s := m.sources[n.Obj().Pkg().Path()]
	if s == nil {
		return nil
	}
	f := s.methods[n.Obj().Name()][name]
	if f != nil && f.fn.code == nil {
		f.fn.code = &code{}
		f.fn.code = m.compileBody(f, nil, true)
	}
	return f
}

// global returns a package-level variable of the text; it is zero, since such
// packages have none that are initialised.
func (s *source) global(m *Machine, v *types.Var) place {
	p, ok := s.vars[v]
	if !ok {
		t := m.typ(v.Type())
		p = place{t: t, kind: inGlobal, mem: alloc(t.rt)}
		s.vars[v] = p
	}
	return p
}
