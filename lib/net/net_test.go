package net

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/net/op"
	"github.com/spindle-lab/spindle/lib/run"
)

func parse(t testing.TB, name string) Arch {
	t.Helper()
	a, err := ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Counts that spec/02 gives for heads, depths and the LSTM (2.6, 2.8, 5.4).
func TestCounts(t *testing.T) {
	a := parse(t, "spatial_temporal_4_8-16-16-32_32-32-64-64_7293")
	shapes, err := a.Shapes(39, 400, 2)
	if err != nil {
		t.Fatal(err)
	}
	last, rng := shapes[len(shapes)-1], run.Stream(1, "counts")
	count := func(ps []*Param) (n int) {
		for _, p := range ps {
			n += len(p.Data)
		}
		return n
	}
	cls, err1 := NewClassifier(last, 20, rng)
	reg, err2 := NewReadout(last, 8, rng)
	torque, err3 := NewTorqueHead(last, 3, TorqueUnits, 4, rng)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"classification head", count(cls.Params()), 19220},
		{"regression head of 8", count(reg.Params()), 1544},
		{"torque head", count(torque.Params()), 24960 + 256 + 516},
		{"depth", a.Depth(), 8},
		{"ST parameters", parse(t, "spatiotemporal_4_8-8-32-64_7272").Params(39, 2), 117040},
		{"T-S parameters", parse(t, "temporal_spatial_4_16-16-32-64_64-64-64-64_5272").Params(39, 2), 102624},
		{"output samples", a.OutTime(400), 5},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	// lstm_3_8-16-16_256 with 400 inputs per step has an opaque kernel of
	// 673,792 numbers: 25 muscles are left of 39 by no stride list, but of
	// k muscles · 16 filters = 400 there are 25.
	lstm, err := Recurrent([]int{8, 16, 16}, 256, 3, 1).Shapes(25, 400, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := lstm[len(lstm)-1].Weights; got != 673792 {
		t.Errorf("LSTM kernel has %d numbers, want 673792", got)
	}
}

// A configuration that cannot work names its field, and takes no memory.
func TestBadConfigurations(t *testing.T) {
	good := parse(t, "spatial_temporal_2_8-8_8-8_3233")
	for field, spoil := range map[string]func(a *Arch){
		"Family":              func(a *Arch) { a.Family = "mlp" },
		"Layers":              func(a *Arch) { a.Layers = 0 },
		"SpatialChannels[1]":  func(a *Arch) { a.SpatialChannels = []int{8, 0} },
		"SpatialChannels":     func(a *Arch) { a.SpatialChannels = []int{8} },
		"TemporalChannels[0]": func(a *Arch) { a.TemporalChannels = []int{-1, 8} },
		"SpatialKernel":       func(a *Arch) { a.SpatialKernel = 1_000_000_000 },
		"TemporalKernel":      func(a *Arch) { a.TemporalKernel = 0 },
		"SpatialStride[0]":    func(a *Arch) { a.SpatialStride = []int{0, 2} },
		"TemporalStride":      func(a *Arch) { a.TemporalStride = nil },
		"Units":               func(a *Arch) { a.Units = 3 },
		"Spatial0 output": func(a *Arch) {
			a.SpatialChannels, a.SpatialKernel = []int{4096, 4096}, 1024
		},
		"Temporal1 output": func(a *Arch) {
			a.TemporalChannels, a.TemporalStride = []int{8, 4096}, []int{1, 1}
		},
	} {
		a := good
		spoil(&a)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := a.Shapes(39, 1<<20, 2)
		if _, err2 := New(a, run.Stream(1)); err == nil && err2 != nil {
			err = err2
		}
		runtime.ReadMemStats(&after)
		var fe *FieldError
		if !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: error %v", field, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", field, got)
		}
	}
	// SAME padding leaves a sample wherever there is one, so a layer without
	// samples comes of an input without.
	for field, in := range map[string][3]int{"input muscles": {0, 400, 2}, "input samples": {39, 0, 2}, "input channels": {39, 400, 1e9}} {
		_, err := good.Shapes(in[0], in[1], in[2])
		var fe *FieldError
		if !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: error %v", field, err)
		}
	}
	least := good
	least.SpatialStride, least.TemporalStride = []int{1024, 1024}, []int{1024, 1024}
	if s, err := least.Shapes(39, 400, 2); err != nil || s[3].OutH != 1 || s[3].OutT != 1 {
		t.Errorf("strides beyond the input: %v %v", s, err)
	}
}

