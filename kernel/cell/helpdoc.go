package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strings"
)

// lineCommands are what can follow % at the beginning of a line.
var lineCommands = []string{"%cd", "%help", "%imports", "%reset", "%time", "%who"}

// completeLine completes the name of a special line's command. ok tells that
// the cursor is in one.
func completeLine(text string, pos int) (from int, matches []Match, ok bool) {
	start := strings.LastIndexByte(text[:pos], '\n') + 1
	line := strings.TrimLeft(text[start:pos], " \t")
	if !strings.HasPrefix(line, "%") || strings.ContainsAny(line, " \t") || closers(text[:start]) != "" {
		return 0, nil, false
	}
	for _, c := range lineCommands {
		if strings.HasPrefix(c, line) {
			matches = append(matches, Match{c, "keyword"})
		}
	}
	return pos - len(line), matches, true
}

// withoutQuery blanks the question mark of a line such as ?name, so that what
// follows is Go.
func withoutQuery(text string, pos int) string {
	start := strings.LastIndexByte(text[:pos], '\n') + 1
	at := start + len(text[start:]) - len(strings.TrimLeft(text[start:], " \t"))
	if at < len(text) && text[at] == '?' {
		return text[:at] + " " + text[at+1:]
	}
	return text
}

// unimported returns the package that a name stands for which the notebook has
// not imported, if x is one and it is clear which.
func (k *Interp) unimported(x ast.Expr, info *types.Info) *types.Package {
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok || info.Uses[id] != nil || info.Defs[id] != nil || k.opt.Path == nil || k.opt.Importer == nil {
		return nil
	}
	path := k.opt.Path(id.Name)
	if path == "" {
		return nil
	}
	p, err := k.opt.Importer.Import(path)
	if err != nil {
		return nil
	}
	return p
}

// selectedFrom returns the expression that a name is selected from, nil if it
// stands alone.
func selectedFrom(f *ast.File, id *ast.Ident) (sel *ast.SelectorExpr) {
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel == id {
			sel = s
		}
		return sel == nil
	})
	return sel
}

// commentOf returns the comment that stands above a declaration in a cell, or
// behind it on its line.
func commentOf(text string, line int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	first := line - 1
	for first > 0 && strings.HasPrefix(strings.TrimSpace(lines[first-1]), "//") {
		first--
	}
	var doc []string
	for _, l := range lines[first : line-1] {
		doc = append(doc, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(l), "//"), " "))
	}
	if len(doc) == 0 {
		// Behind it, where no text of the line can hold the mark.
		l := lines[line-1]
		if i := strings.LastIndex(l, "//"); i >= 0 && !strings.ContainsAny(l[i:], "\"`'") {
			doc = append(doc, strings.TrimSpace(l[i+2:]))
		}
	}
	return strings.TrimSpace(strings.Join(doc, "\n"))
}

// ownDoc returns the comment of something that the notebook, or the text that
// is being typed, declares.
func (k *Interp) ownDoc(o types.Object, info *types.Info, p *parsed) string {
	if !o.Pos().IsValid() {
		return ""
	}
	for _, d := range info.Defs {
		if d == o {
			at, ok := p.offset(o.Pos())
			if !ok {
				return ""
			}
			return commentOf(p.text, strings.Count(p.text[:min(at, len(p.text))], "\n")+1)
		}
	}
	pos := k.fset.Position(o.Pos())
	return commentOf(k.texts[pos.Filename], pos.Line)
}

// valueOf returns the value of a notebook variable, or of a field of one.
func (k *Interp) valueOf(e ast.Expr, info *types.Info, p *parsed) (v reflect.Value, ok bool) {
	defer func() {
		if recover() != nil { // a nil pointer on the way
			v, ok = reflect.Value{}, false
		}
	}()
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		d := k.world.live[e.Name]
		o := info.Uses[e]
		if d == nil || d.kind != varKind || o == nil || !isNotebookVar(o, d, info, p) {
			return v, false
		}
		return k.variable(d)
	case *ast.SelectorExpr:
		s := info.Selections[e]
		if s == nil || s.Kind() != types.FieldVal {
			return v, false
		}
		v, ok = k.valueOf(e.X, info, p)
		for _, i := range s.Index() {
			if !ok {
				return v, false
			}
			if v.Kind() == reflect.Pointer {
				v = v.Elem()
			}
			v = v.Field(i)
		}
		return v, ok
	}
	return v, false
}

