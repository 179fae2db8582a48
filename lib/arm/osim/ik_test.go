package osim

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/internal/golden"
)

const degree = math.Pi / 180

// reference returns the file of angles that OpenSim wrote for a set-up: the
// output that it names, or that of its regression test, std_ without _test.
func reference(s *IKSetup) (string, bool) {
	dir, name := filepath.Split(s.OutputFile)
	plain := strings.Replace(name, "_test.mot", ".mot", 1)
	for _, n := range []string{name, "std_" + name, plain, "std_" + plain} {
		if _, err := os.Stat(filepath.Join(dir, n)); err == nil {
			return filepath.Join(dir, n), true
		}
	}
	return "", false
}

// The inverse kinematics of every set-up in the data folder, with the weights
// of its tasks, against the angles that OpenSim's tool wrote: the median
// difference within 0.1 degrees (issue 3; the tool stops early, spec/01 3.11),
// and the objective never above that of OpenSim's own posture, since ours goes
// to the minimum of the same function.
func TestIKAgainstOpenSim(t *testing.T) {
	found := 0
	for _, file := range golden.Glob(t, "opensim", "*", "*.xml") {
		s, err := ReadIKSetup(file)
		if err != nil {
			if _, err := ReadTasks(file); err != nil {
				t.Errorf("neither a set-up nor tasks: %v", err)
			}
			continue
		}
		ref, ok := reference(s)
		if !ok {
			t.Errorf("%s: no reference for %s", file, s.OutputFile)
			continue
		}
		found++
		t.Run(filepath.Base(file), func(t *testing.T) { compareIK(t, s, ref) })
	}
	if found == 0 {
		golden.Missing(t, "set-ups of inverse kinematics")
	}
}

func compareIK(t *testing.T, s *IKSetup, ref string) {
	m, _, err := Options{Skeleton: true}.Read(s.ModelFile)
	if err != nil {
		t.Fatal(err)
	}
	markers, err := ReadTRC(s.MarkerFile)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ReadStorage(ref)
	if err != nil {
		t.Fatal(err)
	}
	scale, err := markers.Scale()
	if err != nil {
		t.Fatal(err)
	}
	stand(t, s, m, markers, theirs, scale)
	k, columns, err := s.Tasks.IK(m, arm.OpenSim40, markers.Names)
	if err != nil {
		t.Fatal(err)
	}
	goal := newObjective(m, &s.Tasks, markers.Names)
	observed := make([][3]float64, len(columns))
	var diffs, shifts []float64
	frames, worst := 0, math.Inf(-1)
	for n, time := range markers.Times {
		if time < s.Range[0]-1e-6 || time > s.Range[1]+1e-6 {
			continue
		}
		for i, c := range columns {
			for a, x := range markers.Positions[n][c] {
				observed[i][a] = scale * x
			}
		}
		if r := k.Frame(observed); !r.Converged {
			t.Errorf("frame %d: %+v", n, r)
		}
		row, ok := at(theirs.Times, time)
		if !ok {
			t.Fatalf("%s has no row at %v s", ref, time)
		}
		frames++
		q := slices.Clone(k.Posture())
		p := slices.Clone(q)
		setPosture(t, m, theirs, row, p)
		for i, c := range m.Coordinates {
			switch _, ok := theirs.Column(c.Name); {
			case !ok:
				t.Fatalf("%s has no column %s", ref, c.Name)
			case c.Locked:
			case c.Translational:
				shifts = append(shifts, math.Abs(q[i]-p[i]))
			default:
				diffs = append(diffs, math.Abs(q[i]-p[i])/degree)
			}
		}
		a, b := goal.value(q, observed), goal.value(p, observed)
		worst = max(worst, a/b)
		if !(a <= b) {
			t.Errorf("frame %d at %v s: objective %g, OpenSim's %g", n, time, a, b)
		}
	}
	if len(diffs) == 0 {
		t.Fatal("no angle compared")
	}
	slices.Sort(diffs)
	slices.Sort(shifts)
	if median := diffs[len(diffs)/2]; !(median <= 0.1) {
		t.Errorf("median difference %v degrees", median)
	}
	t.Logf("%d frames: median difference %.3g, largest %.3g degrees; our objective at most %.6f of OpenSim's", frames, diffs[len(diffs)/2], diffs[len(diffs)-1], worst)
	if len(shifts) > 0 {
		t.Logf("translations: median difference %.3g m, largest %.3g m", shifts[len(shifts)/2], shifts[len(shifts)-1])
	}
}

