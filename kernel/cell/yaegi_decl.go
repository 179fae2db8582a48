package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
)

// lower rewrites a checked cell into a file for the interpreter.
func (y *yaegi) lower(c *checked) (f *ast.File, err *Error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case unfit:
			err = y.k.errorAt(r.pos, "Refused", r.msg)
		default:
			panic(r)
		}
	}()
	pos := c.file.Package
	u := &unit{pos: pos, imports: map[string]string{}}
	l := &lowerer{k: y.k, y: y, out: c, file: u}
	y.pending = nil
	// Names first, so that functions may call each other in any order.
	for _, d := range c.fresh {
		if d.kind == funcKind && d.fn.Type.TypeParams == nil {
			y.k.serial++
			d.emitted = d.name + "·" + strconv.Itoa(y.k.serial)
		}
	}
	for _, d := range c.fresh {
		switch {
		case d.kind == typeKind && d.spec.TypeParams == nil && !d.spec.Assign.IsValid():
			if n, ok := d.obj.Type().(*types.Named); ok {
				l.typeName(n)
			}
		case d.kind == funcKind && d.fn.Type.TypeParams == nil:
			l.function(d.emitted, d.fn, d.info, nil)
			if s, ok := y.slots[d.name]; ok && types.Identical(s.sig, d.obj.Type()) {
				l.setSlot(s.name, d.emitted)
			}
		}
	}
	for _, tm := range c.freshMeths {
		n := tm.d.obj.Type().(*types.Named)
		impl := l.methodName(n, tm.m.name)
		if s, ok := y.slots[tm.d.name+"."+tm.m.name]; ok {
			l.setSlot(s.name, impl)
		}
		l.thunks(l.typeName(n), n)
	}
	body := l.statements()
	for len(y.pending) > 0 {
		p := y.pending[0]
		y.pending = y.pending[1:]
		l.thunks(p.name, p.t)
	}
	f = &ast.File{Package: pos, Name: ident(pos, "main"), FileStart: c.file.FileStart, FileEnd: c.file.FileEnd}
	imp := &ast.GenDecl{TokPos: pos, Tok: token.IMPORT, Lparen: pos}
	for _, path := range slices.Sorted(maps.Keys(u.imports)) {
		s := importSpec(u.imports[path], path)
		imp.Specs = append(imp.Specs, s)
		f.Imports = append(f.Imports, s)
	}
	if len(imp.Specs) > 0 {
		f.Decls = append(f.Decls, imp)
	}
	f.Decls = append(f.Decls, u.types...)
	f.Decls = append(f.Decls, u.vars...)
	f.Decls = append(f.Decls, u.funcs...)
	f.Decls = append(f.Decls, &ast.FuncDecl{
		Name: ident(pos, "init"), Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{}},
		Body: &ast.BlockStmt{Lbrace: pos, List: append(u.init, body...), Rbrace: pos},
	})
	return f, nil
}

// statements rewrites the cell's statements and the display of the last one.
func (l *lowerer) statements() []ast.Stmt {
	c := l.out
	l.enter(c.info, nil)
	l.body = true
	defer func() { l.body = false }()
	list := c.body.Body.List
	var tail []ast.Stmt
	n := len(list)
	if c.last != nil {
		tail = l.show(list[n-1])
		n--
	}
	var out []ast.Stmt
	for i, s := range list[:n] {
		out = append(out, l.stmt(s)...)
		if l.declares(s) {
			// A later failure leaves what stands above defined, and no more.
			pos := s.Pos()
			out = append(out, &ast.ExprStmt{X: l.helper(pos, "Reached", &ast.BasicLit{ValuePos: pos, Kind: token.INT, Value: strconv.Itoa(i + 1)})})
		}
	}
	return append(out, tail...)
}

func (l *lowerer) declares(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return s.Tok == token.DEFINE
	case *ast.DeclStmt:
		return true
	}
	return false
}

