package engine

import "github.com/spindle-lab/spindle/lib/net/internal/kernel"

// Layer is one block of a network on a batch: a convolution or a transposed
// convolution without bias, then, if Norm, layer normalisation over all
// positions and channels of a sample with a gain and a shift per channel, then,
// if Relu, the positive part.
//
// A transposed layer is given the geometry of the convolution whose input
// gradient it is: its input is that convolution's output map, its weights
// [KH][KW][out][in].
type Layer[T Float] struct {
	Conv       *Conv[T]
	Batch      int
	Transposed bool
	Norm, Relu bool
	Bias       bool // without Norm: beta is added to each channel

	Y []T // of the last Forward

	z         []T       // with Norm: before normalisation, of the last Forward
	mean, inv []float64 // of each sample of the last Forward

	DX, DW, DGamma, DBeta []T // of the last Backward

	parts  [][]T       // per group: its part of dw
	sums   [][]float64 // per group: its parts of dbeta and dgamma
	dz     [][]T       // per worker
	scales [][]T       // per worker: scales, their rests, and two rows of sums
}

// NewLayer returns a layer for batches of n samples. It allocates the output,
// and what a backward pass needs when that is first called.
func NewLayer[T Float](g Geom, n int, transposed, norm, relu bool) *Layer[T] {
	return &Layer[T]{Conv: NewConv[T](g), Batch: n, Transposed: transposed, Norm: norm, Relu: relu}
}

// sizes returns the values of a sample before and after, and the output channels.
func (l *Layer[T]) sizes() (in, out, channels int) {
	g := l.Conv.Geom
	if l.Transposed {
		return g.Out(), g.In(), g.C
	}
	return g.In(), g.Out(), g.O
}

// Forward computes Y, and keeps what Backward needs.
func (l *Layer[T]) Forward(x, w, gamma, beta []T) {
	in, out, ch := l.sizes()
	l.Y = grow(l.Y, l.Batch*out)
	before := l.Y
	if l.Norm {
		l.z = grow(l.z, l.Batch*out)
		before = l.z
		l.mean, l.inv = grow(l.mean, l.Batch), grow(l.inv, l.Batch)
	}
	l.ready(l.Batch, ch)
	if l.Transposed {
		l.Conv.Prepare(w)
	}
	Parallel(l.Batch, func(worker, b int) {
		z, y := before[b*out:(b+1)*out], l.Y[b*out:(b+1)*out]
		l.product(worker, z, x[b*in:(b+1)*in], w)
		if l.Norm {
			l.mean[b], l.inv[b] = l.normalise(worker, y, z, gamma, beta)
		} else {
			l.plain(y, beta)
		}
	})
}

// Infer computes y from x for n samples and keeps nothing.
func (l *Layer[T]) Infer(y, x, w, gamma, beta []T, n int) {
	in, out, ch := l.sizes()
	l.ready(n, ch)
	if l.Transposed {
		l.Conv.Prepare(w)
	}
	Parallel(n, func(worker, b int) {
		yb := y[b*out : (b+1)*out]
		l.product(worker, yb, x[b*in:(b+1)*in], w)
		if l.Norm {
			l.normalise(worker, yb, yb, gamma, beta)
		} else {
			l.plain(yb, beta)
		}
	})
}

func (l *Layer[T]) ready(n, channels int) {
	w := Workers(n)
	l.Conv.Workers(w)
	l.scales, l.dz = growAll(l.scales, w), growAll(l.dz, w)
	for i := range w {
		l.scales[i] = grow(l.scales[i], 4*channels)
	}
}

func (l *Layer[T]) product(worker int, z, x, w []T) {
	if l.Transposed {
		l.Conv.InputGrad(worker, z, x)
		return
	}
	l.Conv.Forward(z, l.Conv.Pad(worker, x), w)
}

func (l *Layer[T]) normalise(worker int, y, z, gamma, beta []T) (mean, inv float64) {
	mean, variance := kernel.Moments(z)
	inv = kernel.InvStd(variance)
	norm := l.scaled(worker, gamma, inv)
	norm.Shift = beta
	norm.Hi, norm.Lo = kernel.Split[T](mean)
	norm.Forward(y, z)
	return mean, inv
}

// scaled returns a normalisation with the scales gamma·inv.
func (l *Layer[T]) scaled(worker int, gamma []T, inv float64) kernel.Norm[T] {
	s := l.scales[worker]
	n := kernel.Norm[T]{Scale: s[:len(gamma)], ScaleLo: s[len(gamma) : 2*len(gamma)], Relu: l.Relu}
	for c, g := range gamma {
		n.Scale[c], n.ScaleLo[c] = kernel.Split[T](float64(g) * inv)
	}
	return n
}

// plain finishes a layer without normalisation.
func (l *Layer[T]) plain(y, bias []T) {
	if l.Bias {
		for at := 0; at < len(y); at += len(bias) {
			kernel.Add(y[at:at+len(bias)], bias)
		}
	}
	if l.Relu {
		for i, v := range y {
			if v < 0 {
				y[i] = 0
			}
		}
	}
}

