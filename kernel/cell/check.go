package cell

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A checked cell: its syntax with types, and the world as it will be after it.
type checked struct {
	*parsed
	world *world
	info  *types.Info // of the statements
	pkg   *types.Package
	fresh []*decl // to be compiled: new ones, and those that depend on them
	// freshMeths are methods to compile of types that stay as they are.
	freshMeths []typeMethod
	vars       []*decl                // declared by the statements, new or kept
	varOf      map[types.Object]*decl // the statements' own objects of these
	last       ast.Expr               // the expression to show
	values     int                    // how many values it has
}

type typeMethod struct {
	d *decl
	m *method
}

// A checker checks one cell against a world.
type checker struct {
	k     *Interp
	fset  *token.FileSet
	w     *world // being edited
	pkg   *types.Package
	cell  *parsed
	out   *checked
	inits []*ast.FuncDecl // init functions of the cell
}

// check type-checks a cell. Nothing of the interpreter changes.
func (k *Interp) check(p *parsed) (*checked, *Error) {
	c := &checker{k: k, fset: k.fset, w: k.world.clone(), cell: p}
	c.out = &checked{parsed: p, world: c.w, varOf: map[types.Object]*decl{}}
	if err := c.addImports(); err != nil {
		return nil, err
	}
	changed, err := c.declare()
	if err != nil {
		return nil, err
	}
	if err := c.initOrder(); err != nil {
		return nil, err
	}
	if err := c.statements(); err != nil {
		return nil, err
	}
	if err := c.variables(changed); err != nil {
		return nil, err
	}
	if err := c.bodies(); err != nil {
		return nil, err
	}
	return c.out, nil
}

// addImports makes the cell's imports those of the notebook.
func (c *checker) addImports() *Error {
	for _, s := range c.cell.imports {
		path := strings.Trim(s.Path.Value, "\"`")
		pkg, err := c.k.opt.Importer.Import(path)
		if err != nil || path == "unsafe" || path == "C" {
			return c.errorAt(s.Path.Pos(), "ImportError", c.k.noPackage(path))
		}
		name := pkg.Name()
		if s.Name != nil {
			name = s.Name.Name
		}
		switch name {
		case "_":
		case ".":
			if !slices.Contains(c.w.imports.dots, path) {
				c.w.imports.dots = append(c.w.imports.dots, path)
			}
		default:
			c.w.imports.names[name] = path
			delete(c.w.live, name)
		}
	}
	return nil
}

// newPackage starts a package that holds all live objects but the excepted
// ones. Its path is the same for every cell, so that types of one cell are
// known to the next; its name tells the cell in Go's messages.
func (c *checker) newPackage(except map[string]bool) {
	c.pkg = types.NewPackage(notebookPath, fileName(c.cell.n))
	for name, d := range c.w.live {
		if !except[name] && d.obj != nil && d.stale == nil {
			c.pkg.Scope().Insert(d.obj)
		}
	}
}

// notebookPath is the import path of the notebook's own package.
const notebookPath = "main"

// group collects declarations that share their imports in one file.
type group struct {
	imports *imports
	decls   []ast.Decl
}

// run checks files made of the groups and returns what Go says.
func (c *checker) run(groups []group, info *types.Info, bodies bool) []types.Error {
	var errs []types.Error
	conf := types.Config{
		GoVersion:        c.k.opt.GoVersion,
		Importer:         c.k.opt.Importer,
		IgnoreFuncBodies: !bodies,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok && !ignored(e) {
				errs = append(errs, e)
			}
		},
	}
	var files []*ast.File
	for _, g := range groups {
		taken := func(name string) bool { return c.pkg.Scope().Lookup(name) != nil }
		f := &ast.File{Package: c.cell.file.Package, Name: &ast.Ident{NamePos: c.cell.file.Package, Name: c.pkg.Name()}, FileStart: c.cell.file.FileStart, FileEnd: c.cell.file.FileEnd}
		f.Decls = append(f.Decls, g.imports.specs(taken))
		f.Decls = append(f.Decls, g.decls...)
		files = append(files, f)
	}
	ch := types.NewChecker(&conf, c.fset, c.pkg, info)
	_ = ch.Files(files) // the errors came one by one
	return errs
}

