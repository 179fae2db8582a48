package osim

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
)

// everyJoint lists the classes of joints with their coordinates, and what each
// does to the child: the product of its turns and shifts.
var everyJoint = []struct {
	class, coordinates string
	pose               func(q []float64) pose
}{
	{"WeldJoint", "", func(q []float64) pose { return shift(0, 0, 0) }},
	{"PinJoint", "p", func(q []float64) pose { return turnZ(q[0]) }},
	{"SliderJoint", "s", func(q []float64) pose { return shift(q[0], 0, 0) }},
	{"UniversalJoint", "u1 u2", func(q []float64) pose { return turnX(q[0]).times(turnY(q[1])) }},
	{"BallJoint", "b1 b2 b3", func(q []float64) pose { return turnX(q[0]).times(turnY(q[1])).times(turnZ(q[2])) }},
	{"GimbalJoint", "g1 g2 g3", func(q []float64) pose { return turnX(q[0]).times(turnY(q[1])).times(turnZ(q[2])) }},
	{"FreeJoint", "f1 f2 f3 f4 f5 f6", func(q []float64) pose {
		return shift(q[3], q[4], q[5]).times(turnX(q[0])).times(turnY(q[1])).times(turnZ(q[2]))
	}},
	{"PlanarJoint", "l1 l2 l3", func(q []float64) pose { return shift(q[1], q[2], 0).times(turnZ(q[0])) }},
}

// Every class of joint is read alike from documents of versions 2, 3 and 4,
// with offsets on both sides, and stands where its turns and shifts put it.
func TestEveryJointInEveryLayout(t *testing.T) {
	for _, j := range everyJoint {
		names := strings.Fields(j.coordinates)
		var list string
		for _, n := range names {
			list += fmt.Sprintf(`<Coordinate name="%s"><range>-2 2</range></Coordinate>`, n)
		}
		nested := func(version int) string {
			return fmt.Sprintf(`<OpenSimDocument Version="%d"><Model name="m"><BodySet><objects><Body name="ground"/><Body name="b"><Joint><%s name="j"><parent_body>ground</parent_body>
<location_in_parent>0.1 0.2 0.3</location_in_parent><orientation_in_parent>0.4 0.5 0.6</orientation_in_parent><location>-0.1 0.05 0.02</location><orientation>0.3 -0.2 0.1</orientation>
<CoordinateSet><objects>%s</objects></CoordinateSet></%[2]s></Joint></Body></objects></BodySet><MarkerSet><objects><Marker name="k"><body>b</body><location>0.01 0.02 0.03</location></Marker></objects></MarkerSet></Model></OpenSimDocument>`, version, j.class, list)
		}
		framed := fmt.Sprintf(`<OpenSimDocument Version="40000"><Model name="m"><BodySet name="bodyset"><objects><Body name="b"/></objects></BodySet><JointSet name="jointset"><objects><%s name="j"><socket_parent_frame>p</socket_parent_frame><socket_child_frame>c</socket_child_frame><coordinates>%s</coordinates><frames>
<PhysicalOffsetFrame name="p"><socket_parent>/ground</socket_parent><translation>0.1 0.2 0.3</translation><orientation>0.4 0.5 0.6</orientation></PhysicalOffsetFrame>
<PhysicalOffsetFrame name="c"><socket_parent>/bodyset/b</socket_parent><translation>-0.1 0.05 0.02</translation><orientation>0.3 -0.2 0.1</orientation></PhysicalOffsetFrame></frames></%[1]s></objects></JointSet>
<MarkerSet><objects><Marker name="k"><socket_parent_frame>/bodyset/b</socket_parent_frame><location>0.01 0.02 0.03</location></Marker></objects></MarkerSet></Model></OpenSimDocument>`, j.class, list)
		outer := shift(0.1, 0.2, 0.3).times(turnX(0.4)).times(turnY(0.5)).times(turnZ(0.6))
		inner := shift(-0.1, 0.05, 0.02).times(turnX(0.3)).times(turnY(-0.2)).times(turnZ(0.1))
		for layout, text := range map[string]string{"2": nested(20303), "3": nested(30000), "4": framed} {
			m, report, err := decode(text)
			if err != nil {
				t.Errorf("%s, version %s: %v", j.class, layout, err)
				continue
			}
			if len(m.Coordinates) != len(names) || len(report.Left) > 0 {
				t.Errorf("%s, version %s: coordinates %v, left out %v", j.class, layout, m.Coordinates, report.Left)
			}
			q := make([]float64, len(names))
			for i := range q {
				q[i] = 0.3 - 0.25*float64(i)
			}
			s := arm.NewSolver(m, arm.Ideal)
			s.Set(q)
			near(t, fmt.Sprintf("%s, version %s", j.class, layout), s.Marker(0), outer.times(j.pose(q)).times(inner.inverse()).at(0.01, 0.02, 0.03))
		}
	}
}

