package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// A lowerer rewrites checked Go into the part of Go that the interpreter gets
// right: constants folded, generic code written out for its types, methods
// called as functions, implied steps made explicit, names made unique. The
// new tree keeps the places of the old one.
type lowerer struct {
	k    *Interp
	y    *yaegi
	out  *checked
	file *unit

	info *types.Info // of the tree being rewritten
	env  typeEnv     // what its type parameters stand for
	// locals are the new names of local variables; boxed ones live behind a
	// pointer, since a closure or a pointer outlives the loop turn.
	locals map[types.Object]string
	taken  map[string]int
	body   bool // rewriting the cell's own statements
	lits   int  // depth of function literals
	result *types.Tuple
}

// A unit is one file for the interpreter.
type unit struct {
	pos     token.Pos
	imports map[string]string // path → local name
	types   []ast.Decl
	funcs   []ast.Decl
	vars    []ast.Decl
	init    []ast.Stmt // before the statements
}

// A typeEnv maps type parameters to the types of one instance.
type typeEnv map[*types.TypeParam]types.Type

// rt is the package of helpers that rewritten code calls.
const rt = "spindle·rt"

// An unfit says that a construct cannot be run, in a sentence for the user.
type unfit struct {
	pos token.Pos
	msg string
}

func refuse(n ast.Node, format string, args ...any) {
	panic(unfit{n.Pos(), fmt.Sprintf(format, args...)})
}

func ident(pos token.Pos, name string) *ast.Ident { return &ast.Ident{NamePos: pos, Name: name} }

func (l *lowerer) pkgName(path string) string {
	if n, ok := l.file.imports[path]; ok {
		return n
	}
	l.k.serial++ // unique, since a cell number may come twice
	n := path[strings.LastIndexByte(path, '/')+1:] + "·p" + strconv.Itoa(l.k.serial)
	l.file.imports[path] = n
	return n
}

// helper returns a call of a function of package rt.
func (l *lowerer) helper(pos token.Pos, name string, args ...ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{
		Fun:    &ast.SelectorExpr{X: ident(pos, l.pkgName(rt)), Sel: ident(pos, name)},
		Lparen: pos, Args: args, Rparen: pos,
	}
}

// typeOf returns the type of an expression in the instance at hand.
func (l *lowerer) typeOf(e ast.Expr) types.Type {
	t := l.info.TypeOf(e)
	if t == nil {
		return nil
	}
	return l.env.subst(t)
}

// local returns the name of a local variable, unique in the function.
func (l *lowerer) local(o types.Object) string {
	if o.Name() == "_" {
		return "_"
	}
	if n, ok := l.locals[o]; ok {
		return n
	}
	n := l.newName(o.Name())
	l.locals[o] = n
	return n
}

func (l *lowerer) newName(base string) string {
	i := l.taken[base]
	l.taken[base] = i + 1
	if i == 0 && base != "main" && base != "init" {
		return base + "·"
	}
	return base + "·" + strconv.Itoa(i)
}

// object rewrites a name that is not a package or a field.
func (l *lowerer) object(id *ast.Ident, o types.Object) ast.Expr {
	if d := l.out.varOf[o]; d != nil && l.body {
		return ident(id.Pos(), l.varName(d))
	}
	switch o := o.(type) {
	case *types.Nil, *types.Builtin:
		return ident(id.Pos(), o.Name())
	case *types.TypeName:
		return l.typeExpr(id.Pos(), l.env.subst(o.Type()))
	}
	if d := l.k.declOf[o]; d != nil {
		if cur := l.out.world.live[d.name]; cur != nil && cur.obj == o {
			d = cur
		}
		switch d.kind {
		case varKind:
			return ident(id.Pos(), l.varName(d))
		case funcKind:
			if inst, ok := l.info.Instances[id]; ok {
				return ident(id.Pos(), l.funcInstance(d, l.env.substList(inst.TypeArgs)))
			}
			return ident(id.Pos(), l.funcName(d))
		}
	}
	if o.Pkg() != nil && o.Pkg().Path() != notebookPath && o.Parent() == o.Pkg().Scope() {
		return l.foreign(id, o)
	}
	return ident(id.Pos(), l.local(o))
}

// foreign names an object of a compiled package.
func (l *lowerer) foreign(id *ast.Ident, o types.Object) ast.Expr {
	path := o.Pkg().Path()
	if f, ok := o.(*types.Func); ok && f.Signature().TypeParams().Len() > 0 {
		refuse(id, "%s.%s is a generic function of a compiled package, which cells cannot call", o.Pkg().Name(), o.Name())
	}
	return &ast.SelectorExpr{X: ident(id.Pos(), l.pkgName(path)), Sel: ident(id.Pos(), o.Name())}
}

func (l *lowerer) varName(d *decl) string {
	if d.emitted == "" {
		l.k.serial++
		d.emitted = d.name + "·" + strconv.Itoa(l.k.serial)
		t := l.typeExpr(l.file.pos, d.obj.Type())
		l.file.vars = append(l.file.vars, &ast.GenDecl{TokPos: l.file.pos, Tok: token.VAR, Specs: []ast.Spec{
			&ast.ValueSpec{Names: []*ast.Ident{ident(l.file.pos, d.emitted)}, Type: t}}})
		pos := l.file.pos
		l.file.init = append(l.file.init, &ast.ExprStmt{X: l.helper(pos, "Var",
			&ast.BasicLit{ValuePos: pos, Kind: token.STRING, Value: strconv.Quote(d.emitted)},
			&ast.UnaryExpr{OpPos: pos, Op: token.AND, X: ident(pos, d.emitted)})})
	}
	return d.emitted
}

