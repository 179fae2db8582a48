package arm

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// laboratory is a model with every feature that the monkeys lack: joints of
// all forms with offsets on both sides, functions on axes, a coupler, a
// conditional and a moving path point.
func laboratory(t *testing.T) *Model {
	t.Helper()
	m := &Model{Name: "laboratory", Version: 40000}
	m.Bodies = []Body{{Name: "ground"}}
	add := func(kind string, parent int, names ...string) {
		var coords []int
		for _, n := range names {
			coords = append(coords, len(m.Coordinates))
			m.Coordinates = append(m.Coordinates, Coordinate{Name: n})
		}
		j, err := NewJoint(kind, coords...)
		if err != nil {
			t.Fatal(err)
		}
		k := float64(len(m.Bodies))
		j.Parent = parent
		j.Location, j.Orientation = [3]float64{0.1, 0.02 * k, -0.03}, [3]float64{0.1 * k, -0.2, 0.3}
		j.ChildLocation, j.ChildOrientation = [3]float64{-0.01, 0.03, 0.02 * k}, [3]float64{0.2, 0.1, -0.1 * k}
		m.Bodies = append(m.Bodies, Body{Name: kind, Joint: j})
	}
	add("free", 0, "rx", "ry", "rz", "tx", "ty", "tz")
	add("pin", 1, "pin")
	add("slider", 2, "slide")
	add("ball", 3, "bx", "by", "bz")
	add("universal", 1, "ux", "uy")
	add("planar", 5, "p", "px", "py")
	add("weld", 6)
	spline, err := NewSpline([]float64{-2, -1, 0, 1, 2}, []float64{0.1, 0.05, 0, 0.02, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	knee := len(m.Coordinates)
	m.Coordinates = append(m.Coordinates, Coordinate{Name: "knee"}, Coordinate{Name: "cap"})
	m.Bodies = append(m.Bodies, Body{Name: "custom", Joint: Joint{
		Parent: 4, Location: [3]float64{0, -0.1, 0},
		Turns: []Axis{
			{Direction: [3]float64{0, 0.6, 0.8}, Coordinate: knee},
			{Direction: [3]float64{2, 0, 0}, Coordinate: knee, Function: Polynomial{0.1, -0.2, 0.05}},
			{Direction: [3]float64{0, 1, 0}, Coordinate: -1, Function: Constant(0.1)},
		},
		Shifts: []Axis{
			{Direction: [3]float64{1, 0, 0}, Coordinate: knee, Function: spline},
			{Direction: [3]float64{0, 1, 0}, Coordinate: knee + 1, Function: Multiplied{Linear{0.5, 0.01}, 2}},
			{Direction: [3]float64{0, 0, 1}, Coordinate: -1},
		},
	}})
	line, err := NewPiecewiseLinear([]float64{-3, 0, 3}, []float64{-0.3, 0, 0.6})
	if err != nil {
		t.Fatal(err)
	}
	m.Couplers = []Coupler{{Name: "cap follows knee", Dependent: knee + 1, Independent: knee, Function: line}}
	moving := &Motion{}
	moving[0].Coordinate, moving[0].Function = knee, spline
	moving[2].Coordinate, moving[2].Function = 6, Linear{0.02, 0.1}
	m.Muscles = []Muscle{
		{Name: "long", Points: []PathPoint{
			{Body: 0, Location: [3]float64{0.05, 0.3, 0.1}},
			{Body: 2, Location: [3]float64{0.1, 0.1, 0}},
			{Body: 4, Location: [3]float64{0, 0.1, 0.1}, While: &Condition{knee, -0.5, 0.5}},
			{Body: 8, Location: [3]float64{0.02, 0.03, 0.04}, Moving: moving},
		}},
		{Name: "across", Points: []PathPoint{
			{Body: 7, Location: [3]float64{0.1, 0, 0.2}},
			{Body: 8, Location: [3]float64{-0.2, 0.1, 0}},
		}},
	}
	m.Markers = []Marker{{"tip", 8, [3]float64{0.1, 0.2, 0.3}}, {"side", 7, [3]float64{0.3, 0.2, 0.1}}}
	return m
}

// matrix4 is an independent way to the poses: 4×4 matrices multiplied out.
type matrix4 [4][4]float64

func mul4(ms ...matrix4) matrix4 {
	out := ms[0]
	for _, b := range ms[1:] {
		var c matrix4
		for i := range 4 {
			for j := range 4 {
				for k := range 4 {
					c[i][j] += out[i][k] * b[k][j]
				}
			}
		}
		out = c
	}
	return out
}

func shift4(x, y, z float64) matrix4 {
	return matrix4{{1, 0, 0, x}, {0, 1, 0, y}, {0, 0, 1, z}, {0, 0, 0, 1}}
}

// turn4 is Rodrigues' rotation, by the exponential series of the cross product.
func turn4(x, y, z, angle float64) matrix4 {
	n := math.Sqrt(x*x + y*y + z*z)
	k := matrix4{{0, -z / n, y / n}, {z / n, 0, -x / n}, {-y / n, x / n, 0}}
	out, term := shift4(0, 0, 0), shift4(0, 0, 0)
	for i := 1; i < 40; i++ {
		term = mul4(term, k)
		for r := range 3 {
			for c := range 3 {
				term[r][c] *= angle / float64(i)
				out[r][c] += term[r][c]
			}
			term[r][3], term[3][r] = 0, 0
		}
		term[3][3] = 0
	}
	return out
}

func inverse4(m matrix4) matrix4 {
	var out matrix4
	for i := range 3 {
		for j := range 3 {
			out[i][j] = m[j][i]
			out[i][3] -= m[j][i] * m[j][3]
		}
	}
	out[3][3] = 1
	return out
}

func offset4(at, turn [3]float64) matrix4 {
	return mul4(shift4(at[0], at[1], at[2]), turn4(1, 0, 0, turn[0]), turn4(0, 1, 0, turn[1]), turn4(0, 0, 1, turn[2]))
}

func TestEveryJoint(t *testing.T) {
	m := laboratory(t)
	s := NewSolver(m, OpenSim40)
	rng := rand.New(rand.NewPCG(29, 30))
	q := make([]float64, len(m.Coordinates))
	index := func(name string) float64 {
		i, ok := m.CoordinateIndex(name)
		if !ok {
			t.Fatal(name)
		}
		return q[i]
	}
	for range 50 {
		for i := range q {
			q[i] = rng.NormFloat64()
		}
		s.Set(q)
		cap, _ := m.CoordinateIndex("cap")
		knee := index("knee")
		q[cap] = 0.1 * knee
		if knee > 0 {
			q[cap] = 0.2 * knee
		}
		spline := m.Bodies[8].Joint.Shifts[0].Function.Value(knee)
		inner := []matrix4{
			{},
			mul4(shift4(index("tx"), index("ty"), index("tz")), turn4(1, 0, 0, index("rx")), turn4(0, 1, 0, index("ry")), turn4(0, 0, 1, index("rz"))),
			turn4(0, 0, 1, index("pin")),
			shift4(index("slide"), 0, 0),
			mul4(turn4(1, 0, 0, index("bx")), turn4(0, 1, 0, index("by")), turn4(0, 0, 1, index("bz"))),
			mul4(turn4(1, 0, 0, index("ux")), turn4(0, 1, 0, index("uy"))),
			mul4(shift4(index("px"), index("py"), 0), turn4(0, 0, 1, index("p"))),
			shift4(0, 0, 0),
			mul4(shift4(spline, 2*(0.5*q[cap]+0.01), 0), turn4(0, 3, 4, knee), turn4(1, 0, 0, 0.1*knee*knee-0.2*knee+0.05), turn4(0, 1, 0, 0.1)),
		}
		ground := []matrix4{shift4(0, 0, 0)}
		for i := 1; i < len(m.Bodies); i++ {
			j := m.Bodies[i].Joint
			ground = append(ground, mul4(ground[j.Parent], offset4(j.Location, j.Orientation), inner[i], inverse4(offset4(j.ChildLocation, j.ChildOrientation))))
			p := s.BodyPose(i)
			for r := range 3 {
				for c := range 3 {
					if math.Abs(p.R[r][c]-ground[i][r][c]) > 1e-13 {
						t.Fatalf("%s: rotation %v, want %v", m.Bodies[i].Name, p.R, ground[i])
					}
				}
				if math.Abs(p.P[r]-ground[i][r][3]) > 1e-13 {
					t.Fatalf("%s: origin %v, want %v", m.Bodies[i].Name, p.P, ground[i])
				}
			}
		}
		if s.Coordinates()[cap] != q[cap] && math.Abs(s.Coordinates()[cap]-q[cap]) > 1e-15 {
			t.Fatalf("coupled coordinate %g, want %g", s.Coordinates()[cap], q[cap])
		}
		points := 3
		if knee >= -0.5 && knee <= 0.5 {
			points = 4
		}
		if n := len(s.Path(nil, 0)); n != points {
			t.Fatalf("knee %g: %d points, want %d", knee, n, points)
		}
		if !math.IsNaN(s.FibreLength(0)) {
			t.Fatal("a muscle without curves has a fibre length")
		}
	}
}

// Moment arms of the laboratory are those of its path lengths, couplers and
// moving points included; the step leaves errors of about 1e-9.
func TestLaboratoryGradient(t *testing.T) {
	m := laboratory(t)
	s := NewSolver(m, OpenSim40)
	rng := rand.New(rand.NewPCG(31, 32))
	q, rates := make([]float64, len(m.Coordinates)), make([]float64, len(m.Coordinates))
	const step = 1e-6
	for range 100 {
		for i := range q {
			q[i], rates[i] = 0.8*rng.NormFloat64(), rng.NormFloat64()
		}
		knee, _ := m.CoordinateIndex("knee")
		if d := math.Abs(math.Abs(q[knee]) - 0.5); d < 0.01 || math.Abs(q[knee]) < 0.01 {
			continue // the conditional point comes and goes, the coupler bends
		}
		for i := range m.Muscles {
			s.Set(q)
			speed := s.PathSpeed(i, rates)
			sum := 0.0
			for c := range q {
				s.Set(q)
				if isDependent(m, c) {
					continue
				}
				arm := s.MomentArm(i, c)
				sum -= arm * rates[c]
				at := q[c]
				q[c] = at + step
				s.Set(q)
				up := s.PathLength(i)
				q[c] = at - step
				s.Set(q)
				if d := (up-s.PathLength(i))/(2*step) + arm; !(math.Abs(d) < 1e-8) {
					t.Fatalf("%s about %s: moment arm %g, off by %g", m.Muscles[i].Name, m.Coordinates[c].Name, arm, d)
				}
				q[c] = at
			}
			if math.Abs(sum-speed) > 1e-12 {
				t.Fatalf("%s: path speed %g, by moment arms %g", m.Muscles[i].Name, speed, sum)
			}
		}
	}
}

// A laboratory posture is found again from its markers.
func TestLaboratoryIK(t *testing.T) {
	m := laboratory(t)
	for i := range m.Coordinates {
		m.Coordinates[i].Locked = i != 0 && i != 6 && m.Coordinates[i].Name != "knee" && m.Coordinates[i].Name != "cap"
	}
	k, err := NewIK(m, Ideal, []string{"tip", "side"}, []float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	s := NewSolver(m, Ideal)
	q := m.Defaults()
	knee, _ := m.CoordinateIndex("knee")
	q[0], q[6], q[knee] = 0.2, -0.3, 0.4
	s.SetPose(q)
	r := k.Frame([][3]float64{s.Marker(0), s.Marker(1)})
	if !r.Converged || r.Max > 1e-9 {
		t.Fatalf("%+v", r)
	}
	for i, v := range k.Posture() {
		if math.Abs(v-s.Coordinates()[i]) > 1e-6 {
			t.Errorf("%s: %g, want %g", m.Coordinates[i].Name, v, s.Coordinates()[i])
		}
	}
}

func TestFunctions(t *testing.T) {
	spline, err := NewSpline([]float64{-1, 0, 0.5, 2, 3}, []float64{1, 0, 2, -1, 0})
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewSpline([]float64{0, 2}, []float64{1, 5})
	if err != nil {
		t.Fatal(err)
	}
	line, err := NewPiecewiseLinear([]float64{0, 1, 3}, []float64{0, 2, 0})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(33, 34))
	for _, f := range []Function{Constant(3), Linear{2, 1}, Polynomial{1, 2, 3, 4}, Polynomial{}, spline, two, line, Multiplied{spline, -3}} {
		for range 200 {
			x := 6*rng.Float64() - 2
			const h = 1e-6
			slope := (f.Value(x+h) - f.Value(x-h)) / (2 * h)
			if f == Function(line) && math.Abs(f.Slope(x+h)-f.Slope(x-h)) > 0 {
				continue
			}
			if math.Abs(slope-f.Slope(x)) > 1e-6*(1+math.Abs(slope)) {
				t.Errorf("%T at %g: slope %g, differences give %g", f, x, f.Slope(x), slope)
			}
		}
	}
	if v := (Polynomial{1, 2, 3}).Value(2); v != 11 {
		t.Errorf("x²+2x+3 at 2 is %g", v)
	}
	if two.Value(1) != 3 || line.Value(2) != 1 || line.Value(4) != -1 || line.Value(-1) != -2 {
		t.Error("straight lines are wrong")
	}
	for _, bad := range [][2][]float64{{{0}, {0}}, {{0, 1}, {0}}, {{0, 0}, {0, 1}}, {{1, 0}, {0, 1}}, {{0, math.NaN()}, {0, 1}}, {{0, 1}, {0, math.Inf(1)}}} {
		if _, err := NewSpline(bad[0], bad[1]); err == nil {
			t.Errorf("spline through %v accepted", bad)
		}
		if _, err := NewPiecewiseLinear(bad[0], bad[1]); err == nil {
			t.Errorf("line through %v accepted", bad)
		}
	}
}

// The curves of the muscles at the values of spec/01, 3.11, to their 10 digits.
func TestCurveValues(t *testing.T) {
	c := SchutteCurves()
	for _, v := range []struct {
		f       *Spline
		x, want float64
	}{
		{c.Passive, 1.0, -1.449434636e-6}, {c.Passive, 1.1, -0.00298181794}, {c.Passive, 1.2, 0.01156017699},
		{c.Passive, 1.3, 0.07217482114}, {c.Passive, 1.4, 0.1778655384}, {c.Passive, 1.6, 0.7841823613},
		{c.Active, 0.5, 0.1391780237}, {c.Active, 1.0, 1.000197901}, {c.Active, 1.2, 0.8045837757},
		{c.Tendon, 0.001, 0.00762481094}, {c.Tendon, 0.005, 0.05296250448}, {c.Tendon, 0.01, 0.1528156527},
		{c.Tendon, 0.02, 0.5255827073}, {c.Tendon, 0.05, 1.693187783},
	} {
		if got := v.f.Value(v.x); math.Abs(got-v.want) > 1e-9*math.Abs(v.want) {
			t.Errorf("at %g: %.10g, want %.10g", v.x, got, v.want)
		}
	}
}

// What cannot be evaluated is refused, by name.
func TestCheck(t *testing.T) {
	for want, spoil := range map[string]func(*Model){
		"no ground":           func(m *Model) { m.Bodies = nil },
		"ulna1":               func(m *Model) { m.Bodies[5].Joint.Parent = 7 },
		"mass":                func(m *Model) { m.Bodies[2].Mass = math.NaN() },
		"elbow":               func(m *Model) { m.Bodies[5].Joint.Location[1] = math.Inf(1) },
		"no direction":        func(m *Model) { m.Bodies[4].Joint.Turns[1].Direction = [3]float64{} },
		"no coordinate 99":    func(m *Model) { m.Bodies[4].Joint.Turns[1].Coordinate = 99 },
		"at most three":       func(m *Model) { m.Bodies[4].Joint.Turns = make([]Axis, 4) },
		"THORAX":              func(m *Model) { m.Wraps[0].Radii[1] = 0 },
		"half is active":      func(m *Model) { m.Wraps[0].Side = 1 },
		"ELBOW_ULNA":          func(m *Model) { m.Wraps[4].Side = 1 },
		"unknown shape":       func(m *Model) { m.Wraps[1].Kind = 7 },
		"two points":          func(m *Model) { m.Muscles[3].Points = nil },
		"path point 2":        func(m *Model) { m.Muscles[3].Points[1].Body = -1 },
		"no wrap object 50":   func(m *Model) { m.Muscles[3].Wraps[0].Object = 50 },
		"range":               func(m *Model) { m.Muscles[3].Wraps[0].Last = 50 },
		"force, fibre length": func(m *Model) { m.Muscles[3].OptimalFiber = 0 },
		"marker \"Marker_4\"": func(m *Model) { m.Markers[1].Location[0] = math.NaN() },
		"coupler":             func(m *Model) { m.Couplers = []Coupler{{Name: "c", Dependent: 1, Independent: 1}} },
	} {
		m, err := Load("snap")
		if err != nil {
			t.Fatal(err)
		}
		spoil(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := Load("nobody"); err == nil || !strings.Contains(err.Error(), "snap") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestTableErrors(t *testing.T) {
	for _, bad := range []string{
		"nonsense", "body a", "body a x | 0 0 0 | 0 0 0 0 0 0", "point ground 0 0 0", "over A hybrid",
		"muscle m 1 1 1 0\nover A hybrid", "marker m nobody 0 0 0", "wrap w on ground cube 1 | 0 0 0 | 0 0 0 | all",
		"wrap w on ground cylinder 1 1 | 0 0 0 | 0 0 0 | -w", "model a b c", "joint j weld of b on ground",
		"body b 0 | 0 0 0 | 0 0 0 0 0 0\njoint j custom of b on ground | 0 0 0 | 0 0 0\nturn missing | 1 0 0",
	} {
		if _, err := parseTable([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}
