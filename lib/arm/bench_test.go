package arm

import (
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
