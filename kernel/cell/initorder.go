package cell

import (
	"go/ast"
	"go/token"
	"slices"
)

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
	// What is checked here is only the order: the package gets its names back.
	saved := *c.pkg.Scope()
	defer func() { *c.pkg.Scope() = saved }()
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