// stand puts the model where the reference had it. A model file may stand on
// the ground by a weld with an offset that the markers and OpenSim's angles do
// not have (arm26 stands 0.8 m up): then the markers miss OpenSim's own posture
// by far, and without the offset they meet it. Nothing else is taken from it.
func stand(t *testing.T, s *IKSetup, m *arm.Model, markers *Markers, theirs *Storage, scale float64) {
	t.Helper()
	const far = 0.05 // m, root of the mean squared distance
	if miss(t, s, m, markers, theirs, scale) < far {
		return
	}
	for i := range m.Bodies[1:] {
		if j := &m.Bodies[i+1].Joint; j.Parent == 0 && j.Kind == "weld" {
			t.Logf("the reference stands without the offset %v m of joint %s", j.Location, j.Name)
			j.Location = [3]float64{}
		}
	}
	if d := miss(t, s, m, markers, theirs, scale); !(d < far) {
		t.Fatalf("OpenSim's own postures miss the markers by %v m: model and reference do not belong together", d)
	}
}

// miss returns how far the markers are from OpenSim's own postures.
func miss(t *testing.T, s *IKSetup, m *arm.Model, markers *Markers, theirs *Storage, scale float64) float64 {
	t.Helper()
	o := newObjective(m, &Tasks{Markers: s.Tasks.Markers}, markers.Names)
	observed := make([][3]float64, len(o.markers))
	q, sum, n := m.Defaults(), 0.0, 0
	for f, time := range markers.Times {
		row, ok := at(theirs.Times, time)
		if !ok {
			continue
		}
		for i, k := range o.markers {
			for a, x := range markers.Positions[f][slices.Index(markers.Names, m.Markers[k].Name)] {
				observed[i][a] = scale * x
			}
		}
		setPosture(t, m, theirs, row, q)
		sum += 2 * o.value(q, observed)
		n++
	}
	return math.Sqrt(sum / float64(n))
}

// at finds the row of a time; files have it to a millisecond at least.
func at(times []float64, time float64) (int, bool) {
	for i, x := range times {
		if math.Abs(x-time) < 1e-3 {
			return i, true
		}
	}
	return 0, false
}

// objective evaluates what the tool minimises, apart from arm.IK: the markers'
// weighted mean squared distance and the coordinate tasks, halved.
type objective struct {
	solver  *arm.Solver
	markers []int
	weights []float64
	tasks   []CoordinateTask
}

func newObjective(m *arm.Model, tasks *Tasks, names []string) *objective {
	o := &objective{solver: arm.NewSolver(m, arm.OpenSim40)}
	for _, k := range tasks.Markers {
		if i, ok := m.MarkerIndex(k.Name); ok && k.Apply && slices.Contains(names, k.Name) {
			o.markers, o.weights = append(o.markers, i), append(o.weights, k.Weight)
		}
	}
	for _, k := range tasks.Coordinates {
		if k.Apply {
			o.tasks = append(o.tasks, k)
		}
	}
	return o
}

func (o *objective) value(q []float64, observed [][3]float64) float64 {
	o.solver.SetPose(q)
	sum, weight := 0.0, 0.0
	for i, k := range o.markers {
		p := o.solver.Marker(k)
		d := 0.0
		for a := range p {
			d += (p[a] - observed[i][a]) * (p[a] - observed[i][a])
		}
		if !math.IsNaN(d) {
			sum += o.weights[i] * d
			weight += o.weights[i]
		}
	}
	value := sum / weight / 2
	m := o.solver.Model()
	for _, k := range o.tasks {
		i, _ := m.CoordinateIndex(k.Name)
		target := m.Coordinates[i].Default
		if k.Kind == "manual_value" {
			target = k.Value
		}
		value += k.Weight * (q[i] - target) * (q[i] - target) / 2
	}
	return value
}
