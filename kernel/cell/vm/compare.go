package vm

import (
	"go/constant"
	"go/token"
	"unsafe"
)

// compare compiles an ordering.
func compare(op token.Token, x, y ex) func(*frame) bool {
	switch x.t.class {
	case classInt:
		return compareInt(op, x, y)
	case classInt8:
		return order[int8](op, x.f, y.f)
	case classInt16:
		return order[int16](op, x.f, y.f)
	case classInt32:
		return order[int32](op, x.f, y.f)
	case classInt64:
		return order[int64](op, x.f, y.f)
	case classUint:
		return order[uint](op, x.f, y.f)
	case classUint8:
		return order[uint8](op, x.f, y.f)
	case classUint16:
		return order[uint16](op, x.f, y.f)
	case classUint32:
		return order[uint32](op, x.f, y.f)
	case classUint64:
		return order[uint64](op, x.f, y.f)
	case classUintptr:
		return order[uintptr](op, x.f, y.f)
	case classFloat32:
		return order[float32](op, x.f, y.f)
	case classFloat64:
		return order[float64](op, x.f, y.f)
	case classString:
		return order[string](op, x.f, y.f)
	}
	return nil
}

func order[T ordered](op token.Token, x, y any) func(*frame) bool {
	a, b := x.(func(*frame) T), y.(func(*frame) T)
	switch op {
	case token.LSS:
		return func(fr *frame) bool { v := a(fr); return v < b(fr) }
	case token.LEQ:
		return func(fr *frame) bool { v := a(fr); return v <= b(fr) }
	case token.GTR:
		return func(fr *frame) bool { v := a(fr); return v > b(fr) }
	}
	return func(fr *frame) bool { v := a(fr); return v >= b(fr) }
}

func compareInt(op token.Token, x, y ex) func(*frame) bool {
	xo, ok := slotOf(x)
	if !ok {
		return order[int](op, x.f, y.f)
	}
	if yo, ok := slotOf(y); ok {
		switch op {
		case token.LSS:
			return func(fr *frame) bool { return *(*int)(unsafe.Add(fr.n, xo)) < *(*int)(unsafe.Add(fr.n, yo)) }
		case token.LEQ:
			return func(fr *frame) bool { return *(*int)(unsafe.Add(fr.n, xo)) <= *(*int)(unsafe.Add(fr.n, yo)) }
		}
	}
	if y.v != nil {
		k, _ := constant.Int64Val(constant.ToInt(y.v))
		n := int(k)
		switch op {
		case token.LSS:
			return func(fr *frame) bool { return *(*int)(unsafe.Add(fr.n, xo)) < n }
		case token.LEQ:
			return func(fr *frame) bool { return *(*int)(unsafe.Add(fr.n, xo)) <= n }
		case token.GTR:
			return func(fr *frame) bool { return *(*int)(unsafe.Add(fr.n, xo)) > n }
		case token.GEQ:
			return func(fr *frame) bool { return *(*int)(unsafe.Add(fr.n, xo)) >= n }
		}
	}
	return order[int](op, x.f, y.f)
}

// negated and inverted compile -x and ^x.
