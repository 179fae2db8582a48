package asm

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// arch says which instructions to write: evex for AVX-512 encodings with
// their 32 registers and masks (of 64, or with AVX512VL of 32 bytes), else
// AVX2; size is that of an element in bytes.
type arch struct {
	evex bool
	size int
}

// suffix names functions: AVX512F32 and the like.
func (a arch) suffix() string {
	s := "AVX2"
	if a.evex {
		s = "AVX512"
	}
	if a.size == 4 {
		return s + "F32"
	}
	return s + "F64"
}

func (a arch) goType() string {
	if a.size == 4 {
		return "float32"
	}
	return "float64"
}

var (
	zmm = []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
	ymm = []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
		reg.Y16, reg.Y17, reg.Y18, reg.Y19, reg.Y20, reg.Y21, reg.Y22, reg.Y23,
		reg.Y24, reg.Y25, reg.Y26, reg.Y27, reg.Y28, reg.Y29, reg.Y30, reg.Y31}
)

// emitter writes instructions for one arch.
type emitter struct {
	*build.Context
	arch
}

func (e emitter) pick(single, double func(...operand.Op), ops ...operand.Op) {
	if e.size == 4 {
		single(ops...)
	} else {
		double(ops...)
	}
}

func (e emitter) broadcast(m operand.Mem, dst reg.Register) {
	e.pick(e.VBROADCASTSS, e.VBROADCASTSD, m, dst)
}

// fma adds x·y to acc; y may lie in memory.
func (e emitter) fma(y operand.Op, x, acc reg.Register) {
	e.pick(e.VFMADD231PS, e.VFMADD231PD, y, x, acc)
}

// fmaBroadcast adds x·y to acc for the one number y in memory.
func (e emitter) fmaBroadcast(y operand.Mem, x, acc reg.Register) {
	e.pick(e.VFMADD231PS_BCST, e.VFMADD231PD_BCST, y, x, acc)
}

func (e emitter) mul(y operand.Op, x, dst reg.Register) {
	e.pick(e.VMULPS, e.VMULPD, y, x, dst)
}

func (e emitter) add(y operand.Op, x, dst reg.Register) {
	e.pick(e.VADDPS, e.VADDPD, y, x, dst)
}

func (e emitter) zero(r reg.VecPhysical) {
	if e.evex {
		e.VPXORD(r, r, r)
	} else {
		e.pick(e.VXORPS, e.VXORPD, r, r, r)
	}
}

// load reads a vector; where mask is not nil, only the elements it selects,
// the others being 0.
func (e emitter) load(m operand.Mem, mask, dst reg.Register) {
	switch {
	case mask == nil:
		e.pick(e.VMOVUPS, e.VMOVUPD, m, dst)
	case e.evex:
		if e.size == 4 {
			e.VMOVUPS_Z(m, mask, dst)
		} else {
			e.VMOVUPD_Z(m, mask, dst)
		}
	case e.size == 4:
		e.VMASKMOVPS(m, mask, dst)
	default:
		e.VMASKMOVPD(m, mask, dst)
	}
}

// store writes a vector, or the elements of it that mask selects.
func (e emitter) store(src, mask reg.Register, m operand.Mem) {
	switch {
	case mask == nil:
		e.pick(e.VMOVUPS, e.VMOVUPD, src, m)
	case e.evex:
		e.pick(e.VMOVUPS, e.VMOVUPD, src, mask, m)
	case e.size == 4:
		e.VMASKMOVPS(src, mask, m)
	default:
		e.VMASKMOVPD(src, mask, m)
	}
}

// leave returns; what follows may be SSE code, which is slow while the upper
// halves of the registers are in use.
func (e emitter) leave() {
	e.VZEROUPPER()
	e.RET()
}
