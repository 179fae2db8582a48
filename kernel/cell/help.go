package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Match is one way to complete a name.
type Match struct {
	Text string
	Kind string // function, type, variable, constant, field, method, module, keyword
}

// hole stands where the cursor is, so that a selector without a name parses.
const hole = "ⵣ"

// Complete returns what can stand in place of text[from:to], the name that the
// cursor at pos is in.
func (k *Interp) Complete(text string, pos int) (from, to int, matches []Match) {
	pos = min(max(pos, 0), len(text))
	if from, matches, ok := completeLine(text, pos); ok {
		return from, pos, matches
	}
	text = withoutQuery(text, pos)
	from, to = pos, pos
	for from > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:from])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		from -= n
	}
	prefix := text[from:pos]
	if path, start, ok := importPrefix(text[:pos]); ok {
		for _, p := range k.opt.Paths {
			if strings.HasPrefix(p, path) {
				matches = append(matches, Match{p, "module"})
			}
		}
		sort.Slice(matches, func(i, j int) bool { return matches[i].Text < matches[j].Text })
		return start, pos, matches
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	p, info, pkg := k.analyse(closed(text[:pos]+hole), false)
	if p == nil {
		return from, to, nil
	}
	var found []Match
	ast.Inspect(p.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if strings.HasSuffix(n.Sel.Name, hole) && found == nil {
				found = k.members(n.X, info, pkg)
				if found == nil {
					found = []Match{}
				}
			}
		case *ast.Ident:
			if strings.HasSuffix(n.Name, hole) && found == nil {
				found = k.inScope(n, info, pkg)
				found = append(found, literalFields(p.file, n, info)...)
			}
		}
		return true
	})
	seen := map[string]bool{}
	for _, m := range found {
		if strings.HasPrefix(m.Text, prefix) && !seen[m.Text] && token.IsIdentifier(m.Text) || token.IsKeyword(m.Text) && strings.HasPrefix(m.Text, prefix) {
			seen[m.Text] = true
			matches = append(matches, m)
		}
	}
	slices.SortFunc(matches, func(a, b Match) int { return strings.Compare(a.Text, b.Text) })
	return from, to, matches
}

// importPrefix tells whether a text ends inside an import's path.
func importPrefix(text string) (path string, start int, ok bool) {
	line := text[strings.LastIndexByte(text, '\n')+1:]
	i := strings.LastIndexByte(line, '"')
	if i < 0 || strings.Count(line, `"`)%2 == 0 {
		return "", 0, false
	}
	head := strings.TrimSpace(line[:i])
	if !strings.HasPrefix(head, "import") {
		open := strings.LastIndex(text, "import (")
		if open < 0 || strings.Contains(text[open:], ")") {
			return "", 0, false
		}
	}
	return line[i+1:], len(text) - len(line) + i + 1, true
}

// closed closes the brackets and strings that a text leaves open.
func closed(text string) string {
	for range 4 {
		_, err := parse(token.NewFileSet(), 1, text)
		if err == nil || err.Name != "Incomplete" {
			break
		}
		text += closers(text)
	}
	return text
}

// closers returns the brackets that a text lacks.
func closers(text string) string {
	var stack []byte
	inString, inRaw, inRune, comment := false, false, false, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case comment == 1:
			if c == '\n' {
				comment = 0
			}
		case comment == 2:
			if c == '*' && i+1 < len(text) && text[i+1] == '/' {
				comment = 0
				i++
			}
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' || c == '\n' {
				inString = false
			}
		case inRune:
			if c == '\\' {
				i++
			} else if c == '\'' || c == '\n' {
				inRune = false
			}
		case inRaw:
			inRaw = c != '`'
		case c == '"':
			inString = true
		case c == '\'':
			inRune = true
		case c == '`':
			inRaw = true
		case c == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*'):
			comment = 1
			if text[i+1] == '*' {
				comment = 2
			}
		case c == '(':
			stack = append(stack, ')')
		case c == '[':
			stack = append(stack, ']')
		case c == '{':
			stack = append(stack, '}')
		case len(stack) > 0 && c == stack[len(stack)-1]:
			stack = stack[:len(stack)-1]
		}
	}
	out := ""
	if inRaw {
		out = "`"
	}
	if comment == 2 {
		out = "*/"
	}
	for i := len(stack) - 1; i >= 0; i-- {
		out += string(stack[i])
	}
	return out
}

