package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
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
	were       map[types.Object]*decl // functions that were checked again behind the statements
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
	c.out = &checked{parsed: p, world: c.w, varOf: map[types.Object]*decl{}, were: map[types.Object]*decl{}}
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

// newPackage starts the package anew with all live objects but the excepted
// ones. It is the same for every cell: fields that are not exported belong to
// it, and a later cell may write them in a literal without their names.
func (c *checker) newPackage(except map[string]bool) {
	c.pkg = c.k.pkg
	c.pkg.SetName(fileName(c.cell.n))
	*c.pkg.Scope() = *types.NewScope(types.Universe, token.NoPos, token.NoPos, "")
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
