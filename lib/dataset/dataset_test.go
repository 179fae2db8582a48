package dataset

import (
	"context"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
)

// toy returns a movement of n samples whose values tell where they come from.
func toy(label, stroke, n int, rough bool) movement.Movement {
	m := movement.Movement{Monkey: "snap", Label: label, Stroke: stroke,
		Muscles: movement.Rows(Muscles, n), Joints: movement.Rows(4, n), Hand: movement.Rows(3, n), Elbow: movement.Rows(3, n)}
	for f, rows := range movementRows(&m) {
		for r := range rows {
			for t := range rows[r] {
				s := float64(t) / float64(n)
				rows[r][t] = 50 + float64(f) + float64(r) + math.Sin(6*s+float64(r))
			}
		}
	}
	if rough {
		m.Muscles[3][n/2] += 8 // one sample off: the median filter removes it
	}
	m.MuscleJerk = movement.Jerk(m.Muscles)
	return m
}

// np.gradient of NumPy 1.24 on np.array([1, 1, 1.5, 2.25, 4, 4, 4], float32)
// with step 0.01.
func TestGradientIsNumPys(t *testing.T) {
	v := []float32{1, 1, 1.5, 2.25, 4, 4, 4}
	got := make([]float32, len(v))
	gradient(got, v)
	want := []float32{0, 25, 62.5, 125, 87.5, 0, 0}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("gradient %v, want %v", got, want)
	}
	one := []float32{7}
	gradient(one, []float32{3})
	if one[0] != 0 {
		t.Errorf("gradient of one value is %v", one[0])
	}
}

// spec/01, 2.9, step 4: exactly 0 in the padding, half the one-sided difference
// at the first and last real sample; and section 6: the velocity itself held.
func TestPadding(t *testing.T) {
	row := []float32{1, 3, 4, 8}
	var s scratch
	got := make([]float32, 10)
	s.row(got, row, 3, 0, PadThenDifferentiate)
	if want := []float32{1, 1, 1, 1, 3, 4, 8, 8, 8, 8}; !reflect.DeepEqual(got, want) {
		t.Errorf("held %v, want %v", got, want)
	}
	s.row(got, row, 3, 1, PadThenDifferentiate)
	if want := []float32{0, 0, 0, 100, 150, 250, 200, 0, 0, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("velocity %v, want %v", got, want)
	}
	s.row(got, row, 3, 1, DifferentiateThenPad)
	if want := []float32{200, 200, 200, 200, 150, 250, 400, 400, 400, 400}; !reflect.DeepEqual(got, want) {
		t.Errorf("held velocity %v, want %v", got, want)
	}
	s.row(got, row, 0, 2, PadThenDifferentiate)
	// velocity 200 150 250 200 0 …; its gradient:
	if want := []float32{-5000, 2500, 2500, -12500, -10000, 0, 0, 0, 0, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("acceleration %v, want %v", got, want)
	}
}

// spec/01, 2.9: 90 samples split into 64, 8 and 18; scikit-learn rounds both
// parts up.
func TestSplitSizes(t *testing.T) {
	for _, c := range [][4]int{{90, 64, 8, 18}, {1, 0, 0, 1}, {2, 0, 1, 1}, {10, 7, 1, 2}, {0, 0, 0, 0}, {91, 64, 8, 19}} {
		var n [numSplits]int
		for _, s := range splits(c[0], run.Stream(1, "t")) {
			n[s]++
		}
		if n[train] != c[1] || n[val] != c[2] || n[test] != c[3] {
			t.Errorf("%d samples: %v, want %v", c[0], n, c[1:])
		}
	}
}

func toys(n int) []movement.Movement {
	var ms []movement.Movement
	for l := 1; l <= 3; l++ {
		for i := range n {
			ms = append(ms, toy(l, i, 60+7*i%120, i%5 == 0))
		}
	}
	return ms
}

