package asm

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The general registers of the kernels that go along rows.
var (
	vA    = reg.RDI // row of A
	vRow  = reg.RAX // bytes from a row of A to the next
	vRow3 = reg.RBX // three times that
	vM    = reg.RSI // rows that remain
	vN    = reg.RDX // elements of a row
	vX    = reg.R8  // the vector along a row
	vS    = reg.R9  // the vector along a column
	vLeft = reg.RCX // elements of the row that remain
	vPtr  = reg.R10 // where in the row of A
	vPtrX = reg.R11 // where in x
	vMask = reg.R12
)

// rows writes the functions of one element type that go along the rows of a
// matrix, for matrix-vector and vector-vector operations. They are bound by
// memory, so AVX2 serves every machine.
func rows(c *build.Context, a arch) {
	e := emitter{c, a}
	masks := e.maskTable("rowMasks")
	matrix := fmt.Sprintf("func(a []%[1]s, aRow, m, n int, x, s []%[1]s)", a.goType())

	e.beginRows("dots", matrix)
	e.overRows(2, func(r int, label string) { e.dotRows(r, label, masks, e.storeSum) })
	e.leave()

	e.beginRows("axpys", matrix)
	e.overRows(4, func(r int, label string) { e.axpyRows(r, label, masks) })
	e.leave()

	e.beginRows("gers", matrix)
	e.overRows(1, func(_ int, label string) {
		e.broadcast(operand.Mem{Base: vS}, ymm[14])
		e.axpy(label, masks, vX, vA)
	})
	e.leave()

	begin(c, "dot"+a.suffix(), fmt.Sprintf("func(x, y []%[1]s) %[1]s", a.goType()))
	c.Load(c.Param("x").Base(), vA)
	c.Load(c.Param("x").Len(), vN)
	c.Load(c.Param("y").Base(), vX)
	e.dotRows(1, "dot", masks, func(int, reg.VecPhysical) { c.Store(reg.X0, c.ReturnIndex(0)) })
	e.leave()

	begin(c, "axpy"+a.suffix(), fmt.Sprintf("func(alpha %[1]s, x, y []%[1]s)", a.goType()))
	c.Load(c.Param("x").Base(), vX)
	c.Load(c.Param("x").Len(), vN)
	c.Load(c.Param("y").Base(), vA)
	alpha, err := c.Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	e.broadcast(alpha.Addr, ymm[14])
	e.axpy("axpy", masks, vX, vA)
	e.leave()
}

func (e emitter) beginRows(name, signature string) {
	begin(e.Context, name+e.suffix(), signature)
	e.Load(e.Param("a").Base(), vA)
	e.Load(e.Param("aRow"), vRow)
	e.Load(e.Param("m"), vM)
	e.Load(e.Param("n"), vN)
	e.Load(e.Param("x").Base(), vX)
	e.Load(e.Param("s").Base(), vS)
	e.bytes(vRow)
	e.LEAQ(operand.Mem{Base: vRow, Index: vRow, Scale: 2}, vRow3)
}

// overRows takes group rows at a time, then the rest one by one.
func (e emitter) overRows(group int, body func(r int, label string)) {
	for _, r := range []int{group, 1} {
		label := fmt.Sprintf("by%d", r)
		e.Label(label)
		e.CMPQ(vM, imm(r))
		e.JLT(operand.LabelRef(label + "done"))
		body(r, label)
		for range r {
			e.ADDQ(vRow, vA)
		}
		e.ADDQ(imm(r*e.size), vS)
		e.SUBQ(imm(r), vM)
		e.JMP(operand.LabelRef(label))
		e.Label(label + "done")
		if group == 1 {
			return
		}
	}
}

// along goes along the rows from vPtr and vPtrX, unroll vectors at a time,
// then one at a time, then the rest under the mask in ymm15.
func (e emitter) along(label string, masks operand.Mem, a, x reg.GPPhysical, unroll int, chunk func(vectors int, mask reg.Register)) {
	lanes := 32 / e.size
	e.MOVQ(a, vPtr)
	e.MOVQ(x, vPtrX)
	e.MOVQ(vN, vLeft)
	for _, u := range []int{unroll, 1} {
		l := fmt.Sprintf("%salong%d", label, u)
		e.Label(l)
		e.CMPQ(vLeft, imm(u*lanes))
		e.JLT(operand.LabelRef(l + "done"))
		chunk(u, nil)
		e.ADDQ(imm(u*32), vPtr)
		e.ADDQ(imm(u*32), vPtrX)
		e.SUBQ(imm(u*lanes), vLeft)
		e.JMP(operand.LabelRef(l))
		e.Label(l + "done")
	}
	e.TESTQ(vLeft, vLeft)
	e.JEQ(operand.LabelRef(label + "end"))
	e.NEGQ(vLeft)
	e.LEAQ(masks, vMask)
	e.load(operand.Mem{Base: vMask, Index: vLeft, Scale: uint8(e.size), Disp: 32}, nil, ymm[15])
	chunk(1, ymm[15])
	e.Label(label + "end")
}

