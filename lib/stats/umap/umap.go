// Package umap embeds points in a plane by Uniform Manifold Approximation and
// Projection (McInnes, Healy and Melville 2018), as the paper's figure of task
// space uses it (spec/03, section 6).
//
// Points lie in the rows of a matrix, distances are Euclidean and neighbours
// exact. The graph agrees with umap-learn 0.5's to its float32 rounding; the
// embedding is another draw of the same stochastic descent, so what compares is
// its structure: [Trustworthiness] and clusters. One source of randomness gives
// one result, whatever the number of cores.
package umap

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Options are umap-learn's, with its defaults where a field is zero.
type Options struct {
	Neighbors       int     // of each point, itself included: 15
	MinDist         float64 // how close points may come in the embedding: 0.1
	Spread          float64 // the scale of the embedding: 1
	Components      int     // dimensions of the embedding: 2
	Epochs          int     // of the descent: 500 up to 10,000 points, else 200
	NegativeSamples int     // repulsions for each attraction: 5
	LearningRate    float64 // at the start, falling to 0: 1
}

func (o Options) filled(n int) Options {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&o.Neighbors, 15)
	set(&o.Components, 2)
	set(&o.NegativeSamples, 5)
	epochs := 500
	if n > 10000 {
		epochs = 200
	}
	set(&o.Epochs, epochs)
	if o.MinDist == 0 {
		o.MinDist = 0.1
	}
	if o.Spread == 0 {
		o.Spread = 1
	}
	if o.LearningRate == 0 {
		o.LearningRate = 1
	}
	return o
}

// A Model is an embedding and what is needed to place new points in it.
type Model struct {
	Embedding *mat.Dense // shape [point][component]
	Options   Options
	A, B      float64 // of the curve 1/(1+A·d^(2B)) of closeness in the embedding

	points *mat.Dense
}

// Fit embeds the rows of x. It needs more points than neighbours.
func Fit(ctx context.Context, x *mat.Dense, opt Options, rng *rand.Rand) (*Model, error) {
	n, _ := x.Dims()
	opt = opt.filled(n)
	if err := check(x, opt); err != nil {
		return nil, err
	}
	a, b, err := Curve(opt.Spread, opt.MinDist)
	if err != nil {
		return nil, err
	}
	index, dist, err := neighbors(ctx, x, x, opt.Neighbors)
	if err != nil {
		return nil, err
	}
	g := fuzzyUnion(index, dist)
	emb, err := initial(g, x, opt.Components, rng)
	if err != nil {
		return nil, err
	}
	m := &Model{Options: opt, A: a, B: b, points: mat.DenseCopyOf(x)}
	if err := m.descend(ctx, g.edges(opt.Epochs), emb, emb, opt.Epochs, rng); err != nil {
		return nil, err
	}
	m.Embedding = emb
	return m, nil
}

func check(x *mat.Dense, opt Options) error {
	n, d := x.Dims()
	switch {
	case opt.Neighbors < 2 || opt.Neighbors >= n:
		return fmt.Errorf("umap: %d neighbours of %d points, want 2 to %d", opt.Neighbors, n, n-1)
	case opt.Components < 1 || opt.Components > 16:
		return fmt.Errorf("umap: %d components, want 1 to 16", opt.Components)
	case opt.Epochs < 1 || opt.NegativeSamples < 0 || !(opt.LearningRate > 0):
		return fmt.Errorf("umap: epochs %d, negative samples %d and learning rate %v must be positive", opt.Epochs, opt.NegativeSamples, opt.LearningRate)
	}
	for i := 0; i < n; i++ {
		for j := 0; j < d; j++ {
			if v := x.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("umap: row %d, column %d is %v, want a finite number", i, j, v)
			}
		}
	}
	return nil
}

// Transform places new points, rows of x, among those of the fit, which stay
// where they are. The fit's own points get their own places.
func (m *Model) Transform(ctx context.Context, x *mat.Dense, rng *rand.Rand) (*mat.Dense, error) {
	if mat.Equal(x, m.points) {
		return mat.DenseCopyOf(m.Embedding), nil
	}
	n, d := x.Dims()
	if _, want := m.points.Dims(); d != want {
		return nil, fmt.Errorf("umap: points of %d dimensions for a fit of %d", d, want)
	}
	for i := 0; i < n; i++ {
		for j := 0; j < d; j++ {
			if v := x.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("umap: row %d, column %d is %v, want a finite number", i, j, v)
			}
		}
	}
	index, dist, err := neighbors(ctx, x, m.points, m.Options.Neighbors)
	if err != nil {
		return nil, err
	}
	sigma, rho := bandwidths(dist, 0)
	out := mat.NewDense(n, m.Options.Components, nil)
	epochs := max(1, m.Options.Epochs/3)
	var edges []edge
	for i := range index {
		sum := 0.0
		row := out.RawRowView(i)
		for k, j := range index[i] {
			w := membership(dist[i][k], rho[i], sigma[i])
			sum += w
			for c, v := range m.Embedding.RawRowView(j) {
				row[c] += w * v
			}
			edges = append(edges, edge{head: i, tail: j, weight: w})
		}
		for c := range row {
			row[c] /= sum
		}
	}
	edges = schedule(edges, epochs)
	if err := m.descend(ctx, edges, out, m.Embedding, epochs, rng); err != nil {
		return nil, err
	}
	return out, nil
}
