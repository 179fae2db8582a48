package paper

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// published writes a small data set in the published layout (spec/01, 2.9) and
// returns the movements that are in it.
func published(t *testing.T, dir string) []movement.Movement {
	t.Helper()
	ctx := context.Background()
	g, err := movement.NewGenerator("snap", movement.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var few []stroke.Stroke
	for _, s := range stroke.Embedded().DrawSet(6, 1).Strokes {
		if s.Label <= 2 {
			few = append(few, s)
		}
	}
	ms, _, err := g.Generate(ctx, few, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dataset.FromMovements(ms, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := dataset.WriteHDF5(ctx, dir, d, dataset.ExportOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	return ms
}

// The published files are found below the folder, cut to the samples that are
// asked for, and give back the movements that were written.
func TestPublishedData(t *testing.T) {
	t.Setenv(figure.ZenodoEnv, "")
	if d, err := Data(1, 0); d != nil || err != nil {
		t.Fatalf("without a folder: %v, %v", d, err)
	}
	dir := t.TempDir()
	t.Setenv(figure.ZenodoEnv, dir)
	if d, err := Data(1, 0); d != nil || err != nil {
		t.Fatalf("in an empty folder: %v, %v", d, err)
	}
	sub := filepath.Join(dir, "pcr_dataset")
	ms := published(t, sub)
	d, err := Data(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	total := d.Train.Len() + d.Val.Len() + d.Test.Len()
	if total > len(ms) || total < len(ms)/2 || d.Source != "the paper's data set dataset_*_snap_scaled_fin1_10all.hdf5" {
		t.Errorf("%d samples of %d: %s", total, len(ms), d.Source)
	}
	letters, err := Letters(t.Context(), d, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(letters) != d.Train.Len() {
		t.Errorf("%d letters of %d", len(letters), d.Train.Len())
	}
	for _, l := range letters {
		found := false
		for i := range ms {
			m := &ms[i]
			found = found || l.Label == m.Label && near(l.Joints, m.Joints, 1e-4) && near(l.Hand, m.Hand, 1e-4) && near(l.Elbow, m.Elbow, 1e-4)
		}
		if !found {
			t.Errorf("a letter %d of %d samples is none of those that were written", l.Label, l.Len())
		}
	}
	if d, err = Data(1, 8); err != nil || d.Train.Len() != 8 || d.Val.Len() > 2 || d.Test.Len() > 4 {
		t.Errorf("%v: %d, %d and %d samples", err, d.Train.Len(), d.Val.Len(), d.Test.Len())
	}
	// Without the training file the test file serves all, and the caption says so.
	if err := os.Remove(filepath.Join(sub, dataset.FileName("train", dataset.PaperName))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(sub, dataset.FileName("val", dataset.PaperName))); err != nil {
		t.Fatal(err)
	}
	rest := d.Test.Len()
	if d, err = Data(1, 0); err != nil {
		t.Fatal(err)
	}
	if n := d.Train.Len() + d.Test.Len() + d.Val.Len(); n < rest || d.Train.Len() == 0 ||
		!strings.Contains(d.Source, "dataset_train_snap_scaled_fin1_10all.hdf5 and dataset_val_snap_scaled_fin1_10all.hdf5 missing: samples of dataset_test_") {
		t.Errorf("%d samples: %s", n, d.Source)
	}
	// One that is no HDF5 file is an error that names it.
	bad := filepath.Join(sub, dataset.FileName("test", dataset.PaperName))
	if err := os.WriteFile(bad, []byte("no data"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Data(1, 0); err == nil || !strings.Contains(err.Error(), dataset.PaperName) {
		t.Errorf("a damaged file: %v", err)
	}
}

// near tells whether the rows agree where the window holds the movement: up to
// samples at its ends in which no muscle moves.
func near(got, want [][]float64, tolerance float64) bool {
	n, k := len(want[0]), len(got[0])
	for shift := 0; shift+k <= n && shift < 4; shift++ {
		same := n-k < 4
		for r := range want {
			for i := range got[r] {
				same = same && math.Abs(got[r][i]-want[r][i+shift]) < tolerance
			}
		}
		if same {
			return true
		}
	}
	return false
}

// Checkpoints in the published layout are found, chosen evenly, probed with
// their untrained twins, and what is missing is said.
func TestPublishedNetworks(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(figure.ZenodoEnv, dir)
	if n, err := OpenNetworks(t.Context(), 0); err != nil || len(n.Folders) != 0 || n.Source != "" {
		t.Fatalf("in an empty folder: %+v, %v", n, err)
	}
	k, err := task.Lookup("regress_ee_pos_vel")
	if err != nil {
		t.Fatal(err)
	}
	archs, err := net.ParseNames("spatiotemporal_1_8_7272", "spatiotemporal_2_8-8_5252", "spatial_temporal_1_8_8_7272")
	if err != nil {
		t.Fatal(err)
	}
	experiment := fmt.Sprintf("experiment_%d", k.Experiments[0])
	for i, a := range archs {
		n, err := net.New(a, run.Stream(uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		m, err := task.NewModel(k, n, task.DefaultDims, k.Outputs, task.Switches{}, run.Stream(1))
		if err != nil {
			t.Fatal(err)
		}
		p := train.Published{Model: m, Untrained: n, Train: math.NaN(), Validation: 2, ValidationLoss: 3, Test: 1.5 + float64(i)}
		if i == 2 {
			p.Untrained = nil
		}
		if err := train.WriteFolder(filepath.Join(dir, "models", experiment, a.RegressionName()), p); err != nil {
			t.Fatal(err)
		}
	}
	n, err := OpenNetworks(t.Context(), 0, "regress_ee_pos_vel")
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Folders) != 3 || n.Source != "3 of the paper's 3 checkpoints that are there, 1 without model_0.ckpt, the network before training" {
		t.Fatalf("%d networks: %s", len(n.Folders), n.Source)
	}
	untrained := 0
	for _, p := range n.Probed() {
		if p.Task == probe.Untrained {
			untrained++
		} else if p.Task != "regress_ee_pos_vel" || p.TestMetric < 1.5 || strings.Contains(p.Name, "_r_") {
			t.Errorf("%s %s %g", p.Name, p.Task, p.TestMetric)
		}
	}
	scores := n.Performances()
	if untrained != 2 || len(scores) != 3 || scores[0].Family != "spatial_temporal" || scores[0].Depth != 2 || scores[0].Value != 3.5 {
		t.Errorf("%d untrained, performances %+v", untrained, scores)
	}
	if table, err := n.Table(nil); err != nil || len(table.Rows) != 3 {
		t.Errorf("%d rows, %v", len(table.Rows), err)
	}
	// Two of three; one whose checkpoint is not there; another task.
	if err := os.Remove(filepath.Join(n.Folders[0].Dir, "model.ckpt.index")); err != nil {
		t.Fatal(err)
	}
	if n, err = OpenNetworks(t.Context(), 1); err != nil || len(n.Folders) != 1 || !strings.HasPrefix(n.Source, "1 of the paper's 2 checkpoints") || !strings.Contains(n.Source, "1 folders lack model.ckpt") {
		t.Errorf("%v: %s", err, n.Source)
	}
	if n, err = OpenNetworks(t.Context(), 0, "classification"); err != nil || len(n.Folders) != 0 {
		t.Errorf("%v: %d networks of a task that is not there", err, len(n.Folders))
	}
	// A bundle that is damaged is an error that names its folder.
	if err := os.WriteFile(filepath.Join(dir, "models", experiment, archs[0].RegressionName(), "model.ckpt.index"), []byte("no index"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenNetworks(t.Context(), 0); err == nil || !strings.Contains(err.Error(), archs[0].RegressionName()) {
		t.Errorf("a damaged bundle: %v", err)
	}
}

// A caption names how many networks, how long they were trained, and by what.
func TestTrained(t *testing.T) {
	rows := []train.Row{{Steps: 41, Batch: 32, Status: "done"}, {Steps: 61, Batch: 32, Status: "done"}, {Status: "diverged"}}
	if got := trained(rows, nil); got != "2 networks trained in this notebook for 41 to 61 steps of 32 movements" {
		t.Error(got)
	}
	about := &Run{Tier: run.Laptop, Command: "spindle reproduce", Data: "30 letters"}
	if got := trained(rows[:1], about); got != "1 network trained for 41 steps of 32 movements (30 letters) by `spindle reproduce`" {
		t.Error(got)
	}
}
