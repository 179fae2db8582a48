package probe

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/recording"
)

// DecodeOptions describes a linear decoder of hand velocity. Zero fields take
// the defaults.
type DecodeOptions struct {
	Lags      int       // bins before and after whose spikes are used; default 10
	Train     float64   // first part of the file, default 0.70
	Test      float64   // last part, default 0.15; what lies between chooses the penalty
	Penalties []float64 // default 1, 10, … 1e5, of the standardised counts
	Across    bool      // take spikes across the breaks of the recording; default: none beyond a break
}

// Decoded is how well velocity was decoded.
type Decoded struct {
	R2      []float64 // coefficient of determination on the test bins, [axis]
	Mean    float64   // over the axes
	Penalty float64
	Rows    [3]int // bins to train, to choose, to test
}

// DecodeVelocity decodes hand velocity from the spikes of neighbouring bins by
// ridge regression: a check that a reader has spikes and kinematics in the
// right units and at the same time, by what is known of a recording.
func DecodeVelocity(ctx context.Context, s *recording.Session, o DecodeOptions) (*Decoded, error) {
	if o.Lags == 0 {
		o.Lags = 10
	}
	if o.Train == 0 {
		o.Train = 0.70
	}
	if o.Test == 0 {
		o.Test = 0.15
	}
	if o.Penalties == nil {
		o.Penalties = []float64{1, 10, 100, 1e3, 1e4, 1e5}
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	axes, units, bins := len(s.HandVel), len(s.Counts), s.Bins()
	k := units * (2*o.Lags + 1)
	cutTrain, cutTest := int(o.Train*float64(bins)), bins-int(o.Test*float64(bins))
	if axes == 0 {
		return nil, fmt.Errorf("probe: %s has no hand velocity to decode", s.Name)
	}
	if o.Lags < 0 || k > 20000 || cutTrain <= k || cutTest <= cutTrain || cutTest >= bins {
		return nil, fmt.Errorf("probe: decode %s: %d bins to train %d weights and %d to test: more bins than weights, and a part to choose the penalty by, expected",
			s.Name, cutTrain, k, bins-cutTest)
	}
	segment := make([]int, bins)
	for i, g := range s.Segments {
		for b := g.Start; b < g.End; b++ {
			segment[b] = i
		}
	}
	per := s.PerBin()
	x, y := make([]float64, bins*k), make([]float64, bins*axes)
	forEach((bins+255)/256, func(_, c int) {
		for b := c * 256; b < min((c+1)*256, bins); b++ {
			for l := -o.Lags; l <= o.Lags; l++ {
				if at := b + l; at >= 0 && at < bins && (o.Across || segment[at] == segment[b]) {
					for u, n := range s.Counts {
						x[b*k+(l+o.Lags)*units+u] = n[at]
					}
				}
			}
			for a := range axes {
				y[b*axes+a] = s.HandVel[a][b*per+per/2]
			}
		}
	})
	scaler, err := FitScaler(x[:cutTrain*k], k)
	if err != nil {
		return nil, err
	}
	forEach((bins+255)/256, func(_, c int) {
		rows := x[c*256*k : min((c+1)*256, bins)*k]
		scaler.Transform(rows, rows)
	})
	mean := make([]float64, axes)
	for b := range cutTrain {
		for a := range axes {
			mean[a] += y[b*axes+a] / float64(cutTrain)
		}
	}
	for i := range y {
		y[i] -= mean[i%axes]
	}
	g, c := make([]float64, k*k), make([]float64, k*axes)
	addGram(g, x[:cutTrain*k], cutTrain, k)
	gemm(trans, no, k, axes, cutTrain, 1, x, k, y, axes, 0, c, axes)
	out := &Decoded{Rows: [3]int{cutTrain, cutTest - cutTrain, bins - cutTest}}
	best := math.Inf(-1)
	var weights mat.Dense
	for _, p := range o.Penalties {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a := mat.NewSymDense(k, append([]float64(nil), g...))
		for i := range k {
			a.SetSym(i, i, g[i*k+i]+p)
		}
		var ch mat.Cholesky
		if !ch.Factorize(a) {
			return nil, fmt.Errorf("probe: decode %s: singular at penalty %g", s.Name, p)
		}
		var w mat.Dense
		if err := ch.SolveTo(&w, mat.NewDense(k, axes, c)); err != nil {
			return nil, fmt.Errorf("probe: decode %s: penalty %g: %w", s.Name, p, err)
		}
		if _, m := determination(x[cutTrain*k:cutTest*k], y[cutTrain*axes:cutTest*axes], w.RawMatrix().Data, k, axes); m > best {
			best, out.Penalty = m, p
			weights.CloneFrom(&w)
		}
	}
	if weights.IsEmpty() {
		return nil, fmt.Errorf("probe: decode %s: velocity does not vary in the part that chooses the penalty", s.Name)
	}
	out.R2, out.Mean = determination(x[cutTest*k:], y[cutTest*axes:], weights.RawMatrix().Data, k, axes)
	return out, nil
}

// determination is R² = 1 − Σ(y−xw)²/Σ(y−ȳ)² for each axis, and its mean.
func determination(x, y, w []float64, k, axes int) (r2 []float64, mean float64) {
	n := len(y) / axes
	p := make([]float64, n*axes)
	gemm(no, no, n, axes, k, 1, x, k, w, axes, 0, p, axes)
	r2 = make([]float64, axes)
	for a := range axes {
		var m, res, tot float64
		for i := a; i < len(y); i += axes {
			m += y[i] / float64(n)
		}
		for i := a; i < len(y); i += axes {
			res += (y[i] - p[i]) * (y[i] - p[i])
			tot += (y[i] - m) * (y[i] - m)
		}
		r2[a] = 1 - res/tot
		mean += r2[a] / float64(axes)
	}
	return r2, mean
}
