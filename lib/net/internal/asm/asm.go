// Package asm generates, with avo, the assembly of lib/net/internal/kernel.
// Run `go generate ./lib/net/...` after a change; the test of this package
// fails while the files in the tree differ from what it would write.
package asm

import (
	"bytes"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

//go:generate go run -tags purego ./gen ../kernel

// Files returns the text of every generated file by its name.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, emit := range map[string]func(c *build.Context){
		"gemm_avx512_amd64.s":  func(c *build.Context) { emitter{c, true}.gemm() },
		"gemm_avx2_amd64.s":    func(c *build.Context) { emitter{c, false}.gemm() },
		"outer_avx512_amd64.s": func(c *build.Context) { emitter{c, true}.outer() },
		"outer_avx2_amd64.s":   func(c *build.Context) { emitter{c, false}.outer() },
		"norm_avx2_amd64.s":    func(c *build.Context) { emitter{c, false}.norm() },
	} {
		text, err := file(emit)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}

func file(emit func(c *build.Context)) ([]byte, error) {
	c := build.NewContext()
	c.Constraint(buildtags.Term("amd64").ToConstraint())
	c.Constraint(buildtags.Not("purego").ToConstraint())
	emit(c)
	f, err := c.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(f); err != nil {
		return nil, err
	}
	text, err := printer.NewGoAsm(printer.Config{Name: "lib/net/internal/asm", Pkg: "kernel"}).Print(f)
	if err != nil {
		return nil, err
	}
	return append(bytes.TrimRight(text, "\n"), '\n'), nil
}

// emitter writes instructions: evex for AVX-512 with 32 registers and masks,
// else AVX2 with FMA.
type emitter struct {
	*build.Context
	evex bool
}

func (e emitter) suffix() string {
	if e.evex {
		return "AVX512"
	}
	return "AVX2"
}

// The general registers that every routine uses alike.
var (
	rArgs  = reg.RDI
	rA     = reg.RSI
	rB     = reg.RBX
	rCount = reg.RCX
	rOuter = reg.RDX
	rTmp   = reg.RAX
	rC     = reg.R15
	rLDB   = reg.R14
	// Multiples of the distance between rows: 1, 3, 5, 7, 9 and 11 times.
	rOdd = []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13}
)

func imm(n int) operand.Constant { return operand.Imm(uint64(n)) }

func field(offset uintptr) operand.Mem { return operand.Mem{Base: rArgs, Disp: int(offset)} }

func jump(label string) operand.LabelRef { return operand.LabelRef(label) }

// begin starts a function that takes one pointer, and loads it.
func (e emitter) begin(name string) {
	e.Function(name + e.suffix())
	e.Attributes(attr.NOSPLIT)
	e.SignatureExpr("func(a *byte)")
	e.Load(e.Param("a"), rArgs)
}

// leave returns; what follows may be SSE code, which is slow while the upper
// halves of the registers are in use.
func (e emitter) leave() {
	e.VZEROUPPER()
	e.RET()
}

// row is the address of row r: base plus r distances, without an addition.
func row(base reg.Register, r, disp int) operand.Mem {
	m := operand.Mem{Base: base, Disp: disp}
	if r == 0 {
		return m
	}
	scale := uint8(1)
	for r%2 == 0 {
		r /= 2
		scale *= 2
	}
	m.Index, m.Scale = rOdd[r/2], scale
	return m
}

// multiples fills rOdd for rows rows.
func (e emitter) multiples(distance operand.Mem, rows int) {
	e.MOVQ(distance, rOdd[0])
	for i := 1; 2*i+1 < rows; i++ {
		// (2i+1)·d = (2i−1)·d + 2·d
		e.LEAQ(operand.Mem{Base: rOdd[i-1], Index: rOdd[0], Scale: 2}, rOdd[i])
	}
}

// shape is a tile's width: vecs vectors of bytes bytes per row, of the last
// only the columns under the mask.
type shape struct{ vecs, bytes int }

