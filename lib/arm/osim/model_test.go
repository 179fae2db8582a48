package osim

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/run"
)

// embedded returns the embedded model that comes from an .osim file, or nil.
func embedded(t *testing.T, file string) *arm.Model {
	t.Helper()
	for _, name := range arm.Names() {
		m, err := arm.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(m.Source) == filepath.Base(file) {
			return m
		}
	}
	return nil
}

// Every monkey's file gives the model that is embedded under its name: the
// same lengths, on random postures of all coordinates, to 1e-12 m. The tables
// hold the numbers of the files in full, so only rounding may differ.
func TestMonkeysAsEmbedded(t *testing.T) {
	found := 0
	for _, file := range golden.Glob(t, "arm", "osim", "*.osim") {
		got, report, err := Read(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if report.Version != got.Version {
			t.Errorf("%s: version %d in the report, %d in the model", file, report.Version, got.Version)
		}
		want := embedded(t, file)
		if want == nil {
			t.Logf("%s: no embedded model comes from it", filepath.Base(file))
			continue
		}
		found++
		sameModel(t, filepath.Base(file), got, want)
	}
	if found == 0 {
		t.Error("no file belongs to an embedded model")
	}
}

func sameModel(t *testing.T, name string, got, want *arm.Model) {
	t.Helper()
	if len(got.Bodies) != len(want.Bodies) || len(got.Coordinates) != len(want.Coordinates) ||
		len(got.Muscles) != len(want.Muscles) || len(got.Markers) != len(want.Markers) || len(got.Wraps) != len(want.Wraps) {
		t.Errorf("%s: %d bodies, %d coordinates, %d muscles, %d markers, %d wrap objects; embedded %d, %d, %d, %d, %d", name,
			len(got.Bodies), len(got.Coordinates), len(got.Muscles), len(got.Markers), len(got.Wraps),
			len(want.Bodies), len(want.Coordinates), len(want.Muscles), len(want.Markers), len(want.Wraps))
		return
	}
	for i, c := range got.Coordinates {
		w := want.Coordinates[i]
		if c.Name != w.Name || c.Default != w.Default || c.Range != w.Range || c.Locked != w.Locked || c.Clamped != w.Clamped || c.Translational != w.Translational {
			t.Errorf("%s: coordinate %+v, embedded %+v", name, c, w)
		}
	}
	for i, b := range got.Bodies {
		if w := want.Bodies[i]; b.Name != w.Name || b.Mass != w.Mass || b.Center != w.Center || b.Inertia != w.Inertia {
			t.Errorf("%s: body %+v, embedded %+v", name, b, w)
		}
	}
	for _, quirks := range []arm.Quirks{arm.OpenSim40, arm.Ideal} {
		a, b := arm.NewSolver(got, quirks), arm.NewSolver(want, quirks)
		rng := run.Stream(5, "osim", name)
		q := got.Defaults()
		for range 200 {
			for i, c := range got.Coordinates {
				q[i] = c.Range[0] + rng.Float64()*(c.Range[1]-c.Range[0])
			}
			a.Set(q)
			b.Set(q)
			for i := range got.Muscles {
				if got.Muscles[i].Name != want.Muscles[i].Name {
					t.Fatalf("%s: muscle %d is %s, embedded %s", name, i, got.Muscles[i].Name, want.Muscles[i].Name)
				}
				for k, v := range [][2]float64{{a.PathLength(i), b.PathLength(i)}, {a.FibreLength(i), b.FibreLength(i)}, {a.TendonLength(i), b.TendonLength(i)}} {
					if !(math.Abs(v[0]-v[1]) <= 1e-12) {
						t.Fatalf("%s: %s: length %d (path, fibre, tendon) %v m, embedded %v at %v", name, got.Muscles[i].Name, k, v[0], v[1], q)
					}
				}
			}
			for i, k := range got.Markers {
				if w := want.Markers[i]; k.Name != w.Name {
					t.Fatalf("%s: marker %s, embedded %s", name, k.Name, w.Name)
				}
				x, y := a.Marker(i), b.Marker(i)
				if d := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]); !(d <= 1e-12) {
					t.Fatalf("%s: marker %s is off by %v m", name, k.Name, d)
				}
			}
		}
	}
}

