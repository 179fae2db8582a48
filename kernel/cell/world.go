package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"

	"github.com/spindle-lab/spindle/kernel/cell/vm"
)

// A kind of declaration.
type kind int

const (
	constKind kind = iota
	typeKind
	funcKind
	varKind
)

// A decl is one live name of the notebook. Its syntax tree is kept, since what
// it depends on may be defined anew and it then has to be checked and compiled
// again.
type decl struct {
	name string
	kind kind
	cell int // that it was written in

	group *ast.GenDecl  // constKind: the whole group, for its iota
	spec  *ast.TypeSpec // typeKind
	fn    *ast.FuncDecl // funcKind
	meths map[string]*method

	imports *imports // of its cell
	obj     types.Object
	info    *types.Info // of the last check of its tree
	deps    map[string]bool
	emitted string // its name in yaegi, "" while it has none
	global  *vm.Global
	// compiled is the function that its callers call, compiledSig its type.
	compiled    *vm.Function
	compiledSig types.Type
	stale       *Error // why it no longer compiles, after a change of what it uses
	order       int    // for declaring in the order of writing
}

// A method of a type of the notebook.
type method struct {
	name    string
	cell    int
	fn      *ast.FuncDecl
	imports *imports
	info    *types.Info
	sig     *types.Signature
	deps    map[string]bool
	asFunc  *ast.FuncDecl // as it was checked, and is compiled
}

// imports are the packages that a cell's code can name.
type imports struct {
	names map[string]string // local name → path
	dots  []string          // paths of dot imports
}

func (im *imports) clone() *imports {
	return &imports{maps.Clone(im.names), append([]string(nil), im.dots...)}
}

// specs returns the import declarations of a file in which the names are not
// taken by objects of the package.
func (im *imports) specs(taken func(string) bool) *ast.GenDecl {
	g := &ast.GenDecl{Tok: token.IMPORT}
	for name, path := range im.names {
		if taken != nil && taken(name) {
			continue
		}
		g.Specs = append(g.Specs, importSpec(name, path))
	}
	for _, path := range im.dots {
		g.Specs = append(g.Specs, importSpec(".", path))
	}
	return g
}

func importSpec(name, path string) *ast.ImportSpec {
	return &ast.ImportSpec{Name: ast.NewIdent(name), Path: &ast.BasicLit{Kind: token.STRING, Value: `"` + path + `"`}}
}

// A world is all that the notebook has defined so far.
type world struct {
	live    map[string]*decl
	imports *imports
}

func newWorld() *world {
	return &world{live: map[string]*decl{}, imports: &imports{names: map[string]string{}}}
}

// clone copies the world, so that a cell that fails leaves it as it was.
// Declarations are shared until [world.edit] replaces one.
func (w *world) clone() *world {
	return &world{live: maps.Clone(w.live), imports: w.imports.clone()}
}

// edit returns a copy of a live declaration that may be changed.
func (w *world) edit(name string) *decl {
	d := *w.live[name]
	d.meths = maps.Clone(d.meths)
	for k, m := range d.meths {
		c := *m
		d.meths[k] = &c
	}
	w.live[name] = &d
	return &d
}

// dependents returns the names of all live types, constants and functions that
// use one of the changed names, however far, the changed ones left out.
func (w *world) dependents(changed map[string]bool) map[string]bool {
	found := map[string]bool{}
	for more := true; more; {
		more = false
		for name, d := range w.live {
			if found[name] || changed[name] || d.kind == varKind {
				continue
			}
			if d.uses(changed) || d.uses(found) {
				found[name], more = true, true
			}
		}
	}
	return found
}

func (d *decl) uses(names map[string]bool) bool {
	hit := func(deps map[string]bool) bool {
		for n := range deps {
			if names[n] && n != d.name {
				return true
			}
		}
		return false
	}
	if hit(d.deps) {
		return true
	}
	for _, m := range d.meths {
		if hit(m.deps) {
			return true
		}
	}
	return false
}
