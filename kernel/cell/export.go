package cell

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/printer"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// An ExportCell is a cell to be written as part of a program.
type ExportCell struct {
	Source string
	Raises bool // the cell has to fail; the program goes on behind it
}

// Export writes cells as one Go program that prints what the cells print, and
// what they show. Names that are defined anew get a number; what used them
// before is written again or calls through a variable, as it does in the
// notebook.
func Export(opt Options, cells []ExportCell) ([]byte, error) {
	k, err := New(opt)
	if err != nil {
		return nil, err
	}
	x := &exporter{k: k, names: map[types.Object]string{}, taken: map[string]bool{"main": true, "show": true, "init": true}, imports: map[string]string{}, groups: map[*decl]*slotGroup{}}
	for i, c := range cells {
		if err := x.cell(i+1, c); err != nil {
			return nil, err
		}
	}
	return x.program()
}

// An exporter collects the pieces of the program.
type exporter struct {
	k       *Interp
	names   map[types.Object]string // of package-level objects
	taken   map[string]bool
	imports map[string]string // path → name
	types   []func(*bytes.Buffer)
	groups  map[*decl]*slotGroup
	order   []*slotGroup
	methods map[string]*slotGroup
	vars    bytes.Buffer
	cells   []cellText
	fail    error
}

// A slotGroup is a function with all its definitions of one signature.
type slotGroup struct {
	name  string
	sig   types.Type
	defs  []func(name string) string // text of each definition under a name
	cells []int                      // in which each was made
	// method, if set, is the header of the method that forwards to the group.
	method func(body string) string
	call   string
}

type cellText struct {
	n      int
	body   string
	raises bool
}

// free returns a name that nothing has yet.
func (x *exporter) free(base string) string {
	name := base
	for n := 2; x.taken[name] || types.Universe.Lookup(name) != nil || token.IsKeyword(name); n++ {
		name = base + "_v" + strconv.Itoa(n)
	}
	x.taken[name] = true
	return name
}

// importName returns the program's name of a package.
func (x *exporter) importName(path, name string) string {
	if n, ok := x.imports[path]; ok {
		return n
	}
	n := x.free(name)
	x.imports[path] = n
	return n
}

// qualifier writes package names in types.
func (x *exporter) qualifier(p *types.Package) string {
	if p.Path() == notebookPath {
		return ""
	}
	return x.importName(p.Path(), p.Name())
}

// typeString writes a type with the program's names.
func (x *exporter) typeString(t types.Type) string {
	// Names of types are those of their objects: set them for the time.
	s := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == notebookPath {
			return "\x00"
		}
		return x.importName(p.Path(), p.Name())
	})
	if !strings.Contains(s, "\x00") {
		return s
	}
	var objs []*types.TypeName
	collectNamed(t, map[types.Type]bool{}, &objs)
	for _, o := range objs {
		if n, ok := x.names[o]; ok {
			s = replaceWord(s, "\x00."+o.Name(), n)
		}
	}
	return strings.ReplaceAll(s, "\x00.", "")
}

// replaceWord replaces a qualified name that is not the beginning of another.
func replaceWord(s, old, to string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, old)
		if i < 0 {
			break
		}
		end := i + len(old)
		b.WriteString(s[:i])
		if end < len(s) && (isLetterOrDigit(rune(s[end])) || s[end] == '_') {
			b.WriteString(old)
		} else {
			b.WriteString(to)
		}
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

func collectNamed(t types.Type, seen map[types.Type]bool, out *[]*types.TypeName) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		*out = append(*out, t.Origin().Obj())
		for a := range t.TypeArgs().Types() {
			collectNamed(a, seen, out)
		}
	case *types.Pointer:
		collectNamed(t.Elem(), seen, out)
	case *types.Slice:
		collectNamed(t.Elem(), seen, out)
	case *types.Array:
		collectNamed(t.Elem(), seen, out)
	case *types.Chan:
		collectNamed(t.Elem(), seen, out)
	case *types.Map:
		collectNamed(t.Key(), seen, out)
		collectNamed(t.Elem(), seen, out)
	case *types.Signature:
		for v := range t.Params().Variables() {
			collectNamed(v.Type(), seen, out)
		}
		for v := range t.Results().Variables() {
			collectNamed(v.Type(), seen, out)
		}
	case *types.Struct:
		for f := range t.Fields() {
			collectNamed(f.Type(), seen, out)
		}
	case *types.Interface:
		for m := range t.Methods() {
			collectNamed(m.Type(), seen, out)
		}
	}
}

