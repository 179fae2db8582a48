package stroke

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/format/matfile"
	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// spec/01, 1.1: 2858 characters of 20 letters, raw length 109 to 205, trimmed
// about 60 to 182 with a mean near 120.
func TestReadUCI(t *testing.T) {
	for _, path := range golden.Glob(t, "characters", "*.mat") {
		set, err := ReadUCI(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(set.Source, "CC BY 4.0") {
			t.Errorf("%s: source %q has no credit", path, set.Source)
		}
		for i, s := range set.Strokes {
			lo, hi := math.Inf(1), math.Inf(-1)
			for _, p := range [][]float64{s.X, s.Y} {
				if len(p) != s.Len() {
					t.Fatalf("%s: stroke %d has %d x and %d y", path, i, len(s.X), len(s.Y))
				}
				for _, v := range p {
					lo, hi = min(lo, v), max(hi, v)
				}
			}
			if math.Abs(lo+Box/2) > 1e-12 || math.Abs(hi-Box/2) > 1e-12 {
				t.Fatalf("%s: stroke %d spans %v to %v cm, want ±2.5", path, i, lo, hi)
			}
		}
		if !genuine(t, path, set) {
			continue
		}
		shortest, longest, sum := math.MaxInt, 0, 0
		for _, s := range set.Strokes {
			shortest, longest, sum = min(shortest, s.Len()), max(longest, s.Len()), sum+s.Len()
		}
		mean := float64(sum) / float64(len(set.Strokes))
		if shortest != 60 || longest != 182 || math.Abs(mean-120) > 1 {
			t.Errorf("strokes of %d to %d samples, mean %.2f; want 60, 182, about 120", shortest, longest, mean)
		}
	}
}

// genuine tells whether a set is the whole UCI file, of which facts are known
// (2858 strokes); any other file is only read.
func genuine(t *testing.T, path string, set *Set) bool {
	t.Helper()
	if len(set.Strokes) != 2858 {
		t.Logf("%s: %d strokes, not the 2858 of the UCI file: no facts to compare with", path, len(set.Strokes))
		return false
	}
	return true
}

// testdata/consts.mat has the layout of the original mixoutALL_shifted.mat: a
// struct consts with the key letters fourth and the labels fifth, written by
// SciPy 1.x; testdata/consts_named.mat has its fields in another order and the
// labels named charlabels. Both hold cells with known content:
// stroke i has vx = (0, 1, i, -1, 0), vy = (0, -1, 1, i, 0) and labels 1, 20, 7.
func TestReadConsts(t *testing.T) {
	for _, name := range []string{"consts.mat", "consts_named.mat"} {
		set, err := ReadUCI(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for i, label := range []int{1, 20, 7} {
			want, err := FromVelocity(label, []float64{0, 1, float64(i), -1, 0}, []float64{0, -1, 1, float64(i), 0})
			if err != nil {
				t.Fatal(err)
			}
			got := set.Strokes[i]
			if got.Label != label || len(got.X) != 3 {
				t.Fatalf("%s: stroke %d has label %d and %d samples, want %d and 3", name, i, got.Label, len(got.X), label)
			}
			for k := range got.X {
				if got.X[k] != want.X[k] || got.Y[k] != want.Y[k] {
					t.Errorf("%s: stroke %d sample %d is (%v, %v), want (%v, %v)", name, i, k, got.X[k], got.Y[k], want.X[k], want.Y[k])
				}
			}
		}
	}
}

func TestReadUCIRefuses(t *testing.T) {
	num := func(rows, cols int, v ...float64) *matfile.Array {
		return &matfile.Array{Class: matfile.Double, Dims: []int{rows, cols}, Real: v}
	}
	cells := func(c ...*matfile.Array) *matfile.Array {
		return &matfile.Array{Class: matfile.Cell, Dims: []int{1, len(c)}, Cells: c}
	}
	good := num(3, 3, 1, 2, 0, 3, -1, 0, 2, 2, 0)
	for _, c := range []struct {
		name string
		vars map[string]*matfile.Array
		want string
	}{
		{"empty", nil, "mixout"},
		{"no labels", map[string]*matfile.Array{"mixout": cells(good)}, "labels"},
		{"label 21", map[string]*matfile.Array{"mixout": cells(good), "charlabels": num(1, 1, 21)}, "21"},
		{"label 1.5", map[string]*matfile.Array{"mixout": cells(good), "charlabels": num(1, 1, 1.5)}, "1.5"},
		{"too few labels", map[string]*matfile.Array{"mixout": cells(good, good), "charlabels": num(1, 1, 1)}, "1 labels for the 2 cells"},
		{"two rows", map[string]*matfile.Array{"mixout": cells(num(2, 3, 1, 2, 3, 4, 5, 6)), "charlabels": num(1, 1, 1)}, "mixout{1}"},
		{"NaN", map[string]*matfile.Array{"mixout": cells(good, num(3, 2, 1, 2, 3, math.NaN(), 5, 6)), "charlabels": num(1, 2, 1, 1)}, "mixout{2}"},
		{"flat", map[string]*matfile.Array{"mixout": cells(num(3, 3, 1, 0, 0, 1, 0, 0, 1, 0, 0)), "charlabels": num(1, 1, 1)}, "y axis"},
		{"still", map[string]*matfile.Array{"mixout": cells(num(3, 2, 0, 0, 1, 0, 0, 1)), "charlabels": num(1, 1, 1)}, "0 samples"},
		{"nil cell", map[string]*matfile.Array{"mixout": cells(nil), "charlabels": num(1, 1, 1)}, "mixout{1}"},
	} {
		if _, err := fromMAT(&matfile.File{Vars: c.vars}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that names %q", c.name, err, c.want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.mat")
	if _, err := ReadUCI(missing); err == nil || !strings.Contains(err.Error(), "none.mat") {
		t.Errorf("missing file: error %v", err)
	}
}

// Whatever the bytes, the reader returns strokes within their box or an error.
func FuzzReadUCI(f *testing.F) {
	for _, name := range []string{"consts.mat", "consts_named.mat"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := matfile.Decode(strings.NewReader(string(raw)), len64(raw), "fuzz")
		if err != nil {
			return
		}
		set, err := fromMAT(m)
		if err != nil {
			return
		}
		for _, s := range set.Strokes {
			for i := range s.X {
				if !(math.Abs(s.X[i]) <= Box/2+1e-9) || !(math.Abs(s.Y[i]) <= Box/2+1e-9) {
					t.Fatalf("sample (%v, %v) outside the box", s.X[i], s.Y[i])
				}
			}
		}
	})
}

func len64(b []byte) int64 { return int64(len(b)) }
