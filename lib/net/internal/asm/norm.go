package asm

import (
	"fmt"
	"unsafe"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/spindle-lab/spindle/lib/net/internal/kernel"
)

// Registers of the passes of layer normalisation.
var (
	rZ, rY, rDY, rDZ = reg.RSI, reg.RBX, reg.RDX, reg.R8
	rScale, rShift   = reg.R9, reg.R10
	rStride          = reg.R11
	rScaleLo         = reg.R12
)

var normVecs = []int{1, 2, 4} // vectors of 8 channels per row

// norm writes the passes over maps: moments, and the forward pass, the sums
// and the backward pass of normalisation with ReLU.
func (e emitter) norm() {
	e.moments()
	e.pass("normRelu", []string{"z", "y"}, nil, e.normRelu)
	e.pass("normSums", []string{"z", "y", "dy"}, e.sumsEnd, e.normSums)
	e.pass("normBack", []string{"z", "y", "dy", "dz"}, nil, e.normBack)
}

// pass writes a routine over rows of 1, 2 or 4 vectors.
func (e emitter) pass(name string, streams []string, end func(vecs int), body func(j, vecs int, relu bool)) {
	var a kernel.NormArgs
	e.begin(name)
	for _, p := range []struct {
		at operand.Mem
		to reg.Register
	}{
		{field(unsafe.Offsetof(a.Z)), rZ}, {field(unsafe.Offsetof(a.Y)), rY}, {field(unsafe.Offsetof(a.DY)), rDY},
		{field(unsafe.Offsetof(a.DZ)), rDZ}, {field(unsafe.Offsetof(a.Scale)), rScale}, {field(unsafe.Offsetof(a.Shift)), rShift},
		{field(unsafe.Offsetof(a.ScaleLo)), rScaleLo}, {field(unsafe.Offsetof(a.Stride)), rStride}, {field(unsafe.Offsetof(a.Blocks)), rCount},
	} {
		e.MOVQ(p.at, p.to)
	}
	e.VBROADCASTSS(field(unsafe.Offsetof(a.Hi)), hi)
	e.VBROADCASTSS(field(unsafe.Offsetof(a.Lo)), lo)
	if name == "normBack" {
		e.VBROADCASTSS(field(unsafe.Offsetof(a.A)), aReg)
		e.VBROADCASTSS(field(unsafe.Offsetof(a.B)), bReg)
		e.VBROADCASTSS(field(unsafe.Offsetof(a.ALo)), aLoReg)
		e.VBROADCASTSS(field(unsafe.Offsetof(a.BLo)), bLoReg)
	}
	e.VXORPS(zeros, zeros, zeros)
	e.MOVQ(field(unsafe.Offsetof(a.Columns)), rTmp)
	for _, relu := range []bool{true, false} {
		for _, v := range normVecs {
			label := fmt.Sprintf("v%d", v)
			next := "not" + label
			if !relu {
				label, next = "plain"+label, "plain"+next
			}
			if relu && v == normVecs[0] {
				e.CMPQ(field(unsafe.Offsetof(a.Relu)), imm(0))
				e.JEQ(jump("plain"))
			}
			if !relu && v == normVecs[0] {
				e.Label("plain")
			}
			e.CMPQ(rTmp, imm(8*v))
			e.JNE(jump(next))
			if end != nil {
				for i := range 2 * v {
					e.VXORPS(ymm[i], ymm[i], ymm[i])
				}
			}
			e.Label(label)
			for j := range v {
				body(j, v, relu)
			}
			for _, s := range streams {
				e.ADDQ(rStride, map[string]reg.Register{"z": rZ, "y": rY, "dy": rDY, "dz": rDZ}[s])
			}
			e.DECQ(rCount)
			e.JNE(jump(label))
			if end != nil {
				end(v)
			}
			e.leave()
			e.Label(next)
		}
	}
	e.leave()
}

var (
	hi, lo, zeros = ymm[15], ymm[14], ymm[13]
	aReg, bReg    = ymm[12], ymm[11]
	t0, t1        = ymm[10], ymm[9]
	// The sums of normSums are in ymm0 … ymm7, and it has no use for these.
	aLoReg, bLoReg, t2 = ymm[0], ymm[1], ymm[2]
)

func at(base reg.Register, j int) operand.Mem { return operand.Mem{Base: base, Disp: 32 * j} }

