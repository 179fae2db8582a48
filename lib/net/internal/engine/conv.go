package engine

import "github.com/spindle-lab/spindle/lib/net/internal/kernel"

// Conv does the three products of a convolution for one sample at a time. It
// holds no data of samples; the scratch is one per worker.
type Conv[T Float] struct {
	Geom
	reach int   // zeros before and after a row of the output, for the input gradient
	wide  int   // width of such a row
	packs [][]T // weights for the input gradient, one matrix per pair of phases
	pads  [][]T // per worker: the input with zeros beside each row
	grads [][]T // per worker: the output gradient, likewise
}

// NewConv returns the products of geometry g.
func NewConv[T Float](g Geom) *Conv[T] {
	c := &Conv[T]{Geom: g}
	c.reach = taps(g.KW, g.SW, 0) - 1
	c.wide = c.reach + max(g.OW, (g.W-1+g.Left)/g.SW+1)
	return c
}

// Workers makes room for n workers.
func (c *Conv[T]) Workers(n int) {
	c.pads, c.grads = growAll(c.pads, n), growAll(c.grads, n)
}

// Pad returns the input with zeros left and right of each row, or the input
// itself where the kernel is one wide.
func (c *Conv[T]) Pad(worker int, x []T) []T {
	if c.KW == 1 {
		return x
	}
	pw := c.padded() * c.C
	p := c.pads[worker]
	if p == nil {
		p = make([]T, c.H*pw)
		c.pads[worker] = p
	}
	for h := range c.H {
		copy(p[h*pw+c.Left*c.C:], x[h*c.W*c.C:(h+1)*c.W*c.C])
	}
	return p
}

// Forward writes z [OH][OW][O] from the padded input and the weights [KH][KW][C][O].
func (c *Conv[T]) Forward(z, padded, w []T) {
	row := c.padded() * c.C
	for oh := range c.OH {
		lo, hi := c.rows(oh)
		a := padded[max(0, oh*c.SH-c.Top)*row:]
		kernel.Gemm(c.OW, c.O, z[oh*c.OW*c.O:], c.O, a, c.SW*c.C, hi-lo, c.KW*c.C, row,
			w[lo*c.KW*c.C*c.O:], c.O, false)
	}
}

// pixelsPerSum bounds the pixels that are summed in float32 before the sum is
// added to dw, so that rounding does not grow with the size of the map.
const pixelsPerSum = 512

// WeightGrad adds to dw the gradient from the padded input and dz.
func (c *Conv[T]) WeightGrad(dw, padded, dz []T) {
	row, tap := c.padded()*c.C, c.KW*c.C
	if c.KW == 1 && c.C < c.KH {
		c.tallWeightGrad(dw, padded, dz)
		return
	}
	lines := max(1, pixelsPerSum/c.OW)
	for kh := range c.KH {
		if kh > c.H-1+c.Top {
			break // below the input for every output row
		}
		// The output rows whose window has this kernel row inside the input.
		lo := max(0, (c.Top-kh+c.SH-1)/c.SH)
		hi := min(c.OH, (c.H-1+c.Top-kh)/c.SH+1)
		for oh := lo; oh < hi; oh += lines {
			kernel.Outer(tap, c.O, min(lines, hi-oh), c.OW, dw[kh*tap*c.O:], c.O,
				padded[(oh*c.SH-c.Top+kh)*row:], 1, c.SW*c.C, c.SH*row, dz[oh*c.OW*c.O:], c.O, c.OW*c.O)
		}
	}
}

// tallWeightGrad is WeightGrad for kernels one wide over few channels: it
// takes the kernel's rows together, channel by channel.
func (c *Conv[T]) tallWeightGrad(dw, x, dz []T) {
	row := c.W * c.C
	for oh := range c.OH {
		lo, hi := c.rows(oh)
		for i := range c.C {
			kernel.Outer(hi-lo, c.O, 1, c.OW, dw[(lo*c.C+i)*c.O:], c.C*c.O,
				x[max(0, oh*c.SH-c.Top)*row+i:], row, c.SW*c.C, 0, dz[oh*c.OW*c.O:], c.O, 0)
		}
	}
}

// Prepare lays the weights out for InputGrad: for each phase of the strides
// the taps that reach it, backwards, with inputs and outputs exchanged. It
// must be called before InputGrad whenever the weights have changed.
func (c *Conv[T]) Prepare(w []T) {
	c.packs = growAll(c.packs, c.SH*c.SW)
	for rh := range c.SH {
		for rw := range c.SW {
			jh, jw := taps(c.KH, c.SH, rh), taps(c.KW, c.SW, rw)
			p := grow(c.packs[rh*c.SW+rw], jh*jw*c.O*c.C)
			c.packs[rh*c.SW+rw] = p
			at := 0
			for fh := jh - 1; fh >= 0; fh-- {
				for fw := jw - 1; fw >= 0; fw-- {
					tap := w[((rh+c.SH*fh)*c.KW+rw+c.SW*fw)*c.C*c.O:]
					for o := range c.O {
						for i := range c.C {
							p[at+o*c.C+i] = tap[i*c.O+o]
						}
					}
					at += c.O * c.C
				}
			}
		}
	}
}

// InputGrad writes dx [H][W][C] from dz [OH][OW][O] and the weights given to Prepare.
func (c *Conv[T]) InputGrad(worker int, dx, dz []T) {
	dz = c.padGrad(worker, dz)
	row := c.wide * c.O
	for h := range c.H {
		q, rh := (h+c.Top)/c.SH, (h+c.Top)%c.SH
		jh := taps(c.KH, c.SH, rh)
		lo, hi := max(0, q-jh+1), min(c.OH-1, q)
		for rw := range c.SW {
			jw := taps(c.KW, c.SW, rw)
			// The first input column of this phase, and how many there are.
			first := ((rw-c.Left)%c.SW + c.SW) % c.SW
			if first >= c.W {
				continue
			}
			m := (c.W - first + c.SW - 1) / c.SW
			out := dx[(h*c.W+first)*c.C:]
			segs := hi - lo + 1
			if segs <= 0 || jw == 0 {
				for i := range m {
					clear(out[i*c.SW*c.C : i*c.SW*c.C+c.C])
				}
				continue
			}
			a := dz[lo*row+((first+c.Left)/c.SW-jw+1+c.reach)*c.O:]
			b := c.packs[rh*c.SW+rw][(lo-(q-jh+1))*jw*c.O*c.C:]
			kernel.Gemm(m, c.C, out, c.SW*c.C, a, c.O, segs, jw*c.O, row, b, c.C, false)
		}
	}
}

// padGrad returns dz with zeros beside each row, or dz itself where none are needed.
func (c *Conv[T]) padGrad(worker int, dz []T) []T {
	if c.wide == c.OW {
		return dz
	}
	p := c.grads[worker]
	if p == nil {
		p = make([]T, c.OH*c.wide*c.O)
		c.grads[worker] = p
	}
	n := c.OW * c.O
	for oh := range c.OH {
		copy(p[(oh*c.wide+c.reach)*c.O:], dz[oh*n:(oh+1)*n])
	}
	return p
}