// ignored tells which of Go's complaints do not hold for a notebook: imports
// serve later cells, and names may be left unused while one tries things.
func ignored(e types.Error) bool {
	return e.Soft && (strings.Contains(e.Msg, "declared and not used") || strings.Contains(e.Msg, "imported and not used") || strings.Contains(e.Msg, "imported as")) ||
		strings.Contains(e.Msg, "already declared through import of package") ||
		strings.HasPrefix(e.Msg, "\tother declaration of") || strings.Contains(e.Msg, "already declared through dot-import")
}

func newInfo() *types.Info {
	return &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Instances:  map[*ast.Ident]types.Instance{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes:     map[ast.Node]*types.Scope{},
	}
}

// declare takes the cell's types, constants, functions and methods into the
// world and checks their headers, with those of all that depends on them. It
// returns the names that changed.
func (c *checker) declare() (map[string]bool, *Error) {
	changed := map[string]bool{} // names whose type or value may differ now
	own := map[string]ast.Node{}
	add := func(id *ast.Ident, d *decl) *Error {
		if id.Name == "_" {
			return nil
		}
		if own[id.Name] != nil {
			return c.errorAt(id.Pos(), "TypeError", id.Name+" redeclared in this cell")
		}
		own[id.Name] = id
		d.name, d.cell, d.imports = id.Name, c.cell.n, c.w.imports
		c.k.serial++
		d.order = c.k.serial
		if old := c.w.live[id.Name]; old != nil && d.sameText(old) && (d.kind == typeKind || d.kind == constKind) {
			return nil // run again as it was: the type keeps its identity
		}
		if old := c.w.live[id.Name]; old == nil || old.kind != funcKind || !d.sameText(old) {
			changed[id.Name] = true
		}
		delete(c.w.imports.names, id.Name)
		c.w.live[id.Name] = d
		c.out.fresh = append(c.out.fresh, d)
		return nil
	}
	for _, g := range c.cell.decls {
		for _, s := range g.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if err := add(s.Name, &decl{kind: typeKind, spec: s, meths: map[string]*method{}}); err != nil {
					return nil, err
				}
			case *ast.ValueSpec:
				for _, id := range s.Names {
					if err := add(id, &decl{kind: constKind, group: g}); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	var lateMethods []*ast.FuncDecl
	for _, f := range c.cell.funcs {
		if f.Recv == nil {
			if f.Name.Name == "init" {
				c.inits = append(c.inits, f)
				continue
			}
			if err := add(f.Name, &decl{kind: funcKind, fn: f}); err != nil {
				return nil, err
			}
			continue
		}
		if f.Name.Name != "_" {
			lateMethods = append(lateMethods, f)
		}
	}
	for _, f := range lateMethods {
		if err := c.declareMethod(f, changed, own); err != nil {
			return nil, err
		}
	}
	return changed, c.headers(changed)
}

// sameText tells whether two declarations are written alike.
func (d *decl) sameText(o *decl) bool {
	if d.kind != o.kind || o.stale != nil {
		return false
	}
	switch d.kind {
	case typeKind:
		return text(d.spec) == text(o.spec)
	case constKind:
		return text(d.group) == text(o.group)
	case funcKind:
		return text(d.fn) == text(o.fn)
	}
	return false
}

func text(n ast.Node) string {
	var b bytes.Buffer
	if f, ok := n.(*ast.FuncDecl); ok {
		f := *f
		f.Doc = nil
		n = &f
	}
	if err := printer.Fprint(&b, token.NewFileSet(), n); err != nil {
		return fmt.Sprintf("%p", n)
	}
	return b.String()
}

// declareMethod takes a method of a type of this or an earlier cell. A method
// whose header changes makes the type a new one, as Go's types are fixed.
func (c *checker) declareMethod(f *ast.FuncDecl, changed map[string]bool, own map[string]ast.Node) *Error {
	base := receiverBase(f)
	d := c.w.live[base]
	for n := 0; d != nil && d.kind == typeKind && d.spec.Assign.IsValid() && n < 100; n++ {
		id, ok := d.spec.Type.(*ast.Ident) // an alias: the method is the type's
		if !ok || c.w.live[id.Name] == nil {
			break
		}
		base, d = id.Name, c.w.live[id.Name]
	}
	if base == "" || d == nil || d.kind != typeKind {
		if base == "" {
			base = "the receiver"
		}
		return c.errorAt(f.Recv.Pos(), "TypeError", "undefined: "+base+" (a method needs a type of this notebook)")
	}
	key := base + "." + f.Name.Name
	if own[key] != nil {
		return c.errorAt(f.Name.Pos(), "TypeError", "method "+key+" already declared in this cell")
	}
	own[key] = f
	m := &method{name: f.Name.Name, cell: c.cell.n, fn: f, imports: c.w.imports}
	if own[base] == nil || !changed[base] {
		d = c.w.edit(base)
		old := d.meths[m.name]
		named, _ := d.obj.Type().(*types.Named)
		generic := named != nil && named.TypeParams().Len() > 0
		switch {
		case generic || d.spec.Assign.IsValid():
			changed[base] = true
		case old != nil && header(old.fn) != header(f):
			changed[base] = true
		}
		if changed[base] {
			d.obj = nil
			c.out.fresh = append(c.out.fresh, d)
		} else {
			c.out.freshMeths = append(c.out.freshMeths, typeMethod{d, m})
		}
		d.meths[m.name] = m
		return nil
	}
	d.meths[m.name] = m
	return nil
}

// header is the text of a method without its body and its receiver's name.
func header(f *ast.FuncDecl) string {
	return text(f.Recv.List[0].Type) + text(f.Type)
}

func receiverBase(f *ast.FuncDecl) string {
	if len(f.Recv.List) != 1 {
		return ""
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// headers checks all changed declarations without function bodies. What the
// cell did not write and no longer fits is marked stale.
func (c *checker) headers(changed map[string]bool) *Error {
	deps := c.w.dependents(changed)
	for name := range deps {
		d := c.w.edit(name)
		d.stale = nil
		c.out.fresh = append(c.out.fresh, d)
	}
	for {
		again := map[string]bool{}
		for _, d := range c.out.fresh {
			again[d.name] = true
		}
		c.newPackage(again)
		info := newInfo()
		errs := c.run(c.groups(c.out.fresh), info, false)
		if len(errs) > 0 {
			if c.setStale(errs[0]) {
				continue
			}
			return c.goError(errs[0])
		}
		for _, d := range c.out.fresh {
			d.obj, d.info = c.pkg.Scope().Lookup(d.name), info
			c.k.declOf[d.obj] = d
			for _, m := range d.meths {
				if fn, ok := info.Defs[m.fn.Name].(*types.Func); ok {
					m.sig = fn.Signature()
				}
				m.info = info
			}
		}
		return c.lateMethods()
	}
}

// lateMethods gives types of earlier cells their new methods.
func (c *checker) lateMethods() *Error {
	for _, tm := range c.out.freshMeths {
		info := newInfo()
		errs := c.run([]group{{tm.m.imports, []ast.Decl{asFunction(tm.m.fn, tm.d.spec)}}}, info, false)
		if len(errs) > 0 {
			return c.goError(errs[0])
		}
		for _, o := range info.Defs {
			if fn, ok := o.(*types.Func); ok {
				s := fn.Signature()
				var ps []*types.Var
				for v := range s.Params().Variables() {
					ps = append(ps, v)
				}
				tm.m.sig = types.NewSignatureType(ps[0], nil, nil, types.NewTuple(ps[1:]...), s.Results(), s.Variadic())
			}
		}
		named := tm.d.obj.Type().(*types.Named)
		has := false
		for m := range named.Methods() {
			has = has || m.Name() == tm.m.name
		}
		if !has && tm.m.sig != nil {
			if st, ok := named.Underlying().(*types.Struct); ok {
				for f := range st.Fields() {
					if f.Name() == tm.m.name {
						return c.errorAt(tm.m.fn.Name.Pos(), "TypeError", "field and method with the same name "+tm.m.name)
					}
				}
			}
			named.AddMethod(types.NewFunc(tm.m.fn.Name.Pos(), c.pkg, tm.m.name, tm.m.sig))
		}
	}
	return nil
}

// blank returns a function declaration without its name, which can be checked
// while an object of that name is there already.
func blank(f *ast.FuncDecl) *ast.FuncDecl {
	b := *f
	b.Name = &ast.Ident{NamePos: f.Name.NamePos, Name: "_"}
	return &b
}

// asFunction returns a method as a function that takes the receiver first: Go
// allows methods only beside their type, which may be of an earlier cell.
func asFunction(f *ast.FuncDecl, spec *ast.TypeSpec) *ast.FuncDecl {
	b := *blank(f)
	t := *f.Type
	recv := *f.Recv.List[0]
	params := *t.Params
	if len(recv.Names) == 0 && (len(params.List) == 0 || len(params.List[0].Names) > 0) {
		recv.Names = []*ast.Ident{{NamePos: recv.Pos(), Name: "_"}}
	} else if len(recv.Names) > 0 && len(params.List) > 0 && len(params.List[0].Names) == 0 {
		list := slices.Clone(params.List)
		for i, p := range list {
			q := *p
			q.Names = []*ast.Ident{{NamePos: p.Pos(), Name: "_"}}
			list[i] = &q
		}
		params.List = list
	}
	t.TypeParams, recv.Type = receiverParams(recv.Type, spec)
	params.List = append([]*ast.Field{&recv}, params.List...)
	t.Params = &params
	b.Recv, b.Type = nil, &t
	return &b
}

// receiverParams returns the type parameters that a receiver of a generic type
// names, with the constraints of the type's declaration, and the receiver with
// names in place of blanks.
func receiverParams(recv ast.Expr, spec *ast.TypeSpec) (*ast.FieldList, ast.Expr) {
	if spec.TypeParams == nil {
		return nil, recv
	}
	var args []ast.Expr
	for t := recv; args == nil; {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			args = []ast.Expr{x.Index}
		case *ast.IndexListExpr:
			args = x.Indices
		default:
			return nil, recv
		}
	}
	names := map[string]string{}
	var ids []*ast.Ident
	for _, f := range spec.TypeParams.List {
		for _, n := range f.Names {
			if len(ids) == len(args) {
				return nil, recv
			}
			id, ok := args[len(ids)].(*ast.Ident)
			if !ok {
				return nil, recv
			}
			if id.Name == "_" {
				id = &ast.Ident{NamePos: id.NamePos, Name: "_" + n.Name + "·" + strconv.Itoa(len(ids))}
				recv = withArg(recv, len(ids), id)
			}
			names[n.Name] = id.Name
			ids = append(ids, id)
		}
	}
	out := &ast.FieldList{Opening: recv.Pos(), Closing: recv.Pos()}
	for _, f := range spec.TypeParams.List {
		x, err := parser.ParseExpr("interface{" + text(f.Type) + "}")
		if err != nil {
			return nil, recv
		}
		ast.Inspect(x, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				id.NamePos = recv.Pos()
				if to, ok := names[id.Name]; ok {
					id.Name = to
				}
			}
			return true
		})
		out.List = append(out.List, &ast.Field{Names: ids[:len(f.Names)], Type: x})
		ids = ids[len(f.Names):]
	}
	return out, recv
}

// withArg returns a receiver's type with another type argument.
func withArg(recv ast.Expr, i int, id *ast.Ident) ast.Expr {
	switch x := recv.(type) {
	case *ast.StarExpr:
		y := *x
		y.X = withArg(x.X, i, id)
		return &y
	case *ast.ParenExpr:
		y := *x
		y.X = withArg(x.X, i, id)
		return &y
	case *ast.IndexExpr:
		y := *x
		y.Index = id
		return &y
	case *ast.IndexListExpr:
		y := *x
		y.Indices = slices.Clone(x.Indices)
		y.Indices[i] = id
		return &y
	}
	return recv
}

// groups makes files of declarations, in the order of writing.
func (c *checker) groups(ds []*decl) []group {
	ds = slices.Clone(ds)
	slices.SortFunc(ds, func(a, b *decl) int { return a.order - b.order })
	var out []group
	at := map[*imports]int{}
	put := func(im *imports, d ast.Decl) {
		i, ok := at[im]
		if !ok {
			i = len(out)
			at[im] = i
			out = append(out, group{imports: im})
		}
		out[i].decls = append(out[i].decls, d)
	}
	done := map[*ast.GenDecl]bool{}
	for _, d := range ds {
		switch d.kind {
		case typeKind:
			put(d.imports, &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{d.spec}})
			for _, name := range slices.Sorted(maps.Keys(d.meths)) {
				put(d.meths[name].imports, d.meths[name].fn)
			}
		case constKind:
			if done[d.group] {
				continue
			}
			done[d.group] = true
			keep := map[string]bool{}
			for _, o := range ds {
				if o.group == d.group {
					keep[o.name] = true
				}
			}
			put(d.imports, constGroup(d.group, keep))
		case funcKind:
			put(d.imports, d.fn)
		}
	}
	return out
}

