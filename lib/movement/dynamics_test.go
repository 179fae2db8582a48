package movement

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/run"
)

// lagrange is the independent formulation: it knows nothing of joints, only
// where arm.Solver puts the bodies. Kinetic energy is built from differences of
// poses, and τ = d/dt ∂L/∂q̇ − ∂L/∂q by differences of it.
type lagrange struct {
	s     *arm.Solver
	m     *arm.Model
	scale float64
}

const dq = 1e-4 // rad: central differences of smooth poses err by about dq² relative

func newLagrange(m *arm.Model, armMass float64) *lagrange {
	mass := 0.0
	for _, b := range m.Bodies {
		if b.Name != "sternum" {
			mass += b.Mass
		}
	}
	return &lagrange{arm.NewSolver(m, arm.Ideal), m, armMass / mass}
}

type placed struct {
	center vec3
	r      mat3
}

func (l *lagrange) poses(q []float64) []placed {
	l.s.SetPose(q)
	out := make([]placed, len(l.m.Bodies))
	for i, b := range l.m.Bodies {
		p := l.s.BodyPose(i)
		o := vec3(p.Apply([3]float64{}))
		for k := range 3 {
			var e [3]float64
			e[k] = 1
			d := vec3(p.Apply(e)).sub(o)
			for j := range 3 {
				out[i].r[3*j+k] = d[j]
			}
		}
		out[i].center = vec3(p.Apply(b.Center))
	}
	return out
}

// massMatrix returns M(q) from differences of poses.
func (l *lagrange) massMatrix(q []float64) [][]float64 {
	n := len(q)
	type motion struct{ v, w vec3 }
	mot := make([][]motion, n)
	here := l.poses(q)
	for k := range n {
		up, dn := append([]float64(nil), q...), append([]float64(nil), q...)
		up[k] += dq
		dn[k] -= dq
		a, b := l.poses(up), l.poses(dn)
		mot[k] = make([]motion, len(a))
		for i := range a {
			// dR/dq·Rᵀ is the matrix of the angular velocity.
			var d mat3
			for j := range d {
				d[j] = (a[i].r[j] - b[i].r[j]) / (2 * dq)
			}
			w := d.mul(here[i].r.transpose())
			mot[k][i] = motion{a[i].center.sub(b[i].center).scale(1 / (2 * dq)),
				vec3{(w[7] - w[5]) / 2, (w[2] - w[6]) / 2, (w[3] - w[1]) / 2}}
		}
	}
	out := make([][]float64, n)
	for r := range out {
		out[r] = make([]float64, n)
		for c := range out[r] {
			for i, b := range l.m.Bodies {
				if b.Name == "sternum" {
					continue
				}
				in := here[i].r.mul(symmetric(b.Inertia)).mul(here[i].r.transpose())
				out[r][c] += l.scale * (b.Mass*mot[r][i].v.dot(mot[c][i].v) + mot[r][i].w.dot(in.apply(mot[c][i].w)))
			}
		}
	}
	return out
}

func (l *lagrange) potential(q []float64) (v float64) {
	for i, p := range l.poses(q) {
		if l.m.Bodies[i].Name != "sternum" {
			v -= l.scale * l.m.Bodies[i].Mass * vec3(Gravity).dot(p.center)
		}
	}
	return v
}

func (l *lagrange) torques(q, v, a []float64) []float64 {
	n := len(q)
	along := func(h float64) []float64 {
		p := append([]float64(nil), q...)
		for i := range p {
			p[i] += h * v[i]
		}
		return p
	}
	const h = 1e-4
	mass, later, sooner := l.massMatrix(q), l.massMatrix(along(h)), l.massMatrix(along(-h))
	out := make([]float64, n)
	for i := range out {
		for j := range out {
			out[i] += mass[i][j]*a[j] + (later[i][j]-sooner[i][j])/(2*h)*v[j]
		}
		up, dn := append([]float64(nil), q...), append([]float64(nil), q...)
		up[i] += h
		dn[i] -= h
		mu, md := l.massMatrix(up), l.massMatrix(dn)
		for r := range out {
			for c := range out {
				out[i] -= 0.5 * v[r] * v[c] * (mu[r][c] - md[r][c]) / (2 * h)
			}
		}
		out[i] += (l.potential(up) - l.potential(dn)) / (2 * h)
	}
	return out
}

