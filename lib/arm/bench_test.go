package arm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// BenchmarkSet evaluates all 39 muscles with wrapping and equilibrium, and all
// markers, in postures drawn from the joint box of the published movements.
func BenchmarkSet(b *testing.B) {
	m, err := Load("snap")
	if err != nil {
		b.Fatal(err)
	}
	r, _ := ReachFor("snap")
	rng := rand.New(rand.NewPCG(9, 10))
	s := NewSolver(m, OpenSim40)
	var qs [512][]float64
	for i := range qs {
		q := uniform(rng, &r)
		qs[i] = m.Posture(q[0], -q[1], q[2], q[3])
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.Set(qs[i%len(qs)])
		i++
	}
}

// BenchmarkSetParallel does the same on all cores, one solver each.
func BenchmarkSetParallel(b *testing.B) {
	m, err := Load("snap")
	if err != nil {
		b.Fatal(err)
	}
	r, _ := ReachFor("snap")
	b.RunParallel(func(pb *testing.PB) {
		rng := rand.New(rand.NewPCG(9, 10))
		s := NewSolver(m, OpenSim40)
		var qs [512][]float64
		for i := range qs {
			qs[i] = randomPosture(m, &r, rng, false)
		}
		for i := 0; pb.Next(); i++ {
			s.Set(qs[i%len(qs)])
		}
	})
}

// BenchmarkMovement evaluates postures that follow one another as in a
// movement, each found by the reach solver from the one before.
func BenchmarkMovement(b *testing.B) {
	m, err := Load("snap")
	if err != nil {
		b.Fatal(err)
	}
	r, _ := ReachFor("snap")
	s := NewSolver(m, OpenSim40)
	q := [4]float64{0.6, 0.1, 0.1, 0.9}
	v := make([]float64, len(m.Coordinates))
	var at [4]int
	for i, n := range PostureNames {
		at[i], _ = m.CoordinateIndex(n)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		sin, cos := math.Sincos(float64(i) * 0.03)
		q, _ = r.Solve([3]float64{0.18 + 0.05*cos, 0.05 * sin, 0.05}, q)
		v[at[0]], v[at[1]], v[at[2]], v[at[3]] = q[0], -q[1], q[2], q[3]
		s.Set(v)
		i++
	}
}
