package net

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/net/op"
	"github.com/spindle-lab/spindle/lib/run"
)

var dtypes = []tensor.Dtype{tensor.Float64, tensor.Float32}

func precision(dt tensor.Dtype) string {
	if dt == tensor.Float32 {
		return "float32"
	}
	return "float64"
}

func dense(dt tensor.Dtype, data []float64, shape ...int) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]float64{}, data...)))
	}
	f := make([]float32, len(data))
	for i, v := range data {
		f[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(f))
}

func floats(v gorgonia.Value) []float64 {
	var out []float64
	switch x := v.(type) {
	case *gorgonia.F32:
		return []float64{float64(*x)}
	case *gorgonia.F64:
		return []float64{float64(*x)}
	case *tensor.Dense:
		if x.Dtype() == tensor.Float64 {
			return append(out, x.Float64s()...)
		}
		for _, f := range x.Float32s() {
			out = append(out, float64(f))
		}
	}
	return out
}

// layerJSON is a layer of a golden case.
type layerJSON struct {
	Name    string
	KH      int
	KW      int
	StrideH int `json:"stride_h"`
	StrideW int `json:"stride_w"`
	Out     int
}

// archOf gathers an architecture from the layers of a golden case.
func archOf(family Family, layers []layerJSON) Arch {
	a := Arch{Family: family}
	for _, l := range layers {
		if strings.HasPrefix(l.Name, "Temporal") {
			a.TemporalChannels = append(a.TemporalChannels, l.Out)
			a.TemporalKernel = l.KW
			a.TemporalStride = append(a.TemporalStride, l.StrideW)
			continue
		}
		a.Layers++
		a.SpatialChannels = append(a.SpatialChannels, l.Out)
		a.SpatialKernel = l.KH
		a.SpatialStride = append(a.SpatialStride, l.StrideH)
		if family == Spatiotemporal {
			a.TemporalKernel = l.KW
			a.TemporalStride = append(a.TemporalStride, l.StrideW)
		}
	}
	return a
}

// A rig is a graph under test on a golden case.
type rig struct {
	t   *testing.T
	c   *golden.Case
	dt  tensor.Dtype
	g   *gorgonia.ExprGraph
	enc *Encoder
	// learnables and the names that the case has for them
	nodes gorgonia.Nodes
	names []string
	seen  map[string]bool // arrays of the case that were compared
}

func (r *rig) must(n *gorgonia.Node, err error) *gorgonia.Node {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", r.c.Name, err)
	}
	return n
}

func (r *rig) input(name string) *gorgonia.Node {
	a := r.c.Array(r.t, name)
	return r.data(name, a.Data, a.Shape...)
}

func (r *rig) data(name string, data []float64, shape ...int) *gorgonia.Node {
	return gorgonia.NewTensor(r.g, r.dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
		gorgonia.WithValue(dense(r.dt, data, shape...)))
}

// goldenName turns "Spatial0/LayerNorm/gamma" into the case's "Spatial0_gamma".
func goldenName(p string) string {
	p = strings.Replace(p, "/weights", "_w", 1)
	p = strings.Replace(p, "/biases", "_b", 1)
	p = strings.Replace(p, "/LayerNorm/", "_", 1)
	p = strings.Replace(p, "/BatchNorm/", "_", 1)
	return strings.TrimPrefix(p, recurrentName+"/")
}

// bind gives learnables the values of the case and keeps their names.
func (r *rig) bind(nodes gorgonia.Nodes, rename map[string]string) {
	r.t.Helper()
	for _, n := range nodes {
		name := goldenName(n.Name())
		if to, ok := rename[name]; ok {
			name = to
		}
		a := r.c.Array(r.t, name)
		if err := gorgonia.Let(n, dense(r.dt, a.Data, n.Shape()...)); err != nil {
			r.t.Fatalf("%s: %s: %v", r.c.Name, name, err)
		}
		r.nodes = append(r.nodes, n)
		r.names = append(r.names, name)
	}
}

// encoder builds the architecture on input x with the case's weights.
func (r *rig) encoder(a Arch, x *gorgonia.Node) *gorgonia.Node {
	r.t.Helper()
	s := x.Shape()
	n, err := NewFor(a, s[1], s[3], run.Stream(1, "golden"))
	if err != nil {
		r.t.Fatalf("%s: %v", r.c.Name, err)
	}
	if r.enc, err = n.BuildWithInputGradient(r.g, x); err != nil {
		r.t.Fatalf("%s: %v", r.c.Name, err)
	}
	r.bind(r.enc.Learnables, nil)
	return r.enc.Out
}

