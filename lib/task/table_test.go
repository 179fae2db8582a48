package task

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// Outputs per task: spec/02, 1.1.
func TestTable(t *testing.T) {
	want := map[string]int{
		"classification": 20, "regression": 3, "regress_ee_vel": 3, "regress_ee_pos_vel": 6, "regress_ee_pos_vel_acc": 9,
		"regress_ee_elbow_pos": 6, "regress_ee_elbow_vel": 6, "regress_ee_elbow_pos_vel": 12, "regress_ee_elbow_pos_vel_acc": 18,
		"regress_joints_pos": 4, "regress_joints_vel": 4, "regress_joints_pos_vel": 8, "regress_joints_pos_vel_acc": 12,
		"torque": 4, "bt": 256, "autoencoder": 78,
	}
	all := All()
	if len(all) != 16 {
		t.Fatalf("%d tasks, want 16", len(all))
	}
	seen := map[string]bool{}
	for _, k := range all {
		if n := k.OutputsFor(empty{}); n != want[k.Name] {
			t.Errorf("%s has %d outputs, want %d", k.Name, n, want[k.Name])
		}
		for _, s := range []string{k.Name, k.Alias, k.Title} {
			if s == "" || seen[s] {
				t.Errorf("%s: name %q empty or used twice", k.Name, s)
			}
			seen[s] = true
		}
		for _, n := range []string{k.Name, k.Alias} {
			if l, err := Lookup(n); err != nil || l.Name != k.Name {
				t.Errorf("Lookup(%q) gives %q, %v", n, l.Name, err)
			}
		}
	}
	if _, err := Lookup("hand_force"); err == nil || !strings.Contains(err.Error(), "regress_ee_pos_vel") {
		t.Errorf("Lookup of an unknown task: %v", err)
	}
	if k, err := Lookup("regress_ee_pos_vel"); err != nil || k.Unit != "cm, cm/s" {
		t.Errorf("hand position and velocity in %q, %v", k.Unit, err)
	}
}

// The losses of spec/02, 1.1: the cross-entropy is of natural logarithms, the
// squared error has the squares of the units that the targets have.
func TestLossName(t *testing.T) {
	want := map[string]string{
		"classification": "cross-entropy [nats]",
		"regression":     "mean squared error [cm²]", "regress_ee_vel": "mean squared error [(cm/s)²]",
		"regress_ee_pos_vel":     "mean squared error [cm², (cm/s)²]",
		"regress_ee_pos_vel_acc": "mean squared error [cm², (cm/s)², (cm/s²)²]",
		"regress_ee_elbow_pos":   "mean squared error [cm²]", "regress_ee_elbow_vel": "mean squared error [(cm/s)²]",
		"regress_ee_elbow_pos_vel":     "mean squared error [cm², (cm/s)²]",
		"regress_ee_elbow_pos_vel_acc": "mean squared error [cm², (cm/s)², (cm/s²)²]",
		"regress_joints_pos":           "mean squared error [deg²]", "regress_joints_vel": "mean squared error [(deg/s)²]",
		"regress_joints_pos_vel":     "mean squared error [deg², (deg/s)²]",
		"regress_joints_pos_vel_acc": "mean squared error [deg², (deg/s)², (deg/s²)²]",
		"torque":                     "mean squared error [(N·m)²]", "bt": "Barlow loss (no unit)",
		"autoencoder": "mean squared error [mm², (mm/s)²]", "data_driven": "residual variance [(spikes/bin)²]",
	}
	for name, label := range want {
		k, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.LossName(); got != label {
			t.Errorf("the loss of %s is %q, want %q", name, got, label)
		}
		if got := (&Model{Task: k}).LossName(); got != label {
			t.Errorf("the loss of a model of %s is %q, want %q", name, got, label)
		}
	}
	for _, k := range All() {
		if want[k.Name] == "" {
			t.Errorf("%s is not tested", k.Name)
		}
	}
	hand, err := Lookup("regression")
	if err != nil {
		t.Fatal(err)
	}
	scaled := &Model{Task: hand, Mean: make([]float64, 3), Std: []float64{1, 1, 1}}
	if got := scaled.LossName(); got != "mean squared error (z-scored targets)" {
		t.Errorf("the loss on scaled targets is %q", got)
	}
	for _, own := range []Task{{Loss: LossMSE, Metric: MetricMED}, {Loss: LossMSE, Metric: MetricEV, Unit: "%"}, {Loss: LossMSE, Keys: []Key{"grip"}}} {
		if got := own.LossName(); got != "mean squared error" {
			t.Errorf("the loss of a task that names no unit is %q", got)
		}
	}
}

type empty struct{}

func (empty) Len() int                         { return 0 }
func (empty) Label(int) int                    { return 1 }
func (empty) Input(int, []float32) error       { return nil }
func (empty) Has(Key) bool                     { return false }
func (empty) Rows(Key) int                     { return 0 }
func (empty) Target(int, Key, []float32) error { return nil }
func (empty) Record(int) string                { return "" }

var _ Source = (*dataset.Set)(nil)

// The digitised figure of task performance names the sixteen tasks.
func TestTableHasEveryTaskOfTheFigure(t *testing.T) {
	f, err := os.Open(golden.Path(t, "figures", "digitised_points.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := -1
	for i, h := range rows[0] {
		if h == "task" || h == "panel" {
			col = i
		}
	}
	if col < 0 {
		t.Fatalf("no task column in %v", rows[0])
	}
	for _, r := range rows[1:] {
		if _, err := Lookup(r[col]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSwitches(t *testing.T) {
	if err := (Switches{}).Validate(); err != nil {
		t.Error(err)
	}
	if off := (Switches{}).Off(); len(off) != 0 {
		t.Errorf("published switches are said to be off: %v", off)
	}
	s := Switches{BarlowNorm: NormStd, TargetGrid: GridCentre}
	if off := s.Off(); len(off) != 2 {
		t.Errorf("two switches are off, listed: %v", off)
	}
	err := Switches{BatchNorm: "frozen"}.Validate()
	if err == nil || !strings.Contains(err.Error(), "batch norm") {
		t.Errorf("a wrong switch is not named: %v", err)
	}
}
