package stroke

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/run"
)

func meanSD(v []float64) (mean, sd float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	return mean, math.Sqrt(scatter(v) / float64(len(v)-1))
}

func statistics(strokes []Stroke) map[string][]float64 {
	m := map[string][]float64{}
	for _, s := range strokes {
		m["samples"] = append(m["samples"], float64(s.Len()))
		m["path length"] = append(m["path length"], s.PathLength())
		m["mean speed"] = append(m["mean speed"], s.MeanSpeed())
	}
	return m
}

// Drawn strokes keep the class statistics within the spread of the real ones:
// per letter the mean within half a standard deviation (a sampling error of 200
// draws is 0.07 of one), the standard deviation within a factor of two.
func TestModelKeepsStatistics(t *testing.T) {
	for _, path := range golden.Glob(t, "characters", "*.mat") {
		set, err := ReadUCI(path)
		if err != nil {
			t.Fatal(err)
		}
		if !genuine(t, path, set) {
			continue
		}
		for l := 1; l <= len(Letters); l++ {
			real := statistics(set.Of(l))
			var drawn []Stroke
			rng := run.Stream(11, "statistics", l)
			for range 200 {
				drawn = append(drawn, Embedded().Draw(l, rng))
			}
			ours := statistics(drawn)
			for name, r := range real {
				rm, rs := meanSD(r)
				om, os := meanSD(ours[name])
				if !(math.Abs(om-rm) <= 0.5*rs) || !(os > rs/2) || !(os < 2*rs) {
					t.Errorf("%s: %s is %.2f ± %.2f, the real ones %.2f ± %.2f", Letters[l-1:l], name, om, os, rm, rs)
				}
			}
		}
	}
}

// genuineSet returns the UCI strokes, or skips the test.
func genuineSet(t *testing.T) *Set {
	t.Helper()
	for _, path := range golden.Glob(t, "characters", "*.mat") {
		set, err := ReadUCI(path)
		if err != nil {
			t.Fatal(err)
		}
		if genuine(t, path, set) {
			return set
		}
	}
	t.Skip("no file in characters holds the 2858 UCI strokes")
	return nil
}

// Drawn strokes read as their letter: the nearest real stroke (64 points along
// the time, a mean distance) has the same label in at least 95 of 100 cases, and
// its distance is no more than real strokes have among themselves.
func TestModelLooksLikeTheLetter(t *testing.T) {
	set := genuineSet(t)
	shape := func(s Stroke) []float64 { return append(resample(s.X, 64), resample(s.Y, 64)...) }
	real := make([][]float64, len(set.Strokes))
	for i, s := range set.Strokes {
		real[i] = shape(s)
	}
	nearest := func(p []float64, not int) (at int, d float64) {
		d = math.Inf(1)
		for i, r := range real {
			if i == not {
				continue
			}
			sum := 0.0
			for k := range p {
				if sum += (p[k] - r[k]) * (p[k] - r[k]); sum >= d {
					break
				}
			}
			if sum < d {
				at, d = i, sum
			}
		}
		return at, d
	}
	right, n := 0, 0
	var ours, theirs []float64
	for l := 1; l <= len(Letters); l++ {
		rng := run.Stream(12, "shape", l)
		for range 10 {
			at, d := nearest(shape(Embedded().Draw(l, rng)), -1)
			ours = append(ours, math.Sqrt(d/64))
			n++
			if set.Strokes[at].Label == l {
				right++
			}
		}
	}
	for i := 0; i < len(real); i += 14 {
		_, d := nearest(real[i], i)
		theirs = append(theirs, math.Sqrt(d/64))
	}
	om, _ := meanSD(ours)
	rm, _ := meanSD(theirs)
	t.Logf("%d of %d drawn strokes are nearest to a real stroke of their letter; mean distance %.3f cm, real to real %.3f cm", right, n, om, rm)
	if float64(right) < 0.95*float64(n) {
		t.Errorf("%d of %d drawn strokes are nearest to a real stroke of their letter, want at least 95 %%", right, n)
	}
	if om > 1.5*rm {
		t.Errorf("drawn strokes are %.3f cm from the nearest real one, real ones %.3f cm from each other", om, rm)
	}
}

