package osim

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/arm"
)

// placed is how an error begins that says where in a document it arose: file,
// line, element.
var placed = regexp.MustCompile(`^text\.osim:\d+: (OpenSimDocument|Model|IKTaskSet|InverseKinematicsTool)[^ ]*: .`)

// An edit of a sample document that must be refused, and what the error says:
// the element, and what is wrong with it.
type refusal struct{ from, to, element, want string }

func (r refusal) try(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(text, r.from) {
		t.Fatalf("the sample has no %q", r.from)
	}
	_, _, err := decode(strings.Replace(text, r.from, r.to, 1))
	if err == nil || !placed.MatchString(err.Error()) || !strings.Contains(err.Error(), r.element) || !strings.Contains(err.Error(), r.want) {
		t.Errorf("%q for %q: error %v, want one of element %s with %q", r.to, r.from, err, r.element, r.want)
	}
}

// Each fault of a document of version 4 is refused with file, line, element
// and reason.
func TestRefusalsV4(t *testing.T) {
	for _, r := range []refusal{
		// bodies and joints
		{`<BodySet name="bodyset"><objects>`, `<BodySet name="bodyset"><objects><Ghost name="g"/>`, "Ghost[g]", "is not supported"},
		{`<Body name="free"/>`, `<Body/><Body name="free"/>`, "Body", "without a name"},
		{`<mass>2</mass>`, `<mass>two</mass>`, "mass", "not a number"},
		{`<mass>2</mass>`, `<mass>NaN</mass>`, "mass", "not a number"},
		{`<mass_center>0 0 0.1`, `<mass_center>0 0`, "mass_center", "expected 3"},
		{`<inertia>1 2 3 0 0 0`, `<inertia>1 2 3`, "inertia", "expected 6"},
		{`<mass>2</mass>`, `<inertia_xx>x</inertia_xx>`, "inertia_xx", "not a number"},
		{`<socket_parent_frame>arm_offset</socket_parent_frame>`, ``, "PinJoint[wrist]", "socket_parent_frame is missing"},
		{`<socket_parent_frame>arm_offset</socket_parent_frame>`, `<socket_parent_frame> </socket_parent_frame>`, "socket_parent_frame", "a body is missing"},
		{`<socket_child_frame>/bodyset/tail`, `<socket_child_frame>/ground`, "WeldJoint[glue]", "the ground cannot be"},
		{`<socket_parent>..</socket_parent>`, ``, "PhysicalOffsetFrame[stand]", "socket_parent is missing"},
		{`<translation>0 1 0</translation>`, `<translation>0 Inf 0</translation>`, "translation", "not finite"},
		{`<orientation>0 0 0.5</orientation>`, `<orientation>0 0</orientation>`, "orientation", "expected 3"},
		{`<BallJoint`, `<EllipsoidJoint/><BallJoint`, "EllipsoidJoint", "socket_parent_frame is missing"},
		{`</BodySet>`, `</BodySet><ComponentSet><objects><PinJoint name="loose"/></objects></ComponentSet>`, "PinJoint[loose]", "outside of its set"},
		{`</BodySet>`, `</BodySet><components><Body name="loose"/></components>`, "Body[loose]", "outside of its set"},
		// coordinates
		{`<Coordinate name="lift"/>`, `<Lever name="lift"/>`, "Lever[lift]", "expected a Coordinate"},
		{`<Coordinate name="lift"/>`, `<Coordinate name="wrist_q"/>`, "Coordinate[wrist_q]", "a name of its own"},
		{`<Coordinate name="lift"/>`, `<Coordinate/>`, "Coordinate", "a name of its own"},
		{`<default_value>0.2`, `<default_value>-`, "default_value", "not a number"},
		{`<range>-1 1</range><clamped>`, `<range>-1</range><clamped>`, "range", "1 numbers, expected 2"},
		{`<range>-1 1</range><clamped>`, `<range>a b</range><clamped>`, "range", "not a number"},
		{`<range>-1 1</range><clamped>`, `<range>1 -1</range><clamped>`, "Coordinate[wrist_q]", "empty range"},
		{`<locked>true`, `<locked>maybe`, "locked", "expected true or false"},
		{`<Coordinate name="rail_q"><locked>true</locked>`, `<Coordinate name="rail_q"><prescribed>so</prescribed>`, "prescribed", "expected true or false"},
		// custom joints and functions
		{`<TransformAxis name="rotation1">`, `<Axis/><TransformAxis name="rotation1">`, "", "7 axes"},
		{`<TransformAxis name="translation1"><coordinates>glide</coordinates><axis>1 0 0</axis></TransformAxis>`, `<Axis/>`, "Axis", "expected a TransformAxis"},
		{`"rotation2"`, `"rotation1"`, "TransformAxis[rotation1]", "a second axis"},
		{`<coordinates>lift</coordinates><axis>0 1 0`, `<coordinates>lift glide</coordinates><axis>0 1 0`, "TransformAxis[rotation2]", "a function of 2 coordinates"},
		{`<coordinates>lift</coordinates><axis>0 1 0`, `<coordinates>drift</coordinates><axis>0 1 0`, "TransformAxis[rotation2]", `no coordinate "drift"`},
		{`<coordinates>lift</coordinates><axis>0 1 0`, `<coordinates></coordinates><axis>0 1 0`, "TransformAxis[rotation2]", "a function without a coordinate"},
		{`<coordinates>lift</coordinates><axis>0 1 0`, `<coordinates>lift</coordinates><axis>0 1`, "axis", "expected 3"},
		{`<coefficients>0.5 0 0.1</coefficients>`, ``, "PolynomialFunction[function]", "coefficients are missing"},
		{`<coefficients>0.5 0 0.1</coefficients>`, `<coefficients/>`, "coefficients", "0 coefficients"},
		{`<coefficients>0.5 0 0.1</coefficients>`, `<coefficients>1 1e999</coefficients>`, "coefficients", "not finite"},
		{`<coefficients>1 0</coefficients>`, `<coefficients>1 0 0</coefficients>`, "coefficients", "expected 2"},
		{`<value>0.25</value>`, `<value>quarter</value>`, "value", "not a number"},
		{`<scale>2</scale>`, `<scale>2 2</scale>`, "scale", "expected 1"},
		{`<PiecewiseLinearFunction name="function"><x>-1 0 1</x><y>-0.1 0 0.2</y></PiecewiseLinearFunction>`, ``, "MultiplierFunction[function]", "function is missing"},
		{`<PiecewiseLinearFunction name="function"><x>-1 0 1</x><y>-0.1 0 0.2</y></PiecewiseLinearFunction>`, `<function><Constant/><Constant/></function>`, "function", "expected one function"},
		{`<PiecewiseLinearFunction name="function"><x>-1 0 1</x><y>-0.1 0 0.2</y></PiecewiseLinearFunction><scale>2`, `<Constant name="function"><value>1e300</value></Constant><scale>1e300`, "MultiplierFunction[function]", "not finite"},
		{`<y>-0.1 0 0.2</y>`, ``, "PiecewiseLinearFunction[function]", "x and y are needed"},
		{`<y>-0.1 0 0.2</y>`, `<y>-0.1 0</y>`, "PiecewiseLinearFunction[function]", ""},
		{`<x>-1 0 1</x>`, `<x>-1 0 0</x>`, "PiecewiseLinearFunction[function]", "ascend"},
		{`<x>-1 0 1 2</x>`, `<x>-1 0 1 Inf</x>`, "x", "not finite"},
		// couplers
		{`<independent_coordinate_names>lift`, `<independent_coordinate_names>lift glide`, "CoordinateCouplerConstraint[follow]", "2 independent coordinates"},
		{`<independent_coordinate_names>lift`, `<independent_coordinate_names>gift`, "CoordinateCouplerConstraint[follow]", `no coordinate "gift"`},
		{`<independent_coordinate_names>lift`, `<independent_coordinate_names>wrist_q`, "CoordinateCouplerConstraint[follow]", "coupled to itself"},
		{`<dependent_coordinate_name>wrist_q`, `<dependent_coordinate_name>ankle`, "CoordinateCouplerConstraint[follow]", `no coordinate "ankle"`},
		{`<scale_factor>2`, `<scale_factor>two`, "scale_factor", "not a number"},
		{`<LinearFunction name="coupled_coordinates_function"><coefficients>0.5 0.1</coefficients></LinearFunction>`, ``, "CoordinateCouplerConstraint[follow]", "coupled_coordinates_function is missing"},
		{`<LinearFunction name="coupled_coordinates_function">`, `<Sine name="coupled_coordinates_function"/><LinearFunction>`, "Sine[coupled_coordinates_function]", "class Sine"},
		{`<WeldConstraint name="off">`, `<CoordinateCouplerConstraint name="again"><Constant name="coupled_coordinates_function"/><independent_coordinate_names>glide</independent_coordinate_names><dependent_coordinate_name>wrist_q</dependent_coordinate_name></CoordinateCouplerConstraint><WeldConstraint name="off">`, "CoordinateCouplerConstraint[again]", "wrist_q is coupled twice"},
		{`<WeldConstraint name="off">`, `<CoordinateCouplerConstraint name="again"><Constant name="coupled_coordinates_function"/><independent_coordinate_names>wrist_q</independent_coordinate_names><dependent_coordinate_name>glide</dependent_coordinate_name></CoordinateCouplerConstraint><WeldConstraint name="off">`, "ConstraintSet[constraintset]", "again depends on a coordinate that is coupled itself"},
		{`<isEnforced>true`, `<isEnforced>often`, "isEnforced", "expected true or false"},
		{`<isEnforced>true</isEnforced>`, `<isDisabled>often</isDisabled>`, "isDisabled", "expected true or false"},
		// muscles and path points
		{`<CoordinateLimitForce name="stop"/>`, `<Thelen2003Muscle name="flexor"><optimal_fiber_length>1</optimal_fiber_length></Thelen2003Muscle>`, "Thelen2003Muscle[flexor]", "a name of its own"},
		{`<pennation_angle_at_optimal>0.1`, `<pennation_angle_at_optimal>0,1 2`, "pennation_angle_at_optimal", "expected 1"},
		{`<max_isometric_force>50`, `<max_isometric_force>strong`, "max_isometric_force", "not a number"},
		{`<optimal_fiber_length>0.2`, `<optimal_fiber_length>long`, "optimal_fiber_length", "not a number"},
		{`<PathPoint name="p1"><socket_parent_frame>/ground</socket_parent_frame>`, `<PathPoint name="p1">`, "PathPoint[p1]", "its body is missing"},
		{`<location>0.1 0 0</location><range>0 1</range>`, `<location>0.1 0</location><range>0 1</range>`, "location", "expected 3"},
		{`<location>0.1 0 0</location><range>0 1</range>`, `<location>0.1 0 0</location>`, "ConditionalPathPoint[p2]", "range is missing"},
		{`<location>0.1 0 0</location><range>0 1</range>`, `<location>0.1 0 0</location><range>0</range>`, "range", "expected 2"},
		{`<location>0.1 0 0</location><range>0 1</range>`, `<location>0.1 0 0</location><range>0 NaN</range>`, "range", "not a number"},
		{`<socket_coordinate>/jointset/shoulder/lift`, `<socket_coordinate>/jointset/shoulder/gift`, "ConditionalPathPoint[p2]", "no coordinate"},
		{`<MovingPathPoint name="p3"><socket_parent_frame>/bodyset/arm`, `<MovingPathPoint name="p3"><socket_parent_frame>/bodyset/hand/palm`, "MovingPathPoint[p3]", "in an offset frame"},
		{`<Constant name="y_location"><value>0.03</value></Constant>`, ``, "MovingPathPoint[p3]", "y_location is missing"},
		{`<socket_x_coordinate>/jointset/shoulder/lift`, `<socket_x_coordinate>gift`, "MovingPathPoint[p3]", `no coordinate "gift"`},
		{`<LinearFunction name="x_location">`, `<Wave name="x_location"/><LinearFunction>`, "Wave[x_location]", "class Wave"},
		{`<PathPoint name="p4">`, `<FixedPathPoint name="p0"><socket_parent_frame>/ground</socket_parent_frame></FixedPathPoint><PathPoint name="p4">`, "FixedPathPoint[p0]", "class FixedPathPoint"},
		// wraps
		{`<translation>0.1 0 0</translation><quadrant>`, `<translation>0.1 0</translation><quadrant>`, "translation", "expected 3"},
		{`<xyz_body_rotation>0.1 0 0`, `<xyz_body_rotation>0.1`, "xyz_body_rotation", "expected 3"},
		{`<quadrant>-x</quadrant>`, `<active>yes</active>`, "active", "expected true or false"},
		{`<radius>0.02</radius>`, ``, "WrapCylinder[rod]", "radius is missing"},
		{`<radius>0.02</radius>`, `<radius>-0.02</radius>`, "WrapCylinder[rod]", "must be positive"},
		{`<inner_radius>0.01</inner_radius>`, `<inner_radius>0.01</inner_radius><quadrant>z</quadrant>`, "WrapTorus[ring]", "muscle flexor wraps over it: a torus of which only a half"},
		{`<WrapTorus name="ring">`, `<WrapDoubleCylinderObst name="ring"/><WrapTorus name="other">`, "WrapDoubleCylinderObst[ring]", "class WrapDoubleCylinderObst is not supported"},
		{`<PathWrap name="w2">`, `<PathSnap/><PathWrap name="w2">`, "PathSnap", "expected a PathWrap"},
		{`<range>1 2</range></PathWrap>`, `<range>1</range></PathWrap>`, "range", "expected 2"},
		{`<range>1 2</range></PathWrap>`, `<range>2 1</range></PathWrap>`, "PathWrap[w1]", "ends before it starts"},
		{`<WrapCylinder name="rod">`, `<WrapSphere name="ring"/><WrapCylinder name="rod">`, "PathWrap[w2]", "there are 2 wrap objects"},
		// limits
		{`<Body name="free"/>`, strings.Repeat(`<Body name="free"/>`, 2), "Body[free]", "second body"},
		{`<Body name="free"/>`, numbered(`<Body name="many%d"/>`, maxBodies) + `<Body name="free"/>`, fmt.Sprintf("Body[many%d]", maxBodies-4), "more than"},
		{`<Coordinate name="lift"/>`, numbered(`<Coordinate name="q%d"/>`, maxCoordinates+1), "", "more than"},
		{`<components>`, `<components>` + numbered(`<PhysicalOffsetFrame name="f%d"/>`, maxFrames+1), "", "more than"},
		{`<PathWrap name="w1">`, strings.Repeat(`<PathWrap><wrap_object>ring</wrap_object></PathWrap>`, 1000) + `<PathWrap name="w1">`, "Thelen2003Muscle[flexor]", "more than can be evaluated"},
		{`<location>0 0 0.02`, `<location>` + strings.Repeat("0 ", maxSequence+1), "location", "more than"},
	} {
		r.try(t, sampleV4)
	}
}

