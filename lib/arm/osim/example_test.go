package osim_test

import (
	"fmt"
	"log"
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