// cell checks a cell and notes its pieces.
func (x *exporter) cell(n int, ec ExportCell) error {
	k := x.k
	p, perr := parse(k.fset, n, ec.Source)
	if perr != nil {
		return plain(perr)
	}
	k.texts[fileName(n)] = ec.Source
	c, perr := k.check(p)
	if perr != nil {
		if ec.Raises {
			x.cells = append(x.cells, cellText{n, "// refused by the type checker, as the cell expects: " + firstLine(perr.Error()), false})
			return nil
		}
		return plain(perr)
	}
	// Names first: pieces refer to each other.
	for _, d := range c.fresh {
		if d.obj == nil {
			continue
		}
		if d.kind == funcKind {
			x.group(d)
			continue
		}
		x.names[d.obj] = x.free(d.name)
	}
	for _, d := range c.vars {
		if _, ok := x.names[d.obj]; !ok {
			x.names[d.obj] = x.free(d.name)
			fmt.Fprintf(&x.vars, "var %s %s\n", x.names[d.obj], x.typeString(d.obj.Type()))
		}
	}
	done := map[*ast.GenDecl]bool{}
	for _, d := range c.fresh {
		x.declaration(c, d, done)
	}
	for _, tm := range c.freshMeths {
		x.method(c, tm.d, tm.m)
	}
	body := x.statements(c)
	x.cells = append(x.cells, cellText{n, body, ec.Raises})
	k.world = c.world
	return x.fail
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// group finds the slot of a function, as [Interp.define] does.
func (x *exporter) group(d *decl) {
	var g *slotGroup
	if was := x.k.world.live[d.name]; was != nil && was.kind == funcKind && x.groups[was] != nil && types.Identical(was.obj.Type(), d.obj.Type()) && d.fn.Type.TypeParams == nil {
		g = x.groups[was]
	} else {
		g = &slotGroup{name: x.free(d.name), sig: d.obj.Type()}
		x.order = append(x.order, g)
	}
	x.groups[d] = g
	x.names[d.obj] = g.name
}

// declaration notes a type, constant or function.
func (x *exporter) declaration(c *checked, d *decl, done map[*ast.GenDecl]bool) {
	switch d.kind {
	case constKind:
		if done[d.group] {
			return
		}
		done[d.group] = true
		keep := map[string]bool{}
		for _, o := range c.fresh {
			if o.group == d.group {
				keep[o.name] = true
			}
		}
		text := x.print(constGroup(d.group, keep), d.info, nil)
		x.types = append(x.types, func(b *bytes.Buffer) { b.WriteString(text + "\n") })
	case typeKind:
		text := x.print(&ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{d.spec}}, d.info, nil)
		x.types = append(x.types, func(b *bytes.Buffer) { b.WriteString(text + "\n") })
		for _, name := range slices.Sorted(maps.Keys(d.meths)) {
			x.method(c, d, d.meths[name])
		}
	case funcKind:
		g := x.groups[d]
		text := x.printFunc(d.fn, d.info)
		g.defs = append(g.defs, text)
		g.cells = append(g.cells, c.n)
	}
}

// method notes a method, which may be defined again later.
func (x *exporter) method(c *checked, d *decl, m *method) {
	if x.methods == nil {
		x.methods = map[string]*slotGroup{}
	}
	key := fmt.Sprintf("%p.%s", d.obj, m.name)
	asFunc := *m.asFunc
	text := x.printFunc(&asFunc, m.info)
	g := x.methods[key]
	if g == nil {
		base := x.names[d.obj]
		g = &slotGroup{name: x.free(base + "_" + m.name)}
		for id, o := range m.info.Defs {
			if fn, ok := o.(*types.Func); ok && id.Pos() == m.asFunc.Name.Pos() {
				g.sig = fn.Type()
			}
		}
		x.methods[key] = g
		x.order = append(x.order, g)
		// The method as it is written, for the usual case of one definition.
		plainText := x.printMethod(d, m)
		g.method = func(body string) string {
			if body == "" {
				return plainText
			}
			return plainText[:strings.Index(plainText, "{\n")+1] + "\n" + body + "\n}\n"
		}
		g.call = forwardCall(m)
	}
	g.defs = append(g.defs, text)
	g.cells = append(g.cells, c.n)
}

// forwardCall is the call that a method makes of the function with its body.
func forwardCall(m *method) string {
	args := []string{m.fn.Recv.List[0].Names[0].Name}
	for _, f := range m.fn.Type.Params.List {
		for _, n := range f.Names {
			a := n.Name
			if _, ok := f.Type.(*ast.Ellipsis); ok {
				a += "..."
			}
			args = append(args, a)
		}
	}
	s := "%s(" + strings.Join(args, ", ") + ")"
	if m.fn.Type.Results != nil && len(m.fn.Type.Results.List) > 0 {
		return "return " + s
	}
	return s
}

