package vm

import (
	"go/ast"
	"go/constant"
	"go/token"
	"unsafe"
)

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

type float interface{ ~float32 | ~float64 }

type cmplx interface{ ~complex64 | ~complex128 }

type ordered interface{ integer | float | ~string }

// unary compiles -x, !x, ^x, +x, <-x and &x.
func (c *compiler) unary(e *ast.UnaryExpr) ex {
	switch e.Op {
	case token.AND:
		return c.addressOf(e)
	case token.ARROW:
		return c.receive(e, false)
	}
	t := c.m.typ(c.typeOf(e))
	x := c.convertTo(e, c.expr(e.X), t)
	out := ex{t: t, calls: x.calls}
	switch e.Op {
	case token.ADD:
		out.f = x.f
	case token.NOT:
		f := as[bool](x)
		out.f = func(fr *frame) bool { return !f(fr) }
	case token.SUB:
		out.f = negated(t.class, x.f)
	case token.XOR:
		out.f = inverted(t.class, x.f)
	}
	if out.f == nil {
		refuse(e, "operator %s is not defined on %s", e.Op, t.t)
	}
	return out
}

// binary compiles x op y.
func (c *compiler) binary(e *ast.BinaryExpr) ex {
	switch e.Op {
	case token.LAND:
		x, y := as[bool](c.expr(e.X)), as[bool](c.top(e.Y))
		return ex{t: c.m.typ(c.typeOf(e)), calls: true, f: func(fr *frame) bool { return x(fr) && y(fr) }}
	case token.LOR:
		x, y := as[bool](c.expr(e.X)), as[bool](c.top(e.Y))
		return ex{t: c.m.typ(c.typeOf(e)), calls: true, f: func(fr *frame) bool { return x(fr) || y(fr) }}
	case token.EQL, token.NEQ:
		return c.equality(e)
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		x, y := c.operands(e)
		f := compare(e.Op, x, y)
		if f == nil {
			refuse(e, "operator %s is not defined on %s", e.Op, x.t.t)
		}
		return ex{t: c.m.typ(c.typeOf(e)), f: f, calls: x.calls || y.calls}
	case token.SHL, token.SHR:
		return c.shift(e, e.Op, c.convertTo(e.X, c.expr(e.X), c.m.typ(c.typeOf(e))), c.expr(e.Y))
	}
	x, y := c.operands(e)
	t := c.m.typ(c.typeOf(e))
	if x.t != t && x.t.class == t.class {
		x.t, y.t = t, t
	}
	return c.arith(e, e.Op, x, y)
}

// operands compiles both sides of an operator in one type. If both may run
// code, the left value is taken before the right side runs.
func (c *compiler) operands(e *ast.BinaryExpr) (x, y ex) {
	x, y = c.expr(e.X), c.expr(e.Y)
	switch {
	case x.v != nil && y.v == nil:
		x = c.convertTo(e.X, x, y.t)
	case y.v != nil && x.v == nil:
		y = c.convertTo(e.Y, y, x.t)
	}
	return x, y
}

// arith compiles an arithmetic operator on operands of one type.
func (c *compiler) arith(n ast.Node, op token.Token, x, y ex) ex {
	out := ex{t: x.t, calls: x.calls || y.calls}
	if op == token.QUO || op == token.REM {
		if f := c.division(n, op, x, y); f != nil {
			out.f = f
			return out
		}
	}
	switch x.t.class {
	case classInt:
		out.f = arithInt(op, x, y)
	case classInt8:
		out.f = arithI[int8](op, x.f, y.f)
	case classInt16:
		out.f = arithI[int16](op, x.f, y.f)
	case classInt32:
		out.f = arithI[int32](op, x.f, y.f)
	case classInt64:
		out.f = arithI[int64](op, x.f, y.f)
	case classUint:
		out.f = arithI[uint](op, x.f, y.f)
	case classUint8:
		out.f = arithI[uint8](op, x.f, y.f)
	case classUint16:
		out.f = arithI[uint16](op, x.f, y.f)
	case classUint32:
		out.f = arithI[uint32](op, x.f, y.f)
	case classUint64:
		out.f = arithI[uint64](op, x.f, y.f)
	case classUintptr:
		out.f = arithI[uintptr](op, x.f, y.f)
	case classFloat32:
		out.f = arithF[float32](op, x.f, y.f)
	case classFloat64:
		out.f = arithFloat(op, x, y)
	case classComplex64:
		out.f = arithC[complex64](op, x.f, y.f)
	case classComplex128:
		out.f = arithC[complex128](op, x.f, y.f)
	case classString:
		if op == token.ADD {
			a, b := as[string](x), as[string](y)
			out.f = func(fr *frame) string {
				s := a(fr)
				return s + b(fr)
			}
		}
	}
	if out.f == nil {
		refuse(n, "operator %s is not defined on %s", op, x.t.t)
	}
	return out
}