// constGroup returns a group in which all other names are blank.
func constGroup(g *ast.GenDecl, keep map[string]bool) *ast.GenDecl {
	c := *g
	c.Specs = nil
	for _, s := range g.Specs {
		v := *s.(*ast.ValueSpec)
		v.Names = slices.Clone(v.Names)
		for i, id := range v.Names {
			if !keep[id.Name] {
				v.Names[i] = &ast.Ident{NamePos: id.NamePos, Name: "_"}
			}
		}
		c.Specs = append(c.Specs, &v)
	}
	return &c
}

// setStale marks the declaration of an earlier cell in which an error stands;
// it reports whether there was one.
func (c *checker) setStale(e types.Error) bool {
	for i, d := range c.out.fresh {
		if d.cell == c.cell.n && d.within(e.Pos, c.cell.n) {
			return false
		}
		if d.within(e.Pos, 0) {
			d.stale = c.goError(e)
			c.out.fresh = slices.Delete(c.out.fresh, i, i+1)
			return true
		}
	}
	return false
}

// within tells whether a place lies in the declaration's text, that of cell n
// only if n is not 0.
func (d *decl) within(pos token.Pos, n int) bool {
	in := func(x ast.Node) bool { return x.Pos() <= pos && pos < x.End() }
	if n == 0 || d.cell == n {
		switch {
		case d.spec != nil && in(d.spec), d.group != nil && in(d.group), d.fn != nil && in(d.fn):
			return true
		}
	}
	for _, m := range d.meths {
		if (n == 0 || m.cell == n) && in(m.fn) {
			return true
		}
	}
	return false
}

