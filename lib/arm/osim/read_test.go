package osim

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
)

func decode(text string) (*arm.Model, *Report, error) {
	return Options{}.Decode(strings.NewReader(text), "text.osim")
}

// Version 4's document is read part by part; expected poses are products of
// elementary matrices written out here, apart from the reader's.
func TestSampleV4(t *testing.T) {
	m, report, err := decode(sampleV4)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, b := range m.Bodies {
		order = append(order, b.Name)
	}
	if got, want := strings.Join(order, " "), "ground sled arm hand free globe tail"; got != want {
		t.Errorf("bodies %s, want %s", got, want)
	}
	if got := len(m.Coordinates); got != 13 {
		t.Fatalf("%d coordinates, want 13", got)
	}
	for _, c := range m.Coordinates {
		want := c.Name == "rail_q" || c.Name == "glide" || c.Name == "f4" || c.Name == "f5" || c.Name == "f6"
		if c.Translational != want {
			t.Errorf("coordinate %s: translational %v, want %v", c.Name, c.Translational, want)
		}
		if c.Locked != (c.Name == "rail_q") || c.Clamped != (c.Name == "wrist_q") {
			t.Errorf("coordinate %+v", c)
		}
	}
	left := strings.Join(report.Left, "\n")
	for _, want := range []string{"WrapSphere[ball]", "WeldConstraint[off]", "CoordinateLimitForce[stop]", "PrescribedController[hand_of_god]"} {
		if !strings.Contains(left, want) {
			t.Errorf("report lacks %s:\n%s", want, left)
		}
	}
	if u := m.Muscles[0]; u.MaxForce != 50 || u.TendonSlack != 0.1 || u.OptimalFiber != 0.2 || u.Pennation != 0.1 || u.Curves != nil {
		t.Errorf("muscle %+v", u)
	}
	w := m.Muscles[0].Wraps
	if len(w) != 2 || m.Wraps[w[0].Object].Name != "rod" || w[0].Method != arm.Midpoint || w[0].First != 1 || w[0].Last != 2 || m.Wraps[w[1].Object].Name != "ring" {
		t.Errorf("wraps %+v of %+v", w, m.Wraps)
	}
	if rod := m.Wraps[w[0].Object]; rod.Side != -1 || rod.Axis != 0 || rod.Radius != 0.02 || rod.Length != 0.2 {
		t.Errorf("rod %+v", rod)
	}

	s := arm.NewSolver(m, arm.Ideal)
	q := make([]float64, len(m.Coordinates))
	set := func(name string, v float64) {
		i, ok := m.CoordinateIndex(name)
		if !ok {
			t.Fatalf("no coordinate %s", name)
		}
		q[i] = v
	}
	lift := 0.6
	set("lift", lift)
	set("glide", 0.07)
	set("rail_q", 0.3)
	for i, v := range []float64{0.1, -0.2, 0.3, 1, 2, 3} {
		set(fmt.Sprintf("f%d", i+1), v)
	}
	for i, v := range []float64{0.4, 0.5, -0.6} {
		set(fmt.Sprintf("b%d", i+1), v)
	}
	s.Set(q)
	wrist := 2 * (0.5*lift + 0.1)
	spline, err := arm.NewSpline([]float64{-1, 0, 1, 2}, []float64{0, 0.1, 0.05, 0})
	if err != nil {
		t.Fatal(err)
	}
	x, y, z := turnX, turnY, turnZ
	sled := shift(0, 1, 0).times(z(0.5)).times(shift(0.3, 0, 0))
	armPose := sled.times(shift(0.07, 2*0.2*lift, spline.Value(lift))).times(z(lift)).times(y(0.5*lift*lift + 0.1)).times(x(0.25))
	// The hand's own frame stands at (0, 0.05, 0), turned by 0.2 about y, on the joint's other side.
	hand := armPose.times(shift(0, -0.3, 0)).times(x(0.1)).times(z(wrist)).times(y(-0.2)).times(shift(0, -0.05, 0))
	finger := hand.times(shift(0.1, 0, 0)).times(x(0.3)).times(y(0.2)).times(z(0.1)).times(shift(0, 0.1, 0)).times(y(0.4))
	tail := shift(1, 2, 3).times(x(0.1)).times(y(-0.2)).times(z(0.3)).times(x(0.4)).times(y(0.5)).times(z(-0.6))
	near(t, "marker tip", s.Marker(0), finger.at(0, 0, 0.02))
	near(t, "marker end", s.Marker(1), tail.at(0.1, 0.2, 0.3))
	points := m.Muscles[0].Points
	near(t, "point p4", points[3].Location, hand.inverse().times(finger).at(0.01, 0.02, 0.03))
	near(t, "point p3", points[2].Location, [3]float64{0, 0.03, -0.04})
	if f := points[2].Moving; f[0].Function.Value(lift) != 0.1*lift+0.2 || f[1].Function != nil || f[2].Function != nil {
		t.Errorf("motion of p3 %+v", f)
	}
	if c := points[1].While; c == nil || c.Lo != 0 || c.Hi != 1 || m.Coordinates[c.Coordinate].Name != "lift" {
		t.Errorf("condition of p2 %+v", c)
	}
	if math.IsNaN(s.PathLength(0)) || s.PathLength(0) < 0.3 {
		t.Errorf("path length %v", s.PathLength(0))
	}
}