func TestFromMovements(t *testing.T) {
	ms := toys(100)
	d, err := FromMovements(ms, Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Len() != 3*64 || d.Val.Len() != 3*8 || d.Test.Len() != 3*18 {
		t.Fatalf("split into %d, %d, %d", d.Train.Len(), d.Val.Len(), d.Test.Len())
	}
	seen := map[string]bool{}
	in := make([]float32, InputLen)
	for _, s := range []*Set{d.Train, d.Val, d.Test} {
		for i := range s.Len() {
			rec := s.Record(i)
			if seen[rec] {
				t.Fatalf("%s is there twice", rec)
			}
			seen[rec] = true
			m := find(t, ms, rec)
			if s.Label(i) != m.Label {
				t.Fatalf("%s has label %d", rec, s.Label(i))
			}
			if err := s.Input(i, in); err != nil {
				t.Fatal(err)
			}
			checkInput(t, rec, in, m, s.Offset(i))
			checkTargets(t, rec, s, i, m)
		}
	}
	again, err := FromMovements(toys(100), Options{Seed: 3})
	if err != nil || !reflect.DeepEqual(again.Train.items, d.Train.items) || !reflect.DeepEqual(again.Test.items, d.Test.items) {
		t.Errorf("the same movements and seed gave another set (%v)", err)
	}
	block, err := FromMovements(ms, Options{Seed: 3, BlockOrder: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range block.Train.Len() {
		if block.Train.Label(i) != i/64+1 {
			t.Fatalf("block order: sample %d has label %d", i, block.Train.Label(i))
		}
	}
}

func find(t *testing.T, ms []movement.Movement, rec string) *movement.Movement {
	t.Helper()
	for i := range ms {
		if describeMovement(&ms[i]) == rec {
			return &ms[i]
		}
	}
	t.Fatalf("no movement %s", rec)
	return nil
}

// checkInput compares a window with the plain definition.
func checkInput(t *testing.T, rec string, in []float32, m *movement.Movement, start int) {
	t.Helper()
	for mu := range Muscles {
		row := make([]float32, m.Len())
		for k, v := range m.Muscles[mu] {
			row[k] = float32(v)
		}
		if m.MuscleJerk > 1 {
			f := make([]float32, len(row))
			movement.Median(f, row)
			row = f
		}
		var length, vel [Window]float32
		for k := range length {
			length[k] = row[min(max(k-start, 0), len(row)-1)]
		}
		gradient(vel[:], length[:])
		for k := range length {
			got := in[(mu*Window+k)*2:]
			if got[0] != length[k] || got[1] != vel[k] {
				t.Fatalf("%s: muscle %d, time %d: (%v, %v), want (%v, %v)", rec, mu, k, got[0], got[1], length[k], vel[k])
			}
		}
	}
}

func checkTargets(t *testing.T, rec string, s *Set, i int, m *movement.Movement) {
	t.Helper()
	rows := movementRows(m)
	for _, k := range s.Keys() {
		q := quantities[k]
		if q.of == fieldMuscles {
			continue
		}
		dst := make([]float32, s.Rows(k)*Window)
		if err := s.Target(i, k, dst); err != nil {
			t.Fatal(err)
		}
		for r := range q.rows {
			var a, b [Window]float32
			for x := range a {
				a[x] = float32(rows[q.of][r][min(max(x-s.Offset(i), 0), m.Len()-1)])
			}
			for range q.order {
				gradient(b[:], a[:])
				a = b
			}
			for x := range a {
				if dst[r*Window+x] != a[x] {
					t.Fatalf("%s: %s row %d time %d is %v, want %v", rec, k, r, x, dst[r*Window+x], a[x])
				}
			}
		}
	}
	if err := s.Target(i, Torque, make([]float32, 4*Window)); err == nil || !strings.Contains(err.Error(), "torque") {
		t.Errorf("letters have no torques, error %v", err)
	}
}

// A movement that jumps twice in a row stays rough after the filter and is left
// out; so is one with a NaN.
func TestRefusedMovements(t *testing.T) {
	ms := toys(10)
	for _, x := range []float64{20, 20, 20} {
		ms[0].Muscles[5][30] += x
		ms[0].Muscles[5][31] += x
		ms[0].Muscles[5][32] += x
	}
	ms[0].MuscleJerk = movement.Jerk(ms[0].Muscles)
	ms[1].Hand[1][7] = math.NaN()
	ms[2].MuscleJerk = math.NaN()
	d, err := FromMovements(ms, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Train.Len() + d.Val.Len() + d.Test.Len(); n != 27 {
		t.Errorf("%d samples of 30 movements, want 27", n)
	}
	long := toys(1)
	long[0] = toy(1, 0, 401, false)
	if _, err := FromMovements(long, Options{}); err == nil || !strings.Contains(err.Error(), "401 samples") {
		t.Errorf("401 samples: %v", err)
	}
	if _, err := FromMovements([]movement.Movement{toy(1, 0, 400, false)}, Options{}); err != nil {
		t.Errorf("400 samples: %v", err)
	}
	ragged := toys(1)
	ragged[0].Hand[2] = ragged[0].Hand[2][1:]
	if _, err := FromMovements(ragged, Options{}); err == nil || !strings.Contains(err.Error(), "hand row") {
		t.Errorf("ragged: %v", err)
	}
	if _, err := FromMovements(nil, Options{}); err == nil {
		t.Error("a set of nothing")
	}
}

// B7: the switch turns the sign of adduction and of nothing else.
func TestOpenSimSign(t *testing.T) {
	a, err := FromMovements(toys(5), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := FromMovements(toys(5), Options{OpenSimSign: true})
	if err != nil {
		t.Fatal(err)
	}
	x, y := make([]float32, 4*Window), make([]float32, 4*Window)
	for i := range a.Train.Len() {
		if err := a.Train.Target(i, JointVel, x); err != nil {
			t.Fatal(err)
		}
		if err := b.Train.Target(i, JointVel, y); err != nil {
			t.Fatal(err)
		}
		for k := range x {
			if want := x[k]; (k/Window == movement.Adduction && y[k] != -want) || (k/Window != movement.Adduction && y[k] != want) {
				t.Fatalf("row %d: %v became %v", k/Window, x[k], y[k])
			}
		}
	}
}

func TestSubsetAndHead(t *testing.T) {
	d, err := FromMovements(toys(20), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Train.Subset([]int{5, 2})
	if s.Len() != 2 || s.Record(0) != d.Train.Record(5) || s.Record(1) != d.Train.Record(2) {
		t.Error("subset took other samples")
	}
	if h := d.Train.Head(3); h.Len() != 3 || h.Record(2) != d.Train.Record(2) || d.Train.Head(1e6).Len() != d.Train.Len() {
		t.Error("head took other samples")
	}
	n := 0
	for _, k := range d.Train.Letters() {
		n += k
	}
	if n != d.Train.Len() {
		t.Errorf("%d letters in %d samples", n, d.Train.Len())
	}
}

// Readers share a set.
func TestConcurrentReads(t *testing.T) {
	d, err := FromMovements(toys(20), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, InputLen)
	if err := d.Train.Input(4, want); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			got := make([]float32, InputLen)
			for i := range 40 {
				if err := d.Train.Input((4+i*w)%d.Train.Len(), got); err != nil {
					t.Error(err)
				}
			}
			if err := d.Train.Input(4, got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("another window (%v)", err)
			}
		})
	}
	wg.Wait()
}

// The whole way from strokes: what the data set holds is what the generator made.
func TestFromGenerator(t *testing.T) {
	g, err := movement.NewGenerator("snap", movement.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ms, _, err := g.Generate(context.Background(), strokes(1), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := FromMovements(ms, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if d.Test.Len() < 30 {
		t.Fatalf("%d test samples of 40 groups", d.Test.Len())
	}
	in := make([]float32, InputLen)
	for i := range d.Test.Len() {
		if err := d.Test.Input(i, in); err != nil {
			t.Fatal(err)
		}
		// spec/01, 5: lengths 19–210 mm (other postures reach further); 3.4: six
		// muscles span neither shoulder nor elbow and stay still.
		for mu := range Muscles {
			still := true
			for k := range Window {
				l, v := in[(mu*Window+k)*2], in[(mu*Window+k)*2+1]
				if !(l > 10 && l < 300) {
					t.Fatalf("%s: muscle %d is %v mm long", d.Test.Record(i), mu, l)
				}
				still = still && v == 0
			}
			if want := map[int]bool{0: true, 16: true, 18: true, 19: true, 21: true, 29: true}[mu]; still != want {
				t.Fatalf("%s: muscle %d still: %v, want %v", d.Test.Record(i), mu, still, want)
			}
		}
	}
}

func BenchmarkInput(b *testing.B) {
	d, err := FromMovements(toys(20), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(4 * InputLen)
	b.RunParallel(func(pb *testing.PB) {
		dst := make([]float32, InputLen)
		for i := 0; pb.Next(); i++ {
			if err := d.Train.Input(i%d.Train.Len(), dst); err != nil {
				b.Error(err)
			}
		}
	})
}
