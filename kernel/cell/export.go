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
	"strconv"
	"strings"
)

// An ExportCell is a cell to be written as part of a program.
type ExportCell struct {
	Source string
	Raises bool // the cell has to fail; the program goes on behind it
}

// A Program says how an exported program does what the kernel does around the
// cells. Functions are written "import/path.Name".
type Program struct {
	Start string // called before the first cell, nothing if empty
	Show  string // receives the values that a cell shows, fmt.Println if empty
}

// Export writes cells as one Go program that prints what the cells print, and
// what they show. Names that are defined anew get a number; what used them
// before is written again or calls through a variable, as it does in the
// notebook. Of the special lines, %cd and shell commands are written as Go,
// %time runs its statement, and those that only tell something are left out.
func Export(opt Options, how Program, cells []ExportCell) ([]byte, error) {
	k, err := New(opt)
	if err != nil {
		return nil, err
	}
	x := &exporter{k: k, raises: map[int]bool{}, names: map[types.Object]string{}, taken: map[string]bool{"main": true, "init": true, "show": true, "values": true, "expectPanic": true, "shell": true}, imports: map[string]string{}, groups: map[*decl]*slotGroup{}}
	for i, c := range cells {
		if err := x.cell(i+1, c); err != nil {
			return nil, err
		}
	}
	return x.program(how)
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
	parts   []cellPart
	raises  map[int]bool // cells that have to fail
	shell   bool         // a shell command is run
	values  bool         // a call's several values are shown
	fail    error
}

// A slotGroup is a function with all its definitions of one signature.
type slotGroup struct {
	name  string
	sig   types.Type
	defs  []func(name string) string // text of each definition under a name
	parts []int                      // in which each was made
	// method, if set, is the header of the method that forwards to the group.
	method func(body string) string
	call   string
}

// A cellPart is a cell, or what stands of it between special lines.
type cellPart struct {
	cell int
	name string // of its function
	body string
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

// cell notes the parts of a cell.
func (x *exporter) cell(n int, ec ExportCell) error {
	if ec.Raises {
		x.raises[n] = true
	}
	if len(ec.Source) > maxText {
		return tooLong(len(ec.Source))
	}
	x.k.texts[fileName(n)] = ec.Source
	pieces := x.k.pieces(ec.Source)
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		if timed, ok := timedCode(p); ok {
			p.line, p.code = "", timed
		}
		name := fmt.Sprintf("cell%d", n)
		if i > 0 {
			name = fmt.Sprintf("cell%d_%d", n, i+1)
		}
		x.parts = append(x.parts, cellPart{cell: n, name: x.free(name)})
		part := &x.parts[len(x.parts)-1]
		if p.line != "" {
			body, err := x.line(n, p)
			if err != nil {
				return err
			}
			part.body = body
			continue
		}
		body, err := x.code(n, p.code, ec.Raises)
		if err != nil {
			return err
		}
		part.body = body
	}
	return nil
}

// line writes a special line as Go.
func (x *exporter) line(n int, p piece) (string, error) {
	fail := func(format string, args ...any) error { return lineError(n, p, format, args...) }
	comment := "// " + p.line + "\n"
	switch p.line[0] {
	case '$', '!':
		x.shell = true
		return fmt.Sprintf("%sshell(%q)\n", comment, strings.TrimSpace(p.line[1:])), nil
	case '%':
	default:
		return comment, nil
	}
	word, rest, _ := strings.Cut(p.line[1:], " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "cd":
		if rest == "" {
			return comment, nil
		}
		return fmt.Sprintf("%sif err := %s.Chdir(%q); err != nil {\npanic(err)\n}\n", comment, x.importName("os", "os"), rest), nil
	case "reset":
		return comment, x.k.reset(strings.Fields(rest), fail)
	}
	return comment, nil
}

// code checks a part of a cell and notes what it declares. It returns the
// statements.
func (x *exporter) code(n int, text string, raises bool) (string, error) {
	k := x.k
	p, perr := parse(k.fset, n, text)
	if perr != nil {
		return "", plain(perr)
	}
	c, perr := k.check(p)
	if perr != nil {
		if raises {
			return "// refused by the type checker, as the cell expects: " + firstLine(perr.Error()) + "\n", nil
		}
		return "", plain(perr)
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
	k.world = c.world
	return body, x.fail
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
		g.parts = append(g.parts, len(x.parts)-1)
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
		all := *m
		all.fn = allNamed(m.fn)
		named := x.printMethod(d, &all)
		g.method = func(body string) string {
			if body == "" {
				return plainText
			}
			return named[:strings.Index(named, "{\n")+1] + "\n" + body + "\n}\n"
		}
		g.call = forwardCall(&all)
	}
	g.defs = append(g.defs, text)
	g.parts = append(g.parts, len(x.parts)-1)
}

// allNamed returns a method whose receiver and parameters all have names, so
// that they can be passed on.
func allNamed(fn *ast.FuncDecl) *ast.FuncDecl {
	n := 0
	list := func(fl *ast.FieldList) *ast.FieldList {
		out := *fl
		out.List = nil
		for _, f := range fl.List {
			g := *f
			g.Names = nil
			for _, id := range f.Names {
				if id.Name == "_" {
					n++
					id = ast.NewIdent("arg" + strconv.Itoa(n))
				}
				g.Names = append(g.Names, id)
			}
			if len(f.Names) == 0 {
				n++
				g.Names = []*ast.Ident{ast.NewIdent("arg" + strconv.Itoa(n))}
			}
			out.List = append(out.List, &g)
		}
		return &out
	}
	f, t := *fn, *fn.Type
	f.Recv, t.Params = list(fn.Recv), list(fn.Type.Params)
	f.Type = &t
	return &f
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
