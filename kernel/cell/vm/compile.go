package vm

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// An Unfit says that something cannot be run, in a sentence for the user.
type Unfit struct {
	Pos token.Pos
	Msg string
}

func (u Unfit) Error() string { return u.Msg }

func refuse(n ast.Node, format string, args ...any) {
	panic(Unfit{n.Pos(), fmt.Sprintf(format, args...)})
}

// A compiler turns one function into closures.
type compiler struct {
	m      *Machine
	info   *types.Info
	env    *typeEnv
	outer  *compiler // of the function that a literal stands in
	banks  *banks
	vars   map[types.Object]place
	boxed  map[types.Object]bool // variables that outlive their slot
	locals func(types.Object) *Global
	// captures are the outer places that a literal takes into its environment.
	captures []place
	captured map[types.Object]int
	results  []place
	defers   bool
	labels   map[string]int
	label    string     // of the statement being compiled
	rangeFn  *rangeBody // in the body of a range over a function
	src      *source
	last     *Cell                   // of a cell's statements
	hoisted  map[ast.Expr]ex         // operands that are evaluated already
	moves    []func(from, to *frame) // of a range over a function
}

// An ex is a compiled expression.
type ex struct {
	t *typ
	f any // func(*frame) T of its class
	// addr gives the address of what can be addressed.
	addr func(*frame) unsafe.Pointer
	v    constant.Value
	// slot is set for a variable in a slot, for faster code.
	slot *place
	// calls tells that evaluating may run other code of the program.
	calls bool
	nilv  bool
	owned bool // memory that nothing else refers to
}

// as returns the closure of an expression.
func as[T any](e ex) func(*frame) T { return e.f.(func(*frame) T) }

// typeOf returns the type of an expression in the instance at hand.
func (c *compiler) typeOf(e ast.Expr) types.Type {
	t := c.info.TypeOf(e)
	if t == nil {
		if id, ok := e.(*ast.Ident); ok {
			if o := c.objectOf(id); o != nil {
				t = o.Type()
			}
		}
	}
	if t == nil {
		refuse(e, "this expression has no type")
	}
	return c.env.subst(t)
}

func (c *compiler) objectOf(id *ast.Ident) types.Object {
	if o := c.info.Uses[id]; o != nil {
		return o
	}
	return c.info.Defs[id]
}

// place finds where a variable is.
func (c *compiler) place(id ast.Node, o types.Object) place {
	if p, ok := c.vars[o]; ok {
		return p
	}
	if g := c.m.globals[o]; g != nil {
		return g.place
	}
	if c.locals != nil {
		if g := c.locals(o); g != nil {
			return g.place
		}
	}
	if c.outer != nil {
		// Captured: the outer function has it in a box, or captures it too.
		if i, ok := c.captured[o]; ok {
			return place{t: c.captures[i].t, kind: inEnv, idx: i}
		}
		p := c.outer.place(id, o)
		if p.kind == inGlobal {
			return p
		}
		if p.kind == inSlot {
			refuse(id, "the variable %s is captured in a way that is not understood", o.Name())
		}
		if c.captured == nil {
			c.captured = map[types.Object]int{}
		}
		i := len(c.captures)
		c.captured[o], c.captures = i, append(c.captures, p)
		return place{t: p.t, kind: inEnv, idx: i}
	}
	if v, ok := o.(*types.Var); ok && c.src != nil && o.Parent() == o.Pkg().Scope() {
		return c.src.global(c.m, v)
	}
	refuse(id, "the variable %s is not known here", o.Name())
	return place{}
}

// addrOf returns the address of a place that is in memory.
func addrOf(p place) func(*frame) unsafe.Pointer {
	switch p.kind {
	case inBox:
		off := p.off
		return func(fr *frame) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) }
	case inEnv:
		i := p.idx
		return func(fr *frame) unsafe.Pointer { return fr.env[i] }
	case inGlobal:
		mem := p.mem
		return func(*frame) unsafe.Pointer { return mem }
	}
	return nil
}

// load reads a place.
func load(p place) ex {
	e := ex{t: p.t}
	switch p.kind {
	case inSlot:
		e.f = p.t.ops().loadSlot(p.off)
		e.slot = &p
	case inGlobal:
		e.addr = addrOf(p)
		e.f = p.t.ops().loadAt(p.t, p.mem)
	default:
		e.addr = addrOf(p)
		e.f = p.t.ops().loadMem(p.t, e.addr)
	}
	return e
}

// store writes a value of the place's own type to it.
func store(p place, v ex) func(*frame) {
	if p.kind == inSlot {
		return p.t.ops().storeSlot(p.off, v.f)
	}
	return p.t.ops().storeMem(p.t, addrOf(p), v.f)
}

// declare makes a place for a local variable. Structs and arrays are always in
// memory, as are variables that closures or pointers share.
func (c *compiler) declare(o types.Object, t types.Type) place {
	x := c.m.typ(t)
	p := place{t: x}
	if x.class == classMemory || c.boxed[o] {
		p.kind, p.off = inBox, takeP(c.banks)
	} else {
		p.off = x.ops().bank(c.banks)
	}
	if o != nil {
		c.vars[o] = p
	}
	return p
}

