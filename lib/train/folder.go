package train

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// Files of a published network folder (spec/02, 5.1).
const (
	configFile     = "config.yaml"
	bestPrefix     = "model.ckpt"
	firstPrefix    = "model_0.ckpt"
	checkpointList = "checkpoint"
)

// A Folder is a published network, or one of ours in the same form.
type Folder struct {
	Dir        string
	Name       string // as the configuration has it
	Arch       net.Arch
	Experiment int
	// Task is the one that the experiment number stands for; its Name is empty
	// if the number is not in the table.
	Task task.Task
	Seed *uint64 // of an LSTM, or of one of our networks; nil if none is stated

	Network   *net.Network
	Untrained *net.Network // of model_0.ckpt; nil if there is none
	Head      []*net.Param // what else the bundle holds, without optimiser state

	// As the configuration states them; NaN if it does not.
	Test, Validation, ValidationLoss float64

	// Notes say what could not be checked.
	Notes []string
}

// OpenFolder reads config.yaml, model.ckpt and, where it is there,
// model_0.ckpt. The networks are ready for probing.
func OpenFolder(dir string) (*Folder, error) {
	path := filepath.Join(dir, configFile)
	m, err := readYAML(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("train: %s: no %s: expected a network folder with %s and %s.index", dir, configFile, configFile, bestPrefix)
	}
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	f := &Folder{Dir: dir}
	if f.Arch, err = archOf(m); err != nil {
		return nil, fmt.Errorf("train: %s: %w", path, err)
	}
	if f.Name, err = m.str("name"); err != nil {
		f.Name = filepath.Base(dir)
	}
	if m.has("experiment_id") {
		if f.Experiment, err = m.int("experiment_id"); err != nil {
			return nil, fmt.Errorf("train: %s: %w", path, err)
		}
	}
	f.Task, _ = task.OfExperiment(f.Experiment)
	if n, err := m.int("seed"); err == nil && n >= 0 {
		u := uint64(n)
		f.Seed = &u
	}
	f.Test = first(m, "test_accuracy", "test_loss", "accuracy")
	f.Validation, f.ValidationLoss = first(m, "validation_accuracy"), first(m, "validation_loss")
	if f.Network, f.Head, err = f.read(bestPrefix); err != nil {
		return nil, fmt.Errorf("train: %s: %w", filepath.Join(dir, bestPrefix), err)
	}
	switch _, err := os.Stat(filepath.Join(dir, firstPrefix+".index")); {
	case err == nil:
		if f.Untrained, _, err = f.read(firstPrefix); err != nil {
			return nil, fmt.Errorf("train: %s: %w", filepath.Join(dir, firstPrefix), err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("train: %w", err)
	}
	if f.Arch.Family == net.LSTM {
		f.Notes = append(f.Notes, "the order of gates in the LSTM's flat kernel (i, f, g, o; input before recurrent weights, then both biases) is cuDNN's usual one and was not verified against a published checkpoint")
	}
	return f, nil
}

func first(m yamlMap, keys ...string) float64 {
	for _, k := range keys {
		if v, err := m.float(k); err == nil {
			return v
		}
	}
	return math.NaN()
}

// read reads one bundle: three tensors per convolution, one for an LSTM, and
// whatever belongs to the head.
func (f *Folder) read(prefix string) (*net.Network, []*net.Param, error) {
	b, err := openBundle(filepath.Join(f.Dir, prefix))
	if err != nil {
		return nil, nil, err
	}
	muscles, channels, err := f.inputs(b)
	if err != nil {
		return nil, nil, err
	}
	if err := f.fits(b, muscles, channels); err != nil {
		return nil, nil, err
	}
	n, err := net.NewFor(f.Arch, muscles, channels, run.Stream(0))
	if err != nil {
		return nil, nil, err
	}
	if err := b.fill(n.Params, data(n.Params), ""); err != nil {
		return nil, nil, err
	}
	head, err := f.head(b, n)
	return n, head, err
}

// inputs finds for how many muscles and channels the network was made.
func (f *Folder) inputs(b *bundle) (muscles, channels int, err error) {
	d := task.DefaultDims
	shapes, err := f.Arch.Shapes(d.Muscles, d.Time, d.Channels)
	if err != nil {
		return 0, 0, err
	}
	name := scope + shapes[0].Name + "/weights"
	shape, ok := b.shape(name)
	if !ok {
		return 0, 0, fmt.Errorf("no tensor %q", name)
	}
	if len(shape) != 4 || shape[2] < 1 || shape[2] > 64 {
		return 0, 0, fmt.Errorf("tensor %q has shape %v, expected [kh kw in out]", name, shape)
	}
	return d.Muscles, shape[2], nil
}

// fits compares the shapes of a bundle's tensors with the architecture, before
// a network of that size is made.
func (f *Folder) fits(b *bundle, muscles, channels int) error {
	shapes, err := f.Arch.Shapes(muscles, 1, channels)
	if err != nil {
		return err
	}
	for _, s := range shapes {
		if s.StrideT == 0 { // the LSTM
			if err := b.is(scope+opaqueName, []int{s.Weights}); err != nil {
				return err
			}
			continue
		}
		for _, p := range []struct {
			name  string
			shape []int
		}{{"/weights", []int{s.KernelH, s.KernelT, s.InC, s.OutC}}, {"/LayerNorm/beta", []int{s.OutC}}, {"/LayerNorm/gamma", []int{s.OutC}}} {
			if err := b.is(scope+s.Name+p.name, p.shape); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxHead bounds the values of a head that are read: four times the largest of
// the public list.
const maxHead = 1 << 30

func (f *Folder) head(b *bundle, n *net.Network) ([]*net.Param, error) {
	var out []*net.Param
	size := 0
	for _, name := range b.names() {
		short, ok := strings.CutPrefix(name, scope)
		if !ok || strings.HasSuffix(name, "/Adam") || strings.HasSuffix(name, "/Adam_1") || short == opaqueName {
			continue
		}
		if _, is := n.Param(short); is {
			continue
		}
		shape, _ := b.shape(name)
		p := &net.Param{Name: short, Shape: slices.Clone(shape)}
		for k, d := 1, 0; d < len(shape); d++ {
			if k *= max(shape[d], 1); k > maxHead-size {
				return nil, fmt.Errorf("tensor %q has shape %v: more than %d values of a head", name, shape, maxHead)
			}
		}
		var err error
		if p.Data, err = b.floats(name, shape); err != nil {
			return nil, err
		}
		size += len(p.Data)
		out = append(out, p)
	}
	return out, nil
}

// A Published network is what WriteFolder writes.
type Published struct {
	Model     *task.Model
	Untrained *net.Network // may be nil
	Seed      *uint64
	// Measures written to config.yaml; NaN leaves one out.
	Train, Validation, ValidationLoss, Test float64
}

// WriteFolder writes a network as the published folders have them. The
// optimiser's state is not in it.
func WriteFolder(dir string, p Published) error {
	m := p.Model
	arrays := append(published(m.Params(), data(m.Params()), ""), published(m.Moving, data(m.Moving), "")...)
	if err := writeBundle(filepath.Join(dir, bestPrefix), arrays); err != nil {
		return err
	}
	list := []string{bestPrefix}
	if p.Untrained != nil {
		if err := writeBundle(filepath.Join(dir, firstPrefix), published(p.Untrained.Params, data(p.Untrained.Params), "")); err != nil {
			return err
		}
		list = append(list, firstPrefix)
	}
	if err := writeText(filepath.Join(dir, configFile), configYAML(m, p)); err != nil {
		return err
	}
	return writeText(filepath.Join(dir, checkpointList), checkpointText(list))
}

// checkpointText is TensorFlow's list of the bundles of a folder.
func checkpointText(list []string) string {
	s := fmt.Sprintf("model_checkpoint_path: %q\n", list[0])
	for _, l := range list {
		s += fmt.Sprintf("all_model_checkpoint_paths: %q\n", l)
	}
	return s
}

func writeText(path, text string) error {
	return run.WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// configYAML writes the model's attributes in alphabetical order, then the
// measures (spec/02, 5.2).
func configYAML(m *task.Model, p Published) string {
	a := m.Net.Arch
	v := map[string]any{"arch_type": string(a.Family), "experiment_id": experiment(m.Task, a), "is_training": true,
		"model_path": ".", "name": publishedName(m.Task, a), "num_parameters": 0, "s_kernelsize": a.SpatialKernel,
		"s_stride": stride(a, a.SpatialStride), "seed": nil}
	if p.Seed != nil {
		v["seed"] = *p.Seed
	}
	if a.Family == net.LSTM {
		v["rec_blocktype"], v["n_recunits"], v["npplayers"], v["nppfilters"] = "lstm", a.Units, a.Layers, a.SpatialChannels
	} else {
		temporal := a.TemporalChannels
		if a.Family == net.Spatiotemporal {
			temporal = a.SpatialChannels
		}
		v["nlayers"], v["n_skernels"], v["n_tkernels"] = a.Layers, a.SpatialChannels, temporal
		v["t_kernelsize"], v["t_stride"] = a.TemporalKernel, stride(a, a.TemporalStride)
	}
	switch m.Task.Head {
	case task.Classifier:
		v["nclasses"] = m.Outputs
	case task.Projector:
		v["nclasses"], v["lambd"], v["nlayers_fc"], v["nunits"], v["with_projector"] = 20, task.Lambda, 3, m.Outputs, true
	default:
		v["n_outputs"] = m.Outputs
	}
	if m.Task.Head == task.TorqueHead {
		v["nlayers_fc"], v["nunits"], v["projector_rl"] = 1, 128, true
	}
	if m.Task.Head == task.Decoder {
		s, t := slices.Clone(a.SpatialChannels), slices.Clone(a.TemporalChannels)
		slices.Reverse(s)
		slices.Reverse(t)
		v["decoder"], v["n_skernels_trans"], v["n_tkernels_trans"] = true, s, t
	}
	var keys []string
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var w yamlWriter
	for _, k := range keys {
		w.put(k, v[k])
	}
	w.put("train_mean", 0)
	w.put("train_std", 0)
	loss := m.Task.Loss == task.LossBarlow
	for _, e := range []struct {
		key string
		v   float64
		on  bool
	}{{"train_accuracy", p.Train, !loss}, {"validation_accuracy", p.Validation, !loss}, {"validation_loss", p.ValidationLoss, true},
		{"test_accuracy", p.Test, !loss}, {"test_loss", p.Test, loss}} {
		if e.on && !math.IsNaN(e.v) {
			w.put(e.key, e.v)
		}
	}
	return w.String()
}

// experiment is the published number of a task's networks of one kind.
func experiment(t task.Task, a net.Arch) int {
	switch {
	case a.Family == net.LSTM:
		return t.Experiments[2]
	case a.Deep():
		return t.Experiments[1]
	}
	return t.Experiments[0]
}

// publishedName is the network's name among those of a task.
func publishedName(t task.Task, a net.Arch) string {
	if t.Infix {
		return a.RegressionName()
	}
	return a.Name()
}