func (s shape) width() int { return s.vecs * s.bytes / 4 }

func (e emitter) shapes() []shape {
	if e.evex {
		return []shape{{1, 32}, {1, 64}, {2, 64}}
	}
	return []shape{{1, 32}, {2, 32}}
}

// maxRows is the number of rows of a tile whose sums fit in registers.
func (e emitter) maxRows() int {
	if e.evex {
		return 12
	}
	return 6
}

func (e emitter) regs(s shape) []reg.VecPhysical {
	if s.bytes == 64 {
		return zmm
	}
	return ymm
}

var zmm, ymm = func() (z, y []reg.VecPhysical) {
	z = []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
	for _, r := range z {
		y = append(y, r.AsY().(reg.VecPhysical))
	}
	return z, y
}()

// maskY holds the mask of an AVX2 routine.
const maskY = 15

// dispatch chooses the code by width and number of rows, and loads the mask.
func (e emitter) dispatch(width, rows, mask, maskAt operand.Mem) {
	if e.evex {
		e.MOVQ(mask, rTmp)
		e.KMOVW(rTmp.As32(), reg.K1)
	} else {
		e.MOVQ(maskAt, rTmp)
		e.VMOVDQU(operand.Mem{Base: rTmp}, ymm[maskY])
	}
	e.MOVQ(width, rTmp)
	e.MOVQ(rows, rCount)
	shapes := e.shapes()
	for i, s := range shapes {
		if i < len(shapes)-1 {
			e.CMPQ(rTmp, imm(s.width()))
			e.JLE(jump(fmt.Sprintf("shape%d", i)))
		} else {
			e.JMP(jump(fmt.Sprintf("shape%d", i)))
		}
	}
	for i := range shapes {
		e.Label(fmt.Sprintf("shape%d", i))
		for r := e.maxRows(); r > 1; r-- {
			e.CMPQ(rCount, imm(r))
			e.JEQ(jump(tileLabel(i, r)))
		}
		e.JMP(jump(tileLabel(i, 1)))
	}
}

func tileLabel(shape, rows int) string { return fmt.Sprintf("s%dr%d", shape, rows) }

// load reads a vector of a row, the last one under the mask.
func (e emitter) load(m operand.Mem, last bool, dst reg.Register) {
	switch {
	case !last:
		e.VMOVUPS(m, dst)
	case e.evex:
		e.VMOVUPS_Z(m, reg.K1, dst)
	default:
		e.VMASKMOVPS(m, ymm[maskY], dst)
	}
}

func (e emitter) store(src reg.Register, last bool, m operand.Mem) {
	switch {
	case !last:
		e.VMOVUPS(src, m)
	case e.evex:
		e.VMOVUPS(src, reg.K1, m)
	default:
		e.VMASKMOVPS(src, ymm[maskY], m)
	}
}

func (e emitter) zero(r reg.VecPhysical) {
	if e.evex {
		e.VPXORD(r, r, r)
	} else {
		e.VXORPS(r, r, r)
	}
}

// step adds the products of one value of each row of A and one row of B. at
// gives a row's value, off is the distance of B's row from its register.
func (e emitter) step(s shape, rows int, at func(r int) operand.Mem) {
	regs := e.regs(s)
	acc := func(r, j int) reg.VecPhysical { return regs[r*s.vecs+j] }
	b := regs[rows*s.vecs:][:s.vecs]
	for j := range b {
		e.load(operand.Mem{Base: rB, Disp: j * s.bytes}, j == s.vecs-1, b[j])
	}
	end := maskY
	if e.evex {
		end = 32
	}
	spare := regs[rows*s.vecs+s.vecs : end]
	for r := range rows {
		if e.evex && s.vecs == 1 {
			e.VFMADD231PS_BCST(at(r), b[0], acc(r, 0))
			continue
		}
		x := spare[r%len(spare)]
		e.VBROADCASTSS(at(r), x)
		for j := range b {
			e.VFMADD231PS(b[j], x, acc(r, j))
		}
	}
}
