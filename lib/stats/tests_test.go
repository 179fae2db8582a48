package stats

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

var alternatives = map[string]Alternative{"two-sided": TwoSided, "greater": Greater, "less": Less}

type row struct {
	Case        int
	Alternative string
	Method      string
	Correction  bool
	Continuity  bool
	ZeroMethod  string `json:"zero_method"`
}

// rows runs a test over the rows that a case describes.
func rows(t *testing.T, c *golden.Case, statistic string, one func(x, y []float64, r row) (Test, error)) {
	t.Helper()
	var params struct{ Rows []row }
	c.Decode(t, &params)
	var stat, p []float64
	for _, r := range params.Rows {
		x, y := c.Array(t, fmt.Sprintf("x%d", r.Case)).Data, c.Array(t, fmt.Sprintf("y%d", r.Case)).Data
		got, err := one(x, y, r)
		if err != nil {
			t.Fatalf("%s: %+v: %v", c.Name, r, err)
		}
		stat, p = append(stat, got.Statistic), append(p, got.P)
	}
	c.Compare(t, "float64", statistic, stat)
	c.Compare(t, "float64", "p", p)
}

func TestAgainstSciPy(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/stats") {
		switch {
		case strings.Contains(c.Library, "stats.wilcoxon"):
			rows(t, c, "statistic", func(x, y []float64, r row) (Test, error) {
				method, zeros := Normal, DropZeros
				switch {
				case r.Method == "exact":
					method = Exact
				case r.Correction:
					method = NormalShifted
				}
				if r.ZeroMethod == "pratt" {
					zeros = Pratt
				}
				return Wilcoxon(x, y, alternatives[r.Alternative], method, zeros)
			})
		case strings.Contains(c.Library, "stats.mannwhitneyu"):
			rows(t, c, "statistic", func(x, y []float64, r row) (Test, error) {
				method := Normal
				switch {
				case r.Method == "exact":
					method = Exact
				case r.Continuity:
					method = NormalShifted
				}
				return MannWhitney(x, y, alternatives[r.Alternative], method)
			})
		case strings.Contains(c.Library, "stats.ttest_rel"):
			rows(t, c, "t", func(x, y []float64, r row) (Test, error) {
				return PairedT(x, y, alternatives[r.Alternative])
			})
		case strings.Contains(c.Library, "multipletests"):
			for i := 0; c.Has(t, fmt.Sprintf("p%d", i)); i++ {
				p := c.Array(t, fmt.Sprintf("p%d", i)).Data
				holm, err := Holm(p)
				if err != nil {
					t.Fatal(err)
				}
				reject := make([]float64, len(holm))
				for k, v := range holm {
					if v <= 0.05 {
						reject[k] = 1
					}
				}
				bonferroni, _ := Bonferroni(p)
				bh, _ := BenjaminiHochberg(p)
				c.Compare(t, "float64", fmt.Sprintf("holm%d", i), holm)
				c.Compare(t, "float64", fmt.Sprintf("reject%d", i), reject)
				c.Compare(t, "float64", fmt.Sprintf("bonferroni%d", i), bonferroni)
				c.Compare(t, "float64", fmt.Sprintf("bh%d", i), bh)
			}
		}
	}
}

// The exact and the normal p of a rank test must agree on larger samples
// without ties; with Auto, ties must turn the exact distribution off.
func TestAutoMethod(t *testing.T) {
	var x, y []float64
	for i := 0; i < 20; i++ {
		x, y = append(x, 0.013+float64(i*i%23)+0.1*float64(i)), append(y, float64(i*7%19)+0.05*float64(i*i))
	}
	w, err := Wilcoxon(x, y, TwoSided, Auto, DropZeros)
	if err != nil || !w.Exact {
		t.Fatalf("20 pairs without ties: %+v, %v", w, err)
	}
	n, _ := Wilcoxon(x, y, TwoSided, Normal, DropZeros)
	if math.Abs(w.P-n.P) > 0.02 {
		t.Errorf("exact p %v, normal p %v", w.P, n.P)
	}
	tied, err := Wilcoxon([]float64{1, 2, 3, 5}, []float64{0, 1, 2, 9}, TwoSided, Auto, DropZeros)
	if err != nil || tied.Exact {
		t.Errorf("ties: %+v, %v", tied, err)
	}
	u, err := MannWhitney(x[:6], y[:9], TwoSided, Auto)
	if err != nil || !u.Exact {
		t.Errorf("small samples: %+v, %v", u, err)
	}
}

func TestTestsRefuse(t *testing.T) {
	nan := math.NaN()
	for name, f := range map[string]func() (Test, error){
		"t of one pair":             func() (Test, error) { return PairedT([]float64{1}, []float64{2}, TwoSided) },
		"t of equal differences":    func() (Test, error) { return PairedT([]float64{1, 2}, []float64{2, 3}, TwoSided) },
		"t with NaN":                func() (Test, error) { return PairedT([]float64{1, nan}, []float64{2, 3}, TwoSided) },
		"Wilcoxon of equal pairs":   func() (Test, error) { return Wilcoxon([]float64{1, 2}, []float64{1, 2}, TwoSided, Auto, Pratt) },
		"Wilcoxon of none":          func() (Test, error) { return Wilcoxon(nil, nil, TwoSided, Auto, DropZeros) },
		"exact Wilcoxon with ties":  func() (Test, error) { return Wilcoxon([]float64{1, 2}, []float64{0, 1}, TwoSided, Exact, DropZeros) },
		"Mann-Whitney of none":      func() (Test, error) { return MannWhitney(nil, []float64{1}, TwoSided, Auto) },
		"Mann-Whitney of one value": func() (Test, error) { return MannWhitney([]float64{1, 1}, []float64{1}, TwoSided, Auto) },
		"Mann-Whitney with NaN":     func() (Test, error) { return MannWhitney([]float64{1, nan}, []float64{1}, TwoSided, Auto) },
		"exact Mann-Whitney tied":   func() (Test, error) { return MannWhitney([]float64{1, 2}, []float64{1}, TwoSided, Exact) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s gave %+v, want an error", name, got)
		}
	}
	if _, err := Holm([]float64{0.1, nan}); err == nil {
		t.Error("Holm took a NaN")
	}
	// Two points: documented values, not NaN.
	if c, err := Pearson([]float64{1, 2}, []float64{5, 3}); err != nil || c.R != -1 || c.P != 1 {
		t.Errorf("Pearson of two points: %+v, %v; want r = -1, p = 1", c, err)
	}
}
