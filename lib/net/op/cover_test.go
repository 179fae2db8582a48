package op

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Every op that the package offers is called where gradients are compared with
// finite differences, but for those that have none.
func TestEveryOpHasItsDifferences(t *testing.T) {
	without := map[string]bool{"MED": true} // a metric
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	parse := func(keep func(name string) bool) (out []*ast.File) {
		for _, name := range names {
			if !keep(name) {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, f)
		}
		return out
	}
	called := map[string]bool{}
	for _, f := range parse(func(name string) bool { return name == "finite_test.go" }) {
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if id, ok := c.Fun.(*ast.Ident); ok {
					called[id.Name] = true
				}
			}
			return true
		})
	}
	ops := 0
	for _, f := range parse(func(name string) bool { return !strings.HasSuffix(name, "_test.go") }) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() || !makesNode(fn.Type) {
				continue
			}
			ops++
			if !called[fn.Name.Name] && !without[fn.Name.Name] {
				t.Errorf("%s is not compared with finite differences", fn.Name.Name)
			}
		}
	}
	if ops < 10 {
		t.Errorf("only %d ops were found", ops)
	}
}

// makesNode tells whether a function returns (*gorgonia.Node, error).
func makesNode(f *ast.FuncType) bool {
	if f.Results == nil || len(f.Results.List) != 2 {
		return false
	}
	p, ok := f.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	s, ok := p.X.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Node"
}
