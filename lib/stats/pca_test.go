package stats

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

func TestPCAAgainstScikitLearn(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/pca") {
		x := c.Array(t, "x")
		m := mat.NewDense(x.Shape[0], x.Shape[1], x.Data)
		p, err := FitPCA(m, c.Array(t, "components").Shape[0])
		if err != nil {
			t.Fatal(err)
		}
		c.Compare(t, "float64", "components", p.Components.RawMatrix().Data)
		c.Compare(t, "float64", "singular_values", p.Singular)
		c.Compare(t, "float64", "explained_variance", p.Variance)
		c.Compare(t, "float64", "explained_variance_ratio", p.Ratio)
		c.Compare(t, "float64", "mean", p.Mean)
		c.Compare(t, "float64", "transformed", p.Transform(m).RawMatrix().Data)
	}
}

func TestPCARefuses(t *testing.T) {
	for name, m := range map[string]*mat.Dense{
		"one point": mat.NewDense(1, 2, nil),
		"NaN":       mat.NewDense(3, 2, []float64{1, 2, math.NaN(), 4, 5, 6}),
	} {
		if _, err := FitPCA(m, 1); err == nil {
			t.Errorf("PCA of %s gave no error", name)
		}
	}
	if _, err := FitPCA(mat.NewDense(3, 2, nil), 3); err == nil {
		t.Error("3 components in 2 dimensions gave no error")
	}
	// Points that are all equal have components, but no variance.
	p, err := FitPCA(mat.NewDense(3, 2, []float64{1, 2, 1, 2, 1, 2}), 2)
	if err != nil || p.Ratio[0] != 0 {
		t.Errorf("equal points: %+v, %v", p, err)
	}
}
