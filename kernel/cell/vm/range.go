package vm

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unicode/utf8"
	"unsafe"
)

// setters compiles what a range statement does with its key and value in each
// turn. Either may be nil.
func (c *compiler) setters(s *ast.RangeStmt, key, val ex) (set func(*frame)) {
	if s.Tok == token.ASSIGN {
		// The operands of both sides first, then the values.
		var preps, stores []func(*frame)
		for i, e := range []ast.Expr{s.Key, s.Value} {
			v := []ex{key, val}[i]
			if e == nil || isBlank(e) || v.f == nil {
				continue
			}
			t := c.target(e, true)
			preps, stores = append(preps, t.prep), append(stores, t.store(c.convertTo(e, v, t.t)))
		}
		return sequence(append(preps, stores...)...)
	}
	one := func(e ast.Expr, v ex) func(*frame) {
		if e == nil || isBlank(e) || v.f == nil {
			return nil
		}
		o := c.info.Defs[e.(*ast.Ident)]
		if g := c.global(o); g != nil {
			return store(g.place, c.convertTo(e, v, g.t))
		}
		t := c.m.typ(c.env.subst(o.Type()))
		return c.initialise(c.declare(o, t.t), c.convertTo(e, v, t))
	}
	return sequence(one(s.Key, key), one(s.Value, val))
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

func (c *compiler) rangeStmt(s *ast.RangeStmt, label string) exec {
	t := c.typeOf(s.X)
	id, pos := c.labelID(label), s.Pos()
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			return c.rangeString(s, id)
		}
		return c.rangeInt(s, id)
	case *types.Signature:
		return c.rangeFunc(s, id)
	case *types.Map:
		return c.rangeMap(s, id)
	case *types.Chan:
		return c.rangeChan(s, id)
	}
	// Slices, arrays and pointers to arrays: a counter and an address.
	intT := c.m.typ(types.Typ[types.Int])
	i := c.temp(intT)
	off := i.off
	var start func(*frame) int
	var elem *typ
	var addr func(*frame) unsafe.Pointer
	wantValue := s.Value != nil && !isBlank(s.Value)
	if n, ok := constantLength(t); ok && !wantValue && !hasCall(s.X) {
		// The length is a constant: the array is not looked at.
		set := c.setters(s, load(i), ex{})
		return countingLoop(func(*frame) int { return n }, set, c.block(s.Body.List), off, id, pos)
	}
	x := c.top(s.X)
	switch x.t.t.Underlying().(type) {
	case *types.Slice:
		now, later := c.hoist(x)
		v := as[slice](later)
		elem = c.m.elemOf(x.t)
		size := elem.rt.Size()
		start = func(fr *frame) int {
			now(fr)
			return v(fr).len
		}
		addr = func(fr *frame) unsafe.Pointer {
			return unsafe.Add(v(fr).p, uintptr(*(*int)(unsafe.Add(fr.n, off)))*size)
		}
	case *types.Pointer:
		now, later := c.hoist(x)
		at := c.m.elemOf(x.t)
		elem = c.m.elemOf(at)
		n, size := arrayLen(at.t), elem.rt.Size()
		base := as[unsafe.Pointer](later)
		start = func(fr *frame) int {
			now(fr)
			return n
		}
		addr = func(fr *frame) unsafe.Pointer {
			p := base(fr)
			if p == nil {
				nilPointer(fr, pos)
			}
			return unsafe.Add(p, uintptr(*(*int)(unsafe.Add(fr.n, off)))*size)
		}
	default:
		elem = c.m.elemOf(x.t)
		n, size := arrayLen(x.t.t), elem.rt.Size()
		if wantValue {
			now, later := c.hoist(x) // a copy: the body may change the array
			base := as[unsafe.Pointer](later)
			start = func(fr *frame) int {
				now(fr)
				return n
			}
			addr = func(fr *frame) unsafe.Pointer {
				return unsafe.Add(base(fr), uintptr(*(*int)(unsafe.Add(fr.n, off)))*size)
			}
		} else {
			drop := x.t.ops().drop(x.f)
			start = func(fr *frame) int {
				drop(fr)
				return n
			}
		}
	}
	val := ex{}
	if wantValue {
		val = ex{t: elem, f: elem.ops().loadMem(elem, addr)}
	}
	set := c.setters(s, load(i), val)
	return countingLoop(start, set, c.block(s.Body.List), off, id, pos)
}

// constantLength returns the length of an array or of what points to one.
func constantLength(t types.Type) (int, bool) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	a, ok := t.Underlying().(*types.Array)
	if !ok {
		return 0, false
	}
	return int(a.Len()), true
}

