package arm

import (
	"math"
	"testing"
)

// In this posture, met while letters were generated, the centre of the wrapping
// plane of flex_digit_superficialis lies on the muscle's line to the last bit:
// rounding chose the plane, and one rounding of the angles gave NaN. The length
// must not depend on such a rounding by more than the jump from one plane to
// another could explain, 1 mm.
func TestPlaneThroughTheLine(t *testing.T) {
	m, err := Load("snap")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSolver(m, OpenSim40)
	degrees := [4]float64{57.08215338326868, 83.68325066195194, 39.02044975923041, 66.39334200602731}
	factor := math.Pi / 180
	var lengths [][]float64
	for _, rad := range []func(float64) float64{
		func(x float64) float64 { return x * factor },
		func(x float64) float64 { return x / 180 * math.Pi },
		func(x float64) float64 { return x * math.Pi / 180 },
	} {
		s.Set(m.Posture(rad(degrees[0]), rad(-degrees[1]), rad(degrees[2]), rad(degrees[3])))
		row := make([]float64, len(m.Muscles))
		for i := range row {
			row[i] = s.MuscleLength(i)
			if math.IsNaN(row[i]) {
				t.Errorf("%s is NaN", m.Muscles[i].Name)
			}
		}
		lengths = append(lengths, row)
	}
	for _, row := range lengths[1:] {
		for i := range row {
			if d := math.Abs(row[i] - lengths[0][i]); d > 1e-3 {
				t.Errorf("%s changes by %g m with the rounding of the angles", m.Muscles[i].Name, d)
			}
		}
	}
}
