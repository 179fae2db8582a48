package stroke

import (
	"bufio"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// The ref_pen files hold one genuine UCI stroke through spec/01, 1.2 and 2.2,
// computed in NumPy: each stage as stage,index,x,y with 12 digits, hence the
// tolerance of 1e-11 cm.
func TestPenReference(t *testing.T) {
	for _, path := range golden.Glob(t, "arm", "opensim40", "ref_pen_*.csv") {
		stages, l := readPen(t, path)
		v := stages["velocity_trimmed"]
		s, err := FromVelocity(1, v[0], v[1])
		if err != nil {
			t.Fatal(err)
		}
		check := func(stage string, s Stroke) Stroke {
			t.Helper()
			want := stages[stage]
			for axis, got := range [][]float64{s.X, s.Y} {
				if len(got) != len(want[axis]) {
					t.Fatalf("%s: %s has %d samples, want %d", path, stage, len(got), len(want[axis]))
				}
				for i := range got {
					if d := math.Abs(got[i] - want[axis][i]); !(d <= 1e-11) {
						t.Fatalf("%s: %s axis %d sample %d is %.15g, want %.15g", path, stage, axis, i, got[i], want[axis][i])
					}
				}
			}
			return s
		}
		check("box5", s)
		r := check("resized", s.Resize(l.Size))
		r = check("sheared", r.Shear(l.Rot, l.ShearX, l.ShearY))
		check("speed", r.Respeed(l.Speed))
		check("speed", s.Augment(l))
	}
}

// readPen reads the stages of a file and the latents of its first line, such as
// "… ; size 1.3, rot pi/12, shear_x -pi/12, shear_y pi/6, speed 0.8".
func readPen(t *testing.T, path string) (map[string][2][]float64, Latents) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stages := map[string][2][]float64{}
	var l Latents
	sc := bufio.NewScanner(strings.NewReader(string(raw)))
	for sc.Scan() {
		line := sc.Text()
		if strings.HasPrefix(line, "#") {
			for name, p := range map[string]*float64{"size": &l.Size, "rot": &l.Rot, "shear_x": &l.ShearX, "shear_y": &l.ShearY, "speed": &l.Speed} {
				m := regexp.MustCompile(`[ ,;]` + name + `[ =]([-0-9.pi/e]+)`).FindStringSubmatch(line)
				if m == nil {
					t.Fatalf("%s: no %s in %q", path, name, line)
				}
				*p = penNumber(t, m[1])
			}
			continue
		}
		f := strings.Split(line, ",")
		if len(f) != 4 || f[0] == "stage" {
			continue
		}
		x, errX := strconv.ParseFloat(f[2], 64)
		y, errY := strconv.ParseFloat(f[3], 64)
		if errX != nil || errY != nil {
			t.Fatalf("%s: %q", path, line)
		}
		s := stages[f[0]]
		s[0], s[1] = append(s[0], x), append(s[1], y)
		stages[f[0]] = s
	}
	return stages, l
}

// penNumber reads 0.8, pi/12, -pi/6 or 2pi/3.
func penNumber(t *testing.T, s string) float64 {
	t.Helper()
	num, den, _ := strings.Cut(s, "/")
	v := 1.0
	if strings.HasSuffix(num, "pi") {
		v = math.Pi
		num = strings.TrimSuffix(num, "pi")
		if num == "" || num == "-" {
			num += "1"
		}
	}
	n, err := strconv.ParseFloat(num, 64)
	if err != nil {
		t.Fatalf("latent %q: %v", s, err)
	}
	if den != "" {
		d, err := strconv.ParseFloat(den, 64)
		if err != nil {
			t.Fatalf("latent %q: %v", s, err)
		}
		n /= d
	}
	return n * v
}

// A unit ramp makes the steps of spec/01, 2.2 easy to do by hand.
func TestAugmentByHand(t *testing.T) {
	s := Stroke{Label: 3, X: []float64{-1, 0, 1, 2, 3}, Y: []float64{2, 2, 2, 2, 2}}
	// Velocity 0,1,1,1,1 at 10 points: 0, 4/9, 8/9, then 1.
	r := s.Resize(2)
	want := []float64{-1, -1 + 4./9, -1 + 12./9, -1 + 21./9}
	for i, w := range want {
		if math.Abs(r.X[i]-w) > 1e-15 || r.Y[i] != 2 {
			t.Errorf("resized sample %d is (%v, %v), want (%v, 2)", i, r.X[i], r.Y[i], w)
		}
	}
	if r.Len() != 10 || r.Label != 3 {
		t.Errorf("resized to %d samples of label %d, want 10 of 3", r.Len(), r.Label)
	}
	// (1, 0) turned by 90° is (0, 1); shear_x 45° then adds y to x.
	p := Stroke{X: []float64{1}, Y: []float64{0}}.Shear(math.Pi/2, math.Pi/4, 0)
	if math.Abs(p.X[0]-1) > 1e-15 || math.Abs(p.Y[0]-1) > 1e-15 {
		t.Errorf("turned and sheared to (%v, %v), want (1, 1)", p.X[0], p.Y[0])
	}
	if n := s.Respeed(1.4).Len(); n != 3 { // trunc(5/1.4)
		t.Errorf("%d samples at speed 1.4, want 3", n)
	}
}

func TestAugmentPanics(t *testing.T) {
	s := Stroke{X: make([]float64, 5), Y: make([]float64, 5)}
	for _, f := range []func(){
		func() { s.Resize(0) }, func() { s.Resize(math.NaN()) }, func() { s.Resize(1e9) },
		func() { s.Respeed(-1) }, func() { s.Respeed(5) },
	} {
		func() {
			defer func() {
				if m, _ := recover().(string); !strings.HasPrefix(m, "stroke: ") {
					t.Errorf("recovered %q, want a message of package stroke", m)
				}
			}()
			f()
		}()
	}
}

func BenchmarkAugment(b *testing.B) {
	s := Embedded().DrawSet(1, 1).Strokes[0]
	for b.Loop() {
		s.Augment(Latents{Size: 1.3, Rot: 0.2, ShearX: 0.2, ShearY: -0.2, Speed: 0.8})
	}
}
