package kernel

import "math"

// Eps is the constant that TensorFlow's layer norm adds to the variance.
const Eps = 1e-12

// Moments returns mean and population variance of x, both from sums in
// float64: of data in mm with a large mean, float32 sums would lose the variance.
func Moments[T Float](x []T) (mean, variance float64) {
	mean = moment(x, 0, false) / float64(len(x))
	return mean, moment(x, mean, true) / float64(len(x))
}

// moment returns the sum of x, or of (x−mean)² if square.
func moment[T Float](x []T, mean float64, square bool) (sum float64) {
	if vectors && isFloat32[T]() {
		var rest []float32
		sum, rest = momentsVector(as32(x), mean, square)
		x = x[len(x)-len(rest):]
	}
	var s [4]float64
	for len(x) >= 4 {
		a, b, c, d := float64(x[0]), float64(x[1]), float64(x[2]), float64(x[3])
		if square {
			a, b, c, d = a-mean, b-mean, c-mean, d-mean
			a, b, c, d = a*a, b*b, c*c, d*d
		}
		s[0] += a
		s[1] += b
		s[2] += c
		s[3] += d
		x = x[4:]
	}
	for i, v := range x {
		d := float64(v)
		if square {
			d -= mean
			d *= d
		}
		s[i] += d
	}
	return sum + (s[0] + s[1] + s[2] + s[3])
}

// Split returns x as what the type holds of it and the rest, so that z−hi−lo
// loses nothing where z is close to x.
func Split[T Float](x float64) (hi, lo T) {
	hi = T(x)
	return hi, T(x - float64(hi))
}

// InvStd returns 1/√(variance+Eps).
func InvStd(variance float64) float64 { return 1 / math.Sqrt(variance+Eps) }

// Norm is what the passes of layer normalisation over one sample share. With
// t = z − Hi − Lo and, per channel, Scale and Shift,
//
//	y = t·(Scale+ScaleLo) + Shift, or its positive part if Relu;
//	g = dy where y > 0 (everywhere without Relu).
type Norm[T Float] struct {
	Hi, Lo T
	// Scale, the rest of it that T does not hold, and Shift, one per channel.
	// A factor's rounding error would be the same for all values of a channel,
	// and sums over the map do not average it away.
	Scale, ScaleLo, Shift []T
	Relu                  bool
}

// Forward writes y. z and y are [positions][channels], and may be the same.
func (k *Norm[T]) Forward(y, z []T) {
	c := len(k.Scale)
	shift := k.Shift[:c]
	z, y = z[:len(y)], y[:len(z)]
	if k.vector(forward, z, y, nil, nil, k.Scale, shift, nil, nil, 0, 0, 0, 0) {
		return
	}
	for len(z) >= c && c > 0 {
		yr := y[:c]
		for j, v := range z[:c] {
			t := v - k.Hi - k.Lo
			r := t*k.Scale[j] + (t*k.ScaleLo[j] + shift[j])
			if k.Relu && r < 0 {
				r = 0
			}
			yr[j] = r
		}
		z, y = z[c:], y[c:]
	}
}

// Sums adds to sg and sgt, per channel, the sums of g and of g·t.
func (k *Norm[T]) Sums(dy, y, z []T, sg, sgt []T) {
	c := len(sg)
	sgt = sgt[:c]
	z, y = z[:len(dy)], y[:len(dy)]
	if k.vector(sums, z, y, dy, nil, sg, nil, sg, sgt, 0, 0, 0, 0) {
		return
	}
	for len(z) >= c && c > 0 {
		for j, v := range z[:c] {
			g := dy[j]
			if k.Relu && !(y[j] > 0) {
				g = 0
			}
			sg[j] += g
			sgt[j] += g * (v - k.Hi - k.Lo)
		}
		z, y, dy = z[c:], y[c:], dy[c:]
	}
}

// Back writes dz = g·(Scale+ScaleLo) − a − t·b, with a and b given in float64
// and used as what T holds of them and the rest.
func (k *Norm[T]) Back(dz, dy, y, z []T, a64, b64 float64) {
	c := len(k.Scale)
	lo := k.ScaleLo[:c]
	a, aLo := Split[T](a64)
	b, bLo := Split[T](b64)
	z, y, dz = z[:len(dy)], y[:len(dy)], dz[:len(dy)]
	if k.vector(backward, z, y, dy, dz, k.Scale, nil, nil, nil, a, aLo, b, bLo) {
		return
	}
	for len(z) >= c && c > 0 {
		for j, v := range z[:c] {
			g := dy[j]
			if k.Relu && !(y[j] > 0) {
				g = 0
			}
			t := v - k.Hi - k.Lo
			dz[j] = (g*k.Scale[j] - a - t*b) + (g*lo[j] - aLo - t*bLo)
		}
		z, y, dy, dz = z[c:], y[c:], dy[c:], dz[c:]
	}
}

// pass is one of the three passes.
type pass int

const (
	forward pass = iota
	sums
	backward
)

// vector runs a pass in vector code, and tells whether it did: it takes
// float32 maps whose channels are a multiple of 8.
func (k *Norm[T]) vector(p pass, z, y, dy, dz, scale, shift, sg, sgt []T, a, aLo, b, bLo T) bool {
	c := len(scale)
	if !vectors || !isFloat32[T]() || c == 0 || c%8 != 0 || len(z) < c {
		return false
	}
	first := func(x []T, i int) *float32 {
		if len(x) == 0 {
			return nil
		}
		return &as32(x)[i]
	}
	args := NormArgs{Stride: 4 * c, Blocks: len(z) / c,
		Hi: float32(k.Hi), Lo: float32(k.Lo), A: float32(a), ALo: float32(aLo), B: float32(b), BLo: float32(bLo)}
	if k.Relu {
		args.Relu = 1
	}
	for i := 0; i < c; i += args.Columns {
		args.Columns = 32
		for args.Columns > c-i {
			args.Columns /= 2
		}
		args.Z, args.Y, args.DY, args.DZ = first(z, i), first(y, i), first(dy, i), first(dz, i)
		args.Scale, args.ScaleLo, args.Shift = first(scale, i), first(k.ScaleLo, i), first(shift, i)
		args.SumG, args.SumGT = first(sg, i), first(sgt, i)
		normVector(p, &args)
	}
	return true
}
