package task

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/net/op"
)

// A bench runs a graph on a golden case in one precision.
type bench struct {
	t    *testing.T
	c    *golden.Case
	prec string
	g    *gorgonia.ExprGraph
	vals map[string]*gorgonia.Node
	read map[string]*gorgonia.Value
}

func newBench(t *testing.T, c *golden.Case, prec string) *bench {
	return &bench{t, c, prec, gorgonia.NewGraph(), map[string]*gorgonia.Node{}, map[string]*gorgonia.Value{}}
}

func (b *bench) add(name string, shape []int, data []float64) *gorgonia.Node {
	dt, backing := tensor.Float64, any(append([]float64(nil), data...))
	if b.prec == "float32" {
		dt = tensor.Float32
		f := make([]float32, len(data))
		for i, v := range data {
			f[i] = float32(v)
		}
		backing = f
	}
	n := gorgonia.NewTensor(b.g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
		gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))))
	b.vals[name] = n
	return n
}

// in makes an input node of an array of the case.
func (b *bench) in(name string) *gorgonia.Node {
	a := b.c.Array(b.t, name)
	return b.add(name, a.Shape, a.Data)
}

func (b *bench) want(name string, n *gorgonia.Node, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s/%s: %v", b.c.Name, name, err)
	}
	v := new(gorgonia.Value)
	gorgonia.Read(n, v)
	b.read[name] = v
}

// run differentiates loss with respect to the named inputs and compares all
// that is wanted; grads maps an input to the name of its gradient in the case.
func (b *bench) run(loss *gorgonia.Node, grads map[string]string) {
	b.t.Helper()
	var wrt gorgonia.Nodes
	var names []string
	for in, ref := range grads {
		wrt, names = append(wrt, b.vals[in]), append(names, ref)
	}
	if len(wrt) > 0 {
		gs, err := gorgonia.Grad(loss, wrt...)
		if err != nil {
			b.t.Fatalf("%s: %v", b.c.Name, err)
		}
		for i, g := range gs {
			b.want(names[i], g, nil)
		}
	}
	vm := gorgonia.NewTapeMachine(b.g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		b.t.Fatalf("%s: %v", b.c.Name, err)
	}
	for name, v := range b.read {
		b.c.Compare(b.t, b.prec, name, floats(b.t, *v))
	}
}

func floats(t *testing.T, v gorgonia.Value) []float64 {
	switch d := v.Data().(type) {
	case []float64:
		return d
	case []float32:
		return widen(d)
	case float64:
		return []float64{d}
	case float32:
		return []float64{float64(d)}
	}
	t.Fatalf("value of type %T", v.Data())
	return nil
}

func (b *bench) med(pred *gorgonia.Node, target []float64) {
	b.t.Helper()
	k := pred.Shape()[2]
	b.c.Compare(b.t, b.prec, "med", []float64{MED(floats(b.t, *b.read["pred"]), target, k)})
}

func both(t *testing.T, group string, f func(*testing.T, *golden.Case, string)) {
	for _, c := range golden.Cases(t, group) {
		for _, prec := range []string{"float64", "float32"} {
			t.Run(c.Name+"/"+prec, func(t *testing.T) { f(t, c, prec) })
		}
	}
}

// sub samples [n][k][T] at idx as [n][T'][k].
func sub(a *golden.Array, idx []int) []float64 {
	n, k, T := a.Shape[0], a.Shape[1], a.Shape[2]
	out := make([]float64, 0, n*k*len(idx))
	for b := range n {
		for _, t := range idx {
			for j := range k {
				out = append(out, a.Data[(b*k+j)*T+t])
			}
		}
	}
	return out
}

func every(skip, n int) []int {
	idx := make([]int, n)
	for i := range idx {
		idx[i] = i * skip
	}
	return idx
}