// A frame on a frame at the pole of the Euler angles keeps its turn.
func TestFrameAngles(t *testing.T) {
	for _, a := range [][3]float64{{0.1, 0.2, 0.3}, {3, -1.5, -3}, {0.4, math.Pi / 2, 0.7}, {-0.4, -math.Pi / 2, 0.2}, {0, 0, math.Pi}} {
		want := rotation(a)
		got := rotation(want.angles())
		for i := range want {
			near(t, fmt.Sprint("rotation ", a), got[i], want[i])
		}
	}
}

func TestSampleV3(t *testing.T) {
	m, _, err := decode(strings.Replace(sampleV3, "R&#233;n&eacute; is", "Ren\xe9 is", 1))
	if err != nil {
		t.Fatal(err)
	}
	s := arm.NewSolver(m, arm.Ideal)
	s.Set([]float64{0.5})
	near(t, "tip", s.Marker(0), shift(0, 1, 0).times(turnZ(0.5)).times(shift(0, -0.1, 0)).at(0, -1, 0))
	if len(m.Muscles) != 1 || len(m.Muscles[0].Wraps) != 1 || m.Wraps[0].Radii != [3]float64{0.1, 0.2, 0.1} {
		t.Errorf("muscles %+v, wraps %+v", m.Muscles, m.Wraps)
	}
}

