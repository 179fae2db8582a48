// Package mt19937 draws the numbers of NumPy's legacy RandomState, bit for bit:
// the Mersenne Twister MT19937 with the classic scalar seed, and the routines
// that the published analysis takes from it (shuffle, permutation, choice
// without replacement, randint, random_sample), together with scikit-learn's
// shuffled K-fold, which is built on the same shuffle.
//
// The paper's penalty search uses KFold(5, shuffle, seed 42), its task map
// RandomState(12).shuffle, its controls seeds 46 and 2022 (spec/03, sections 3
// and 6); only the same integers give the same folds. Everything else in this
// module draws from math/rand/v2.
//
// Source: Matsumoto and Nishimura 1998; NumPy 1.24 and scikit-learn 1.2.1,
// whose outputs are the golden vectors of the group probe/rng.
package mt19937

import "fmt"

const (
	size   = 624
	period = 397
	upper  = 0x80000000
	lower  = 0x7fffffff
	matrix = 0x9908b0df
)

// A RandomState is a generator in the state NumPy's RandomState has after the
// same calls. It is not safe for concurrent use.
type RandomState struct {
	key [size]uint32
	pos int
}

// New returns the generator of RandomState(seed).
func New(seed uint32) *RandomState {
	r := &RandomState{pos: size}
	for i := range r.key {
		r.key[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return r
}

// Uint32 returns the next 32-bit output.
func (r *RandomState) Uint32() uint32 {
	if r.pos == size {
		r.twist()
	}
	y := r.key[r.pos]
	r.pos++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (r *RandomState) twist() {
	for i := range r.key {
		y := r.key[i]&upper | r.key[(i+1)%size]&lower
		v := r.key[(i+period)%size] ^ y>>1
		if y&1 != 0 {
			v ^= matrix
		}
		r.key[i] = v
	}
	r.pos = 0
}

// Float64 returns a number in [0, 1) with 53 random bits: random_sample.
func (r *RandomState) Float64() float64 {
	a, b := r.Uint32()>>5, r.Uint32()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

// interval returns a number in [0, max] by masked rejection.
func (r *RandomState) interval(max uint32) uint32 {
	if max == 0 {
		return 0
	}
	mask := max
	mask |= mask >> 1
	mask |= mask >> 2
	mask |= mask >> 4
	mask |= mask >> 8
	mask |= mask >> 16
	for {
		if v := r.Uint32() & mask; v <= max {
			return v
		}
	}
}

// Intn returns a number in [low, high): one draw of randint(low, high). It
// panics if the interval is empty or wider than 2³², where NumPy changes to
// 64-bit draws.
func (r *RandomState) Intn(low, high int) int {
	if high <= low || uint64(high-low) > 1<<32 {
		panic(fmt.Sprintf("mt19937: interval [%d, %d) is empty or wider than 2^32", low, high))
	}
	rng := uint64(high - low - 1)
	if rng == 1<<32-1 {
		return low + int(r.Uint32())
	}
	return low + int(r.interval(uint32(rng)))
}

// Shuffle permutes n elements by calls of swap, as RandomState.shuffle does.
func (r *RandomState) Shuffle(n int, swap func(i, j int)) {
	if n < 0 || uint64(n) > 1<<32 {
		panic(fmt.Sprintf("mt19937: cannot shuffle %d elements", n))
	}
	for i := n - 1; i > 0; i-- {
		swap(i, int(r.interval(uint32(i))))
	}
}

// Perm returns a permutation of 0..n-1: permutation(n).
func (r *RandomState) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	r.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Choice returns k different numbers of 0..n-1: choice(n, k, replace=False).
func (r *RandomState) Choice(n, k int) []int {
	if k < 0 || k > n {
		panic(fmt.Sprintf("mt19937: choice of %d out of %d", k, n))
	}
	return r.Perm(n)[:k]
}

// KFold returns, for each position 0..n-1, the fold that holds it out:
// scikit-learn's KFold(folds, shuffle=True, random_state=seed). The first
// n mod folds folds hold one position more. It panics if folds < 2 or n < folds.
func KFold(n, folds int, seed uint32) []int {
	if folds < 2 || n < folds {
		panic(fmt.Sprintf("mt19937: %d positions in %d folds", n, folds))
	}
	order := New(seed).Perm(n)
	out := make([]int, n)
	at := 0
	for f := range folds {
		k := n / folds
		if f < n%folds {
			k++
		}
		for _, i := range order[at : at+k] {
			out[i] = f
		}
		at += k
	}
	return out
}
