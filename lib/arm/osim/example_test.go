package osim_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/arm/osim"
)

const forearm = `<OpenSimDocument Version="30000"><Model name="forearm">
<BodySet><objects>
  <Body name="ground"/>
  <Body name="ulna"><Joint><PinJoint name="elbow">
    <parent_body>ground</parent_body>
    <CoordinateSet><objects><Coordinate name="flexion"><range>0 2</range></Coordinate></objects></CoordinateSet>
  </PinJoint></Joint></Body>
</objects></BodySet>
<ForceSet><objects><Thelen2003Muscle name="brachialis">
  <GeometryPath><PathPointSet><objects>
    <PathPoint name="origin"><body>ground</body><location>0 0.2 0</location></PathPoint>
    <PathPoint name="insertion"><body>ulna</body><location>0 -0.05 0</location></PathPoint>
  </objects></PathPointSet></GeometryPath>
  <optimal_fiber_length>0.1</optimal_fiber_length><tendon_slack_length>0.1</tendon_slack_length>
</Thelen2003Muscle><CoordinateActuator name="motor"/></objects></ForceSet>
</Model></OpenSimDocument>`

// Markers as a .trc file has them: a unit of length, and nan where one was not
// seen.
func ExampleDecodeTRC() {
	const file = "PathFileType\t4\t(X/Y/Z)\ttrial.trc\n" +
		"DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n" +
		"100\t100\t2\t1\tmm\n" +
		"Frame#\tTime\tMarker_3\n" +
		"\t\tX1\tY1\tZ1\n\n" +
		"0\t0.00\t275.2\t-142.2\t-26.8\n" +
		"1\t0.01\tnan\tnan\tnan\n"
	m, err := osim.DecodeTRC(strings.NewReader(file), "trial.trc")
	if err != nil {
		log.Fatal(err)
	}
	scale, err := m.Scale()
	if err != nil {
		log.Fatal(err)
	}
	for i, t := range m.Times {
		fmt.Printf("%.2f s: %s at x = %.4f m\n", t, m.Names[0], scale*m.Positions[i][0][0])
	}
	// Output:
	// 0.00 s: Marker_3 at x = 0.2752 m
	// 0.01 s: Marker_3 at x = NaN m
}

// Joint angles written as OpenSim's tools read them.
func ExampleEncodeStorage() {
	err := osim.EncodeStorage(os.Stdout, &osim.Storage{
		Name: "reach", InDegrees: true, Columns: []string{"shoulder_flexion", "elbow_flexion"},
		Times: []float64{0, 0.01}, Rows: [][]float64{{36, 50}, {36.5, 51.25}},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// reach
	// version=1
	// nRows=2
	// nColumns=3
	// inDegrees=yes
	// endheader
	// time	shoulder_flexion	elbow_flexion
	// 0	36	50
	// 0.01	36.5	51.25
}

// A muscle of a model read from a document, in two postures. Read does the
// same for a file.
func Example() {
	m, report, err := osim.Options{}.Decode(strings.NewReader(forearm), "forearm.osim")
	if err != nil {
		log.Fatal(err)
	}
	s := arm.NewSolver(m, arm.OpenSim40)
	for _, flexion := range []float64{0, 1.5} {
		s.Set([]float64{flexion})
		fmt.Printf("%s at %.1f rad: %.4f m\n", m.Muscles[0].Name, flexion, s.PathLength(0))
	}
	fmt.Println(report.Left[0])
	// Output:
	// brachialis at 0.0 rad: 0.2500 m
	// brachialis at 1.5 rad: 0.2096 m
	// line 15: Model[forearm]/ForceSet/CoordinateActuator[motor]: not a muscle
}