func draw(rng *rand.Rand, n int, scale float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = scale * (2*rng.Float64() - 1)
	}
	return v
}

// The recursive Newton-Euler torques equal the Lagrangian's, for all seven
// coordinates of all six arms. Central differences over 8e-4 rad leave
// less than 1e-6 of the largest torque.
func TestTorquesAreLagrangian(t *testing.T) {
	for _, name := range arm.Names() {
		m, err := arm.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDynamics(m, ArmMass)
		if err != nil {
			t.Fatal(err)
		}
		l := newLagrange(m, ArmMass)
		n := len(m.Coordinates)
		rng := run.Stream(5, "lagrange", name)
		got := make([]float64, n)
		for range 20 {
			q, v, a := draw(rng, n, 2), draw(rng, n, 8), draw(rng, n, 80)
			d.Torques(got, q, v, a)
			want := l.torques(q, v, a)
			scale := 0.0
			for _, w := range want {
				scale = max(scale, math.Abs(w))
			}
			for i := range got {
				if !(math.Abs(got[i]-want[i]) <= 1e-6*scale) {
					t.Fatalf("%s, coordinate %s: %.9f N·m, Lagrange gives %.9f", name, m.Coordinates[i].Name, got[i], want[i])
				}
			}
		}
	}
}

// At rest, the torque about the shoulder's first axis is the arm's weight times
// its lever.
func TestStaticTorqueIsWeightTimesLever(t *testing.T) {
	m, err := arm.Load("snap")
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDynamics(m, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := arm.NewSolver(m, arm.Ideal)
	q := m.Posture(0.3, -0.9, 0.2, 1.1)
	zero := make([]float64, len(q))
	got := make([]float64, len(q))
	d.Torques(got, q, zero, zero)
	// The torque about the shoulder's first axis, fixed along x at the joint.
	s.SetPose(q)
	hum, _ := m.BodyIndex("humerus")
	joint := vec3(s.BodyPose(hum).Apply([3]float64{}))
	mass, want := 0.0, 0.0
	for _, b := range m.Bodies {
		if b.Name != "sternum" {
			mass += b.Mass
		}
	}
	for i, b := range m.Bodies {
		if b.Name == "sternum" {
			continue
		}
		lever := vec3(s.BodyPose(i).Apply(b.Center)).sub(joint)
		want -= lever.cross(vec3(Gravity).scale(b.Mass / mass))[0]
	}
	k, _ := m.CoordinateIndex("shoulder_adduction")
	if math.Abs(got[k]-want) > 1e-12 {
		t.Errorf("torque %.12f N·m, weight times lever is %.12f", got[k], want)
	}
}

// The work of the torques is the change of energy. Simpson's rule over 2 s of a
// smooth movement in 2000 steps errs by far less than 1e-8 J.
func TestEnergyBalance(t *testing.T) {
	m, err := arm.Load("chips")
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDynamics(m, ArmMass)
	if err != nil {
		t.Fatal(err)
	}
	n := len(m.Coordinates)
	rng := run.Stream(6, "energy")
	amp, freq, phase := draw(rng, n, 1), draw(rng, n, 6), draw(rng, n, 3)
	q, v, a, tau := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	at := func(time float64) (power, energy float64) {
		for i := range q {
			s, c := math.Sincos(freq[i]*time + phase[i])
			q[i], v[i], a[i] = amp[i]*s, amp[i]*freq[i]*c, -amp[i]*freq[i]*freq[i]*s
		}
		d.Torques(tau, q, v, a)
		for i := range tau {
			power += tau[i] * v[i]
		}
		kin, pot := d.Energy(q, v)
		return power, kin + pot
	}
	const steps = 2000
	work, h := 0.0, 2.0/steps
	_, first := at(0)
	last := 0.0
	for i := 0; i <= steps; i++ {
		p, e := at(float64(i) * h)
		w := 2.0
		switch {
		case i == 0 || i == steps:
			w = 1
		case i%2 == 1:
			w = 4
		}
		work += w * h / 3 * p
		last = e
	}
	if math.Abs(last-first) < 0.01 {
		t.Fatalf("the energy changes by %.3g J only: the test sees nothing", last-first)
	}
	if d := math.Abs(work - (last - first)); !(d <= 1e-8) {
		t.Errorf("work %.10f J, change of energy %.10f J", work, last-first)
	}
}

// spec/01, 6: 200 rows, torques in N·m. The reach ends at its target, starts and
// ends at rest, and holds the weight of the arm there.
func TestReaches(t *testing.T) {
	for _, name := range arm.Names() {
		r, err := NewReacher(name, ReachOptions{}, Fixes{})
		if err != nil {
			t.Fatal(err)
		}
		for k := range 5 {
			m, _, err := r.One(1, k, 3)
			if err != nil {
				t.Fatal(err)
			}
			again, _, err := r.One(1, k, 3)
			if err != nil || again.Torques[2][100] != m.Torques[2][100] || again.Muscles[38][199] != m.Muscles[38][199] {
				t.Errorf("%s: reach %d is not the same twice (%v)", name, k, err)
			}
			if m.Len() != ReachSamples || len(m.Torques) != 4 || len(m.Torques[0]) != ReachSamples || !m.OpenSimSign {
				t.Fatalf("%s: reach %d has %d samples, %d torques", name, k, m.Len(), len(m.Torques))
			}
			c, err := NewChain(name, Fixes{})
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []struct {
				t    int
				want [3]float64
			}{{0, m.Start}, {ReachSamples - 1, [3]float64{m.Target[0][0], m.Target[1][0], m.Target[2][0]}}} {
				q := column(m.Joints, at.t)
				q[Adduction] *= -1
				for i := range q {
					q[i] *= degree
				}
				h := c.Reach.Hand(q)
				for i := range h {
					if math.Abs(100*h[i]-at.want[i]) > 1e-6 {
						t.Errorf("%s: reach %d: hand at %v cm at sample %d, want %v", name, k, h, at.t, at.want)
						break
					}
				}
			}
			largest := 0.0
			for _, row := range m.Torques {
				for _, v := range row {
					largest = max(largest, math.Abs(v))
				}
			}
			// 0.53 kg at about 20 cm is 1 N·m.
			if !(largest > 0.05 && largest < 5) {
				t.Errorf("%s: reach %d: largest torque %.3f N·m", name, k, largest)
			}
		}
	}
	if _, err := NewReacher("snap", ReachOptions{MaxTime: 3}, Fixes{}); err == nil {
		t.Error("a reach of 3 s within 2 s")
	}
}

// The profile's derivatives are those of its values.
func TestMinimumJerk(t *testing.T) {
	const h = 1e-5
	for s := 0.05; s < 1; s += 0.05 {
		x, dx, ddx := minimumJerk(s)
		a, da, _ := minimumJerk(s - h)
		b, db, _ := minimumJerk(s + h)
		if math.Abs((b-a)/(2*h)-dx) > 1e-8 || math.Abs((db-da)/(2*h)-ddx) > 1e-7 || !(x > 0 && x < 1) {
			t.Errorf("at %v: %v, %v, %v", s, x, dx, ddx)
		}
	}
}

func BenchmarkTorques(b *testing.B) {
	m, err := arm.Load("snap")
	if err != nil {
		b.Fatal(err)
	}
	d, err := NewDynamics(m, ArmMass)
	if err != nil {
		b.Fatal(err)
	}
	n := len(m.Coordinates)
	rng := run.Stream(1, "bench")
	q, v, a, out := draw(rng, n, 1), draw(rng, n, 1), draw(rng, n, 1), make([]float64, n)
	b.ReportAllocs()
	for b.Loop() {
		d.Torques(out, q, v, a)
	}
}