// Every function on the axis of a custom joint is read alike in both layouts,
// the function in a property or bearing its name.
func TestEveryFunctionInEveryLayout(t *testing.T) {
	spline, err := arm.NewSpline([]float64{-1, 0, 1, 2}, []float64{0.2, 0.1, 0.4, 0.3})
	if err != nil {
		t.Fatal(err)
	}
	const q = 0.6
	for _, f := range []struct {
		class, inner string
		want         float64
	}{
		{"LinearFunction", `<coefficients>2 0.5</coefficients>`, 2*q + 0.5},
		{"Constant", `<value>0.75</value>`, 0.75},
		{"PolynomialFunction", `<coefficients>3 2 1</coefficients>`, 3*q*q + 2*q + 1},
		{"PiecewiseLinearFunction", `<x>0 1 2</x><y>0 2 3</y>`, 2 * q},
		{"SimmSpline", `<x>-1 0 1 2</x><y>0.2 0.1 0.4 0.3</y>`, spline.Value(q)},
		{"NaturalCubicSpline", `<x>-1 0 1 2</x><y>0.2 0.1 0.4 0.3</y>`, spline.Value(q)},
		{"natCubicSpline", `<x>-1 0 1 2</x><y>0.2 0.1 0.4 0.3</y>`, spline.Value(q)},
		{"MultiplierFunction", `<function><LinearFunction><coefficients>2 0.5</coefficients></LinearFunction></function><scale>3</scale>`, 3 * (2*q + 0.5)},
		{"MultiplierFunction", `<function><Constant><value>0.5</value></Constant></function><scale>3</scale>`, 1.5},
	} {
		for layout, axis := range map[string]string{
			"3": fmt.Sprintf(`<function><%s>%s</%[1]s></function>`, f.class, f.inner),
			"4": fmt.Sprintf(`<%s name="function">%s</%[1]s>`, f.class, f.inner),
		} {
			text := `<OpenSimDocument Version="30000"><Model name="m"><BodySet><objects><Body name="ground"/><Body name="b"><Joint><CustomJoint name="j"><parent_body>ground</parent_body><CoordinateSet><objects><Coordinate name="q"/></objects></CoordinateSet>
<SpatialTransform><TransformAxis name="translation2"><coordinates>q</coordinates><axis>0 1 0</axis>` + axis + `</TransformAxis></SpatialTransform></CustomJoint></Joint></Body></objects></BodySet></Model></OpenSimDocument>`
			m, _, err := decode(text)
			if err != nil {
				t.Errorf("%s, layout of version %s: %v", f.class, layout, err)
				continue
			}
			s := arm.NewSolver(m, arm.Ideal)
			s.Set([]float64{q})
			if got := s.BodyPose(1).P[1]; math.Abs(got-f.want) > 1e-14 {
				t.Errorf("%s, layout of version %s: %v, want %v", f.class, layout, got, f.want)
			}
		}
	}
}

