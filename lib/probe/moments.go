package probe

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// moments are the sums over the rows of a set that a ridge and its EV need.
// Rates are taken from each unit's smallest value, so that a unit at rest adds
// exact zeros.
type moments struct {
	k, u     int
	n        float64   // rows
	xx       []float64 // Σ x xᵀ, [feature][feature]
	xy       []float64 // Σ x yᵀ, [feature][unit]
	sx       []float64 // [feature]
	sy, yy   []float64 // Σ y, Σ y², [unit]
	constant []bool    // the unit has one value in all rows, [unit]
	first    []float64 // that value, [unit]
}

func newMoments(k, u int) *moments {
	v := make([]float64, k*k+k*u+k+3*u)
	cut := func(n int) []float64 {
		s := v[:n:n]
		v = v[n:]
		return s
	}
	return &moments{k: k, u: u, xx: cut(k * k), xy: cut(k * u), sx: cut(k),
		sy: cut(u), yy: cut(u), first: cut(u), constant: make([]bool, u)}
}

func (m *moments) add(o *moments) {
	for i := range m.u {
		if m.n == 0 {
			m.constant[i], m.first[i] = o.constant[i], o.first[i]
		}
		m.constant[i] = m.constant[i] && o.constant[i] && m.first[i] == o.first[i]
	}
	m.n += o.n
	axpy(1, o.xx, m.xx)
	axpy(1, o.xy, m.xy)
	axpy(1, o.sx, m.sx)
	axpy(1, o.sy, m.sy)
	axpy(1, o.yy, m.yy)
}

func axpy(a float64, x, y []float64) {
	floats.AddScaled(y, a, x)
}

// rowChunk is the number of rows summed at a time: small enough for a core's
// cache, and fixed, so that the order of summation is.
const rowChunk = 1024

// least returns each unit's smallest rate. A rate that is not finite is an error.
func least(y []float64, u int) ([]float64, error) {
	rows := len(y) / u
	pieces := (rows + rowChunk - 1) / rowChunk
	part := make([]float64, pieces*u)
	odd := make([]bool, pieces)
	forEach(pieces, func(_, c int) {
		m := part[c*u : (c+1)*u]
		copy(m, y[c*rowChunk*u:])
		for r := c * rowChunk; r < min((c+1)*rowChunk, rows); r++ {
			for j, v := range y[r*u : (r+1)*u] {
				if v < m[j] {
					m[j] = v
				}
				if v-v != 0 { // NaN or an infinity
					odd[c] = true
				}
			}
		}
	})
	for c, bad := range odd {
		if !bad {
			continue
		}
		for i := c * rowChunk * u; i < len(y); i++ {
			if v := y[i]; v-v != 0 {
				return nil, fmt.Errorf("probe: rate of unit %d is %v in row %d: finite values expected", i%u, v, i/u)
			}
		}
	}
	base := append([]float64(nil), part[:u]...)
	for c := 1; c < pieces; c++ {
		for j, v := range part[c*u : (c+1)*u] {
			base[j] = min(base[j], v)
		}
	}
	return base, nil
}

// foldMoments returns the moments of each fold's rows, regressors standardised,
// rates from the base.
func foldMoments(x, y, base []float64, rows []int, r *Ridge) (folds []moments) {
	k, u := r.Features, r.Units
	// Pieces of one fold of at most rowChunk rows, as runs of consecutive rows.
	type piece struct {
		fold int
		runs [][2]int
	}
	var pieces []piece
	start := make([]int, len(rows)+1)
	for i, n := range rows {
		start[i+1] = start[i] + n
	}
	for f := range r.Folds {
		room := 0
		for i := range rows {
			if r.FoldOf[i] != f {
				continue
			}
			for lo, hi := start[i], start[i+1]; lo < hi; {
				if room == 0 {
					pieces = append(pieces, piece{fold: f})
					room = rowChunk
				}
				n := min(room, hi-lo)
				p := &pieces[len(pieces)-1]
				p.runs = append(p.runs, [2]int{lo, lo + n})
				lo, room = lo+n, room-n
			}
		}
	}
	sums := make([]*moments, len(pieces))
	type buffer struct{ x, y []float64 }
	bufs := make([]buffer, workers())
	forEach(len(pieces), func(w, c int) {
		b := &bufs[w]
		if b.x == nil {
			b.x, b.y = make([]float64, rowChunk*k), make([]float64, rowChunk*u)
		}
		n := 0
		for _, run := range pieces[c].runs {
			m := run[1] - run[0]
			r.Scaler.Transform(b.x[n*k:(n+m)*k], x[run[0]*k:run[1]*k])
			for i := range m {
				dst := b.y[(n+i)*u : (n+i+1)*u]
				for j, v := range y[(run[0]+i)*u : (run[0]+i+1)*u] {
					dst[j] = v - base[j]
				}
			}
			n += m
		}
		sums[c] = sum(b.x, b.y, n, k, u)
	})
	folds = make([]moments, r.Folds)
	for f := range folds {
		folds[f] = *newMoments(k, u)
	}
	for c, s := range sums {
		folds[pieces[c].fold].add(s)
	}
	return folds
}

