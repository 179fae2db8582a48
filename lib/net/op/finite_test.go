package op

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A check compares an op's gradients with central differences in float64. The
// step is 1e-6 of values of size one: the differences are good to about 1e-9
// relative to the greatest gradient, wherever no ReLU turns within the step.
type check struct {
	t    *testing.T
	name string
	rng  *rand.Rand
	data map[string][]float64
	dims map[string][]int
	keys []string
}

func newCheck(t *testing.T, rng *rand.Rand, format string, args ...any) *check {
	return &check{t: t, name: fmt.Sprintf(format, args...), rng: rng, data: map[string][]float64{}, dims: map[string][]int{}}
}

func (c *check) in(name string, shape ...int) {
	c.data[name], c.dims[name] = randoms(c.rng, tensor.Shape(shape).TotalSize()), shape
	c.keys = append(c.keys, name)
}

func randoms(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

type builder func(b *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error)

// cost builds the graph and returns sum(y·dy) and the gradients of wrt.
func (c *check) cost(build builder, dy []float64, wrt ...string) (float64, [][]float64, []float64) {
	c.t.Helper()
	b := newBench(c.t, tensor.Float64)
	in := map[string]*gorgonia.Node{}
	for _, k := range c.keys {
		in[k] = b.input(k, c.data[k], c.dims[k]...)
	}
	y, err := build(b, in)
	if err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
	var loss *gorgonia.Node
	if y.IsScalar() {
		loss = y
	} else {
		if dy == nil {
			dy = randoms(c.rng, y.Shape().TotalSize())
		}
		loss = b.weighted(y, dy)
	}
	var nodes gorgonia.Nodes
	for _, k := range wrt {
		nodes = append(nodes, in[k])
	}
	out, grads := b.run(loss, nodes, loss)
	return out[0][0], grads, dy
}

// run checks the gradients with respect to the named inputs at a few places of each.
func (c *check) run(build builder, wrt ...string) {
	c.t.Helper()
	const step = 1e-6
	_, grads, dy := c.cost(build, nil, wrt...)
	for i, name := range wrt {
		x := c.data[name]
		scale := 0.0
		for _, g := range grads[i] {
			scale = max(scale, math.Abs(g))
		}
		for range min(len(x), 5) {
			k := c.rng.IntN(len(x))
			old := x[k]
			diff := func(h float64) float64 {
				x[k] = old + h
				up, _, _ := c.cost(build, dy)
				x[k] = old - h
				down, _, _ := c.cost(build, dy)
				x[k] = old
				return (up - down) / (2 * h)
			}
			got, want := grads[i][k], diff(step)
			if math.Abs(got-want) > 2e-6*max(1, scale) {
				// A ReLU may turn within the step: then a tenth of it tells.
				want = diff(step / 10)
			}
			if math.Abs(got-want) > 1e-5*max(1, scale) {
				c.t.Errorf("%s: gradient of %s[%d] is %.9g, differences give %.9g (greatest %.3g)", c.name, name, k, got, want, scale)
			}
		}
	}
}

func TestConvFiniteDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for trial := range 24 {
		// Odd and even sizes, strides 1 to 3, kernels larger than the input.
		n, h, w, ci, co := 1+rng.IntN(3), 1+rng.IntN(7), 1+rng.IntN(9), 1+rng.IntN(4), 1+rng.IntN(5)
		kh, kw, sh, sw := 1+rng.IntN(9), 1+rng.IntN(9), 1+rng.IntN(3), 1+rng.IntN(3)
		if trial%3 == 0 {
			kw = 1
		}
		what := fmt.Sprintf("%d×%d×%d×%d kernel %d×%d strides %d,%d out %d", n, h, w, ci, kh, kw, sh, sw, co)

		c := newCheck(t, rng, "Conv %s", what)
		c.in("x", n, h, w, ci)
		c.in("w", kh, kw, ci, co)
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return Conv(in["x"], in["w"], sh, sw, true)
		}, "x", "w")

		c = newCheck(t, rng, "ConvTranspose %s", what)
		c.in("x", n, h, w, ci)
		c.in("w", kh, kw, co, ci)
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return ConvTranspose(in["x"], in["w"], sh, sw)
		}, "x", "w")

		if (h+sh-1)/sh*((w+sw-1)/sw)*co < 4 {
			continue // a norm over fewer values has no gradient to speak of
		}
		for _, transposed := range []bool{false, true} {
			c = newCheck(t, rng, "norm, transposed %v, %s", transposed, what)
			c.in("x", n, h, w, ci)
			if transposed {
				c.in("w", kh, kw, co, ci)
			} else {
				c.in("w", kh, kw, ci, co)
			}
			c.in("gamma", co)
			c.in("beta", co)
			c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
				if transposed {
					return ConvTransposeNorm(in["x"], in["w"], in["gamma"], in["beta"], sh, sw)
				}
				return ConvNorm(in["x"], in["w"], in["gamma"], in["beta"], sh, sw, true)
			}, "x", "w", "gamma", "beta")
		}
	}
}

func TestLSTMFiniteDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for range 5 {
		n, h, steps, ci, u := 1+rng.IntN(20), 1+rng.IntN(3), 1+rng.IntN(6), 1+rng.IntN(3), 1+rng.IntN(4)
		c := newCheck(t, rng, "LSTM n=%d h=%d t=%d c=%d u=%d", n, h, steps, ci, u)
		c.in("x", n, h, steps, ci)
		c.in("wih", 4*u, h*ci)
		c.in("whh", 4*u, u)
		c.in("bih", 4*u)
		c.in("bhh", 4*u)
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return LSTM(in["x"], in["wih"], in["whh"], in["bih"], in["bhh"], true)
		}, "x", "wih", "whh", "bih", "bhh")
	}
}

func TestHeadFiniteDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 4 {
		n, h, steps, ci, k := 1+rng.IntN(4), 1+rng.IntN(4), 2+rng.IntN(5), 1+rng.IntN(4), 1+rng.IntN(5)
		what := fmt.Sprintf("n=%d h=%d t=%d c=%d k=%d", n, h, steps, ci, k)

		c := newCheck(t, rng, "TimeLinear %s", what)
		c.in("x", n, h, steps, ci)
		c.in("w", h*ci, k)
		c.in("b", k)
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return TimeLinear(in["x"], in["w"], in["b"])
		}, "x", "w", "b")

		c = newCheck(t, rng, "StepFeatures, Crop, LastStep, Flatten, Linear %s", what)
		c.in("x", n, h, steps, ci)
		c.in("goal", n, steps, 2)
		c.in("w", h*ci+2, k)
		c.in("b", k)
		c.run(func(b *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			s := b.must(StepFeatures(in["x"], in["goal"]))
			s = b.must(Crop(s, 1, steps-1))
			f := b.must(Flatten(b.must(LastStep(s))))
			return Linear(f, in["w"], in["b"])
		}, "x", "w", "b")

		c = newCheck(t, rng, "Times, Rows, Along %s", what)
		c.in("x", n+1, k)
		c.in("keep", n+1, k)
		c.in("d", n, k)
		c.run(func(b *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return Along(b.must(Rows(b.must(Times(in["x"], in["keep"])), 1, n+1)), in["d"])
		}, "x")

		c = newCheck(t, rng, "Reshape, the sum of two views' rows %s", what)
		c.in("x", 2*n, h, ci)
		c.run(func(b *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			x := b.must(Reshape(in["x"], 2*n, h*ci))
			return gorgonia.HadamardProd(b.must(Rows(x, 0, n)), b.must(Rows(x, n, 2*n)))
		}, "x")

		c = newCheck(t, rng, "Dropout %s", what)
		c.in("x", n, h, steps, ci)
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return Dropout(in["x"], &DropoutMask{On: true, Seed: 5, Keep: 0.7})
		}, "x")

		c = newCheck(t, rng, "SoftmaxCrossEntropy %s", what)
		c.in("x", n, k)
		c.in("labels", n)
		for i := range c.data["labels"] {
			c.data["labels"][i] = float64(rng.IntN(k))
		}
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return SoftmaxCrossEntropy(in["x"], in["labels"])
		}, "x")

		c = newCheck(t, rng, "MSE %s", what)
		c.in("p", n, steps, k)
		c.in("y", n, steps, k)
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) { return MSE(in["p"], in["y"]) }, "p")

		c = newCheck(t, rng, "ResidualVariance %s", what)
		c.in("p", n, steps, k)
		c.in("y", n, steps, k)
		c.in("spans", n, 2)
		for i := range n {
			s := rng.IntN(steps)
			c.data["spans"][2*i], c.data["spans"][2*i+1] = float64(s), float64(s+1+rng.IntN(steps-s))
		}
		c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
			return ResidualVariance(in["p"], in["y"], in["spans"])
		}, "p")
	}
}

func TestBarlowFiniteDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		n, k := 2*(4+rng.IntN(5)), 2+rng.IntN(4)
		var c *check
		for _, how := range []BatchNorm{{Eps: 1e-3}, {Eps: 1e-3, Groups: 2}, {Fixed: &BatchStats{randoms(rng, k), slices.Repeat([]float64{0.3}, k)}}} {
			c = newCheck(t, rng, "BatchNormRelu n=%d k=%d %+v", n, k, how)
			c.in("x", n, k)
			c.in("beta", k)
			c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
				return BatchNormRelu(in["x"], in["beta"], how)
			}, "x", "beta")
		}
		for _, std := range []bool{false, true} {
			c = newCheck(t, rng, "BarlowLoss n=%d k=%d std=%v", n, k, std)
			c.in("a", n, k)
			c.in("b", n, k)
			c.run(func(_ *bench, in map[string]*gorgonia.Node) (*gorgonia.Node, error) {
				return BarlowLoss(in["a"], in["b"], 0.005, std)
			}, "a", "b")
		}
	}
}
