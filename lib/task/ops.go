package task

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task/internal/fused"
)

func total(s tensor.Shape) int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// times is the elementwise product with keep, which gets no gradient.
func times[T fused.Float](x, keep *gorgonia.Node) (*gorgonia.Node, error) {
	return fused.Apply(fused.Func[T]{
		Label: "dropout", Out: x.Shape().Clone(), Wants: []bool{true, false},
		Forward: func(v [][]T, out []T) {
			for i, k := range v[1] {
				out[i] = v[0][i] * k
			}
		},
		Backward: func(v [][]T, _, dout []T, din [][]T) {
			for i, k := range v[1] {
				din[0][i] = dout[i] * k
			}
		},
	}, x, keep)
}

// batchStats are what a batch norm has seen or is to use, one value per unit.
type batchStats struct{ Mean, Variance []float64 }

// batchNormRelu is ReLU(batch norm) of [rows][unit] with a shift and no gain,
// statistics per group of consecutive rows: the population variance of each
// view, or of all rows where groups is 1. If fixed is not nil it holds the
// statistics to use instead, and there is no gradient through them. seen, if
// not nil, receives those of each forward pass, averaged over groups.
func batchNormRelu[T fused.Float](x, beta *gorgonia.Node, groups int, fixed, seen *batchStats) (*gorgonia.Node, error) {
	rows, u := x.Shape()[0], x.Shape()[1]
	if rows%groups != 0 {
		return nil, fmt.Errorf("task: batch norm: %d rows in %d groups", rows, groups)
	}
	n := rows / groups
	mean, inv := make([]float64, groups*u), make([]float64, groups*u)
	return fused.Apply(fused.Func[T]{
		Label: "batch norm", Out: x.Shape().Clone(), Wants: []bool{true, true},
		Forward: func(v [][]T, out []T) {
			if seen != nil {
				clear(seen.Mean)
				clear(seen.Variance)
			}
			for g := range groups {
				m, w := mean[g*u:(g+1)*u], inv[g*u:(g+1)*u]
				x := v[0][g*n*u : (g+1)*n*u]
				if fixed != nil {
					copy(m, fixed.Mean)
					for k, s := range fixed.Variance {
						w[k] = 1 / math.Sqrt(s+net.BatchNormEps)
					}
				} else {
					columnMoments(x, u, m, w)
					for k := range m {
						if seen != nil {
							seen.Mean[k] += m[k] / float64(groups)
							seen.Variance[k] += w[k] / float64(groups)
						}
						w[k] = 1 / math.Sqrt(w[k]+net.BatchNormEps)
					}
				}
				for i, xi := range x {
					k := i % u
					out[g*n*u+i] = T(max(0, (float64(xi)-m[k])*w[k]+float64(v[1][k])))
				}
			}
		},
		Backward: func(v [][]T, out, dout []T, din [][]T) {
			db := make([]float64, u)
			for g := range groups {
				m, w := mean[g*u:(g+1)*u], inv[g*u:(g+1)*u]
				x, y, dy, dx := v[0][g*n*u:], out[g*n*u:], dout[g*n*u:], din[0][g*n*u:]
				s, sh := make([]float64, u), make([]float64, u)
				for i := range n * u {
					if y[i] > 0 {
						k, d := i%u, float64(dy[i])
						s[k] += d
						sh[k] += d * (float64(x[i]) - m[k]) * w[k]
					}
				}
				for k := range db {
					db[k] += s[k]
				}
				for i := range n * u {
					k, d := i%u, 0.0
					if y[i] > 0 {
						d = float64(dy[i])
					}
					if fixed == nil {
						d -= (s[k] + sh[k]*(float64(x[i])-m[k])*w[k]) / float64(n)
					}
					dx[i] = T(d * w[k])
				}
			}
			for k := range db {
				din[1][k] = T(db[k])
			}
		},
	}, x, beta)
}

// columnMoments fills mean and population variance of each column.
func columnMoments[T fused.Float](x []T, u int, mean, variance []float64) {
	n := float64(len(x) / u)
	clear(mean)
	clear(variance)
	for i, v := range x {
		mean[i%u] += float64(v)
	}
	for k := range mean {
		mean[k] /= n
	}
	for i, v := range x {
		d := float64(v) - mean[i%u]
		variance[i%u] += d * d
	}
	for k := range variance {
		variance[k] /= n
	}
}