// show writes the statement that shows the last expression's values.
func (l *lowerer) show(s ast.Stmt) []ast.Stmt {
	c := l.out
	pos := c.last.Pos()
	if c.quiet || c.values == 0 || c.isPrint() {
		if _, ok := s.(*ast.ExprStmt); ok || c.values != 1 {
			return []ast.Stmt{&ast.ExprStmt{X: l.expr(c.last)}}
		}
		return l.stmt(s)
	}
	var ts []types.Type
	if tu, ok := l.typeOf(c.last).(*types.Tuple); ok {
		for v := range tu.Variables() {
			ts = append(ts, v.Type())
		}
	} else {
		ts = []types.Type{l.typeOf(c.last)}
	}
	flag := "false"
	if isError(ts[len(ts)-1]) {
		flag = "true"
	}
	if len(ts) == 1 {
		return []ast.Stmt{&ast.ExprStmt{X: l.helper(pos, "Last", ident(pos, flag), l.expr(c.last))}}
	}
	def := &ast.AssignStmt{TokPos: pos, Tok: token.DEFINE, Rhs: []ast.Expr{l.expr(c.last)}}
	call := l.helper(pos, "Last", ident(pos, flag))
	for range ts {
		n := l.newName("v")
		def.Lhs = append(def.Lhs, ident(pos, n))
		call.Args = append(call.Args, ident(pos, n))
	}
	return []ast.Stmt{def, &ast.ExprStmt{X: call}}
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// enter prepares for a new function.
func (l *lowerer) enter(info *types.Info, env typeEnv) {
	l.info, l.env = info, env
	l.locals, l.taken = map[types.Object]string{}, map[string]int{}
}

// function writes a declared function, or a method as one.
func (l *lowerer) function(name string, f *ast.FuncDecl, info *types.Info, env typeEnv) {
	s := *l
	defer func() {
		l.info, l.env, l.locals, l.taken, l.body, l.lits, l.result = s.info, s.env, s.locals, s.taken, s.body, s.lits, s.result
	}()
	l.enter(info, env)
	l.body, l.lits = false, 0
	var sig *types.Signature
	for id, o := range info.Defs {
		if id.Pos() == f.Name.Pos() && (id.Name == "_" || id.Name == f.Name.Name) {
			if fn, ok := o.(*types.Func); ok {
				sig = fn.Signature()
			}
		}
	}
	if sig == nil {
		refuse(f, "%s could not be resolved", f.Name.Name)
	}
	l.result = l.env.tuple(sig.Results())
	// Go lets a header leave names out; one list must not mix both.
	ft := l.signature(f.Pos(), sig)
	fixNames(ft.Params)
	if f.Body == nil {
		refuse(f, "%s has no body", f.Name.Name)
	}
	body := l.block(f.Body)
	l.file.funcs = append(l.file.funcs, &ast.FuncDecl{Name: ident(f.Name.Pos(), name), Type: ft, Body: body})
}

// fixNames gives the blank name to parameters without one where others have one.
func fixNames(fl *ast.FieldList) {
	named := false
	for _, f := range fl.List {
		named = named || len(f.Names) > 0
	}
	for _, f := range fl.List {
		if named && len(f.Names) == 0 {
			f.Names = []*ast.Ident{ident(f.Type.Pos(), "_")}
		}
	}
}

// funcInstance returns the name of a generic function's instance, written when
// first used.
func (l *lowerer) funcInstance(d *decl, args []types.Type) string {
	sig := d.obj.Type().(*types.Signature)
	for _, in := range l.y.instances(d) {
		if identicalLists(in.args, args) {
			return in.name
		}
	}
	if len(l.y.funcs[d.obj]) >= maxInstances {
		refuse(d.fn, "%s would need more than %d instances", d.name, maxInstances)
	}
	l.k.serial++
	name := d.name + "·" + strconv.Itoa(l.k.serial)
	l.y.funcs[d.obj] = append(l.y.funcs[d.obj], funcInstance{args, name})
	// The tree's own type parameters are those of its last check.
	env := typeEnv{}
	for id, o := range d.info.Defs {
		if fn, ok := o.(*types.Func); ok && id.Pos() == d.fn.Name.Pos() {
			sig = fn.Signature()
		}
	}
	for i := range args {
		env[sig.TypeParams().At(i)] = args[i]
	}
	l.function(name, d.fn, d.info, env)
	return name
}

// maxInstances stops generic code that makes ever new types of itself.
const maxInstances = 200

type funcInstance struct {
	args []types.Type
	name string
}

func (y *yaegi) instances(d *decl) []funcInstance { return y.funcs[d.obj] }

func identicalLists(a, b []types.Type) bool {
	return slices.EqualFunc(a, b, types.Identical)
}

// methodName returns the function that is the body of a method of a notebook
// type, written when first used.
func (l *lowerer) methodName(t *types.Named, name string) string {
	tn := l.typeName(t)
	key := tn + "." + name
	d := l.k.declOf[t.Origin().Obj()]
	if d != nil {
		if cur := l.out.world.live[d.name]; cur != nil && cur.obj == d.obj {
			d = cur
		}
	}
	var m *method
	if d != nil {
		m = d.meths[name]
	}
	if m == nil {
		panic(unfit{l.file.pos, "method " + t.Obj().Name() + "." + name + " could not be found"})
	}
	impl, ok := l.y.impls[key]
	if !ok || impl.fn != m.fn || impl.info != m.info {
		l.k.serial++
		impl = methodImpl{m.fn, m.info, t.Obj().Name() + "·" + name + "·" + strconv.Itoa(l.k.serial)}
		l.y.impls[key] = impl
		env := typeEnv{}
		for id, o := range m.info.Defs {
			if fn, ok := o.(*types.Func); ok && id.Pos() == m.fn.Name.Pos() {
				for i := range fn.Signature().TypeParams().Len() {
					env[fn.Signature().TypeParams().At(i)] = t.TypeArgs().At(i)
				}
			}
		}
		l.function(impl.name, m.fn, m.info, env)
		if s, ok := l.y.slots[key]; ok {
			l.setSlot(s.name, impl.name)
		}
	}
	return impl.name
}

// A methodImpl is the newest body of a method.
type methodImpl struct {
	fn   *ast.FuncDecl
	info *types.Info
	name string
}

// thunks gives the interpreter's type its methods, those of embedded fields
// too. Each calls through a slot, so that a method can be defined anew.
func (l *lowerer) thunks(name string, t *types.Named) {
	saved := *l
	defer func() { l.info, l.env, l.locals, l.taken = saved.info, saved.env, saved.locals, saved.taken }()
	l.enter(newInfo(), nil)
	if types.IsInterface(t) {
		return
	}
	set := types.NewMethodSet(types.NewPointer(t))
	value := types.NewMethodSet(t)
	for i := range set.Len() {
		sel := set.At(i)
		fn := sel.Obj().(*types.Func)
		key := name + "." + fn.Name()
		if l.y.thunked[key] {
			continue
		}
		if !fn.Exported() && fn.Pkg() != nil && fn.Pkg().Path() != notebookPath {
			continue
		}
		l.y.thunked[key] = true
		pos := l.file.pos
		sig := fn.Signature()
		r := l.newName("r")
		var recvT types.Type = types.NewPointer(t)
		if value.Lookup(fn.Pkg(), fn.Name()) != nil {
			recvT = t
		}
		var fun, first ast.Expr
		if len(sel.Index()) == 1 {
			l.methodName(t, fn.Name())
			impl := l.y.impls[key].name
			ps := []*types.Var{types.NewParam(0, nil, "", recvT)}
			for v := range sig.Params().Variables() {
				ps = append(ps, types.NewParam(0, nil, "", v.Type()))
			}
			full := types.NewSignatureType(nil, nil, nil, types.NewTuple(ps...), unnamed(sig).Results(), sig.Variadic())
			fun, first = ident(pos, l.slot(key, impl, full)), ident(pos, r)
		} else {
			x, xt := ast.Expr(ident(pos, r)), recvT
			for _, i := range sel.Index()[:len(sel.Index())-1] {
				if p, ok := xt.Underlying().(*types.Pointer); ok {
					xt = p.Elem()
				}
				f := xt.Underlying().(*types.Struct).Field(i)
				x, xt = &ast.SelectorExpr{X: x, Sel: ident(pos, f.Name())}, f.Type()
			}
			fun = &ast.SelectorExpr{X: x, Sel: ident(pos, fn.Name())}
		}
		lit := l.forward(pos, fun, first, sig)
		l.file.funcs = append(l.file.funcs, &ast.FuncDecl{
			Recv: &ast.FieldList{List: []*ast.Field{{Names: []*ast.Ident{ident(pos, r)}, Type: l.typeExpr(pos, recvT)}}},
			Name: ident(pos, fn.Name()), Type: lit.Type, Body: lit.Body,
		})
	}
}