// The embedded file is what our own command makes of the real file.
func TestEmbeddedIsFitted(t *testing.T) {
	set := genuineSet(t)
	m, err := Fit(set, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := m.rounded()
	want := Embedded()
	if got.Credit != want.Credit || len(got.Letters) != len(want.Letters) {
		t.Fatal("the embedded model is stale: run go generate ./lib/stroke")
	}
	for i, l := range got.Letters {
		for j, w := range l.Ways {
			// The last kept digit may differ with the machine's arithmetic.
			ew := want.Letters[i].Ways[j]
			for k := range w.Mean {
				if math.Abs(w.Mean[k]-ew.Mean[k]) > 2e-3*(math.Abs(ew.Mean[k])+1e-3) {
					t.Fatalf("letter %s: mean coefficient %d is %v, embedded %v: run go generate ./lib/stroke", l.Letter, k, w.Mean[k], ew.Mean[k])
				}
			}
			if len(w.Modes) != len(ew.Modes) || math.Abs(w.LogLen-ew.LogLen) > 1e-5 {
				t.Fatalf("letter %s is stale: run go generate ./lib/stroke", l.Letter)
			}
		}
	}
}

func TestEmbeddedIsSmallAndCredited(t *testing.T) {
	if len(modelJSON) > 300_000 {
		t.Errorf("the embedded model takes %d bytes, want less than 300 kB", len(modelJSON))
	}
	for _, want := range []string{"Williams", "UCI", "CC BY 4.0"} {
		if !strings.Contains(Embedded().Credit, want) {
			t.Errorf("credit %q lacks %q", Embedded().Credit, want)
		}
	}
}

// The cosine series reproduces any profile that it is long enough for.
func TestSeriesRoundTrip(t *testing.T) {
	v := []float64{0.1, -0.4, 2, 1.5, -3, 0, 0.25}
	c := make([]float64, len(v))
	analyze(v, c)
	for i, got := range synthesize(c, len(v)) {
		if math.Abs(got-v[i]) > 1e-14 {
			t.Errorf("sample %d is %v, want %v", i, got, v[i])
		}
	}
}

func TestDrawIsReproducible(t *testing.T) {
	a, b := Embedded().DrawSet(3, 5), Embedded().DrawSet(3, 5)
	if !reflect.DeepEqual(a, b) {
		t.Error("one seed gave two sets")
	}
	if c := Embedded().DrawSet(3, 6); reflect.DeepEqual(a.Strokes, c.Strokes) {
		t.Error("two seeds gave one set")
	}
}

// A set made of the model is fitted by a model that keeps its mean profiles:
// Fit needs nothing but strokes.
func TestFitOwnDraws(t *testing.T) {
	m, err := Fit(Embedded().DrawSet(30, 2), FitOptions{Terms: 24, Modes: 6, Ways: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.check(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.json")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, m.rounded()) {
		t.Error("the saved model is another one")
	}
	if _, err := Fit(Embedded().DrawSet(minWay-1, 2), FitOptions{}); err == nil {
		t.Error("a model of 11 strokes a letter, want an error")
	}
}

func TestLabels(t *testing.T) {
	for i := range Letters {
		l, err := LabelOf(Letters[i : i+1])
		if err != nil || l != i+1 || (Stroke{Label: l}).Letter() != Letters[i:i+1] {
			t.Errorf("letter %c: label %d, %v", Letters[i], l, err)
		}
	}
	for _, bad := range []string{"f", "", "ab", "A"} {
		if _, err := LabelOf(bad); err == nil {
			t.Errorf("LabelOf(%q) gave no error", bad)
		}
	}
}
