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
