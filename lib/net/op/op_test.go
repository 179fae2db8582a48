package op

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// The matrix of correlations, which the loss keeps to itself.
func TestBarlowCorrelationGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/barlow") {
		for suffix, std := range map[string]bool{"variance": false, "std": true} {
			if !c.Has(t, "za") {
				continue
			}
			za, zb := c.Array(t, "za"), c.Array(t, "zb")
			b := newBarlow(za.Shape[0], za.Shape[1], 0.005, std)
			b.loss(za.Data, zb.Data)
			c.Compare(t, "float64", "C_"+suffix, b.c)
		}
	}
}

func TestResidualVarianceGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/datadriven") {
		for _, dt := range dtypes {
			b := newBench(t, dt)
			p := b.array(c, "p")
			var spans []float64
			for i, from := range c.Array(t, "start").Data {
				spans = append(spans, from, c.Array(t, "end").Data[i])
			}
			loss := b.must(ResidualVariance(p, b.array(c, "y"), b.input("spans", spans, len(spans)/2, 2)))
			out, grads := b.run(loss, gorgonia.Nodes{p}, loss)
			c.Compare(t, precision(dt), "loss", out[0])
			c.Compare(t, precision(dt), "grad_p", grads[0])
		}
	}
}

// A label that is no class is the data's fault, and must be said.
func TestBadLabel(t *testing.T) {
	for _, label := range []float64{-1, 3, 0.5} {
		b := newBench(t, tensor.Float32)
		loss := b.must(SoftmaxCrossEntropy(b.input("x", make([]float64, 3), 1, 3), b.input("l", []float64{label}, 1)))
		vm := gorgonia.NewTapeMachine(b.g)
		err := vm.RunAll()
		vm.Close()
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("label ", label)) {
			t.Errorf("label %v of %v: error %v", label, loss.Shape(), err)
		}
	}
}

// Shapes and dtypes that do not fit are refused when the graph is built.
func TestMisfits(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	f32, f64 := tensor.Float32, tensor.Float64
	x := node("x", f32, 2, 5, 6, 3)
	for name, build := range map[string]func() (*gorgonia.Node, error){
		"channels of weights": func() (*gorgonia.Node, error) { return Conv(x, node("w1", f32, 3, 3, 4, 2), 1, 1, true) },
		"stride":              func() (*gorgonia.Node, error) { return Conv(x, node("w2", f32, 3, 3, 3, 2), 0, 1, true) },
		"dtype":               func() (*gorgonia.Node, error) { return Conv(x, node("w3", f64, 3, 3, 3, 2), 1, 1, true) },
		"axes":                func() (*gorgonia.Node, error) { return TimeLinear(node("m", f32, 2, 3), x, x) },
		"integers":            func() (*gorgonia.Node, error) { return Conv(node("i", tensor.Int, 1, 2, 2, 1), x, 1, 1, true) },
		"keep":                func() (*gorgonia.Node, error) { return Dropout(x, &DropoutMask{Keep: 0}) },
		"crop":                func() (*gorgonia.Node, error) { return Crop(x, 6, 6) },
		"times":               func() (*gorgonia.Node, error) { return Times(x, node("k", f32, 2, 5, 6, 2)) },
		"along":               func() (*gorgonia.Node, error) { return Along(x, node("d", f64, 2, 5, 6, 3)) },
		"rows":                func() (*gorgonia.Node, error) { return Rows(x, 1, 3) },
		"groups": func() (*gorgonia.Node, error) {
			return BatchNormRelu(node("bx", f32, 5, 3), node("bb", f32, 3), BatchNorm{Groups: 2})
		},
		"statistics": func() (*gorgonia.Node, error) {
			return BatchNormRelu(node("cx", f32, 4, 3), node("cb", f32, 3), BatchNorm{Fixed: NewBatchStats(2)})
		},
		"LSTM": func() (*gorgonia.Node, error) { return LSTM(x, x, node("r", f32, 8, 2), x, x, true) },
	} {
		if n, err := build(); err == nil {
			t.Errorf("%s: no error, node %v", name, n.Shape())
		}
	}
}

