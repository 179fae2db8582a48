package train

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/format/tfbundle"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

// What a run writes is read again as the same networks.
func TestFolderRoundTrip(t *testing.T) {
	for _, k := range []string{"classification", "hand_pos_vel", "torque", "bt", "autoencoder", "data_driven"} {
		for _, a := range small() {
			if k == "autoencoder" && a.Family == net.LSTM {
				continue
			}
			src := toys(64)
			if k == "data_driven" {
				src.Val = nil
			}
			cfg := Config{Task: k, Arch: a, Seed: 9, Batch: 16, Steps: 3, ValidateEvery: 1, Dir: t.TempDir()}
			r, err := RunOn(context.Background(), cfg, src)
			if err != nil {
				t.Fatal(err)
			}
			f, err := OpenFolder(cfg.Dir)
			if err != nil {
				t.Fatalf("%s on %s: %v", k, a.Name(), err)
			}
			if !reflect.DeepEqual(f.Arch, a) {
				t.Errorf("%s: architecture %+v, want %+v", k, f.Arch, a)
			}
			if !reflect.DeepEqual(weights(f.Network), weights(r.Network)) || !reflect.DeepEqual(weights(f.Untrained), weights(r.Untrained)) {
				t.Errorf("%s on %s: other weights", k, a.Name())
			}
			if f.Name != r.Name || f.Task.Name != r.Task.Name || f.Test != r.Test || f.Seed == nil || *f.Seed != 9 {
				t.Errorf("%s: %+v", k, f)
			}
			if len(f.Head) != len(r.Model.Head)+len(r.Model.Moving) {
				t.Errorf("%s: head of %d tensors, want %d", k, len(f.Head), len(r.Model.Head)+len(r.Model.Moving))
			}
			if (a.Family == net.LSTM) != (len(f.Notes) == 1) {
				t.Errorf("%s on %s: notes %v", k, a.Name(), f.Notes)
			}
		}
	}
}

