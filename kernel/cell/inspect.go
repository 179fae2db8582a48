package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Inspect returns what is known of the name at pos: Go's declaration of it, its
// documentation, and its value if it is a variable of the notebook. All are
// empty if nothing is known.
func (k *Interp) Inspect(text string, pos int) (decl, doc, value string) {
	pos = min(max(pos, 0), len(text))
	text = withoutQuery(text, pos)
	k.mu.Lock()
	defer k.mu.Unlock()
	p, info, pkg := k.analyse(closed(text), false)
	if p == nil {
		return "", "", ""
	}
	var id *ast.Ident
	best := -1
	ast.Inspect(p.file, func(n ast.Node) bool {
		x, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		if info.Uses[x] == nil && info.Defs[x] == nil {
			// A name of a package that is not imported yet.
			s := selectedFrom(p.file, x)
			if s == nil {
				return true
			}
			from := k.unimported(s.X, info)
			if from == nil || from.Scope().Lookup(x.Name) == nil {
				return true
			}
			info.Uses[x] = from.Scope().Lookup(x.Name)
		}
		at, ok := p.offset(x.Pos())
		if ok && at <= pos && pos <= at+len(x.Name) && at > best {
			id, best = x, at
		}
		return true
	})
	if id == nil {
		// Behind an open bracket one wants to know about the function.
		if i := strings.LastIndexByte(text[:pos], '('); i > 0 && !strings.Contains(text[i:pos], ")") && pos > i {
			k.mu.Unlock()
			decl, doc, value = k.Inspect(text, i)
			k.mu.Lock()
		}
		return decl, doc, value
	}
	o := info.Uses[id]
	if o == nil {
		o = info.Defs[id]
	}
	qual := func(p *types.Package) string {
		if p == pkg || p.Path() == notebookPath {
			return ""
		}
		return p.Name()
	}
	decl = types.ObjectString(o, qual)
	if pn, ok := o.(*types.PkgName); ok {
		decl = fmt.Sprintf("package %s // import %q", pn.Imported().Name(), pn.Imported().Path())
	}
	doc = k.docOf(o, info, id, p)
	if d := k.world.live[o.Name()]; d != nil && d.kind == varKind && isNotebookVar(o, d, info, p) {
		value = k.valueText(d, 400)
	} else if s := selectedFrom(p.file, id); s != nil {
		if v, ok := k.valueOf(s, info, p); ok && !k.isRunning() {
			value = shorten(v, 400)
		}
	}
	if value == "" {
		value = constantText(o)
	}
	return decl, doc, value
}

// isNotebookVar tells whether an object is the notebook's variable d: that one
// itself, or its declaration in the text of a cell that has run.
func isNotebookVar(o types.Object, d *decl, info *types.Info, p *parsed) bool {
	v, ok := o.(*types.Var)
	if !ok || v.IsField() {
		return false
	}
	return d.obj == o || p.body != nil && o.Parent() != nil && o.Parent() == info.Scopes[p.body.Type] && types.Identical(o.Type(), d.obj.Type())
}

// docOf finds the documentation of an object.
func (k *Interp) docOf(o types.Object, info *types.Info, id *ast.Ident, p *parsed) string {
	if pn, ok := o.(*types.PkgName); ok {
		return k.doc(pn.Imported().Path(), "")
	}
	if o.Pkg() == nil {
		return builtinDocs[o.Name()]
	}
	if o.Pkg().Path() == notebookPath {
		return k.ownDoc(o, info, p)
	}
	key := o.Name()
	switch o := o.(type) {
	case *types.Func:
		if r := o.Signature().Recv(); r != nil {
			if n := namedOf(r.Type()); n != nil {
				key = n.Obj().Name() + "." + key
			}
		}
	case *types.Var:
		if o.IsField() {
			key = k.fieldOwner(o) + "." + key
		}
	}
	return k.doc(o.Pkg().Path(), key)
}

// fieldOwner finds the type of a package that has a field.
func (k *Interp) fieldOwner(f *types.Var) string {
	s := f.Pkg().Scope()
	for _, n := range s.Names() {
		if t, ok := s.Lookup(n).(*types.TypeName); ok {
			if st, ok := t.Type().Underlying().(*types.Struct); ok {
				for x := range st.Fields() {
					if x == f {
						return n
					}
				}
			}
		}
	}
	return ""
}

func (k *Interp) doc(path, key string) string {
	if k.opt.Doc == nil {
		return ""
	}
	return k.opt.Doc(path, key)
}

// valueText prints the value of a variable, shortened. While a cell runs only
// plain values are read.
func (k *Interp) valueText(d *decl, limit int) string {
	running := k.isRunning()
	v, ok := k.variable(d)
	if !ok {
		return ""
	}
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.String:
	default:
		if running {
			return "(a cell is running)"
		}
	}
	return shorten(v, limit)
}

// shorten prints a value in about limit bytes.
func shorten(v reflect.Value, limit int) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprintf("(its text cannot be had: %v)", r)
		}
	}()
	if r, c, ok := dimensions(v); ok {
		return fmt.Sprintf("%d × %d", r, c)
	}
	if left := maxShown; !isSmall(v, &left, 0) {
		return lengths(v)
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		n := v.Len()
		s = fmt.Sprintf("len %d", n)
		return cut(fmt.Sprintf("%v", v), limit) + " (" + s + ")"
	case reflect.String:
		return cut(fmt.Sprintf("%q", v.String()), limit)
	case reflect.Func, reflect.Chan:
		return ""
	}
	if !v.CanInterface() {
		return cut(fmt.Sprintf("%v", v), limit)
	}
	return cut(fmt.Sprintf("%v", v.Interface()), limit)
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func namedOf(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}
