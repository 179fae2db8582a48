package half

import (
	"math"
	"testing"
)

// All 65536 values against the definition: ±man·2^-24 below 2^-14, else
// ±(1024+man)·2^(exp-25), with infinities and NaN at exponent 31.
func TestFloat32(t *testing.T) {
	for i := range 1 << 16 {
		u := uint16(i)
		got := float64(Float32(u))
		exp, man := int(u>>10&31), float64(u&1023)
		if math.Signbit(got) != (u>>15 == 1) {
			t.Fatalf("%#04x is %v: wrong sign", u, got)
		}
		want := math.Ldexp(1024+man, exp-25)
		switch {
		case exp == 0:
			want = math.Ldexp(man, -24)
		case exp == 31 && man == 0:
			want = math.Inf(1)
		case exp == 31:
			if !math.IsNaN(got) {
				t.Fatalf("%#04x is %v, NaN expected", u, got)
			}
			continue
		}
		if math.Abs(got) != want {
			t.Fatalf("%#04x is %v, want ±%v", u, got, want)
		}
	}
	// IEEE 754-2008, table 3.2's extremes, and a third as it rounds.
	for u, want := range map[uint16]float32{0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 0x1p-14, 1: 0x1p-24, 0x3555: 0.333251953125} {
		if got := Float32(u); got != want {
			t.Errorf("%#04x is %v, want %v", u, got, want)
		}
	}
}
