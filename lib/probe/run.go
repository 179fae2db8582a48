package probe

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
)

// A Network is a network to probe, with what the table says of it.
type Network struct {
	Name       string // default the architecture's name
	Task       string // a task's code name, or "untrained", "datadriven"
	Experiment string
	Net        *net.Network
	Seed       uint64

	// The network's scores on its own task; NaN, or all zero, where unknown.
	ValMetric, TestMetric, TrainMetric float64
}

// Untrained is the Task of networks with initial weights.
const Untrained = "untrained"

// Options says how networks are probed. The zero value is the published way.
type Options struct {
	Layer  LayerOptions
	Layers []string // names such as "Spatial0"; default all
	Batch  int      // trials in a batch of the incremental PCA; default 100

	// Components is the most components kept of a layer; default 75.
	Components int
	// PCATrainOnly fits components on the training trials alone; the published
	// code takes all (spec/03, A3).
	PCATrainOnly bool

	// Dir, if not empty, keeps each network's scores as they are found, so that
	// a run that was stopped goes on where it was. A file holds for one session,
	// split, network and set of options.
	Dir string

	Memory   int64 // bytes that components and their sums may take; default 768 MiB
	Progress run.Progress
}

// Run probes every layer of every network: the table has a row per unit, layer
// and network. Networks are passed over forward only, some layers at a time, so
// that memory stays within opt.Memory and the size of the inputs, whatever the
// number of trials.
//
// With fewer trials than a batch there is one batch (the published code fails);
// with fewer rows than components in the first batch, components are as many as
// rows less one.
func Run(ctx context.Context, a *recording.Aligned, networks []Network, opt Options) (*Table, error) {
	if a.Input == nil {
		return nil, fmt.Errorf("probe: %s has no muscle input: give it muscles first", a.Name)
	}
	t := &Table{Caption: caption(a, opt.switches()...)}
	kept := newStore(a, opt)
	for i, n := range networks {
		opt.Progress.Report(i, len(networks), n.name())
		part, err := kept.run(ctx, a, n, opt)
		if err != nil {
			return nil, err
		}
		t.Append(part)
	}
	opt.Progress.Report(len(networks), len(networks), "")
	t.warn(a)
	return t, nil
}

func (n *Network) name() string {
	if n.Name != "" {
		return n.Name
	}
	return n.Net.Arch.Name()
}

// runNetwork probes one network.
func runNetwork(ctx context.Context, a *recording.Aligned, n Network, opt Options) (*Table, error) {
	shapes, err := n.Net.Arch.Shapes(recording.NumMuscles, recording.Window, 2)
	if err != nil {
		return nil, err
	}
	var layers []int
	for i, s := range shapes {
		if opt.Layers == nil || slices.Contains(opt.Layers, s.Name) {
			layers = append(layers, i)
		}
	}
	if len(layers) == 0 {
		return nil, fmt.Errorf("probe: %s has none of the layers %s", n.name(), strings.Join(opt.Layers, ", "))
	}
	t := &Table{}
	strides := make([]int, len(shapes)) // total stride over time
	total := 1
	for i, s := range shapes {
		total *= max(s.StrideT, 1)
		strides[i] = total
	}
	for at := 0; at < len(layers); {
		group, err := nextGroup(a, shapes, layers[at:], opt)
		if err != nil {
			return nil, err
		}
		comps, err := reduce(ctx, a, n.Net, shapes, group, opt)
		if err != nil {
			return nil, named(n.name(), err)
		}
		for g, l := range group {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			lo := opt.Layer
			if lo.Stride == 0 {
				lo.Stride = strides[l]
			}
			f, err := FitLayer(comps[g], a, lo)
			if err != nil {
				return nil, named(n.name()+": "+shapes[l].Name, err)
			}
			comps[g] = nil
			for u := range a.Units {
				r := networkRow(a, u, f, &n, shapes, l)
				if lo.Shuffle {
					r.Condition += shuffled
				}
				t.Rows = append(t.Rows, r)
			}
		}
		at += len(group)
	}
	return t, nil
}

func (o Options) components(features int) int {
	k := NumComponents(features)
	if o.Components > 0 {
		k = min(k, o.Components)
	}
	return k
}

// switches names what is off the published default.
func (o Options) switches() []string {
	s := o.Layer.switches()
	if o.Components != 0 && o.Components != MaxComponents {
		s = append(s, fmt.Sprintf("%d components", o.Components))
	}
	if o.Batch != 0 && o.Batch != 100 {
		s = append(s, fmt.Sprintf("components in batches of %d trials", o.Batch))
	}
	if o.PCATrainOnly {
		s = append(s, "components of the training trials")
	}
	return s
}

