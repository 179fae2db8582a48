package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// published writes so many small networks as the published folders have them.
func published(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	k, err := task.Lookup("regression")
	if err != nil {
		t.Fatal(err)
	}
	arch := net.Shallow(net.SpatialTemporal, []int{4}, []int{4}, 7, 2, 9, 3)
	for i := range n {
		var two [2]*net.Network
		for j := range two {
			if two[j], err = net.New(arch, run.Stream(uint64(2*i+j))); err != nil {
				t.Fatal(err)
			}
		}
		m, err := task.NewModel(k, two[0], task.DefaultDims, k.Outputs, task.Switches{}, run.Stream(2))
		if err != nil {
			t.Fatal(err)
		}
		nan, seed := math.NaN(), uint64(i)
		err = train.WriteFolder(filepath.Join(dir, fmt.Sprintf("experiment_4016/net_%d", i)),
			train.Published{Model: m, Untrained: two[1], Seed: &seed, Train: nan, Validation: nan, ValidationLoss: nan, Test: 1})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A newcomer probes trained networks without training or finding any.
func TestProbePretrained(t *testing.T) {
	out := t.TempDir()
	said := must(t, "probe", "-session", "simulated:4", "-networks", "pretrained", "-untrained=false", "-out", out, "-limit", "20", "-linear", "none", "-ceiling=false")
	for _, want := range []string{"classification, temporal_spatial", "regress_ee_pos_vel, spatiotemporal", "regression, spatial_temporal"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in what it said:\n%s", want, said)
		}
	}
	if strings.Contains(said, probe.Untrained) {
		t.Errorf("untrained networks were not asked for:\n%s", said)
	}
}

// A run that is killed loses at most the network it was at; taken up again it
// ends with the bytes of one that never stopped.
func TestProbeKilled(t *testing.T) {
	nets := published(t, 5)
	args := func(out string) []string {
		return []string{"probe", "-session", "simulated:4", "-networks", nets, "-out", out, "-limit", "40", "-linear", "vel,m_len"}
	}
	whole, cut := t.TempDir(), t.TempDir()
	said := must(t, args(whole)...)
	for _, want := range []string{"mean EV", "untrained, spatial_temporal", "regression, spatial_temporal", "linear: hand velocity", "halves of spikes", "40 active trials", "690 rows"} {
		if !strings.Contains(said, want) {
			t.Errorf("the summary lacks %q:\n%s", want, said)
		}
	}
	child := program(args(cut)...)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	parts := func() []string {
		p, _ := filepath.Glob(filepath.Join(cut, "parts", "scores-*.csv"))
		return p
	}
	for wait := time.Now(); len(parts()) == 0 && time.Since(wait) < 3*time.Minute; {
		time.Sleep(5 * time.Millisecond)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	kept := parts()
	if len(kept) == 0 {
		t.Fatal("nothing was kept")
	}
	if _, err := os.Stat(filepath.Join(cut, "scores.csv")); err == nil {
		t.Log("the run was over before it was killed")
	}
	before, err := os.Stat(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	must(t, args(cut)...)
	if after, err := os.Stat(kept[0]); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("%s was made again (%v)", kept[0], err)
	}
	for _, name := range []string{"scores.csv", "scores.npz", "summary.csv", "summary.txt"} {
		a, err := os.ReadFile(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(cut, name)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs after the kill (%v)", name, err)
		}
	}
}

// Each condition and control is rows of its own, and switches off their default
// stand in the caption.
func TestProbeConditions(t *testing.T) {
	nets := published(t, 1)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"-condition", "passive", "-fix", "B2,a3,B12,strides"}, []string{"passive", "passive input in mm", "components of the training trials", "two samples", "at their strides"}},
		{[]string{"-condition", "active-as-passive", "-shuffle", "-untrained=false"}, []string{"active-as-passive", "active-as-passive, shuffled in time"}},
	} {
		out := t.TempDir()
		args := append([]string{"-session", "simulated:4", "-networks", nets, "-out", out, "-linear", "vel", "-ceiling=false"}, c.args...)
		var stderr bytes.Buffer
		if code := dispatch(context.Background(), append([]string{"probe"}, args...), &stderr); code != 0 {
			t.Fatalf("spindle probe %s: exit %d: %s", strings.Join(args, " "), code, &stderr)
		}
		text, err := os.ReadFile(filepath.Join(out, "summary.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: the summary lacks %q:\n%s", c.args, want, text)
			}
		}
		tab, err := probe.LoadCSV(filepath.Join(out, "scores.csv"))
		if err != nil || len(tab.Rows) == 0 {
			t.Fatalf("%d rows, error %v", len(tab.Rows), err)
		}
		for _, r := range tab.Rows {
			if math.IsNaN(r.EVTest) || math.IsNaN(r.EVTrain) {
				t.Errorf("unit %d by %s: EV %g and %g", r.Unit, r.Model, r.EVTrain, r.EVTest)
			}
		}
	}
}

