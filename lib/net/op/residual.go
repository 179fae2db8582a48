package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ResidualVariance appends the loss of the data-driven networks (spec/02 3.5):
// p and y are [n][t][units], spans is [n][2] and gives each trial's frames
// start ≤ t < end as whole numbers. The loss is the mean over trials and units
// of the population variance of y − p over the trial's frames. The gradient is
// that of p.
func ResidualVariance(p, y, spans *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("ResidualVariance", p,
		func() (*gorgonia.Node, error) { return residualVariance[float32](p, y, spans) },
		func() (*gorgonia.Node, error) { return residualVariance[float64](p, y, spans) })
}

func residualVariance[T Float](p, y, spans *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "ResidualVariance"
	if err := wantDims(name, "prediction", p, 3); err != nil {
		return nil, err
	}
	s := p.Shape()
	n, t, k := s[0], s[1], s[2]
	if err := wantShape(name, "target", y, n, t, k); err != nil {
		return nil, err
	}
	if err := wantShape(name, "spans", spans, n, 2); err != nil {
		return nil, err
	}
	// frames calls f with the first and last place of each trial's unit.
	frames := func(spans []T, f func(lo, hi int)) error {
		for b := range n {
			from, to := spans[2*b], spans[2*b+1]
			// Compared as they are: what int makes of a number beyond its range is not said.
			if !(from >= 0 && from < to && to <= T(t)) {
				return fmt.Errorf("trial %d: frames %v to %v, want at least one within 0 … %d", b, from, to, t)
			}
			lo, hi := int(from), int(to)
			if lo == hi {
				return fmt.Errorf("trial %d: frames %v to %v are not whole numbers", b, from, to)
			}
			for j := range k {
				f((b*t+lo)*k+j, (b*t+hi)*k+j)
			}
		}
		return nil
	}
	mean := func(p, y []T, lo, hi int) float64 {
		sum := 0.0
		for i := lo; i < hi; i += k {
			sum += float64(y[i]) - float64(p[i])
		}
		return sum / float64((hi-lo)/k)
	}
	label := fmt.Sprintf("%s n=%d t=%d units=%d", name, n, t, k)
	fwd := newCall(label, shapes(p, y, spans), tensor.Shape{}, func(in [][]T, out []T) error {
		total := 0.0
		err := frames(in[2], func(lo, hi int) {
			m, sum := mean(in[0], in[1], lo, hi), 0.0
			for i := lo; i < hi; i += k {
				d := float64(in[1][i]) - float64(in[0][i]) - m
				sum += d * d
			}
			total += sum / float64((hi-lo)/k)
		})
		out[0] = T(total / float64(n*k))
		return err
	})
	fwd.wants = []bool{true, false, false}
	fwd.grad = func(in gorgonia.Nodes, _, g *gorgonia.Node) (gorgonia.Nodes, error) {
		d, err := newCall("grad of "+label, shapes(in[0], in[1], in[2], g), in[0].Shape(), func(in [][]T, out []T) error {
			clear(out)
			return frames(in[2], func(lo, hi int) {
				m := mean(in[0], in[1], lo, hi)
				scale := -2 * float64(in[3][0]) / (float64((hi-lo)/k) * float64(n*k))
				for i := lo; i < hi; i += k {
					out[i] = T(scale * (float64(in[1][i]) - float64(in[0][i]) - m))
				}
			})
		}).apply(in[0], in[1], in[2], g)
		return gorgonia.Nodes{d, nil, nil}, err
	}
	return fwd.apply(p, y, spans)
}