// analyse checks a text as far as it goes, whatever is wrong with it.
func (k *Interp) analyse(text string, strict bool) (*parsed, *types.Info, *types.Package) {
	fset := token.NewFileSet()
	p, _ := parseTolerant(fset, text)
	if p == nil {
		return nil, nil, nil
	}
	c := &checker{k: k, fset: fset, w: k.world.clone(), cell: p}
	c.out = &checked{parsed: p, world: c.w, varOf: map[types.Object]*decl{}}
	for _, s := range p.imports {
		one := *p
		one.imports = []*ast.ImportSpec{s}
		c.cell = &one
		_ = c.addImports()
	}
	c.cell = p
	own := map[string]bool{}
	var decls []ast.Decl
	for _, g := range p.decls {
		decls = append(decls, g)
		for _, s := range g.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				own[s.Name.Name] = true
			case *ast.ValueSpec:
				for _, id := range s.Names {
					own[id.Name] = true
				}
			}
		}
	}
	for _, f := range p.funcs {
		if f.Recv == nil {
			own[f.Name.Name] = true
		} else if d := k.world.live[receiverBase(f)]; d != nil && d.kind == typeKind && !own[d.name] {
			f = asFunction(f, d.spec)
		}
		decls = append(decls, f)
	}
	decls = append(decls, p.body)
	c.newPackage(own)
	info := newInfo()
	func() {
		defer func() { _ = recover() }() // half a text is no reason to die
		c.run([]group{{c.w.imports, decls}}, info, true)
	}()
	return p, info, c.pkg
}

func kindOfObject(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		if o.Signature().Recv() != nil {
			return "method"
		}
		return "function"
	case *types.Builtin:
		return "function"
	case *types.TypeName:
		return "type"
	case *types.Const:
		return "constant"
	case *types.PkgName:
		return "module"
	case *types.Var:
		if o.IsField() {
			return "field"
		}
	}
	return "variable"
}

// members lists what can follow "x.".
func (k *Interp) members(x ast.Expr, info *types.Info, pkg *types.Package) []Match {
	var out []Match
	imported := k.unimported(x, info)
	if id, ok := ast.Unparen(x).(*ast.Ident); ok {
		if p, ok := info.Uses[id].(*types.PkgName); ok {
			imported = p.Imported()
		}
	}
	if imported != nil {
		for _, n := range imported.Scope().Names() {
			if o := imported.Scope().Lookup(n); o.Exported() {
				out = append(out, Match{n, kindOfObject(o)})
			}
		}
		return out
	}
	tv, ok := info.Types[x]
	if !ok || tv.Type == nil {
		return nil
	}
	visible := func(o types.Object) bool {
		return o.Exported() || o.Pkg() != nil && o.Pkg().Path() == notebookPath
	}
	t := tv.Type
	recv := t
	if _, isPtr := t.Underlying().(*types.Pointer); !isPtr && !types.IsInterface(t) {
		recv = types.NewPointer(t)
	}
	set := types.NewMethodSet(recv)
	for i := range set.Len() {
		if o := set.At(i).Obj(); visible(o) {
			out = append(out, Match{o.Name(), "method"})
		}
	}
	seen := map[types.Type]bool{}
	var fields func(t types.Type)
	fields = func(t types.Type) {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		if seen[t] {
			return
		}
		seen[t] = true
		if s, ok := t.Underlying().(*types.Struct); ok {
			for f := range s.Fields() {
				if visible(f) {
					out = append(out, Match{f.Name(), "field"})
				}
				if f.Embedded() {
					fields(f.Type())
				}
			}
		}
	}
	if !tv.IsType() {
		fields(t)
	}
	return out
}

// inScope lists the names that are known at an identifier.
func (k *Interp) inScope(id *ast.Ident, info *types.Info, pkg *types.Package) []Match {
	var out []Match
	inner := pkg.Scope().Innermost(id.Pos())
	for _, s := range info.Scopes {
		if s.Contains(id.Pos()) && (inner == nil || inner.Contains(s.Pos()) && s != inner && s.Pos() >= inner.Pos() && s.End() <= inner.End()) {
			inner = s
		}
	}
	if inner == nil {
		inner = pkg.Scope()
	}
	for s := inner; s != nil; s = s.Parent() {
		for _, n := range s.Names() {
			o := s.Lookup(n)
			if s != types.Universe && s != pkg.Scope() && o.Pos() > id.Pos() {
				continue
			}
			out = append(out, Match{n, kindOfObject(o)})
		}
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		out = append(out, Match{t.String(), "keyword"})
	}
	return out
}

// literalFields lists the fields of the struct literal that an identifier
// stands in.
func literalFields(f *ast.File, id *ast.Ident, info *types.Info) []Match {
	var out []Match
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Key
			}
			if e != id {
				continue
			}
			t := info.TypeOf(lit)
			if t == nil {
				continue
			}
			if s, ok := t.Underlying().(*types.Struct); ok {
				for f := range s.Fields() {
					if f.Exported() || f.Pkg() != nil && f.Pkg().Path() == notebookPath {
						out = append(out, Match{f.Name(), "field"})
					}
				}
			}
		}
		return true
	})
	return out
}

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
