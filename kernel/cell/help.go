package cell

import (
	"go/ast"
	"go/token"
	"go/types"
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