// sum returns the moments of n rows.
func sum(x, y []float64, n, k, u int) *moments {
	m := newMoments(k, u)
	m.n = float64(n)
	gemm(trans, no, k, k, n, 1, x, k, x, k, 0, m.xx, k)
	gemm(trans, no, k, u, n, 1, x, k, y, u, 0, m.xy, u)
	for i := range n {
		for j, v := range x[i*k : (i+1)*k] {
			m.sx[j] += v
		}
	}
	copy(m.first, y[:u])
	for j := range m.constant {
		m.constant[j] = true
	}
	for i := range n {
		for j, v := range y[i*u : (i+1)*u] {
			m.sy[j] += v
			m.yy[j] += v * v
			if v != m.first[j] {
				m.constant[j] = false
			}
		}
	}
	return m
}

// A spectrum is the eigendecomposition of the centred Gram matrix of a set of
// rows, with the products of regressors and rates turned into its basis.
type spectrum struct {
	k, u    int
	values  []float64 // ascending, [feature]
	vectors []float64 // columns, [feature][feature]
	rot     []float64 // vectorsᵀ · centred Σxyᵀ, [feature][unit]
	still   []bool    // the unit is constant over the rows: weights are zero, [unit]
}

// newSpectrum is that of the rows of all folds but out; out −1 leaves none out.
func newSpectrum(folds []moments, total *moments, out int) (*spectrum, error) {
	k, u := total.k, total.u
	s := &spectrum{k: k, u: u, still: make([]bool, u), rot: make([]float64, k*u)}
	m := newMoments(k, u)
	m.add(total)
	for i := range u {
		s.still[i] = still(folds, out, i)
	}
	if out >= 0 {
		o := &folds[out]
		m.n -= o.n
		axpy(-1, o.xx, m.xx)
		axpy(-1, o.xy, m.xy)
		axpy(-1, o.sx, m.sx)
		axpy(-1, o.sy, m.sy)
	}
	for i := range k {
		mx := m.sx[i] / m.n
		axpy(-mx, m.sx, m.xx[i*k:(i+1)*k])
		axpy(-mx, m.sy, m.xy[i*u:(i+1)*u])
		for j := range u {
			if s.still[j] {
				m.xy[i*u+j] = 0
			}
		}
	}
	var err error
	if s.values, s.vectors, err = eigen(m.xx, k); err != nil {
		return nil, err
	}
	gemm(trans, no, k, u, k, 1, s.vectors, k, m.xy, u, 0, s.rot, u)
	return s, nil
}

// still tells whether the unit has one value in all rows of the folds but out.
func still(folds []moments, out, unit int) bool {
	var first float64
	seen := false
	for f := range folds {
		if f == out {
			continue
		}
		m := &folds[f]
		if !m.constant[unit] || seen && m.first[unit] != first {
			return false
		}
		first, seen = m.first[unit], true
	}
	return true
}

// score writes to cv [penalty][unit] the EV on the rows of held of the ridge
// that s gives at each penalty.
func (s *spectrum) score(held *moments, penalties []float64, cv []float64) {
	k, u, q := s.k, s.u, len(penalties)
	// Moments of the held rows, centred, in the basis of s.
	xx := append([]float64(nil), held.xx...)
	xy := append([]float64(nil), held.xy...)
	for i := range k {
		mx := held.sx[i] / held.n
		axpy(-mx, held.sx, xx[i*k:(i+1)*k])
		axpy(-mx, held.sy, xy[i*u:(i+1)*u])
	}
	tmp, h, c := make([]float64, k*k), make([]float64, k*k), make([]float64, k*u)
	gemm(no, no, k, k, k, 1, xx, k, s.vectors, k, 0, tmp, k)
	gemm(trans, no, k, k, k, 1, s.vectors, k, tmp, k, 0, h, k)
	gemm(trans, no, k, u, k, 1, s.vectors, k, xy, u, 0, c, u)
	// Weights in that basis for all penalties and units side by side.
	d, hd := make([]float64, k*q*u), make([]float64, k*q*u)
	for i := range k {
		for a, alpha := range penalties {
			f := 1 / (math.Max(s.values[i], 0) + alpha)
			dst := d[(i*q+a)*u : (i*q+a+1)*u]
			for j, v := range s.rot[i*u : (i+1)*u] {
				dst[j] = v * f
			}
		}
	}
	gemm(no, no, k, q*u, k, 1, h, k, d, q*u, 0, hd, q*u)
	dd, cd := make([]float64, q*u), make([]float64, q*u)
	for i := range k {
		ci := c[i*u : (i+1)*u]
		for a := range q {
			at := (i*q + a) * u
			for j, v := range d[at : at+u] {
				dd[a*u+j] += v * hd[at+j]
				cd[a*u+j] += v * ci[j]
			}
		}
	}
	for a := range q {
		for j := range u {
			cv[a*u+j] = momentEV(held, j, dd[a*u+j], cd[a*u+j], s.still[j])
		}
	}
}
