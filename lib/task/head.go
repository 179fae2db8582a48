package task

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/net/op"
)

// nodes are the parameters of a head by their published names without the
// "Network/" in front, such as "Classifier/weights".
type nodes map[string]*gorgonia.Node

// byDtype picks the instance of a generic op for the dtype of x.
func byDtype(x *gorgonia.Node, f32, f64 func() (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	if x.Dtype() == tensor.Float64 {
		return f64()
	}
	return f32()
}

// drop applies a dropout mask, which holds 0 or 1/share, if there is one.
func drop(x, keep *gorgonia.Node) (*gorgonia.Node, error) {
	if keep == nil {
		return x, nil
	}
	return byDtype(x,
		func() (*gorgonia.Node, error) { return times[float32](x, keep) },
		func() (*gorgonia.Node, error) { return times[float64](x, keep) })
}

// linear is x·weights + biases on the rows of x, a matrix; biases may be
// missing.
func linear(x *gorgonia.Node, p nodes, scope string) (*gorgonia.Node, error) {
	return op.Linear(x, p[scope+"/weights"], p[scope+"/biases"])
}

// classifierHead gives logits [n][class] of all features in the order (h, t, c).
func classifierHead(x, keep *gorgonia.Node, p nodes) (*gorgonia.Node, error) {
	x, err := drop(x, keep)
	if err == nil {
		x, err = op.Flatten(x)
	}
	if err != nil {
		return nil, err
	}
	return linear(x, p, "Classifier")
}

// readoutHead gives [n][t][output] of the features at each frame.
func readoutHead(x *gorgonia.Node, p nodes) (*gorgonia.Node, error) {
	return op.TimeLinear(x, p["Classifier/weights"], p["Classifier/biases"])
}

// torqueHead gives [n][t][output] of the features and the goal [n][t][3] at
// each frame, through one layer whose layer norm joins all frames, so that
// each output depends on the whole window.
func torqueHead(x, goal *gorgonia.Node, p nodes) (*gorgonia.Node, error) {
	x, err := op.StepFeatures(x, goal)
	if err != nil {
		return nil, err
	}
	// A linear layer at each frame, normalised over frames and units, is a
	// convolution with a kernel of one on a map of one row.
	s := p["FC0/weights"].Shape()
	w, err := op.Reshape(p["FC0/weights"], 1, 1, s[0], s[1])
	if err != nil {
		return nil, err
	}
	if x, err = op.ConvNorm(x, w, p["FC0/LayerNorm/gamma"], p["FC0/LayerNorm/beta"], 1, 1, true); err != nil {
		return nil, err
	}
	return readoutHead(x, p)
}

// projection is how the projector's batch norms take their statistics.
type projection struct {
	groups int            // 2: per view, 1: over both
	fixed  []*batchStats  // statistics to use instead, per batch norm
	seen   [2]*batchStats // receive those of each pass
}

// projectorHead gives embeddings [2n][unit] of the features of both views, the
// first view's rows before the second's.
func projectorHead(x, keep *gorgonia.Node, p nodes, how projection) (*gorgonia.Node, error) {
	x, err := drop(x, keep)
	if err == nil {
		x, err = op.Flatten(x)
	}
	for i := 0; i < 2 && err == nil; i++ {
		scope := fmt.Sprintf("FC%d", i)
		if x, err = linear(x, p, scope); err != nil {
			break
		}
		beta := p[scope+"/BatchNorm/beta"]
		var fixed *batchStats
		if how.fixed != nil {
			fixed = how.fixed[i]
		}
		seen, y := how.seen[i], x
		x, err = byDtype(y,
			func() (*gorgonia.Node, error) { return batchNormRelu[float32](y, beta, how.groups, fixed, seen) },
			func() (*gorgonia.Node, error) { return batchNormRelu[float64](y, beta, how.groups, fixed, seen) })
	}
	if err != nil {
		return nil, err
	}
	return linear(x, p, "FC2")
}

// decoderHead gives [n][t][2·muscles] of the code x: the layers, a crop to the
// window, and one linear layer at each time sample.
func decoderHead(x, keep *gorgonia.Node, layers []net.LayerShape, d Dims, p nodes) (*gorgonia.Node, error) {
	x, err := drop(x, keep)
	for _, l := range layers {
		if err != nil {
			return nil, err
		}
		x, err = op.ConvTransposeNorm(x, p[l.Name+"/weights"], p[l.Name+"/LayerNorm/gamma"], p[l.Name+"/LayerNorm/beta"], l.StrideH, l.StrideT)
	}
	if err == nil {
		x, err = op.Crop(x, d.Muscles, d.Time)
	}
	if err != nil {
		return nil, err
	}
	return readoutHead(x, p)
}