// A batch norm reports the statistics of its groups, averaged, and takes given ones.
func TestBatchNormStatistics(t *testing.T) {
	b := newBench(t, tensor.Float64)
	x := b.input("x", []float64{1, 3, 10, 14}, 4, 1)
	beta := b.input("beta", []float64{10}, 1)
	seen, fixed := NewBatchStats(1), &BatchStats{Mean: []float64{1}, Variance: []float64{4}}
	own := b.must(BatchNormRelu(x, beta, BatchNorm{Groups: 2, Seen: seen}))
	given := b.must(BatchNormRelu(x, beta, BatchNorm{Groups: 2, Fixed: fixed}))
	out, _ := b.run(nil, nil, own, given)
	// Means 2 and 12, variances 1 and 4 of the two groups.
	if seen.Mean[0] != 7 || seen.Variance[0] != 2.5 {
		t.Errorf("statistics %+v, want mean 7 and variance 2.5", seen)
	}
	if got := fmt.Sprint(out); got != "[[9 11 9 11] [10 11 14.5 16.5]]" {
		t.Errorf("outputs %v", got)
	}
}

// Spans that hold no frame, or numbers that are none, are the data's fault.
func TestBadSpans(t *testing.T) {
	for _, span := range [][]float64{{-1, 2}, {0, 4}, {2, 2}, {math.NaN(), 2}, {0, math.Inf(1)}, {1.2, 1.7}} {
		b := newBench(t, tensor.Float64)
		b.must(ResidualVariance(b.input("p", make([]float64, 6), 1, 3, 2), b.input("y", make([]float64, 6), 1, 3, 2), b.input("s", span, 1, 2)))
		vm := gorgonia.NewTapeMachine(b.g)
		err := vm.RunAll()
		vm.Close()
		if err == nil || !strings.Contains(err.Error(), "trial 0") {
			t.Errorf("span %v: error %v", span, err)
		}
	}
}

// An input that is a view, or lies in another order, gives what its plain copy gives.
func TestViews(t *testing.T) {
	b := newBench(t, tensor.Float64)
	plain := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6}))
	turned := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 3, 5, 2, 4, 6}))
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	wide := tensor.New(tensor.WithShape(3, 3), tensor.WithBacking([]float64{1, 2, 0, 3, 4, 0, 5, 6, 0}))
	view, err := wide.Slice(nil, gorgonia.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	x := b.input("x", make([]float64, 6), 3, 2)
	f := b.must(Linear(x, b.input("w", []float64{1, 10}, 2, 1), nil)).Op().(*fn)
	w := tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]float64{1, 10}))
	for name, v := range map[string]gorgonia.Value{"plain": plain, "transpose": turned, "slice": view} {
		out, err := f.Do(v, w)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := fmt.Sprint(out.Data()); got != "[21 43 65]" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, err := f.Do(tensor.New(tensor.WithShape(3, 2), tensor.Of(tensor.Float32)), w); err == nil {
		t.Error("a float32 input of a float64 op was taken")
	}
}

// The mask depends on seed, step and place alone, drops the right share, and
// is not drawn while the op is off.
func TestDropoutMask(t *testing.T) {
	const n = 100_000
	kept := func(m *DropoutMask) []bool {
		d := &dropoutState[float32]{m: m, kept: make([]bool, n)}
		if err := d.draw(); err != nil {
			t.Fatal(err)
		}
		return d.kept
	}
	count := func(a, b []bool) (same int) {
		for i := range a {
			if a[i] == b[i] {
				same++
			}
		}
		return same
	}
	m := &DropoutMask{On: true, Seed: 1, Step: 2, Keep: 0.7}
	a, b := kept(m), kept(m)
	if count(a, b) != n {
		t.Error("two draws of one step differ")
	}
	// 0.7 ± five standard deviations of 0.00145.
	if share := float64(count(a, kept(&DropoutMask{On: true, Keep: 1}))) / n; share < 0.6927 || share > 0.7073 {
		t.Errorf("kept %v, want 0.7", share)
	}
	for _, other := range []*DropoutMask{{On: true, Seed: 1, Step: 3, Keep: 0.7}, {On: true, Seed: 2, Step: 2, Keep: 0.7}} {
		// Independent masks agree in 0.7² + 0.3² = 0.58 of the places.
		if same := float64(count(a, kept(other))) / n; same < 0.572 || same > 0.588 {
			t.Errorf("%+v agrees with another step in %v of places, want 0.58", other, same)
		}
	}
}

func ExampleConvNorm() {
	g := gorgonia.NewGraph()
	input := func(name string, data []float32, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))))
	}
	// One muscle, four samples, one channel; a kernel of two samples that sums.
	x := input("x", []float32{1, 2, 3, 4}, 1, 1, 4, 1)
	w := input("w", []float32{1, 1}, 1, 2, 1, 1)
	y, err := ConvNorm(x, w, input("gamma", []float32{1}, 1), input("beta", []float32{0}, 1), 1, 1, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", y.Value().Data())
	// Sums 3 5 7 4: mean 4.75, standard deviation 1.479.
	// Output: [0.000 0.169 1.521 0.000]
}
