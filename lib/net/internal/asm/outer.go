package asm

import (
	"unsafe"

	"github.com/mmcloughlin/avo/operand"

	"github.com/spindle-lab/spindle/lib/net/internal/kernel"
)

// outer writes the routine of kernel.OuterArgs: one tile of C is summed in
// registers over all pixels, then added to memory.
func (e emitter) outer() {
	var a kernel.OuterArgs
	e.begin("outer")
	e.dispatch(field(unsafe.Offsetof(a.Width)), field(unsafe.Offsetof(a.Rows)),
		field(unsafe.Offsetof(a.Mask)), field(unsafe.Offsetof(a.MaskAt)))
	for i, s := range e.shapes() {
		for rows := e.maxRows(); rows > 0; rows-- {
			e.outerTile(tileLabel(i, rows), s, rows)
		}
	}
}

func (e emitter) outerTile(label string, s shape, rows int) {
	var a kernel.OuterArgs
	regs := e.regs(s)
	e.Label(label)
	e.multiples(field(unsafe.Offsetof(a.Step)), rows)
	for i := range rows * s.vecs {
		e.zero(regs[i])
	}
	e.MOVQ(field(unsafe.Offsetof(a.A)), rA)
	e.MOVQ(field(unsafe.Offsetof(a.B)), rB)
	e.MOVQ(field(unsafe.Offsetof(a.LDA)), rC)
	e.MOVQ(field(unsafe.Offsetof(a.LDB)), rLDB)
	e.MOVQ(field(unsafe.Offsetof(a.Lines)), rOuter)
	e.Label(label + "line")
	e.MOVQ(field(unsafe.Offsetof(a.Pixels)), rCount)
	e.Label(label + "pixel")
	e.step(s, rows, func(r int) operand.Mem { return row(rA, r, 0) })
	e.ADDQ(rC, rA)
	e.ADDQ(rLDB, rB)
	e.DECQ(rCount)
	e.JNE(jump(label + "pixel"))
	e.ADDQ(field(unsafe.Offsetof(a.ASkip)), rA)
	e.ADDQ(field(unsafe.Offsetof(a.BSkip)), rB)
	e.DECQ(rOuter)
	e.JNE(jump(label + "line"))

	e.MOVQ(field(unsafe.Offsetof(a.C)), rC)
	free := regs[rows*s.vecs]
	for r := range rows {
		for j := range s.vecs {
			m := operand.Mem{Base: rC, Disp: j * s.bytes}
			e.load(m, j == s.vecs-1, free)
			e.VADDPS(regs[r*s.vecs+j], free, free)
			e.store(free, j == s.vecs-1, m)
		}
		if r < rows-1 {
			e.ADDQ(field(unsafe.Offsetof(a.LDC)), rC)
		}
	}
	e.leave()
}
