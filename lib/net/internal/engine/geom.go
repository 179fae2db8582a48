package engine

import "fmt"

// Geom is a two-dimensional convolution with TensorFlow's SAME padding: the
// input [H][W][C], the kernel [KH][KW][C][O], strides SH and SW, the output
// [OH][OW][O] with OH = ⌈H/SH⌉, OW = ⌈W/SW⌉ (spec/02 2.2).
type Geom struct {
	H, W, C, KH, KW, SH, SW, O int
	OH, OW                     int
	Top, Left                  int // rows and columns of zeros before the input
}

// Same returns the geometry of a SAME convolution. It panics if a size is not positive.
func Same(h, w, c, kh, kw, sh, sw, o int) Geom {
	g := Geom{H: h, W: w, C: c, KH: kh, KW: kw, SH: sh, SW: sw, O: o}
	for _, v := range []int{h, w, c, kh, kw, sh, sw, o} {
		if v < 1 {
			panic(fmt.Sprintf("engine: sizes of a convolution must be positive: %+v", g))
		}
	}
	g.OH, g.Top = samePad(h, kh, sh)
	g.OW, g.Left = samePad(w, kw, sw)
	return g
}

func samePad(n, k, s int) (out, before int) {
	out = (n + s - 1) / s
	return out, max((out-1)*s+k-n, 0) / 2
}

// In, Out and Weights are the numbers of values of one sample's input, of its
// output, and of the kernel.
func (g Geom) In() int      { return g.H * g.W * g.C }
func (g Geom) Out() int     { return g.OH * g.OW * g.O }
func (g Geom) Weights() int { return g.KH * g.KW * g.C * g.O }

// padded is the width of an input row with its zeros on both sides.
func (g Geom) padded() int {
	return g.Left + max(g.W, (g.OW-1)*g.SW+g.KW-g.Left)
}

// rows returns the kernel rows [lo, hi) that fall inside the input at output row oh.
func (g Geom) rows(oh int) (lo, hi int) {
	first := oh*g.SH - g.Top
	return max(0, -first), min(g.KH, g.H-first)
}

// phases of the input gradient along one axis: input index i of phase
// r = (i+before) mod s is reached by the taps r, r+s, r+2s …; tap r+s·j comes
// from output (i+before)/s − j.
func taps(k, s, r int) int {
	if r >= k {
		return 0
	}
	return (k - r + s - 1) / s
}