func (o LayerOptions) switches() []string {
	var s []string
	if o.Outlier != PublishedBound {
		s = append(s, "outliers repaired by two samples on either side")
	}
	if o.Strides {
		s = append(s, "layers sampled at their strides")
	}
	r := o.Ridge
	if r.Penalties != nil || r.Folds != 0 && r.Folds != 5 || r.FoldSeed != 0 && r.FoldSeed != defaultSeed || r.FoldOf != nil {
		s = append(s, "other penalties or folds")
	}
	return s
}

// nextGroup takes as many layers as fit in memory together, at least one.
func nextGroup(a *recording.Aligned, shapes []net.LayerShape, layers []int, opt Options) ([]int, error) {
	limit := opt.Memory
	if limit == 0 {
		limit = 768 << 20
	}
	var sum int64
	for i, l := range layers {
		s := shapes[l]
		d := int64(s.OutH) * int64(s.OutC)
		if d < 2 {
			return nil, fmt.Errorf("probe: layer %s has %d feature: at least 2 expected", s.Name, d)
		}
		k := int64(opt.components(int(d)))
		sum += 8*min(d*d, (100*int64(s.OutT)+k+1)*d) + 8*2048*d + 4*int64(a.Trials())*int64(s.OutT)*k
		if sum > limit && i > 0 {
			return layers[:i], nil
		}
	}
	return layers, nil
}

// reduce passes all trials through the network twice: to fit the components of
// the layers of group, and to take their scores.
func reduce(ctx context.Context, a *recording.Aligned, n *net.Network, shapes []net.LayerShape, group []int, opt Options) ([]*Components, error) {
	batch := opt.Batch
	if batch == 0 {
		batch = 100
	}
	fit := make([]int, a.Trials())
	for i := range fit {
		fit[i] = i
	}
	if opt.PCATrainOnly {
		fit = slices.Sorted(slices.Values(a.Train))
	}
	names := make([]string, len(group))
	pcas := make([]*IncrementalPCA, len(group))
	place := map[string]int{}
	first := min(batch, len(fit))
	for g, l := range group {
		s := shapes[l]
		d := s.OutH * s.OutC
		k := min(opt.components(d), max(1, first*s.OutT-1))
		names[g], place[s.Name] = s.Name, g
		pcas[g] = NewIncrementalPCA(d, k)
	}
	size := recording.NumMuscles * recording.Window * 2
	var rows []float32
	forward := func(trials []int, use func(g, first, trials, time int, rows []float32)) error {
		const some = 8
		in := make([]float32, 0, some*size)
		for at := 0; at < len(trials); at += some {
			if err := ctx.Err(); err != nil {
				return err
			}
			m := min(some, len(trials)-at)
			in = in[:0]
			for _, i := range trials[at : at+m] {
				in = append(in, a.Input[i*size:(i+1)*size]...)
			}
			err := n.Activations(ctx, in, m, func(_ int, name string, shape [4]int, data []float32) error {
				rows = byTime(rows, data, shape)
				use(place[name], at, shape[0], shape[2], rows)
				return nil
			}, names...)
			if err != nil {
				return err
			}
		}
		return nil
	}
	for at := 0; at < len(fit); at += batch {
		part := fit[at:min(at+batch, len(fit))]
		for g, l := range group {
			if err := pcas[g].Begin(len(part) * shapes[l].OutT); err != nil {
				return nil, fmt.Errorf("%s: %w", shapes[l].Name, err)
			}
		}
		err := forward(part, func(g, _, _, _ int, rows []float32) { pcas[g].Add(rows) })
		if err != nil {
			return nil, err
		}
		for g, l := range group {
			if err := pcas[g].End(); err != nil {
				return nil, fmt.Errorf("%s: %w", shapes[l].Name, err)
			}
		}
	}
	out := make([]*Components, len(group))
	for g, l := range group {
		pcas[g].release()
		out[g] = &Components{Trials: a.Trials(), Time: shapes[l].OutT, K: pcas[g].K,
			Data: make([]float32, a.Trials()*shapes[l].OutT*pcas[g].K)}
	}
	all := make([]int, a.Trials())
	for i := range all {
		all[i] = i
	}
	var scores []float64
	err := forward(all, func(g, first, trials, time int, rows []float32) {
		k := pcas[g].K
		scores = grow(scores, trials*time*k)
		pcas[g].Transform(scores, rows)
		dst := out[g].Data[first*time*k:]
		for i, v := range scores {
			dst[i] = float32(v)
		}
	})
	return out, err
}

// byTime lays activations [sample][muscle][time][channel] out as rows (sample,
// time) of columns muscle·channels+channel.
func byTime(dst, x []float32, shape [4]int) []float32 {
	n, h, t, c := shape[0], shape[1], shape[2], shape[3]
	if cap(dst) < len(x) {
		dst = make([]float32, len(x))
	}
	dst = dst[:len(x)]
	forEach(n, func(_, i int) {
		for s := range h {
			for k := range t {
				copy(dst[((i*t+k)*h+s)*c:][:c], x[((i*h+s)*t+k)*c:])
			}
		}
	})
	return dst
}

