package asm

import (
	"fmt"
	"unsafe"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// The general registers of a matrix kernel.
var (
	rTile  = reg.RDI                                            // the argument
	rAhead = reg.RDI                                            // where to fetch the next strip of A, while the sums run
	rRow   = reg.RSI                                            // bytes from a row of A to the next
	rCol   = reg.RAX                                            // bytes from a column of A to the next
	rB     = reg.RBX                                            // row of B
	rBRow  = reg.RDX                                            // bytes from a row of B to the next
	rCount = reg.RCX                                            // steps along k that remain
	rC     = reg.R12                                            // first row of C of the strip
	rCRow  = reg.R13                                            // bytes from a row of C to the next
	rStep  = reg.R14                                            // bytes that rAhead advances per turn of the loop
	rA     = reg.R15                                            // first row of A of the strip
	rA3    = []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11} // rows 0, 3, 6, 9 of the strip
)

const (
	unroll     = 4
	rowsPerPtr = 3 // addresses reach the rows ptr, ptr+row, ptr+2·row
)

// variant is a kernel for panels of one width: vecs vectors of bytes bytes per
// row, the last of them under a mask if masked.
type variant struct {
	vecs, bytes int
	masked      bool
}

// gemm writes the function that computes a kernel.Tile. It goes through the
// rows in strips of mr, and has a body for each number of rows up to mr and
// each panel width.
func gemm(c *build.Context, a arch) {
	e := emitter{c, a}
	mr, variants := 6, []variant{{1, 32, false}, {2, 32, false}, {1, 32, true}, {2, 32, true}}
	if a.evex {
		mr, variants = 12, []variant{{1, 32, true}, {1, 64, true}, {2, 64, true}}
	}
	var masks operand.Mem
	if !a.evex {
		masks = e.maskTable("masks")
	}
	begin(c, "gemm"+a.suffix(), fmt.Sprintf("func(t *%s)", a.goType()))
	t := tileOf(a)
	c.Load(c.Param("t"), rTile)
	c.MOVQ(t.a, rA)
	c.MOVQ(t.c, rC)
	c.MOVQ(t.ahead, rStep)
	for _, f := range []struct {
		m operand.Mem
		r reg.GPPhysical
	}{{t.aRow, rRow}, {t.aCol, rCol}, {t.bRow, rBRow}, {t.cRow, rCRow}} {
		c.MOVQ(f.m, f.r)
		e.bytes(f.r)
	}
	e.chooseVariant(t, variants, masks)
	for i, v := range variants {
		e.strips(i, v, mr, t)
	}
}

// tile is where the fields of a kernel.Tile lie.
type tile struct {
	a, aRow, aCol, b, bRow, c, cRow, m, n, k, ahead, alpha, beta operand.Mem
}

func tileOf(a arch) tile {
	var f kernel.Tile[float32]
	var d kernel.Tile[float64]
	at := func(offset uintptr) operand.Mem { return operand.Mem{Base: rTile, Disp: int(offset)} }
	beta := unsafe.Offsetof(f.Beta)
	if a.size == 8 {
		beta = unsafe.Offsetof(d.Beta)
	}
	return tile{
		at(unsafe.Offsetof(f.A)), at(unsafe.Offsetof(f.ARow)), at(unsafe.Offsetof(f.ACol)),
		at(unsafe.Offsetof(f.B)), at(unsafe.Offsetof(f.BRow)),
		at(unsafe.Offsetof(f.C)), at(unsafe.Offsetof(f.CRow)),
		at(unsafe.Offsetof(f.M)), at(unsafe.Offsetof(f.N)), at(unsafe.Offsetof(f.K)),
		at(unsafe.Offsetof(f.Ahead)),
		at(unsafe.Offsetof(f.Alpha)), at(beta),
	}
}

// maskTable is a vector of ones followed by one of zeros: the mask of n
// elements begins n elements before the zeros.
func (e emitter) maskTable(name string) operand.Mem {
	m := e.StaticGlobal(name + e.suffix())
	e.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := 0; i < 64; i += 8 {
		v := ^uint64(0)
		if i >= 32 {
			v = 0
		}
		e.AddDatum(i, operand.U64(v))
	}
	return m
}

