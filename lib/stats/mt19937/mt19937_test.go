package mt19937_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/stats/mt19937"
)

// Integers and the ratio of integers in Float64 must agree exactly: index.json
// gives tolerance 0.
func TestGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/rng") {
		t.Run(c.Name, func(t *testing.T) {
			var p struct{ Seed uint32 }
			c.Decode(t, &p)
			for _, a := range c.Arrays {
				want := c.Array(t, a.Name)
				got := make([]float64, len(want.Data))
				r := mt19937.New(p.Seed)
				fill := func(next func() float64) {
					for i := range got {
						got[i] = next()
					}
				}
				ints := func(v []int) {
					for i := range got {
						got[i] = float64(v[i])
					}
				}
				switch name := a.Name; {
				case name == "u32":
					fill(func() float64 { return float64(r.Uint32()) })
				case name == "shuffle":
					v := make([]int, len(got))
					for i := range v {
						v[i] = i
					}
					r.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
					ints(v)
				case name == "permutation":
					ints(r.Perm(len(got)))
				case strings.HasPrefix(name, "randint_"):
					var low, high int
					if _, err := fmt.Sscanf(name, "randint_%d_%d", &low, &high); err != nil {
						t.Fatal(err)
					}
					fill(func() float64 { return float64(r.Intn(low, high)) })
				case name == "choice_norepl":
					var q struct{ N int }
					c.Decode(t, &q)
					ints(r.Choice(q.N, len(got)))
				case name == "random_sample":
					fill(r.Float64)
				case strings.HasPrefix(name, "kfold"):
					folds, err := strconv.Atoi(name[len("kfold"):strings.Index(name, "_n")])
					if err != nil {
						t.Fatal(err)
					}
					ints(mt19937.KFold(len(got), folds, p.Seed))
				default:
					t.Errorf("array %s is not covered", name)
				}
				c.Compare(t, "float64", a.Name, got)
			}
		})
	}
}

// spec/03, section 10: values of NumPy 1.24.2 and scikit-learn 1.2.1, for a
// clone without the data folder.
func TestSpecValues(t *testing.T) {
	r := mt19937.New(42)
	for i, want := range []uint32{1608637542, 3421126067, 4083286876, 787846414, 3143890026} {
		if got := r.Uint32(); got != want {
			t.Errorf("seed 42 output %d = %d, want %d", i, got, want)
		}
	}
	check := func(what string, got, want []int) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	check("seed 42 perm 23", mt19937.New(42).Perm(23),
		[]int{15, 9, 0, 8, 17, 12, 1, 13, 5, 2, 11, 20, 3, 4, 18, 16, 21, 22, 7, 10, 14, 19, 6})
	p := mt19937.New(12).Perm(1752)
	check("seed 12 head", p[:10], []int{1488, 1290, 1403, 465, 668, 593, 1321, 1611, 1051, 425})
	check("seed 12 tail", p[1747:], []int{1666, 1265, 1277, 1414, 1691})
	r = mt19937.New(2022)
	check("randint", []int{r.Intn(100, 150), r.Intn(100, 150), r.Intn(100, 150), r.Intn(100, 150), r.Intn(100, 150)},
		[]int{128, 145, 148, 149, 149})
	check("choice 13", mt19937.New(2022).Choice(13, 13), []int{3, 5, 9, 4, 6, 2, 8, 7, 11, 10, 1, 0, 12})
	check("choice 50", mt19937.New(46).Choice(50, 10), []int{9, 14, 3, 35, 10, 26, 44, 4, 21, 7})
	check("folds of 10", mt19937.KFold(10, 5, 42), []int{1, 0, 2, 4, 3, 1, 4, 2, 0, 3})
}

func TestPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"folds":    func() { mt19937.KFold(4, 5, 42) },
		"interval": func() { mt19937.New(1).Intn(3, 3) },
		"choice":   func() { mt19937.New(1).Choice(3, 4) },
		"shuffle":  func() { mt19937.New(1).Shuffle(-1, func(i, j int) {}) },
	} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "mt19937: ") {
					t.Errorf("%s: recovered %q", name, s)
				}
			}()
			f()
		}()
	}
}

func ExampleKFold() {
	// The folds of the paper's penalty search for ten training trials.
	fmt.Println(mt19937.KFold(10, 5, 42))
	// Output: [1 0 2 4 3 1 4 2 0 3]
}
