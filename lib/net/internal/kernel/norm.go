package kernel

import "math"

// Eps is the constant that TensorFlow's layer norm adds to the variance.
const Eps = 1e-12

// Moments returns mean and population variance of x, both from sums in
// float64: of data in mm with a large mean, float32 sums would lose the variance.
func Moments[T Float](x []T) (mean, variance float64) {
	mean = Sum(x) / float64(len(x))
	return mean, sumSquares(x, mean) / float64(len(x))
}

// Sum returns the sum of x in float64.
func Sum[T Float](x []T) float64 {
	var s [4]float64
	for len(x) >= 4 {
		s[0] += float64(x[0])
		s[1] += float64(x[1])
		s[2] += float64(x[2])
		s[3] += float64(x[3])
		x = x[4:]
	}
	for i, v := range x {
		s[i] += float64(v)
	}
	return s[0] + s[1] + s[2] + s[3]
}

func sumSquares[T Float](x []T, mean float64) float64 {
	var s [4]float64
	for len(x) >= 4 {
		a, b, c, d := float64(x[0])-mean, float64(x[1])-mean, float64(x[2])-mean, float64(x[3])-mean
		s[0] += a * a
		s[1] += b * b
		s[2] += c * c
		s[3] += d * d
		x = x[4:]
	}
	for i, v := range x {
		d := float64(v) - mean
		s[i] += d * d
	}
	return s[0] + s[1] + s[2] + s[3]
}

// Split returns the mean as two numbers of the type, so that z−hi−lo loses
// nothing where z is close to the mean.
func Split[T Float](mean float64) (hi, lo T) {
	hi = T(mean)
	return hi, T(mean - float64(hi))
}

// InvStd returns 1/√(variance+Eps).
func InvStd(variance float64) float64 { return 1 / math.Sqrt(variance+Eps) }

// NormRelu writes y = (z−hi−lo)·scale_c + shift_c, and its positive part if
// relu. z and y are [rows][c].
func NormRelu[T Float](y, z []T, c int, hi, lo T, scale, shift []T, relu bool) {
	scale, shift = scale[:c], shift[:c]
	for len(z) >= c && c > 0 {
		zr, yr := z[:c], y[:c]
		for j, v := range zr {
			r := (v-hi-lo)*scale[j] + shift[j]
			if relu && !(r > 0) && r == r {
				r = 0
			}
			yr[j] = r
		}
		z, y = z[c:], y[c:]
	}
}

// NormSums adds to sg_c and sgt_c the sums over rows of g and g·t, where t =
// z−hi−lo and g = dy where y > 0 (everywhere if relu is false).
func NormSums[T Float](dy, y, z []T, c int, hi, lo T, sg, sgt []T, relu bool) {
	sg, sgt = sg[:c], sgt[:c]
	for len(z) >= c && c > 0 {
		for j, v := range z[:c] {
			g := dy[j]
			if relu && !(y[j] > 0) {
				g = 0
			}
			sg[j] += g
			sgt[j] += g * (v - hi - lo)
		}
		z, y, dy = z[c:], y[c:], dy[c:]
	}
}

// NormBack writes dz = g·scale_c − a − t·b, with g and t as in [NormSums].
func NormBack[T Float](dz, dy, y, z []T, c int, hi, lo T, scale []T, a, b T, relu bool) {
	scale = scale[:c]
	for len(z) >= c && c > 0 {
		for j, v := range z[:c] {
			g := dy[j]
			if relu && !(y[j] > 0) {
				g = 0
			}
			dz[j] = g*scale[j] - a - (v-hi-lo)*b
		}
		z, y, dy, dz = z[c:], y[c:], dy[c:], dz[c:]
	}
}