// initOrder puts the variables of a cell that has nothing but declarations into
// the order in which Go initialises them, and the calls of its init functions
// behind them.
func (c *checker) initOrder() *Error {
	body := c.cell.body.Body
	vars := 0
	for _, s := range body.List {
		if _, ok := s.(*ast.DeclStmt); !ok {
			break
		}
		vars++
	}
	var calls []ast.Stmt
	for _, f := range c.inits {
		calls = append(calls, &ast.ExprStmt{X: &ast.CallExpr{Fun: &ast.FuncLit{Type: f.Type, Body: f.Body}, Lparen: f.Name.End(), Rparen: f.Name.End()}})
	}
	defer func() {
		body.List = slices.Insert(body.List, vars, calls...)
	}()
	if vars == 0 || vars < len(body.List) || vars == 1 && len(c.cell.funcs) == 0 {
		return nil
	}
	var decls []ast.Decl
	own := map[string]bool{}
	for _, s := range body.List {
		g := s.(*ast.DeclStmt).Decl.(*ast.GenDecl)
		for _, sp := range g.Specs {
			if v, ok := sp.(*ast.ValueSpec); ok {
				for _, id := range v.Names {
					own[id.Name] = true
				}
			}
		}
		decls = append(decls, g)
	}
	// In a package of its own: what is checked here is only the order.
	saved := c.pkg
	defer func() { c.pkg = saved }()
	var groups []group
	for _, d := range c.out.fresh {
		own[d.name] = true
	}
	c.newPackage(own)
	groups = c.groups(c.out.fresh)
	groups = append(groups, group{c.w.imports, decls})
	info := newInfo()
	if errs := c.run(groups, info, true); len(errs) > 0 {
		return nil // the statements' own check says what is wrong
	}
	at := map[ast.Expr]int{} // by the value's expression: names may be blank
	for i, in := range info.InitOrder {
		at[in.Rhs] = i + 1
	}
	type item struct {
		order int
		s     ast.Stmt
	}
	var list []item
	for _, d := range decls {
		g := d.(*ast.GenDecl)
		for _, sp := range g.Specs {
			v, ok := sp.(*ast.ValueSpec)
			if !ok {
				return nil
			}
			// One statement for each name with a value of its own.
			if len(v.Names) == len(v.Values) || len(v.Values) == 0 {
				for i, id := range v.Names {
					one := &ast.ValueSpec{Names: []*ast.Ident{id}, Type: v.Type}
					if len(v.Values) > 0 {
						one.Values = []ast.Expr{v.Values[i]}
					}
					order := 0
					if len(v.Values) > 0 {
						order = at[v.Values[i]]
					}
					list = append(list, item{order, &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: g.TokPos, Tok: token.VAR, Specs: []ast.Spec{one}}}})
				}
				continue
			}
			list = append(list, item{at[v.Values[0]], &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: g.TokPos, Tok: token.VAR, Specs: []ast.Spec{v}}}})
		}
	}
	slices.SortStableFunc(list, func(a, b item) int { return a.order - b.order })
	body.List = nil
	for _, it := range list {
		body.List = append(body.List, it.s)
	}
	vars = len(body.List)
	return nil
}

