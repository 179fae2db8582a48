package task

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/net"
)

type layerJSON struct {
	Name               string
	KH, KW             int
	Stride_h, Stride_w int
	Out                int
}

// archOf makes the architecture of a golden network from its layers.
func archOf(t *testing.T, family string, layers []layerJSON) net.Arch {
	a := net.Arch{Family: net.Family(family)}
	for _, l := range layers {
		switch {
		case strings.HasPrefix(l.Name, "Temporal"):
			a.TemporalChannels = append(a.TemporalChannels, l.Out)
			a.TemporalStride = append(a.TemporalStride, l.Stride_w)
			a.TemporalKernel = l.KW
		default:
			a.SpatialChannels = append(a.SpatialChannels, l.Out)
			a.SpatialStride = append(a.SpatialStride, l.Stride_h)
			a.SpatialKernel = l.KH
			if strings.HasPrefix(l.Name, "Spatiotemporal") {
				a.TemporalStride = append(a.TemporalStride, l.Stride_w)
				a.TemporalKernel = l.KW
			}
		}
	}
	a.Layers = len(a.SpatialChannels)
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	return a
}

// short is the name of a parameter in the golden vectors.
func short(p *net.Param, head string) string {
	s := strings.Replace(p.Name, "Classifier", head, 1)
	for _, r := range [][2]string{{"/weights", "_w"}, {"/biases", "_b"}, {"/LayerNorm/gamma", "_gamma"}, {"/LayerNorm/beta", "_beta"}} {
		s = strings.Replace(s, r[0], r[1], 1)
	}
	return s
}