// run runs the graph once; values and gradients come back by name.
func (r *rig) run(cost *gorgonia.Node, wrt gorgonia.Nodes, read map[string]*gorgonia.Node) (vals map[string][]float64, grads [][]float64) {
	r.t.Helper()
	gs, err := gorgonia.Grad(cost, wrt...)
	if err != nil {
		r.t.Fatalf("%s: %v", r.c.Name, err)
	}
	got := map[string]*gorgonia.Value{}
	for name, n := range read {
		got[name] = new(gorgonia.Value)
		gorgonia.Read(n, got[name])
	}
	gv := make([]gorgonia.Value, len(gs))
	for i, n := range gs {
		gorgonia.Read(n, &gv[i])
	}
	vm := gorgonia.NewTapeMachine(r.g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		r.t.Fatalf("%s: %v", r.c.Name, err)
	}
	vals = map[string][]float64{}
	for name, v := range got {
		vals[name] = floats(*v)
	}
	for _, v := range gv {
		grads = append(grads, floats(v))
	}
	return vals, grads
}

// compare checks every value that the case has, and that it has at least one.
func (r *rig) compare(name string, got []float64) {
	r.t.Helper()
	if r.c.Has(r.t, name) {
		r.c.Compare(r.t, precision(r.dt), name, got)
		r.seen[name] = true
	}
}

// complete fails the test if an output of the case was never compared.
func (r *rig) complete() {
	r.t.Helper()
	for _, a := range r.c.Arrays {
		if a.Role == "out" && !r.seen[a.Name] {
			r.t.Errorf("%s: output %s was not compared", r.c.Name, a.Name)
		}
	}
}

func newRig(t *testing.T, c *golden.Case, dt tensor.Dtype) *rig {
	return &rig{t: t, c: c, dt: dt, g: gorgonia.NewGraph(), seen: map[string]bool{}}
}

// subsampled returns a target [n][k][T] at samples 0, skip, … as [n][T'][k].
func subsampled(a *golden.Array, skip, tOut int) []float64 {
	n, k, steps := a.Shape[0], a.Shape[1], a.Shape[2]
	out := make([]float64, 0, n*tOut*k)
	for i := range n {
		for t := range tOut {
			for j := range k {
				out = append(out, a.Data[(i*k+j)*steps+t*skip])
			}
		}
	}
	return out
}

type netParams struct {
	Family Family
	Layers []layerJSON
	Adam   struct{ LR, Beta1, Beta2, Eps float64 }
}

// Whole networks with both heads: activations, losses, all gradients, Adam.
func TestNetGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/net") {
		var p netParams
		c.Decode(t, &p)
		for _, dt := range dtypes {
			seen := map[string]bool{}
			for _, head := range []string{"cls", "cls_dropout", "reg"} {
				r, cost, read := buildNet(t, c, p, dt, head)
				r.seen = seen
				wrt := append(gorgonia.Nodes{r.enc.In}, r.nodes...)
				vals, grads := r.run(cost, wrt, read)
				for name, v := range vals {
					r.compare(name, v)
				}
				for i, g := range grads {
					name := "x"
					if i > 0 {
						name = r.names[i-1]
					}
					r.compare(head+"_grad_"+name, g)
				}
			}
			adamGolden(t, c, p, dt, seen)
			r := newRig(t, c, dt)
			r.seen = seen
			r.complete()
		}
	}
}

