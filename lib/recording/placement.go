package recording

import (
	"fmt"
	"math"
	"slices"

	"github.com/spindle-lab/spindle/lib/arm"
)

// A Placement turns positions of a recording's frame into the arm's world axes
// W (x forward, y left, z up, origin at the shoulder). A planar recording has
// x to the right and y away from the body, and lies at a constant height:
//
//	W = (Offset[0] + y, Offset[1] − x, Offset[2] + z), cm,
//
// distances unscaled. Residual is the mean angle, in degrees, by which the
// closest postures over the workspace depart from the reference posture.
type Placement struct {
	Offset   [3]float64 // cm
	Residual float64    // deg
}

// World returns a recorded position, cm, in W, cm. z is 0 for a planar recording.
func (p Placement) World(x, y, z float64) [3]float64 {
	return [3]float64{p.Offset[0] + y, p.Offset[1] - x, p.Offset[2] + z}
}

// Reference is the posture from which the published code's example inverse
// kinematics starts (spec/01, 2.5): flexion, adduction, rotation and elbow in
// degrees, adduction in the sign of the two-link arm.
var Reference = [4]float64{36, 5, 5, 50}

const degree = math.Pi / 180

func referenceRad() (q [4]float64) {
	for i, v := range Reference {
		q[i] = v * degree
	}
	return q
}

// FitPlacement places the shoulder of an arm by a rule that needs nothing but
// the recorded hand positions: the workspace is brought to where every point of
// it is within reach and the closest postures to [Reference] depart from it
// least, in the mean of squares of all four angles. The workspace is a grid of 5
// points per axis over the central 98 percent of positions, and the farthest
// position in each of 16 directions of the plane, 5 percent farther out. The
// offset is found by descent in steps of 4 cm down to 1 mm. hand is
// [axis][sample], cm, 2 or 3 axes.
func FitPlacement(hand [][]float64, r arm.Reach) (Placement, error) {
	if len(hand) < 2 {
		return Placement{}, fmt.Errorf("recording: a placement needs two axes of hand position, %d given", len(hand))
	}
	var lo, hi [3]float64
	for a, row := range hand[:min(len(hand), 3)] {
		v := make([]float64, 0, len(row))
		for _, x := range row {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				v = append(v, x)
			}
		}
		if len(v) == 0 {
			return Placement{}, fmt.Errorf("recording: axis %d of the hand has no finite position", a)
		}
		slices.Sort(v)
		lo[a], hi[a] = v[len(v)/100], v[len(v)-1-len(v)/100]
	}
	var points [][3]float64
	const side = 5
	for i := range side {
		for j := range side {
			for k := range side {
				if len(hand) < 3 && k > 0 {
					continue
				}
				at := func(a, i int) float64 { return lo[a] + (hi[a]-lo[a])*float64(i)/(side-1) }
				points = append(points, [3]float64{at(0, i), at(1, j), at(2, k)})
			}
		}
	}
	points = append(points, rim(hand, [3]float64{(lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, (lo[2] + hi[2]) / 2})...)
	unfit := func() error {
		return fmt.Errorf("recording: the workspace [%.1f, %.1f] × [%.1f, %.1f] cm does not fit within reach of an arm of %.1f cm",
			lo[0], hi[0], lo[1], hi[1], 100*(r.Upper+r.Fore))
	}
	// The descent below ends soon only where the workspace is of the arm's size.
	for a := range 3 {
		least, most := points[0][a], points[0][a]
		for _, p := range points {
			least, most = min(least, p[a]), max(most, p[a])
		}
		if !(most-least <= 200*(r.Upper+r.Fore)) {
			return Placement{}, unfit()
		}
	}
	ref := referenceRad()
	cost := func(off [3]float64) float64 {
		p := Placement{Offset: off}
		var sum float64
		for _, g := range points {
			w := p.World(g[0], g[1], g[2])
			for a := range w {
				w[a] /= 100
			}
			q, res := r.Solve(w, ref)
			if !res.Converged {
				// Far above any posture's departure, and falling towards reach.
				sum += 100 + 1e4*res.Residual
				continue
			}
			for a := range q {
				sum += (q[a] - ref[a]) * (q[a] - ref[a])
			}
		}
		return sum / float64(len(points))
	}
	// The middle of the workspace starts where the reference posture has the hand.
	h := r.Hand(ref)
	best := [3]float64{100*h[0] - (lo[1]+hi[1])/2, 100*h[1] + (lo[0]+hi[0])/2, 100*h[2] - (lo[2]+hi[2])/2}
	least := cost(best)
	for step := 4.0; step >= 0.1; step /= 2 {
		for moved := true; moved; {
			moved = false
			for a := range 3 {
				for _, d := range [2]float64{-step, step} {
					next := best
					next[a] += d
					if c := cost(next); c < least-1e-12 {
						best, least, moved = next, c, true
					}
				}
			}
		}
	}
	if least >= 100.0/float64(len(points)) {
		return Placement{}, unfit()
	}
	return Placement{Offset: best, Residual: math.Sqrt(least/4) / degree}, nil
}

// rim returns the position farthest from the centre in each of 16 directions of
// the plane of the first two axes, moved 5 percent farther out.
func rim(hand [][]float64, centre [3]float64) [][3]float64 {
	const directions, out = 16, 1.05
	var far [directions]float64
	var at [directions][3]float64
	for t := range hand[0] {
		var p [3]float64
		for a := range min(len(hand), 3) {
			p[a] = hand[a][t] - centre[a]
		}
		if math.IsNaN(p[0]+p[1]+p[2]) || math.IsInf(p[0]+p[1]+p[2], 0) {
			continue
		}
		for d := range far {
			sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
			if v := p[0]*cos + p[1]*sin; v > far[d] {
				far[d], at[d] = v, p
			}
		}
	}
	points := make([][3]float64, directions)
	for d, p := range at {
		for a := range p {
			points[d][a] = centre[a] + out*p[a]
		}
	}
	return points
}