func numbered(form string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
}

// Each fault that only documents with joints in bodies can have, and faults of
// the document as a whole.
func TestRefusalsV3(t *testing.T) {
	v3 := strings.Replace(sampleV3, "&eacute;", "", 1)
	for _, r := range []refusal{
		{`<parent_body>ground</parent_body>`, ``, "PinJoint[elbow]", "parent_body is missing"},
		{`<location_in_parent>0 1 0`, `<location_in_parent>0 1`, "location_in_parent", "expected 3"},
		{`<Joint><PinJoint name="elbow">`, `<Joint><WeldJoint/><PinJoint name="elbow">`, "Body[arm]", "the body needs one joint"},
		{`<Joint><PinJoint name="elbow">`, `<Joint/><Joint><PinJoint name="elbow">`, "Body[arm]", "the body needs one joint"},
	} {
		r.try(t, v3)
	}
	for name, c := range map[string][2]string{
		"no model":       {`<OpenSimDocument Version="30000"/>`, `text.osim:1: OpenSimDocument: no Model`},
		"no bodies":      {`<OpenSimDocument Version="30000"><Model name="a"/></OpenSimDocument>`, `text.osim:1: Model[a]: no BodySet`},
		"custom":         {strings.ReplaceAll(v3, "PinJoint", "CustomJoint"), `CustomJoint[elbow]: SpatialTransform is missing`},
		"two roots":      {`<OpenSimDocument Version="30000"/><More/>`, `text.osim:1: a second root element More`},
		"text outside":   {`hello<OpenSimDocument/>`, `text.osim:1: text outside of the document`},
		"crossed ends":   {"<OpenSimDocument>\n<Model name=\"m\"></OpenSimDocument></Model>", `text.osim:2: end of element OpenSimDocument where that of Model[m] was expected`},
		"truncated":      {v3[:len(v3)/2], `text.osim:`},
		"syntax":         {`<OpenSimDocument Version=30000>`, `text.osim: XML syntax error on line 1`},
		"encoding":       {`<?xml version="1.0" encoding="EBCDIC"?><a/>`, `encoding "EBCDIC": expected UTF-8`},
		"long name":      {`<OpenSimDocument name="` + strings.Repeat("a", maxName+1) + `"/>`, `text.osim:1: OpenSimDocument: a name longer`},
		"long tag":       {`<` + strings.Repeat("a", maxName+1) + `/>`, `text.osim:1: an element whose name is longer`},
		"schutte curves": {strings.ReplaceAll(v3, "Thelen2003Muscle", "Schutte1993Muscle_Deprecated"), `Schutte1993Muscle_Deprecated[biceps]: tendon_force_length_curve is missing or not a SimmSpline`},
		"schutte, other": {strings.Replace(strings.ReplaceAll(v3, "Thelen2003Muscle", "Schutte1993Muscle_Deprecated"), "<GeometryPath>", `<tendon_force_length_curve><Constant/></tendon_force_length_curve><GeometryPath>`, 1), `tendon_force_length_curve is missing or not a SimmSpline`},
		"activation":     {strings.Replace(strings.ReplaceAll(v3, "Thelen2003Muscle", "Schutte1993Muscle_Deprecated"), "<GeometryPath>", `<default_activation>full</default_activation><GeometryPath>`, 1), `default_activation: "full" is not a number`},
	} {
		if _, _, err := decode(c[0]); err == nil || !strings.Contains(err.Error(), c[1]) || !strings.HasPrefix(err.Error(), "text.osim") {
			t.Errorf("%s: error %v, want one with %q", name, err, c[1])
		}
	}
}