// countingLoop runs a body for k = 0 … n-1, with k in a slot.
func countingLoop(start func(*frame) int, set func(*frame), body exec, off uintptr, id int, pos token.Pos) exec {
	return func(fr *frame) ctl {
		n := start(fr)
		g := fr.th.g
		for k := 0; k < n; k++ {
			*(*int)(unsafe.Add(fr.n, off)) = k
			fr.pos = pos
			if set != nil {
				set(fr)
			}
			if r := body(fr); r != next {
				if on, out := loopEnd(fr, r, id); !on {
					return out
				}
			}
			if g.stop.Load() {
				fr.th.check()
			}
		}
		return next
	}
}

// rangeInt compiles range n: what the body does to the variable does not
// change the number of turns.
func (c *compiler) rangeInt(s *ast.RangeStmt, id int) exec {
	t := types.Default(c.typeOf(s.X))
	if s.Key != nil && !isBlank(s.Key) {
		if kid, ok := s.Key.(*ast.Ident); ok && s.Tok == token.DEFINE {
			t = c.env.subst(c.info.Defs[kid].Type())
		} else if s.Tok == token.ASSIGN {
			t = c.typeOf(s.Key)
		}
	}
	kt := c.m.typ(t)
	x := c.convertTo(s.X, c.top(s.X), kt)
	wide := c.m.typ(types.Typ[types.Int64])
	unsigned := kt.class >= classUint && kt.class <= classUintptr
	if unsigned {
		wide = c.m.typ(types.Typ[types.Uint64])
	}
	if x.v != nil {
		x = c.constant(s.X, x.v, kt.t)
		x.v = nil
	}
	var limit func(*frame) uint64
	if unsigned {
		limit = as[uint64](c.numeric(s.X, x, wide))
	} else {
		f := as[int64](c.numeric(s.X, x, wide))
		limit = func(fr *frame) uint64 { return uint64(max(0, f(fr))) }
	}
	i := c.temp(wide)
	off := i.off
	cur := load(i)
	cur.slot = nil
	set := c.setters(s, c.numeric(s, cur, kt), ex{})
	body := c.block(s.Body.List)
	pos := s.Pos()
	return func(fr *frame) ctl {
		n := limit(fr)
		g := fr.th.g
		for k := uint64(0); k < n; k++ {
			*(*uint64)(unsafe.Add(fr.n, off)) = k
			fr.pos = pos
			if set != nil {
				set(fr)
			}
			if r := body(fr); r != next {
				if on, out := loopEnd(fr, r, id); !on {
					return out
				}
			}
			if g.stop.Load() {
				fr.th.check()
			}
		}
		return next
	}
}

func (c *compiler) rangeString(s *ast.RangeStmt, id int) exec {
	x := c.top(s.X)
	if x.v != nil {
		x = c.constant(s.X, x.v, types.Typ[types.String])
	}
	str := as[string](x)
	i, r := c.temp(c.m.typ(types.Typ[types.Int])), c.temp(c.m.typ(types.Typ[types.Rune]))
	set := c.setters(s, load(i), load(r))
	body := c.block(s.Body.List)
	io, ro, pos := i.off, r.off, s.Pos()
	return func(fr *frame) ctl {
		v := str(fr)
		for k := 0; k < len(v); {
			ch, n := utf8.DecodeRuneInString(v[k:])
			*(*int)(unsafe.Add(fr.n, io)) = k
			*(*rune)(unsafe.Add(fr.n, ro)) = ch
			fr.pos = pos
			if set != nil {
				set(fr)
			}
			k += n
			if r := body(fr); r != next {
				if on, out := loopEnd(fr, r, id); !on {
					return out
				}
			}
			fr.th.check()
		}
		return next
	}
}

func (c *compiler) rangeMap(s *ast.RangeStmt, id int) exec {
	x := c.top(s.X)
	c.m.elemOf(x.t)
	kt, vt := x.t.key, x.t.elem
	// Each is taken from the frame when the turn begins.
	arg := func(fr *frame) reflect.Value { return fr.arg }
	key, val := c.temp(kt), c.temp(vt)
	keepKey := c.initialise(key, ex{t: kt, f: kt.ops().fromReflect(kt, arg)})
	keepVal := c.initialise(val, ex{t: vt, f: vt.ops().fromReflect(vt, arg)})
	wantKey := s.Key != nil && !isBlank(s.Key)
	wantVal := s.Value != nil && !isBlank(s.Value)
	lk, lv := load(key), load(val)
	lk.slot, lv.slot = nil, nil
	set := c.setters(s, lk, lv)
	body := c.block(s.Body.List)
	m, t, pos := as[unsafe.Pointer](x), x.t, s.Pos()
	return func(fr *frame) ctl {
		p := m(fr)
		if p == nil {
			return next
		}
		it := mapValue(t, p).MapRange()
		for it.Next() {
			fr.pos = pos
			if wantKey {
				fr.arg = it.Key()
				keepKey(fr)
			}
			if wantVal {
				fr.arg = it.Value()
				keepVal(fr)
			}
			if set != nil {
				set(fr)
			}
			if r := body(fr); r != next {
				if on, out := loopEnd(fr, r, id); !on {
					return out
				}
			}
			fr.th.check()
		}
		return next
	}
}

