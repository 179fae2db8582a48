package arm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The rules are exact for polynomials up to twice the number of nodes less one.
func TestGramRules(t *testing.T) {
	prepareFan()
	for n := 2 * fanNodes; n <= fanSamples-2; n++ {
		rule := fanRule(n)
		for d := 0; d < 2*fanNodes; d++ {
			want, got := 0.0, 0.0
			for i := range n {
				want += math.Pow((float64(i)-float64(n-1)/2)*2/float64(n), float64(d))
			}
			for _, g := range rule {
				got += g.w * math.Pow(g.x*2/float64(n), float64(d))
			}
			if math.Abs(got-want) > 1e-12*float64(n) {
				t.Fatalf("%d points, degree %d: %g, want %g", n, d, got, want)
			}
		}
	}
}

// slowFan sums all blades as OpenSim does.
func slowFan(e *ellipsoid, r1, chord vec) (sum vec) {
	for i := 1; i < fanSamples-1; i++ {
		q := r1.along(float64(i)/fanSamples, chord)
		sum = sum.add(e.closest(q).sub(q).unit())
	}
	return sum
}

// randomChord draws a chord of e that is not too short, sometimes close to
// the medial surface.
func randomChord(rng *rand.Rand, e *ellipsoid) (r1, chord vec) {
	surface := func() vec {
		u := vec{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}.unit()
		return vec{u.x * e.a.x, u.y * e.a.y, u.z * e.a.z}
	}
	r1 = surface()
	r2 := surface()
	if rng.IntN(3) == 0 { // nearly along a coordinate plane
		k := rng.IntN(3)
		squeeze := math.Pow(10, -1-3*rng.Float64())
		for _, r := range []*vec{&r1, &r2} {
			s := []*float64{&r.x, &r.y, &r.z}
			*s[k] *= squeeze
			*r = r.mul(1 / math.Sqrt(e.level(*r)+1))
		}
	}
	return r1, r2.sub(r1)
}

// The fan by rules is that of all 298 blades: the direction of the sum within
// 2e-8 on any chord (0.04 m times that is 1e-9 m), and within 1e-9 on nearly all.
func TestFanIsSum(t *testing.T) {
	prepareFan()
	rng := rand.New(rand.NewPCG(13, 14))
	m, err := Load("snap")
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Wraps {
		w := &m.Wraps[i]
		if w.Kind != Ellipsoid {
			continue
		}
		r := toVec(w.Radii)
		e := ref(newEllipsoid(r.mul(3 / (r.x + r.y + r.z))))
		worst, above, n := 0.0, 0, 2000
		for range n {
			r1, chord := randomChord(rng, e)
			want := slowFan(e, r1, chord)
			if want.norm() < 3 { // no direction to speak of
				continue
			}
			d := e.fan(r1, chord).unit().dist(want.unit())
			worst = math.Max(worst, d)
			if d > 1e-9 {
				above++
			}
		}
		if worst > 2e-8 {
			t.Errorf("%s: off by %g", w.Name, worst)
		}
		t.Logf("%s: worst %.2g, %d of %d above 1e-9", w.Name, worst, above, n)
	}
}

func BenchmarkFan(b *testing.B) {
	prepareFan()
	rng := rand.New(rand.NewPCG(15, 16))
	e := ref(newEllipsoid(vec{0.045, 0.055, 0.025}.mul(24)))
	var r, c [256]vec
	for i := range r {
		r[i], c[i] = randomChord(rng, e)
	}
	for name, f := range map[string]func(vec, vec) vec{"rules": e.fan, "sum": func(a, b vec) vec { return slowFan(e, a, b) }} {
		b.Run(name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				f(r[i%256], c[i%256])
				i++
			}
		})
	}
}

func ref[T any](v T) *T { return &v }
