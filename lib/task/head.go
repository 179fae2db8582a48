package task

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/net/op"
)

// nodes are the parameters of a head by their published names without the
// "Network/" in front, such as "Classifier/weights".
type nodes map[string]*gorgonia.Node

// drop applies a dropout mask, which holds 0 or 1/share, if there is one.
func drop(x, keep *gorgonia.Node) (*gorgonia.Node, error) {
	if keep == nil {
		return x, nil
	}
	return op.Times(x, keep)
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
	groups int               // 2: per view, 1: over both
	fixed  []*op.BatchStats  // statistics to use instead, per batch norm
	seen   [2]*op.BatchStats // receive those of each pass
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
		norm := op.BatchNorm{Eps: net.BatchNormEps, Groups: how.groups, Seen: how.seen[i]}
		if how.fixed != nil {
			norm.Fixed = how.fixed[i]
		}
		x, err = op.BatchNormRelu(x, p[scope+"/BatchNorm/beta"], norm)
	}
	if err != nil {
		return nil, err
	}
	return linear(x, p, "FC2")
}

// barlowLoss is [BarlowLoss] of z, whose first half of rows is one view and
// whose second half the other.
func barlowLoss(z *gorgonia.Node, lambda float64, norm Norm) (*gorgonia.Node, error) {
	n := z.Shape()[0] / 2
	za, err := op.Rows(z, 0, n)
	if err != nil {
		return nil, err
	}
	zb, err := op.Rows(z, n, 2*n)
	if err != nil {
		return nil, err
	}
	return op.BarlowLoss(za, zb, lambda, norm == NormStd)
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
