package stroke

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Latents are the variables of one augmentation.
type Latents struct {
	Size           float64 // factor on the size of the letter
	Rot            float64 // rad
	ShearX, ShearY float64 // rad
	Speed          float64 // factor on the speed: above 1 means fewer samples
	Noise          float64 // drawn and stored by the published generator, applied by nothing
}

// The values that the latents take, each with equal probability.
var (
	Sizes  = []float64{0.7, 1.0, 1.3}
	Angles = []float64{-math.Pi / 6, -math.Pi / 12, 0, math.Pi / 12, math.Pi / 6}
	Speeds = []float64{0.8, 1.0, 1.2, 1.4}
	Noises = []float64{0, 0.1, 0.3}
)

// DrawLatents draws independent latents in the published order: size, rotation,
// shears, speed, noise.
func DrawLatents(rng *rand.Rand) Latents {
	pick := func(v []float64) float64 { return v[rng.IntN(len(v))] }
	return Latents{
		Size: pick(Sizes), Rot: pick(Angles), ShearX: pick(Angles), ShearY: pick(Angles),
		Speed: pick(Speeds), Noise: pick(Noises),
	}
}

// Augment returns the stroke resized, rotated and sheared, and with its speed
// changed, in this order. Size must be positive and small enough to leave two
// samples, and so must the speed: other values are the caller's mistake.
func (s Stroke) Augment(l Latents) Stroke {
	return s.Resize(l.Size).Shear(l.Rot, l.ShearX, l.ShearY).Respeed(l.Speed)
}

// Resize scales the stroke about its first point by the factor size and keeps
// its speed, so that a larger letter takes longer: the velocity is sampled at
// trunc(N·size) instants and summed again. The scale is size only nearly.
func (s Stroke) Resize(size float64) Stroke {
	n := samples(float64(len(s.X))*size, "size", size)
	along := func(p []float64) []float64 {
		v := make([]float64, len(p)) // the velocity of the first sample is 0
		for i := 1; i < len(p); i++ {
			v[i] = p[i] - p[i-1]
		}
		q := resample(v, n)
		sum := 0.0
		for i := range q {
			sum += q[i]
			q[i] = sum + p[0]
		}
		return q
	}
	return Stroke{Label: s.Label, X: along(s.X), Y: along(s.Y)}
}

// Shear rotates the points about the box centre by rot and then shears them;
// all angles in rad.
func (s Stroke) Shear(rot, shearX, shearY float64) Stroke {
	sin, cos := math.Sincos(rot)
	tx, ty := math.Tan(shearX), math.Tan(shearY)
	a, b := cos+tx*sin, -sin+tx*cos
	c, d := ty*cos+sin, -ty*sin+cos
	out := Stroke{Label: s.Label, X: make([]float64, len(s.X)), Y: make([]float64, len(s.Y))}
	for i, x := range s.X {
		y := s.Y[i]
		out.X[i] = a*x + b*y
		out.Y[i] = c*x + d*y
	}
	return out
}

// Respeed samples the path at trunc(N/speed) instants.
func (s Stroke) Respeed(speed float64) Stroke {
	n := samples(float64(len(s.X))/speed, "speed", speed)
	return Stroke{Label: s.Label, X: resample(s.X, n), Y: resample(s.Y, n)}
}

func samples(n float64, name string, factor float64) int {
	if !(factor > 0) || !(n >= 2) || n > 1<<20 {
		panic(fmt.Sprintf("stroke: %s %v would leave %v samples, want between 2 and %d", name, factor, n, 1<<20))
	}
	return int(n)
}

// resample samples p, given at 0…len(p)-1, at n equally spaced points from the
// first to the last, with straight lines between.
func resample(p []float64, n int) []float64 {
	out := make([]float64, n)
	last := len(p) - 1
	for i := range out {
		t := float64(i) * (float64(last) / float64(n-1))
		k := int(t)
		switch {
		case i == n-1 || k >= last:
			out[i] = p[last]
		default:
			out[i] = p[k] + (t-float64(k))*(p[k+1]-p[k])
		}
	}
	return out
}