// statements checks the cell's statements; the names that they declare are the
// statements' own until [checker.variables] makes them the notebook's.
func (c *checker) statements() *Error {
	body := c.cell.body.Body
	c.lastExpr(body)
	info := newInfo()
	errs := c.run([]group{{c.w.imports, []ast.Decl{c.cell.body}}}, info, true)
	if len(errs) > 0 {
		return c.goError(errs[0])
	}
	c.out.info, c.out.pkg = info, c.pkg
	if c.out.last != nil {
		tv := info.Types[c.out.last]
		switch t := tv.Type.(type) {
		case *types.Tuple:
			c.out.values = t.Len()
		default:
			c.out.values = 1
			if tv.IsVoid() || t == nil {
				c.out.values = 0
			}
		}
	}
	return nil
}

// lastExpr finds the expression whose value the cell shows. One that Go would
// not allow as a statement is checked as an assignment to the blank name.
func (c *checker) lastExpr(body *ast.BlockStmt) {
	n := len(body.List)
	if n == 0 {
		return
	}
	s, ok := body.List[n-1].(*ast.ExprStmt)
	if !ok {
		return
	}
	c.out.last = s.X
	if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); !ok || types.Universe.Lookup(id.Name) == nil || c.pkg.Scope().Lookup(id.Name) != nil {
			// A call may have no value, or several. A conversion is one value;
			// Go refuses it as a statement and says so, so ask first.
			if !c.isConversion(call) {
				return
			}
		} else if o, ok := types.Universe.Lookup(id.Name).(*types.Builtin); ok {
			switch o.Name() {
			case "panic", "print", "println", "close", "delete", "clear":
				return
			}
		}
	} else if u, ok := ast.Unparen(s.X).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		return
	}
	body.List[n-1] = &ast.AssignStmt{
		Lhs: []ast.Expr{&ast.Ident{NamePos: s.X.Pos(), Name: "_"}}, TokPos: s.X.Pos(),
		Tok: token.ASSIGN, Rhs: []ast.Expr{s.X},
	}
}

