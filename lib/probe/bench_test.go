package probe_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/spindle-lab/spindle/lib/probe"
)

// The shapes and the data of these benchmarks are those of
// testdata/sklearn_probe.py, the scikit-learn side.

func BenchmarkRidgeLayer(b *testing.B) {
	x, y, dur := synthetic(4, 160, 75, 75, 50)
	for b.Loop() {
		if _, err := probe.FitRidge(x, 75, y, 50, dur, probe.RidgeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// lowRank draws activations of the benchmark's layer: rows of d features, the
// positive part of a signal of rank 40 with noise.
func lowRank(seed uint64, rows, d int) []float32 {
	rng := rand.New(rand.NewPCG(seed, 9))
	const rank = 40
	mix := make([]float32, rank*d)
	for i := range rank {
		for j := range d {
			mix[i*d+j] = float32(rng.NormFloat64() * math.Exp(-float64(i)/8))
		}
	}
	x := make([]float32, rows*d)
	var z [rank]float32
	for r := range rows {
		for i := range z {
			z[i] = float32(rng.NormFloat64())
		}
		row := x[r*d : (r+1)*d]
		for i, zi := range z {
			for j, m := range mix[i*d : (i+1)*d] {
				row[j] += zi * m
			}
		}
		for j, v := range row {
			row[j] = max(0, v+.1*float32(rng.NormFloat64()))
		}
	}
	return x
}

func BenchmarkIncrementalPCA(b *testing.B) {
	const trials, time, d = 300, 400, 312
	x := lowRank(1, trials*time, d)
	scores := make([]float64, trials*time*75)
	part := 100 * time * d
	for b.Loop() {
		p := probe.NewIncrementalPCA(d, 75)
		for at := 0; at < len(x); at += part {
			if err := p.PartialFit(x[at : at+part]); err != nil {
				b.Fatal(err)
			}
		}
		p.Transform(scores, x)
	}
}
