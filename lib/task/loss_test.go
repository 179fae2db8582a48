package task

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// Top-1 with ties: definition of TensorFlow's in_top_k, golden nn/metric.
func TestTop1(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/metric") {
		logits, labels := c.Array(t, "logits"), c.Array(t, "labels").Ints()
		classes := logits.Shape[1]
		hits := Hits(logits.Data, labels, classes)
		got := make([]float64, len(hits))
		for i, h := range hits {
			if h {
				got[i] = 1
			}
		}
		c.Compare(t, "float64", "hit", got)
		c.Compare(t, "float64", "accuracy", []float64{Accuracy(logits.Data, labels, classes)})
	}
}

func TestTop1NaNIsAMiss(t *testing.T) {
	if Hits([]float64{math.NaN(), 1}, []int{0}, 2)[0] || Hits([]float64{1, math.NaN()}, []int{0}, 2)[0] {
		t.Error("a NaN logit counts as a hit")
	}
}

func TestTargetGridGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/target") {
		var p struct{ Strides [][]int }
		c.Decode(t, &p)
		T := c.Array(t, "T").Ints()
		var out, skip, count []float64
		for i, strides := range p.Strides {
			n := OutputLength(T[i], strides)
			s := Skip(T[i], n)
			out, skip = append(out, float64(n)), append(skip, float64(s))
			var layers []Axis
			for _, st := range strides {
				layers = append(layers, Axis{7, st})
			}
			idx, err := TargetGrid(T[i], layers, GridPublished)
			want := int(c.Array(t, "count").Data[i])
			switch {
			case (want == n && s > 0) != (err == nil):
				t.Errorf("T %d strides %v: error %v, reference counts %d targets for %d frames", T[i], strides, err, want, n)
			case err == nil && len(idx) != want:
				t.Errorf("T %d strides %v: %d targets, want %d", T[i], strides, len(idx), want)
			}
			k := 0
			if s > 0 {
				k = ceilDiv(T[i], s)
			}
			count = append(count, float64(k))
		}
		c.Compare(t, "float64", "T_out", out)
		c.Compare(t, "float64", "skip", skip)
		c.Compare(t, "float64", "count", count)
	}
}

// Centres of spec/02, 4.4: P·i + P−1 for stride-2 chains; 3i, 9i+3, 27i+12,
// 81i+39 for stride-3 chains of 400 samples; for any odd kernel >= stride.
func TestTargetGridCentres(t *testing.T) {
	for _, c := range []struct{ kernel, stride, layers, factor, first int }{
		{7, 2, 1, 2, 1}, {7, 2, 2, 4, 3}, {5, 2, 3, 8, 7}, {9, 2, 4, 16, 15},
		{9, 3, 1, 3, 0}, {7, 3, 2, 9, 3}, {9, 3, 3, 27, 12}, {5, 3, 4, 81, 39}, {5, 1, 4, 1, 0},
	} {
		layers := make([]Axis, c.layers)
		for i := range layers {
			layers[i] = Axis{c.kernel, c.stride}
		}
		idx, err := TargetGrid(400, layers, GridCentre)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range idx {
			if want := min(c.factor*i+c.first, 399); at != want {
				t.Errorf("kernel %d stride %d layers %d: frame %d is centred on %d, want %d", c.kernel, c.stride, c.layers, i, at, want)
				break
			}
		}
	}
	if _, err := TargetGrid(400, nil, "nearest"); err == nil {
		t.Error("an unknown grid is accepted")
	}
}

func TestBarlowLossGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/barlow") {
		if !c.Has(t, "dza_variance") {
			continue // the projector cases belong to the head
		}
		var p struct {
			Lambda float64 `json:"lambda_"`
		}
		c.Decode(t, &p)
		za, zb := c.Array(t, "za"), c.Array(t, "zb")
		for _, norm := range []Norm{NormVariance, NormStd} {
			s := "_" + string(norm)
			da, db := make([]float64, len(za.Data)), make([]float64, len(zb.Data))
			l := BarlowLoss(za.Data, zb.Data, za.Shape[1], p.Lambda, norm, da, db)
			c.Compare(t, "float64", "loss"+s, []float64{l})
			c.Compare(t, "float64", "C"+s, BarlowCorrelation(za.Data, zb.Data, za.Shape[1], norm))
			c.Compare(t, "float64", "dza"+s, da)
			c.Compare(t, "float64", "dzb"+s, db)

			fa, fb := make([]float32, len(da)), make([]float32, len(db))
			l = BarlowLoss(za.Float32(), zb.Float32(), za.Shape[1], p.Lambda, norm, fa, fb)
			c.Compare(t, "float32", "loss"+s, []float64{l})
			c.Compare(t, "float32", "dza"+s, widen(fa))
			c.Compare(t, "float32", "dzb"+s, widen(fb))
		}
	}
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func TestResidualVarianceGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/datadriven") {
		y, p := c.Array(t, "y"), c.Array(t, "p")
		start, end := c.Array(t, "start").Ints(), c.Array(t, "end").Ints()
		frames, units := y.Shape[1], y.Shape[2]
		n := y.Shape[0] * units
		grad, res, tot := make([]float64, len(p.Data)), make([]float64, n), make([]float64, n)
		l := ResidualVariance(p.Data, y.Data, frames, units, start, end, grad, res, tot)
		c.Compare(t, "float64", "loss", []float64{l})
		c.Compare(t, "float64", "grad_p", grad)
		c.Compare(t, "float64", "residual", res)
		c.Compare(t, "float64", "total", tot)
		ev := ExplainedVariance(res, tot)
		c.Compare(t, "float64", "ev", ev)
		c.Compare(t, "float64", "ev_mean_finite", []float64{MeanExplainedVariance(ev)})

		g32 := make([]float32, len(grad))
		l = ResidualVariance(p.Float32(), y.Float32(), frames, units, start, end, g32, nil, nil)
		c.Compare(t, "float32", "loss", []float64{l})
		c.Compare(t, "float32", "grad_p", widen(g32))
	}
}

// Losses against central differences in float64: the error of the difference
// itself is about 1e-9 with a step of 1e-5.
func TestLossGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 6*5)
	y := make([]float64, len(x))
	for i := range x {
		x[i], y[i] = rng.NormFloat64(), rng.NormFloat64()
	}
	for name, f := range map[string]func(x, g []float64) float64{
		"cross-entropy": func(x, g []float64) float64 { return CrossEntropy(x, []int{0, 4, 2, 2, 1, 3}, 5, g) },
		"mse":           func(x, g []float64) float64 { return MSE(x, y, g) },
	} {
		g := make([]float64, len(x))
		f(x, g)
		for i := range x {
			const h = 1e-5
			v := x[i]
			x[i] = v + h
			up := f(x, nil)
			x[i] = v - h
			down := f(x, nil)
			x[i] = v
			if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-8 {
				t.Errorf("%s: derivative %d is %g, differences give %g", name, i, g[i], want)
			}
		}
	}
	// A 3-4-5 triangle and a zero error: the mean of 5 and 0.
	if m := MED([]float64{3, 4, 1, 1}, []float64{0, 0, 1, 1}, 2); m != 2.5 {
		t.Errorf("MED is %g, want 2.5", m)
	}
}

// Rules of spec/02, 3.5, worked by hand for strides 2, 2 of 400 samples (100 frames).
func TestFrames(t *testing.T) {
	for _, c := range []struct{ start, end, s, e int }{
		{0, 400, 0, 100}, {10, 20, 3, 5}, {9, 12, 3, 4}, {399, 400, 99, 100}, {397, 398, 99, 100}, {5, 7, 2, 3},
	} {
		if s, e := Frames(c.start, c.end, 400, []int{2, 2}); s != c.s || e != c.e {
			t.Errorf("samples %d to %d: frames %d to %d, want %d to %d", c.start, c.end, s, e, c.s, c.e)
		}
	}
}

func TestStretch(t *testing.T) {
	golden.Close(t, "stretch", Stretch([]float64{0, 2, 4}, 5), []float64{0, 1, 2, 3, 4}, 1e-15)
	golden.Close(t, "one value", Stretch([]float64{7}, 3), []float64{7, 7, 7}, 0)
}

// The published "time" augmentation, spec/02, 3.2.
func TestAugment(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	d := DefaultDims
	lo, hi := map[int]bool{}, map[int]bool{}
	for range 3000 {
		x := make([]float32, 2*d.Time*d.Channels)
		for i := range x {
			x[i] = 1
		}
		Augment(x, 2, d.Time, d.Channels, rng)
		zero := func(m, s int) bool { return x[(m*d.Time+s)*2] == 0 }
		first, count := -1, 0
		last := -1
		for s := range d.Time {
			if zero(0, s) != zero(1, s) || zero(0, s) != (x[s*2+1] == 0) {
				t.Fatal("a window does not cover all muscles and both channels")
			}
			if zero(0, s) {
				if first < 0 {
					first = s
				}
				last = s
				count++
			}
		}
		if first < 0 || first > 200 || last < 249 || last > 399 || count < 50 || count > 100 {
			t.Fatalf("windows from %d to %d, %d samples", first, last, count)
		}
		if count == 100 {
			lo[first], hi[last-49] = true, true
		}
	}
	if !lo[0] || !hi[350] || hi[351] {
		t.Errorf("bounds: start 0 seen %v, start 350 seen %v", lo[0], hi[350])
	}
}