// rowAt is the address of vector v of the r-th of up to four rows.
func rowAt(r, v int) operand.Mem {
	m := operand.Mem{Base: vPtr, Disp: 32 * v}
	switch r {
	case 1, 2:
		m.Index, m.Scale = vRow, uint8(r)
	case 3:
		m.Index, m.Scale = vRow3, 1
	}
	return m
}

// dotRows sums the products of up to two rows with x in four vectors each,
// and hands each sum, in the lowest lane of its first vector, to done.
func (e emitter) dotRows(rows int, label string, masks operand.Mem, done func(r int, sum reg.VecPhysical)) {
	acc := func(r, v int) reg.VecPhysical { return ymm[4*r+v] }
	for r := range rows {
		for v := range 4 {
			e.zero(acc(r, v))
		}
	}
	e.along(label, masks, vA, vX, 4, func(vectors int, mask reg.Register) {
		for v := range vectors {
			x := ymm[8+v]
			e.load(operand.Mem{Base: vPtrX, Disp: 32 * v}, mask, x)
			for r := range rows {
				var y operand.Op = rowAt(r, v)
				if mask != nil {
					e.load(rowAt(r, v), mask, ymm[12])
					y = ymm[12]
				}
				e.fma(y, x, acc(r, v))
			}
		}
	})
	for r := range rows {
		sum, half := acc(r, 0), acc(r, 1)
		e.add(acc(r, 1), sum, sum)
		e.add(acc(r, 3), acc(r, 2), acc(r, 2))
		e.add(acc(r, 2), sum, sum)
		e.VEXTRACTF128(imm(1), sum, half.AsX())
		s, h := sum.AsX(), half.AsX()
		if e.size == 4 {
			e.VADDPS(h, s, s)
			e.VMOVHLPS(s, s, h)
			e.VADDPS(h, s, s)
			e.VMOVSHDUP(s, h)
			e.VADDSS(h, s, s)
		} else {
			e.VADDPD(h, s, s)
			e.VUNPCKHPD(s, s, h)
			e.VADDSD(h, s, s)
		}
		done(r, sum)
	}
}

func (e emitter) storeSum(r int, sum reg.VecPhysical) {
	m := operand.Mem{Base: vS, Disp: r * e.size}
	if e.size == 4 {
		e.VMOVSS(sum.AsX(), m)
	} else {
		e.VMOVSD(sum.AsX(), m)
	}
}

// axpyRows adds up to four rows, each times its element of s, to x, in the
// order of the rows.
func (e emitter) axpyRows(rows int, label string, masks operand.Mem) {
	for r := range rows {
		e.broadcast(operand.Mem{Base: vS, Disp: r * e.size}, ymm[8+r])
	}
	e.along(label, masks, vA, vX, 4, func(vectors int, mask reg.Register) {
		for v := range vectors {
			e.load(operand.Mem{Base: vPtrX, Disp: 32 * v}, mask, ymm[v])
		}
		for r := range rows {
			for v := range vectors {
				var y operand.Op = rowAt(r, v)
				if mask != nil {
					e.load(rowAt(r, v), mask, ymm[12])
					y = ymm[12]
				}
				e.fma(y, ymm[8+r], ymm[v])
			}
		}
		for v := range vectors {
			e.store(ymm[v], mask, operand.Mem{Base: vPtrX, Disp: 32 * v})
		}
	})
}

// axpy adds x times ymm14 to y.
func (e emitter) axpy(label string, masks operand.Mem, x, y reg.GPPhysical) {
	e.along(label, masks, y, x, 4, func(vectors int, mask reg.Register) {
		for v := range vectors {
			m := operand.Mem{Base: vPtr, Disp: 32 * v}
			e.load(m, mask, ymm[v])
			e.load(operand.Mem{Base: vPtrX, Disp: 32 * v}, mask, ymm[4+v])
			e.fma(ymm[4+v], ymm[14], ymm[v])
			e.store(ymm[v], mask, m)
		}
	})
}
