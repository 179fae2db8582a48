package cell

import (
	"reflect"
)

// helpers are the functions that rewritten code calls.
func (k *Interp) helpers() map[string]reflect.Value {
	v := reflect.ValueOf
	return map[string]reflect.Value{
		"MinInt": v(minOf[int64]), "MaxInt": v(maxOf[int64]),
		"MinUint": v(minOf[uint64]), "MaxUint": v(maxOf[uint64]),
		"MinFloat": v(minOf[float64]), "MaxFloat": v(maxOf[float64]),
		"MinString": v(minOf[string]), "MaxString": v(maxOf[string]),
		"Complex":   v(func(re, im float64) complex128 { return complex(re, im) }),
		"Clear":     v(func(x any) { reflect.ValueOf(x).Clear() }),
		"Var":       v(k.addVar),
		"Reached":   v(func(n int) { k.reached = n }),
		"Last":      v(k.last),
		"Recovered": v(k.recovered),
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
func (k *Interp) last(trailingError bool, values ...any) {
	if n := len(values); trailingError && values[n-1] == nil {
		values = values[:n-1]
	}
	if len(values) > 0 && k.opt.Show != nil {
		k.opt.Show(values...)
	}
}

// recovered reports a panic that ended a goroutine.
func (k *Interp) recovered(r any) {
	if r == nil {
		return
	}
	e := k.panicError(r)
	if k.opt.GoPanic != nil {
		k.opt.GoPanic(e)
	}
}

// addVar notes where a variable of the notebook lives.
func (k *Interp) addVar(name string, p any) {
	k.varMu.Lock()
	k.vars[name] = reflect.ValueOf(p)
	k.varMu.Unlock()
}
