package task

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/task/internal/fused"
)

// eps of the layer norm and of the batch norm, as in TensorFlow's layers.
const (
	layerNormEps = 1e-12
	batchNormEps = 1e-3
)

func total(s tensor.Shape) int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// timeMajor turns a feature map [n][h][t][c] into [n][t][h·c], cropped to the
// first rows and columns: the order in which the readouts take features.
func timeMajor[T fused.Float](x *gorgonia.Node, rows, cols int) (*gorgonia.Node, error) {
	s := x.Shape()
	n, h, t, c := s[0], s[1], s[2], s[3]
	if rows > h || cols > t {
		return nil, fmt.Errorf("task: cannot crop %v to %d rows and %d columns", s, rows, cols)
	}
	each := func(f func(from, to int)) {
		for b := range n {
			for i := range rows {
				for j := range cols {
					f(((b*h+i)*t+j)*c, ((b*cols+j)*rows+i)*c)
				}
			}
		}
	}
	return fused.Apply(fused.Func[T]{
		Label: "features by time", Out: tensor.Shape{n, cols, rows * c}, Wants: []bool{true},
		Forward: func(v [][]T, out []T) {
			each(func(from, to int) { copy(out[to:to+c], v[0][from:from+c]) })
		},
		Backward: func(_ [][]T, _, dout []T, din [][]T) {
			clear(din[0])
			each(func(from, to int) { copy(din[0][from:from+c], dout[to:to+c]) })
		},
	}, x)
}

// beside appends the columns of b, which get no gradient, to those of a:
// [n][t][p] and [n][t][q] to [n][t][p+q].
func beside[T fused.Float](a, b *gorgonia.Node) (*gorgonia.Node, error) {
	s := a.Shape()
	p, q := s[2], b.Shape()[2]
	rows := s[0] * s[1]
	return fused.Apply(fused.Func[T]{
		Label: "features and goal", Out: tensor.Shape{s[0], s[1], p + q}, Wants: []bool{true, false},
		Forward: func(v [][]T, out []T) {
			for r := range rows {
				copy(out[r*(p+q):], v[0][r*p:(r+1)*p])
				copy(out[r*(p+q)+p:], v[1][r*q:(r+1)*q])
			}
		},
		Backward: func(_ [][]T, _, dout []T, din [][]T) {
			for r := range rows {
				copy(din[0][r*p:(r+1)*p], dout[r*(p+q):])
			}
		},
	}, a, b)
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

// lastStep takes the last of [n][..][t][c] along t, as [n][c].
func lastStep[T fused.Float](x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	n, c := s[0], s[len(s)-1]
	per := total(s) / n
	return fused.Apply(fused.Func[T]{
		Label: "last step", Out: tensor.Shape{n, c}, Wants: []bool{true},
		Forward: func(v [][]T, out []T) {
			for b := range n {
				copy(out[b*c:(b+1)*c], v[0][(b+1)*per-c:])
			}
		},
		Backward: func(_ [][]T, _, dout []T, din [][]T) {
			clear(din[0])
			for b := range n {
				copy(din[0][(b+1)*per-c:(b+1)*per], dout[b*c:])
			}
		},
	}, x)
}

// normRelu is ReLU(layer norm) of [n][t][u], statistics over t and u of each
// sample, gain and shift per unit.
func normRelu[T fused.Float](x, gamma, beta *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	n, u := s[0], s[2]
	per := s[1] * u
	mean, inv := make([]float64, n), make([]float64, n)
	return fused.Apply(fused.Func[T]{
		Label: "layer norm", Out: s.Clone(), Wants: []bool{true, true, true},
		Forward: func(v [][]T, out []T) {
			for b := range n {
				x, y := v[0][b*per:(b+1)*per], out[b*per:(b+1)*per]
				mean[b], inv[b] = moments(x, layerNormEps)
				for i, xi := range x {
					k := i % u
					y[i] = T(max(0, (float64(xi)-mean[b])*inv[b]*float64(v[1][k])+float64(v[2][k])))
				}
			}
		},
		Backward: func(v [][]T, out, dout []T, din [][]T) {
			dg, db := make([]float64, u), make([]float64, u)
			for b := range n {
				x, y, dy := v[0][b*per:(b+1)*per], out[b*per:(b+1)*per], dout[b*per:(b+1)*per]
				m, mu := 0.0, 0.0
				for i, xi := range x {
					if y[i] <= 0 {
						continue
					}
					k, h, d := i%u, (float64(xi)-mean[b])*inv[b], float64(dy[i])
					dg[k] += d * h
					db[k] += d
					d *= float64(v[1][k])
					m += d
					mu += d * h
				}
				m, mu = m/float64(per), mu/float64(per)
				for i, xi := range x {
					d := 0.0
					if y[i] > 0 {
						d = float64(dy[i]) * float64(v[1][i%u])
					}
					h := (float64(xi) - mean[b]) * inv[b]
					din[0][b*per+i] = T((d - m - h*mu) * inv[b])
				}
			}
			for k := range dg {
				din[1][k], din[2][k] = T(dg[k]), T(db[k])
			}
		},
	}, x, gamma, beta)
}

// moments returns the mean and 1/sqrt(population variance + eps).
func moments[T fused.Float](x []T, eps float64) (mean, inv float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	s := 0.0
	for _, v := range x {
		d := float64(v) - mean
		s += d * d
	}
	return mean, 1 / math.Sqrt(s/float64(len(x))+eps)
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
						w[k] = 1 / math.Sqrt(s+batchNormEps)
					}
				} else {
					columnMoments(x, u, m, w)
					for k := range m {
						if seen != nil {
							seen.Mean[k] += m[k] / float64(groups)
							seen.Variance[k] += w[k] / float64(groups)
						}
						w[k] = 1 / math.Sqrt(w[k]+batchNormEps)
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