// However a document of some MB is made, reading it takes a bounded multiple
// of its size, and so does evaluating what was read.
func TestHostileDocumentsAreBounded(t *testing.T) {
	body := func(inner string) string {
		return `<OpenSimDocument Version="40000"><Model name="m">` + inner + `</Model></OpenSimDocument>`
	}
	deep := func(i int) string {
		return fmt.Sprintf(`<PhysicalOffsetFrame name="%s%d"><components>`, strings.Repeat("n", maxName-8), i)
	}
	var nest strings.Builder
	for i := range 15 {
		nest.WriteString(deep(i))
	}
	var chain strings.Builder
	chain.WriteString(`<BodySet><objects>`)
	chain.WriteString(numbered(`<Body name="b%d"/>`, maxBodies-1))
	chain.WriteString(`</objects></BodySet><JointSet><objects>`)
	for i := range maxBodies - 1 {
		parent := "/ground"
		if i > 0 {
			parent = fmt.Sprintf("/bodyset/b%d", i-1)
		}
		fmt.Fprintf(&chain, `<CustomJoint name="j%d"><socket_parent_frame>%s</socket_parent_frame><socket_child_frame>/bodyset/b%d</socket_child_frame><coordinates><Coordinate name="q%d"/></coordinates><SpatialTransform>`, i, parent, i, i)
		for k := range 6 {
			fmt.Fprintf(&chain, `<TransformAxis><coordinates>q%d</coordinates><axis>%d 1 0</axis></TransformAxis>`, i, k)
		}
		chain.WriteString(`</SpatialTransform></CustomJoint>`)
	}
	chain.WriteString(`</objects></JointSet>`)
	arms := func(points, wraps string) string {
		return body(`<Ground><WrapObjectSet><objects><WrapCylinder name="c"><radius>1</radius><length>1</length></WrapCylinder></objects></WrapObjectSet></Ground><BodySet><objects/></BodySet><ForceSet><objects><Muscle name="u"><optimal_fiber_length>1</optimal_fiber_length><tendon_slack_length>1</tendon_slack_length><GeometryPath><PathPointSet><objects>` +
			points + `</objects></PathPointSet><PathWrapSet><objects>` + wraps + `</objects></PathWrapSet></GeometryPath></Muscle></objects></ForceSet>`)
	}
	point := `<PathPoint><body>ground</body><location>1 2 3</location></PathPoint>`
	for name, text := range map[string]string{
		"numbers in one element":  body(`<BodySet><objects><Body name="b"><mass>` + strings.Repeat("1 ", 2<<20) + `</mass></Body></objects></BodySet>`),
		"text":                    body(`<credits>` + strings.Repeat("x", 4<<20) + `</credits>`),
		"attributes":              `<OpenSimDocument ` + numbered(`a%d="1" `, 200000) + `/>`,
		"elements":                body(strings.Repeat("<a/>", 400000)),
		"offset frames on frames": body(`<BodySet><objects/></BodySet><components>` + nest.String() + numbered(`<PhysicalOffsetFrame name="%d"/>`, 50000) + strings.Repeat(`</components></PhysicalOffsetFrame>`, 15) + `</components>`),
		"a chain of bodies":       body(chain.String()),
		"points":                  arms(strings.Repeat(point, 30000), ""),
		"points and wraps":        arms(strings.Repeat(point, 20000), strings.Repeat(`<PathWrap><wrap_object>c</wrap_object></PathWrap>`, 20000)),
		"frames that name others": body(`<BodySet><objects/></BodySet><components>` + numbered(`<PhysicalOffsetFrame name="%[1]d"><socket_parent>../%[1]d0</socket_parent></PhysicalOffsetFrame>`, 9000) + `</components><MarkerSet><objects><Marker name="m"><socket_parent_frame>/1</socket_parent_frame></Marker></objects></MarkerSet>`),
	} {
		began := time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, _, err := decode(text)
		if err == nil {
			arm.NewSolver(m, arm.OpenSim40).Set(m.Defaults())
		} else if !strings.HasPrefix(err.Error(), "text.osim:") || len(err.Error()) > 100*maxName {
			t.Errorf("%s: error of %d bytes: %.300v", name, len(err.Error()), err)
		}
		runtime.ReadMemStats(&after)
		// All that was ever allocated, freed or not.
		const room, factor = 64 << 20, 40
		used := after.TotalAlloc - before.TotalAlloc
		if used > room+factor*uint64(len(text)) {
			t.Errorf("%s: %d MB for a document of %d MB", name, used>>20, len(text)>>20)
		}
		t.Logf("%v %s: document of %.1f MB, %.1f MB allocated, error %.120v", time.Since(began).Round(time.Millisecond), name, float64(len(text))/(1<<20), float64(used)/(1<<20), err)
	}
}

