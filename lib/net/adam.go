package net

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// Adam is TensorFlow's Adam in its "epsilon hat" form, the optimiser of all
// the paper's networks, as a gorgonia.Solver:
//
//	lr_t = LR·√(1−Beta2^t)/(1−Beta1^t),  p ← p − lr_t·m/(√v + Eps)
//
// (gorgonia's own Adam corrects v before the root, so its epsilon means
// something else.) The slots are kept in the precision of the parameters, one
// pair per parameter in the order in which Step is given them.
type Adam struct {
	LR, Beta1, Beta2, Eps float64
	Iter                  int // steps made

	M, V [][]float64 // slots of float64 parameters
	// M32 and V32 are the slots of float32 parameters: the running means of
	// gradients and of squared gradients, TensorFlow's Adam and Adam_1.
	M32, V32 [][]float32
}

var _ gorgonia.Solver = (*Adam)(nil)

// NewAdam returns the optimiser with the paper's constants: 0.9, 0.999, 1e-8.
func NewAdam(lr float64) *Adam { return &Adam{LR: lr, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// Step updates the values from their gradients and sets the gradients to zero.
func (a *Adam) Step(model []gorgonia.ValueGrad) error {
	a.Iter++
	rate := a.LR * math.Sqrt(1-math.Pow(a.Beta2, float64(a.Iter))) / (1 - math.Pow(a.Beta1, float64(a.Iter)))
	for i, n := range model {
		grad, err := n.Grad()
		if err != nil {
			return fmt.Errorf("net: Adam: parameter %d: %w", i, err)
		}
		p, ok1 := n.Value().(*tensor.Dense)
		g, ok2 := grad.(*tensor.Dense)
		if !ok1 || !ok2 || p.Dtype() != g.Dtype() || p.Shape().TotalSize() != g.Shape().TotalSize() {
			return fmt.Errorf("net: Adam: parameter %d is a %T with a gradient %T of another shape", i, n.Value(), grad)
		}
		switch p.Dtype() {
		case tensor.Float32:
			a.M32, a.V32 = slots(a.M32, i, p.DataSize()), slots(a.V32, i, p.DataSize())
			adam(p.Float32s(), g.Float32s(), a.M32[i], a.V32[i], a, rate)
		case tensor.Float64:
			a.M, a.V = slots(a.M, i, p.DataSize()), slots(a.V, i, p.DataSize())
			adam(p.Float64s(), g.Float64s(), a.M[i], a.V[i], a, rate)
		default:
			return fmt.Errorf("net: Adam: parameter %d is %v, want float32 or float64", i, p.Dtype())
		}
	}
	return nil
}

// slots returns s with room for n values at place i.
func slots[T engine.Float](s [][]T, i, n int) [][]T {
	for len(s) <= i {
		s = append(s, nil)
	}
	if len(s[i]) != n {
		s[i] = make([]T, n)
	}
	return s
}

func adam[T engine.Float](p, g, m, v []T, a *Adam, rate float64) {
	b1, b2, eps, lr := T(a.Beta1), T(a.Beta2), T(a.Eps), T(rate)
	c1, c2 := T(1-a.Beta1), T(1-a.Beta2)
	const piece = 1 << 14
	engine.Parallel((len(p)+piece-1)/piece, func(_, k int) {
		lo, hi := k*piece, min(len(p), (k+1)*piece)
		p, g, m, v := p[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi]
		for j, x := range g {
			m[j] = b1*m[j] + c1*x
			v[j] = b2*v[j] + c2*x*x
			p[j] -= lr * m[j] / (T(math.Sqrt(float64(v[j]))) + eps)
			g[j] = 0
		}
	})
}
