package engine

import (
	"math"

	"github.com/spindle-lab/spindle/lib/net/internal/kernel"
)

// lstmGroup is the number of samples that step through time together: enough
// rows for the matrix products, few enough to share a batch among cores.
const lstmGroup = 16

// LSTM is one unidirectional layer over time on maps [sample][H][T][C], whose
// features at a time step are h·C + c. Gates lie in blocks i, f, g, o:
//
//	c ← σ(f)·c + σ(i)·tanh(g),  h ← σ(o)·tanh(c),  h and c begin at 0,
//
// with gates = W_ih·x + b_ih + W_hh·h + b_hh. Weights are [4·units][features]
// and [4·units][units]; the output is [sample][T][units].
type LSTM[T Float] struct {
	H, T, C, Units int

	Y                    []T // of the last Forward
	DX, DWih, DWhh       []T // of the last Backward
	DB, DB2              []T // of the two biases, which are alike
	wih, whh             []T // transposed weights
	gates, cells, hidden [][]T
	partIH, partHH       [][]T
	partB                [][]float64
}

// NewLSTM returns an LSTM for maps of h rows, t steps and c channels.
func NewLSTM[T Float](h, t, c, units int) *LSTM[T] {
	return &LSTM[T]{H: h, T: t, C: c, Units: units}
}

func (l *LSTM[T]) features() int { return l.H * l.C }

// groupsOf returns the number of groups of a batch of n.
func (l *LSTM[T]) groupsOf(n int) int { return (n + lstmGroup - 1) / lstmGroup }

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
	k := l.groupsOf(n)
	l.gates, l.cells, l.hidden = growAll(l.gates, k), growAll(l.cells, k), growAll(l.hidden, k)
	Parallel(k, func(_, g int) {
		first, m := g*lstmGroup, min(lstmGroup, n-g*lstmGroup)
		l.gates[g] = grow(l.gates[g], l.T*m*u4)
		l.cells[g] = grow(l.cells[g], l.T*m*u)
		l.hidden[g] = grow(l.hidden[g], l.T*m*u)
		gates, cells, hidden := l.gates[g], l.cells[g], l.hidden[g]
		for b := range m {
			xb := x[(first+b)*l.H*l.T*l.C:]
			kernel.Gemm(l.T, u4, gates[b*u4:], m*u4, xb, l.C, l.H, l.C, l.T*l.C, l.wih, u4, false)
		}
		for t := range l.T {
			gt := gates[t*m*u4 : (t+1)*m*u4]
			for at := 0; at < len(gt); at += u4 {
				kernel.Add(gt[at:at+u4], bih)
				kernel.Add(gt[at:at+u4], bhh)
			}
			var before []T
			if t > 0 {
				kernel.Gemm(m, u4, gt, u4, hidden[(t-1)*m*u:], u, 1, u, 0, l.whh, u4, true)
				before = cells[(t-1)*m*u : t*m*u]
			}
			lstmStep(gt, before, cells[t*m*u:(t+1)*m*u], hidden[t*m*u:(t+1)*m*u], u)
			for b := range m {
				copy(y[((first+b)*l.T+t)*u:][:u], hidden[(t*m+b)*u:])
			}
		}
	})
}

// lstmStep turns the gates' sums into their values and steps cells and hidden.
func lstmStep[T Float](gates, before, cells, hidden []T, u int) {
	for b := 0; b*u < len(cells); b++ {
		gt := gates[b*4*u : (b+1)*4*u]
		for j := range u {
			i, f := sigmoid(gt[j]), sigmoid(gt[u+j])
			g, o := tanh(gt[2*u+j]), sigmoid(gt[3*u+j])
			gt[j], gt[u+j], gt[2*u+j], gt[3*u+j] = i, f, g, o
			c := i * g
			if before != nil {
				c += f * before[b*u+j]
			}
			cells[b*u+j] = c
			hidden[b*u+j] = o * tanh(c)
		}
	}
}

// Backward computes DWih, DWhh, DB, DB2 and, if wantDX, DX
// from the output gradient, with the arguments of the last Forward.
func (l *LSTM[T]) Backward(dy, x, wih, whh []T, n int, wantDX bool) {
	in, u, u4 := l.features(), l.Units, 4*l.Units
	k := l.groupsOf(n)
	l.partIH, l.partHH, l.partB = growAll(l.partIH, k), growAll(l.partHH, k), growAll(l.partB, k)
	if wantDX {
		l.DX = grow(l.DX, n*l.H*l.T*l.C)
	}
	Parallel(k, func(_, g int) {
		first, m := g*lstmGroup, min(lstmGroup, n-g*lstmGroup)
		l.partIH[g], l.partHH[g], l.partB[g] = grow(l.partIH[g], in*u4), grow(l.partHH[g], u*u4), grow(l.partB[g], u4)
		clear(l.partIH[g])
		clear(l.partHH[g])
		clear(l.partB[g])
		l.backThroughTime(g, first, m, dy, whh)
		gates := l.gates[g] // now their gradients
		for t := 1; t < l.T; t++ {
			kernel.Outer(u, u4, 1, m, l.partHH[g], u4, l.hidden[g][(t-1)*m*u:], 1, u, 0, gates[t*m*u4:], u4, 0)
		}
		for at := 0; at < len(gates); at += u4 {
			for j, v := range gates[at : at+u4] {
				l.partB[g][j] += float64(v)
			}
		}
		for b := range m {
			for h := range l.H {
				at := ((first+b)*l.H + h) * l.T * l.C
				kernel.Outer(l.C, u4, 1, l.T, l.partIH[g][h*l.C*u4:], u4, x[at:], 1, l.C, 0, gates[b*u4:], m*u4, 0)
				if wantDX {
					kernel.Gemm(l.T, l.C, l.DX[at:], l.C, gates[b*u4:], m*u4, 1, u4, 0, wih[h*l.C:], in, false)
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
	gates, cells := l.gates[g], l.cells[g]
	dh, dc := make([]T, m*u), make([]T, m*u)
	for t := l.T - 1; t >= 0; t-- {
		if t < l.T-1 {
			kernel.Gemm(m, u, dh, u, gates[(t+1)*m*u4:], u4, 1, u4, 0, whh, u, false)
		}
		gt := gates[t*m*u4 : (t+1)*m*u4]
		for b := range m {
			kernel.Add(dh[b*u:(b+1)*u], dy[((first+b)*l.T+t)*u:])
			row := gt[b*u4 : (b+1)*u4]
			for j := range u {
				i, f, gg, o := row[j], row[u+j], row[2*u+j], row[3*u+j]
				c := tanh(cells[(t*m+b)*u+j])
				d := dh[b*u+j]
				dcell := dc[b*u+j] + d*o*(1-c*c)
				var before T
				if t > 0 {
					before = cells[((t-1)*m+b)*u+j]
				}
				row[j] = dcell * gg * i * (1 - i)
				row[u+j] = dcell * before * f * (1 - f)
				row[2*u+j] = dcell * i * (1 - gg*gg)
				row[3*u+j] = d * c * o * (1 - o)
				dc[b*u+j] = dcell * f
			}
		}
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
