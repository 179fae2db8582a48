package probe

import (
	"math"
	"math/rand/v2"

	gonum "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/floats"
	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// topTridiagonal returns the k largest eigenvalues of the symmetric g [n][n],
// descending, and their vectors [k][n]: Householder's reduction to tridiagonal
// form, all eigenvalues of that, and inverse iteration for the k wanted
// vectors. It saves the rotations of the other n−k, which are most of the work
// of a full decomposition. g is overwritten. ok is false where a residual is
// larger than rounding explains; a full decomposition is then needed.
func topTridiagonal(g []float64, n, k int) (values, vectors []float64, ok bool) {
	var impl lapack.Implementation
	d, e, tau := make([]float64, n), make([]float64, n-1), make([]float64, n-1)
	size := make([]float64, 1)
	impl.Dsytrd(gonum.Lower, n, g, n, d, e, tau, size, -1)
	work := make([]float64, max(int(size[0]), n*64))
	impl.Dsytrd(gonum.Lower, n, g, n, d, e, tau, work, len(work))
	ev, off := append([]float64(nil), d...), append([]float64(nil), e...)
	if !impl.Dsterf(n, ev, off) {
		return nil, nil, false
	}
	values = make([]float64, k)
	for i := range values {
		values[i] = ev[n-1-i]
	}
	t := tridiagonal{d: d, e: e}
	rows, ok := t.vectors(values)
	if !ok {
		return nil, nil, false
	}
	// Reflectors lie below the first subdiagonal and turn rows 1 … n−1.
	c := make([]float64, n*k)
	for i := range k {
		for j := range n {
			c[j*k+i] = rows[i*n+j]
		}
	}
	impl.Dormqr(gonum.Left, gonum.NoTrans, n-1, k, n-1, g[n:], n, tau, c[k:], k, size, -1)
	if len(work) < int(size[0]) {
		work = make([]float64, int(size[0]))
	}
	impl.Dormqr(gonum.Left, gonum.NoTrans, n-1, k, n-1, g[n:], n, tau, c[k:], k, work, len(work))
	for i := range k {
		for j := range n {
			rows[i*n+j] = c[j*k+i]
		}
	}
	return values, rows, true
}

// tridiagonal is a symmetric matrix by its diagonal d and subdiagonal e.
type tridiagonal struct {
	d, e           []float64
	u0, u1, u2, l  []float64 // factors of T−λ: pivot rows and multipliers
	swap           []bool
	norm, smallest float64
}

// vectors finds the eigenvectors [len(lambda)][n] of descending eigenvalues.
func (t *tridiagonal) vectors(lambda []float64) ([]float64, bool) {
	n, k := len(t.d), len(lambda)
	for i := range t.d {
		s := math.Abs(t.d[i])
		if i > 0 {
			s += math.Abs(t.e[i-1])
		}
		if i < n-1 {
			s += math.Abs(t.e[i])
		}
		t.norm = max(t.norm, s)
	}
	const eps = 0x1p-52
	t.smallest = eps * t.norm
	if t.norm == 0 || math.IsNaN(t.norm) || math.IsInf(t.norm, 0) {
		return nil, false
	}
	t.u0, t.u1, t.u2, t.l, t.swap = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]bool, n)
	rng := rand.New(rand.NewPCG(1, 2)) // start vectors: any, but the same each time
	out := make([]float64, k*n)
	shift := math.Inf(1)
	for i, v := range lambda {
		x := out[i*n : (i+1)*n]
		// Equal eigenvalues are told apart, or inverse iteration would return one vector twice.
		shift = min(v, shift-10*t.smallest)
		t.factor(shift)
		for j := range x {
			x[j] = rng.Float64() - 0.5
		}
		for range 3 {
			t.solve(x)
			for j := i - 1; j >= 0; j-- {
				o := out[j*n : (j+1)*n]
				floats.AddScaled(x, -floats.Dot(o, x), o)
			}
			norm := floats.Norm(x, 2)
			if !(norm > 0) || math.IsInf(norm, 0) {
				return nil, false
			}
			floats.Scale(1/norm, x)
		}
		if t.residual(x, v) > 100*math.Sqrt(float64(n))*t.smallest {
			return nil, false
		}
	}
	return out, true
}

// factor decomposes T−λ by rows with partial pivoting.
func (t *tridiagonal) factor(lambda float64) {
	n := len(t.d)
	a, b := t.d[0]-lambda, 0.0 // the row that is being reduced: a, b, 0
	if n > 1 {
		b = t.e[0]
	}
	for i := range n - 1 {
		below, diag, next := t.e[i], t.d[i+1]-lambda, 0.0
		if i+1 < n-1 {
			next = t.e[i+1]
		}
		if math.Abs(below) > math.Abs(a) {
			t.swap[i] = true
			t.l[i] = a / below
			t.u0[i], t.u1[i], t.u2[i] = below, diag, next
			a, b = b-t.l[i]*diag, -t.l[i]*next
			continue
		}
		t.swap[i] = false
		if math.Abs(a) < t.smallest {
			a = math.Copysign(t.smallest, a)
		}
		t.l[i] = below / a
		t.u0[i], t.u1[i], t.u2[i] = a, b, 0
		a, b = diag-t.l[i]*b, next
	}
	if math.Abs(a) < t.smallest {
		a = math.Copysign(t.smallest, a)
	}
	t.u0[n-1], t.u1[n-1], t.u2[n-1] = a, 0, 0
}

// solve replaces x by (T−λ)⁻¹x.
func (t *tridiagonal) solve(x []float64) {
	n := len(x)
	for i := range n - 1 {
		if t.swap[i] {
			x[i], x[i+1] = x[i+1], x[i]-t.l[i]*x[i+1]
		} else {
			x[i+1] -= t.l[i] * x[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		s := x[i]
		if i+1 < n {
			s -= t.u1[i] * x[i+1]
		}
		if i+2 < n {
			s -= t.u2[i] * x[i+2]
		}
		x[i] = s / t.u0[i]
	}
}

// residual is the Euclidean norm of Tx−λx.
func (t *tridiagonal) residual(x []float64, lambda float64) float64 {
	n := len(x)
	var sum float64
	for i, v := range x {
		r := (t.d[i] - lambda) * v
		if i > 0 {
			r += t.e[i-1] * x[i-1]
		}
		if i < n-1 {
			r += t.e[i] * x[i+1]
		}
		sum += r * r
	}
	return math.Sqrt(sum)
}
