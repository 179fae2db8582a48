package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Ops with a second input that is data and gets no gradient.

// Times appends the elementwise product of x and keep, which have one shape:
// a dropout whose mask, 0 or 1/share, was drawn elsewhere. keep gets no gradient.
func Times(x, keep *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("Times", x,
		func() (*gorgonia.Node, error) { return times[float32](x, keep) },
		func() (*gorgonia.Node, error) { return times[float64](x, keep) })
}

func times[T Float](x, keep *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantShape("Times", "keep", keep, x.Shape()...); err != nil {
		return nil, err
	}
	label := fmt.Sprintf("Times %v", x.Shape())
	product := func(in [][]T, out []T) error {
		for i, k := range in[1] {
			out[i] = in[0][i] * k
		}
		return nil
	}
	fwd := newCall(label, shapes(x, keep), x.Shape(), product)
	fwd.wants = []bool{true, false}
	fwd.grad = func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := newCall("grad of "+label, shapes(dy, in[1]), in[0].Shape(), product).apply(dy, in[1])
		return gorgonia.Nodes{dx, nil}, err
	}
	return fwd.apply(x, keep)
}

// Along appends the scalar Σ x·d for x and d of one shape. Its gradient with
// respect to x is d: with it a derivative that was found elsewhere is carried
// back through the graph below x. d gets no gradient.
func Along(x, d *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("Along", x,
		func() (*gorgonia.Node, error) { return along[float32](x, d) },
		func() (*gorgonia.Node, error) { return along[float64](x, d) })
}

func along[T Float](x, d *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantShape("Along", "d", d, x.Shape()...); err != nil {
		return nil, err
	}
	label := fmt.Sprintf("Along %v", x.Shape())
	fwd := newCall(label, shapes(x, d), tensor.Shape{}, func(in [][]T, out []T) error {
		sum := 0.0
		for i, v := range in[0] {
			sum += float64(v) * float64(in[1][i])
		}
		out[0] = T(sum)
		return nil
	})
	fwd.wants = []bool{true, false}
	fwd.grad = func(in gorgonia.Nodes, _, g *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := newCall("grad of "+label, shapes(in[1], g), in[0].Shape(), func(in [][]T, out []T) error {
			for i, v := range in[0] {
				out[i] = v * in[1][0]
			}
			return nil
		}).apply(in[1], g)
		return gorgonia.Nodes{dx, nil}, err
	}
	return fwd.apply(x, d)
}

// Rows appends the rows lo ≤ i < hi of x's first axis: one view of a batch
// that holds both.
func Rows(x *gorgonia.Node, lo, hi int) (*gorgonia.Node, error) {
	s := x.Shape()
	if s.Dims() < 2 || lo < 0 || hi > s[0] || lo >= hi {
		return nil, fmt.Errorf("op: Rows: %d to %d of shape %v, want at least one row of a matrix or more", lo, hi, s)
	}
	return byDtype("Rows", x,
		func() (*gorgonia.Node, error) { return rows[float32](x, lo, hi) },
		func() (*gorgonia.Node, error) { return rows[float64](x, lo, hi) })
}

func rows[T Float](x *gorgonia.Node, lo, hi int) (*gorgonia.Node, error) {
	out := x.Shape().Clone()
	width := out.TotalSize() / out[0]
	out[0] = hi - lo
	return gather[T](fmt.Sprintf("Rows %v from %d", out, lo), x, out, func(each func(big, little, count int)) {
		each(lo*width, 0, (hi-lo)*width)
	})
}
