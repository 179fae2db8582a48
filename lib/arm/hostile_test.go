package arm

import (
	"math"
	"math/rand/v2"
	"testing"
)

var strange = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 1e-300, 0, math.Pi, -math.Pi / 2, 1e8, math.SmallestNonzeroFloat64}

// Angles without sense end in NaN or some length, never in a panic or a loop,
// and leave nothing behind.
func TestStrangePostures(t *testing.T) {
	m, err := Load("snap")
	if err != nil {
		t.Fatal(err)
	}
	s, fresh := NewSolver(m, OpenSim40), NewSolver(m, OpenSim40)
	rng := rand.New(rand.NewPCG(35, 36))
	q := make([]float64, len(m.Coordinates))
	for range 2000 {
		for i := range q {
			q[i] = strange[rng.IntN(len(strange))]
		}
		s.Set(q)
		for i := range m.Muscles {
			s.Path(nil, i)
			s.MomentArm(i, rng.IntN(len(q)))
		}
	}
	good := m.Defaults()
	s.Set(good)
	fresh.Set(good)
	for i := range m.Muscles {
		if s.MuscleLength(i) != fresh.MuscleLength(i) {
			t.Errorf("%s: %v after strange postures, %v before", m.Muscles[i].Name, s.MuscleLength(i), fresh.MuscleLength(i))
		}
	}
}

func TestStrangeReach(t *testing.T) {
	rng := rand.New(rand.NewPCG(37, 38))
	some := func() float64 {
		if rng.IntN(2) == 0 {
			return rng.NormFloat64()
		}
		return strange[rng.IntN(len(strange))]
	}
	for range 20000 {
		r, err := ReachFor("snap")
		if err != nil {
			t.Fatal(err)
		}
		target, ref := [3]float64{some(), some(), some()}, [4]float64{some(), some(), some(), some()}
		if rng.IntN(2) == 0 {
			r.Upper, r.Fore = some(), some()
		}
		if rng.IntN(2) == 0 {
			for i := range r.Lo {
				r.Lo[i], r.Hi[i] = some(), some()
			}
		}
		q, res := r.Solve(target, ref)
		if res.Converged && (!(res.Residual <= 1e-9*(1+math.Abs(r.Upper)+math.Abs(r.Fore))) || !r.Inside(q, 1e-9)) {
			t.Fatalf("%+v target %v ref %v: %v %+v", r, target, ref, q, res)
		}
	}
}

// Markers without sense leave the posture finite.
func TestStrangeMarkers(t *testing.T) {
	m, err := Load("han_01_05")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range m.Markers {
		names = append(names, k.Name)
	}
	k, err := NewIK(m, OpenSim40, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(39, 40))
	obs := make([][3]float64, len(names))
	for range 200 {
		for i := range obs {
			for j := range obs[i] {
				obs[i][j] = rng.NormFloat64()
				if rng.IntN(20) == 0 {
					obs[i][j] = strange[rng.IntN(len(strange))]
				}
			}
		}
		k.Frame(obs)
		if !finite(k.Posture()...) {
			t.Fatalf("posture %v from markers %v", k.Posture(), obs)
		}
	}
}
