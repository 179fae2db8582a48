package arm_test

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
)

// The lengths that OpenSim 4.0 gives the biceps, and where the hand is, with
// the shoulder flexed by 36 degrees and the elbow by 50.
func Example() {
	m, err := arm.Load("snap")
	if err != nil {
		fmt.Println(err)
		return
	}
	const deg = math.Pi / 180
	s := arm.NewSolver(m, arm.OpenSim40)
	s.Set(m.Posture(36*deg, 5*deg, 5*deg, 50*deg))

	biceps, _ := m.MuscleIndex("bicep_lh")
	elbow, _ := m.CoordinateIndex("elbow_flexion")
	hand, _ := m.MarkerIndex("Marker_3")
	w := arm.ToWorld(s.Marker(hand))
	fmt.Printf("path %.3f mm, fibre and tendon %.3f mm\n", 1000*s.PathLength(biceps), 1000*s.MuscleLength(biceps))
	fmt.Printf("moment arm about the elbow %.2f mm\n", 1000*s.MomentArm(biceps, elbow))
	fmt.Printf("hand %.2f cm forward, %.2f left, %.2f up\n", 100*w[0], 100*w[1], 100*w[2])
	// Output:
	// path 200.050 mm, fibre and tendon 201.509 mm
	// moment arm about the elbow 20.97 mm
	// hand 27.52 cm forward, 2.68 left, -14.22 up
}

// The posture closest to a reference that brings the hand of the planning arm
// to a point.
func ExampleReach_Solve() {
	r, err := arm.ReachFor("snap")
	if err != nil {
		fmt.Println(err)
		return
	}
	const deg = math.Pi / 180
	rest := [4]float64{36 * deg, 5 * deg, 5 * deg, 50 * deg}
	q, res := r.Solve([3]float64{0.20, 0.05, -0.10}, rest)
	for i, name := range arm.PostureNames {
		fmt.Printf("%s %.2f\n", name, q[i]/deg)
	}
	fmt.Println("reached:", res.Converged)
	_, res = r.Solve([3]float64{0.5, 0, 0}, rest)
	fmt.Printf("half a metre ahead, the hand stays %.1f cm short\n", 100*res.Residual)
	// Output:
	// shoulder_flexion 12.39
	// shoulder_adduction 6.78
	// shoulder_rotation 17.08
	// elbow_flexion 97.69
	// reached: true
	// half a metre ahead, the hand stays 15.3 cm short
}