// print writes a piece of syntax with the program's names.
func (x *exporter) print(n ast.Node, info *types.Info, extra map[types.Object]string) string {
	type change struct {
		id  *ast.Ident
		was string
	}
	var undo []change
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := info.Uses[id]
		if o == nil {
			o = info.Defs[id]
		}
		to := ""
		switch o := o.(type) {
		case nil:
		case *types.PkgName:
			to = x.importName(o.Imported().Path(), o.Imported().Name())
		default:
			if s, ok := extra[o]; ok {
				to = s
			} else if s, ok := x.names[o]; ok {
				to = s
			}
		}
		if to != "" && to != id.Name {
			undo = append(undo, change{id, id.Name})
			id.Name = to
		}
		return true
	})
	var b bytes.Buffer
	cfg := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}
	if err := cfg.Fprint(&b, token.NewFileSet(), n); err != nil && x.fail == nil {
		x.fail = err
	}
	for _, u := range undo {
		u.id.Name = u.was
	}
	return b.String()
}

// printFunc returns the text of a function under a name to come.
func (x *exporter) printFunc(f *ast.FuncDecl, info *types.Info) func(string) string {
	g := *f
	g.Doc = nil
	g.Body = usedNames(f.Body, info)
	g.Name = ast.NewIdent("\x00name")
	text := x.print(&g, info, nil)
	return func(name string) string { return strings.Replace(text, "\x00name", name, 1) }
}

// printMethod returns the text of a method with its receiver.
func (x *exporter) printMethod(d *decl, m *method) string {
	g := *m.asFunc
	t := *g.Type
	recv := t.Params.List[0]
	t.Params = &ast.FieldList{List: t.Params.List[1:]}
	t.TypeParams = nil
	g.Type, g.Doc = &t, nil
	g.Recv = &ast.FieldList{List: []*ast.Field{recv}}
	g.Name = ast.NewIdent(m.name)
	g.Body = usedNames(g.Body, m.info)
	return x.print(&g, m.info, nil) + "\n"
}

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

// program puts all pieces together.
func (x *exporter) program() ([]byte, error) {
	var decls bytes.Buffer
	for _, f := range x.types {
		f(&decls)
	}
	decls.Write(x.vars.Bytes())
	perCell := map[int][]string{}
	for _, g := range x.order {
		x.slot(&decls, g, perCell)
	}
	var main bytes.Buffer
	for _, c := range x.cells {
		call := fmt.Sprintf("cell%d()", c.n)
		if c.raises {
			call = "expectPanic(cell" + strconv.Itoa(c.n) + ")"
		}
		fmt.Fprintf(&main, "%s\n", call)
		fmt.Fprintf(&decls, "func cell%d() {\n%s\n%s}\n\n", c.n, strings.Join(perCell[c.n], "\n"), c.body)
	}
	fmtName := x.importName("fmt", "fmt")
	var out bytes.Buffer
	out.WriteString("// Written by spindle export.\n\npackage main\n\nimport (\n")
	for _, path := range slices.Sorted(maps.Keys(x.imports)) {
		name := x.imports[path]
		if name == path[strings.LastIndexByte(path, '/')+1:] {
			fmt.Fprintf(&out, "%q\n", path)
		} else {
			fmt.Fprintf(&out, "%s %q\n", name, path)
		}
	}
	fmt.Fprintf(&out, ")\n\nfunc main() {\n%s}\n\n", main.String())
	fmt.Fprintf(&out, `// show prints what a cell shows.
func show(errorLast bool, v ...any) {
	if n := len(v); errorLast && n > 0 && v[n-1] == nil {
		v = v[:n-1]
	}
	if len(v) > 0 {
		%s.Println(v...)
	}
}

func values(v ...any) []any { return v }

// expectPanic runs a cell that has to fail.
func expectPanic(cell func()) {
	defer func() { _ = recover() }()
	cell()
}

var _ = values
var _ = expectPanic

`, fmtName)
	out.Write(decls.Bytes())
	src, err := format.Source(out.Bytes())
	if err != nil {
		return out.Bytes(), fmt.Errorf("cell: the program could not be formatted: %w", err)
	}
	return src, nil
}

// slot writes a function: as it is if it has one definition, else as a variable
// that each cell sets to its own.
func (x *exporter) slot(b *bytes.Buffer, g *slotGroup, perCell map[int][]string) {
	if len(g.defs) == 0 {
		return
	}
	if len(g.defs) == 1 {
		if g.method != nil {
			b.WriteString(g.method("") + "\n")
			return
		}
		b.WriteString(g.defs[0](g.name) + "\n\n")
		return
	}
	for i, def := range g.defs {
		name := x.free(g.name + "_def" + strconv.Itoa(i+1))
		b.WriteString(def(name) + "\n\n")
		if i == 0 {
			fmt.Fprintf(b, "var %s %s\n\n", g.name, x.typeString(g.sig))
		}
		perCell[g.cells[i]] = append(perCell[g.cells[i]], g.name+" = "+name)
	}
	if g.method != nil {
		b.WriteString(g.method(fmt.Sprintf(g.call, g.name)) + "\n")
	}
}