// isConversion tells whether a call in the last statement converts to a type.
func (c *checker) isConversion(call *ast.CallExpr) bool {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType, *ast.StructType:
		return true
	case *ast.StarExpr:
		return true
	case *ast.Ident:
		if o := c.pkg.Scope().Lookup(f.Name); o != nil {
			_, ok := o.(*types.TypeName)
			return ok
		}
	case *ast.IndexExpr:
		return c.isConversion(&ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return c.isConversion(&ast.CallExpr{Fun: f.X})
	case *ast.SelectorExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			if path, ok := c.w.imports.names[id.Name]; ok {
				if pkg, err := c.k.opt.Importer.Import(path); err == nil {
					_, ok := pkg.Scope().Lookup(f.Sel.Name).(*types.TypeName)
					return ok
				}
			}
		}
	}
	return false
}

// variables makes what the statements declared the notebook's variables.
func (c *checker) variables(changed map[string]bool) *Error {
	scope := c.out.info.Scopes[c.cell.body.Type]
	moved := map[string]bool{}
	for _, name := range scope.Names() {
		v, ok := scope.Lookup(name).(*types.Var)
		if !ok || name == "_" {
			if t, isType := scope.Lookup(name).(*types.TypeName); isType {
				return c.errorAt(t.Pos(), "TypeError", "declare "+name+" on a line of its own")
			}
			continue
		}
		old := c.w.live[name]
		if old != nil && old.kind == varKind && types.Identical(old.obj.Type(), v.Type()) {
			c.out.vars = append(c.out.vars, old)
			c.out.varOf[v] = old
			continue
		}
		d := &decl{name: name, kind: varKind, cell: c.cell.n, imports: c.w.imports}
		d.obj = types.NewVar(v.Pos(), c.pkg, name, v.Type())
		c.k.declOf[d.obj] = d
		if old != nil || c.w.imports.names[name] != "" {
			moved[name] = true
		}
		for _, f := range c.out.fresh {
			if f.name == name {
				return c.errorAt(v.Pos(), "TypeError", name+" redeclared in this cell")
			}
		}
		delete(c.w.imports.names, name)
		c.w.live[name] = d
		c.out.vars = append(c.out.vars, d)
		c.out.varOf[v] = d
	}
	if len(moved) == 0 {
		for _, d := range c.out.vars {
			c.pkg.Scope().Insert(d.obj)
		}
		return nil
	}
	// A name has another type or meaning: what uses it is checked anew.
	for _, d := range c.out.fresh {
		moved[d.name] = true
	}
	for name := range c.w.dependents(moved) {
		d := c.w.edit(name)
		d.stale = nil
		if d.kind == funcKind {
			c.out.fresh = append(c.out.fresh, d)
			continue
		}
		// A type or constant cannot depend on a variable's value but its
		// methods can.
		for _, m := range d.meths {
			c.out.freshMeths = append(c.out.freshMeths, typeMethod{d, m})
		}
	}
	var funcs []*decl
	again := map[string]bool{}
	for _, d := range c.out.fresh {
		if d.kind == funcKind {
			funcs, again[d.name] = append(funcs, d), true
		}
	}
	c.newPackage(again)
	for {
		info := newInfo()
		errs := c.run(c.groups(funcs), info, false)
		if len(errs) == 0 {
			for _, d := range funcs {
				if o := c.pkg.Scope().Lookup(d.name); o != nil {
					d.obj, d.info = o, info
					c.k.declOf[o] = d
				}
			}
			return nil
		}
		if !c.setStale(errs[0]) {
			return c.goError(errs[0])
		}
		funcs = slices.DeleteFunc(funcs, func(d *decl) bool { return d.stale != nil })
		c.newPackage(again)
	}
}

