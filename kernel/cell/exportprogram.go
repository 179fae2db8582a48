package cell

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// program puts all pieces together.
func (x *exporter) program(how Program) ([]byte, error) {
	var decls bytes.Buffer
	for _, f := range x.types {
		f(&decls)
	}
	decls.Write(x.vars.Bytes())
	perPart := map[int][]string{}
	for _, g := range x.order {
		x.slot(&decls, g, perPart)
	}
	var main bytes.Buffer
	if how.Start != "" {
		main.WriteString(x.function(how.Start) + "()\n")
	}
	for i, p := range x.parts {
		set := ""
		if len(perPart[i]) > 0 {
			set = strings.Join(perPart[i], "\n") + "\n"
		}
		fmt.Fprintf(&decls, "func %s() {\n%s%s}\n\n", p.name, set, strings.TrimLeft(p.body, "\n"))
		first := i == 0 || x.parts[i-1].cell != p.cell
		last := i == len(x.parts)-1 || x.parts[i+1].cell != p.cell
		if x.raises[p.cell] && first {
			main.WriteString("expectPanic(func() {\n")
		}
		main.WriteString(p.name + "()\n")
		if x.raises[p.cell] && last {
			main.WriteString("})\n")
		}
	}
	if how.Show == "" {
		how.Show = "fmt.Println"
	}
	showName := x.function(how.Show)
	helpers := ""
	if x.shell {
		helpers = fmt.Sprintf(shellHelper, x.importName("os/exec", "exec"), x.importName("os", "os"))
	}
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
	fmt.Fprintf(&out, showHelper, showName)
	if x.values {
		out.WriteString("func values(v ...any) []any { return v }\n\n")
	}
	if len(x.raises) > 0 {
		out.WriteString(panicHelper)
	}
	out.WriteString(helpers)
	out.Write(decls.Bytes())
	src, err := format.Source(out.Bytes())
	if err != nil {
		return out.Bytes(), fmt.Errorf("cell: the program could not be formatted: %w", err)
	}
	return src, nil
}

// function returns the program's name of "import/path.Func".
func (x *exporter) function(full string) string {
	dot := strings.LastIndexByte(full, '.')
	path := full[:dot]
	return x.importName(path, path[strings.LastIndexByte(path, '/')+1:]) + full[dot:]
}

const showHelper = `// show prints what a cell shows.
func show(errorLast bool, v ...any) {
	if n := len(v); errorLast && n > 0 && v[n-1] == nil {
		v = v[:n-1]
	}
	if len(v) > 0 {
		%s(v...)
	}
}

`

const panicHelper = `// expectPanic runs a cell that has to fail.
func expectPanic(cell func()) {
	defer func() { _ = recover() }()
	cell()
}

`

const shellHelper = `// shell runs a command with the program's output.
func shell(line string) {
	cmd := %s.Command("sh", "-c", line)
	cmd.Stdout, cmd.Stderr = %[2]s.Stdout, %[2]s.Stderr
	if err := cmd.Run(); err != nil {
		panic(err)
	}
}

`

// slot writes a function: as it is if it has one definition, else as a variable
// that each cell sets to its own.
func (x *exporter) slot(b *bytes.Buffer, g *slotGroup, perPart map[int][]string) {
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
		perPart[g.parts[i]] = append(perPart[g.parts[i]], g.name+" = "+name)
	}
	if g.method != nil {
		b.WriteString(g.method(fmt.Sprintf(g.call, g.name)) + "\n")
	}
}
