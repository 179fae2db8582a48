package vm

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// shift compiles x << y and x >> y.
func (c *compiler) shift(n ast.Node, op token.Token, x, y ex) ex {
	count := c.shiftCount(n, y)
	out := ex{t: x.t, calls: x.calls || y.calls}
	switch x.t.class {
	case classInt:
		out.f = shifted[int](op, x.f, count)
	case classInt8:
		out.f = shifted[int8](op, x.f, count)
	case classInt16:
		out.f = shifted[int16](op, x.f, count)
	case classInt32:
		out.f = shifted[int32](op, x.f, count)
	case classInt64:
		out.f = shifted[int64](op, x.f, count)
	case classUint:
		out.f = shifted[uint](op, x.f, count)
	case classUint8:
		out.f = shifted[uint8](op, x.f, count)
	case classUint16:
		out.f = shifted[uint16](op, x.f, count)
	case classUint32:
		out.f = shifted[uint32](op, x.f, count)
	case classUint64:
		out.f = shifted[uint64](op, x.f, count)
	case classUintptr:
		out.f = shifted[uintptr](op, x.f, count)
	default:
		refuse(n, "operator %s is not defined on %s", op, x.t.t)
	}
	return out
}

func shifted[T integer](op token.Token, x any, count func(*frame) uint64) any {
	a := x.(func(*frame) T)
	if op == token.SHL {
		return func(fr *frame) T { v := a(fr); return v << count(fr) }
	}
	return func(fr *frame) T { v := a(fr); return v >> count(fr) }
}

// shiftCount compiles the right side of a shift, which must not be negative.
func (c *compiler) shiftCount(n ast.Node, y ex) func(*frame) uint64 {
	if y.v != nil {
		k, _ := constant.Uint64Val(constant.ToInt(y.v))
		return konst(k)
	}
	pos := n.Pos()
	signed := func(f func(*frame) int64) func(*frame) uint64 {
		return func(fr *frame) uint64 {
			v := f(fr)
			if v < 0 {
				fr.pos = pos
				panic(runtimeError("negative shift amount"))
			}
			return uint64(v)
		}
	}
	switch y.t.class {
	case classInt, classInt8, classInt16, classInt32, classInt64:
		return signed(as[int64](c.numeric(n, y, c.m.typ(types.Typ[types.Int64]))))
	}
	return as[uint64](c.numeric(n, y, c.m.typ(types.Typ[types.Uint64])))
}