// bodies checks the bodies of all functions and methods to be compiled.
func (c *checker) bodies() *Error {
	for i := 0; i < len(c.out.fresh); i++ {
		d := c.out.fresh[i]
		d.deps = map[string]bool{}
		switch d.kind {
		case funcKind:
			info := newInfo()
			if errs := c.run([]group{{d.imports, []ast.Decl{blank(d.fn)}}}, info, true); len(errs) > 0 {
				if d.cell == c.cell.n {
					return c.goError(errs[0])
				}
				d.stale = c.goError(errs[0])
				d.noteDeps(c, d.fn, info, d.deps)
				c.out.fresh = slices.Delete(c.out.fresh, i, i+1)
				i--
				continue
			}
			d.info = info
			d.noteDeps(c, d.fn, info, d.deps)
		case typeKind:
			d.noteDeps(c, d.spec, d.info, d.deps)
			for _, m := range d.meths {
				if err := c.methodBody(d, m); err != nil {
					return err
				}
			}
		case constKind:
			d.noteDeps(c, d.group, d.info, d.deps)
		}
	}
	for _, tm := range c.out.freshMeths {
		if err := c.methodBody(tm.d, tm.m); err != nil {
			return err
		}
	}
	// The statements cannot use what this very cell made stale.
	for id, o := range c.out.info.Uses {
		if d := c.k.declOf[o]; d != nil && c.w.live[d.name] != nil && c.w.live[d.name].stale != nil && c.k.world.live[d.name] != nil && d.kind == funcKind {
			st := c.w.live[d.name].stale
			return c.errorAt(id.Pos(), "TypeError", fmt.Sprintf("%s no longer compiles after this cell's changes: %s", d.name, st.Error()))
		}
	}
	return nil
}

