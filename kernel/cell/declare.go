package cell

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

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
				if msg := notInit(f); msg != "" {
					return nil, c.errorAt(f.Name.Pos(), "TypeError", msg)
				}
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

// notInit tells in Go's words why a function cannot be an init function, which
// is run as a literal that the checker would not ask.
func notInit(f *ast.FuncDecl) string {
	switch {
	case f.Type.TypeParams != nil:
		return "func init must have no type parameters"
	case f.Type.Params.NumFields() > 0 || f.Type.Results.NumFields() > 0:
		return "func init must have no arguments and no return values"
	case f.Body == nil:
		return "func init must have a body"
	}
	return ""
}