// Activations must be those of the training graph, bit for bit, in chunks of
// any length, for every family.
func TestActivationsAreTheGraphs(t *testing.T) {
	for _, a := range []Arch{
		parse(t, "spatial_temporal_2_8-16_16-24_5293"),
		parse(t, "temporal_spatial_2_8-12_8-32_3272"),
		parse(t, "spatiotemporal_2_8-20_5252"),
		Recurrent([]int{4, 8}, 7, 5, 2),
	} {
		const batch, steps = 11, 30
		n, err := New(a, run.Stream(3, a.Name()))
		if err != nil {
			t.Fatal(err)
		}
		rng := run.Stream(4, "input")
		x := make([]float32, batch*Muscles*steps*InputChannels)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		g := gorgonia.NewGraph()
		in := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(batch, Muscles, steps, InputChannels), gorgonia.WithName("x"),
			gorgonia.WithValue(tensor.New(tensor.WithShape(batch, Muscles, steps, InputChannels), tensor.WithBacking(x))))
		enc, err := n.Build(g, in)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]gorgonia.Value, len(enc.Names))
		for i, name := range enc.Names {
			gorgonia.Read(enc.Layer[name], &want[i])
		}
		vm := gorgonia.NewTapeMachine(g)
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		vm.Close()
		got := make([][]float32, len(enc.Names))
		err = n.Activations(context.Background(), x, batch, func(layer int, name string, shape [4]int, data []float32) error {
			if name != enc.Names[layer] || len(data) != shape[0]*shape[1]*shape[2]*shape[3] {
				t.Errorf("layer %d is %s with %d values of shape %v", layer, name, len(data), shape)
			}
			got[layer] = append(got[layer], data...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range enc.Names {
			if !slices.Equal(got[i], want[i].(*tensor.Dense).Float32s()) {
				t.Errorf("%s: %s differs from the graph's", a.Name(), name)
			}
		}
		only := 0
		last := enc.Names[len(enc.Names)-1]
		err = n.Activations(context.Background(), x, batch, func(_ int, name string, shape [4]int, _ []float32) error {
			if name == last {
				only += shape[0]
			}
			return nil
		}, last)
		if err != nil || only != batch {
			t.Errorf("%s alone: %d samples, %v", last, only, err)
		}
	}
}

// A forward pass takes no more memory for more samples.
func TestActivationsMemory(t *testing.T) {
	n, err := New(parse(t, "spatiotemporal_2_8-16_5252"), run.Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	taken := func(batch int) uint64 {
		x := make([]float32, batch*Muscles*50*InputChannels)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := n.Activations(context.Background(), x, batch, func(int, string, [4]int, []float32) error { return nil }); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	taken(chunk)
	few, many := taken(chunk), taken(12*chunk)
	// What is left to grow are the headers of the goroutines of each chunk.
	if many > few+few/4 {
		t.Errorf("%d samples took %d bytes, %d took %d", chunk, few, 12*chunk, many)
	}
}

func TestActivationsRefuse(t *testing.T) {
	n, err := New(parse(t, "spatiotemporal_1_8_3232"), run.Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 2*Muscles*10*InputChannels)
	ctx, cancel := context.WithCancel(context.Background())
	none := func(int, string, [4]int, []float32) error { return nil }
	if err := n.Activations(ctx, x[1:], 2, none); err == nil {
		t.Error("an input of the wrong length was taken")
	}
	if err := n.Activations(ctx, x, 2, none, "Spatial0"); err == nil || !strings.Contains(err.Error(), "Spatial0") {
		t.Errorf("a layer that is not there: %v", err)
	}
	cancel()
	if err := n.Activations(ctx, x, 2, none); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Training gives the same bits on one core and on many, learns, and grows
// neither in memory nor in garbage.
func TestStepsAreReproducible(t *testing.T) {
	a := parse(t, "spatial_temporal_2_8-16_16-32_5293")
	train := func(procs, steps int) (losses []float32, params [][]float32) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		tr := newTrainer(t, a, 20)
		defer tr.vm.Close()
		for range steps {
			tr.step(t)
			losses = append(losses, float32(*tr.loss.(*gorgonia.F32)))
		}
		for _, p := range tr.net.Params {
			params = append(params, p.Data)
		}
		return losses, params
	}
	one, p1 := train(1, 4)
	many, p4 := train(4, 4)
	if !slices.Equal(one, many) {
		t.Errorf("losses on 1 core %v, on 4 %v", one, many)
	}
	for i := range p1 {
		if !slices.Equal(p1[i], p4[i]) {
			t.Errorf("parameter %d differs between 1 and 4 cores", i)
		}
	}
	if !(one[3] < one[0]) {
		t.Errorf("the loss does not fall: %v", one)
	}
	// Memory: after ten steps everything has its place. The smallest buffer of
	// a step that could leak, one layer's gradient, is 60 kB: 40 steps of it
	// would be far above what the heap's size wavers by.
	tr := newTrainer(t, a, 20)
	defer tr.vm.Close()
	for range 10 {
		tr.step(t)
	}
	heap := func() (now, ever uint64) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, m.TotalAlloc
	}
	before, ever := heap()
	for range 40 {
		tr.step(t)
	}
	after, total := heap()
	if after > before+1<<20 {
		t.Errorf("40 steps grew the heap from %d to %d bytes", before, after)
	}
	// Garbage: 40 maps of the first layer would be 200 MB. What there is are the
	// machine's headers and, once, a buffer that the collection above took.
	if total > ever+10<<20 {
		t.Errorf("40 steps allocated %d bytes", total-ever)
	}
}

// Two views through one network share its weights; their gradients add up.
func TestSharedWeights(t *testing.T) {
	a := parse(t, "spatiotemporal_1_8_3232")
	n, err := New(a, run.Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	grad := func(views int) []float32 {
		g := gorgonia.NewGraph()
		var cost *gorgonia.Node
		var learn gorgonia.Nodes
		for v := range views {
			x := make([]float32, 2*Muscles*12*2)
			rng := run.Stream(7, "view")
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			in := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(2, Muscles, 12, 2), gorgonia.WithName("x"+string(rune('a'+v))),
				gorgonia.WithValue(tensor.New(tensor.WithShape(2, Muscles, 12, 2), tensor.WithBacking(x))))
			e, err := n.Build(g, in)
			if err != nil {
				t.Fatal(err)
			}
			if v > 0 && e.Learnables[0] != learn[0] {
				t.Error("the second view has weights of its own")
			}
			learn = e.Learnables
			zero := gorgonia.NewConstant(tensor.New(tensor.WithShape(e.Out.Shape()...), tensor.Of(tensor.Float32)), gorgonia.WithName("zero"))
			c, err := op.MSE(e.Out, zero)
			if err != nil {
				t.Fatal(err)
			}
			if cost == nil {
				cost = c
			} else {
				cost = gorgonia.Must(gorgonia.Add(cost, c))
			}
		}
		gs, err := gorgonia.Grad(cost, learn...)
		if err != nil {
			t.Fatal(err)
		}
		var val gorgonia.Value
		gorgonia.Read(gs[0], &val)
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		return val.(*tensor.Dense).Float32s()
	}
	one, two := grad(1), grad(2)
	for i := range one {
		if math.Abs(float64(two[i]-2*one[i])) > 1e-6*max(1, math.Abs(float64(two[i]))) {
			t.Fatalf("gradient %d of two equal views is %v, want twice %v", i, two[i], one[i])
		}
	}
}
