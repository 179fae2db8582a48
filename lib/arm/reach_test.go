package arm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

func uniform(rng *rand.Rand, r *Reach) (q [4]float64) {
	for i := range q {
		q[i] = r.Lo[i] + (r.Hi[i]-r.Lo[i])*rng.Float64()
	}
	return q
}

// The hand of the two-link arm, by the matrices of spec/01 2.3 written out.
func TestHandMatchesMatrices(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range Names() {
		r, err := ReachFor(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			q := uniform(rng, &r)
			p := frame([3]float64{}, [3]float64{})
			p.turnAbout(vec{0, 0, 1}, q[1])
			p.turnAbout(vec{0, 1, 0}, q[2])
			p.turnAbout(vec{1, 0, 0}, q[0])
			s, c := math.Sincos(q[3])
			h := p.apply(vec{0, -r.Upper - r.Fore*c, -r.Fore * s})
			want := vec{-h.z, -h.x, h.y}
			if d := toVec(r.Hand(q)).dist(want); d > 1e-15 {
				t.Fatalf("%s %v: hand off by %g m", name, q, d)
			}
			jac := r.jacobian(q)
			for i := range q {
				const eps = 1e-6
				a, b := q, q
				a[i] -= eps
				b[i] += eps
				fd := toVec(r.Hand(b)).sub(toVec(r.Hand(a))).mul(1 / (2 * eps))
				// 1e-9: central differences with step 1e-6 on an arm of 0.4 m.
				if d := fd.dist(jac[i]); d > 1e-9 {
					t.Fatalf("%s %v: derivative %d off by %g", name, q, i, d)
				}
			}
		}
	}
}

// Against an exhaustive search of the curve of postures: no feasible posture on
// a fine grid of adductions is closer to the reference than the solution.
func TestSolveIsClosest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	n := 100
	if testing.Short() {
		n = 50
	}
	for _, name := range Names() {
		r, err := ReachFor(name)
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			goal := uniform(rng, &r)
			ref := uniform(rng, &r)
			if rng.IntN(2) == 0 {
				for i := range ref {
					ref[i] = goal[i] + 0.05*rng.NormFloat64()
				}
				ref = r.Clamp(ref)
			}
			if rng.IntN(8) == 0 { // near the singular plane x = 0 of W
				goal[2] = (math.Pi/2 - 1e-3*rng.Float64()) * math.Copysign(1, goal[2])
			}
			target := r.Hand(goal)
			q, res := r.Solve(target, ref)
			if !res.Converged || res.Residual > 1e-12 || !r.Inside(q, 0) {
				t.Fatalf("%s goal %v ref %v: %v %+v", name, goal, ref, q, res)
			}
			if d := distance(goal, ref); res.Distance > d+1e-12 {
				t.Fatalf("%s goal %v ref %v: distance %g, the goal itself has %g", name, goal, ref, res.Distance, d)
			}
			if d, at := scan(&r, goal, ref); res.Distance > d+1e-9 {
				t.Fatalf("%s goal %v ref %v: distance %g at %v, a scan finds %g at %v", name, goal, ref, res.Distance, q, d, at)
			}
		}
	}
}