func TestTorqueHeadGolden(t *testing.T) {
	both(t, "nn/torque", func(t *testing.T, c *golden.Case, prec string) {
		var p struct{ Skip int }
		c.Decode(t, &p)
		b := newBench(t, c, prec)
		h := b.in("h")
		n, frames := h.Shape()[0], h.Shape()[2]
		idx := every(p.Skip, frames)
		target := sub(c.Array(t, "target"), idx)
		c.Compare(t, prec, "target_sub", target)
		goal := c.Array(t, "goal")
		g := b.add("goal", []int{n, frames, goal.Shape[1]}, sub(goal, idx))
		y := b.add("target", []int{n, frames, c.Array(t, "target").Shape[1]}, target)
		pred, err := torqueHead(h, g, nodes{"FC0/weights": b.in("FC0_w"), "FC0/LayerNorm/gamma": b.in("FC0_gamma"),
			"FC0/LayerNorm/beta": b.in("FC0_beta"), "Classifier/weights": b.in("cls_w"), "Classifier/biases": b.in("cls_b")})
		b.want("pred", pred, err)
		loss, err := op.MSE(pred, y)
		b.want("mse", loss, err)
		b.run(loss, map[string]string{"h": "grad_h", "FC0_w": "grad_FC0_w", "FC0_gamma": "grad_FC0_gamma",
			"FC0_beta": "grad_FC0_beta", "cls_w": "grad_cls_w", "cls_b": "grad_cls_b"})
		b.med(pred, target)
	})
}

func TestProjectorGolden(t *testing.T) {
	both(t, "nn/barlow", func(t *testing.T, c *golden.Case, prec string) {
		if !c.Has(t, "fa") {
			t.Skip("a case of the loss alone")
		}
		var p struct {
			Lambda float64 `json:"lambda_"`
			Keep   float64
		}
		c.Decode(t, &p)
		for _, how := range []struct {
			norm   Norm
			groups int
			suffix string
		}{{NormVariance, 2, "variance"}, {NormStd, 2, "std"}, {NormStd, 1, "std_concat"}} {
			b := newBench(t, c, prec)
			fa, fb := c.Array(t, "fa"), c.Array(t, "fb")
			n, width := fa.Shape[0], fa.Shape[1]
			x := b.add("f", []int{2 * n, width}, append(append([]float64{}, fa.Data...), fb.Data...))
			keep := append(append([]float64{}, c.Array(t, "keep_a").Data...), c.Array(t, "keep_b").Data...)
			for i := range keep {
				keep[i] /= p.Keep
			}
			k := b.add("keep", []int{2 * n, width}, keep)
			z, err := projectorHead(x, k, nodes{"FC0/weights": b.in("FC0_w"), "FC0/BatchNorm/beta": b.in("FC0_beta"),
				"FC1/weights": b.in("FC1_w"), "FC1/BatchNorm/beta": b.in("FC1_beta"),
				"FC2/weights": b.in("FC2_w"), "FC2/biases": b.in("FC2_b")}, projection{groups: how.groups})
			if err != nil {
				t.Fatal(err)
			}
			zv := new(gorgonia.Value)
			gorgonia.Read(z, zv)
			loss, err := barlowLoss(z, p.Lambda, how.norm)
			b.want("loss_"+how.suffix, loss, err)
			grads := map[string]string{}
			var gf gorgonia.Value
			if how.groups == 2 {
				gs, err := gorgonia.Grad(loss, x)
				if err != nil {
					t.Fatal(err)
				}
				gorgonia.Read(gs[0], &gf)
			}
			if how.groups == 2 {
				b2 := newBench(t, c, prec) // gradients of the parameters, in a graph of their own
				x := b2.add("f", []int{2 * n, width}, append(append([]float64{}, fa.Data...), fb.Data...))
				z, err := projectorHead(x, b2.add("keep", []int{2 * n, width}, keep), nodes{"FC0/weights": b2.in("FC0_w"), "FC0/BatchNorm/beta": b2.in("FC0_beta"),
					"FC1/weights": b2.in("FC1_w"), "FC1/BatchNorm/beta": b2.in("FC1_beta"),
					"FC2/weights": b2.in("FC2_w"), "FC2/biases": b2.in("FC2_b")}, projection{groups: 2})
				if err != nil {
					t.Fatal(err)
				}
				l, err := barlowLoss(z, p.Lambda, how.norm)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range []string{"FC0_w", "FC0_beta", "FC1_w", "FC1_beta", "FC2_w", "FC2_b"} {
					grads[s] = "grad_" + how.suffix + "_" + s
				}
				b2.run(l, grads)
			}
			b.run(loss, nil)
			zs := floats(t, *zv)
			c.Compare(t, prec, "za_"+how.suffix, zs[:len(zs)/2])
			c.Compare(t, prec, "zb_"+how.suffix, zs[len(zs)/2:])
			if gf != nil {
				d := floats(t, gf)
				c.Compare(t, prec, "grad_"+how.suffix+"_fa", d[:len(d)/2])
				c.Compare(t, prec, "grad_"+how.suffix+"_fb", d[len(d)/2:])
			}
		}
	})
}