// division compiles / and % of integers, which may fail.
func (c *compiler) division(n ast.Node, op token.Token, x, y ex) any {
	pos := n.Pos()
	if e, ok := n.(*ast.BinaryExpr); ok {
		pos = e.OpPos
	}
	switch x.t.class {
	case classInt:
		return divide[int](op, x.f, y.f, pos)
	case classInt8:
		return divide[int8](op, x.f, y.f, pos)
	case classInt16:
		return divide[int16](op, x.f, y.f, pos)
	case classInt32:
		return divide[int32](op, x.f, y.f, pos)
	case classInt64:
		return divide[int64](op, x.f, y.f, pos)
	case classUint:
		return divide[uint](op, x.f, y.f, pos)
	case classUint8:
		return divide[uint8](op, x.f, y.f, pos)
	case classUint16:
		return divide[uint16](op, x.f, y.f, pos)
	case classUint32:
		return divide[uint32](op, x.f, y.f, pos)
	case classUint64:
		return divide[uint64](op, x.f, y.f, pos)
	case classUintptr:
		return divide[uintptr](op, x.f, y.f, pos)
	}
	return nil
}

func divide[T integer](op token.Token, x, y any, pos token.Pos) any {
	a, b := x.(func(*frame) T), y.(func(*frame) T)
	if op == token.QUO {
		return func(fr *frame) T {
			n := a(fr)
			d := b(fr)
			if d == 0 {
				fr.pos = pos
				panic(runtimeError("integer divide by zero"))
			}
			return n / d
		}
	}
	return func(fr *frame) T {
		n := a(fr)
		d := b(fr)
		if d == 0 {
			fr.pos = pos
			panic(runtimeError("integer divide by zero"))
		}
		return n % d
	}
}

func arithI[T integer](op token.Token, x, y any) any {
	a, b := x.(func(*frame) T), y.(func(*frame) T)
	switch op {
	case token.ADD:
		return func(fr *frame) T { v := a(fr); return v + b(fr) }
	case token.SUB:
		return func(fr *frame) T { v := a(fr); return v - b(fr) }
	case token.MUL:
		return func(fr *frame) T { v := a(fr); return v * b(fr) }
	case token.AND:
		return func(fr *frame) T { v := a(fr); return v & b(fr) }
	case token.OR:
		return func(fr *frame) T { v := a(fr); return v | b(fr) }
	case token.XOR:
		return func(fr *frame) T { v := a(fr); return v ^ b(fr) }
	case token.AND_NOT:
		return func(fr *frame) T { v := a(fr); return v &^ b(fr) }
	}
	return nil
}

func arithF[T float](op token.Token, x, y any) any {
	a, b := x.(func(*frame) T), y.(func(*frame) T)
	// The conversions keep a product from being fused into a sum.
	switch op {
	case token.ADD:
		return func(fr *frame) T { v := a(fr); return T(v + b(fr)) }
	case token.SUB:
		return func(fr *frame) T { v := a(fr); return T(v - b(fr)) }
	case token.MUL:
		return func(fr *frame) T { v := a(fr); return T(v * b(fr)) }
	case token.QUO:
		return func(fr *frame) T { v := a(fr); return T(v / b(fr)) }
	}
	return nil
}

func arithC[T cmplx](op token.Token, x, y any) any {
	a, b := x.(func(*frame) T), y.(func(*frame) T)
	switch op {
	case token.ADD:
		return func(fr *frame) T { v := a(fr); return v + b(fr) }
	case token.SUB:
		return func(fr *frame) T { v := a(fr); return v - b(fr) }
	case token.MUL:
		return func(fr *frame) T { v := a(fr); return v * b(fr) }
	case token.QUO:
		return func(fr *frame) T { v := a(fr); return v / b(fr) }
	}
	return nil
}

// The commonest operand forms of int and float64 have closures of their own:
// a variable in a slot, a constant.

func slotOf(e ex) (uintptr, bool) {
	if e.slot != nil && e.slot.kind == inSlot {
		return e.slot.off, true
	}
	return 0, false
}

