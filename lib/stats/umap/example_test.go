package umap_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/stats/umap"
)

// Two groups of points that are far apart stay apart in the plane.
func ExampleFit() {
	rng := rand.New(rand.NewPCG(1, 0))
	x := mat.NewDense(60, 5, nil)
	x.Apply(func(i, _ int, _ float64) float64 { return float64(i/30*20) + rng.NormFloat64() }, x)
	m, err := umap.Fit(context.Background(), x, umap.Options{}, rng)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, c := m.Embedding.Dims()
	fmt.Println(r, "points in", c, "dimensions")
	// Output: 60 points in 2 dimensions
}
