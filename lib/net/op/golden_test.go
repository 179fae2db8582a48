package op

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// A bench runs an op on a graph and gives its output and the gradients of
// sum(output·dy): the gradients are taken on the graph, as training takes them.
type bench struct {
	t   testing.TB
	g   *gorgonia.ExprGraph
	dt  tensor.Dtype
	ins gorgonia.Nodes
	vm  gorgonia.VM
}

func newBench(t testing.TB, dt tensor.Dtype) *bench {
	return &bench{t: t, g: gorgonia.NewGraph(), dt: dt}
}

func precision(dt tensor.Dtype) string {
	if dt == tensor.Float32 {
		return "float32"
	}
	return "float64"
}

var dtypes = []tensor.Dtype{tensor.Float64, tensor.Float32}

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

func (b *bench) input(name string, data []float64, shape ...int) *gorgonia.Node {
	n := gorgonia.NewTensor(b.g, b.dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
		gorgonia.WithValue(dense(b.dt, data, shape...)))
	b.ins = append(b.ins, n)
	return n
}

func (b *bench) array(c *golden.Case, name string) *gorgonia.Node {
	b.t.Helper()
	a := c.Array(b.t, name)
	return b.input(name, a.Data, a.Shape...)
}

func (b *bench) must(n *gorgonia.Node, err error) *gorgonia.Node {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// weighted returns sum(y·dy).
func (b *bench) weighted(y *gorgonia.Node, dy []float64) *gorgonia.Node {
	d := gorgonia.NewConstant(dense(b.dt, dy, y.Shape()...), gorgonia.WithName("dy"))
	return b.must(gorgonia.Sum(b.must(gorgonia.HadamardProd(y, d))))
}

// run runs the graph once and returns values and gradients as float64.
func (b *bench) run(cost *gorgonia.Node, wrt gorgonia.Nodes, read ...*gorgonia.Node) (out, grads [][]float64) {
	b.t.Helper()
	var gs gorgonia.Nodes
	if len(wrt) > 0 {
		var err error
		if gs, err = gorgonia.Grad(cost, wrt...); err != nil {
			b.t.Fatal(err)
		}
	}
	vals := make([]gorgonia.Value, len(read)+len(gs))
	for i, n := range append(append(gorgonia.Nodes{}, read...), gs...) {
		gorgonia.Read(n, &vals[i])
	}
	b.vm = gorgonia.NewTapeMachine(b.g)
	defer b.vm.Close()
	if err := b.vm.RunAll(); err != nil {
		b.t.Fatal(err)
	}
	for i, v := range vals {
		if i < len(read) {
			out = append(out, floats(v))
		} else {
			grads = append(grads, floats(v))
		}
	}
	return out, grads
}

func floats(v gorgonia.Value) []float64 {
	if v.Dtype() == tensor.Float64 {
		return append([]float64{}, values[float64](v)...)
	}
	var out []float64
	for _, x := range values[float32](v) {
		out = append(out, float64(x))
	}
	return out
}

func TestConvGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/conv") {
		var p struct {
			StrideH int `json:"stride_h"`
			StrideW int `json:"stride_w"`
		}
		c.Decode(t, &p)
		for _, dt := range dtypes {
			b := newBench(t, dt)
			x, w := b.array(c, "x"), b.array(c, "w")
			y := b.must(Conv(x, w, p.StrideH, p.StrideW, true))
			out, grads := b.run(b.weighted(y, c.Array(t, "dy").Data), gorgonia.Nodes{x, w}, y)
			c.Compare(t, precision(dt), "y", out[0])
			c.Compare(t, precision(dt), "dx", grads[0])
			c.Compare(t, precision(dt), "dw", grads[1])
		}
	}
}

func TestConvNormGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/layer") {
		var p struct {
			StrideH int `json:"stride_h"`
			StrideW int `json:"stride_w"`
		}
		c.Decode(t, &p)
		for _, dt := range dtypes {
			b := newBench(t, dt)
			x, w, gamma, beta := b.array(c, "x"), b.array(c, "w"), b.array(c, "gamma"), b.array(c, "beta")
			z := b.must(Conv(x, w, p.StrideH, p.StrideW, true))
			y := b.must(ConvNorm(x, w, gamma, beta, p.StrideH, p.StrideW, true))
			out, grads := b.run(b.weighted(y, c.Array(t, "dy").Data), gorgonia.Nodes{x, w, gamma, beta}, z, y)
			c.Compare(t, precision(dt), "z", out[0])
			c.Compare(t, precision(dt), "y", out[1])
			for i, name := range []string{"dx", "dw", "dgamma", "dbeta"} {
				c.Compare(t, precision(dt), name, grads[i])
			}
		}
	}
}

func TestConvTransposeGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/convT") {
		var p struct {
			StrideH int `json:"stride_h"`
			StrideW int `json:"stride_w"`
		}
		c.Decode(t, &p)
		for _, dt := range dtypes {
			b := newBench(t, dt)
			x, w := b.array(c, "x"), b.array(c, "w")
			y := b.must(ConvTranspose(x, w, p.StrideH, p.StrideW))
			out, grads := b.run(b.weighted(y, c.Array(t, "dy").Data), gorgonia.Nodes{x, w}, y)
			c.Compare(t, precision(dt), "y", out[0])
			c.Compare(t, precision(dt), "dx", grads[0])
			c.Compare(t, precision(dt), "dw", grads[1])
		}
	}
}

func TestLSTMGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/lstm") {
		if !c.Has(t, "c_last") {
			continue // a whole network: tested in lib/net
		}
		for _, dt := range dtypes {
			b := newBench(t, dt)
			xa := c.Array(t, "x")
			n, steps, in := xa.Shape[0], xa.Shape[1], xa.Shape[2]
			x := b.input("x", xa.Data, n, 1, steps, in)
			wih, whh, bih, bhh := b.array(c, "W_ih"), b.array(c, "W_hh"), b.array(c, "b_ih"), b.array(c, "b_hh")
			h := b.must(LSTM(x, wih, whh, bih, bhh, true))
			out, grads := b.run(b.weighted(h, c.Array(t, "dh").Data), gorgonia.Nodes{x, wih, whh, bih, bhh}, h)
			c.Compare(t, precision(dt), "h", out[0])
			for i, name := range []string{"grad_x", "grad_W_ih", "grad_W_hh", "grad_b_ih", "grad_b_hh"} {
				c.Compare(t, precision(dt), name, grads[i])
			}
		}
	}
}
