package figure

import (
	"bytes"
	"math"
	"path/filepath"
	"testing"

	"github.com/spindle-lab/spindle/lib/probe"
)

// testdata/published was written by pandas 3.1 and PyTables 3.11: make.py there
// has the rule of its values, which is stated again here.
func TestPublishedTables(t *testing.T) {
	t.Setenv(ZenodoEnv, filepath.Join("testdata", "published"))
	active, err := Published("active")
	if err != nil {
		t.Fatal(err)
	}
	// 4 networks × 2 animals × 3 layers of 3 tasks and untrained.
	if len(active) != 4*2*3*4 {
		t.Fatalf("%d layers, want %d", len(active), 4*2*3*4)
	}
	value := func(task string, n, animal int, passive, layer float64) float64 {
		k := map[string]int{"regression": 0, "classification": 1, "bt": 2}[task]
		base := 0.1 + 0.01*float64(n)*(1-0.7*float64(k)) + 0.02*float64(animal) - 0.05*passive + 0.002*float64((7*n+3*k+animal)%5)
		if task == probe.Untrained {
			base /= 2
		}
		if layer == 1 {
			base += 0.01
		}
		return base + 0.0005 // the mean of two units
	}
	names := map[string]int{"spatiotemporal_3_8-8-8_5252": 0, "spatiotemporal_3_8-8-16_5252": 1, "spatiotemporal_3_8-8-24_5252": 2, "spatiotemporal_3_8-8-32_5252": 3}
	for _, s := range active {
		animal := 0
		if s.Monkey == "Snap" {
			animal = 1
		}
		want := value(s.Task, names[s.Name], animal, 0, float64(s.Layer))
		if math.Abs(s.MeanTest-want) > 1e-12 || math.Abs(s.MeanTrain-want-0.01) > 1e-12 || s.Units != 2 || s.Condition != "active" || s.Family != "spatiotemporal" {
			t.Errorf("%s %s %s layer %d: %g, want %g; %+v", s.Task, s.Name, s.Monkey, s.Layer, s.MeanTest, want, s.Model)
		}
	}
	for _, s := range Best(active) {
		if s.Layer != 1 {
			t.Errorf("best layer %d of %s, want 1", s.Layer, s.Name)
		}
	}
	passive, err := Published("passive")
	if err != nil {
		t.Fatal(err)
	}
	if len(passive) != 4*2*3*3 || passive[0].Condition != "passive" {
		t.Errorf("%d passive layers, condition %q", len(passive), passive[0].Condition)
	}
	if got := len(Correlations(passive)); got != 3*2 {
		t.Errorf("%d correlations, want one for each task and animal", got)
	}
	if n := len(PerformancesOf(active)); n != 3*4 {
		t.Errorf("%d networks, want 12", n)
	}
	gains := MeanGains(active)
	if len(gains) != 3 || math.Abs(gains["regression"]+gains["classification"]+gains["bt"]) > 1e-12 {
		t.Errorf("gains %v, want three that sum to 0", gains)
	}
	// They draw the figures of performance, correlation and task space.
	for name, p := range map[string]*Panel{
		"performance": PerformanceByTask("t", PerformancesOf(active)),
		"correlation": CorrelationByTask("t", passive),
		"twins":       TrainedAgainstUntrained("t", active),
		"conditions":  ActiveAgainstPassive("t", append(active, passive...)),
	} {
		if len(p.Data.Rows) == 0 {
			t.Errorf("%s: nothing drawn", name)
		}
	}
	m, err := TaskMap(t.Context(), active, 1)
	if err != nil || len(m.Points) == 0 {
		t.Errorf("map: %v", err)
	}
	// Written and read again as a table of layers nothing is lost.
	var b bytes.Buffer
	if err := WriteLayers(&b, active); err != nil {
		t.Fatal(err)
	}
	again, err := readLayers(&b, "x.csv")
	if err != nil || len(again) != len(active) {
		t.Fatalf("%d layers, %v", len(again), err)
	}
	for i := range again {
		a, w := again[i], active[i]
		if a.Model != w.Model || math.Abs(a.MeanTest-w.MeanTest) > 1e-9 || a.Layer != w.Layer || a.MaxLayer != w.MaxLayer {
			t.Fatalf("row %d: %+v, want %+v", i, a, w)
		}
	}
}

func FuzzReadLayers(f *testing.F) {
	f.Add([]byte("model_task,model_name,model_layer,ev_train,ev_test\nregression,a,0,0.1,0.2\n"))
	f.Add([]byte("model_task,model_name,model_layer,ev_train,ev_test,seed\nregression,a,1e99,,NaN,-3\n"))
	f.Add([]byte("a,b\n1,2\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := readLayers(bytes.NewReader(raw), "x.csv"); err == nil {
			Best(s)
			Correlations(s)
		}
	})
}