// funcName returns the name of a function. Closures of the cell's statements
// may live on in variables; they call through a slot, so that they see the
// function's later definitions.
func (l *lowerer) funcName(d *decl) string {
	if d.emitted == "" {
		l.k.serial++
		d.emitted = d.name + "·" + strconv.Itoa(l.k.serial)
	}
	if l.body && l.lits > 0 {
		return l.slot(d.name, d.emitted, l.env.subst(d.obj.Type()).(*types.Signature))
	}
	return d.emitted
}

// slot returns the variable through which a function is called late.
func (l *lowerer) slot(name, impl string, sig *types.Signature) string {
	s, ok := l.y.slots[name]
	if ok && types.Identical(s.sig, sig) {
		return s.name
	}
	l.k.serial++
	s = slot{name + "·slot" + strconv.Itoa(l.k.serial), sig}
	l.y.slots[name] = s
	pos := l.file.pos
	l.file.vars = append(l.file.vars, &ast.GenDecl{TokPos: pos, Tok: token.VAR, Specs: []ast.Spec{
		&ast.ValueSpec{Names: []*ast.Ident{ident(pos, s.name)}, Type: l.typeExpr(pos, sig)}}})
	l.setSlot(s.name, impl)
	return s.name
}

func (l *lowerer) setSlot(name, impl string) {
	pos := l.file.pos
	l.file.init = append(l.file.init, &ast.AssignStmt{Lhs: []ast.Expr{ident(pos, name)}, TokPos: pos, Tok: token.ASSIGN, Rhs: []ast.Expr{ident(pos, impl)}})
}

// A slot is a variable that holds the newest body of a function or method.
type slot struct {
	name string
	sig  *types.Signature
}

// constant writes a constant's value in its type; bare leaves out a conversion
// that the other operand implies.
func (l *lowerer) constant(pos token.Pos, v constant.Value, t types.Type, bare bool) ast.Expr {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		// A constant where an interface or type parameter is expected.
		return l.constant(pos, v, defaultType(v), false)
	}
	var e ast.Expr
	plain := bare
	switch {
	case b.Info()&types.IsBoolean != 0:
		e = ident(pos, strconv.FormatBool(constant.BoolVal(v)))
		plain = plain || b.Kind() == types.UntypedBool || t == types.Typ[types.Bool]
	case b.Info()&types.IsString != 0:
		e = &ast.BasicLit{ValuePos: pos, Kind: token.STRING, Value: strconv.Quote(constant.StringVal(v))}
		plain = plain || b.Kind() == types.UntypedString || t == types.Typ[types.String]
	case b.Info()&types.IsInteger != 0:
		e = signed(pos, token.INT, constant.ToInt(v).ExactString())
		plain = plain || b.Kind() == types.UntypedInt || t == types.Typ[types.Int]
		if b.Kind() == types.UntypedRune {
			t, plain = types.Typ[types.Rune], false
		}
	case b.Info()&types.IsFloat != 0:
		e = floatLit(pos, v, b.Kind() == types.Float32)
		plain = plain || b.Kind() == types.UntypedFloat || t == types.Typ[types.Float64]
	case b.Info()&types.IsComplex != 0:
		c := constant.ToComplex(v)
		e = l.helper(pos, "Complex", floatLit(pos, constant.Real(c), false), floatLit(pos, constant.Imag(c), false))
		plain = b.Kind() == types.UntypedComplex || t == types.Typ[types.Complex128]
	default:
		e = l.helper(pos, "Unsupported")
	}
	if plain {
		return e
	}
	return &ast.CallExpr{Fun: l.typeExpr(pos, t), Lparen: pos, Args: []ast.Expr{e}, Rparen: pos}
}

func defaultType(v constant.Value) types.Type {
	switch v.Kind() {
	case constant.Bool:
		return types.Typ[types.Bool]
	case constant.String:
		return types.Typ[types.String]
	case constant.Int:
		return types.Typ[types.Int]
	case constant.Float:
		return types.Typ[types.Float64]
	}
	return types.Typ[types.Complex128]
}

func signed(pos token.Pos, kind token.Token, s string) ast.Expr {
	if t, neg := strings.CutPrefix(s, "-"); neg {
		return &ast.ParenExpr{Lparen: pos, X: &ast.UnaryExpr{OpPos: pos, Op: token.SUB, X: &ast.BasicLit{ValuePos: pos, Kind: kind, Value: t}}, Rparen: pos}
	}
	return &ast.BasicLit{ValuePos: pos, Kind: kind, Value: s}
}

func floatLit(pos token.Pos, v constant.Value, single bool) ast.Expr {
	bits := 64
	f, _ := constant.Float64Val(constant.ToFloat(v))
	if single {
		g, _ := constant.Float32Val(constant.ToFloat(v))
		f, bits = float64(g), 32
	}
	s := strconv.FormatFloat(f, 'g', -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return signed(pos, token.FLOAT, s)
}