// publishedByHand writes experiment_4015's worked example (spec/02, 5.4): 26
// tensors of the model, their two Adam slots each, and two powers; the
// configuration in PyYAML's style.
func publishedByHand(t *testing.T, dir string, edit func([]tfbundle.Tensor) []tfbundle.Tensor, yaml func(string) string) {
	t.Helper()
	shapes := map[string][]int{"Classifier/weights": {960, 20}, "Classifier/biases": {20}}
	for i, s := range [][]int{{7, 1, 2, 8}, {7, 1, 8, 16}, {7, 1, 16, 16}, {7, 1, 16, 32}} {
		shapes["Spatial"+string(rune('0'+i))+"/weights"] = s
	}
	for i, s := range [][]int{{1, 9, 32, 32}, {1, 9, 32, 32}, {1, 9, 32, 64}, {1, 9, 64, 64}} {
		shapes["Temporal"+string(rune('0'+i))+"/weights"] = s
	}
	for n, s := range shapes {
		if len(s) == 4 {
			layer, _, _ := strings.Cut(n, "/")
			shapes[layer+"/LayerNorm/beta"], shapes[layer+"/LayerNorm/gamma"] = s[3:], s[3:]
		}
	}
	var ts []tfbundle.Tensor
	rng := draws(3, "hand", 0, 0)(0)
	for n, s := range shapes {
		size := 1
		for _, d := range s {
			size *= d
		}
		for _, suffix := range []string{"", "/Adam", "/Adam_1"} {
			v := make([]float32, size)
			for i := range v {
				v[i] = float32(rng.NormFloat64())
			}
			ts = append(ts, tfbundle.NewFloat32("Network/"+n+suffix, s, v))
		}
	}
	ts = append(ts, tfbundle.NewFloat32("beta1_power", nil, []float32{0}), tfbundle.NewFloat32("beta2_power", nil, []float32{0.5}))
	if len(ts) != 80 {
		t.Fatalf("%d tensors, spec/02 counts 80", len(ts))
	}
	if edit != nil {
		ts = edit(ts)
	}
	if err := tfbundle.Write(filepath.Join(dir, "model.ckpt"), ts); err != nil {
		t.Fatal(err)
	}
	text := `arch_type: spatial_temporal
experiment_id: 4015
is_training: true
model_path: /media/data_cifs/someone/experiment_4015/spatial_temporal_4_8-16-16-32_32-32-64-64_7293
n_skernels: [8, 16, 16, 32]
n_tkernels: [32, 32, 64, 64]
name: spatial_temporal_4_8-16-16-32_32-32-64-64_7293
nclasses: 20
nlayers: 4.0
num_parameters: 0
s_kernelsize: 7.0
s_stride: 2.0
seed: null
t_kernelsize: 9.0
t_stride: 3.0
task_transfer: null
train_mean: 0
train_std: 0
validation_accuracy: 0.98046875
validation_loss: 0.071
test_accuracy: 0.979
`
	if yaml != nil {
		text = yaml(text)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPublishedFolder(t *testing.T) {
	dir := t.TempDir()
	publishedByHand(t, dir, nil, nil)
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	// 80,640 parameters of the encoder, 19,220 of the head: spec/02, 2.6.
	n, head := 0, 0
	for _, p := range f.Network.Params {
		n += len(p.Data)
	}
	for _, p := range f.Head {
		head += len(p.Data)
	}
	if n != 80640 || head != 19220 {
		t.Errorf("%d parameters and %d of the head, want 80640 and 19220", n, head)
	}
	if f.Task.Name != "classification" || f.Test != 0.979 || f.Validation != 0.98046875 || f.Seed != nil || f.Untrained != nil || len(f.Notes) != 0 {
		t.Errorf("%+v", f)
	}
	if f.Network.Arch.Name() != f.Name {
		t.Errorf("architecture %s, name %s", f.Network.Arch.Name(), f.Name)
	}
	// Ready for probing: the last layer's shape is that of the worked example.
	x := make([]float32, task.DefaultDims.Size())
	for i := range x {
		x[i] = float32(i % 13)
	}
	err = f.Network.Activations(context.Background(), x, 1, func(_ int, name string, shape [4]int, _ []float32) error {
		if name == "Temporal3" && shape != [4]int{1, 3, 5, 64} {
			t.Errorf("%s has shape %v", name, shape)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestForeignFolders(t *testing.T) {
	without := func(name string) func([]tfbundle.Tensor) []tfbundle.Tensor {
		return func(ts []tfbundle.Tensor) []tfbundle.Tensor {
			return slices.DeleteFunc(ts, func(x tfbundle.Tensor) bool { return x.Name == name })
		}
	}
	swap := func(x tfbundle.Tensor) func([]tfbundle.Tensor) []tfbundle.Tensor {
		return func(ts []tfbundle.Tensor) []tfbundle.Tensor { return append(without(x.Name)(ts), x) }
	}
	replace := func(a, b string) func(string) string {
		return func(s string) string { return strings.Replace(s, a, b, 1) }
	}
	for want, c := range map[string]struct {
		edit func([]tfbundle.Tensor) []tfbundle.Tensor
		yaml func(string) string
	}{
		"Network/Spatial2/weights":          {edit: without("Network/Spatial2/weights")},
		"Network/Temporal1/LayerNorm/gamma": {edit: swap(tfbundle.NewFloat32("Network/Temporal1/LayerNorm/gamma", []int{16, 2}, make([]float32, 32)))},
		"Network/Spatial0/LayerNorm/beta":   {edit: swap(tfbundle.NewFloat64("Network/Spatial0/LayerNorm/beta", []int{8}, make([]float64, 8)))},
		"Network/Spatial0/weights":          {edit: swap(tfbundle.NewFloat32("Network/Spatial0/weights", []int{7, 2, 8}, make([]float32, 112)))},
		"n_tkernels":                        {yaml: replace("n_tkernels", "tkernels")},
		"TemporalChannels":                  {yaml: replace("[32, 32, 64, 64]", "[32, 32, 64]")},
		"s_kernelsize":                      {yaml: replace("s_kernelsize: 7.0", "s_kernelsize: wide")},
		"SpatialKernel":                     {yaml: replace("s_kernelsize: 7.0", "s_kernelsize: 0")},
		"nlayers":                           {yaml: replace("nlayers: 4.0", "nlayers: 4.5")},
		"Family":                            {yaml: replace("spatial_temporal", "transformer")},
		"experiment_id":                     {yaml: replace("4015", "four")},
		"line 1":                            {yaml: func(string) string { return "- 1" }},
	} {
		dir := t.TempDir()
		publishedByHand(t, dir, c.edit, c.yaml)
		if _, err := OpenFolder(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := OpenFolder(t.TempDir()); err == nil || !strings.Contains(err.Error(), configFile) {
		t.Errorf("an empty folder: %v", err)
	}
	dir := t.TempDir()
	publishedByHand(t, dir, nil, nil)
	os.Remove(filepath.Join(dir, "model.ckpt.index"))
	if _, err := OpenFolder(dir); err == nil || !strings.Contains(err.Error(), "model.ckpt") {
		t.Errorf("no index: %v", err)
	}
}

// A configuration that tells of a network much larger than the bundle's is an
// error that names the tensor, and no memory is taken for such a network: 2 GB
// of weights here, and 8 MB would be noticed.
func TestLyingConfiguration(t *testing.T) {
	dir := t.TempDir()
	publishedByHand(t, dir, nil, func(s string) string {
		s = strings.Replace(s, "n_tkernels: [32, 32, 64, 64]", "n_tkernels: [32, 32, 64, 4096]", 1)
		return strings.Replace(s, "n_skernels: [8, 16, 16, 32]", "n_skernels: [8, 16, 4096, 4096]", 1)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := OpenFolder(dir)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), `"Network/Spatial2/weights" has shape [7 1 16 16], expected [7 1 16 4096]`) {
		t.Errorf("error is %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("%d bytes taken before the error", took)
	}
	// The same of an LSTM, whose weights are one tensor.
	text := `arch_type: lstm
rec_blocktype: lstm
n_recunits: 8000
npplayers: 1
nppfilters: [8]
s_kernelsize: 5
s_stride: 2
name: lstm_1_8_8000
`
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tfbundle.Write(filepath.Join(dir, "model.ckpt"), []tfbundle.Tensor{
		tfbundle.NewFloat32("Network/Spatial0/weights", []int{5, 1, 2, 8}, make([]float32, 80)),
		tfbundle.NewFloat32("Network/Spatial0/LayerNorm/beta", []int{8}, make([]float32, 8)),
		tfbundle.NewFloat32("Network/Spatial0/LayerNorm/gamma", []int{8}, make([]float32, 8)),
		tfbundle.NewFloat32("Network/RecurrentBlock/opaque_kernel", []int{100}, make([]float32, 100)),
	}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&before)
	_, err = OpenFolder(dir)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), `opaque_kernel" has shape [100]`) {
		t.Errorf("error is %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("%d bytes taken before the error", took)
	}
}

// A deep network's strides and a head's names survive; the names are those of
// spec/02, 5.4.
func TestPublishedNames(t *testing.T) {
	deep := net.Arch{Family: net.Spatiotemporal, Layers: 5, SpatialChannels: []int{4, 4, 4, 4, 8}, SpatialKernel: 3, TemporalKernel: 3,
		SpatialStride: []int{2, 1, 2, 1, 1}, TemporalStride: []int{1, 2, 1, 2, 1}}
	for k, want := range map[string][]string{
		"classification": {"Network/Classifier/biases", "Network/Classifier/weights"},
		"bt": {"Network/FC0/BatchNorm/beta", "Network/FC0/BatchNorm/moving_mean", "Network/FC0/BatchNorm/moving_variance", "Network/FC0/weights",
			"Network/FC1/BatchNorm/beta", "Network/FC1/BatchNorm/moving_mean", "Network/FC1/BatchNorm/moving_variance", "Network/FC1/weights",
			"Network/FC2/biases", "Network/FC2/weights"},
		"torque": {"Network/Classifier/biases", "Network/Classifier/weights", "Network/FC0/LayerNorm/beta", "Network/FC0/LayerNorm/gamma", "Network/FC0/weights"},
	} {
		cfg := Config{Task: k, Arch: deep, Batch: 16, Steps: 2, Dir: t.TempDir()}
		if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
			t.Fatal(err)
		}
		b, err := openBundle(filepath.Join(cfg.Dir, bestPrefix))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range b.names() {
			if !strings.HasPrefix(n, "Network/Spatiotemporal") {
				got = append(got, n)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", k, got, want)
		}
		if f, err := OpenFolder(cfg.Dir); err != nil || !reflect.DeepEqual(f.Arch, deep) {
			t.Errorf("%s: %v", k, err)
		}
	}
	// The step of a checkpoint can be read off TensorFlow's power: ln(p)/ln(0.999) − 1.
	cfg := Config{Task: "hand_pos", Arch: small()[0], Batch: 16, Steps: 5, Dir: t.TempDir()}
	if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
		t.Fatal(err)
	}
	b, err := openBundle(filepath.Join(cfg.Dir, checkpointName(5)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.floats("beta2_power", nil)
	if err != nil || math.Abs(math.Log(float64(p[0]))/math.Log(0.999)-1-5) > 1e-3 {
		t.Errorf("beta2_power %v, %v", p, err)
	}
}

// The published snapshots are the weights after the update of their step:
// those that a run of one step more ends with. The shares of data-driven
// training put three of them into a short run.
func TestSnapshots(t *testing.T) {
	src := toys(64)
	src.Val = nil
	cfg := Config{Task: "data_driven", Arch: small()[2], Seed: 2, Batch: 16, Steps: 20, Dir: t.TempDir()}
	if _, err := RunOn(context.Background(), cfg, src); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(cfg.Dir, "model_*.ckpt.index"))
	if err != nil || len(files) != 4 { // of steps 0, 2, 5 and 7
		t.Errorf("%v, %v", files, err)
	}
	for step, name := range map[int]string{2: "model_2.ckpt", 5: "model_5.ckpt", 7: "model_7.ckpt"} {
		c := cfg
		c.Dir, c.Steps = "", step+1
		r, err := RunOn(context.Background(), c, src)
		if err != nil {
			t.Fatal(err)
		}
		b, err := openBundle(filepath.Join(cfg.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Model.Params() {
			v, err := b.floats(scope+p.Name, p.Shape)
			if err != nil || !reflect.DeepEqual(v, p.Data) {
				t.Errorf("%s: %s differs (%v)", name, p.Name, err)
			}
		}
		if _, err := readYAML(filepath.Join(cfg.Dir, strings.Replace(strings.Replace(name, "model", "config", 1), ".ckpt", ".yaml", 1))); err != nil {
			t.Error(err)
		}
	}
}
