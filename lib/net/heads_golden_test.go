package net

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/net/op"
	"github.com/spindle-lab/spindle/lib/run"
)

// layerRows reads layers given as rows of strings: name, kernel, strides, out.
func layerRows(t *testing.T, rows [][]string) []layerJSON {
	t.Helper()
	var out []layerJSON
	for _, r := range rows {
		l := layerJSON{Name: r[0]}
		for i, p := range []*int{&l.KH, &l.KW, &l.StrideH, &l.StrideW, &l.Out} {
			v, err := strconv.Atoi(r[i+1])
			if err != nil {
				t.Fatal(err)
			}
			*p = v
		}
		out = append(out, l)
	}
	return out
}

func outputShape(n *gorgonia.Node) LayerShape {
	s := n.Shape()
	return LayerShape{OutH: s[1], OutT: s[2], OutC: s[3]}
}

func TestAutoencoderGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/autoencoder") {
		var p struct {
			Family  Family
			Encoder [][]string
			Decoder []layerJSON
		}
		c.Decode(t, &p)
		arch := archOf(p.Family, layerRows(t, p.Encoder))
		for _, dt := range dtypes {
			r := newRig(t, c, dt)
			x := r.input("x")
			code := r.encoder(arch, x)
			d, err := arch.Decoder(false)
			if err != nil {
				t.Fatal(err)
			}
			xs := x.Shape()
			dec, err := NewDecoder(d, outputShape(code), xs[1], xs[2], xs[3], run.Stream(3, "decoder"))
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, l := range p.Decoder {
				want = append(want, l.Name)
			}
			for _, l := range d.layers() {
				got = append(got, l.name)
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: decoder layers %v, want %v", c.Name, got, want)
			}
			pred, nodes, layers, err := dec.Build(r.g, code, nil)
			r.must(pred, err)
			r.bind(nodes, map[string]string{"Classifier_w": "cls_w", "Classifier_b": "cls_b"})
			// The target is the input, [n][muscle][time][channel] turned to
			// [n][time][muscle·channels].
			xa := c.Array(t, "x")
			y := make([]float64, len(xa.Data))
			for i, v := range xa.Data {
				ch, tm, m, b := i%xs[3], i/xs[3]%xs[2], i/xs[3]/xs[2]%xs[1], i/xs[3]/xs[2]/xs[1]
				y[((b*xs[2]+tm)*xs[1]+m)*xs[3]+ch] = v
			}
			target := r.data("target", y, xs[0], xs[2], xs[1]*xs[3])
			cost := r.must(op.MSE(pred, target))
			read := map[string]*gorgonia.Node{"code": code, "pred": pred, "mse": cost, "med": r.must(op.MED(pred, target))}
			for name, n := range layers {
				read["act_"+name] = n
			}
			vals, grads := r.run(cost, r.nodes, read)
			for name, v := range vals {
				r.compare(name, v)
			}
			for i, g := range grads {
				r.compare("grad_"+r.names[i], g)
			}
			r.complete()
		}
	}
}

func TestTorqueGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/torque") {
		for _, dt := range dtypes {
			r := newRig(t, c, dt)
			h := r.input("h")
			goal, target := c.Array(t, "goal"), c.Array(t, "target")
			n, steps := h.Shape()[0], h.Shape()[2]
			skip := TargetSkip(goal.Shape[2], steps)
			g := r.data("goal", subsampled(goal, skip, steps), n, steps, goal.Shape[1])
			ys := subsampled(target, skip, steps)
			y := r.data("y", ys, n, steps, target.Shape[1])
			head, err := NewTorqueHead(outputShape(h), goal.Shape[1], c.Array(t, "FC0_w").Shape[1], target.Shape[1], run.Stream(4, "torque"))
			if err != nil {
				t.Fatal(err)
			}
			pred, hidden, nodes, err := head.Build(r.g, h, g)
			r.must(pred, err)
			r.bind(nodes, map[string]string{"Classifier_w": "cls_w", "Classifier_b": "cls_b"})
			cost := r.must(op.MSE(pred, y))
			vals, grads := r.run(cost, append(gorgonia.Nodes{h}, r.nodes...), map[string]*gorgonia.Node{
				"fc0": hidden, "pred": pred, "mse": cost, "med": r.must(op.MED(pred, y))})
			for name, v := range vals {
				r.compare(name, v)
			}
			for i, name := range append([]string{"h"}, r.names...) {
				r.compare("grad_"+name, grads[i])
			}
			r.compare("target_sub", ys)
			r.complete()
		}
	}
}

func TestBarlowGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/barlow") {
		var p struct {
			Lambda float64 `json:"lambda_"`
			Keep   float64
		}
		c.Decode(t, &p)
		for _, dt := range dtypes {
			seen := map[string]bool{}
			for _, std := range []bool{false, true} {
				r := newRig(t, c, dt)
				r.seen = seen
				suffix := map[bool]string{false: "variance", true: "std"}[std]
				if c.Has(t, "fa") {
					barlowProjector(r, p.Lambda, p.Keep, std, suffix)
					continue
				}
				za, zb := r.input("za"), r.input("zb")
				loss := r.must(op.BarlowLoss(za, zb, p.Lambda, std))
				vals, grads := r.run(loss, gorgonia.Nodes{za, zb}, map[string]*gorgonia.Node{"loss_" + suffix: loss})
				r.compare("loss_"+suffix, vals["loss_"+suffix])
				r.compare("dza_"+suffix, grads[0])
				r.compare("dzb_"+suffix, grads[1])
				seen["C_"+suffix] = true // compared in lib/net/op
			}
			r := newRig(t, c, dt)
			r.seen = seen
			r.complete()
		}
	}
}