func (c *checker) methodBody(d *decl, m *method) *Error {
	info := newInfo()
	m.asFunc = asFunction(m.fn, d.spec)
	if errs := c.run([]group{{m.imports, []ast.Decl{m.asFunc}}}, info, true); len(errs) > 0 {
		e := c.goError(errs[0])
		if m.cell != c.cell.n {
			e.Message = fmt.Sprintf("method %s.%s of an earlier cell no longer compiles after this cell's changes: %s", d.name, m.name, e.Message)
		}
		return e
	}
	m.info = info
	m.deps = map[string]bool{}
	d.noteDeps(c, m.fn, info, m.deps)
	return nil
}

// noteDeps records which names of the notebook a piece of syntax uses.
func (d *decl) noteDeps(c *checker, n ast.Node, info *types.Info, deps map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := info.Uses[id]; o != nil {
				if o.Pkg() != nil && o.Pkg().Path() == notebookPath && o.Parent() != nil && o.Parent() == o.Pkg().Scope() || c.k.declOf[o] != nil {
					deps[o.Name()] = true
				}
			} else if info.Defs[id] == nil {
				deps[id.Name] = true // unknown now; it may come back
			}
		}
		return true
	})
}

// goError makes an error of the cell from one of the type checker.
func (c *checker) goError(e types.Error) *Error {
	msg := c.plainNames(e.Msg)
	if name, ok := strings.CutPrefix(msg, "undefined: "); ok {
		if d := c.w.live[name]; d != nil && d.stale != nil {
			msg = fmt.Sprintf("%s no longer compiles: %s", name, d.stale.Error())
		} else if c.k.opt.Path != nil {
			if path := c.k.opt.Path(name); path != "" {
				msg += fmt.Sprintf(" (import %q first)", path)
			}
		}
	}
	return c.errorAt(e.Pos, "TypeError", msg)
}

// plainNames drops the cell's name before a type unless the type is one of an
// earlier cell that has been defined anew since.
func (c *checker) plainNames(msg string) string {
	var b strings.Builder
	for {
		i := strings.Index(msg, "In[")
		if i < 0 {
			break
		}
		j := strings.Index(msg[i:], "].")
		if j < 0 {
			break
		}
		cell, rest := msg[i:i+j+1], msg[i+j+2:]
		end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !isLetterOrDigit(r) })
		if end < 0 {
			end = len(rest)
		}
		b.WriteString(msg[:i])
		if d := c.w.live[rest[:end]]; d == nil || d.obj == nil || d.obj.Pkg() != nil && d.obj.Pkg().Name() != cell {
			b.WriteString(cell + ".")
		}
		msg = rest
	}
	b.WriteString(msg)
	return b.String()
}

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r > 127
}

// errorAt makes an error at a place of this or an earlier cell.
func (c *checker) errorAt(pos token.Pos, name, msg string) *Error {
	return c.k.errorAt(pos, name, msg)
}
