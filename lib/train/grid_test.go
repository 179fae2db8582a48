package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
)

func toyGrid(dir string) GridConfig {
	return GridConfig{Tasks: []string{"hand_pos", "classification"}, Archs: small()[:2], Seeds: []uint64{1, 2},
		Base: Config{Batch: 16, Steps: 6, ValidateEvery: 2}, Dir: dir, Workers: 1}
}

// plain drops what may differ between runs.
func plain(rows []Row) []Row {
	out := append([]Row(nil), rows...)
	for i := range out {
		out[i].Seconds = 0
	}
	return out
}

func TestGrid(t *testing.T) {
	want, err := GridOn(context.Background(), toyGrid(t.TempDir()), toys(64), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 8 {
		t.Fatalf("%d rows, want 8", len(want))
	}
	for i, r := range want {
		if !r.Done() || r.Steps != 6 || math.IsNaN(r.Test) || math.IsNaN(r.Validation) || r.Task == "" || r.Depth != 4 {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	if want[0].Dir != filepath.Join("models", "experiment_4016", "spatial_temporal_r_2_4-8_8-8_5252_1") {
		t.Errorf("folder %s", want[0].Dir)
	}

	// Interrupted after three networks and a half, and gone on with three at a time.
	g := toyGrid(t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	_, err = GridOn(ctx, g, toys(64), func(e GridEvent) {
		if e.Finished == 3 && e.Event != nil && e.Event.Step == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "3 of 8") {
		t.Errorf("interrupted: %v", err)
	}
	path := filepath.Join(g.Dir, tableFile)
	if rows, err := ReadTableFile(path); err != nil || len(rows) != 3 {
		t.Errorf("table of %d rows after the interruption, %v", len(rows), err)
	}
	g.Workers = 3
	trained := map[int]bool{}
	first := 0
	got, err := GridOn(context.Background(), g, toys(64), func(e GridEvent) {
		if e.Event != nil {
			trained[e.Place] = true
			if e.Place == 3 && first == 0 {
				first = e.Event.Step
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if trained[0] || trained[1] || trained[2] || len(trained) != 5 || first != 4 {
		t.Errorf("trained %v, the interrupted one from step %d", trained, first)
	}
	if !reflect.DeepEqual(plain(got), plain(want)) {
		t.Errorf("other results:\n%+v\n%+v", got, want)
	}
	rows, err := ReadTableFile(path)
	if err != nil || !reflect.DeepEqual(rows, got) {
		t.Errorf("the table holds %+v, %v", rows, err)
	}
}

func TestGridGoesOnAfterABadNetwork(t *testing.T) {
	g := toyGrid(t.TempDir())
	flat := net.Shallow(net.Spatiotemporal, []int{4, 4, 4, 4, 4, 4, 4, 4}[:4], nil, 5, 2, 0, 0)
	flat.Layers = 8
	flat.SpatialChannels = []int{4, 4, 4, 4, 4, 4, 4, 4}
	flat.SpatialStride = []int{1, 1, 1, 1, 1, 1, 1, 1}
	flat.TemporalStride = []int{2, 2, 2, 2, 2, 2, 2, 2} // one frame is left
	g.Tasks, g.Archs, g.Seeds = []string{"hand_pos"}, []net.Arch{flat, small()[0]}, nil
	rows, err := GridOn(context.Background(), g, toys(64), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Done() || !strings.Contains(rows[0].Status, "target grid") || !rows[1].Done() {
		t.Errorf("rows %+v", rows)
	}
	// A network that diverges is not trained again.
	src := toys(64)
	bad := map[int]bool{}
	for i := range 64 {
		bad[i] = true
	}
	src.Train = toy{0, 64, 48, 4, bad}
	g.Dir, g.Archs = t.TempDir(), small()[:1]
	for range 2 {
		if rows, err = GridOn(context.Background(), g, src, nil); err != nil || rows[0].Status != statusDiverged {
			t.Errorf("rows %+v, %v", rows, err)
		}
	}
}

// Deep networks that share a name have folders of their own.
func TestGridSharedNames(t *testing.T) {
	a := net.Shallow(net.Spatiotemporal, []int{4, 4, 4, 4, 4}, nil, 3, 1, 0, 0)
	b := a
	a.SpatialStride, b.SpatialStride = []int{2, 1, 1, 1, 1}, []int{1, 2, 1, 1, 1}
	jobs, err := GridConfig{Tasks: []string{"hand_pos"}, Archs: []net.Arch{a, b}, Dir: "d", Base: Config{Batch: 16}}.jobs(toys(64))
	if err != nil {
		t.Fatal(err)
	}
	if a.Name() != b.Name() || jobs[0].rel == jobs[1].rel {
		t.Errorf("folders %s and %s", jobs[0].rel, jobs[1].rel)
	}
}

func TestGridBadInput(t *testing.T) {
	for want, f := range map[string]func(*GridConfig){
		"no task":    func(g *GridConfig) { g.Tasks = []string{"hand"} },
		"no tasks":   func(g *GridConfig) { g.Tasks = nil },
		"no network": func(g *GridConfig) { g.Archs = nil },
		"folder":     func(g *GridConfig) { g.Dir = "" },
		"Layers":     func(g *GridConfig) { g.Archs = []net.Arch{{Family: net.LSTM}} },
	} {
		g := toyGrid(t.TempDir())
		f(&g)
		if _, err := GridOn(context.Background(), g, toys(64), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	g := toyGrid(t.TempDir())
	unlock, err := lockDir(g.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := GridOn(context.Background(), g, toys(64), nil); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("two grids on a folder: %v", err)
	}
	unlock()
	if os.Getuid() != 0 {
		g.Dir = "/no/such"
		if _, err := GridOn(context.Background(), g, toys(64), nil); err == nil {
			t.Error("an unwritable folder is accepted")
		}
	}
}

func TestTableReader(t *testing.T) {
	rows := []Row{{Task: "hand_pos", Name: "a, \"b\"", Seed: 1 << 63, Test: math.Inf(1), Layers: 3, Status: "done"}}
	var b bytes.Buffer
	if err := WriteTable(&b, rows); err != nil {
		t.Fatal(err)
	}
	got, err := ReadTable(bytes.NewReader(b.Bytes()))
	if err != nil || !reflect.DeepEqual(got, rows) {
		t.Errorf("%+v, %v", got, err)
	}
	// A table from before there was chance is read; it is not known then.
	old := strings.Replace(b.String(), "chance,", "luck,", 1)
	if got, err = ReadTable(strings.NewReader(old)); err != nil || len(got) != 1 || !math.IsNaN(got[0].Chance) || !math.IsInf(got[0].Test, 1) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "task\nx\n", strings.Replace(b.String(), "9223372036854775808", "-1", 1)} {
		if _, err := ReadTable(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	var b bytes.Buffer
	if err := WriteTable(&b, []Row{{Task: "hand_pos", Test: math.NaN()}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := ReadTable(strings.NewReader(s))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteTable(&b, rows); err != nil {
			t.Fatal(err)
		}
		if again, err := ReadTable(&b); err != nil || len(again) != len(rows) {
			t.Errorf("%d rows, %d read again, %v", len(rows), len(again), err)
		}
	})
}
