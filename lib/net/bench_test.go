package net

import (
	"fmt"
	"testing"
	"time"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/blas"
	"github.com/spindle-lab/spindle/lib/net/internal/engine"
	"github.com/spindle-lab/spindle/lib/net/op"
	"github.com/spindle-lab/spindle/lib/run"
)

// The networks of spec/06's comparison with PyTorch, and the median of the
// shallow list.
var benchNets = []string{
	"spatial_temporal_4_8-16-16-32_32-32-64-64_7293",
	"spatiotemporal_4_8-8-32-64_7272",
	"temporal_spatial_4_16-16-32-64_64-64-64-64_5272",
	"spatial_temporal_4_8-8-8-16_16-16-16-32_3172",
}

// A trainer is a classification network on a batch, ready to step.
type trainer struct {
	net  *Network
	vm   gorgonia.VM
	adam *Adam
	vg   []gorgonia.ValueGrad
	loss gorgonia.Value
}

func newTrainer(tb testing.TB, a Arch, batch int) *trainer {
	tb.Helper()
	blas.Use()
	const h, t, c, classes = 39, 400, 2, 20
	rng := run.Stream(1, "bench")
	n, err := New(a, rng)
	if err != nil {
		tb.Fatal(err)
	}
	x := make([]float32, batch*h*t*c)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	labels := make([]float32, batch)
	for i := range labels {
		labels[i] = float32(rng.IntN(classes))
	}
	g := gorgonia.NewGraph()
	in := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(batch, h, t, c), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(batch, h, t, c), tensor.WithBacking(x))))
	y := gorgonia.NewTensor(g, tensor.Float32, 1, gorgonia.WithShape(batch), gorgonia.WithName("labels"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(batch), tensor.WithBacking(labels))))
	enc, err := n.Build(g, in)
	if err != nil {
		tb.Fatal(err)
	}
	shapes, err := a.Shapes(h, t, c)
	if err != nil {
		tb.Fatal(err)
	}
	head, err := NewClassifier(shapes[len(shapes)-1], classes, rng)
	if err != nil {
		tb.Fatal(err)
	}
	logits, nodes, err := head.Build(g, enc.Out, nil)
	if err != nil {
		tb.Fatal(err)
	}
	cost, err := op.SoftmaxCrossEntropy(logits, y)
	if err != nil {
		tb.Fatal(err)
	}
	learn := append(enc.Learnables, nodes...)
	if _, err := gorgonia.Grad(cost, learn...); err != nil {
		tb.Fatal(err)
	}
	tr := &trainer{net: n, adam: NewAdam(5e-4), vg: gorgonia.NodesToValueGrads(learn)}
	gorgonia.Read(cost, &tr.loss)
	tr.vm = gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(learn...))
	return tr
}

func (tr *trainer) step(tb testing.TB) {
	tb.Helper()
	if err := tr.vm.RunAll(); err != nil {
		tb.Fatal(err)
	}
	if err := tr.adam.Step(tr.vg); err != nil {
		tb.Fatal(err)
	}
	tr.vm.Reset()
}

// BenchmarkStep makes training steps (forward, backward, Adam) at batch 64 on
// 39×400×2, as ../shared/bench/torch_step.py does in PyTorch.
func BenchmarkStep(b *testing.B) {
	for _, name := range benchNets {
		b.Run(name, func(b *testing.B) {
			const batch = 64
			a, err := ParseName(name)
			if err != nil {
				b.Fatal(err)
			}
			tr := newTrainer(b, a, batch)
			tr.step(b)
			cpu := cpuSeconds()
			for b.Loop() {
				tr.step(b)
			}
			s := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(s*1e3, "ms/step")
			b.ReportMetric((cpuSeconds()-cpu)/float64(b.N)*1e3, "cpu-ms/step")
			b.ReportMetric(float64(a.TrainFLOPs(39, 400, 2))*batch/s/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkForward runs the encoder alone.
func BenchmarkForward(b *testing.B) {
	for _, name := range benchNets {
		b.Run(name, func(b *testing.B) {
			a, err := ParseName(name)
			if err != nil {
				b.Fatal(err)
			}
			n, err := New(a, run.Stream(1, "bench"))
			if err != nil {
				b.Fatal(err)
			}
			f, err := n.Forward(39, 400, 2)
			if err != nil {
				b.Fatal(err)
			}
			x := make([]float32, chunk*39*400*2)
			for i := range x {
				x[i] = float32(i%17) - 8
			}
			for b.Loop() {
				if err := f.Run(x, chunk, nil); err != nil {
					b.Fatal(err)
				}
			}
			s := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(a.ForwardFLOPs(39, 400, 2))*chunk/s/1e9, "GFLOP/s")
			b.ReportMetric(s*1e3/chunk, "ms/sample")
		})
	}
}

// BenchmarkConv64 runs convolutions of 64 channels (forward, both gradients)
// and lib/blas's sgemm at 1024³ by turns, and reports the rate of the first as
// a share of the second's: by turns, so that other load on the machine falls
// on both.
func BenchmarkConv64(b *testing.B) {
	blas.Use()
	const n, batch = 1024, 16
	for _, g := range []engine.Geom{
		engine.Same(39, 50, 64, 1, 7, 1, 1, 64),
		engine.Same(20, 25, 64, 5, 1, 1, 1, 64),
		engine.Same(10, 50, 64, 7, 7, 2, 2, 64),
	} {
		b.Run(fmt.Sprintf("%dx%d_kernel_%dx%d_stride_%d", g.H, g.W, g.KH, g.KW, g.SW), func(b *testing.B) {
			fill := func(k int) []float32 {
				x := make([]float32, k)
				for i := range x {
					x[i] = float32(i%13) - 6
				}
				return x
			}
			square := func() blas32.General {
				return blas32.General{Rows: n, Cols: n, Stride: n, Data: fill(n * n)}
			}
			l := engine.NewLayer[float32](g, batch, false, false, false)
			x, w, dy := fill(batch*g.In()), fill(g.Weights()), fill(batch*g.Out())
			p, q, r := square(), square(), square()
			var conv, gemm time.Duration
			for b.Loop() {
				t0 := time.Now()
				l.Forward(x, w, nil, nil)
				l.Backward(dy, x, w, nil, true)
				t1 := time.Now()
				blas32.Gemm(gonumblas.NoTrans, gonumblas.NoTrans, 1, p, q, 0, r)
				conv += t1.Sub(t0)
				gemm += time.Since(t1)
			}
			rate := 3 * 2 * float64(batch*g.Weights()*g.OH*g.OW) * float64(b.N) / conv.Seconds() / 1e9
			own := 2 * float64(n*n*n) * float64(b.N) / gemm.Seconds() / 1e9
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(rate, "GFLOP/s")
			b.ReportMetric(100*rate/own, "%ofsgemm")
		})
	}
}

func ExampleArch_Shapes() {
	a, err := ParseName("spatiotemporal_4_8-8-32-64_7272")
	if err != nil {
		fmt.Println(err)
		return
	}
	shapes, err := a.Shapes(39, 400, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range shapes {
		fmt.Printf("%s %dx%dx%d\n", s.Name, s.OutH, s.OutT, s.OutC)
	}
	// Output:
	// Spatiotemporal0 20x200x8
	// Spatiotemporal1 10x100x8
	// Spatiotemporal2 5x50x32
	// Spatiotemporal3 3x25x64
}
