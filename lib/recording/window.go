package recording

import "fmt"

// PadEdge writes src, onset samples in, to dst, and repeats its first and last
// value before and after. It panics if src is empty or does not fit.
func PadEdge(dst, src []float64, onset int) {
	if len(src) == 0 || onset < 0 || onset+len(src) > len(dst) {
		panic(fmt.Sprintf("recording: %d samples at %d of a window of %d", len(src), onset, len(dst)))
	}
	for t := range dst {
		dst[t] = src[min(max(t-onset, 0), len(src)-1)]
	}
}

// Gradient writes to dst the rate of change of x, sampled every dt: central
// differences inside, one-sided at the ends, as np.gradient. One sample gives 0.
func Gradient(dst, x []float64, dt float64) {
	n := len(x)
	if len(dst) != n {
		panic(fmt.Sprintf("recording: gradient of %d samples into %d", n, len(dst)))
	}
	if n < 2 {
		clear(dst)
		return
	}
	first, last := (x[1]-x[0])/dt, (x[n-1]-x[n-2])/dt
	for t := 1; t < n-1; t++ {
		dst[t] = (x[t+1] - x[t-1]) / (2 * dt)
	}
	dst[0], dst[n-1] = first, last
}

// Boxcar returns the running mean of x over an odd number of taps, zero taken
// outside: np.convolve(x, ones(taps)/taps, 'same'). As NumPy's, the result has
// max(len(x), taps) samples; [Session.Align] refuses trials shorter than that.
func Boxcar(x []float64, taps int) []float64 {
	if taps < 1 || len(x) == 0 {
		panic(fmt.Sprintf("recording: boxcar of %d taps over %d samples", taps, len(x)))
	}
	short := min(len(x), taps)
	out := make([]float64, max(len(x), taps))
	start := (short - 1) - short/2 // first output's place in the full convolution
	for i := range out {
		hi := start + i
		var s float64
		for j := max(0, hi-taps+1); j <= min(hi, len(x)-1); j++ {
			s += x[j]
		}
		out[i] = s / float64(taps)
	}
	return out
}