func (c *compiler) rangeChan(s *ast.RangeStmt, id int) exec {
	x := c.top(s.X)
	elem := c.m.elemOf(x.t)
	set := c.setters(s, ex{t: elem, f: elem.ops().fromReflect(elem, func(fr *frame) reflect.Value { return fr.arg })}, ex{})
	body := c.block(s.Body.List)
	ch, t, pos := as[unsafe.Pointer](x), x.t, s.Pos()
	return func(fr *frame) ctl {
		p := ch(fr)
		for {
			fr.pos = pos
			v, ok := fr.th.recv(t, p)
			if !ok {
				return next
			}
			if set != nil {
				fr.arg = v
				set(fr)
			}
			if r := body(fr); r != next {
				if on, out := loopEnd(fr, r, id); !on {
					return out
				}
			}
			fr.th.check()
		}
	}
}

// A rangeBody is the body of a range over a function while it is compiled.
type rangeBody struct {
	returns func(c *compiler, s *ast.ReturnStmt) exec
}

// rangeFunc compiles range f: the body becomes the function that f calls. It
// runs in the frame of the function that it stands in, so that it shares its
// variables, its results and its deferred calls.
func (c *compiler) rangeFunc(s *ast.RangeStmt, id int) exec {
	x := c.top(s.X)
	sig := x.t.t.Underlying().(*types.Signature)
	yieldT := c.m.typ(sig.Params().At(0).Type())
	yield := yieldT.t.Underlying().(*types.Signature)
	cc := yieldT.callConv()
	// The values come in a frame of the yield function.
	var key, val ex
	cross := func(i int) ex {
		p := cc.params[i]
		t := p.t
		// Copy from the yield function's frame into a temp of this one.
		tmp := place{t: t, off: t.ops().bank(c.banks)}
		if t.class == classMemory {
			tmp.kind = inBox
		}
		move := passTo(tmp, load(p))
		c.moves = append(c.moves, move)
		l := load(tmp)
		l.slot = nil
		return l
	}
	saved := c.moves
	c.moves = nil
	if yield.Params().Len() > 0 {
		key = cross(0)
	}
	if yield.Params().Len() > 1 {
		val = cross(1)
	}
	moves := c.moves
	c.moves = saved
	set := c.setters(s, key, val)
	body := c.block(s.Body.List)
	f, m, pos := as[*Func](x), c.m, s.Pos()
	conv := c.m.conv(sig)
	pass := yieldT.ops().pass(conv.params[0].off, func(fr *frame) *Func { return fr.yield })
	out := cc.results[0].off
	tmpl := &code{name: "range body", sig: yieldT, params: cc.params, results: cc.results, banks: cc.banks}
	m.goConv(tmpl)
	return func(fr *frame) ctl {
		fn := f(fr)
		if fn == nil {
			nilPointer(fr, pos)
		}
		th := fr.th
		const (
			ready  = iota
			left   // the body ended the loop
			inside // the body runs
			over   // the iterator has returned
		)
		state, result := ready, next
		yc := new(code)
		*yc = *tmpl
		yc.body = func(yf *frame) ctl {
			switch state {
			case left:
				panic(runtimeError("range function continued iteration after function for loop body returned false"))
			case inside:
				panic(runtimeError("range function continued iteration after loop body exit"))
			case over:
				panic(runtimeError("range function continued iteration after whole loop exit"))
			}
			state = inside
			// The body belongs to the outer function, whatever goroutine runs it.
			old, up := fr.th, fr.up
			fr.th, fr.up = yf.th, yf
			yf.th.top = fr
			for _, mv := range moves {
				mv(yf, fr)
			}
			fr.pos = pos
			if set != nil {
				set(fr)
			}
			r := body(fr)
			fr.th, fr.up = old, up
			yf.th.top = yf
			on, end := loopEnd(fr, r, id)
			state = ready
			if !on {
				state, result = left, end
			}
			*(*bool)(unsafe.Add(yf.n, out)) = on
			return doReturn
		}
		fr.yield = &Func{code: yc, m: m, t: yieldT}
		nf := th.call(fn.code)
		pass(fr, nf)
		nf.env = fn.env
		fr.pos = pos
		nf.run(fr)
		th.release(nf)
		if state == inside {
			panic(runtimeError("range function recovered a loop body panic and did not resume panicking"))
		}
		state = over
		return result
	}
}
