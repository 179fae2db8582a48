package engine

import (
	"math"

	"github.com/spindle-lab/spindle/lib/net/internal/kernel"
)

// lstmGroup returns the number of samples of a batch of n that step through
// time together: enough rows for the matrix products, few enough that a small
// batch, too, is shared among cores. It depends on n alone, as [groups] does.
func lstmGroup(n int) int { return min(16, max(4, (n+3)/4)) }

// LSTM is one unidirectional layer over time on maps [sample][H][T][C], whose
// features at a time step are h·C + c. Gates lie in blocks i, f, g, o:
//
//	c ← σ(f)·c + σ(i)·tanh(g),  h ← σ(o)·tanh(c),  h and c begin at 0,
//
// with gates = W_ih·x + b_ih + W_hh·h + b_hh. Weights are [4·units][features]
// and [4·units][units]; the output is [sample][T][units].
type LSTM[T Float] struct {
	H, T, C, Units int

	Y              []T // of the last Forward
	DX, DWih, DWhh []T // of the last Backward
	DB, DB2        []T // of the two biases, which are alike

	wih, whh       []T // transposed weights
	groups         []lstmState[T]
	partIH, partHH [][]T
	partB          [][]float64
}

// lstmState is what a group of samples keeps. A sample's steps lie together:
// the products over all its steps read and write memory in order.
type lstmState[T Float] struct {
	gates, cells []T // [sample][T][4·units] and [sample][T][units]

	// Of one step: the hidden states, or their gradients and the cells', and
	// the gates' gradients.
	h, dh, dc, dgates []T
}

// NewLSTM returns an LSTM for maps of h rows, t steps and c channels.
func NewLSTM[T Float](h, t, c, units int) *LSTM[T] {
	return &LSTM[T]{H: h, T: t, C: c, Units: units}
}

func (l *LSTM[T]) features() int { return l.H * l.C }

// Forward computes Y for a batch of n and keeps what Backward needs.
func (l *LSTM[T]) Forward(x, wih, whh, bih, bhh []T, n int) {
	l.Y = grow(l.Y, n*l.T*l.Units)
	l.Infer(l.Y, x, wih, whh, bih, bhh, n)
}

// Infer computes y for a batch of n.
func (l *LSTM[T]) Infer(y, x, wih, whh, bih, bhh []T, n int) {
	in, u, u4 := l.features(), l.Units, 4*l.Units
	l.wih, l.whh = grow(l.wih, in*u4), grow(l.whh, u*u4)
	transpose(l.wih, wih, u4, in)
	transpose(l.whh, whh, u4, u)
	size := lstmGroup(n)
	k := (n + size - 1) / size
	l.groups = growAll(l.groups, k)
	Parallel(k, func(_, g int) {
		first, m := g*size, min(size, n-g*size)
		s := &l.groups[g]
		s.gates, s.cells, s.h = grow(s.gates, m*l.T*u4), grow(s.cells, m*l.T*u), grow(s.h, m*u)
		for b := range m {
			xb := x[(first+b)*l.H*l.T*l.C:]
			gates := s.gates[b*l.T*u4 : (b+1)*l.T*u4]
			kernel.Gemm(l.T, u4, gates, u4, xb, l.C, l.H, l.C, l.T*l.C, l.wih, u4, false)
			for at := 0; at < len(gates); at += u4 {
				kernel.Add(gates[at:at+u4], bih)
				kernel.Add(gates[at:at+u4], bhh)
			}
		}
		for t := range l.T {
			if t > 0 {
				kernel.Gemm(m, u4, s.gates[t*u4:], l.T*u4, s.h, u, 1, u, 0, l.whh, u4, true)
			}
			for b := range m {
				at := b*l.T + t
				var before []T
				if t > 0 {
					before = s.cells[(at-1)*u : at*u]
				}
				h := s.h[b*u : (b+1)*u]
				lstmStep(s.gates[at*u4:(at+1)*u4], before, s.cells[at*u:(at+1)*u], h)
				copy(y[((first+b)*l.T+t)*u:], h)
			}
		}
	})
}

// lstmStep turns the sums of a sample's gates into their values and steps its
// cells and hidden states.
func lstmStep[T Float](gates, before, cells, hidden []T) {
	u := len(hidden)
	gi, gf, gg, gout := gates[:u], gates[u:2*u], gates[2*u:3*u], gates[3*u:4*u]
	cells = cells[:u]
	for j := range hidden {
		i, f, g, o := sigmoid(gi[j]), sigmoid(gf[j]), tanh(gg[j]), sigmoid(gout[j])
		gi[j], gf[j], gg[j], gout[j] = i, f, g, o
		c := i * g
		if before != nil {
			c += f * before[j]
		}
		cells[j] = c
		hidden[j] = o * tanh(c)
	}
}