func networkRow(a *recording.Aligned, u int, f *LayerFit, n *Network, shapes []net.LayerShape, layer int) Row {
	r := newRow(a, u, f)
	arch := n.Net.Arch
	s := shapes[layer]
	r.Experiment, r.Task, r.Model, r.Family, r.Seed = n.Experiment, n.Task, n.name(), string(arch.Family), n.Seed
	r.ValMetric, r.TestMetric, r.TrainMetric = n.ValMetric, n.TestMetric, n.TrainMetric
	if n.ValMetric == 0 && n.TestMetric == 0 && n.TrainMetric == 0 {
		r.ValMetric, r.TestMetric, r.TrainMetric = math.NaN(), math.NaN(), math.NaN()
	}
	r.Layer, r.LayerName, r.MaxLayer = layer, s.Name, arch.Depth()
	r.LayerType = strings.TrimRight(s.Key(), "0123456789")
	r.SKernel, r.TKernel = arch.SpatialKernel, arch.TemporalKernel
	if len(arch.SpatialStride) > 0 {
		r.SStride = arch.SpatialStride[0]
	}
	if len(arch.TemporalStride) > 0 {
		r.TStride = arch.TemporalStride[0]
	}
	join := func(v []int) string {
		var b []string
		for _, x := range v {
			b = append(b, strconv.Itoa(x))
		}
		return strings.Join(b, "-")
	}
	r.SChannels, r.TChannels = join(arch.SpatialChannels), join(arch.TemporalChannels)
	return r
}

// newRow is the part of a row that all models share.
func newRow(a *recording.Aligned, u int, f *LayerFit) Row {
	r := Row{Unit: u, Monkey: a.Animal, Session: a.Name, Area: a.Area, Condition: string(a.Condition),
		EVTrain: f.EVTrain[u], EVTest: f.EVTest[u], Penalty: f.Penalty(u), Features: f.Features, Outliers: f.Outliers,
		ValMetric: math.NaN(), TestMetric: math.NaN(), TrainMetric: math.NaN(), Ceiling: math.NaN(), Truth: a.Units[u].Truth}
	if c := a.Units[u].Ceiling; c > 0 {
		r.Ceiling = c
	}
	return r
}

// shuffled follows the condition of rows whose regressors were shuffled in time.
const shuffled = ", shuffled in time"

// named puts what an error concerns behind the package's name, which it may
// bring with it.
func named(what string, err error) error {
	return &namedError{what, err}
}

type namedError struct {
	what string
	err  error
}

func (e *namedError) Error() string {
	return "probe: " + e.what + ": " + strings.TrimPrefix(e.err.Error(), "probe: ")
}

func (e *namedError) Unwrap() error { return e.err }

// caption states data and sizes.
func caption(a *recording.Aligned, switches ...string) string {
	c := fmt.Sprintf("%s: %d units, %d %s trials (%d to train, %d to test)", a.Source, len(a.Units), len(a.Train)+len(a.Test), a.Condition, len(a.Train), len(a.Test))
	if a.Arm != "" {
		c += "; " + a.Arm
	}
	if off := append(slices.Clone(a.Switches), switches...); len(off) > 0 {
		c += "; off the published default: " + strings.Join(off, ", ")
	}
	return c
}

// warn notes units whose scores say nothing: EV is 1 by definition where a unit
// is silent and predicted silent, and 0 where it is silent in one of the sets.
func (t *Table) warn(a *recording.Aligned) {
	var silent, once []int
	for u := range a.Units {
		train, test := 0, 0
		for _, i := range a.Train {
			if fires(a.Rates[i], u, len(a.Units)) {
				train++
			}
		}
		for _, i := range a.Test {
			if fires(a.Rates[i], u, len(a.Units)) {
				test++
			}
		}
		switch {
		case train == 0 || test == 0:
			silent = append(silent, u)
		case train == 1:
			once = append(once, u)
		}
	}
	// Components are no more than features; with fewer rows than they are, only
	// the penalty keeps the fit from passing through every point.
	rows, most := 0, 0
	for _, d := range durations(a, a.Train) {
		rows += d
	}
	for i := range t.Rows {
		most = max(most, t.Rows[i].Features)
	}
	if rows <= most {
		t.Warnings = append(t.Warnings, fmt.Sprintf("there are %d training rows, no more than some models have regressors: EV in training says nothing of these", rows))
	}
	if len(silent) > 0 {
		t.Warnings = append(t.Warnings, fmt.Sprintf("units %v are silent in training or test trials: their EV is 1 or 0 by definition", silent))
	}
	if len(once) > 0 {
		t.Warnings = append(t.Warnings, fmt.Sprintf("units %v fire in one training trial only: every penalty scores 0", once))
	}
}

func fires(rates []float64, u, units int) bool {
	for i := u; i < len(rates); i += units {
		if rates[i] != 0 {
			return true
		}
	}
	return false
}
