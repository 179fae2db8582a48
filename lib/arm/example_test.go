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

// What the elbow does to three muscles: the surfaces that they touch, and the
// moment arm, positive where pulling bends the elbow.
func ExampleSolver_MomentArm() {
	m, err := arm.Load("snap")
	if err != nil {
		fmt.Println(err)
		return
	}
	const deg = math.Pi / 180
	elbow, _ := m.CoordinateIndex("elbow_flexion")
	s := arm.NewSolver(m, arm.OpenSim40)
	s.Set(m.Posture(36*deg, 5*deg, 5*deg, 90*deg))
	for _, name := range []string{"brachioradialis", "bicep_lh", "tricep_lat"} {
		i, _ := m.MuscleIndex(name)
		fmt.Printf("%s %.1f mm", name, 1000*s.MomentArm(i, elbow))
		for _, c := range s.Contacts(nil, i) {
			w := m.Wraps[c.Object]
			fmt.Printf(", %.1f mm of its path on the %v %s", 1000*c.Length, w.Kind, w.Name)
		}
		fmt.Println()
	}
	// Output:
	// brachioradialis 39.4 mm
	// bicep_lh 29.7 mm, 5.9 mm of its path on the cylinder BICEPS_SUP
	// tricep_lat -17.1 mm, 4.6 mm of its path on the torus ELBOW_ULNA
}

// Why six muscles never change in the published data: only joints that are
// held still there could stretch them.
func ExampleModel_Spans() {
	m, err := arm.Load("snap")
	if err != nil {
		fmt.Println(err)
		return
	}
	moved := map[string]bool{}
	for _, name := range arm.PostureNames {
		moved[name] = true
	}
	for i, u := range m.Muscles {
		constant := true
		var names []string
		for _, c := range m.Spans(i) {
			names = append(names, m.Coordinates[c].Name)
			constant = constant && !moved[m.Coordinates[c].Name]
		}
		if constant {
			fmt.Println(u.Name, names)
		}
	}
	// Output:
	// abd_poll_longus [radial_pronation wrist_flexion wrist_abduction]
	// ext_indicis [radial_pronation wrist_flexion wrist_abduction]
	// flex_carpi_ulnaris [radial_pronation wrist_flexion wrist_abduction]
	// flex_digit_profundus [radial_pronation wrist_flexion wrist_abduction]
	// flex_poll_longus [wrist_flexion wrist_abduction]
	// pronator_quad [radial_pronation]
}

// Joint angles from the markers of a recording: two frames, the second without
// the hand's marker.
func ExampleIK() {
	m, err := arm.Load("snap")
	if err != nil {
		fmt.Println(err)
		return
	}
	var names []string
	for _, k := range m.Markers {
		names = append(names, k.Name)
	}
	ik, err := arm.NewIK(m, arm.OpenSim40, names, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// What a camera would see of a posture, 2 mm off in one marker.
	const deg = math.Pi / 180
	s := arm.NewSolver(m, arm.OpenSim40)
	s.SetPose(m.Posture(40*deg, 0, 10*deg, 70*deg))
	seen := make([][3]float64, len(names))
	for i := range seen {
		seen[i] = s.Marker(i)
	}
	hand, _ := m.MarkerIndex("Marker_3")
	seen[hand][0] += 0.002

	elbow, _ := m.CoordinateIndex("elbow_flexion")
	for range 2 {
		r := ik.Frame(seen)
		fmt.Printf("%d markers, elbow %.2f°, largest error %.2f mm\n", r.Used, ik.Posture()[elbow]/deg, 1000*r.Max)
		seen[hand][0] = math.NaN() // not seen in the next frame
	}
	// Output:
	// 8 markers, elbow 69.83°, largest error 1.72 mm
	// 7 markers, elbow 70.00°, largest error 0.00 mm
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
