package asm

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowPointers reach rows 0..8 of a matrix: three rows each.
type rowPointers struct {
	p    [3]reg.GPPhysical
	step reg.GPPhysical
}

func (r rowPointers) row(i int) operand.Mem {
	m := operand.Mem{Base: r.p[i/rowsPerPtr]}
	if i%rowsPerPtr > 0 {
		m.Index, m.Scale = r.step, uint8(i%rowsPerPtr)
	}
	return m
}

func (e emitter) setRows(r rowPointers, temp reg.GPPhysical) {
	e.LEAQ(operand.Mem{Base: r.step, Index: r.step, Scale: 2}, temp)
	e.LEAQ(operand.Mem{Base: r.p[0], Index: temp, Scale: 1}, r.p[1])
	e.LEAQ(operand.Mem{Base: r.p[1], Index: temp, Scale: 1}, r.p[2])
}

// bytes turns a count of elements into one of bytes.
func (e emitter) bytes(r reg.GPPhysical) {
	if e.size == 4 {
		e.SHLQ(imm(2), r)
	} else {
		e.SHLQ(imm(3), r)
	}
}

// transpose writes the function that transposes squares of 8×8 float32 or 4×4
// float64, one vector a row, along the rows of the source.
func transpose(c *build.Context, a arch) {
	e := emitter{c, a}
	begin(c, "transpose"+a.suffix(), fmt.Sprintf("func(dst []%[1]s, dstRow int, src []%[1]s, srcRow, blocks int)", a.goType()))
	dst := rowPointers{[3]reg.GPPhysical{reg.RDI, reg.R8, reg.R9}, reg.RAX}
	src := rowPointers{[3]reg.GPPhysical{reg.RSI, reg.R10, reg.R11}, reg.RBX}
	blocks, jump := reg.RCX, reg.RDX
	side := 32 / a.size
	c.Load(c.Param("dst").Base(), dst.p[0])
	c.Load(c.Param("dstRow"), dst.step)
	c.Load(c.Param("src").Base(), src.p[0])
	c.Load(c.Param("srcRow"), src.step)
	c.Load(c.Param("blocks"), blocks)
	e.bytes(dst.step)
	e.bytes(src.step)
	e.setRows(dst, jump)
	e.setRows(src, jump)
	c.IMUL3Q(imm(side), dst.step, jump)
	c.Label("square")
	c.DECQ(blocks)
	c.JLT(operand.LabelRef("done"))
	r := ymm[:16]
	for i := range side {
		e.load(src.row(i), nil, r[i])
	}
	var out []reg.VecPhysical
	if a.size == 4 {
		out = e.transpose8(r)
	} else {
		out = e.transpose4(r)
	}
	for i := range side {
		e.store(out[i], nil, dst.row(i))
	}
	for i := range dst.p {
		c.ADDQ(imm(32), src.p[i])
		c.ADDQ(jump, dst.p[i])
	}
	c.JMP(operand.LabelRef("square"))
	c.Label("done")
	e.leave()
}

// transpose4 transposes the 4×4 float64 in r[0:4]: first within pairs of
// rows, then the halves.
func (e emitter) transpose4(r []reg.VecPhysical) []reg.VecPhysical {
	t, out := r[4:8], r[8:12]
	for i := 0; i < 4; i += 2 {
		e.VUNPCKLPD(r[i+1], r[i], t[i])
		e.VUNPCKHPD(r[i+1], r[i], t[i+1])
	}
	for i := range 2 {
		e.VPERM2F128(imm(0x20), t[i+2], t[i], out[i])
		e.VPERM2F128(imm(0x31), t[i+2], t[i], out[i+2])
	}
	return out
}

// transpose8 transposes the 8×8 float32 in r[0:8]: first single elements
// within pairs of rows, then pairs within fours, then the halves.
func (e emitter) transpose8(r []reg.VecPhysical) []reg.VecPhysical {
	a, t := r[:8], r[8:16]
	for i := 0; i < 8; i += 2 {
		e.VUNPCKLPS(a[i+1], a[i], t[i])
		e.VUNPCKHPS(a[i+1], a[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			e.VSHUFPS(imm(0x44), t[i+j+2], t[i+j], a[i+2*j])
			e.VSHUFPS(imm(0xee), t[i+j+2], t[i+j], a[i+2*j+1])
		}
	}
	for i := range 4 {
		e.VPERM2F128(imm(0x20), a[i+4], a[i], t[i])
		e.VPERM2F128(imm(0x31), a[i+4], a[i], t[i+4])
	}
	return t
}
