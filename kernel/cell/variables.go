package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
)

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
					if d.obj != nil {
						c.out.were[d.obj] = d // the statements know it as this
					}
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
