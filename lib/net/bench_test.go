package net

import (
	"fmt"
	"math"
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

// benchNets are the networks of spec/06's comparison with PyTorch, the median
// of the shallow list, and the LSTM of spec/02 8.2.
func benchNets(tb testing.TB) []Arch {
	tb.Helper()
	archs, err := ParseNames(
		"spatial_temporal_4_8-16-16-32_32-32-64-64_7293",
		"spatiotemporal_4_8-8-32-64_7272",
		"temporal_spatial_4_16-16-32-64_64-64-64-64_5272",
		"spatial_temporal_4_8-8-8-16_16-16-16-32_3172",
	)
	if err != nil {
		tb.Fatal(err)
	}
	return append(archs, Recurrent([]int{8, 16, 16}, 128, 5, 1))
}

// The list is written where testdata/beside.py reads it, and holds the three
// networks of spec/06's comparison.
func TestBenchmarkNames(t *testing.T) {
	names := map[string]bool{}
	for _, a := range benchNets(t) {
		t.Log("benchmark network", a.Name())
		names[a.Name()] = true
	}
	for _, want := range []string{"spatial_temporal_4_8-16-16-32_32-32-64-64_7293", "spatiotemporal_4_8-8-32-64_7272",
		"temporal_spatial_4_16-16-32-64_64-64-64-64_5272"} {
		if !names[want] {
			t.Errorf("%s is not among the benchmark's networks", want)
		}
	}
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
// 39×400×2 and, by turns with them, lib/blas's sgemm at 1024³, whose rate is
// what the machine allows: so that other load falls on both. testdata/beside.py
// runs it beside PyTorch.
func BenchmarkStep(b *testing.B) {
	for _, a := range benchNets(b) {
		b.Run(a.Name(), func(b *testing.B) {
			const batch = 64
			tr := newTrainer(b, a, batch)
			tr.step(b)
			square := newSquare()
			var step time.Duration
			var cpu float64
			for b.Loop() {
				t0, c0 := time.Now(), cpuSeconds()
				tr.step(b)
				step += time.Since(t0)
				cpu += cpuSeconds() - c0
				square.run()
			}
			n := float64(b.N)
			b.ReportMetric(step.Seconds()/n*1e3, "ms/step")
			b.ReportMetric(cpu/n*1e3, "cpu-ms/step")
			square.report(b, float64(a.TrainFLOPs(39, 400, 2))*batch*n, step)
		})
	}
}

// A square is a product of 1024×1024 matrices in float32, run by turns with
// what is compared with it.
type square struct {
	p, q, r blas32.General
	spent   time.Duration
	runs    int
}

const squareSize = 1024

func newSquare() *square {
	blas.Use()
	m := func() blas32.General {
		return blas32.General{Rows: squareSize, Cols: squareSize, Stride: squareSize, Data: ramp(squareSize * squareSize)}
	}
	s := &square{p: m(), q: m(), r: m()}
	s.run()
	s.spent, s.runs = 0, 0
	return s
}

func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%13) - 6
	}
	return x
}

func (s *square) run() {
	t0 := time.Now()
	blas32.Gemm(gonumblas.NoTrans, gonumblas.NoTrans, 1, s.p, s.q, 0, s.r)
	s.spent += time.Since(t0)
	s.runs++
}

// report gives the rate of an amount of work and its share of the product's rate.
func (s *square) report(b *testing.B, flops float64, spent time.Duration) {
	rate := flops / spent.Seconds()
	own := 2 * math.Pow(squareSize, 3) * float64(s.runs) / s.spent.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(100*rate/own, "%ofsgemm")
}

// BenchmarkForward runs the encoder alone.
func BenchmarkForward(b *testing.B) {
	for _, a := range benchNets(b) {
		b.Run(a.Name(), func(b *testing.B) {
			n, err := New(a, run.Stream(1, "bench"))
			if err != nil {
				b.Fatal(err)
			}
			f, err := n.Forward(39, 400, 2)
			if err != nil {
				b.Fatal(err)
			}
			x := ramp(chunk * 39 * 400 * 2)
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

// BenchmarkConv runs convolutions (forward, both gradients) and lib/blas's
// sgemm at 1024³ by turns, and reports the rate of the first as a share of the
// second's: by turns, so that other load on the machine falls on both. Three
// have 64 channels; the two others are, as matrices, the products 12800×288×32
// and 25600×56×16, to be held against another library's at that shape by the
// rate of the forward pass.
func BenchmarkConv(b *testing.B) {
	for _, c := range []struct {
		batch int
		g     engine.Geom
	}{
		{16, engine.Same(39, 50, 64, 1, 7, 1, 1, 64)},
		{16, engine.Same(20, 25, 64, 5, 1, 1, 1, 64)},
		{16, engine.Same(10, 50, 64, 7, 7, 2, 2, 64)},
		{16, engine.Same(2, 400, 32, 1, 9, 1, 1, 32)},
		{16, engine.Same(4, 400, 8, 1, 7, 1, 1, 16)},
	} {
		g := c.g
		b.Run(fmt.Sprintf("%dx%dx%d_kernel_%dx%d_stride_%d_to_%d", g.H, g.W, g.C, g.KH, g.KW, g.SW, g.O), func(b *testing.B) {
			l := engine.NewLayer[float32](g, c.batch, false, false, false)
			x, w, dy := ramp(c.batch*g.In()), ramp(g.Weights()), ramp(c.batch*g.Out())
			square := newSquare()
			var forward, all time.Duration
			for b.Loop() {
				t0 := time.Now()
				l.Forward(x, w, nil, nil)
				forward += time.Since(t0)
				l.Backward(dy, x, w, nil, true)
				all += time.Since(t0)
				square.run()
			}
			pass := 2 * float64(c.batch*g.Weights()*g.OH*g.OW) * float64(b.N)
			square.report(b, 3*pass, all)
			b.ReportMetric(pass/forward.Seconds()/1e9, "forward-GFLOP/s")
		})
	}
}
