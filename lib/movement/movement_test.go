package movement

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// publishedCounts are the sizes of the shipped tables (spec/01, 2.7): horizontal,
// vertical, common to both.
var publishedCounts = map[string][3]int{
	"snap": {7460, 7871, 6921}, "butter": {3614, 4225, 3324}, "han_01_05": {8251, 9299, 7728},
	"han_11_22": {6356, 7254, 5918}, "lando": {8423, 9436, 7854}, "chips": {8878, 9917, 8251}, "chips_1": {10925, 12137, 10264},
}

// The embedded tables are the published ones, point by point, in their order.
// Tables of another size are only read, written and read again.
func TestStartPointsArePublished(t *testing.T) {
	name := regexp.MustCompile(`startpoints_(.+)_scaled_5(_1)?_(horizontal|vertical)\.csv$`)
	for _, path := range golden.Glob(t, "arm", "startpoints", "*.csv") {
		m := name.FindStringSubmatch(path)
		if m == nil {
			t.Fatalf("%s: unknown name", path)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ReadPoints(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParsePlane(m[3])
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == publishedCounts[m[1]+m[2]][p] {
			got, err := StartPoints(m[1]+m[2], p)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the embedded table differs: %d points, want %d (%v)", path, len(got), len(want), err)
			}
		}
		var b bytes.Buffer
		if err := WriteTables(&b, []Table{{m[1], p, want}}); err != nil {
			t.Fatal(err)
		}
		back, err := ParseTables(&b)
		if err != nil || !reflect.DeepEqual(back, []Table{{m[1], p, want}}) {
			t.Errorf("%s: written and read again it is another table (%v)", path, err)
		}
	}
}

// The sizes of the embedded tables. This runs without the data.
func TestStartPointCounts(t *testing.T) {
	for name, c := range publishedCounts {
		h, errH := StartPoints(name, Horizontal)
		v, errV := StartPoints(name, Vertical)
		if errH != nil || errV != nil {
			t.Fatal(errH, errV)
		}
		in := map[[3]float64]bool{}
		for _, p := range h {
			in[p] = true
		}
		common := 0
		for _, p := range v {
			if in[p] {
				common++
			}
		}
		if len(h) != c[0] || len(v) != c[1] || common != c[2] {
			t.Errorf("%s: %d, %d, %d common; want %v", name, len(h), len(v), common, c)
		}
	}
	if _, err := StartPoints("rex", Vertical); err == nil || !strings.Contains(err.Error(), "rex") {
		t.Errorf("unknown arm: %v", err)
	}
}

func TestParseTablesRefuses(t *testing.T) {
	for _, s := range []string{"2 4:0", "a horizontal\n2 4", "a sideways\n", "a vertical\n3 4:0", "a vertical\n2 4:x", "a vertical\n2 4:0/900", "a vertical\n2 :0"} {
		if got, err := ParseTables(strings.NewReader(s)); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
	for _, pts := range [][][3]float64{{{1, 0, 0}}, {{2, 0, 0}, {0, 0, 0}}, {{0, 0, 0}, {0, 0, 0}}, {{math.NaN(), 0, 0}}} {
		if err := WriteTables(&bytes.Buffer{}, []Table{{"a", Vertical, pts}}); err == nil {
			t.Errorf("%v was written", pts)
		}
	}
}

// Whatever the text, tables are an error or lie on the grid.
func FuzzParseTables(f *testing.F) {
	f.Add("# c\nsnap horizontal\n-34 2:-12/-10,-6 4:0\n")
	f.Add("a vertical\n2 4:0/900")
	f.Add("2,-34,0\n2,0,-34")
	f.Fuzz(func(t *testing.T, s string) {
		if tables, err := ParseTables(strings.NewReader(s)); err == nil {
			for _, tab := range tables {
				for _, p := range tab.Points {
					for _, v := range p {
						if v != math.Trunc(v) || math.Abs(v) > gridBound {
							t.Fatalf("point %v", p)
						}
					}
				}
			}
		}
		if points, err := ReadPoints(strings.NewReader(s)); err == nil && len(points) > len(s) {
			t.Fatalf("%d points of %d bytes", len(points), len(s))
		}
	})
}

// np.gradient of NumPy 1.24 thrice on [0, 1, 4, 9, 16, 30] gives the rows below.
func TestJerkByHand(t *testing.T) {
	v := []float64{0, 1, 4, 9, 16, 30}
	got := Jerk([][]float64{v, v})
	a, b := make([]float64, 6), make([]float64, 6)
	Gradient(a, v)
	if want := []float64{1, 2, 4, 6, 10.5, 14}; !reflect.DeepEqual(a, want) {
		t.Errorf("gradient %v, want %v", a, want)
	}
	Gradient(b, a)
	if want := []float64{1, 1.5, 2, 3.25, 4, 3.5}; !reflect.DeepEqual(b, want) {
		t.Errorf("second gradient %v, want %v", b, want)
	}
	Gradient(a, b)
	if want := []float64{0.5, 0.5, 0.875, 1, 0.125, -0.5}; !reflect.DeepEqual(a, want) {
		t.Errorf("third gradient %v, want %v", a, want)
	}
	want := math.Sqrt(2 * (0.25 + 0.25 + 0.765625 + 1 + 0.015625 + 0.25))
	if math.Abs(got-want) > 1e-15 {
		t.Errorf("jerk %v, want %v", got, want)
	}
	v[2] = math.NaN()
	if j := Jerk([][]float64{v}); !math.IsNaN(j) {
		t.Errorf("jerk with a NaN is %v", j)
	}
}

// SciPy 1.x: scipy.signal.medfilt([3, 1, 4, 1, 5, 9, 2, 6], 5) is
// [1, 1, 3, 4, 4, 5, 5, 2].
func TestMedianIsSciPys(t *testing.T) {
	got := make([]float64, 8)
	Median(got, []float64{3, 1, 4, 1, 5, 9, 2, 6})
	if want := []float64{1, 1, 3, 4, 4, 5, 5, 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("median %v, want %v", got, want)
	}
}

// spec/01, 2.2: horizontal (p_y, −p_x, 0) + start, vertical (0, −p_x, p_y) + start.
func TestPlace(t *testing.T) {
	s := stroke.Stroke{X: []float64{1, 2}, Y: []float64{3, 5}}
	start := [3]float64{10, 20, 30}
	if got, want := Place(s, start, Horizontal), [][]float64{{13, 15}, {19, 18}, {30, 30}}; !reflect.DeepEqual(got, want) {
		t.Errorf("horizontal %v, want %v", got, want)
	}
	if got, want := Place(s, start, Vertical), [][]float64{{10, 10}, {19, 18}, {33, 35}}; !reflect.DeepEqual(got, want) {
		t.Errorf("vertical %v, want %v", got, want)
	}
}

func smallSet() []stroke.Stroke { return stroke.Embedded().DrawSet(2, 3).Strokes[:12] }

// One seed gives the same movements on any number of workers, and a movement
// does not depend on the others that are made with it.
func TestSameOnAnyNumberOfWorkers(t *testing.T) {
	var first []Movement
	for _, workers := range []int{1, 2, 5} {
		g, err := NewGenerator("snap", Options{Folder: 4, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		ms, rep, err := g.Generate(context.Background(), smallSet(), 7, nil)
		if err != nil {
			t.Fatal(err)
		}
		if rep.Accepted != 24 || rep.Attempts != 24+rep.Tracing+rep.JointJerk+rep.MuscleJerk+rep.NotANumber {
			t.Errorf("report %+v does not add up", rep)
		}
		if first == nil {
			first = ms
			continue
		}
		if !reflect.DeepEqual(ms, first) {
			t.Errorf("%d workers gave other movements", workers)
		}
	}
	g, err := NewGenerator("snap", Options{Folder: 4})
	if err != nil {
		t.Fatal(err)
	}
	jobs := g.Jobs(smallSet())
	alone, _, err := g.One(jobs[17], 7)
	if err != nil || !reflect.DeepEqual(alone, first[17]) {
		t.Errorf("movement 17 alone is another (%v)", err)
	}
	if other, _, err := g.One(jobs[17], 8); err != nil || reflect.DeepEqual(other.Joints, alone.Joints) {
		t.Errorf("another seed gave the same movement (%v)", err)
	}
}

// What is accepted meets the limits, and the arrays belong together.
func TestAcceptedMeetsTheLimits(t *testing.T) {
	for _, monkey := range arm.Names() {
		g, err := NewGenerator(monkey, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ms, _, err := g.Generate(context.Background(), smallSet(), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewChain(monkey, Fixes{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range ms {
			if !(m.TracingError <= 0.01) || !(m.JointJerk <= 2) || !(m.MuscleJerk <= 4) {
				t.Errorf("%s: accepted with tracing error %v, jerks %v and %v", monkey, m.TracingError, m.JointJerk, m.MuscleJerk)
			}
			if Jerk(m.Joints) != m.JointJerk || Jerk(m.Muscles) != m.MuscleJerk {
				t.Errorf("%s: the stored jerks are not those of the rows", monkey)
			}
			for k := range m.Len() {
				q := column(m.Joints, k)
				for i := range q {
					q[i] *= degree
				}
				if !c.Reach.Inside(q, 1e-9) {
					t.Fatalf("%s: posture %v outside the joint box", monkey, column(m.Joints, k))
				}
				// spec/01, 3.11: the marker is 0.4 to 1.4 cm from the planned
				// path in Snap; other arms differ by their markers.
				d := math.Sqrt(sq(m.Hand[0][k]-m.Pen[0][k]) + sq(m.Hand[1][k]-m.Pen[1][k]) + sq(m.Hand[2][k]-m.Pen[2][k]))
				if d > 4 || (monkey == "snap" && d > 1.6) {
					t.Fatalf("%s: hand marker %.2f cm from the planned path", monkey, d)
				}
			}
		}
	}
}

// As published, all movements of a folder share their sequence of rest
// postures; FreshRest draws them anew.
func TestRestPostures(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		g, err := NewGenerator("snap", Options{Fix: Fixes{FreshRest: fresh}})
		if err != nil {
			t.Fatal(err)
		}
		ms, _, err := g.Generate(context.Background(), smallSet(), 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[[4]float64]bool{}
		n := 0
		for _, m := range ms {
			if m.Attempts == 1 {
				seen[m.Rest] = true
				n++
			}
		}
		if want := map[bool]int{false: 1, true: n}[fresh]; len(seen) != want {
			t.Errorf("FreshRest %v: %d rest postures among %d first attempts, want %d", fresh, len(seen), n, want)
		}
	}
	if s := (Fixes{FreshRest: true, Quirkless: true}).String(); s != "FreshRest, Quirkless" {
		t.Errorf("switches %q", s)
	}
}

func TestNaNNeverPasses(t *testing.T) {
	if pass, nan := test(math.NaN(), 4); pass || !nan {
		t.Error("a NaN passed")
	}
	c, err := NewChain("snap", Fixes{})
	if err != nil {
		t.Fatal(err)
	}
	s := smallSet()[0]
	s.X[5] = math.NaN()
	m := Movement{Pen: Place(s, [3]float64{18, 0, 0}, Horizontal), Rest: [4]float64{36, 5, 5, 50}}
	var rep Report
	if rep.try(c, &m, PublishedLimits) || rep.NotANumber != 1 {
		t.Errorf("a path with a NaN: %+v", rep)
	}
	out := Movement{Pen: Place(smallSet()[0], [3]float64{60, 0, 0}, Horizontal), Rest: [4]float64{36, 5, 5, 50}}
	rep = Report{}
	if rep.try(c, &out, PublishedLimits) || rep.Tracing != 1 {
		t.Errorf("a path beyond reach: %+v", rep)
	}
}

func TestGivesUpWithAReason(t *testing.T) {
	g, err := NewGenerator("snap", Options{MaxAttempts: 3, Starts: map[Plane][][3]float64{Horizontal: {{60, 0, 0}}}, Planes: []Plane{Horizontal}})
	if err != nil {
		t.Fatal(err)
	}
	_, rep, err := g.Generate(context.Background(), smallSet()[:1], 1, nil)
	if !errors.Is(err, ErrGivenUp) || !strings.Contains(err.Error(), "tracing 3") {
		t.Errorf("error %v", err)
	}
	if rep.Attempts != 3 || rep.Tracing != 3 {
		t.Errorf("report %+v", rep)
	}
	if _, err := NewGenerator("rex", Options{}); err == nil || !strings.Contains(err.Error(), "rex") {
		t.Errorf("unknown monkey: %v", err)
	}
	short := smallSet()[0]
	short.X, short.Y = short.X[:4], short.Y[:4]
	if _, _, err := g.One(Job{Stroke: short}, 1); err == nil || !strings.Contains(err.Error(), "4 and 4 coordinates") {
		t.Errorf("a stroke of 4 samples: %v", err)
	}
	for n := minStroke; n < 40; n++ {
		for _, size := range stroke.Sizes {
			for _, speed := range stroke.Speeds {
				s := stroke.Stroke{X: make([]float64, n), Y: make([]float64, n)}
				if s.Augment(stroke.Latents{Size: size, Speed: speed}).Len() < 2 {
					t.Errorf("%d samples, size %v, speed %v: less than two left", n, size, speed)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := g.Generate(ctx, smallSet(), 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
