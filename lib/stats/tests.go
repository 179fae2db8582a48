package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mathext"
)

// An Alternative is what a test holds against its null hypothesis.
type Alternative int

const (
	TwoSided Alternative = iota
	Greater              // the first sample is greater
	Less                 // the first sample is less
)

// A Method says how a rank test gets its p value.
type Method int

const (
	Auto          Method = iota // exact for small samples without ties, normal otherwise
	Exact                       // the exact null distribution; needs samples without ties
	Normal                      // normal approximation, corrected for ties
	NormalShifted               // the same with the continuity correction of one half
)

// A Test is the outcome of a test.
type Test struct {
	Statistic float64 // t, the signed-rank sum or U
	P         float64
	Effect    float64 // effect size; which one, the function says
	N         int     // points or pairs used
	Exact     bool    // p comes from the exact null distribution
}

// PairedT tests whether the mean of x−y is zero. Statistic is t on n−1 degrees
// of freedom; Effect is Cohen's d of the differences (mean over SD).
func PairedT(x, y []float64, alt Alternative) (Test, error) {
	if err := paired("paired t", x, y, 2); err != nil {
		return Test{}, err
	}
	d := make([]float64, len(x))
	floats.SubTo(d, x, y)
	if constant(d) {
		return Test{}, fmt.Errorf("stats: paired t: all differences are %v, so t is undefined", d[0])
	}
	n := float64(len(d))
	mean := floats.Sum(d) / n
	c := centred(d)
	sd := math.Sqrt(floats.Dot(c, c) / (n - 1))
	t := mean / (sd / math.Sqrt(n))
	return Test{Statistic: t, P: tailT(t, n-1, alt), Effect: mean / sd, N: len(d)}, nil
}

// tailT is the p value of Student's t through the incomplete beta function,
// which keeps its digits in the far tail.
func tailT(t, df float64, alt Alternative) float64 {
	both := mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
	switch {
	case alt == TwoSided:
		return both
	case (t > 0) == (alt == Greater):
		return both / 2
	}
	return 1 - both/2
}