// maskReg selects the elements of the last vector of a row.
func (e emitter) maskReg(v variant) reg.Register {
	switch {
	case !v.masked:
		return nil
	case e.evex:
		return reg.K1
	}
	return reg.Y15
}

// chooseVariant sets the mask from the width of the panel and jumps to the
// narrowest variant that fits.
func (e emitter) chooseVariant(t tile, variants []variant, masks operand.Mem) {
	n, m := rCount, rA3[0]
	e.MOVQ(t.n, n)
	for i, v := range variants {
		lanes := v.bytes / e.size
		next := fmt.Sprintf("not%d", i)
		e.CMPQ(n, imm(lanes*v.vecs))
		if v.masked {
			e.JGT(operand.LabelRef(next))
		} else {
			e.JNE(operand.LabelRef(next))
		}
		switch {
		case !v.masked:
		case e.evex:
			if v.vecs > 1 {
				e.SUBQ(imm(lanes*(v.vecs-1)), n)
			}
			e.MOVQ(operand.I64(-1), m)
			e.BZHIQ(n, m, m)
			e.KMOVW(m.As32(), reg.K1)
		default:
			e.NEGQ(n)
			e.LEAQ(masks, m)
			e.load(operand.Mem{Base: m, Index: n, Scale: uint8(e.size), Disp: v.bytes * v.vecs}, nil, reg.Y15)
		}
		e.JMP(operand.LabelRef(fmt.Sprintf("v%dstrip", i)))
		e.Label(next)
	}
	e.RET()
}

// strips writes the loop over strips of mr rows, then a body for each
// remainder.
func (e emitter) strips(i int, v variant, mr int, t tile) {
	label := func(s string) string { return fmt.Sprintf("v%d%s", i, s) }
	e.Label(label("strip"))
	e.CMPQ(t.m, imm(mr))
	e.JLT(operand.LabelRef(label("rest")))
	e.body(label("rows"+fmt.Sprint(mr)), v, mr, true, t)
	e.IMUL3Q(imm(mr), rRow, rCount)
	e.ADDQ(rCount, rA)
	e.IMUL3Q(imm(mr), rCRow, rCount)
	e.ADDQ(rCount, rC)
	e.SUBQ(imm(mr), t.m)
	e.JMP(operand.LabelRef(label("strip")))
	e.Label(label("rest"))
	for r := mr - 1; r > 0; r-- {
		next := label(fmt.Sprintf("below%d", r))
		e.CMPQ(t.m, imm(r))
		e.JLT(operand.LabelRef(next))
		e.body(label("rows"+fmt.Sprint(r)), v, r, false, t)
		e.leave()
		e.Label(next)
	}
	e.leave()
}