// Backward computes DW, DGamma, DBeta and, if wantDX, DX from the output
// gradient, with the arguments of the last Forward.
func (l *Layer[T]) Backward(dy, x, w, gamma []T, wantDX bool) {
	in, out, ch := l.sizes()
	k := min(l.Batch, groups)
	l.DW = grow(l.DW, l.Conv.Geom.Weights())
	l.parts, l.sums = growAll(l.parts, k), growAll(l.sums, k)
	l.ready(k, ch)
	if wantDX {
		l.DX = grow(l.DX, l.Batch*in)
		if !l.Transposed {
			l.Conv.Prepare(w)
		}
	}
	Parallel(k, func(worker, g int) {
		l.parts[g] = grow(l.parts[g], len(l.DW))
		l.sums[g] = grow(l.sums[g], 2*ch)
		clear(l.parts[g])
		clear(l.sums[g])
		lo, hi := groupOf(l.Batch, g)
		for b := lo; b < hi; b++ {
			dz := l.normBack(worker, g, b, dy[b*out:(b+1)*out], gamma)
			xb := x[b*in : (b+1)*in]
			var dx []T
			if wantDX {
				dx = l.DX[b*in : (b+1)*in]
			}
			l.products(worker, g, dz, xb, w, dx)
		}
	})
	sumParts(l.DW, l.parts[:k])
	if l.Norm || l.Bias {
		l.DGamma, l.DBeta = grow(l.DGamma, ch), grow(l.DBeta, ch)
		for c := range ch {
			var sb, sg float64
			for g := range k {
				sb += l.sums[g][c]
				sg += l.sums[g][ch+c]
			}
			l.DBeta[c], l.DGamma[c] = T(sb), T(sg)
		}
	}
}

// products adds to the group's dw and writes dx, if not nil.
func (l *Layer[T]) products(worker, g int, dz, x, w, dx []T) {
	c := l.Conv
	if l.Transposed {
		// Here dz lies on the convolution's input and x on its output.
		p := c.Pad(worker, dz)
		c.WeightGrad(l.parts[g], p, x)
		if dx != nil {
			c.Forward(dx, p, w)
		}
		return
	}
	c.WeightGrad(l.parts[g], c.Pad(worker, x), dz)
	if dx != nil {
		c.InputGrad(worker, dx, dz)
	}
}

// flushEvery is the number of positions whose sums are kept in T before they
// are added up in float64.
const flushEvery = 256

// normBack returns the gradient of sample b before normalisation.
func (l *Layer[T]) normBack(worker, g, b int, dy, gamma []T) []T {
	_, out, ch := l.sizes()
	y := l.Y[b*out : (b+1)*out]
	if !l.Norm {
		return l.plainBack(worker, g, dy, y)
	}
	z := l.z[b*out : (b+1)*out]
	inv := l.inv[b]
	s := l.scales[worker]
	sg, sgt := s[2*ch:3*ch], s[3*ch:4*ch]
	norm := l.scaled(worker, gamma, inv)
	norm.Hi, norm.Lo = kernel.Split[T](l.mean[b])
	total := l.sums[g]
	var m1, m2 float64 // Σ g·gamma and Σ g·gamma·t
	for at := 0; at < out; at += flushEvery * ch {
		end := min(out, at+flushEvery*ch)
		clear(sg)
		clear(sgt)
		norm.Sums(dy[at:end], y[at:end], z[at:end], sg, sgt)
		for c, v := range sg {
			total[c] += float64(v)
			total[ch+c] += float64(sgt[c]) * inv
			m1 += float64(gamma[c]) * float64(v)
			m2 += float64(gamma[c]) * float64(sgt[c])
		}
	}
	n := float64(out)
	dz := l.scratch(worker, out)
	norm.Back(dz, dy, y, z, inv*m1/n, inv*inv*inv*m2/n)
	return dz
}

func (l *Layer[T]) plainBack(worker, g int, dy, y []T) []T {
	_, out, ch := l.sizes()
	dz := dy
	if l.Relu {
		dz = l.scratch(worker, out)
		for i, v := range dy {
			dz[i] = v
			if !(y[i] > 0) {
				dz[i] = 0
			}
		}
	}
	if l.Bias {
		for at := 0; at < out; at += ch {
			for c, v := range dz[at : at+ch] {
				l.sums[g][c] += float64(v)
			}
		}
	}
	return dz
}

func (l *Layer[T]) scratch(worker, n int) []T {
	l.dz[worker] = grow(l.dz[worker], n)
	return l.dz[worker]
}

// sumParts writes the sum of the parts, added in their order.
func sumParts[T Float](sum []T, parts [][]T) {
	const piece = 4096
	Parallel((len(sum)+piece-1)/piece, func(_, i int) {
		lo, hi := i*piece, min(len(sum), (i+1)*piece)
		copy(sum[lo:hi], parts[0][lo:hi])
		for _, p := range parts[1:] {
			kernel.Add(sum[lo:hi], p[lo:hi])
		}
	})
}