// fresh returns what a declaration does before it stores: new memory for a
// variable in a box. It is nil where there is nothing to do.
func fresh(p place) func(*frame) {
	if p.kind != inBox {
		return nil
	}
	rt, off := p.t.rt, p.off
	return func(fr *frame) { *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = alloc(rt) }
}

// initialise declares a variable with a value; with a nil closure its zero.
func (c *compiler) initialise(p place, v ex) func(*frame) {
	if v.f == nil {
		v = ex{t: p.t, f: p.t.ops().zero(p.t)}
		if p.kind == inBox {
			return fresh(p) // is zero
		}
		return store(p, v)
	}
	if p.kind != inBox {
		return store(p, v)
	}
	// The value first: it may use an outer variable of the same box's turn.
	off, rt := p.off, p.t.rt
	write := p.t.ops().write(p.t, v.f)
	return func(fr *frame) {
		mem := alloc(rt)
		write(fr, mem)
		*(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = mem
	}
}

// temp takes a slot for a value that is needed later.
func (c *compiler) temp(t *typ) place {
	p := place{t: t}
	if t.class == classMemory {
		p.kind, p.off = inBox, takeP(c.banks)
	} else {
		p.off = t.ops().bank(c.banks)
	}
	return p
}

// hoist evaluates an expression now and gives its value later.
func (c *compiler) hoist(e ex) (now func(*frame), later ex) {
	if e.v != nil || e.nilv {
		return nil, e
	}
	p := c.temp(e.t)
	now = c.initialise(p, e)
	later = load(p)
	later.slot = nil
	return now, later
}

func sequence(list ...func(*frame)) func(*frame) {
	var fs []func(*frame)
	for _, f := range list {
		if f != nil {
			fs = append(fs, f)
		}
	}
	switch len(fs) {
	case 0:
		return nil
	case 1:
		return fs[0]
	case 2:
		a, b := fs[0], fs[1]
		return func(fr *frame) {
			a(fr)
			b(fr)
		}
	}
	return func(fr *frame) {
		for _, f := range fs {
			f(fr)
		}
	}
}

// sub starts the compiler of a function literal inside c.
func (c *compiler) sub() *compiler {
	return &compiler{m: c.m, info: c.info, env: c.env, outer: c, banks: &banks{}, vars: map[types.Object]place{}, boxed: c.boxed, src: c.src}
}

// A callConv says where the arguments and results of a call are in the callee's
// frame. It follows from the signature alone, so that a function can be
// replaced under its callers and an interface's methods are called alike.
type callConv struct {
	params, results []place
	banks           banks
}

func (m *Machine) conv(sig *types.Signature) *callConv {
	cc := &callConv{}
	slotFor := func(t types.Type) place {
		x := m.typ(t)
		p := place{t: x, off: x.ops().bank(&cc.banks)}
		if x.class == classMemory {
			p.kind = inBox
		}
		return p
	}
	for v := range sig.Params().Variables() {
		cc.params = append(cc.params, slotFor(v.Type()))
	}
	for v := range sig.Results().Variables() {
		cc.results = append(cc.results, slotFor(v.Type()))
	}
	return cc
}

// recvPlace is where a method's receiver goes: behind all else.
func (cc *callConv) recvPlace(t *typ) place {
	b := cc.banks
	p := place{t: t, off: t.ops().bank(&b)}
	if t.class == classMemory {
		p.kind = inBox
	}
	return p
}

// function compiles a body. recv, if not nil, is the first parameter of orig,
// and goes where receivers go.
func (c *compiler) function(name string, pos token.Pos, orig *types.Signature, method bool, body *ast.BlockStmt) *code {
	var vars []*types.Var
	for v := range orig.Params().Variables() {
		vars = append(vars, v)
	}
	var recv *types.Var
	if method {
		recv, vars = vars[0], vars[1:]
	}
	sig := c.env.subst(types.NewSignatureType(nil, nil, nil, types.NewTuple(vars...), orig.Results(), orig.Variadic())).(*types.Signature)
	cc := c.m.conv(sig)
	out := &code{name: name, pos: pos, sig: c.m.typ(sig), params: cc.params, results: cc.results}
	*c.banks = cc.banks
	if recv != nil {
		p := cc.recvPlace(c.m.typ(c.env.subst(recv.Type())))
		p.t.ops().bank(c.banks)
		out.recv = p
		c.take(out, recv, p)
	}
	for i, v := range vars {
		c.take(out, v, cc.params[i])
	}
	for i := range orig.Results().Len() {
		v, p := orig.Results().At(i), cc.results[i]
		out.setup = append(out.setup, c.initialise(p, ex{}))
		if v.Name() != "" && v.Name() != "_" && c.boxed[v] && p.kind != inBox {
			box := c.declare(v, p.t.t)
			out.setup = append(out.setup, fresh(box))
			out.finish = append(out.finish, store(p, load(box)))
			p = box
		} else {
			c.vars[v] = p
		}
		c.results = append(c.results, p)
	}
	c.labels = labelsOf(body)
	out.body = c.block(body.List)
	if c.last != nil && c.last.Last != nil {
		first, last, pos := out.body, c.show(c.last), c.last.Last.Pos()
		out.body = func(fr *frame) ctl {
			if r := first(fr); r != next {
				return r
			}
			fr.pos = pos
			return last(fr)
		}
	}
	out.defers = c.defers
	out.banks = *c.banks
	c.m.goConv(out)
	return out
}

// take gives a parameter its variable: the slot that it came in, or a box.
func (c *compiler) take(out *code, v *types.Var, p place) {
	if v.Name() == "" || v.Name() == "_" {
		return
	}
	if c.boxed[v] && p.kind != inBox {
		box := c.declare(v, p.t.t)
		out.setup = append(out.setup, c.initialise(box, load(p)))
		return
	}
	c.vars[v] = p
}

// goConv makes what compiled callers need.
func (m *Machine) goConv(out *code) {
	for _, p := range out.params {
		arg := ex{t: p.t, f: p.t.ops().fromReflect(p.t, func(fr *frame) reflect.Value { return fr.arg })}
		out.fromGo = append(out.fromGo, setPlace(p, arg))
	}
	for _, p := range out.results {
		out.toGo = append(out.toGo, p.t.ops().toReflect(p.t, load(p).f))
	}
}

// setPlace initialises a parameter's slot in its own frame.
func setPlace(p place, v ex) func(*frame) {
	if p.kind != inBox {
		return store(p, v)
	}
	off, rt, cp := p.off, p.t.rt, p.t.copyTo
	x := as[unsafe.Pointer](v)
	return func(fr *frame) {
		mem := alloc(rt)
		cp(mem, x(fr))
		*(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = mem
	}
}

// passTo evaluates a value in the caller's frame and puts it into the callee's.
func passTo(p place, v ex) func(caller, callee *frame) {
	if p.kind != inBox {
		return p.t.ops().pass(p.off, v.f)
	}
	off, rt, cp := p.off, p.t.rt, p.t.copyTo
	x := as[unsafe.Pointer](v)
	if v.owned {
		return func(a, b *frame) {
			mem := x(a)
			*(*unsafe.Pointer)(unsafe.Add(b.p, off)) = mem
		}
	}
	return func(a, b *frame) {
		src := x(a)
		mem := alloc(rt)
		cp(mem, src)
		*(*unsafe.Pointer)(unsafe.Add(b.p, off)) = mem
	}
}

// labelsOf numbers the labels of a function, not those of literals inside it.
func labelsOf(body *ast.BlockStmt) map[string]int {
	labels := map[string]int{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.LabeledStmt:
			labels[n.Label.Name] = len(labels) + 1
		}
		return true
	})
	return labels
}