func arithInt(op token.Token, x, y ex) any {
	a, b := as[int](x), as[int](y)
	if yo, ok := slotOf(y); ok {
		if xo, ok := slotOf(x); ok {
			switch op {
			case token.ADD:
				return func(fr *frame) int {
					return *(*int)(unsafe.Add(fr.n, xo)) + *(*int)(unsafe.Add(fr.n, yo))
				}
			case token.SUB:
				return func(fr *frame) int {
					return *(*int)(unsafe.Add(fr.n, xo)) - *(*int)(unsafe.Add(fr.n, yo))
				}
			case token.MUL:
				return func(fr *frame) int {
					return *(*int)(unsafe.Add(fr.n, xo)) * *(*int)(unsafe.Add(fr.n, yo))
				}
			}
		}
		switch op {
		case token.ADD:
			return func(fr *frame) int { return a(fr) + *(*int)(unsafe.Add(fr.n, yo)) }
		case token.SUB:
			return func(fr *frame) int { return a(fr) - *(*int)(unsafe.Add(fr.n, yo)) }
		case token.MUL:
			return func(fr *frame) int { return a(fr) * *(*int)(unsafe.Add(fr.n, yo)) }
		}
	}
	if y.v != nil {
		k, _ := constant.Int64Val(constant.ToInt(y.v))
		n := int(k)
		xo, slot := slotOf(x)
		switch {
		case op == token.ADD && slot:
			return func(fr *frame) int { return *(*int)(unsafe.Add(fr.n, xo)) + n }
		case op == token.SUB && slot:
			return func(fr *frame) int { return *(*int)(unsafe.Add(fr.n, xo)) - n }
		case op == token.ADD:
			return func(fr *frame) int { return a(fr) + n }
		case op == token.SUB:
			return func(fr *frame) int { return a(fr) - n }
		case op == token.MUL:
			return func(fr *frame) int { return a(fr) * n }
		}
	}
	return arithI[int](op, x.f, any(b))
}

func arithFloat(op token.Token, x, y ex) any {
	a := as[float64](x)
	if yo, ok := slotOf(y); ok {
		switch op {
		case token.ADD:
			return func(fr *frame) float64 { return float64(a(fr) + *(*float64)(unsafe.Add(fr.n, yo))) }
		case token.SUB:
			return func(fr *frame) float64 { return float64(a(fr) - *(*float64)(unsafe.Add(fr.n, yo))) }
		case token.MUL:
			return func(fr *frame) float64 { return float64(a(fr) * *(*float64)(unsafe.Add(fr.n, yo))) }
		}
	}
	if y.v != nil {
		k, _ := constant.Float64Val(constant.ToFloat(y.v))
		switch op {
		case token.ADD:
			return func(fr *frame) float64 { return float64(a(fr) + k) }
		case token.SUB:
			return func(fr *frame) float64 { return float64(a(fr) - k) }
		case token.MUL:
			return func(fr *frame) float64 { return float64(a(fr) * k) }
		case token.QUO:
			return func(fr *frame) float64 { return float64(a(fr) / k) }
		}
	}
	return arithF[float64](op, x.f, y.f)
}

func negated(c class, x any) any {
	switch c {
	case classInt:
		return neg[int](x)
	case classInt8:
		return neg[int8](x)
	case classInt16:
		return neg[int16](x)
	case classInt32:
		return neg[int32](x)
	case classInt64:
		return neg[int64](x)
	case classUint:
		return neg[uint](x)
	case classUint8:
		return neg[uint8](x)
	case classUint16:
		return neg[uint16](x)
	case classUint32:
		return neg[uint32](x)
	case classUint64:
		return neg[uint64](x)
	case classUintptr:
		return neg[uintptr](x)
	case classFloat32:
		return neg[float32](x)
	case classFloat64:
		return neg[float64](x)
	case classComplex64:
		return neg[complex64](x)
	case classComplex128:
		return neg[complex128](x)
	}
	return nil
}

func neg[T integer | float | cmplx](x any) any {
	f := x.(func(*frame) T)
	return func(fr *frame) T { return -f(fr) }
}

func inverted(c class, x any) any {
	switch c {
	case classInt:
		return inv[int](x)
	case classInt8:
		return inv[int8](x)
	case classInt16:
		return inv[int16](x)
	case classInt32:
		return inv[int32](x)
	case classInt64:
		return inv[int64](x)
	case classUint:
		return inv[uint](x)
	case classUint8:
		return inv[uint8](x)
	case classUint16:
		return inv[uint16](x)
	case classUint32:
		return inv[uint32](x)
	case classUint64:
		return inv[uint64](x)
	case classUintptr:
		return inv[uintptr](x)
	}
	return nil
}

func inv[T integer](x any) any {
	f := x.(func(*frame) T)
	return func(fr *frame) T { return ^f(fr) }
}