// goldenModel returns a model with the weights of a golden network, for
// classification ("cls") or regression ("reg"), and its batch.
func goldenModel(t *testing.T, c *golden.Case, head string) (*Model, *Batch) {
	var p struct {
		Family string
		Layers []layerJSON
	}
	c.Decode(t, &p)
	x, w := c.Array(t, "x"), c.Array(t, head+"_w")
	d := Dims{x.Shape[1], x.Shape[2], x.Shape[3]}
	n, err := net.NewFor(archOf(t, p.Family, p.Layers), d.Muscles, d.Channels, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	name := map[string]string{"cls": "classification", "reg": "regression"}[head]
	k, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(k, n, d, w.Shape[1], Switches{}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range m.Params() {
		copy(q.Data, c.Array(t, short(q, head)).Float32())
	}
	b := m.NewBatch(x.Shape[0])
	copy(b.X, x.Float32())
	if head == "cls" {
		copy(b.Y, c.Array(t, "labels").Float32())
		for i := range b.Keep {
			b.Keep[i] = 1
		}
	} else {
		y := sub(c.Array(t, "target"), m.Index)
		c.Compare(t, "float64", "reg_target", y)
		for i, v := range y {
			b.Y[i] = float32(v)
		}
	}
	return m, b
}

func one(b *Batch) func(int) (*Batch, error) { return func(int) (*Batch, error) { return b, nil } }

// The whole way of training on gorgonia against PyTorch: losses of ten steps,
// weights and moments after them.
func TestTenAdamSteps(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/net") {
		var p struct {
			Adam struct{ LR, Beta1, Beta2, Eps float64 }
		}
		c.Decode(t, &p)
		for _, head := range []string{"cls", "reg"} {
			m, b := goldenModel(t, c, head)
			tr, err := m.NewTrainer(b.N, b.N)
			if err != nil {
				t.Fatal(err)
			}
			a := net.NewAdam(p.Adam.LR)
			a.Beta1, a.Beta2, a.Eps = p.Adam.Beta1, p.Adam.Beta2, p.Adam.Eps
			losses := c.Array(t, head+"_adam10_losses")
			var got []float64
			var first []float64
			for range losses.Data {
				l, err := tr.Gradient(one(b), func(_ *Batch, pred []float32) {
					if first == nil {
						first = widen(pred)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, l)
				if err := a.Step(tr.Nodes()); err != nil {
					t.Fatal(err)
				}
			}
			c.Compare(t, "float32", head+"_adam10_losses", got)
			c.Compare(t, "float32", map[string]string{"cls": "cls_logits", "reg": "reg_pred"}[head], first)
			for i, q := range m.Params() {
				for infix, v := range map[string][]float32{"": q.Data, "m_": a.M32[i], "v_": a.V32[i]} {
					if name := head + "_adam10_" + infix + short(q, head); c.Has(t, name) {
						c.Compare(t, "float32", name, widen(v))
					}
				}
			}
			tr.Close()
		}
	}
}

func TestDropoutAndMetricsGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "nn/net") {
		m, b := goldenModel(t, c, "cls")
		for i, k := range c.Array(t, "dropout_keep").Data {
			b.Keep[i] = float32(k) / m.Task.Dropout
		}
		tr, err := m.NewTrainer(b.N, b.N)
		if err != nil {
			t.Fatal(err)
		}
		l, err := tr.Gradient(one(b), func(_ *Batch, pred []float32) { c.Compare(t, "float32", "cls_dropout_logits", widen(pred)) })
		if err != nil {
			t.Fatal(err)
		}
		c.Compare(t, "float32", "cls_dropout_loss", []float64{l})
		for i, q := range m.Params() {
			if name := "cls_dropout_grad_" + short(q, "cls"); c.Has(t, name) {
				g, err := tr.Nodes()[i].Grad()
				if err != nil {
					t.Fatal(err)
				}
				c.Compare(t, "float32", name, widen(values(g)))
			}
		}
		tr.Close()

		// Without dropout, by the evaluator.
		for _, head := range []string{"cls", "reg"} {
			m, b := goldenModel(t, c, head)
			e, err := m.NewEvaluator(b.N)
			if err != nil {
				t.Fatal(err)
			}
			pred, err := e.Predict(b)
			if err != nil {
				t.Fatal(err)
			}
			s := m.NewTally()
			s.Add(b, pred, b.N)
			if head == "cls" {
				c.Compare(t, "float32", "cls_logits", widen(pred))
				c.Compare(t, "float32", "cls_loss", []float64{s.Loss()})
			} else {
				c.Compare(t, "float32", "reg_mse", []float64{s.Loss()})
				c.Compare(t, "float32", "reg_med", []float64{s.Metric()})
			}
			e.Close()
		}
	}
}

// A source of random windows that holds all series of the tasks.
type noise struct {
	d    Dims
	n    int
	keys map[Key]int
	seed uint64
}

func newNoise(n int) noise {
	return noise{d: Dims{39, 48, 2}, n: n, keys: map[Key]int{Rates: 5}, seed: 7}
}

func (s noise) Len() int        { return s.n }
func (s noise) Dims() Dims      { return s.d }
func (s noise) Label(i int) int { return i%20 + 1 }
func (s noise) Has(k Key) bool  { return s.Rows(k) > 0 }
func (s noise) Rows(k Key) int {
	if n, ok := s.keys[k]; ok {
		return n
	}
	return k.Rows()
}
func (s noise) fill(i int, k Key, dst []float32) error {
	rng := rand.New(rand.NewPCG(s.seed, uint64(i)<<8+uint64(len(k))))
	for j := range dst {
		dst[j] = float32(rng.NormFloat64())
	}
	return nil
}
func (s noise) Input(i int, dst []float32) error         { return s.fill(i, "", dst) }
func (s noise) Target(i int, k Key, dst []float32) error { return s.fill(i, k, dst) }
func (s noise) Record(i int) string                      { return "noise" }
func (s noise) Span(i int) (int, int)                    { return i % 10, 30 + i%18 }

func archs() []net.Arch {
	return []net.Arch{
		net.Shallow(net.SpatialTemporal, []int{4, 6}, []int{6, 8}, 5, 2, 7, 2),
		net.Shallow(net.TemporalSpatial, []int{6, 8}, []int{4, 6}, 5, 2, 7, 2),
		net.Shallow(net.Spatiotemporal, []int{4, 8}, nil, 5, 2, 0, 0),
		net.Recurrent([]int{4, 6}, 10, 5, 2),
	}
}

func everyTask(t *testing.T) []Task {
	d, err := Lookup("data_driven")
	if err != nil {
		t.Fatal(err)
	}
	return append(All(), d)
}

func draw(seed uint64) Draw {
	return func(i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }
}

// Micro-batches are exact: the mean of the parts' gradients is that of the
// batch. Tolerance: rounding of float32 sums, some 1e-6 of the largest.
func TestPartsAreExact(t *testing.T) {
	src := newNoise(8)
	idx := []int{3, 1, 7, 0, 2, 5, 4, 6}
	for _, k := range everyTask(t) {
		for _, a := range archs() {
			if k.Head == Decoder && a.Family == net.LSTM {
				continue
			}
			var ref [][]float64
			var refLoss float64
			for _, part := range []int{8, 4, 1} {
				n, err := net.New(a, rand.New(rand.NewPCG(1, 1)))
				if err != nil {
					t.Fatal(err)
				}
				if err := k.Check(src); err != nil {
					t.Fatal(err)
				}
				m, err := NewModel(k, n, src.d, k.OutputsFor(src), Switches{BarlowNorm: NormStd}, rand.New(rand.NewPCG(1, 2)))
				if err != nil {
					t.Fatal(err)
				}
				tr, err := m.NewTrainer(8, part)
				if err != nil {
					t.Fatal(err)
				}
				_, size := tr.Parts()
				b := m.NewBatch(size)
				loss, err := tr.Gradient(func(i int) (*Batch, error) {
					at := func(seed uint64) Draw {
						d := draw(seed)
						return func(j int) *rand.Rand { return d(i*size + j) }
					}
					return b, m.Fill(b, src, src, idx[i*size:(i+1)*size], at(5), at(6))
				}, nil)
				if err != nil {
					t.Fatalf("%s on %s: %v", k.Name, a.Name(), err)
				}
				var grads [][]float64
				for _, g := range tr.Nodes() {
					v, err := g.Grad()
					if err != nil {
						t.Fatal(err)
					}
					grads = append(grads, widen(values(v)))
				}
				if ref == nil {
					ref, refLoss = grads, loss
					continue
				}
				golden.Close(t, k.Name+" loss", []float64{loss}, []float64{refLoss}, 1e-5)
				for i, p := range m.Params() {
					if peak(ref[i]) < 1e-6 { // a bias before a normalisation: zero up to rounding
						continue
					}
					golden.Close(t, k.Name+" on "+a.Name()+" "+p.Name, grads[i], ref[i], 2e-4)
				}
				tr.Close()
			}
		}
	}
}

func peak(v []float64) float64 {
	p := 0.0
	for _, x := range v {
		p = math.Max(p, math.Abs(x))
	}
	return p
}
