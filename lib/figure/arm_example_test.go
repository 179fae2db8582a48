package figure_test

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/figure"
)

// Snap's arm with the elbow at a right angle, seen from its right side. Colour
// tells how much longer or shorter each muscle is than at rest.
func ExampleArm() {
	const deg = math.Pi / 180
	m, err := arm.Load("snap")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := arm.NewSolver(m, arm.OpenSim40)
	s.Set(m.Posture(36*deg, 5*deg, 5*deg, 90*deg))
	view := figure.RightSide
	view.Reference = m.Defaults()
	view.Names = []string{"bicep_lh", "tricep_lat"}
	f := figure.Compose("arm", figure.SingleColumn, 75, 1, figure.Arm("elbow at 90°", s, view))
	fmt.Println("a picture of", len(f.PNG()) > 1000)

	last := ""
	for _, row := range f.Panels[0].Data.Rows {
		name := row[0].(string)
		if name != last && (name == "bicep_lh" || name == "tricep_lat" || name == "pronator_quad") {
			fmt.Printf("%s (%s) %+.1f mm\n", name, row[1], row[2])
		}
		last = name
	}
	// Output:
	// a picture of true
	// bicep_lh (shoulder and elbow) -17.6 mm
	// pronator_quad (no moving joint) +0.0 mm
	// tricep_lat (elbow) +12.2 mm
}
