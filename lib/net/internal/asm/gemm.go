package asm

import (
	"unsafe"

	"github.com/mmcloughlin/avo/operand"

	"github.com/spindle-lab/spindle/lib/net/internal/kernel"
)

const unroll = 4

// gemm writes the routine of kernel.GemmArgs: for each strip of rows the sums
// stay in registers over all segments.
func (e emitter) gemm() {
	var a kernel.GemmArgs
	e.begin("gemm")
	e.MOVQ(field(unsafe.Offsetof(a.LDB)), rLDB)
	e.dispatch(field(unsafe.Offsetof(a.Width)), field(unsafe.Offsetof(a.Rows)),
		field(unsafe.Offsetof(a.Mask)), field(unsafe.Offsetof(a.MaskAt)))
	for i, s := range e.shapes() {
		for rows := e.maxRows(); rows > 0; rows-- {
			e.gemmTile(tileLabel(i, rows), s, rows)
		}
	}
}

func (e emitter) gemmTile(label string, s shape, rows int) {
	var a kernel.GemmArgs
	regs := e.regs(s)
	e.Label(label)
	e.multiples(field(unsafe.Offsetof(a.LDA)), rows)
	e.Label(label + "strip")
	e.MOVQ(field(unsafe.Offsetof(a.A)), rA)
	e.MOVQ(field(unsafe.Offsetof(a.B)), rB)
	e.MOVQ(field(unsafe.Offsetof(a.C)), rC)
	e.CMPQ(field(unsafe.Offsetof(a.Acc)), imm(0))
	e.JNE(jump(label + "add"))
	for i := range rows * s.vecs {
		e.zero(regs[i])
	}
	e.JMP(jump(label + "segs"))
	e.Label(label + "add")
	for r := range rows {
		for j := range s.vecs {
			e.load(operand.Mem{Base: rC, Disp: j * s.bytes}, j == s.vecs-1, regs[r*s.vecs+j])
		}
		if r < rows-1 {
			e.ADDQ(field(unsafe.Offsetof(a.LDC)), rC)
		}
	}
	e.MOVQ(field(unsafe.Offsetof(a.C)), rC)
	e.Label(label + "segs")
	e.MOVQ(field(unsafe.Offsetof(a.Segs)), rOuter)

	e.Label(label + "seg")
	e.MOVQ(field(unsafe.Offsetof(a.SegLen)), rCount)
	e.SUBQ(imm(unroll), rCount)
	e.JLT(jump(label + "few"))
	e.Label(label + "many")
	for u := range unroll {
		e.step(s, rows, func(r int) operand.Mem { return row(rA, r, 4*u) })
		e.ADDQ(rLDB, rB)
	}
	e.ADDQ(imm(4*unroll), rA)
	e.SUBQ(imm(unroll), rCount)
	e.JGE(jump(label + "many"))
	e.Label(label + "few")
	e.ADDQ(imm(unroll), rCount)
	e.JEQ(jump(label + "next"))
	e.Label(label + "one")
	e.step(s, rows, func(r int) operand.Mem { return row(rA, r, 0) })
	e.ADDQ(rLDB, rB)
	e.ADDQ(imm(4), rA)
	e.DECQ(rCount)
	e.JNE(jump(label + "one"))
	e.Label(label + "next")
	e.ADDQ(field(unsafe.Offsetof(a.SegSkip)), rA)
	e.DECQ(rOuter)
	e.JNE(jump(label + "seg"))

	for r := range rows {
		for j := range s.vecs {
			e.store(regs[r*s.vecs+j], j == s.vecs-1, operand.Mem{Base: rC, Disp: j * s.bytes})
		}
		e.ADDQ(field(unsafe.Offsetof(a.LDC)), rC)
	}
	e.MOVQ(rC, field(unsafe.Offsetof(a.C)))
	// The next strip's rows begin rows·LDA further on.
	e.IMUL3Q(imm(rows), rOdd[0], rTmp)
	e.ADDQ(rTmp, field(unsafe.Offsetof(a.A)))
	e.DECQ(field(unsafe.Offsetof(a.Strips)))
	e.JNE(jump(label + "strip"))
	e.leave()
}
