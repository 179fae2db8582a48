package task

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/spindle-lab/spindle/lib/net"
)

// Lambda is the weight of the off-diagonal terms of the Barlow loss.
const Lambda = net.BarlowLambda

// BarlowLoss returns the redundancy-reduction loss of two views, za and zb,
// each [sample][unit]:
//
//	u = (z − mean) / v per column
//	C = uaᵀ·ub / samples
//	L = Σᵢ (Cᵢᵢ−1)² + lambda·Σᵢ≠ⱼ Cᵢⱼ²
//
// v is the population variance where norm is [NormVariance], as published, or
// its root for [NormStd], as in the original method (spec/02, 3.2). A unit of
// zero variance gives Inf or NaN, as there. Where ga and gb are not nil they
// receive the derivatives. The sums are taken in float64.
func BarlowLoss[T Float](za, zb []T, units int, lambda float64, norm Norm, ga, gb []T) float64 {
	l, _ := barlow(za, zb, units, lambda, norm, ga, gb)
	return l
}

// BarlowCorrelation returns C of [BarlowLoss], shape [unit][unit].
func BarlowCorrelation[T Float](za, zb []T, units int, norm Norm) []float64 {
	_, c := barlow(za, zb, units, 0, norm, nil, nil)
	return c
}

type normed struct {
	u       []float64 // [sample][unit]
	mean, v []float64 // [unit]; v is the divisor
	std     []float64 // [unit]
}

func normalise[T Float](z []T, n, units int, norm Norm) normed {
	r := normed{make([]float64, n*units), make([]float64, units), make([]float64, units), make([]float64, units)}
	for i := 0; i < n; i++ {
		for k := 0; k < units; k++ {
			r.mean[k] += float64(z[i*units+k])
		}
	}
	for k := range r.mean {
		r.mean[k] /= float64(n)
	}
	for i := 0; i < n; i++ {
		for k := 0; k < units; k++ {
			d := float64(z[i*units+k]) - r.mean[k]
			r.u[i*units+k] = d
			r.v[k] += d * d
		}
	}
	for k := range r.v {
		r.v[k] /= float64(n)
		r.std[k] = math.Sqrt(r.v[k])
		if norm == NormStd {
			r.v[k] = r.std[k]
		}
	}
	for i := 0; i < n; i++ {
		for k := 0; k < units; k++ {
			r.u[i*units+k] /= r.v[k]
		}
	}
	return r
}

func barlow[T Float](za, zb []T, units int, lambda float64, norm Norm, ga, gb []T) (float64, []float64) {
	if units <= 0 || len(za) != len(zb) || len(za) == 0 || len(za)%units != 0 {
		panic(fmt.Sprintf("task: BarlowLoss of %d and %d values for %d units", len(za), len(zb), units))
	}
	n := len(za) / units
	a, b := normalise(za, n, units, norm), normalise(zb, n, units, norm)
	c := make([]float64, units*units)
	ua := blas64.General{Rows: n, Cols: units, Stride: units, Data: a.u}
	ub := blas64.General{Rows: n, Cols: units, Stride: units, Data: b.u}
	cm := blas64.General{Rows: units, Cols: units, Stride: units, Data: c}
	blas64.Gemm(blas.Trans, blas.NoTrans, 1/float64(n), ua, ub, 0, cm)
	loss := 0.0
	dc := make([]float64, units*units)
	for i := 0; i < units; i++ {
		for j := 0; j < units; j++ {
			v := c[i*units+j]
			if i == j {
				loss += (v - 1) * (v - 1)
				dc[i*units+j] = 2 * (v - 1) / float64(n)
			} else {
				loss += lambda * v * v
				dc[i*units+j] = 2 * lambda * v / float64(n)
			}
		}
	}
	dcm := blas64.General{Rows: units, Cols: units, Stride: units, Data: dc}
	du := make([]float64, n*units)
	dum := blas64.General{Rows: n, Cols: units, Stride: units, Data: du}
	if ga != nil {
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, ub, dcm, 0, dum)
		denormalise(du, a, n, units, norm, ga)
	}
	if gb != nil {
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, ua, dcm, 0, dum)
		denormalise(du, b, n, units, norm, gb)
	}
	return loss, c
}

// denormalise carries the derivative du through u = (z−mean)/v. With
// v = std^p, dv/dz = p·std^(p−2)·(z−mean)/n and (z−mean) = u·v, so
// dz = (du − mean(du))/v − u·mean(du·u)·p·v/std² … per column.
func denormalise[T Float](du []float64, r normed, n, units int, norm Norm, out []T) {
	p := 2.0
	if norm == NormStd {
		p = 1
	}
	m, mu := make([]float64, units), make([]float64, units)
	for i := 0; i < n; i++ {
		for k := 0; k < units; k++ {
			d := du[i*units+k]
			m[k] += d
			mu[k] += d * r.u[i*units+k]
		}
	}
	for k := range m {
		m[k] /= float64(n)
		mu[k] *= p / float64(n) * r.v[k] / (r.std[k] * r.std[k])
	}
	for i := 0; i < n; i++ {
		for k := 0; k < units; k++ {
			j := i*units + k
			out[j] = T((du[j]-m[k])/r.v[k] - r.u[j]*mu[k])
		}
	}
}

// Mask windows of the "time" augmentation: length in samples, and the inclusive
// bounds of the two starts (spec/02, 3.2).
const (
	maskLength             = 50
	maskLo0, maskHi0       = 0, 200
	maskLo1, maskHi1       = 200, 350
	maskWindowTime   int32 = 400
)

// Augment makes one view of a sample for redundancy reduction: two windows of
// 50 samples of all muscles and both channels are set to zero, their starts
// uniform in [0,200] and [200,350], both ends included. x has shape
// [muscle][time][channel]. For another number of time samples the bounds and
// the length scale with it.
func Augment(x []float32, muscles, samples, channels int, rng *rand.Rand) {
	if len(x) != muscles*samples*channels {
		panic(fmt.Sprintf("task: Augment of %d values as [%d][%d][%d]", len(x), muscles, samples, channels))
	}
	scale := func(v int) int { return v * samples / int(maskWindowTime) }
	width := scale(maskLength)
	for _, b := range [2][2]int{{maskLo0, maskHi0}, {maskLo1, maskHi1}} {
		lo, hi := scale(b[0]), scale(b[1])
		start := lo + rng.IntN(hi-lo+1)
		end := min(start+width, samples)
		for m := 0; m < muscles; m++ {
			clear(x[(m*samples+start)*channels : (m*samples+end)*channels])
		}
	}
}
