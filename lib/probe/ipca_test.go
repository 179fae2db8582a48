package probe_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/probe"
)

// rowsOf lays activations (trial, muscle, time, channel) out as rows (trial,
// time), columns muscle·channels+channel.
func rowsOf(x []float32, n, S, T, F int) []float32 {
	out := make([]float32, len(x))
	for i := range n {
		for s := range S {
			for t := range T {
				copy(out[((i*T+t)*S+s)*F:][:F], x[((i*S+s)*T+t)*F:])
			}
		}
	}
	return out
}

func TestIncrementalPCAGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/ipca") {
		t.Run(c.Name, func(t *testing.T) {
			x := c.Array(t, "x")
			n, S, T, F := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
			d := S * F
			rows := rowsOf(x.Float32(), n, S, T, F)
			var q struct {
				Components int             `json:"n_components"`
				Batches    [][2]int        `json:"batches"`
				Seen       json.RawMessage `json:"n_samples_seen"`
			}
			c.Decode(t, &q)
			if k := probe.NumComponents(d); k != q.Components {
				t.Errorf("%d components for %d features, want %d", k, d, q.Components)
			}
			for _, way := range []string{"whole batches", "chunks"} {
				p := probe.NewIncrementalPCA(d, q.Components)
				for _, b := range q.Batches {
					part := rows[b[0]*T*d : b[1]*T*d]
					if way == "whole batches" {
						if err := p.PartialFit(part); err != nil {
							t.Fatal(err)
						}
						continue
					}
					if err := p.Begin(len(part) / d); err != nil {
						t.Fatal(err)
					}
					for at := 0; at < len(part); at += 37 * d {
						p.Add(part[at:min(at+37*d, len(part))])
					}
					if err := p.End(); err != nil {
						t.Fatal(err)
					}
				}
				c.Compare(t, "float64", "components", p.Components)
				c.Compare(t, "float64", "singular_values", p.Singular)
				c.Compare(t, "float64", "mean", p.Mean)
				variance, ratio := p.Explained()
				c.Compare(t, "float64", "explained_variance", variance)
				c.Compare(t, "float64", "explained_variance_ratio", ratio)
				var got []float64
				for _, i := range c.Array(t, "transformed_trials").Ints() {
					dst := make([]float64, T*p.K)
					p.Transform(dst, rows[i*T*d:(i+1)*T*d])
					got = append(got, dst...)
				}
				c.Compare(t, "float64", "transformed", got)
			}
		})
	}
}

// A dead channel and a repeated one leave fewer directions than components:
// the rest must be exact zeros, not amplified rounding.
func TestIncrementalPCARankDeficient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const d, k, rows = 10, 9, 300
	for _, m := range []int{rows, 9} { // by columns, by rows
		p := probe.NewIncrementalPCA(d, k)
		for range 2 {
			x := make([]float32, m*d)
			for i := range m {
				a, b := rng.NormFloat64(), rng.NormFloat64()
				for j := range 5 {
					x[i*d+j] = float32(a)
				}
				for j := 5; j < 9; j++ {
					x[i*d+j] = float32(b)
				}
			}
			if err := p.PartialFit(x); err != nil {
				t.Fatal(err)
			}
		}
		for i, s := range p.Singular {
			if (i < 2) != (s > 1) || i >= 2 && s != 0 {
				t.Errorf("%d rows: singular value %d is %g: two directions expected", m, i, s)
			}
		}
	}
}

func TestIncrementalPCABadInput(t *testing.T) {
	if err := probe.NewIncrementalPCA(20, 10).PartialFit(make([]float32, 9*20)); err == nil {
		t.Error("9 rows for 10 components accepted")
	}
	nan := make([]float32, 30*20)
	nan[77] /= nan[77]
	p := probe.NewIncrementalPCA(20, 10)
	if err := p.PartialFit(nan); err == nil || p.Rows != 0 {
		t.Errorf("NaN accepted: error %v, %d rows", err, p.Rows)
	}
}
