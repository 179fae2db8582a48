package task

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/task/internal/fused"
)

// lossOp makes a scalar of pred and the others. The function returns the loss
// and fills the derivative with respect to pred.
func lossOp[T fused.Float](label string, f func(in [][]T, grad []T) float64, pred *gorgonia.Node, others ...*gorgonia.Node) (*gorgonia.Node, error) {
	grad := make([]T, total(pred.Shape()))
	wants := make([]bool, 1+len(others))
	wants[0] = true
	return fused.Apply(fused.Func[T]{
		Label: label, Out: tensor.Shape{}, Wants: wants,
		Forward: func(in [][]T, out []T) { out[0] = T(f(in, grad)) },
		Backward: func(_ [][]T, _, dout []T, din [][]T) {
			for i, g := range grad {
				din[0][i] = g * dout[0]
			}
		},
	}, append([]*gorgonia.Node{pred}, others...)...)
}

// barlowOp is [BarlowLoss] of z, whose first half of rows is one view and whose
// second half the other.
func barlowOp[T fused.Float](z *gorgonia.Node, lambda float64, norm Norm) (*gorgonia.Node, error) {
	units := z.Shape()[1]
	return lossOp("Barlow loss", func(in [][]T, grad []T) float64 {
		h := len(in[0]) / 2
		return BarlowLoss(in[0][:h], in[0][h:], units, lambda, norm, grad[:h], grad[h:])
	}, z)
}

// residualOp is [ResidualVariance] of pred and target [n][t][k] over spans
// [n][2], which are whole numbers.
func residualOp[T fused.Float](pred, target, spans *gorgonia.Node) (*gorgonia.Node, error) {
	s := pred.Shape()
	start, end := make([]int, s[0]), make([]int, s[0])
	return lossOp("residual variance", func(in [][]T, grad []T) float64 {
		for i := range start {
			start[i], end[i] = int(in[2][2*i]), int(in[2][2*i+1])
		}
		return ResidualVariance(in[0], in[1], s[1], s[2], start, end, grad, nil, nil)
	}, pred, target, spans)
}

// alongOp is Σ x·d for a given d: its gradient with respect to x is d. With it
// a network is carried backwards from a derivative found elsewhere.
func alongOp[T fused.Float](x, d *gorgonia.Node) (*gorgonia.Node, error) {
	return lossOp("given derivative", func(in [][]T, grad []T) float64 {
		sum := 0.0
		for i, v := range in[1] {
			sum += float64(v) * float64(in[0][i])
			grad[i] = v
		}
		return sum
	}, x, d)
}