func barlowProjector(r *rig, lambda, keep float64, std bool, suffix string) {
	r.t.Helper()
	fa, fb := r.input("fa"), r.input("fb")
	proj, err := NewProjector(fa.Shape()[1], r.c.Array(r.t, "FC0_w").Shape[1], run.Stream(5, "barlow"))
	if err != nil {
		r.t.Fatal(err)
	}
	nodes := proj.Nodes(r.g, fa)
	r.bind(nodes, nil)
	view := func(x *gorgonia.Node, mask string) *gorgonia.Node {
		d := &op.DropoutMask{On: true, Keep: keep}
		for _, v := range r.c.Array(r.t, mask).Data {
			d.Fixed = append(d.Fixed, v != 0)
		}
		return r.must(proj.Build(x, nodes, d))
	}
	za, zb := view(fa, "keep_a"), view(fb, "keep_b")
	loss := r.must(op.BarlowLoss(za, zb, lambda, std))
	vals, grads := r.run(loss, append(gorgonia.Nodes{fa, fb}, r.nodes...), map[string]*gorgonia.Node{
		"loss_" + suffix: loss, "za_" + suffix: za, "zb_" + suffix: zb})
	for name, v := range vals {
		r.compare(name, v)
	}
	for i, name := range append([]string{"fa", "fb"}, r.names...) {
		r.compare("grad_"+suffix+"_"+name, grads[i])
	}
	// One call on both views at once, whose batch statistics are over both.
	for _, name := range []string{"loss_std_concat", "za_std_concat", "zb_std_concat"} {
		r.seen[name] = true
	}
	if std {
		r.compareConcat(proj, keep)
	}
}

// compareConcat checks the projector on the rows of both views together.
func (r *rig) compareConcat(proj *Projector, keep float64) {
	r.t.Helper()
	s := newRig(r.t, r.c, r.dt)
	a, b := r.c.Array(r.t, "fa"), r.c.Array(r.t, "fb")
	both := s.data("both", append(append([]float64{}, a.Data...), b.Data...), 2*a.Shape[0], a.Shape[1])
	nodes := proj.Nodes(s.g, both)
	s.bind(nodes, nil)
	d := &op.DropoutMask{On: true, Keep: keep}
	for _, mask := range []string{"keep_a", "keep_b"} {
		for _, v := range r.c.Array(r.t, mask).Data {
			d.Fixed = append(d.Fixed, v != 0)
		}
	}
	z := s.must(proj.Build(both, nodes, d))
	loss := s.must(gorgonia.Sum(z))
	vals, _ := s.run(loss, s.nodes[:1], map[string]*gorgonia.Node{"z": z})
	half := len(vals["z"]) / 2
	s.compare("za_std_concat", vals["z"][:half])
	s.compare("zb_std_concat", vals["z"][half:])
}

func TestLSTMNetGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/lstm") {
		if !c.Has(t, "recurrent_out") {
			continue // a bare layer: tested in lib/net/op
		}
		var p struct{ Layers json.RawMessage }
		c.Decode(t, &p)
		var rows [][]string
		if err := json.Unmarshal(p.Layers, &rows); err != nil {
			t.Fatal(err)
		}
		arch := archOf(LSTM, layerRows(t, rows))
		arch.Units = c.Array(t, "W_hh").Shape[1]
		for _, dt := range dtypes {
			seen := map[string]bool{}
			for _, head := range []string{"cls", "reg"} {
				r := newRig(t, c, dt)
				r.seen = seen
				out := r.encoder(arch, r.input("x"))
				read := map[string]*gorgonia.Node{}
				for name, n := range r.enc.Layer {
					read["act_"+name] = n
				}
				read["recurrent_out"] = out
				delete(read, "act_"+recurrentName)
				rng := run.Stream(6, "lstm")
				var cost *gorgonia.Node
				if head == "cls" {
					h, err := NewLastStepClassifier(outputShape(out), c.Array(t, "cls_w").Shape[1], rng)
					if err != nil {
						t.Fatal(err)
					}
					logits, nodes, err := h.Build(r.g, out, nil)
					r.must(logits, err)
					r.bind(nodes, map[string]string{"Classifier_w": "cls_w", "Classifier_b": "cls_b"})
					cost = r.must(op.SoftmaxCrossEntropy(logits, r.input("labels")))
					read["cls_logits"], read["cls_loss"] = logits, cost
				} else {
					target := c.Array(t, "target")
					k, steps := target.Shape[1], target.Shape[2]
					h, err := NewReadout(outputShape(out), k, rng)
					if err != nil {
						t.Fatal(err)
					}
					pred, nodes, err := h.Build(r.g, out, nil)
					r.must(pred, err)
					r.bind(nodes, map[string]string{"Classifier_w": "reg_w", "Classifier_b": "reg_b"})
					y := r.data("y", subsampled(target, 1, steps), out.Shape()[0], steps, k)
					cost = r.must(op.MSE(pred, y))
					read["reg_pred"], read["reg_mse"], read["reg_med"] = pred, cost, r.must(op.MED(pred, y))
				}
				vals, grads := r.run(cost, r.nodes, read)
				for name, v := range vals {
					r.compare(name, v)
				}
				for i, g := range grads {
					r.compare(head+"_grad_"+r.names[i], g)
				}
			}
			r := newRig(t, c, dt)
			r.seen = seen
			r.complete()
		}
	}
}