// What a model holds that changes no length is in the report, each with line
// and element; what is for display only is not worth a word.
func TestReport(t *testing.T) {
	text := strings.NewReplacer(
		`<CoordinateLimitForce name="stop"/>`, `<CoordinateLimitForce name="stop"/><PathActuator name="rope"><GeometryPath/></PathActuator><Ligament name="band"/><PointToPointSpring name="coil"/>`,
		`<ControllerSet name="controllerset">`, `<ProbeSet><objects><JointPowerProbe name="watt"/></objects></ProbeSet><ContactGeometrySet><objects><ContactSphere name="heel"/></objects></ContactGeometrySet><components><TwoFrameLinker name="link"/></components><credits>nobody</credits><ControllerSet name="controllerset">`,
		`<Marker name="tip">`, `<Reference name="sign"/><Marker name="tip">`,
		`<wrap_object>rod</wrap_object>`, `<wrap_object>ball</wrap_object>`,
		`<WrapSphere name="ball">`, `<WrapSphere name="ball"><active>false</active>`,
	).Replace(sampleV4)
	_, report, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if report.Version != 40500 {
		t.Errorf("version %d", report.Version)
	}
	left := strings.Join(report.Left, "\n")
	for element, why := range map[string]string{
		"CoordinateLimitForce[stop]": "not a muscle", "PathActuator[rope]": "not a muscle", "Ligament[band]": "not a muscle", "PointToPointSpring[coil]": "not a muscle",
		"JointPowerProbe[watt]": "not read", "ContactSphere[heel]": "not read", "TwoFrameLinker[link]": "not read", "PrescribedController[hand_of_god]": "not read",
		"Reference[sign]": "not a marker", "WeldConstraint[off]": "a constraint that is not in force", "PathWrap[w1]": "an object that is switched off",
	} {
		found := false
		for _, l := range report.Left {
			found = found || strings.HasPrefix(l, "line ") && strings.Contains(l, element+": ") && strings.Contains(l, why)
		}
		if !found {
			t.Errorf("the report lacks %s: %s\n%s", element, why, left)
		}
	}
	if strings.Contains(left, "credits") {
		t.Errorf("the report names what is for display:\n%s", left)
	}
}

// Tables go to files and come back the same, missing markers and all.
func TestTablesOnDisk(t *testing.T) {
	dir := t.TempDir()
	markers := &Markers{Rate: 100, CameraRate: 100, Units: "mm", Names: []string{"Hand", "Elbow 2"}, Frames: []int{7, 8}, Times: []float64{0.07, 0.08},
		Positions: [][][3]float64{{{1, 2, 3}, {0.1, -1e-9, 1e9}}, {{4, 5, 6}, {math.Pi, 0, -0.5}}}}
	if err := WriteTRC(filepath.Join(dir, "a.trc"), markers); err != nil {
		t.Fatal(err)
	}
	if back, err := ReadTRC(filepath.Join(dir, "a.trc")); err != nil || !reflect.DeepEqual(back, markers) {
		t.Errorf("%+v, %v", back, err)
	}
	markers.Positions[1][0] = [3]float64{math.NaN(), math.NaN(), math.NaN()}
	if err := WriteTRC(filepath.Join(dir, "b.trc"), markers); err != nil {
		t.Fatal(err)
	}
	if back, err := ReadTRC(filepath.Join(dir, "b.trc")); err != nil || !math.IsNaN(back.Positions[1][0][1]) || back.Positions[1][1] != markers.Positions[1][1] {
		t.Errorf("%+v, %v", back, err)
	}
	for _, name := range []string{"a.mot", "a.sto"} {
		s := &Storage{Name: "angles", InDegrees: name == "a.mot", Columns: []string{"elbow", "/jointset/j/wrist/value"}, Times: []float64{0, 0.01}, Rows: [][]float64{{1.0 / 3, 2}, {-3e-17, 4}}}
		if err := WriteStorage(filepath.Join(dir, name), s); err != nil {
			t.Fatal(err)
		}
		if back, err := ReadStorage(filepath.Join(dir, name)); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%+v, %v", back, err)
		}
	}
	for unit, want := range map[string]float64{"m": 1, "cm": 0.01, "mm": 0.001, "inches": 0.0254, "ft": 0.3048} {
		if got, err := (&Markers{Units: unit}).Scale(); err != nil || got != want {
			t.Errorf("a %s is %v m, %v", unit, got, err)
		}
	}
	if _, err := (&Markers{Units: "cubits"}).Scale(); err == nil {
		t.Error("took cubits")
	}
	for _, name := range []string{"none.trc", "none.sto"} {
		_, err := ReadTRC(filepath.Join(dir, name))
		_, err2 := ReadStorage(filepath.Join(dir, name))
		for _, err := range []error{err, err2} {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("missing file: %v", err)
			}
		}
	}
}