// boxedVars finds the variables that closures capture or pointers point to.
func boxedVars(info *types.Info, root ast.Node, boxed map[types.Object]bool) {
	// depth of the function in which each variable is declared
	owner := map[types.Object]ast.Node{}
	var visit func(n ast.Node, fn ast.Node)
	mark := func(e ast.Expr) {
		for {
			switch x := ast.Unparen(e).(type) {
			case *ast.Ident:
				o := info.Uses[x]
				if o == nil {
					o = info.Defs[x]
				}
				if v, ok := o.(*types.Var); ok && !v.IsField() {
					boxed[v] = true
				}
				return
			case *ast.SelectorExpr:
				if _, ok := info.Selections[x]; !ok || isPointer(info.TypeOf(x.X)) {
					return
				}
				e = x.X
			case *ast.IndexExpr:
				if t := info.TypeOf(x.X); t != nil {
					if _, ok := t.Underlying().(*types.Slice); ok {
						return
					}
				}
				e = x.X
			default:
				return
			}
		}
	}
	visit = func(n ast.Node, fn ast.Node) {
		ast.Inspect(n, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.FuncLit:
				if x != n {
					visit(x, x)
					return false
				}
			case *ast.Ident:
				if o := info.Defs[x]; o != nil {
					if _, ok := owner[o]; !ok {
						owner[o] = fn
					}
				}
				if v, ok := info.Uses[x].(*types.Var); ok && !v.IsField() {
					if f, ok := owner[v]; ok && f != fn {
						boxed[v] = true
					}
				}
			case *ast.CaseClause:
				if o := info.Implicits[x]; o != nil {
					owner[o] = fn
				}
			case *ast.UnaryExpr:
				if x.Op == token.AND {
					mark(x.X)
				}
			case *ast.SelectorExpr:
				// A method with a pointer receiver takes the address.
				if s, ok := info.Selections[x]; ok && s.Kind() == types.MethodVal && !isPointer(info.TypeOf(x.X)) {
					if _, param := s.Recv().(*types.TypeParam); param || isPointer(s.Obj().(*types.Func).Signature().Recv().Type()) {
						mark(x.X)
					}
				}
			}
			return true
		})
	}
	visit(root, root)
}

func isPointer(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
