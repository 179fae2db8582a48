package arm

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

func TestMuscleOrder(t *testing.T) {
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != name || len(m.Muscles) != NumMuscles || len(m.Bodies) != 11 || len(m.Coordinates) != 7 || len(m.Wraps) != 12 {
			t.Errorf("%s: %s with %d muscles, %d bodies, %d coordinates, %d wrap objects", name, m.Name, len(m.Muscles), len(m.Bodies), len(m.Coordinates), len(m.Wraps))
		}
		for i := range m.Muscles {
			if m.Muscles[i].Name != MuscleNames[i] {
				t.Errorf("%s: muscle %d is %s, want %s", name, i, m.Muscles[i].Name, MuscleNames[i])
			}
		}
	}
}

// jsonModel is what models.json holds of one model.
type jsonModel struct {
	Source string `json:"source_file"`
	Bodies []struct {
		Name, Parent string
		Mass         float64            `json:"mass_kg"`
		Center       [3]float64         `json:"mass_center_m"`
		Inertia      map[string]float64 `json:"inertia_kg_m2"`
		Location     [3]float64         `json:"location_in_parent"`
		Orientation  [3]float64         `json:"orientation_in_parent"`
		Turns        []struct {
			Axis       [3]float64
			Coordinate *string
		} `json:"rotation_sequence"`
		Coordinates []struct {
			Name            string
			Default         float64
			Range           [2]float64
			Clamped, Locked bool
		}
	}
	Wraps []struct {
		Name, Type, Body, Quadrant string
		Active                     bool
		Rotation                   [3]float64 `json:"xyz_body_rotation"`
		Translation, Radii         [3]float64
		Radius, Length             float64
		Inner                      float64 `json:"inner_radius"`
		Outer                      float64 `json:"outer_radius"`
	} `json:"wrap_objects"`
	Muscles []struct {
		Name      string
		Force     float64 `json:"max_isometric_force"`
		Fiber     float64 `json:"optimal_fiber_length"`
		Slack     float64 `json:"tendon_slack_length"`
		Pennation float64 `json:"pennation_at_optimal"`
		Path      []struct {
			Body     string
			Location [3]float64
			While    *struct {
				Coordinate string
				Range      [2]float64
			} `json:"active_when"`
		}
		Wraps []struct {
			Object, Method string
			Range          [2]int
		}
	}
	Markers []struct {
		Name, Body string
		Location   [3]float64
	}
}

// The embedded tables hold the numbers of models.json to the last bit.
func TestTablesHoldTheModels(t *testing.T) {
	path := golden.Path(t, "arm", "models.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]jsonModel
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, name := range Names() {
		want, ok := all[name]
		if !ok {
			t.Errorf("%s: no model %s", path, name)
			continue
		}
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, got, want any) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s is %v, models.json has %v", name, what, got, want)
			}
		}
		same("source", m.Source, want.Source)
		coordinate := 0
		for i, w := range want.Bodies {
			b := m.Bodies[i]
			same("body", b.Name, w.Name)
			same(w.Name+" mass", b.Mass, w.Mass)
			same(w.Name+" centre", b.Center, w.Center)
			for k, key := range []string{"xx", "yy", "zz", "xy", "xz", "yz"} {
				same(w.Name+" inertia "+key, b.Inertia[k], w.Inertia[key])
			}
			if i == 0 {
				continue
			}
			same(w.Name+" parent", m.Bodies[b.Joint.Parent].Name, w.Parent)
			same(w.Name+" location", b.Joint.Location, w.Location)
			same(w.Name+" orientation", b.Joint.Orientation, w.Orientation)
			same(w.Name+" turns", len(b.Joint.Turns), len(w.Turns))
			for k, a := range w.Turns {
				turn := b.Joint.Turns[k]
				same(w.Name+" axis", turn.Direction, a.Axis)
				if a.Coordinate == nil {
					same(w.Name+" turn", turn.Coordinate, -1)
				} else {
					same(w.Name+" turn", m.Coordinates[turn.Coordinate].Name, *a.Coordinate)
				}
			}
			for _, c := range w.Coordinates {
				same("coordinate", m.Coordinates[coordinate], Coordinate{Name: c.Name, Default: c.Default, Range: c.Range, Clamped: c.Clamped, Locked: c.Locked})
				coordinate++
			}
		}
		for i, w := range want.Wraps {
			side, axis, _ := ParseQuadrant(w.Quadrant)
			body, _ := m.BodyIndex(w.Body)
			kind := map[string]WrapKind{"ellipsoid": Ellipsoid, "cylinder": Cylinder, "torus": Torus}[w.Type]
			same("wrap object", m.Wraps[i], WrapObject{
				Name: w.Name, Body: body, Kind: kind, Radii: w.Radii, Radius: w.Radius, Length: w.Length, Inner: w.Inner, Outer: w.Outer,
				Translation: w.Translation, Rotation: w.Rotation, Side: side, Axis: axis, Inactive: !w.Active,
			})
		}
		for i, w := range want.Muscles {
			u := m.Muscles[i]
			same("muscle", u.Name, w.Name)
			same(w.Name, [4]float64{u.MaxForce, u.OptimalFiber, u.TendonSlack, u.Pennation}, [4]float64{w.Force, w.Fiber, w.Slack, w.Pennation})
			same(w.Name+" points", len(u.Points), len(w.Path))
			same(w.Name+" wraps", len(u.Wraps), len(w.Wraps))
			for k, p := range w.Path {
				same(w.Name+" body", m.Bodies[u.Points[k].Body].Name, p.Body)
				same(w.Name+" location", u.Points[k].Location, p.Location)
				same(w.Name+" condition", u.Points[k].While != nil, p.While != nil)
				if p.While != nil {
					c, _ := m.CoordinateIndex(p.While.Coordinate)
					same(w.Name+" condition", *u.Points[k].While, Condition{c, p.While.Range[0], p.While.Range[1]})
				}
			}
			for k, p := range w.Wraps {
				same(w.Name+" wrap", m.Wraps[u.Wraps[k].Object].Name, p.Object)
				same(w.Name+" method", u.Wraps[k].Method.String(), p.Method)
				same(w.Name+" range", [2]int{u.Wraps[k].First, u.Wraps[k].Last}, p.Range)
			}
		}
		for i, w := range want.Markers {
			body, _ := m.BodyIndex(w.Body)
			same("marker", m.Markers[i], Marker{w.Name, body, w.Location})
		}
	}
}