// body computes rows rows of C. For the full strips it is unrolled, and fetches
// the rows of A that follow into the cache.
func (e emitter) body(label string, v variant, rows int, full bool, t tile) {
	regs := zmm
	if v.bytes == 32 {
		regs = ymm
	}
	acc := func(r, j int) reg.VecPhysical { return regs[r*v.vecs+j] }
	end := 15 // the sixteenth holds the mask
	if e.evex {
		end = 32
	}
	free := regs[rows*v.vecs : end]
	mask := func(j int) reg.Register {
		if j == v.vecs-1 {
			return e.maskReg(v)
		}
		return nil
	}

	// The pointers, and C on its way to the cache while the products are summed.
	e.MOVQ(rA, rA3[0])
	if rows > rowsPerPtr {
		e.LEAQ(operand.Mem{Base: rRow, Index: rRow, Scale: 2}, rCount)
		for p := 1; p*rowsPerPtr < rows; p++ {
			e.LEAQ(operand.Mem{Base: rA3[p-1], Index: rCount, Scale: 1}, rA3[p])
		}
	}
	e.MOVQ(rC, rB)
	for r := range rows {
		for j := 0; j < v.vecs; j++ {
			e.PREFETCHT0(operand.Mem{Base: rB, Disp: j * v.bytes})
		}
		if r < rows-1 {
			e.ADDQ(rCRow, rB)
		}
	}
	e.MOVQ(t.b, rB)
	for r := range rows {
		for j := range v.vecs {
			e.zero(acc(r, j))
		}
	}

	// One step along k, for which turn chooses among the free registers.
	step := func(turn int) {
		b := make([]reg.VecPhysical, v.vecs)
		for j := range b {
			b[j] = free[j]
			e.load(operand.Mem{Base: rB, Disp: j * v.bytes}, mask(j), b[j])
		}
		e.ADDQ(rBRow, rB)
		x := free[v.vecs:]
		for r := range rows {
			m := operand.Mem{Base: rA3[r/rowsPerPtr]}
			if r%rowsPerPtr > 0 {
				m.Index, m.Scale = rRow, uint8(r%rowsPerPtr)
			}
			if e.evex && v.vecs == 1 {
				e.fmaBroadcast(m, b[0], acc(r, 0))
				continue
			}
			y := x[(turn*rows+r)%len(x)]
			e.broadcast(m, y)
			for j := range b {
				e.fma(b[j], y, acc(r, j))
			}
		}
		for p := 0; p*rowsPerPtr < rows; p++ {
			e.ADDQ(rCol, rA3[p])
		}
	}
	e.MOVQ(t.k, rCount)
	if full {
		e.IMUL3Q(imm(rows), rRow, rAhead)
		e.ADDQ(rA, rAhead)
		e.SUBQ(imm(unroll), rCount)
		e.JLT(operand.LabelRef(label + "single"))
		e.Label(label + "loop")
		for u := range unroll {
			step(u)
		}
		for d := 0; d < rows*e.size*unroll; d += 64 {
			e.PREFETCHT0(operand.Mem{Base: rAhead, Disp: d})
		}
		e.ADDQ(rStep, rAhead)
		e.SUBQ(imm(unroll), rCount)
		e.JGE(operand.LabelRef(label + "loop"))
		e.Label(label + "single")
		e.ADDQ(imm(unroll), rCount)
		e.JEQ(operand.LabelRef(label + "finish"))
	}
	e.Label(label + "one")
	step(0)
	e.DECQ(rCount)
	e.JNE(operand.LabelRef(label + "one"))

	// C = alpha·sum, plus beta·C unless beta is ±0. Row after row.
	e.Label(label + "finish")
	if full {
		e.Load(e.Param("t"), rTile)
	}
	alpha, beta, old := free[0], free[1], free[2]
	e.broadcast(t.alpha, alpha)
	e.broadcast(t.beta, beta)
	e.MOVQ(rC, rB)
	if e.size == 4 {
		e.MOVL(t.beta, rCount.As32())
		e.SHLL(imm(1), rCount.As32())
	} else {
		e.MOVQ(t.beta, rCount)
		e.SHLQ(imm(1), rCount)
	}
	e.JEQ(operand.LabelRef(label + "overwrite"))
	for r := range rows {
		for j := range v.vecs {
			c := operand.Mem{Base: rB, Disp: j * v.bytes}
			e.mul(alpha, acc(r, j), acc(r, j))
			if mask(j) == nil {
				e.fma(c, beta, acc(r, j))
			} else {
				e.load(c, mask(j), old)
				e.fma(old, beta, acc(r, j))
			}
			e.store(acc(r, j), mask(j), c)
		}
		if r < rows-1 {
			e.ADDQ(rCRow, rB)
		}
	}
	e.JMP(operand.LabelRef(label + "done"))
	e.Label(label + "overwrite")
	for r := range rows {
		for j := range v.vecs {
			e.mul(alpha, acc(r, j), acc(r, j))
			e.store(acc(r, j), mask(j), operand.Mem{Base: rB, Disp: j * v.bytes})
		}
		if r < rows-1 {
			e.ADDQ(rCRow, rB)
		}
	}
	e.Label(label + "done")
}
