package arm

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// postures tells how many random postures per model a property is tried on.
// SPINDLE_ARM_POSTURES sets it for all (10000 is issue 3's number; the gradient
// and the sweeps then take two minutes of CPU).
func postures(t *testing.T, n int) int {
	if v, err := strconv.Atoi(os.Getenv("SPINDLE_ARM_POSTURES")); err == nil && v > 0 {
		return v
	}
	if testing.Short() {
		return n / 10
	}
	return n
}

// randomPosture draws the four angles from the joint box of the published
// movements, and the other coordinates, if wide, from their ranges.
func randomPosture(m *Model, r *Reach, rng *rand.Rand, wide bool) []float64 {
	q := uniform(rng, r)
	v := m.Posture(q[0], -q[1], q[2], q[3])
	if wide {
		for i, c := range m.Coordinates {
			if v[i] == 0 {
				v[i] = c.Range[0] + (c.Range[1]-c.Range[0])*rng.Float64()
			}
		}
	}
	return v
}

// No posture gives a NaN, an infinity or an absurd length, and what is stored
// is never shorter than the path: fibre·(1 − cos α) ≥ 0.
func TestLengthsAreSane(t *testing.T) {
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		for quirks, s := range map[string]*Solver{"OpenSim40": NewSolver(m, OpenSim40), "Ideal": NewSolver(m, Ideal)} {
			rng := rand.New(rand.NewPCG(17, 18))
			for k := range postures(t, 5000) {
				q := randomPosture(m, &r, rng, k%2 == 1)
				s.Set(q)
				for i := range m.Muscles {
					l, f, d := s.PathLength(i), s.FibreLength(i), s.TendonLength(i)
					if !finite(l, f, d) || l <= 0 || l > 1 || f <= 0 || d <= 0 || s.MuscleLength(i) < l-1e-15 {
						t.Fatalf("%s %s %v: %s: path %g, fibre %g, tendon %g m", name, quirks, q, m.Muscles[i].Name, l, f, d)
					}
				}
				for i := range m.Markers {
					p := s.Marker(i)
					if !finite(p[:]...) {
						t.Fatalf("%s %v: marker %s at %v", name, q, m.Markers[i].Name, p)
					}
				}
			}
		}
	}
}

// Where no wrap touches, the central difference of the path length is minus
// the moment arm, within 1e-6 m (issue 3), and the path speed is their sum. The
// step of 1e-5 rad leaves errors of some 1e-10.
func TestGradientIsMomentArm(t *testing.T) {
	const step = 1e-5
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		s := NewSolver(m, OpenSim40)
		rng := rand.New(rand.NewPCG(19, 20))
		var buf []Contact
		n := len(m.Muscles)
		free := make([]bool, n)
		down, arms := make([]float64, n), make([]float64, n)
		tried, worst := 0, 0.0
		rates := make([]float64, len(m.Coordinates))
		speeds := make([]float64, n)
		for range postures(t, 400) {
			q := randomPosture(m, &r, rng, true)
			s.Set(q)
			for i := range rates {
				rates[i] = rng.NormFloat64()
			}
			for i := range free {
				buf = s.Contacts(buf[:0], i)
				free[i] = len(buf) == 0
				speeds[i] = s.PathSpeed(i, rates)
			}
			for c := range q {
				for i := range arms {
					arms[i] = s.MomentArm(i, c)
					speeds[i] += rates[c] * arms[i]
				}
				at := q[c]
				clear(down)
				for k, side := range [2]float64{-1, 1} {
					q[c] = at + side*step
					s.Set(q)
					for i := range down {
						buf = s.Contacts(buf[:0], i)
						free[i] = free[i] && len(buf) == 0
						if k == 0 {
							down[i] = s.PathLength(i)
						} else if free[i] {
							tried++
							d := math.Abs((s.PathLength(i)-down[i])/(2*step) + arms[i])
							worst = math.Max(worst, d)
							if !(d <= 1e-6) {
								t.Fatalf("%s %v: %s about %s: moment arm %g m, off by %g", name, q, m.Muscles[i].Name, m.Coordinates[c].Name, arms[i], d)
							}
						}
					}
				}
				q[c] = at
				s.Set(q)
			}
			for i, v := range speeds {
				if math.Abs(v) > 1e-12 {
					t.Fatalf("%s: %s: path speed is not the sum of moment arms: %g", name, m.Muscles[i].Name, v)
				}
			}
		}
		if tried == 0 {
			t.Errorf("%s: no path without wraps", name)
		}
		t.Logf("%s: %d gradients, largest difference %.2g m", name, tried, worst)
	}
}

// The result of a posture does not depend on the postures before it, and is
// the same to the bit.
func TestNoHistory(t *testing.T) {
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		rng := rand.New(rand.NewPCG(21, 22))
		used := NewSolver(m, OpenSim40)
		for range 40 {
			q := randomPosture(m, &r, rng, false)
			used.Set(q)
			fresh := NewSolver(m, OpenSim40)
			fresh.Set(q)
			for i := range m.Muscles {
				if used.MuscleLength(i) != fresh.MuscleLength(i) || used.PathLength(i) != fresh.PathLength(i) {
					t.Fatalf("%s %v: %s: %v, from fresh %v", name, q, m.Muscles[i].Name, used.PathLength(i), fresh.PathLength(i))
				}
			}
		}
	}
}

func TestSetAllocatesNothing(t *testing.T) {
	m, err := Load("snap")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := ReachFor("snap")
	rng := rand.New(rand.NewPCG(23, 24))
	s := NewSolver(m, OpenSim40)
	var qs [64][]float64
	for i := range qs {
		qs[i] = randomPosture(m, &r, rng, false)
	}
	k := 0
	if n := testing.AllocsPerRun(64, func() { s.Set(qs[k%64]); k++ }); n != 0 {
		t.Errorf("Set allocates %v times", n)
	}
	target := r.Hand([4]float64{0.6, 0.1, 0.1, 0.9})
	if n := testing.AllocsPerRun(64, func() { r.Solve(target, [4]float64{0.5, 0.1, 0, 1}) }); n != 0 {
		t.Errorf("Reach.Solve allocates %v times", n)
	}
}

// Six forearm muscles span neither shoulder nor elbow: with wrist and
// pronation fixed their length never changes (spec/01, 3.4).
func TestSixMusclesAreConstant(t *testing.T) {
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		rng := rand.New(rand.NewPCG(25, 26))
		s := NewSolver(m, OpenSim40)
		lo, hi := make([]float64, len(m.Muscles)), make([]float64, len(m.Muscles))
		for k := range 100 {
			s.Set(randomPosture(m, &r, rng, false))
			for i := range lo {
				l := s.MuscleLength(i)
				if k == 0 {
					lo[i], hi[i] = l, l
				}
				lo[i], hi[i] = math.Min(lo[i], l), math.Max(hi[i], l)
			}
		}
		constant := 0
		for i := range lo {
			if hi[i]-lo[i] < 1e-12 {
				constant++
			} else if hi[i]-lo[i] < 1e-4 {
				t.Errorf("%s: %s moves by %g m only", name, m.Muscles[i].Name, hi[i]-lo[i])
			}
		}
		if constant != 6 {
			t.Errorf("%s: %d muscles are constant, want 6", name, constant)
		}
	}
}