// Backward computes DWih, DWhh, DB, DB2 and, if wantDX, DX
// from the output gradient, with the arguments of the last Forward.
func (l *LSTM[T]) Backward(dy, x, wih, whh []T, n int, wantDX bool) {
	in, u, u4 := l.features(), l.Units, 4*l.Units
	size := lstmGroup(n)
	k := (n + size - 1) / size
	l.partIH, l.partHH, l.partB = growAll(l.partIH, k), growAll(l.partHH, k), growAll(l.partB, k)
	if wantDX {
		l.DX = grow(l.DX, n*l.H*l.T*l.C)
	}
	Parallel(k, func(_, g int) {
		first, m := g*size, min(size, n-g*size)
		l.partIH[g], l.partHH[g], l.partB[g] = grow(l.partIH[g], in*u4), grow(l.partHH[g], u*u4), grow(l.partB[g], u4)
		clear(l.partIH[g])
		clear(l.partHH[g])
		clear(l.partB[g])
		l.backThroughTime(g, first, m, dy, whh)
		for b := range m {
			gates := l.groups[g].gates[b*l.T*u4 : (b+1)*l.T*u4] // now their gradients
			if l.T > 1 {
				kernel.Outer(u, u4, 1, l.T-1, l.partHH[g], u4, l.Y[(first+b)*l.T*u:], 1, u, 0, gates[u4:], u4, 0)
			}
			for at := 0; at < len(gates); at += u4 {
				for j, v := range gates[at : at+u4] {
					l.partB[g][j] += float64(v)
				}
			}
			for h := range l.H {
				at := ((first+b)*l.H + h) * l.T * l.C
				kernel.Outer(l.C, u4, 1, l.T, l.partIH[g][h*l.C*u4:], u4, x[at:], 1, l.C, 0, gates, u4, 0)
				if wantDX {
					kernel.Gemm(l.T, l.C, l.DX[at:], l.C, gates, u4, 1, u4, 0, wih[h*l.C:], in, false)
				}
			}
		}
	})
	l.DWih, l.DWhh, l.DB = grow(l.DWih, in*u4), grow(l.DWhh, u*u4), grow(l.DB, u4)
	sumParts(l.wih, l.partIH[:k])
	sumParts(l.whh, l.partHH[:k])
	transpose(l.DWih, l.wih, in, u4)
	transpose(l.DWhh, l.whh, u, u4)
	for j := range l.DB {
		s := 0.0
		for g := range k {
			s += l.partB[g][j]
		}
		l.DB[j] = T(s)
	}
	l.DB2 = append(l.DB2[:0], l.DB...)
}

// backThroughTime replaces the group's gates by their gradients.
func (l *LSTM[T]) backThroughTime(g, first, m int, dy, whh []T) {
	u, u4 := l.Units, 4*l.Units
	s := &l.groups[g]
	s.dh, s.dc, s.dgates = grow(s.dh, m*u), grow(s.dc, m*u), grow(s.dgates, m*u4)
	clear(s.dh)
	clear(s.dc)
	for t := l.T - 1; t >= 0; t-- {
		if t < l.T-1 {
			kernel.Gemm(m, u, s.dh, u, s.dgates, u4, 1, u4, 0, whh, u, false)
		}
		for b := range m {
			at := b*l.T + t
			dh := s.dh[b*u : (b+1)*u]
			kernel.Add(dh, dy[((first+b)*l.T+t)*u:])
			var before []T
			if t > 0 {
				before = s.cells[(at-1)*u : at*u]
			}
			row := s.gates[at*u4 : (at+1)*u4]
			lstmStepBack(row, before, s.cells[at*u:(at+1)*u], dh, s.dc[b*u:(b+1)*u])
			copy(s.dgates[b*u4:], row)
		}
	}
}

// lstmStepBack turns the values of a sample's gates into their gradients and
// dc, the gradient of the cells, into that of the cells before.
func lstmStepBack[T Float](gates, before, cells, dh, dc []T) {
	u := len(dh)
	gi, gf, gg, gout := gates[:u], gates[u:2*u], gates[2*u:3*u], gates[3*u:4*u]
	cells, dc = cells[:u], dc[:u]
	for j, d := range dh {
		i, f, g, o := gi[j], gf[j], gg[j], gout[j]
		c := tanh(cells[j])
		dcell := dc[j] + d*o*(1-c*c)
		var was T
		if before != nil {
			was = before[j]
		}
		gi[j] = dcell * g * i * (1 - i)
		gf[j] = dcell * was * f * (1 - f)
		gg[j] = dcell * i * (1 - g*g)
		gout[j] = d * c * o * (1 - o)
		dc[j] = dcell * f
	}
}

func sigmoid[T Float](x T) T { return T(1 / (1 + math.Exp(-float64(x)))) }
func tanh[T Float](x T) T    { return T(math.Tanh(float64(x))) }

// transpose writes the [rows][cols] matrix a as [cols][rows].
func transpose[T Float](out, a []T, rows, cols int) {
	for i := range rows {
		for j, v := range a[i*cols : (i+1)*cols] {
			out[j*rows+i] = v
		}
	}
}
