package notebook

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Parameter is a name that the cell tagged "parameters" gives a value.
type Parameter struct {
	Name  string
	Type  string // as Go writes it, "" if it takes more than the language to tell
	Value string // the expression in the cell

	from, to int // of the value in the cell's source
}

const paramHead = "package p\nfunc _() {\n"

// ParameterCell returns the cell tagged "parameters", nil if there is none.
func (nb *Notebook) ParameterCell() *Cell {
	for _, c := range nb.Cells {
		if c.Type == Code && c.HasTag("parameters") {
			return c
		}
	}
	return nil
}

// Parameters returns the notebook's parameters in their order.
func (nb *Notebook) Parameters() ([]Parameter, error) {
	c := nb.ParameterCell()
	if c == nil {
		return nil, nil
	}
	return parameters(c.Source)
}

func parameters(source string) ([]Parameter, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "parameters", paramHead+source+"\n}\n", parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("the cell tagged parameters may hold only assignments: %w", err)
	}
	if len(f.Decls) != 1 {
		return nil, errors.New("the cell tagged parameters may hold only assignments; a brace in it closes more than it opens")
	}
	var out []Parameter
	add := func(name string, typ, value ast.Expr) {
		from := fset.Position(value.Pos()).Offset - len(paramHead)
		to := fset.Position(value.End()).Offset - len(paramHead)
		p := Parameter{Name: name, Value: source[from:to], from: from, to: to}
		expr := p.Value
		if typ != nil {
			a, b := fset.Position(typ.Pos()).Offset-len(paramHead), fset.Position(typ.End()).Offset-len(paramHead)
			expr = source[a:b]
		}
		if tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expr); err == nil {
			p.Type = types.Default(tv.Type).String()
		}
		out = append(out, p)
	}
	for _, s := range f.Decls[0].(*ast.FuncDecl).Body.List {
		switch s := s.(type) {
		case *ast.AssignStmt:
			for i, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok && len(s.Lhs) == len(s.Rhs) {
					add(id.Name, nil, s.Rhs[i])
				}
			}
		case *ast.DeclStmt:
			for _, sp := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := sp.(*ast.ValueSpec); ok && len(v.Names) == len(v.Values) {
					for i, id := range v.Names {
						add(id.Name, v.Type, v.Values[i])
					}
				}
			}
		}
	}
	return out, nil
}

// SetParameters puts new values into the cell tagged "parameters". Values are
// written as on a command line: 3, 0.5, true, laptop (for a string, with or
// without quotes), or any Go expression for other types. A value that does not
// fit the parameter's type, or a name that is no parameter, is an error and
// changes nothing.
func (nb *Notebook) SetParameters(values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	c := nb.ParameterCell()
	if c == nil {
		return fmt.Errorf("the notebook has no cell tagged parameters, so %s cannot be set", strings.Join(slices.Sorted(maps.Keys(values)), ", "))
	}
	params, err := parameters(c.Source)
	if err != nil {
		return err
	}
	known := map[string]Parameter{}
	var names []string
	for _, p := range params {
		if _, twice := known[p.Name]; !twice {
			names = append(names, p.Name)
		}
		known[p.Name] = p
	}
	src := c.Source
	set := []Parameter{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p, ok := known[name]
		if !ok {
			return fmt.Errorf("no parameter %q; the notebook has %s", name, strings.Join(names, ", "))
		}
		v, err := p.literal(values[name])
		if err != nil {
			return err
		}
		p.Value = v
		set = append(set, p)
	}
	slices.SortFunc(set, func(a, b Parameter) int { return b.from - a.from })
	for _, p := range set {
		src = src[:p.from] + p.Value + src[p.to:]
	}
	c.Source = src
	return nil
}

// literal writes a value as Go for the parameter's type.
func (p Parameter) literal(value string) (string, error) {
	bad := func(want string) error {
		return fmt.Errorf("parameter %s is of type %s: expected %s, got %q", p.Name, p.Type, want, value)
	}
	conv := func(lit, def string) string {
		if p.Type == def || !strings.Contains(p.Value, p.Type+"(") {
			return lit
		}
		return p.Type + "(" + lit + ")"
	}
	switch p.Type {
	case "string":
		if s, err := strconv.Unquote(value); err == nil {
			return strconv.Quote(s), nil
		}
		return strconv.Quote(value), nil
	case "bool":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return "", bad("true or false")
		}
		return strconv.FormatBool(b), nil
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64":
		tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, p.Type+"("+value+")")
		if err != nil || tv.Value == nil || tv.Value.Kind() != constant.Int {
			return "", bad("a whole number")
		}
		return conv(value, "int"), nil
	case "float64", "float32":
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return "", bad("a number")
		}
		tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, p.Type+"("+value+")")
		if err != nil || tv.Value == nil {
			return "", bad("a number")
		}
		if !strings.ContainsAny(value, ".eE") {
			value += ".0"
		}
		return conv(value, "float64"), nil
	}
	if _, err := parser.ParseExpr(value); err != nil {
		return "", fmt.Errorf("parameter %s: expected a Go expression, got %q", p.Name, value)
	}
	// What can be told without the notebook's packages is checked here, the rest
	// by the type checker when the cell runs.
	if p.Type != "" {
		_, free := types.Eval(token.NewFileSet(), nil, token.NoPos, value)
		if _, err := types.Eval(token.NewFileSet(), nil, token.NoPos, "[]"+p.Type+"{"+value+"}"); err != nil && free == nil {
			return "", bad("a Go expression of that type")
		}
	}
	return value, nil
}
