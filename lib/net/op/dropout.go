package op

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/net/internal/engine"
)

// A DropoutMask decides which values a dropout op keeps. The mask of a step
// depends on Seed, Step and the position alone, so a resumed run draws what
// the whole run would have drawn, on any number of cores. While On is false
// the op passes its input through.
type DropoutMask struct {
	On   bool
	Seed uint64
	Step uint64
	Keep float64 // probability that a value is kept; the paper has 0.7

	// Fixed, if not nil, is used instead of a draw: true keeps the value.
	Fixed []bool
}

// Dropout appends x with values dropped as m says and the others divided by m.Keep.
func Dropout(x *gorgonia.Node, m *DropoutMask) (*gorgonia.Node, error) {
	if m == nil || !(m.Keep > 0 && m.Keep <= 1) {
		return nil, fmt.Errorf("op: Dropout: Keep must be in (0, 1]")
	}
	return byDtype("Dropout", x,
		func() (*gorgonia.Node, error) { return dropout[float32](x, m) },
		func() (*gorgonia.Node, error) { return dropout[float64](x, m) })
}

func dropout[T Float](x *gorgonia.Node, m *DropoutMask) (*gorgonia.Node, error) {
	label := fmt.Sprintf("Dropout %v keep=%v", x.Shape(), m.Keep)
	d := &dropoutState[T]{m: m, kept: make([]bool, x.Shape().TotalSize())}
	fwd := newCall(label, shapes(x), x.Shape(), func(in [][]T, out []T) error {
		if err := d.draw(); err != nil {
			return err
		}
		d.apply(in[0], out)
		return nil
	})
	fwd.wants = []bool{true}
	fwd.grad = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := newCall("grad of "+label, shapes(dy, y), in[0].Shape(), func(in [][]T, out []T) error {
			d.apply(in[0], out)
			return nil
		}).apply(dy, y)
		return gorgonia.Nodes{dx}, err
	}
	return fwd.apply(x)
}

type dropoutState[T Float] struct {
	m    *DropoutMask
	kept []bool
	on   bool // of the last draw
}

const dropoutBlock = 4096 // values drawn from one stream

func (d *dropoutState[T]) draw() error {
	d.on = d.m.On
	if !d.on {
		return nil
	}
	if d.m.Fixed != nil {
		if len(d.m.Fixed) != len(d.kept) {
			return fmt.Errorf("mask of %d values for an input of %d", len(d.m.Fixed), len(d.kept))
		}
		copy(d.kept, d.m.Fixed)
		return nil
	}
	limit := uint32(min(d.m.Keep*(1<<32), 1<<32-1))
	engine.Parallel((len(d.kept)+dropoutBlock-1)/dropoutBlock, func(_, i int) {
		src := rand.NewPCG(d.m.Seed^0x9e3779b97f4a7c15*uint64(i+1), d.m.Step)
		block := d.kept[i*dropoutBlock : min(len(d.kept), (i+1)*dropoutBlock)]
		for j := 0; j < len(block); j += 2 {
			u := src.Uint64()
			block[j] = uint32(u) <= limit
			if j+1 < len(block) {
				block[j+1] = uint32(u>>32) <= limit
			}
		}
	})
	return nil
}

func (d *dropoutState[T]) apply(x, y []T) {
	if !d.on {
		copy(y, x)
		return
	}
	scale := T(1 / d.m.Keep)
	for i, v := range x {
		y[i] = 0
		if d.kept[i] {
			y[i] = v * scale
		}
	}
}
