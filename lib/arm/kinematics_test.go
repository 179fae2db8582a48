package arm

import (
	"math"
	"strings"
	"testing"
)

// Markers, path, tendon and fibre lengths of every posture in the tables of
// OpenSim 4.0. The tolerances are those of issue 3: 1e-9 m for lengths and
// 1e-11 m for markers; the tables have 12 digits.
func TestKinematicsAgainstOpenSim(t *testing.T) {
	for _, f := range refFiles(t, "kinematics") {
		t.Run(f.Model, func(t *testing.T) { compareKinematics(t, f.solver(t), readTable(t, f.path)) })
	}
}

// Two postures of the same tables, for a clone without the data folder.
func TestKinematicsExtract(t *testing.T) {
	f := refFile{Model: "snap"}
	compareKinematics(t, f.solver(t), readTable(t, "testdata/kinematics_snap_extract.csv"))
}

func compareKinematics(t *testing.T, s *Solver, tab *refTable) {
	m := s.Model()
	worst := map[string]float64{}
	for row := range tab.rows {
		s.Set(tab.posture(t, m, row))
		for col := range tab.head {
			var got, tol float64
			kind, name, _ := strings.Cut(col, "_")
			switch kind {
			case "path", "fibre", "tendon":
				i, ok := m.MuscleIndex(name)
				if !ok {
					t.Fatalf("no muscle %q", name)
				}
				length := map[string]func(int) float64{"path": s.PathLength, "fibre": s.FibreLength, "tendon": s.TendonLength}
				got, tol = length[kind](i), 1e-9
			case "Marker":
				i, ok := m.MarkerIndex(col[:len(col)-len("_x_m")])
				if !ok {
					t.Fatalf("no marker for %q", col)
				}
				got, tol = s.Marker(i)[col[len(col)-3]-'x'], 1e-11
			case "shoulder", "elbow":
				continue
			default:
				t.Fatalf("column %q", col)
			}
			want := tab.num(t, row, col)
			if math.IsNaN(want) && finite(got) {
				// OpenSim's arc-cosine of a value rounded above 1, about
				// once in 4000 postures (spec/01, 3.11); ours is held.
				continue
			}
			d := math.Abs(got - want)
			if !(d <= tol) {
				t.Errorf("row %d %s: %.13g, OpenSim %.13g, difference %.3g", row, col, got, want, d)
			}
			worst[kind] = math.Max(worst[kind], d)
		}
	}
	t.Logf("%d postures, largest differences (m): %v", len(tab.rows), worst)
}
