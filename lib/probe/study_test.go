package probe_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
)

func TestStudy(t *testing.T) {
	a := simulated(t, recording.SimOptions{Seed: 31, Trials: 24, Bumps: 1, Units: 4, Ceiling: 0.5}, recording.Reaching)
	archs := []net.Arch{
		net.Shallow(net.Spatiotemporal, []int{4, 4}, nil, 7, 2, 7, 2),
		net.Shallow(net.TemporalSpatial, []int{4}, []int{4}, 7, 2, 7, 2),
	}
	nets, err := probe.UntrainedNetworks(archs, []uint64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := probe.Study{Networks: nets, Seed: 1, Probe: probe.Options{Dir: dir}, Linear: probe.LinearOptions{Sets: []string{"pos_vel", "m_len"}}}
	t1, err := s.Run(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "scores-*.csv"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files of scores, want 4 (%v)", len(files), err)
	}
	// What is kept is not made again: a changed file shows up in the next run.
	kept, err := probe.LoadCSV(files[0])
	if err != nil {
		t.Fatal(err)
	}
	kept.Rows[0].EVTest = 0.123456
	if err := kept.SaveCSV(files[0]); err != nil {
		t.Fatal(err)
	}
	t2, err := s.Run(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range t1.Rows {
		x, y := t1.Rows[i].EVTest, t2.Rows[i].EVTest
		if x != y && !(math.IsNaN(x) && math.IsNaN(y)) {
			changed++
			if y != 0.123456 {
				t.Errorf("row %d was made again: %g, then %g", i, x, y)
			}
		}
	}
	if changed != 1 {
		t.Errorf("%d rows changed, want the one that was changed in the file", changed)
	}
	// Another split is another session.
	b := *a
	b.Train, b.Test = slices.Concat(a.Train[1:], a.Test[:1]), slices.Concat(a.Test[1:], a.Train[:1])
	if _, err := (probe.Study{Networks: nets[:1], Probe: s.Probe, Linear: s.Linear, NoCeiling: true}).Run(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if files, _ = filepath.Glob(filepath.Join(dir, "scores-*.csv")); len(files) != 5 {
		t.Errorf("%d files of scores, want 5", len(files))
	}
	groups, err := s.Save(context.Background(), t1, dir, run.NewRecord(1, run.Smoke))
	if err != nil {
		t.Fatal(err)
	}
	// Two linear sets, spikes' and trials' ceilings or the first alone, two families.
	if len(groups) < 5 || len(groups) > 6 {
		t.Errorf("%d groups", len(groups))
	}
	for _, name := range []string{"scores.csv", "scores.npz", "summary.csv", "record.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if probe.SummaryTable(groups, "").HTML() == "" {
		t.Error("no summary")
	}
	// A damaged file is an error that names it.
	if err := os.WriteFile(files[0], []byte("neuron_ids,model_name,ev_train,ev_test\nx,y,0,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(context.Background(), a); err == nil {
		t.Error("a damaged file of scores accepted")
	}
}

func TestTablesReadBack(t *testing.T) {
	tab := &probe.Table{Rows: []probe.Row{
		{Unit: 3, Model: "a, \"b\"", Truth: "hünd", Seed: 1 << 63, EVTest: 0.1, EVTrain: math.Inf(-1), Ceiling: math.NaN(), TestMetric: 1e-300},
		{Unit: -1, Model: ""},
	}}
	var b bytes.Buffer
	if err := tab.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	back, err := probe.ReadCSV(&b, "x")
	if err != nil {
		t.Fatal(err)
	}
	r := back.Rows[0]
	if r.Unit != 3 || r.Model != `a, "b"` || r.Truth != "hünd" || r.Seed != 1<<63 || r.EVTest != 0.1 || !math.IsInf(r.EVTrain, -1) || !math.IsNaN(r.Ceiling) || r.TestMetric != 1e-300 {
		t.Errorf("read back %+v", r)
	}
	for _, bad := range []string{"", "a,b\n1,2\n", "neuron_ids,model_name,ev_train,ev_test\n1,b,c,d\n", "neuron_ids,model_name,ev_train,ev_test\n1,b\n"} {
		if _, err := probe.ReadCSV(bytes.NewReader([]byte(bad)), "bad"); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

// Numbers must read back through npyio; NumPy 2.4 itself was tried by hand and
// reads the text columns as <U3 and <U1.
func TestNPZ(t *testing.T) {
	tab := &probe.Table{Rows: []probe.Row{{Unit: 1, Model: "ab", EVTest: 0.5, Seed: 7}, {Unit: 2, Model: "äöü", EVTest: -2, Seed: 8}}}
	path := filepath.Join(t.TempDir(), "t.npz")
	if err := tab.SaveNPZ(path); err != nil {
		t.Fatal(err)
	}
	got, err := golden.ReadNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float64{"neuron_ids": {1, 2}, "ev_test": {0.5, -2}, "seed": {7, 8}} {
		if got[name] == nil || !slices.Equal(got[name].Data, want) {
			t.Errorf("%s is %+v, want %v", name, got[name], want)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("neuron_ids,model_name,ev_train,ev_test\n1,b,0.5,\n"))
	f.Add([]byte("neuron_ids,model_name,ev_train,ev_test,seed,alpha\n1,\"b\n\",NaN,Inf,3,0x1p3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := probe.ReadCSV(bytes.NewReader(b), "fuzz")
		if err != nil {
			return
		}
		var w bytes.Buffer
		if err := tab.WriteCSV(&w); err != nil {
			t.Fatal(err)
		}
		back, err := probe.ReadCSV(&w, "again")
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		if len(back.Rows) != len(tab.Rows) {
			t.Fatalf("%d rows, then %d", len(tab.Rows), len(back.Rows))
		}
	})
}
