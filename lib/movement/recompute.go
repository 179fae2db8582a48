package movement

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/run"
)

// StartOptions say how start points are computed; zero values are the published
// procedure (spec/01, 2.7).
type StartOptions struct {
	Bound   int // half-width of the search box, cm, default 38; the shipped chips table has 30
	Workers int // default all cores; the result does not depend on it
}

// ComputeStarts computes the start points of any two-link arm: the nodes of a
// 2 cm grid, x from 0, at which a letter's box fits into the workspace. A node
// counts if the arm reaches it, its four diagonal neighbours in the plane, and
// all 36 whole-centimetre points of the square from −3 to +2 cm around it (the
// asymmetry is the published one, B17). Reaching a point means that some posture
// in the joint box brings the hand there: an exact test, where the published
// code took what one descent of SLSQP from (36, 5, 5, 50) deg found.
func ComputeStarts(ctx context.Context, r arm.Reach, opt StartOptions, progress run.Progress) (map[Plane][][3]float64, error) {
	if opt.Bound == 0 {
		opt.Bound = 38
	}
	if opt.Workers == 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Bound < 0 || opt.Bound%gridStep != 0 || opt.Bound > gridBound || opt.Workers < 0 {
		panic(fmt.Sprintf("movement: start points within %d cm on %d workers", opt.Bound, opt.Workers))
	}
	w := newWorkspace(r, opt.Bound)
	if err := w.fill(ctx, opt.Workers, progress); err != nil {
		return nil, err
	}
	out := map[Plane][][3]float64{}
	for _, p := range Planes {
		var points [][3]float64
		for x := 0; x <= opt.Bound; x += gridStep {
			for y := -opt.Bound; y <= opt.Bound; y += gridStep {
				for z := -opt.Bound; z <= opt.Bound; z += gridStep {
					if w.fits([3]int{x, y, z}, p) {
						points = append(points, [3]float64{float64(x), float64(y), float64(z)})
					}
				}
			}
		}
		SortPoints(points, p)
		out[p] = points
	}
	return out, nil
}

// A workspace knows which whole-centimetre points the arm reaches.
type workspace struct {
	reach arm.Reach
	lo    [3]int // of x, y, z, cm
	n     [3]int
	bound int
	in    []bool
}

// margin is how far the fine test looks beyond a node.
const margin = 3

func newWorkspace(r arm.Reach, bound int) *workspace {
	w := &workspace{reach: r, bound: bound,
		lo: [3]int{-margin, -bound - margin, -bound - margin},
		n:  [3]int{bound + 2*margin + 1, 2*(bound+margin) + 1, 2*(bound+margin) + 1}}
	w.in = make([]bool, w.n[0]*w.n[1]*w.n[2])
	return w
}

// fill tests every point, in slices of constant x.
func (w *workspace) fill(ctx context.Context, workers int, progress run.Progress) error {
	rest := [4]float64{36 * degree, 5 * degree, 5 * degree, 50 * degree}
	arms := w.reach.Upper + w.reach.Fore
	slice := w.n[1] * w.n[2]
	return each(ctx, w.n[0], workers, progress, func(i int) error {
		for k := range slice {
			p := [3]float64{
				float64(w.lo[0]+i) / 100,
				float64(w.lo[1]+k/w.n[2]) / 100,
				float64(w.lo[2]+k%w.n[2]) / 100,
			}
			if math.Sqrt(p[0]*p[0]+p[1]*p[1]+p[2]*p[2]) >= arms {
				continue
			}
			if _, res := w.reach.Solve(p, rest); res.Residual < 1e-4 {
				w.in[i*slice+k] = true
			}
		}
		return nil
	})
}

func (w *workspace) reaches(p [3]int) bool {
	at := 0
	for i, v := range p {
		v -= w.lo[i]
		if v < 0 || v >= w.n[i] {
			return false
		}
		at = at*w.n[i] + v
	}
	return w.in[at]
}

// node tells whether p is a reachable node of the search grid.
func (w *workspace) node(p [3]int) bool {
	return p[0] >= 0 && p[0] <= w.bound && abs(p[1]) <= w.bound && abs(p[2]) <= w.bound && w.reaches(p)
}

func abs(v int) int { return max(v, -v) }

func (w *workspace) fits(p [3]int, plane Plane) bool {
	if !w.node(p) {
		return false
	}
	_, a, b := plane.axes()
	at := func(da, db int) [3]int {
		q := p
		q[a] += da
		q[b] += db
		return q
	}
	for _, d := range [4][2]int{{-2, -2}, {-2, 2}, {2, -2}, {2, 2}} {
		if !w.node(at(d[0], d[1])) {
			return false
		}
	}
	for da := -3; da <= 2; da++ {
		for db := -3; db <= 2; db++ {
			if !w.reaches(at(da, db)) {
				return false
			}
		}
	}
	return true
}

// A StartDifference compares a computed table with the shipped one.
type StartDifference struct {
	Monkey            string
	Plane             Plane
	Shipped, Computed int
	Missing           [][3]float64 // shipped, not computed, cm
	Extra             [][3]float64 // computed, not shipped, cm
}

// CompareStarts reports where a computed table differs from the shipped one.
func CompareStarts(monkey string, p Plane, computed [][3]float64) (StartDifference, error) {
	shipped, err := StartPoints(monkey, p)
	if err != nil {
		return StartDifference{}, err
	}
	d := StartDifference{Monkey: monkey, Plane: p, Shipped: len(shipped), Computed: len(computed)}
	d.Missing, d.Extra = without(shipped, computed), without(computed, shipped)
	return d, nil
}

func without(a, b [][3]float64) [][3]float64 {
	in := map[[3]float64]bool{}
	for _, p := range b {
		in[p] = true
	}
	var out [][3]float64
	for _, p := range a {
		if !in[p] {
			out = append(out, p)
		}
	}
	return out
}

// StartTable shows differences as a table.
func StartTable(ds []StartDifference) display.Table {
	t := display.Table{Caption: "Start points computed anew, against the shipped tables",
		Columns: []string{"arm", "plane", "shipped", "computed", "missing", "where", "extra", "where"}}
	for _, d := range ds {
		t.Rows = append(t.Rows, []any{d.Monkey, d.Plane.String(), d.Shipped, d.Computed, len(d.Missing), span(d.Missing), len(d.Extra), span(d.Extra)})
	}
	return t
}

// span gives the box around points, cm.
func span(points [][3]float64) string {
	if len(points) == 0 {
		return "–"
	}
	lo, hi := points[0], points[0]
	for _, p := range points {
		for i, v := range p {
			lo[i], hi[i] = min(lo[i], v), max(hi[i], v)
		}
	}
	return fmt.Sprintf("x %v…%v, y %v…%v, z %v…%v", lo[0], hi[0], lo[1], hi[1], lo[2], hi[2])
}
