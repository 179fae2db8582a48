package stats

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/combin"
)

// maxEnumerated bounds the rearrangements for which a permutation test goes
// through all of them; above, it draws random ones.
const maxEnumerated = 1 << 17

// slack treats statistics as equal that differ by rounding only.
const slack = 1e-12

// counter keeps how often a rearrangement is at least as extreme.
type counter struct {
	observed, tol  float64
	low, high, all float64
}

func newCounter(observed float64) *counter {
	return &counter{observed: observed, tol: slack * math.Max(1, math.Abs(observed))}
}

func (c *counter) add(v float64) {
	c.all++
	if v <= c.observed+c.tol {
		c.low++
	}
	if v >= c.observed-c.tol {
		c.high++
	}
}

// p is exact if all rearrangements were counted; otherwise the observed one
// counts as one of the drawn, so that p is never 0.
func (c *counter) p(alt Alternative, exact bool) float64 {
	low, high, all := c.low, c.high, c.all
	if !exact {
		low, high, all = low+1, high+1, all+1
	}
	switch alt {
	case Greater:
		return high / all
	case Less:
		return low / all
	}
	return math.Min(1, 2*math.Min(low, high)/all)
}

// PermutePaired tests the mean of x−y by changing the signs of the
// differences: all 2ⁿ of them where they are few, else draws from rng.
// Statistic is the mean difference, Effect Cohen's d of the differences.
func PermutePaired(x, y []float64, alt Alternative, draws int, rng *rand.Rand) (Test, error) {
	if err := paired("paired permutation test", x, y, 2); err != nil {
		return Test{}, err
	}
	n := len(x)
	d := make([]float64, n)
	floats.SubTo(d, x, y)
	sum := floats.Sum(d)
	c := newCounter(sum)
	exact := n < bits.Len(maxEnumerated)
	if exact {
		for s := uint64(0); s < 1<<n; s++ {
			v := 0.0
			for i, x := range d {
				if s>>i&1 == 1 {
					x = -x
				}
				v += x
			}
			c.add(v)
		}
	} else {
		if err := enough(draws); err != nil {
			return Test{}, err
		}
		for k := 0; k < draws; k++ {
			v := 0.0
			var s uint64
			for i, x := range d {
				if i%64 == 0 {
					s = rng.Uint64()
				}
				if s>>(i%64)&1 == 1 {
					x = -x
				}
				v += x
			}
			c.add(v)
		}
	}
	u := centred(d)
	effect := math.NaN()
	if ss := floats.Dot(u, u); ss > 0 {
		effect = sum / float64(n) / math.Sqrt(ss/float64(n-1))
	}
	return Test{Statistic: sum / float64(n), P: c.p(alt, exact), Effect: effect, N: n, Exact: exact}, nil
}

func enough(draws int) error {
	if draws < 100 {
		return fmt.Errorf("stats: permutation test with %d draws, want at least 100", draws)
	}
	return nil
}

// PermuteTwo tests the difference of the means of two independent samples by
// exchanging their members. Statistic is mean(x)−mean(y); Effect divides it by
// the pooled SD (Cohen's d).
func PermuteTwo(x, y []float64, alt Alternative, draws int, rng *rand.Rand) (Test, error) {
	if len(x) < 2 || len(y) < 2 {
		return Test{}, fmt.Errorf("stats: permutation test of samples of %d and %d points, want at least 2 in each", len(x), len(y))
	}
	all := append(append([]float64(nil), x...), y...)
	for i, v := range all {
		if bad(v) {
			return Test{}, fmt.Errorf("stats: permutation test: value %d of the joint sample is %v", i, v)
		}
	}
	n, m := float64(len(x)), float64(len(y))
	total := floats.Sum(all)
	diff := func(first float64) float64 { return first/n - (total-first)/m }
	observed := diff(floats.Sum(x))
	c := newCounter(observed)
	// log C(n+m, n) tells whether all choices can be gone through.
	exact := combin.LogGeneralizedBinomial(n+m, n) < math.Log(maxEnumerated)
	if exact {
		gen := combin.NewCombinationGenerator(len(all), len(x))
		idx := make([]int, len(x))
		for gen.Next() {
			gen.Combination(idx)
			first := 0.0
			for _, i := range idx {
				first += all[i]
			}
			c.add(diff(first))
		}
	} else {
		if err := enough(draws); err != nil {
			return Test{}, err
		}
		for k := 0; k < draws; k++ {
			first := 0.0
			for i := range x {
				j := i + rng.IntN(len(all)-i)
				all[i], all[j] = all[j], all[i]
				first += all[i]
			}
			c.add(diff(first))
		}
	}
	u, v := centred(x), centred(y)
	effect := math.NaN()
	if ss := floats.Dot(u, u) + floats.Dot(v, v); ss > 0 {
		effect = observed / math.Sqrt(ss/(n+m-2))
	}
	return Test{Statistic: observed, P: c.p(alt, exact), Effect: effect, N: len(all), Exact: exact}, nil
}

// PermuteCorrelation tests Pearson's r of paired samples by re-pairing them.
// Statistic and Effect are r.
func PermuteCorrelation(x, y []float64, alt Alternative, draws int, rng *rand.Rand) (Test, error) {
	r, err := Pearson(x, y)
	if err != nil {
		return Test{}, err
	}
	u, v := centred(x), centred(y)
	scale := 1 / (floats.Norm(u, 2) * floats.Norm(v, 2))
	c := newCounter(r.R)
	n := len(x)
	exact := n <= 8 // 8! = 40320
	if exact {
		gen := combin.NewPermutationGenerator(n, n)
		perm := make([]int, n)
		for gen.Next() {
			gen.Permutation(perm)
			s := 0.0
			for i, j := range perm {
				s += u[i] * v[j]
			}
			c.add(s * scale)
		}
	} else {
		if err := enough(draws); err != nil {
			return Test{}, err
		}
		for k := 0; k < draws; k++ {
			rng.Shuffle(n, func(i, j int) { v[i], v[j] = v[j], v[i] })
			c.add(floats.Dot(u, v) * scale)
		}
	}
	return Test{Statistic: r.R, P: c.p(alt, exact), Effect: r.R, N: n, Exact: exact}, nil
}