// Every path length that OpenSim 4.4.1 wrote for a walk is met within 1e-6 m,
// the tolerance of OpenSim's own test of the same files. A walk P has the
// files P_state_reference.mot, P_*.osim or P.osim, and std_*P_muscle_lengths.sto.
func TestWalkPathLengths(t *testing.T) {
	const tolerance = 1e-6
	for _, motion := range golden.Glob(t, "opensim", "wrapping", "*_state_reference.mot") {
		dir, walk := filepath.Split(strings.TrimSuffix(motion, "_state_reference.mot"))
		m, _, err := Read(one(t, filepath.Join(dir, walk+"*.osim")))
		if err != nil {
			t.Fatal(err)
		}
		states, err := ReadStorage(motion)
		if err != nil {
			t.Fatal(err)
		}
		lengths, err := ReadStorage(one(t, filepath.Join(dir, "std_*"+walk+"_muscle_lengths.sto")))
		if err != nil {
			t.Fatal(err)
		}
		columns := 0
		for i := range m.Muscles {
			if _, ok := lengths.Column(m.Muscles[i].Name); ok {
				columns++
			}
		}
		if columns != len(lengths.Columns) || columns == 0 || len(states.Times) != len(lengths.Times) {
			t.Fatalf("%s: %d muscles for %d columns, %d states for %d rows", walk, columns, len(lengths.Columns), len(states.Times), len(lengths.Times))
		}
		s := arm.NewSolver(m, arm.OpenSim40)
		q, worst, at := m.Defaults(), 0.0, ""
		for row, time := range states.Times {
			if d := math.Abs(time - lengths.Times[row]); d > 1e-6 {
				t.Fatalf("%s: row %d is at %v s and at %v s", walk, row, time, lengths.Times[row])
			}
			setPosture(t, m, states, row, q)
			s.Set(q)
			for i := range m.Muscles {
				k, ok := lengths.Column(m.Muscles[i].Name)
				if !ok {
					continue
				}
				if d := math.Abs(s.PathLength(i) - lengths.Rows[row][k]); !(d <= worst) {
					worst, at = d, m.Muscles[i].Name
				}
			}
		}
		t.Logf("%s: %d muscles × %d postures, largest difference %.3g m (%s)", walk, columns, len(states.Times), worst, at)
		if !(worst <= tolerance) {
			t.Errorf("%s: path length of %s is off by %v m", walk, at, worst)
		}
	}
}

// one returns the only file of a pattern.
func one(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %d files, expected one (%v)", pattern, len(files), err)
	}
	return files[0]
}

// setPosture fills q, in rad and m, from a row of a storage.
func setPosture(t *testing.T, m *arm.Model, s *Storage, row int, q []float64) {
	t.Helper()
	for i, c := range m.Coordinates {
		k, ok := s.Column(c.Name)
		if !ok {
			continue
		}
		q[i] = s.Rows[row][k]
		if s.InDegrees && !c.Translational {
			q[i] *= math.Pi / 180
		}
	}
}

// Every model of the data folder is read: whole, or with an error that names
// the surface that cannot be wrapped over, and then as a skeleton.
func TestReadsModels(t *testing.T) {
	for _, file := range golden.Glob(t, "opensim", "*", "*.osim") {
		m, report, err := Read(file)
		if err == nil {
			t.Logf("%s: %d muscles, %d left out", filepath.Base(file), len(m.Muscles), len(report.Left))
			continue
		}
		if !strings.Contains(err.Error(), "wraps over it") || !strings.HasPrefix(err.Error(), file+":") {
			t.Error(err)
		}
		if m, _, err = (Options{Skeleton: true}).Read(file); err != nil || len(m.Markers) == 0 {
			t.Errorf("%s: skeleton: %v", file, err)
		}
	}
	if _, _, err := Read(filepath.Join(t.TempDir(), "none.osim")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, file := range golden.Glob(b, "arm", "osim", "*.osim") {
		b.Run(filepath.Base(file), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Read(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