func distance(a, b [4]float64) float64 {
	d := 0.0
	for i := range a {
		d += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(d)
}

// scan turns the arm about the line from shoulder to hand in small steps and
// reads the angles off the rotation matrix: another way to the same curve.
func scan(r *Reach, goal, ref [4]float64) (best float64, at [4]float64) {
	best = math.Inf(1)
	sFrame := func(q [4]float64) Pose {
		p := identity
		p.turnAbout(vec{0, 0, 1}, q[1])
		p.turnAbout(vec{0, 1, 0}, q[2])
		p.turnAbout(vec{1, 0, 0}, q[0])
		return p
	}
	base := sFrame(goal)
	s, c := math.Sincos(goal[3])
	line := base.rotate(vec{0, -r.Upper - r.Fore*c, -r.Fore * s}).unit()
	const n = 10000
	for k := range n {
		p := identity
		p.turnAbout(line, 2*math.Pi*float64(k)/n)
		var m Pose
		m.compose(&p, &base)
		rot := math.Asin(hold(-m.R[2][0]))
		q := [4]float64{math.Atan2(m.R[2][1], m.R[2][2]), math.Atan2(m.R[1][0], m.R[0][0]), rot, goal[3]}
		for _, kf := range [3]float64{-1, 0, 1} {
			for _, ka := range [3]float64{-1, 0, 1} {
				w := q
				w[0] += 2 * math.Pi * kf
				w[1] += 2 * math.Pi * ka
				if r.Inside(w, 1e-12) {
					if d := distance(w, ref); d < best {
						best, at = d, w
					}
				}
			}
		}
	}
	return best, at
}

func TestSolveOutOfReach(t *testing.T) {
	for _, name := range Names() {
		r, err := ReachFor(name)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(5, 6))
		for range 200 {
			ref := uniform(rng, &r)
			dir := vec{rng.Float64(), rng.NormFloat64(), rng.NormFloat64()}.unit()
			far := dir.mul(r.Upper + r.Fore + 0.05)
			q, res := r.Solve(far.array(), ref)
			if res.Converged || !(res.Residual > 0.0499) || !r.Inside(q, 0) {
				t.Fatalf("%s far target %v: %v %+v", name, far, q, res)
			}
			// In a direction that the straight arm can take, the residual is what
			// the arm lacks.
			straight := ref
			straight[3] = 0
			ahead := toVec(r.Hand(straight)).unit().mul(r.Upper + r.Fore + 0.05)
			if _, res = r.Solve(ahead.array(), ref); math.Abs(res.Residual-0.05) > 1e-6 {
				t.Fatalf("%s ahead: residual %g m, want 0.05", name, res.Residual)
			}
			near := dir.mul(0.01)
			if q, res = r.Solve(near.array(), ref); res.Converged || !(res.Residual > 0) || !r.Inside(q, 0) {
				t.Fatalf("%s near target: %v %+v", name, q, res)
			}
		}
		q, res := r.Solve([3]float64{math.NaN(), 0, 0}, [4]float64{})
		if res.Converged || !math.IsNaN(res.Residual) || !r.Inside(q, 0) {
			t.Fatalf("NaN target: %v %+v", q, res)
		}
		for _, p := range [][3]float64{{}, {0, 0, 1e-300}, {1e300, 0, 0}, {0, 0, -r.Upper - r.Fore}, {0, 0, r.Upper + r.Fore}, {0, 0.2, 0.1}, {0, 0, -0.3}, {0, 0, 0.3}} {
			q, res := r.Solve(p, [4]float64{0.6, 0.1, 0.1, 0.9})
			if !r.Inside(q, 0) || math.IsNaN(res.Residual) || res.Converged && res.Residual > 1e-12 {
				t.Fatalf("%s target %v: %v %+v", name, p, q, res)
			}
		}
	}
}

func BenchmarkReachTrack(b *testing.B) {
	r, _ := ReachFor("snap")
	q := [4]float64{0.6, 0.1, 0.1, 0.9}
	i := 0
	for b.Loop() {
		s, c := math.Sincos(float64(i) * 0.03)
		q, _ = r.Solve([3]float64{0.18 + 0.05*c, 0.05 * s, 0.05}, q)
		i++
	}
}

func BenchmarkReachFar(b *testing.B) {
	r, _ := ReachFor("snap")
	rng := rand.New(rand.NewPCG(7, 8))
	var targets [256][3]float64
	var refs [256][4]float64
	for i := range targets {
		targets[i], refs[i] = r.Hand(uniform(rng, &r)), uniform(rng, &r)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r.Solve(targets[i%256], refs[i%256])
		i++
	}
}

// Lando's segment lengths are ours: they must reach all that the shipped table
// of his start points says was reached, the squares of 3 cm down and 2 cm up
// around each (spec/01, 2.7), to 0.01 cm.
func TestLandoReachesItsTable(t *testing.T) {
	r, err := ReachFor("lando")
	if err != nil {
		t.Fatal(err)
	}
	near, far := math.Inf(1), 0.0
	for _, path := range golden.Glob(t, "arm", "startpoints", "startpoints_lando_*.csv") {
		// The plane of a square is that of the table.
		shift := func(p [3]float64, i, j float64) vec { return vec{p[0] + i, p[1] + j, p[2]} }
		if strings.Contains(path, "vertical") {
			shift = func(p [3]float64, i, j float64) vec { return vec{p[0], p[1] + i, p[2] + j} }
		}
		for _, line := range readLines(t, path) {
			var p [3]float64
			if n, err := fmt.Sscanf(line, "%g,%g,%g", &p[0], &p[1], &p[2]); n != 3 || err != nil {
				continue
			}
			for i := -3.0; i <= 2; i++ {
				for j := -3.0; j <= 2; j++ {
					d := shift(p, i, j).norm() / 100
					near, far = math.Min(near, d), math.Max(far, d)
				}
			}
		}
	}
	bent := toVec(r.Hand(r.Hi)).norm()
	if near < bent-1e-4 || far > r.Upper+r.Fore+1e-4 {
		t.Errorf("the table spans %g to %g m, the arm %g to %g m", near, far, bent, r.Upper+r.Fore)
	}
	t.Logf("the table spans %g to %g m, the arm %g to %g m", near, far, bent, r.Upper+r.Fore)
}
