package arm

import (
	"math"
	"strconv"
	"testing"
)

// The active wraps, their place in the path and their surface lengths, against
// OpenSim 4.0, every posture of the tables: what they list is there, and
// nothing else. The tolerance is that of the index (1e-7 m); the tables have 9 digits.
func TestWrapsAgainstOpenSim(t *testing.T) {
	type key struct {
		posture string
		muscle  int
		object  int
	}
	for _, f := range refFiles(t, "wraps") {
		t.Run(f.File, func(t *testing.T) {
			s, tab := f.solver(t), readTable(t, f.path)
			m := s.Model()
			want := map[key]int{}
			postures := map[string]int{}
			for row := range tab.rows {
				name := tab.text(t, row, "muscle")
				i, ok := m.MuscleIndex(name)
				if !ok {
					t.Fatalf("no muscle %q", name)
				}
				object := -1
				for k := range m.Wraps {
					if m.Wraps[k].Name == tab.text(t, row, "wrap_object") {
						object = k
					}
				}
				p := tab.text(t, row, "row")
				want[key{p, i, object}] = row
				postures[p] = row
			}
			worst, n := 0.0, 0
			var buf []Contact
			for p, row := range postures {
				s.Set(tab.posture(t, m, row))
				for i := range m.Muscles {
					buf = s.Contacts(buf[:0], i)
					for _, c := range buf {
						row, ok := want[key{p, i, c.Object}]
						if !ok {
							t.Errorf("row %s: %s wraps over %s, not in OpenSim", p, m.Muscles[i].Name, m.Wraps[c.Object].Name)
							continue
						}
						n++
						if at, _ := strconv.Atoi(tab.text(t, row, "position_of_first_wrap_point_in_path")); at != c.Knot {
							t.Errorf("row %s: %s over %s at %d, OpenSim %d", p, m.Muscles[i].Name, m.Wraps[c.Object].Name, c.Knot, at)
						}
						d := math.Abs(c.Length - tab.num(t, row, "surface_length_m"))
						if !(d <= f.Tolerance) {
							t.Errorf("row %s: %s over %s: %.10g m, OpenSim differs by %.3g", p, m.Muscles[i].Name, m.Wraps[c.Object].Name, c.Length, d)
						}
						worst = math.Max(worst, d)
					}
				}
			}
			if n != len(want) {
				t.Errorf("%d wraps, OpenSim has %d", n, len(want))
			}
			t.Logf("%d wraps in %d postures, largest difference %.2g m", n, len(postures), worst)
		})
	}
}

// Moment arms against OpenSim 4.0, all muscles, coordinates and postures of the
// tables, within the 1e-7 m of the index.
func TestMomentArmsAgainstOpenSim(t *testing.T) {
	for _, f := range refFiles(t, "moment_arms") {
		t.Run(f.File, func(t *testing.T) {
			s, tab := f.solver(t), readTable(t, f.path)
			m := s.Model()
			worst := 0.0
			for row := range tab.rows {
				s.Set(tab.posture(t, m, row))
				name := tab.text(t, row, "coordinate")
				c, ok := m.CoordinateIndex(name)
				if !ok {
					t.Fatalf("no coordinate %q", name)
				}
				for i := range m.Muscles {
					d := math.Abs(s.MomentArm(i, c) - tab.num(t, row, m.Muscles[i].Name))
					if !(d <= f.Tolerance) {
						t.Errorf("row %d: %s about %s: %.9g, OpenSim %s", row, m.Muscles[i].Name, name, s.MomentArm(i, c), tab.text(t, row, m.Muscles[i].Name))
					}
					worst = math.Max(worst, d)
				}
			}
			t.Logf("%d rows, largest difference %.2g m", len(tab.rows), worst)
		})
	}
}
