package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// SoftmaxCrossEntropy appends the mean over the batch of the softmax
// cross-entropy: logits is [n][k], labels is [n] and holds the classes 0 … k−1
// as numbers of the same dtype.
func SoftmaxCrossEntropy(logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("SoftmaxCrossEntropy", logits,
		func() (*gorgonia.Node, error) { return crossEntropy[float32](logits, labels) },
		func() (*gorgonia.Node, error) { return crossEntropy[float64](logits, labels) })
}

func crossEntropy[T Float](logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantDims("SoftmaxCrossEntropy", "logits", logits, 2); err != nil {
		return nil, err
	}
	n, k := logits.Shape()[0], logits.Shape()[1]
	if err := wantShape("SoftmaxCrossEntropy", "labels", labels, n); err != nil {
		return nil, err
	}
	label := fmt.Sprintf("SoftmaxCrossEntropy n=%d k=%d", n, k)
	fwd := newCall(label, shapes(logits, labels), tensor.Shape{}, func(in [][]T, out []T) error {
		sum := 0.0
		for i := range n {
			row := in[0][i*k : (i+1)*k]
			c, err := class(in[1][i], k)
			if err != nil {
				return fmt.Errorf("sample %d: %w", i, err)
			}
			top, norm := softmaxNorm(row)
			sum += math.Log(norm) + top - float64(row[c])
		}
		out[0] = T(sum / float64(n))
		return nil
	})
	fwd.wants = []bool{true, false}
	fwd.grad = func(in gorgonia.Nodes, _, g *gorgonia.Node) (gorgonia.Nodes, error) {
		d, err := newCall("grad of "+label, shapes(in[0], in[1], g), in[0].Shape(), func(in [][]T, out []T) error {
			scale := float64(in[2][0]) / float64(n)
			for i := range n {
				row := in[0][i*k : (i+1)*k]
				c, err := class(in[1][i], k)
				if err != nil {
					return fmt.Errorf("sample %d: %w", i, err)
				}
				top, norm := softmaxNorm(row)
				for j, v := range row {
					p := math.Exp(float64(v)-top) / norm
					if j == c {
						p--
					}
					out[i*k+j] = T(p * scale)
				}
			}
			return nil
		}).apply(in[0], in[1], g)
		return gorgonia.Nodes{d, nil}, err
	}
	return fwd.apply(logits, labels)
}

func softmaxNorm[T Float](row []T) (top, norm float64) {
	top = math.Inf(-1)
	for _, v := range row {
		top = max(top, float64(v))
	}
	for _, v := range row {
		norm += math.Exp(float64(v) - top)
	}
	return top, norm
}

func class[T Float](v T, k int) (int, error) {
	c := int(v)
	if T(c) != v || c < 0 || c >= k {
		return 0, fmt.Errorf("label %v is not one of the classes 0 … %d", v, k-1)
	}
	return c, nil
}

// MSE appends the mean of (p−y)² over all values; p and y have one shape. The
// gradient is that of p; y is data.
func MSE(p, y *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("MSE", p,
		func() (*gorgonia.Node, error) { return mse[float32](p, y) },
		func() (*gorgonia.Node, error) { return mse[float64](p, y) })
}

func mse[T Float](p, y *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantShape("MSE", "target", y, p.Shape()...); err != nil {
		return nil, err
	}
	label := fmt.Sprintf("MSE %v", p.Shape())
	n := float64(p.Shape().TotalSize())
	fwd := newCall(label, shapes(p, y), tensor.Shape{}, func(in [][]T, out []T) error {
		sum := 0.0
		for i, v := range in[0] {
			d := float64(v) - float64(in[1][i])
			sum += d * d
		}
		out[0] = T(sum / n)
		return nil
	})
	fwd.wants = []bool{true, false}
	fwd.grad = func(in gorgonia.Nodes, _, g *gorgonia.Node) (gorgonia.Nodes, error) {
		d, err := newCall("grad of "+label, shapes(in[0], in[1], g), in[0].Shape(), func(in [][]T, out []T) error {
			scale := T(2 * float64(in[2][0]) / n)
			for i, v := range in[0] {
				out[i] = (v - in[1][i]) * scale
			}
			return nil
		}).apply(in[0], in[1], g)
		return gorgonia.Nodes{d, nil}, err
	}
	return fwd.apply(p, y)
}

// MED appends the mean over samples and steps of the Euclidean length of p−y
// along the last axis: what the paper reports as "test MSE" (spec/02 1.3). It
// has no gradient.
func MED(p, y *gorgonia.Node) (*gorgonia.Node, error) {
	return byDtype("MED", p,
		func() (*gorgonia.Node, error) { return med[float32](p, y) },
		func() (*gorgonia.Node, error) { return med[float64](p, y) })
}

func med[T Float](p, y *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantShape("MED", "target", y, p.Shape()...); err != nil {
		return nil, err
	}
	s := p.Shape()
	if s.Dims() < 1 {
		return nil, fmt.Errorf("op: MED: prediction is a scalar")
	}
	k := s[s.Dims()-1]
	return newCall(fmt.Sprintf("MED %v", s), shapes(p, y), tensor.Shape{}, func(in [][]T, out []T) error {
		sum := 0.0
		for at := 0; at < len(in[0]); at += k {
			d2 := 0.0
			for j := at; j < at+k; j++ {
				d := float64(in[0][j]) - float64(in[1][j])
				d2 += d * d
			}
			sum += math.Sqrt(d2)
		}
		out[0] = T(sum / float64(len(in[0])/k))
		return nil
	}).apply(p, y)
}