// The set-up files of inverse kinematics and their tasks, right and wrong.
func TestSetupFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const tasks = `<IKTaskSet><objects><IKMarkerTask name="tip"><weight>3</weight></IKMarkerTask><IKMarkerTask name="off"><apply>false</apply></IKMarkerTask><IKCoordinateTask name="flexion"><value_type>manual_value</value_type><value>0.7</value><weight>2</weight></IKCoordinateTask></objects></IKTaskSet>`
	write("tasks.xml", `<OpenSimDocument Version="30000">`+tasks+`</OpenSimDocument>`)
	setup := func(inner string) string {
		return `<OpenSimDocument Version="30000"><InverseKinematicsTool name="ik">` + inner + `</InverseKinematicsTool></OpenSimDocument>`
	}
	for _, text := range []string{
		setup(`<model_file>m.osim</model_file><coordinate_file>Unassigned</coordinate_file><time_range>0 1</time_range><accuracy>1e-6</accuracy>` + tasks),
		setup(`<model_file>m.osim</model_file><time_range>0 1</time_range><accuracy>1e-6</accuracy><IKTaskSet file="tasks.xml"/>`),
	} {
		s, err := ReadIKSetup(write("setup.xml", text))
		if err != nil {
			t.Fatal(err)
		}
		if s.ModelFile != filepath.Join(dir, "m.osim") || s.CoordinateFile != "" || s.Range != [2]float64{0, 1} || s.Accuracy != 1e-6 ||
			len(s.Tasks.Markers) != 2 || s.Tasks.Markers[0] != (MarkerTask{"tip", true, 3}) || s.Tasks.Markers[1].Apply ||
			len(s.Tasks.Coordinates) != 1 || s.Tasks.Coordinates[0] != (CoordinateTask{"flexion", true, 2, "manual_value", 0.7}) {
			t.Errorf("set-up %+v", s)
		}
	}
	for _, c := range [][2]string{
		{`<Other/>`, "Other: expected an InverseKinematicsTool"},
		{`<OpenSimDocument/>`, "OpenSimDocument: no InverseKinematicsTool"},
		{setup(``), "InverseKinematicsTool[ik]: no IKTaskSet"},
		{setup(`<time_range>0</time_range>` + tasks), "time_range: 1 numbers, expected 2"},
		{setup(`<accuracy>fine</accuracy>` + tasks), `accuracy: "fine" is not a number`},
		{setup(`<IKTaskSet file="../tasks.xml"/>`), `IKTaskSet: file "../tasks.xml" does not stand beside`},
		{setup(`<IKTaskSet file="/etc/passwd"/>`), `does not stand beside`},
		{setup(`<IKTaskSet file="setup.xml"/>`), "OpenSimDocument: expected an IKTaskSet"},
		{setup(`<IKTaskSet><objects><Chore/></objects></IKTaskSet>`), "IKTaskSet/Chore: a task of class Chore"},
		{setup(strings.Replace(tasks, "<weight>3", "<weight>-3", 1)), "IKMarkerTask[tip]: weight -3 is negative"},
		{setup(strings.Replace(tasks, "<weight>3", "<weight>NaN", 1)), `IKMarkerTask[tip]/weight: "NaN" is not a number`},
		{setup(strings.Replace(tasks, "<apply>false", "<apply>no", 1)), `IKMarkerTask[off]/apply: "no": expected true or false`},
		{setup(strings.Replace(tasks, "manual_value", "guess", 1)), `IKCoordinateTask[flexion]: value_type "guess": expected default_value`},
		{setup(strings.Replace(tasks, "<value>0.7", "<value>bent", 1)), `IKCoordinateTask[flexion]/value: "bent" is not a number`},
		{"<a", "XML syntax error"},
	} {
		file := write("setup.xml", c[0])
		if _, err := ReadIKSetup(file); err == nil || !strings.HasPrefix(err.Error(), file) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("error %v, want one of %s with %q", err, file, c[1])
		}
	}
	if _, err := ReadIKSetup(filepath.Join(dir, "none.xml")); err == nil || !strings.Contains(err.Error(), "none.xml") {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadTasks(filepath.Join(dir, "none.xml")); err == nil {
		t.Error("missing file of tasks")
	}

	// The tasks at work: the target of the coordinate, and what does not fit the model.
	m, _, err := decode(strings.Replace(sampleV3, "&eacute;", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	task := func(kind string, value float64) *Tasks {
		return &Tasks{Markers: []MarkerTask{{"tip", true, 0}, {"elsewhere", true, 1}}, Coordinates: []CoordinateTask{{"flexion", true, 2, kind, value}}}
	}
	for kind, want := range map[string]float64{"manual_value": 0.7, "default_value": 0.5} {
		k, columns, err := task(kind, 0.7).IK(m, arm.Ideal, []string{"other", "tip"})
		if err != nil || len(columns) != 1 || columns[0] != 1 {
			t.Fatalf("columns %v, %v", columns, err)
		}
		k.Start([]float64{1.5})
		if r := k.Frame([][3]float64{{5, 5, 5}}); !r.Converged || k.Posture()[0] < want-1e-9 || k.Posture()[0] > want+1e-9 {
			t.Errorf("%s: posture %v, want %v: %+v", kind, k.Posture(), want, r)
		}
	}
	for want, f := range map[string]func() error{
		`coordinate "flexion" takes its values from a file`: func() error { _, _, err := task("from_file", 0).IK(m, arm.Ideal, []string{"tip"}); return err },
		"no marker has a task":                              func() error { _, _, err := task("manual_value", 0).IK(m, arm.Ideal, []string{"nose"}); return err },
		`task for coordinate "knee": model small has none (it has flexion)`: func() error {
			k := task("manual_value", 0)
			k.Coordinates[0].Name = "knee"
			_, _, err := k.IK(m, arm.Ideal, []string{"tip"})
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