// normalSF is P(Z > z).
func normalSF(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// Zeros says what the signed-rank test does with pairs that are equal.
type Zeros int

const (
	DropZeros Zeros = iota // Wilcoxon: leave them out before ranking
	Pratt                  // rank them, then leave them out
)

// maxExact bounds the pairs for which Auto takes the exact distribution, as SciPy does.
const maxExact = 50

// Wilcoxon is the signed-rank test of paired samples. Statistic is the smaller
// of the two rank sums for a two-sided test and the sum of the positive ranks
// otherwise, as in SciPy. Effect is the rank-biserial correlation.
func Wilcoxon(x, y []float64, alt Alternative, method Method, zeros Zeros) (Test, error) {
	if err := paired("Wilcoxon", x, y, 1); err != nil {
		return Test{}, err
	}
	var d, size []float64
	none := 0
	for i := range x {
		v := x[i] - y[i]
		if v == 0 {
			none++
			if zeros == DropZeros {
				continue
			}
		}
		d, size = append(d, v), append(size, math.Abs(v))
	}
	if len(d) == 0 || none == len(x) {
		return Test{}, fmt.Errorf("stats: Wilcoxon: all %d pairs are equal, so there is nothing to rank", len(x))
	}
	ranks := Ranks(size)
	var plus, minus float64
	var used []float64
	for i, v := range d {
		switch {
		case v > 0:
			plus += ranks[i]
		case v < 0:
			minus += ranks[i]
		default:
			continue
		}
		used = append(used, ranks[i])
	}
	t := Test{Statistic: plus, Effect: (plus - minus) / (plus + minus), N: len(used)}
	if alt == TwoSided {
		t.Statistic = math.Min(plus, minus)
	}
	tied := tieSum(used)
	if method == Auto {
		method = Normal
		if len(d) <= maxExact && none == 0 && tied == 0 {
			method = Exact
		}
	}
	if method == Exact {
		if none > 0 || tied > 0 {
			return Test{}, fmt.Errorf("stats: Wilcoxon: the exact distribution needs samples without ties and zeros")
		}
		t.Exact = true
		t.P = signedRankP(int(plus), len(d), alt)
		return t, nil
	}
	n, z := float64(len(d)), float64(none)
	mean, v := n*(n+1)/4, n*(n+1)*(2*n+1)
	if zeros == Pratt {
		mean -= z * (z + 1) / 4
		v -= z * (z + 1) * (2*z + 1)
	}
	t.P = normalP(t.Statistic, mean, math.Sqrt((v-tied/2)/24), alt, method == NormalShifted)
	return t, nil
}

// normalP is the p value of a rank sum under its normal approximation.
func normalP(stat, mean, sd float64, alt Alternative, shifted bool) float64 {
	shift := 0.0
	if shifted {
		switch alt {
		case TwoSided:
			if stat != mean {
				shift = math.Copysign(0.5, stat-mean)
			}
		case Greater:
			shift = 0.5
		case Less:
			shift = -0.5
		}
	}
	z := (stat - mean - shift) / sd
	switch alt {
	case TwoSided:
		return math.Min(1, 2*normalSF(math.Abs(z)))
	case Greater:
		return normalSF(z)
	}
	return normalSF(-z)
}

// tieSum is Σ(t³−t) over the groups of t equal ranks.
func tieSum(ranks []float64) float64 {
	count := map[float64]float64{}
	for _, r := range ranks {
		count[r]++
	}
	sum := 0.0
	for _, t := range count {
		sum += t*t*t - t
	}
	return sum
}

// signedRankP is the exact p of a sum of positive ranks of n pairs: each rank
// is positive with probability one half.
func signedRankP(plus, n int, alt Alternative) float64 {
	top := n * (n + 1) / 2
	pmf := make([]float64, top+1)
	pmf[0] = 1
	for r, reach := 1, 0; r <= n; r++ {
		reach += r
		for k := reach; k >= 0; k-- {
			v := pmf[k]
			if k >= r {
				v += pmf[k-r]
			}
			pmf[k] = v / 2
		}
	}
	return exactP(pmf, plus, alt)
}

// exactP is the p value of a value under a probability mass function, doubled
// on the smaller side for a two-sided test.
func exactP(pmf []float64, at int, alt Alternative) float64 {
	less, greater := floats.Sum(pmf[:at+1]), floats.Sum(pmf[at:])
	switch alt {
	case Greater:
		return math.Min(1, greater)
	case Less:
		return math.Min(1, less)
	}
	return math.Min(1, 2*math.Min(less, greater))
}

// maxExactU bounds the size of the smaller sample for which Auto takes the
// exact distribution of U, as SciPy does.
const maxExactU = 8

// MannWhitney is the rank-sum test of two independent samples. Statistic is U
// of x; Effect is U/(n·m), the probability that a value of x exceeds one of y,
// ties counted half.
func MannWhitney(x, y []float64, alt Alternative, method Method) (Test, error) {
	if len(x) == 0 || len(y) == 0 {
		return Test{}, fmt.Errorf("stats: Mann-Whitney: samples of %d and %d points, want at least one in each", len(x), len(y))
	}
	all := append(append([]float64(nil), x...), y...)
	for i, v := range all {
		if math.IsNaN(v) {
			return Test{}, fmt.Errorf("stats: Mann-Whitney: value %d of the joint sample is NaN", i)
		}
	}
	if constant(all) {
		return Test{}, fmt.Errorf("stats: Mann-Whitney: all values are %v, so there is nothing to rank", all[0])
	}
	ranks := Ranks(all)
	n, m := float64(len(x)), float64(len(y))
	u := floats.Sum(ranks[:len(x)]) - n*(n+1)/2
	t := Test{Statistic: u, Effect: u / (n * m), N: len(all)}
	tied := tieSum(ranks)
	if method == Auto {
		method = NormalShifted
		if min(len(x), len(y)) <= maxExactU && tied == 0 {
			method = Exact
		}
	}
	// Each alternative asks for the upper tail of one of the two U.
	upper := u
	switch alt {
	case TwoSided:
		upper = math.Max(u, n*m-u)
	case Less:
		upper = n*m - u
	}
	if method == Exact {
		if tied > 0 {
			return Test{}, fmt.Errorf("stats: Mann-Whitney: the exact distribution needs samples without ties")
		}
		t.Exact = true
		t.P = floats.Sum(rankSumPMF(len(x), len(y))[int(upper):])
	} else {
		N := n + m
		sd := math.Sqrt(n * m / 12 * (N + 1 - tied/(N*(N-1))))
		shift := 0.0
		if method == NormalShifted {
			shift = 0.5
		}
		t.P = normalSF((upper - n*m/2 - shift) / sd)
	}
	if alt == TwoSided {
		t.P *= 2
	}
	t.P = math.Min(1, t.P)
	return t, nil
}

// rankSumPMF is the exact distribution of U for samples of n and m without
// ties: the generating function Π (1−q^(m+i))/(1−q^i), i = 1…n, over C(n+m, n).
// Each factor is applied with its share of the binomial, so that all numbers
// stay near one.
func rankSumPMF(n, m int) []float64 {
	pmf := make([]float64, n*m+1)
	pmf[0] = 1
	for i := 1; i <= n; i++ {
		for k := len(pmf) - 1; k >= m+i; k-- {
			pmf[k] -= pmf[k-m-i]
		}
		for k := i; k < len(pmf); k++ {
			pmf[k] += pmf[k-i]
		}
		floats.Scale(float64(i)/float64(m+i), pmf)
	}
	return pmf
}