// What cannot be read rightly is an error with file, line and element.
func TestModelErrors(t *testing.T) {
	v3 := strings.Replace(sampleV3, "&eacute;", "", 1)
	edit := func(text, from, to string) string {
		if !strings.Contains(text, from) {
			t.Fatalf("the sample has no %q", from)
		}
		return strings.Replace(text, from, to, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "document"},
		{"cut", v3[:len(v3)/2], "text.osim"},
		{"undeclared entity", sampleV3, "eacute"},
		{"entity bomb", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OpenSimDocument Version="30000">&b;</OpenSimDocument>`, "text.osim:1: document type"},
		{"version", edit(v3, `"30000"`, `"10900"`), "version 10900"},
		{"version word", edit(v3, `"30000"`, `"three"`), "expected a whole number"},
		{"other root", "<Model/>", "expected OpenSimDocument"},
		{"NaN", edit(v3, "0 -1 0</location>", "0 NaN 0</location>"), `Marker[tip]/location: "NaN" is not a number`},
		{"infinite", edit(v3, "0 -1 0</location>", "0 1e999 0</location>"), "not finite"},
		{"two numbers", edit(v3, "0 -1 0</location>", "0 -1</location>"), "2 numbers, expected 3"},
		{"marker's body", edit(v3, "<body>arm</body><location>0 -1", "<body>leg</body><location>0 -1"), `no body or frame "leg"`},
		{"parent", edit(v3, "<parent_body>ground", "<parent_body>sky"), `no body "sky"`},
		{"cycle", edit(v3, "<parent_body>ground", "<parent_body>arm"), "hangs on itself"},
		{"flag", edit(v3, "<clamped>false", "<clamped>perhaps"), "expected true or false"},
		{"reverse", edit(v3, "<reverse>false", "<reverse>true"), "reversed joint"},
		{"prescribed", edit(v3, "<prescribed>false", "<prescribed>true"), "function of time"},
		{"joint class", strings.ReplaceAll(v3, "PinJoint", "ElbowJoint"), "class ElbowJoint"},
		{"coordinates", edit(v3, `<Coordinate name="flexion">`, `<Coordinate name="more"/><Coordinate name="flexion">`), "2 coordinates do not fit"},
		{"wrap object", edit(v3, "<wrap_object>egg", "<wrap_object>stone"), `no wrap object "stone"`},
		{"half ellipsoid", edit(v3, "<quadrant>all", "<quadrant>-y"), "muscle biceps wraps over it: an ellipsoid of which only a half"},
		{"quadrant", edit(v3, "<quadrant>all", "<quadrant>left"), `quadrant "left"`},
		{"flat ellipsoid", edit(v3, "0.1 0.2 0.1</dim", "0.1 0 0.1</dim"), "every size must be positive"},
		{"method", edit(v3, "<method>hybrid", "<method>best"), `method "best"`},
		{"range", edit(v3, "<range>-1 -1</range></PathWrap>", "<range>1 3</range></PathWrap>"), "expected numbers of path points"},
		{"no fibre", edit(v3, "<tendon_slack_length>0.2</tendon_slack_length>", ""), "tendon_slack_length is missing"},
		{"one point", edit(v3, `<PathPoint name="a"><location>0.5 0.5 0.1</location><body>ground</body></PathPoint>`, ""), "at least two points"},
		{"other path", strings.ReplaceAll(v3, "GeometryPath", "FunctionBasedPath"), "no GeometryPath"},
		{"inner file", edit(v3, `<WrapObjectSet>`, `<WrapObjectSet file="wraps.xml">`), `"wraps.xml"`},
		{"muscle of defaults", edit(v3, "<optimal_fiber_length>0.3</optimal_fiber_length>", ""), "optimal_fiber_length is missing"},
		{"joints twice", edit(v3, "<ForceSet>", "<JointSet><objects><WeldJoint/></objects></JointSet><ForceSet>"), "both in a set and in bodies"},
		{"marker twice", edit(v3, "</Marker></objects>", `</Marker><Marker name="tip"><body>arm</body></Marker></objects>`), "second marker"},
		{"units", edit(v3, "<BodySet>", "<length_units>mm</length_units><BodySet>"), "expected meters"},
		{"other file", edit(v3, "<MarkerSet>", `<MarkerSet file="markers.xml">`), `"markers.xml"`},
		{"sphere", edit(sampleV4, "<wrap_object>rod", "<wrap_object>ball"), "a sphere is not supported"},
		{"constraint", edit(sampleV4, "<isEnforced>false", "<isEnforced>true"), "class WeldConstraint"},
		{"loop", edit(sampleV4, "<socket_child_frame>/bodyset/tail", "<socket_child_frame>/bodyset/hand"), "loops are not supported"},
		{"no joint", edit(sampleV4, `<Body name="tail"/>`, `<Body name="tail"/><Body name="lost"/>`), "Body[lost]: the body has no joint"},
		{"frame cycle", edit(sampleV4, "<socket_parent>../palm", "<socket_parent>../finger"), "stands on itself"},
		{"frame", edit(sampleV4, "/bodyset/hand/finger", "/bodyset/hand/toe"), "no body or frame"},
		{"function", strings.ReplaceAll(sampleV4, "PolynomialFunction", "SineFunction"), "class SineFunction"},
		{"knots", edit(sampleV4, "<x>-1 0 1 2</x>", "<x>-1 0 0 2</x>"), "x must ascend"},
		{"foreign coordinate", edit(sampleV4, "<coordinates>lift</coordinates><axis>0 0 1", "<coordinates>rail_q</coordinates><axis>0 0 1"), "not of this joint"},
		{"no direction", edit(sampleV4, "<coordinates>lift</coordinates><axis>0 0 1", "<coordinates>lift</coordinates><axis>0 0 0"), "no direction"},
		{"twice", edit(sampleV4, `<Body name="globe"/>`, `<Body name="free"/>`), "second body"},
		{"deep", strings.Repeat("<a>", 100), "nested deeper"},
		{"many", "<OpenSimDocument>" + strings.Repeat("<a/>", maxElements+1), "more than"},
	} {
		m, _, err := decode(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "text.osim") {
			t.Errorf("%s: model %v, error %v, want one of text.osim with %q", c.name, m != nil, err, c.want)
		}
	}
}

// A document of endless length ends in an error, not in all of the memory.
func TestEndlessDocument(t *testing.T) {
	_, _, err := Options{}.Decode(&endless{head: []byte("<OpenSimDocument><a>")}, "endless")
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("error %v", err)
	}
}

type endless struct{ head []byte }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	for i := n; i < len(p); i++ {
		p[i] = ' '
	}
	return len(p), nil
}

func FuzzModel(f *testing.F) {
	f.Add([]byte(sampleV4))
	f.Add([]byte(strings.Replace(sampleV3, "&eacute;", "", 1)))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []Options{{}, {Skeleton: true}} {
			m, report, err := o.Decode(bytes.NewReader(data), "fuzz")
			if err != nil {
				continue
			}
			if report == nil {
				t.Fatal("no report")
			}
			if len(m.Bodies) < 100 && len(m.Muscles) < 10 {
				// What was read can be evaluated.
				arm.NewSolver(m, arm.OpenSim40).Set(m.Defaults())
			}
		}
	})
}

func FuzzTasks(f *testing.F) {
	f.Add([]byte(`<IKTaskSet><objects><IKMarkerTask name="a"><apply>true</apply><weight>2</weight></IKMarkerTask><IKCoordinateTask name="q"><value_type>manual_value</value_type><value>1</value></IKCoordinateTask></objects></IKTaskSet></OpenSimDocument>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := parseXML(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		tasks, err := (&doc{file: "fuzz"}).tasks(root)
		if err != nil {
			return
		}
		for _, k := range tasks.Markers {
			if math.IsNaN(k.Weight) || k.Weight < 0 {
				t.Fatalf("task %+v", k)
			}
		}
	})
}