// centred leaves z − hi − lo in t0.
func (e emitter) centred(j int) {
	e.VMOVUPS(at(rZ, j), t0)
	e.VSUBPS(hi, t0, t0)
	e.VSUBPS(lo, t0, t0)
}

// gradient leaves dy, where y > 0 if relu, in t1.
func (e emitter) gradient(j int, relu bool) {
	if !relu {
		e.VMOVUPS(at(rDY, j), t1)
		return
	}
	e.VCMPPS(operand.U8(1), at(rY, j), zeros, t1) // 0 < y
	e.VANDPS(at(rDY, j), t1, t1)
}

func (e emitter) normRelu(j, _ int, relu bool) {
	e.centred(j)
	e.VMOVUPS(at(rShift, j), t1)
	e.VFMADD231PS(at(rScaleLo, j), t0, t1)
	e.VFMADD231PS(at(rScale, j), t0, t1)
	if relu {
		// The second operand wins if one is NaN, and so NaN passes through.
		e.VMAXPS(t1, zeros, t1)
	}
	e.VMOVUPS(t1, at(rY, j))
}

func (e emitter) normSums(j, vecs int, relu bool) {
	e.centred(j)
	e.gradient(j, relu)
	e.VADDPS(t1, ymm[j], ymm[j])
	e.VFMADD231PS(t0, t1, ymm[vecs+j])
}

func (e emitter) sumsEnd(vecs int) {
	var a kernel.NormArgs
	e.MOVQ(field(unsafe.Offsetof(a.SumG)), rScale)
	e.MOVQ(field(unsafe.Offsetof(a.SumGT)), rShift)
	for j := range vecs {
		e.VADDPS(at(rScale, j), ymm[j], ymm[j])
		e.VMOVUPS(ymm[j], at(rScale, j))
		e.VADDPS(at(rShift, j), ymm[vecs+j], ymm[vecs+j])
		e.VMOVUPS(ymm[vecs+j], at(rShift, j))
	}
}

func (e emitter) normBack(j, _ int, relu bool) {
	e.centred(j)
	e.gradient(j, relu)
	// The small parts first: g·lo − aLo − t·bLo, then g·scale − a − t·b.
	e.VMOVUPS(t1, t2)
	e.VFMSUB132PS(at(rScaleLo, j), aLoReg, t2)
	e.VFNMADD231PS(bLoReg, t0, t2)
	e.VFMADD231PS(at(rScale, j), t1, t2)
	e.VSUBPS(aReg, t2, t2)
	e.VFNMADD231PS(bReg, t0, t2)
	e.VMOVUPS(t2, at(rDZ, j))
}

// moments writes the sum, in float64, of values less a mean, or of their squares.
func (e emitter) moments() {
	var a kernel.MomentArgs
	e.begin("moments")
	e.MOVQ(field(unsafe.Offsetof(a.X)), rZ)
	e.MOVQ(field(unsafe.Offsetof(a.N)), rCount)
	mean := ymm[15]
	e.VBROADCASTSD(field(unsafe.Offsetof(a.Mean)), mean)
	for i := range 4 {
		e.VXORPD(ymm[i], ymm[i], ymm[i])
	}
	e.CMPQ(field(unsafe.Offsetof(a.Square)), imm(0))
	e.JNE(jump("squares"))
	for _, square := range []bool{false, true} {
		label := "sum"
		if square {
			label = "squares"
		}
		e.Label(label)
		for i := range 4 {
			t := ymm[4+i]
			e.VCVTPS2PD(operand.Mem{Base: rZ, Disp: 16 * i}, t)
			if square {
				e.VSUBPD(mean, t, t)
				e.VFMADD231PD(t, t, ymm[i])
			} else {
				e.VADDPD(t, ymm[i], ymm[i])
			}
		}
		e.ADDQ(imm(64), rZ)
		e.SUBQ(imm(16), rCount)
		e.JNE(jump(label))
		e.JMP(jump("done"))
	}
	e.Label("done")
	e.VADDPD(ymm[1], ymm[0], ymm[0])
	e.VADDPD(ymm[3], ymm[2], ymm[2])
	e.VADDPD(ymm[2], ymm[0], ymm[0])
	e.VMOVUPD(ymm[0], field(unsafe.Offsetof(a.Sum)))
	e.leave()
}
