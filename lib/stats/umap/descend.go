package umap

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// clip bounds one coordinate's share of a step.
func clip(v float64) float64 { return math.Max(-4, math.Min(4, v)) }

// descend moves the heads: towards the tail of each edge that is due, away
// from random points. Where head and tail are one embedding, tails move too.
// It runs in the order of the edges on one core: that order is the result's.
func (m *Model) descend(ctx context.Context, edges []edge, head, tail *mat.Dense, epochs int, rng *rand.Rand) error {
	tails, dim := tail.Dims()
	together := head == tail
	negatives := float64(m.Options.NegativeSamples)
	nextNegative := make([]float64, len(edges))
	for i, e := range edges {
		nextNegative[i] = e.period / math.Max(negatives, 1)
	}
	for epoch := 0; epoch < epochs; epoch++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		alpha := m.Options.LearningRate * (1 - float64(epoch)/float64(epochs))
		for k := range edges {
			e := &edges[k]
			if e.next > float64(epoch) {
				continue
			}
			p, q := head.RawRowView(e.head), tail.RawRowView(e.tail)
			if d2 := square(p, q); d2 > 0 {
				pow := math.Pow(d2, m.B)
				pull := -2 * m.A * m.B * pow / d2 / (1 + m.A*pow)
				for c := 0; c < dim; c++ {
					step := clip(pull*(p[c]-q[c])) * alpha
					p[c] += step
					if together {
						q[c] -= step
					}
				}
			}
			e.next += e.period
			if negatives == 0 {
				continue
			}
			period := e.period / negatives
			for due := int((float64(epoch) - nextNegative[k]) / period); due > 0; due-- {
				nextNegative[k] += period
				j := rng.IntN(tails)
				if together && j == e.head {
					continue
				}
				q := tail.RawRowView(j)
				d2 := square(p, q)
				push := 0.0
				if d2 > 0 {
					push = 2 * m.B / ((0.001 + d2) * (1 + m.A*math.Pow(d2, m.B)))
				}
				for c := 0; c < dim; c++ {
					if push > 0 {
						p[c] += clip(push*(p[c]-q[c])) * alpha
					}
				}
			}
		}
	}
	return nil
}

func square(p, q []float64) float64 {
	s := 0.0
	for c, v := range p {
		s += (v - q[c]) * (v - q[c])
	}
	return s
}
