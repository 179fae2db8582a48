package golden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Every case of the index must load, with the shapes that the index states:
// otherwise a test on it would compare with something else.
func TestEveryCaseLoads(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(Path(t, "golden", "index.json")), "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index struct{ Cases []struct{ Group string } }
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	groups := map[string]bool{}
	for _, c := range index.Cases {
		groups[c.Group] = true
	}
	for g := range groups {
		for _, c := range Cases(t, g) {
			for _, want := range c.Arrays {
				if !c.Has(t, want.Name) {
					t.Errorf("%s (%s): no array %s of dtype %s", c.Name, g, want.Name, want.Dtype)
					continue
				}
				n := 1
				for _, d := range want.Shape {
					n *= d
				}
				if got := len(c.Array(t, want.Name).Data); got != n {
					t.Errorf("%s: %s holds %d values, want shape %v", c.Name, want.Name, got, want.Shape)
				}
			}
		}
	}
}

func TestCloseSeesDifferences(t *testing.T) {
	for _, c := range []struct {
		got, want []float64
		tol       float64
		fails     bool
	}{
		{[]float64{1, 2}, []float64{1, 2}, 0, false},
		{[]float64{1, 2.1}, []float64{1, 2}, 0.01, true},
		{[]float64{1.01, 2}, []float64{1, 2}, 0.01, false},
		{[]float64{1}, []float64{1, 2}, 1, true},
	} {
		probe := &recorder{TB: t}
		Close(probe, "probe", c.got, c.want, c.tol)
		if probe.failed != c.fails {
			t.Errorf("Close(%v, %v, %v) failed=%v, want %v", c.got, c.want, c.tol, probe.failed, c.fails)
		}
	}
}

type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Helper()               {}