func TestProbeMistakes(t *testing.T) {
	dir := t.TempDir()
	sample := filepath.Join("..", "lib", "recording", "testdata")
	broken := filepath.Join(dir, "nets", "a")
	if err := os.MkdirAll(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "config.yaml"), []byte("arch_type: spatial_temporal\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.mat")
	raw, err := os.ReadFile(filepath.Join(sample, "trialdata_v5.mat"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, raw[:len(raw)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{nil, "-session names the recording", 2},
		{[]string{"-session", "x.mat"}, "-out names the folder", 2},
		{[]string{"-session", "x.mat", "-out", out}, "no such file", 1},
		{[]string{"-session", "simulated:x", "-out", out}, "the seed a whole number", 1},
		{[]string{"-session", filepath.Join(sample, "muscles.txt"), "-out", out}, "a .mat, .nwb or .hdf5 file expected", 1},
		{[]string{"-session", cut, "-out", out}, "the file has", 1},
		{[]string{"-session", filepath.Join(sample, "trialdata_v5.mat"), "-out", out}, "2 training trials for 5 folds", 1},
		{[]string{"-session", "simulated:1", "-out", out, "-networks", filepath.Join(dir, "none")}, "no such file", 1},
		{[]string{"-session", "simulated:1", "-out", out, "-networks", out}, "networks: ", 1},
		{[]string{"-session", "simulated:1", "-out", out, "-networks", filepath.Dir(broken)}, `no key "nlayers"`, 1},
		{[]string{"-session", "simulated:1", "-out", out, "-condition", "asleep"}, "active, passive or active-as-passive", 2},
		{[]string{"-session", "simulated:1", "-out", out, "-linear", "vel,all"}, "stands alone", 2},
		{[]string{"-session", "simulated:1", "-out", out, "-linear", "smell"}, `no feature set "smell"`, 2},
		{[]string{"-session", "simulated:1", "-out", out, "-fix", "B99"}, `no defect "B99"`, 2},
		{[]string{"-session", "simulated:1", "-out", out, "-monkey", "bob"}, "there are snap", 2},
		{[]string{"-session", "simulated:1", "-out", out, "-split", "a.hdf5"}, "two files", 2},
		{[]string{"-session", "simulated:1", "-out", out, "-drop", "trial_71"}, "-muscles", 2},
		{[]string{"-session", "simulated:1", "-out", filepath.Join(cut, "x"), "-linear", "vel"}, "-out", 1},
		{[]string{"-session", filepath.Join(sample, "Test_20200101_passive_at100.hdf5"), "-out", out, "-condition", "active-as-passive"}, "needs both conditions", 1},
	} {
		var stderr bytes.Buffer
		if code := dispatch(context.Background(), append([]string{"probe"}, c.args...), &stderr); code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("spindle probe %s: exit %d, %q; want exit %d and %q", strings.Join(c.args, " "), code, stderr.String(), c.code, c.want)
		}
		if strings.Contains(stderr.String(), "probe: probe:") {
			t.Errorf("spindle probe %s: the command's name stands twice: %q", strings.Join(c.args, " "), stderr.String())
		}
	}
}
