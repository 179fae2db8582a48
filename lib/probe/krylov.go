package probe

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

const (
	krylovFrom   = 600 // features from which the search beats a reduction of the whole matrix
	krylovBlock  = 32
	krylovSpare  = 16 // directions carried beyond those wanted
	krylovSteps  = 5  // blocks between restarts
	krylovCycles = 80
	krylovTol    = 1e-14 // of the largest eigenvalue: a residual that rounding would leave too
)

// topKrylov returns the k largest eigenvalues of the symmetric g [n][n] (both
// triangles), descending, and their vectors [k][n], by a block Krylov search
// with thick restarts: g is only multiplied with. The search starts from a block
// that is mixed of near [·][n], directions near the wanted ones, if there are
// any: not from near itself, whose images would not all be in the next block of
// krylovBlock, and a restart is sound only if they are. ok is false where it
// does not converge.
func topKrylov(g []float64, n, k int, near []float64) (values, vectors []float64, ok bool) {
	keep := k + krylovSpare
	most := keep + krylovBlock*krylovSteps
	s := krylov{n: n, g: g, q: make([]float64, 0, most*n), gq: make([]float64, 0, most*n), h: make([]float64, most*most),
		stride: most, rng: rand.New(rand.NewPCG(3, 4))}
	x := make([]float64, krylovBlock*n)
	for i := range x {
		x[i] = s.rng.Float64() - 0.5
	}
	if m := len(near) / n; m >= krylovBlock {
		mix := make([]float64, krylovBlock*m)
		for i := range mix {
			mix[i] = s.rng.Float64() - 0.5
		}
		gemm(no, no, krylovBlock, n, m, 1, mix, m, near, n, 1e-3, x, n)
	}
	last := math.Inf(1)
	stuck := 0
	for range krylovCycles {
		for s.m()+len(x)/n <= most {
			if !s.orthonormalise(x) {
				return nil, nil, false
			}
			s.expand(x)
			x = append(x[:0], s.gq[(s.m()-krylovBlock)*n:]...)
		}
		theta, res, good := s.restart(keep)
		if !good {
			return nil, nil, false
		}
		worst := floats.Max(res[:k])
		if stuck++; worst < last/2 {
			last, stuck = worst, 0
		}
		if worst <= krylovTol*theta[0] || stuck > 3 && worst <= 100*krylovTol*theta[0] {
			return theta[:k], append([]float64(nil), s.q[:k*n]...), true
		}
		// What the last block was missing points where to go on.
		x = append(x[:0], s.rest...)
	}
	return nil, nil, false
}

// krylov is the state of the search: an orthonormal basis q [m][n], g·q, and
// h = q·g·qᵀ.
type krylov struct {
	n, stride int
	g, q, gq  []float64
	h         []float64
	rest      []float64 // g·(last block) outside the basis
	rng       *rand.Rand
}

func (s *krylov) m() int { return len(s.q) / s.n }

// project takes from x [b][n] its part in the basis.
func (s *krylov) project(x []float64) {
	m, b, n := s.m(), len(x)/s.n, s.n
	if m == 0 {
		return
	}
	c := make([]float64, b*m)
	gemm(no, trans, b, m, n, 1, x, n, s.q, n, 0, c, m)
	gemm(no, no, b, n, m, -1, c, m, s.q, n, 1, x, n)
}

// orthonormalise makes x orthonormal to the basis and in itself; directions
// that vanish are drawn anew.
func (s *krylov) orthonormalise(x []float64) bool {
	n := s.n
	for i := 0; i < len(x); i += n {
		if !scaleToOne(x[i : i+n]) {
			s.draw(x[i : i+n])
		}
	}
	s.project(x)
	s.project(x)
	for i := 0; i < len(x); i += n {
		v := x[i : i+n]
		for try := 0; ; try++ {
			before := floats.Norm(v, 2)
			for range 2 {
				for j := 0; j < i; j += n {
					floats.AddScaled(v, -floats.Dot(x[j:j+n], v), x[j:j+n])
				}
			}
			// Much lost means what is left is rounding: clean or replace it.
			after := floats.Norm(v, 2)
			if after > 0.1*before && before > 1e-10 && scaleToOne(v) {
				break
			}
			if try > 5 {
				return false
			}
			if !(after > 1e-10) || !scaleToOne(v) {
				s.draw(v)
			}
			s.project(v)
			s.project(v)
		}
	}
	return true
}

func (s *krylov) draw(v []float64) {
	for j := range v {
		v[j] = s.rng.Float64() - 0.5
	}
	scaleToOne(v)
}

func scaleToOne(v []float64) bool {
	norm := floats.Norm(v, 2)
	if !(norm > 0) || math.IsInf(norm, 0) {
		return false
	}
	floats.Scale(1/norm, v)
	return true
}

// expand adds the orthonormal x [b][n] to the basis.
func (s *krylov) expand(x []float64) {
	n, b, m := s.n, len(x)/s.n, s.m()
	s.q = append(s.q, x...)
	s.gq = s.gq[:(m+b)*n]
	w := s.gq[m*n:]
	gemm(no, no, b, n, n, 1, x, n, s.g, n, 0, w, n)
	row := s.h[m*s.stride:]
	gemm(no, trans, b, m+b, n, 1, w, n, s.q, n, 0, row, s.stride)
	for i := range b {
		for j := range m + b {
			s.h[j*s.stride+m+i] = row[i*s.stride+j]
		}
	}
	s.rest = append(s.rest[:0], w...)
	s.project(s.rest)
}

// restart replaces the basis by its keep best directions and returns their
// Ritz values and the norms of their residuals.
func (s *krylov) restart(keep int) (theta, res []float64, ok bool) {
	m, n := s.m(), s.n
	h := make([]float64, m*m)
	for i := range m {
		for j := range i + 1 {
			v := (s.h[i*s.stride+j] + s.h[j*s.stride+i]) / 2
			h[i*m+j], h[j*m+i] = v, v
		}
	}
	all, v, err := eigen(h, m)
	if err != nil {
		return nil, nil, false
	}
	theta = make([]float64, keep)
	turn := make([]float64, keep*m)
	for i := range keep {
		theta[i] = all[m-1-i]
		for j := range m {
			turn[i*m+j] = v[j*m+m-1-i]
		}
	}
	q, gq := make([]float64, keep*n, cap(s.q)), make([]float64, keep*n, cap(s.gq))
	gemm(no, no, keep, n, m, 1, turn, m, s.q, n, 0, q, n)
	gemm(no, no, keep, n, m, 1, turn, m, s.gq, n, 0, gq, n)
	s.q, s.gq = q, gq
	clear(s.h)
	res = make([]float64, keep)
	r := make([]float64, n)
	for i := range keep {
		s.h[i*s.stride+i] = theta[i]
		copy(r, gq[i*n:(i+1)*n])
		floats.AddScaled(r, -theta[i], q[i*n:(i+1)*n])
		res[i] = floats.Norm(r, 2)
	}
	return theta, res, !math.IsNaN(floats.Sum(res))
}