func buildNet(t *testing.T, c *golden.Case, p netParams, dt tensor.Dtype, head string) (*rig, *gorgonia.Node, map[string]*gorgonia.Node) {
	t.Helper()
	r := newRig(t, c, dt)
	out := r.encoder(archOf(p.Family, p.Layers), r.input("x"))
	read := map[string]*gorgonia.Node{}
	for name, n := range r.enc.Layer {
		read["act_"+name] = n
	}
	s := out.Shape()
	last := LayerShape{OutH: s[1], OutT: s[2], OutC: s[3]}
	rng := run.Stream(2, "head")
	if head == "reg" {
		target := c.Array(t, "target")
		k, steps := target.Shape[1], target.Shape[2]
		h, err := NewReadout(last, k, rng)
		if err != nil {
			t.Fatal(err)
		}
		pred, nodes, err := h.Build(r.g, out, nil)
		r.must(pred, err)
		r.bind(nodes, map[string]string{"Classifier_w": "reg_w", "Classifier_b": "reg_b"})
		y := r.data("y", subsampled(target, TargetSkip(steps, s[2]), s[2]), s[0], s[2], k)
		cost := r.must(op.MSE(pred, y))
		med := r.must(op.MED(pred, y))
		read["reg_pred"], read["reg_mse"], read["reg_med"], read["reg_target"] = pred, cost, med, y
		return r, cost, read
	}
	h, err := NewClassifier(last, c.Array(t, "cls_w").Shape[1], rng)
	if err != nil {
		t.Fatal(err)
	}
	var drop *op.DropoutMask
	if head == "cls_dropout" {
		drop = &op.DropoutMask{On: true, Keep: 0.7}
		for _, v := range c.Array(t, "dropout_keep").Data {
			drop.Fixed = append(drop.Fixed, v != 0)
		}
	}
	logits, nodes, err := h.Build(r.g, out, drop)
	r.must(logits, err)
	r.bind(nodes, map[string]string{"Classifier_w": "cls_w", "Classifier_b": "cls_b"})
	cost := r.must(op.SoftmaxCrossEntropy(logits, r.input("labels")))
	read[head+"_logits"], read[head+"_loss"] = logits, cost
	return r, cost, read
}

// adamGolden makes ten steps of Adam on the full batch and compares losses,
// parameters and slots.
func adamGolden(t *testing.T, c *golden.Case, p netParams, dt tensor.Dtype, seen map[string]bool) {
	t.Helper()
	for _, head := range []string{"cls", "reg"} {
		r, cost, _ := buildNet(t, c, p, dt, head)
		r.seen = seen
		if _, err := gorgonia.Grad(cost, r.nodes...); err != nil {
			t.Fatal(err)
		}
		var loss gorgonia.Value
		gorgonia.Read(cost, &loss)
		vm := gorgonia.NewTapeMachine(r.g, gorgonia.BindDualValues(r.nodes...))
		adam := &Adam{LR: p.Adam.LR, Beta1: p.Adam.Beta1, Beta2: p.Adam.Beta2, Eps: p.Adam.Eps}
		want := head + "_adam10_losses"
		var losses []float64
		for range c.Array(t, want).Data {
			if err := vm.RunAll(); err != nil {
				t.Fatal(err)
			}
			losses = append(losses, floats(loss)[0])
			if err := adam.Step(gorgonia.NodesToValueGrads(r.nodes)); err != nil {
				t.Fatal(err)
			}
			vm.Reset()
		}
		vm.Close()
		r.compare(want, losses)
		for i, name := range r.names {
			r.compare(head+"_adam10_"+name, floats(r.nodes[i].Value()))
			r.compare(head+"_adam10_m_"+name, slot(adam.M, adam.M32, i))
			r.compare(head+"_adam10_v_"+name, slot(adam.V, adam.V32, i))
		}
	}
}

func slot(s64 [][]float64, s32 [][]float32, i int) []float64 {
	if i < len(s64) {
		return s64[i]
	}
	var out []float64
	for _, v := range s32[i] {
		out = append(out, float64(v))
	}
	return out
}

func TestGlorotGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/init") {
		shapes := c.Array(t, "shape")
		dims := shapes.Shape[1]
		var in, out, limit []float64
		for i := range shapes.Shape[0] {
			a, b, l := GlorotLimit(shapes.Ints()[i*dims : (i+1)*dims])
			in, out, limit = append(in, float64(a)), append(out, float64(b)), append(limit, l)
		}
		c.Compare(t, "float64", "fan_in", in)
		c.Compare(t, "float64", "fan_out", out)
		c.Compare(t, "float64", "limit", limit)
	}
}

func TestTargetGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/target") {
		var p struct{ Strides [][]int }
		c.Decode(t, &p)
		var tOut, skip []float64
		for i, steps := range c.Array(t, "T").Ints() {
			o := Arch{TemporalStride: p.Strides[i]}.OutTime(steps)
			tOut, skip = append(tOut, float64(o)), append(skip, float64(TargetSkip(steps, o)))
		}
		c.Compare(t, "float64", "T_out", tOut)
		c.Compare(t, "float64", "skip", skip)
	}
}

func ExampleParseName() {
	a, err := ParseName("spatial_temporal_4_8-16-16-32_32-32-64-64_7293")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Params(39, 2), "parameters,", a.OutTime(400), "output samples")
	// Output: 80640 parameters, 5 output samples
}
