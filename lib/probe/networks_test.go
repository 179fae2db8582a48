package probe_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// Folders are found at any depth; twins of two tasks are one network, listed once.
func TestOpenNetworks(t *testing.T) {
	arch := net.Shallow(net.Spatiotemporal, []int{4}, nil, 7, 2, 7, 2)
	twin, err := net.New(arch, run.Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i, name := range []string{"regression", "regress_ee_pos_vel"} { // hand position; hand position and velocity
		n, err := net.New(arch, run.Stream(uint64(10+i)))
		if err != nil {
			t.Fatal(err)
		}
		k, err := task.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := task.NewModel(k, n, task.DefaultDims, k.Outputs, task.Switches{}, run.Stream(2))
		if err != nil {
			t.Fatal(err)
		}
		nan := math.NaN()
		err = train.WriteFolder(filepath.Join(dir, "experiments", string(rune('a'+i)), arch.Name()),
			train.Published{Model: m, Untrained: twin, Train: nan, Validation: nan, ValidationLoss: nan, Test: 0.5 + float64(i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	nets, _, err := probe.OpenNetworks(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	var tasks []string
	for _, n := range nets {
		tasks = append(tasks, n.Task)
	}
	if len(nets) != 3 || nets[0].Task != "regression" || nets[1].Task != probe.Untrained || nets[2].Task != "regress_ee_pos_vel" {
		t.Fatalf("networks of %v", tasks)
	}
	if nets[0].TestMetric != 0.5 || nets[0].Experiment != "4016" || !math.IsNaN(nets[1].TestMetric) {
		t.Errorf("%+v", nets[0])
	}
	if nets, _, err = probe.OpenNetworks(dir, false); err != nil || len(nets) != 2 {
		t.Errorf("%d networks without twins, error %v", len(nets), err)
	}
	for _, bad := range []string{filepath.Join(dir, "absent"), t.TempDir()} {
		if _, _, err := probe.OpenNetworks(bad, true); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}
