package cell

import (
	"reflect"
)

// helpers are the functions that rewritten code calls.
func (y *yaegi) helpers() map[string]reflect.Value {
	v := reflect.ValueOf
	return map[string]reflect.Value{
		"MinInt": v(minOf[int64]), "MaxInt": v(maxOf[int64]),
		"MinUint": v(minOf[uint64]), "MaxUint": v(maxOf[uint64]),
		"MinFloat": v(minOf[float64]), "MaxFloat": v(maxOf[float64]),
		"MinString": v(minOf[string]), "MaxString": v(maxOf[string]),
		"Complex":   v(func(re, im float64) complex128 { return complex(re, im) }),
		"Clear":     v(func(x any) { reflect.ValueOf(x).Clear() }),
		"Var":       v(y.addVar),
		"Reached":   v(func(n int) { y.reached = n }),
		"Last":      v(y.last),
		"Recovered": v(y.recovered),
	}
}

func minOf[T int64 | uint64 | float64 | string](x ...T) T {
	m := x[0]
	for _, v := range x[1:] {
		m = min(m, v)
	}
	return m
}

func maxOf[T int64 | uint64 | float64 | string](x ...T) T {
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

// last shows the values of a cell's last expression. A nil error at the end is
// no news.
func (y *yaegi) last(trailingError bool, values ...any) {
	y.k.show(values, trailingError)
}

// recovered reports a panic that ended a goroutine.
func (y *yaegi) recovered(r any) {
	if r == nil {
		return
	}
	e := y.panicError(r)
	if y.k.opt.GoPanic != nil {
		y.k.opt.GoPanic(e)
	}
}

// addVar notes where a variable of the notebook lives.
func (y *yaegi) addVar(name string, p any) {
	y.varMu.Lock()
	y.vars[name] = reflect.ValueOf(p)
	y.varMu.Unlock()
}