func TestAutoencoderGolden(t *testing.T) {
	both(t, "nn/autoencoder", func(t *testing.T, c *golden.Case, prec string) {
		var p struct {
			Encoder [][]string
			Decoder []struct {
				Name     string
				KH, KW   int
				Stride_h int
				Stride_w int
				Out      int
			}
		}
		c.Decode(t, &p)
		b := newBench(t, c, prec)
		x := b.in("x")
		grads := map[string]string{}
		param := func(name string) *gorgonia.Node { grads[name] = "grad_" + name; return b.in(name) }
		h, err := x, error(nil)
		for i, l := range p.Encoder {
			var kh, kw, sh, sw int
			if _, e := fmt.Sscan(strings.Join(l[1:5], " "), &kh, &kw, &sh, &sw); e != nil {
				t.Fatal(e)
			}
			h, err = op.ConvNorm(h, param(l[0]+"_w"), param(l[0]+"_gamma"), param(l[0]+"_beta"), sh, sw, i > 0)
			if err != nil {
				t.Fatal(err)
			}
		}
		b.want("code", h, err)
		pn := nodes{"Classifier/weights": param("cls_w"), "Classifier/biases": param("cls_b")}
		var layers []net.LayerShape
		for _, l := range p.Decoder {
			layers = append(layers, net.LayerShape{Name: l.Name, KernelH: l.KH, KernelT: l.KW, StrideH: l.Stride_h, StrideT: l.Stride_w, OutC: l.Out})
			pn[l.Name+"/weights"], pn[l.Name+"/LayerNorm/gamma"], pn[l.Name+"/LayerNorm/beta"] =
				param(l.Name+"_w"), param(l.Name+"_gamma"), param(l.Name+"_beta")
		}
		s := x.Shape()
		d := Dims{s[1], s[2], s[3]}
		pred, err := decoderHead(h, nil, layers, d, pn)
		b.want("pred", pred, err)
		target := itself64(c.Array(t, "x").Data, s[0], d)
		y := b.add("target", []int{s[0], d.Time, d.Muscles * d.Channels}, target)
		loss, err := op.MSE(pred, y)
		b.want("mse", loss, err)
		b.run(loss, grads)
		b.med(pred, target)
	})
}

// itself64 is the target of the autoencoder in the layout of its output,
// [n][t][muscle·2+channel].
func itself64(x []float64, n int, d Dims) []float64 {
	out := make([]float64, 0, len(x))
	for b := range n {
		for t := range d.Time {
			for m := range d.Muscles {
				for c := range d.Channels {
					out = append(out, x[((b*d.Muscles+m)*d.Time+t)*d.Channels+c])
				}
			}
		}
	}
	return out
}
