package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// usedNames returns a body in which every local variable is used, as a program
// demands and a cell does not.
func usedNames(body *ast.BlockStmt, info *types.Info) *ast.BlockStmt {
	used := map[types.Object]bool{}
	written := map[*ast.Ident]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN {
				for _, l := range n.Lhs {
					if id, ok := ast.Unparen(l).(*ast.Ident); ok {
						written[id] = true
					}
				}
			}
		case *ast.Ident:
			if o := info.Uses[n]; o != nil && !written[n] {
				used[o] = true
			}
		}
		return true
	})
	blank := func(o types.Object, name string) ast.Stmt {
		used[o] = true
		return &ast.AssignStmt{Lhs: []ast.Expr{ast.NewIdent("_")}, Tok: token.ASSIGN, Rhs: []ast.Expr{ast.NewIdent(name)}}
	}
	declared := func(s ast.Node) (out []ast.Stmt) {
		ids := []ast.Expr{}
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				ids = s.Lhs
			}
		case *ast.DeclStmt:
			if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, sp := range g.Specs {
					for _, id := range sp.(*ast.ValueSpec).Names {
						ids = append(ids, id)
					}
				}
			}
		case *ast.RangeStmt:
			if s.Tok == token.DEFINE {
				ids = []ast.Expr{s.Key, s.Value}
			}
		}
		for _, e := range ids {
			if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
				if v, ok := info.Defs[id].(*types.Var); ok && !used[v] {
					out = append(out, blank(v, id.Name))
				}
			}
		}
		return out
	}
	res := astutil.Apply(body, func(cur *astutil.Cursor) bool {
		switch s := cur.Node().(type) {
		case *ast.AssignStmt, *ast.DeclStmt:
			if cur.Index() >= 0 {
				for _, b := range declared(s) {
					cur.InsertAfter(b)
				}
			}
		case *ast.RangeStmt:
			s.Body.List = append(declared(s), s.Body.List...)
		case *ast.IfStmt:
			if s.Init != nil {
				s.Body.List = append(declared(s.Init), s.Body.List...)
			}
		case *ast.ForStmt:
			if s.Init != nil {
				s.Body.List = append(declared(s.Init), s.Body.List...)
			}
		}
		return true
	}, nil)
	return res.(*ast.BlockStmt)
}

// statements writes a cell's statements.
func (x *exporter) statements(c *checked) string {
	extra := map[types.Object]string{}
	for o, d := range c.varOf {
		extra[o] = x.names[d.obj]
	}
	var b strings.Builder
	list := c.body.Body.List
	block := usedNames(&ast.BlockStmt{List: slices.Clone(list)}, c.info)
	for _, s := range block.List {
		if a, ok := s.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && a.TokPos == token.NoPos && isBlankUse(a, c, extra) {
			continue // for a variable of the notebook, which need not be used
		}
		show := c.last != nil && len(list) > 0 && s == list[len(list)-1]
		b.WriteString(x.statement(c, s, show, extra))
		b.WriteByte('\n')
	}
	return b.String()
}

// isBlankUse tells a use that [usedNames] put in for a notebook variable.
func isBlankUse(a *ast.AssignStmt, c *checked, extra map[types.Object]string) bool {
	id, ok := a.Rhs[0].(*ast.Ident)
	if !ok || !isBlankName(a.Lhs[0]) {
		return false
	}
	for o := range extra {
		if o.Name() == id.Name {
			return true
		}
	}
	return false
}

func isBlankName(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

func (x *exporter) statement(c *checked, s ast.Stmt, show bool, extra map[types.Object]string) string {
	if show {
		text := x.print(c.last, c.info, extra)
		switch {
		case !c.quiet && c.values > 0 && !c.isPrint():
			return fmt.Sprintf("show(%t, %s)", c.lastIsError(), x.shown(c, text))
		case c.values == 0 || isCall(c.last):
			return text
		}
		return "_ = " + text
	}
	switch a := s.(type) {
	case *ast.AssignStmt:
		if a.Tok == token.DEFINE {
			g := *a
			g.Tok = token.ASSIGN
			return x.print(&g, c.info, extra)
		}
	case *ast.DeclStmt:
		if g := a.Decl.(*ast.GenDecl); g.Tok == token.VAR {
			return x.varDecl(c, g, extra)
		}
	}
	return x.print(s, c.info, extra)
}

func isCall(e ast.Expr) bool {
	_, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok
}

// shown writes the arguments of show: several values of a call go on alone.
func (x *exporter) shown(c *checked, text string) string {
	if c.values > 1 {
		x.values = true
		return "values(" + text + ")..."
	}
	return text
}

// varDecl writes var statements as assignments to the program's variables.
func (x *exporter) varDecl(c *checked, g *ast.GenDecl, extra map[types.Object]string) string {
	var out []string
	for _, sp := range g.Specs {
		v := sp.(*ast.ValueSpec)
		var lhs []string
		for _, id := range v.Names {
			name := id.Name
			if o := c.info.Defs[id]; o != nil && extra[o] != "" {
				name = extra[o]
			}
			lhs = append(lhs, name)
		}
		if len(v.Values) == 0 {
			for i, id := range v.Names {
				if id.Name != "_" {
					out = append(out, fmt.Sprintf("%s = *new(%s)", lhs[i], x.typeString(c.info.Defs[id].Type())))
				}
			}
			continue
		}
		var rhs []string
		for _, e := range v.Values {
			t := x.print(e, c.info, extra)
			rhs = append(rhs, t)
		}
		out = append(out, strings.Join(lhs, ", ")+" = "+strings.Join(rhs, ", "))
	}
	return strings.Join(out, "\n")
}
