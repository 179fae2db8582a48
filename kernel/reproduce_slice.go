package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/kernel/notebook"
)

var composed = regexp.MustCompile(`figure\.Compose\("([^"]+)"`)

// figuresOf lists the figures that a notebook's cells draw, by cell.
func figuresOf(nb *notebook.Notebook) map[string]int {
	out := map[string]int{}
	for i, c := range nb.Cells {
		if c.Type != notebook.Code {
			continue
		}
		for _, m := range composed.FindAllStringSubmatch(c.Source, -1) {
			out[m[1]] = i
		}
	}
	return out
}

// matchesFigure tells whether a name such as "3b", "03b" or "03b_performance"
// means a figure; "3" means
// all of notebook 03.
func matchesFigure(wanted, figure string) bool {
	id, _, _ := strings.Cut(figure, "_")
	trim := func(s string) string { return strings.TrimLeft(strings.ToLower(s), "0") }
	number := strings.TrimRight(trim(id), "abcdefghijklmnopqrstuvwxyz")
	return strings.EqualFold(wanted, figure) || trim(wanted) == trim(id) || number != "" && trim(wanted) == number
}

// slice keeps of a notebook the cells that some figures need: those that draw
// them, and before them every cell that gives a value to a name that a kept cell
// uses, or changes one by calling its methods or taking its address. Cells with
// imports or the parameters stay, and so do those whose text does not parse here
// and those tagged "always"; err does not tie cells together.
func slice(nb *notebook.Notebook, targets map[int]bool) {
	keep := map[int]bool{}
	need := map[string]bool{}
	last := -1
	for t := range targets {
		last = max(last, t)
	}
	for i := last; i >= 0; i-- {
		c := nb.Cells[i]
		if c.Type != notebook.Code {
			continue
		}
		sets, uses, ok := names(c.Source)
		wanted := targets[i] || !ok || c.HasTag("always") || c.HasTag("parameters") || strings.Contains(c.Source, "import ")
		for n := range sets {
			wanted = wanted || need[n]
		}
		if !wanted {
			continue
		}
		keep[i] = true
		for n := range uses {
			if n != "err" && n != "_" {
				need[n] = true
			}
		}
	}
	var cells []*notebook.Cell
	for i, c := range nb.Cells {
		if keep[i] {
			cells = append(cells, c)
		}
	}
	nb.Cells = cells
}

var imports = regexp.MustCompile(`(?s)import\s*(\([^)]*\)|"[^"]*"|\w+\s+"[^"]*")`)

// names returns the names to which a cell gives values and those it uses.
func names(source string) (sets, uses map[string]bool, ok bool) {
	body := imports.ReplaceAllString(source, "")
	sets, uses = map[string]bool{}, map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+body+"\n}", 0)
	if err != nil {
		// Functions and methods are declared beside statements only in cells.
		if file, err = parser.ParseFile(token.NewFileSet(), "", "package p\n"+body, 0); err != nil {
			return sets, uses, false
		}
	}
	var root func(e ast.Expr) string
	root = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name
		case *ast.SelectorExpr:
			return root(e.X)
		case *ast.IndexExpr:
			return root(e.X)
		case *ast.StarExpr:
			return root(e.X)
		case *ast.ParenExpr:
			return root(e.X)
		}
		return ""
	}
	set := func(e ast.Expr) {
		if n := root(e); n != "" {
			sets[n] = true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			uses[n.Name] = true
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				set(e)
			}
		case *ast.IncDecStmt:
			set(n.X)
		case *ast.RangeStmt:
			if n.Key != nil {
				set(n.Key)
			}
			if n.Value != nil {
				set(n.Value)
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				sets[id.Name] = true
			}
		case *ast.TypeSpec:
			sets[n.Name.Name] = true
		case *ast.FuncDecl:
			sets[n.Name.Name] = true
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				set(n.X)
			}
		case *ast.ExprStmt:
			// A call made for its effect may change its receiver.
			ast.Inspect(n, func(m ast.Node) bool {
				if c, is := m.(*ast.CallExpr); is {
					if s, is := c.Fun.(*ast.SelectorExpr); is {
						set(s.X)
					}
				}
				return true
			})
		}
		return true
	})
	// Packages are called, not changed.
	for _, p := range []string{"run", "figure", "paper", "fmt", "display", "train", "probe", "stats", "task", "net", "dataset", "movement", "stroke", "recording", "arm", "math"} {
		delete(sets, p)
	}
	return sets, uses, true
}

// figureAt is a figure and the notebook that draws it.
type figureAt struct {
	path, figure string
	cell         int
}

// findFigures looks for the figures of a name in notebooks. Several with one
// number are several parts of it: all are meant.
func findFigures(paths []string, wanted string) ([]figureAt, error) {
	var found []figureAt
	var have []string
	for _, p := range paths {
		nb, err := notebook.Read(p)
		if err != nil {
			return nil, err
		}
		for f, cell := range figuresOf(nb) {
			have = append(have, f)
			if matchesFigure(wanted, f) {
				found = append(found, figureAt{p, f, cell})
			}
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].figure < found[j].figure })
	if len(found) == 0 {
		sort.Strings(have)
		return nil, usageErrorf("no figure %q; there are %s", wanted, strings.Join(have, ", "))
	}
	return found, nil
}