func (k *Interp) isRunning() bool {
	k.varMu.Lock()
	defer k.varMu.Unlock()
	return k.running
}

// variable returns the value of a variable of the notebook.
func (k *Interp) variable(d *decl) (reflect.Value, bool) {
	v, ok := k.ev.variable(d)
	if !ok {
		return v, false
	}
	return v.Elem(), true
}

// builtinDocs says what Go's own functions do.
var builtinDocs = map[string]string{
	"append":  "append appends elements to the end of a slice and returns the slice, which may stand elsewhere in memory.",
	"cap":     "cap returns the capacity of a slice, array or channel.",
	"clear":   "clear deletes all entries of a map, or sets all elements of a slice to zero.",
	"close":   "close closes a channel: nothing more is sent on it.",
	"complex": "complex makes a complex number of its real and imaginary part.",
	"copy":    "copy copies elements of a slice into another and returns how many: the smaller of both lengths.",
	"delete":  "delete removes the entry of a key from a map.",
	"imag":    "imag returns the imaginary part of a complex number.",
	"len":     "len returns the length of a string (in bytes), array, slice or map, or the number of elements that wait in a channel.",
	"make":    "make makes a slice, map or channel: make([]T, length, capacity), make(map[K]V), make(chan T, buffer).",
	"max":     "max returns the largest of its arguments.",
	"min":     "min returns the smallest of its arguments.",
	"new":     "new returns a pointer to a new variable of a type, which is zero.",
	"panic":   "panic stops the cell with a message, after its deferred calls.",
	"print":   "print writes its arguments to standard error.",
	"println": "println writes its arguments, with blanks between and a line's end, to standard error.",
	"real":    "real returns the real part of a complex number.",
	"recover": "recover, in a deferred function, ends a panic and returns its value.",
}

// dimensions tells the shape of what has one, such as a matrix of gonum.
func dimensions(v reflect.Value) (r, c int, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if v.Kind() == reflect.Pointer && v.IsNil() || !v.CanInterface() {
		return 0, 0, false
	}
	if d, is := v.Interface().(interface{ Dims() (r, c int) }); is {
		r, c = d.Dims()
		return r, c, true
	}
	return 0, 0, false
}

// constantText returns the value of a constant.
func constantText(o types.Object) string {
	c, ok := o.(*types.Const)
	if !ok || c.Val() == nil || c.Pkg() == nil {
		return ""
	}
	return c.Val().String()
}

// maxShown is how many single values a value may hold to be printed: help must
// come at once.
const maxShown = 1000

// isSmall tells whether a value holds at most *left single values.
func isSmall(v reflect.Value, left *int, depth int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if v.Len() > *left {
			return false
		}
		for i := range v.Len() {
			if !isSmall(v.Index(i), left, depth+1) {
				return false
			}
		}
	case reflect.Map:
		if v.Len() > *left {
			return false
		}
		for it := v.MapRange(); it.Next(); {
			if !isSmall(it.Value(), left, depth+1) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !isSmall(v.Field(i), left, depth+1) {
				return false
			}
		}
	case reflect.Interface:
		return v.IsNil() || isSmall(v.Elem(), left, depth)
	case reflect.Pointer:
		return depth > 0 || v.IsNil() || isSmall(v.Elem(), left, 1)
	case reflect.String:
		*left -= v.Len() / 100
	}
	return *left >= 0
}

// lengths says how long a large value is, and its first element if that is a
// list too: "[0 0 0 …] (len 1000)", "len 39 × 400".
func lengths(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Map:
		return fmt.Sprintf("len %d", v.Len())
	case reflect.String:
		return cut(fmt.Sprintf("%q", v.String()[:200]), 200) + fmt.Sprintf(" (len %d)", v.Len())
	case reflect.Slice, reflect.Array:
	default:
		return "(too large to be shown here)"
	}
	if k := v.Type().Elem().Kind(); k < reflect.Array || k == reflect.String {
		var head []string
		for i := range min(8, v.Len()) {
			head = append(head, cut(fmt.Sprintf("%v", v.Index(i)), 40))
		}
		return fmt.Sprintf("[%s …] (len %d)", strings.Join(head, " "), v.Len())
	}
	s := fmt.Sprintf("len %d", v.Len())
	for v.Len() > 0 {
		if v = v.Index(0); v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
			break
		}
		s += fmt.Sprintf(" × %d", v.Len())
	}
	return s
}
