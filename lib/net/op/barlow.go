package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// BarlowLoss appends the redundancy-reduction loss of two embeddings [n][k]:
// with u the columns less their mean and divided by their population variance
// (as published) or, if std, by its root, and C = uₐᵀu_b/n,
//
//	L = Σ_i (C_ii − 1)² + lambda·Σ_{i≠j} C_ij².
//
// A column without variance gives Inf or NaN, as in the published code.
func BarlowLoss(za, zb *gorgonia.Node, lambda float64, std bool) (*gorgonia.Node, error) {
	return byDtype("BarlowLoss", za,
		func() (*gorgonia.Node, error) { return barlowLoss[float32](za, zb, lambda, std) },
		func() (*gorgonia.Node, error) { return barlowLoss[float64](za, zb, lambda, std) })
}

func barlowLoss[T Float](za, zb *gorgonia.Node, lambda float64, std bool) (*gorgonia.Node, error) {
	if err := wantDims("BarlowLoss", "za", za, 2); err != nil {
		return nil, err
	}
	n, k := za.Shape()[0], za.Shape()[1]
	if err := wantShape("BarlowLoss", "zb", zb, n, k); err != nil {
		return nil, err
	}
	b := newBarlow(n, k, lambda, std)
	dzb := make([]T, n*k)
	label := fmt.Sprintf("BarlowLoss n=%d k=%d lambda=%v std=%v", n, k, lambda, std)
	fwd := newCall(label, shapes(za, zb), tensor.Shape{}, func(in [][]T, out []T) error {
		out[0] = T(b.loss(widen(b.za, in[0]), widen(b.zb, in[1])))
		return nil
	})
	fwd.wants = []bool{true, true}
	fwd.grad = func(in gorgonia.Nodes, y, g *gorgonia.Node) (gorgonia.Nodes, error) {
		da, err := newCall("grad of "+label, shapes(y, g), in[0].Shape(), func(in [][]T, out []T) error {
			b.backward(float64(in[1][0]))
			for i, v := range b.za {
				out[i], dzb[i] = T(v), T(b.zb[i])
			}
			return nil
		}).apply(y, g)
		if err != nil {
			return nil, err
		}
		db, err := newPick("zb of grad of "+label, da.Shape(), in[1].Shape(), func() []T { return dzb }).apply(da)
		return gorgonia.Nodes{da, db}, err
	}
	return fwd.apply(za, zb)
}

func widen[T Float](dst []float64, x []T) []float64 {
	for i, v := range x {
		dst[i] = float64(v)
	}
	return dst
}

// barlow computes the loss in float64: its terms differ by the square of the
// batch, and the matrices are small.
type barlow struct {
	n, k   int
	lambda float64
	std    bool
	za, zb []float64 // the embeddings; after backward their gradients
	ua, ub []float64
	sa, sb []float64 // what the columns were divided by
	mean   []float64
	c, dc  []float64
}

func newBarlow(n, k int, lambda float64, std bool) *barlow {
	b := &barlow{n: n, k: k, lambda: lambda, std: std}
	b.za, b.zb, b.ua, b.ub = make([]float64, n*k), make([]float64, n*k), make([]float64, n*k), make([]float64, n*k)
	b.sa, b.sb, b.mean = make([]float64, k), make([]float64, k), make([]float64, k)
	b.c, b.dc = make([]float64, k*k), make([]float64, k*k)
	return b
}

func (b *barlow) loss(za, zb []float64) float64 {
	b.standardise(b.ua, b.sa, za)
	b.standardise(b.ub, b.sb, zb)
	gemm(true, false, b.k, b.k, b.n, b.ua, b.ub, 0, b.c)
	sum := 0.0
	for i := range b.c {
		b.c[i] /= float64(b.n)
		if i/b.k == i%b.k {
			sum += (b.c[i] - 1) * (b.c[i] - 1)
		} else {
			sum += b.lambda * b.c[i] * b.c[i]
		}
	}
	return sum
}

func (b *barlow) standardise(u, s, z []float64) {
	columnMoments(z, b.mean, s)
	if b.std {
		for j, v := range s {
			s[j] = math.Sqrt(v)
		}
	}
	for i, v := range z {
		u[i] = (v - b.mean[i%b.k]) / s[i%b.k]
	}
}

// backward leaves g·∂L/∂z in za and zb.
func (b *barlow) backward(g float64) {
	for i, c := range b.c {
		b.dc[i] = 2 * b.lambda * c * g / float64(b.n)
		if i/b.k == i%b.k {
			b.dc[i] = 2 * (c - 1) * g / float64(b.n)
		}
	}
	gemm(false, true, b.n, b.k, b.k, b.ub, b.dc, 0, b.za)
	gemm(false, false, b.n, b.k, b.k, b.ua, b.dc, 0, b.zb)
	b.unstandardise(b.za, b.ua, b.sa)
	b.unstandardise(b.zb, b.ub, b.sb)
}

// unstandardise turns the gradient of u into that of z, in place: u = x/s with
// x = z − mean, and s the mean of x² or its root.
func (b *barlow) unstandardise(d, u, s []float64) {
	n := float64(b.n)
	for j := range b.k {
		var mean, dot float64
		for i := j; i < len(d); i += b.k {
			mean += d[i]
			dot += d[i] * u[i]
		}
		mean /= n
		// ds/dz is 2x/n, or x/(n·s) for the root; x is u·s.
		pull := 2 * dot * s[j] / n
		if b.std {
			pull = dot / n
		}
		for i := j; i < len(d); i += b.k {
			d[i] = (d[i] - mean - u[i]*pull) / s[j]
		}
	}
}
