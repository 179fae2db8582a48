package arm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
)

// knownJumps lists where OpenSim's path lengths jump as the posture changes:
// the wrap object that the path lies on before or after, a bound of about one
// and a half times the largest jump seen in 100 sweeps of each model, and the
// cause. Everything else is continuous. All but the two marked Q2 are in the
// method itself, so that Ideal has them too.
var knownJumps = []struct {
	object string
	most   float64 // mm
	why    string
}{
	{"SHOULDER_HUMERUS", 8, "the fan's plane turns over when the path passes the ellipsoid's medial surface; a wrap begins, or moves to another piece of the path, when the piece cuts the ellipsoid, in a plane that is not the shortest way"},
	{"THORAX", 20, "a wrap begins when the piece cuts the ellipsoid, in a plane that is not the shortest way"},
	{"ELBOW_ULNA", 4, "Q2: ELBOW_EXTENSOR takes its turn, a second pass moves the wrap points, and distances still use the old ones"},
	{"ELBOW_EXTENSOR", 1.5, "Q2: likewise, with BICEPS_SUP"},
	{"RADIUS_SUP", 0.5, "axial: the tangent search starts elsewhere, and stops elsewhere, when the chord no longer crosses the middle plane"},
}

// Along fine sweeps of all four angles lengths are continuous, except for the
// known jumps. A step changes a length by at most 0.08 m per radian, above any
// moment arm; what exceeds that is bisected, and only a change that stays is a jump.
func TestContinuity(t *testing.T) {
	const (
		steps   = 1500
		slope   = 0.08 // m/rad
		resolve = 2e-6 // m; the chain of chords over an ellipsoid gains a link
	)
	for _, name := range Names() {
		m, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := ReachFor(name)
		rng := rand.New(rand.NewPCG(27, 28))
		s := NewSolver(m, OpenSim40)
		found := map[string]float64{}
		n := len(m.Muscles)
		before, now := make([]float64, n), make([]float64, n)
		for range postures(t, 400) / 100 {
			a, b := randomPosture(m, &r, rng, false), randomPosture(m, &r, rng, false)
			span := 0.0
			for i := range a {
				span += (b[i] - a[i]) * (b[i] - a[i])
			}
			limit := slope*math.Sqrt(span)/steps + resolve
			q := make([]float64, len(a))
			at := func(u float64) {
				for i := range q {
					q[i] = a[i] + u*(b[i]-a[i])
				}
				s.Set(q)
			}
			for k := 0; k <= steps; k++ {
				at(float64(k) / steps)
				for i := range now {
					now[i] = s.PathLength(i)
				}
				for i := range now {
					if k == 0 || math.Abs(now[i]-before[i]) <= limit {
						continue
					}
					lo, hi, from, to := float64(k-1)/steps, float64(k)/steps, before[i], now[i]
					for range 25 {
						mid := (lo + hi) / 2
						at(mid)
						if v := s.PathLength(i); math.Abs(v-from) > math.Abs(to-v) {
							hi, to = mid, v
						} else {
							lo, from = mid, v
						}
					}
					if jump := math.Abs(to - from); jump > resolve {
						at(lo)
						on := contactNames(s, i)
						at(hi)
						object, most := jumpCause(on + " " + contactNames(s, i))
						what := fmt.Sprintf("%s over %s", m.Muscles[i].Name, object)
						found[what] = math.Max(found[what], 1000*jump)
						if 1000*jump > most {
							t.Errorf("%s: %s jumps by %.3g mm at %v", name, what, 1000*jump, q)
						}
					}
				}
				before, now = now, before
			}
		}
		var lines []string
		for what, jump := range found {
			lines = append(lines, fmt.Sprintf("%s %.2g mm", what, jump))
		}
		sort.Strings(lines)
		t.Logf("%s: largest jumps: %s", name, strings.Join(lines, "; "))
	}
}

func contactNames(s *Solver, muscle int) string {
	var names []string
	for _, c := range s.Contacts(nil, muscle) {
		names = append(names, s.Model().Wraps[c.Object].Name)
	}
	return strings.Join(names, " ")
}

// jumpCause finds the known jump, if any, of a path that lies on these objects.
func jumpCause(objects string) (object string, most float64) {
	for _, k := range knownJumps {
		if strings.Contains(objects, k.object) {
			return k.object, k.most
		}
	}
	return objects, 0
}
