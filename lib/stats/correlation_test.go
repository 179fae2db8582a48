package stats

import (
	"fmt"
	"math"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

func TestPearsonAgainstSciPyAndMpmath(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/stats") {
		switch {
		case c.Has(t, "p_mp") && c.Has(t, "x0"):
			var rs, ps, lines []float64
			for i := range c.Array(t, "r").Data {
				x, y := c.Array(t, fmt.Sprintf("x%d", i)).Data, c.Array(t, fmt.Sprintf("y%d", i)).Data
				got, err := Pearson(x, y)
				if err != nil {
					t.Fatal(err)
				}
				ps = append(ps, got.P)
				rs = append(rs, got.R)
				fit, err := LeastSquares(x, y)
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, fit.Slope, fit.Intercept)
			}
			c.Compare(t, "float64", "r", rs)
			c.Compare(t, "float64", "p_mp", ps)
			c.Compare(t, "float64", "ols", lines)
		case c.Has(t, "p_mp"):
			var ps []float64
			for i, r := range c.Array(t, "r").Data {
				ps = append(ps, PearsonP(r, int(c.Array(t, "n").Data[i])))
			}
			c.Compare(t, "float64", "p_mp", ps)
		case c.Has(t, "rho"):
			var rho, ps []float64
			for i := range c.Array(t, "p").Data {
				got, err := Spearman(c.Array(t, fmt.Sprintf("x%d", i)).Data, c.Array(t, fmt.Sprintf("y%d", i)).Data)
				if err != nil {
					t.Fatal(err)
				}
				rho = append(rho, got.R)
				ps = append(ps, got.P)
			}
			c.Compare(t, "float64", "rho", rho)
			c.Compare(t, "float64", "p", ps)
		}
	}
}

func TestCorrelationRefusesWhatHasNone(t *testing.T) {
	nan := math.NaN()
	for name, s := range map[string][2][]float64{
		"lengths":  {{1, 2, 3}, {1, 2}},
		"empty":    {{}, {}},
		"one":      {{1}, {1}},
		"constant": {{1, 1, 1}, {1, 2, 3}},
		"NaN":      {{1, nan, 3}, {1, 2, 3}},
	} {
		if c, err := Pearson(s[0], s[1]); err == nil {
			t.Errorf("Pearson of %s gave %+v, want an error", name, c)
		}
		if c, err := Spearman(s[0], s[1]); err == nil {
			t.Errorf("Spearman of %s gave %+v, want an error", name, c)
		}
		if f, err := LeastSquares(s[0], s[1]); err == nil && name != "constant" {
			t.Errorf("LeastSquares of %s gave %+v, want an error", name, f)
		}
	}
}
