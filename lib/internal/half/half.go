// Package half reads floats of 16 bits (IEEE 754 binary16), which NumPy, HDF5
// and TensorFlow files may hold and Go has no type for.
package half

import "math"

// Float32 returns the value of a 16-bit float, exactly: every one has a float32.
func Float32(u uint16) float32 {
	sign, exp, man := uint32(u>>15)<<31, uint32(u>>10&31), uint32(u&1023)
	switch exp {
	case 0: // steps of 2^-24
		return math.Float32frombits(math.Float32bits(float32(man)/(1<<24)) | sign)
	case 31:
		exp = 255 - 112
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}
