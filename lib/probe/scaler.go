package probe

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// A Scaler standardises columns as scikit-learn's StandardScaler does.
type Scaler struct {
	Mean  []float64 // [feature]
	Var   []float64 // [feature], population variance
	Scale []float64 // [feature], √Var, or 1 for a constant column
}

// FitScaler takes mean and population variance of the columns of x [row][feature].
// A column counts as constant, and is only centred, if its variance is within
// the rounding of its mean: var ≤ n·ε·var + (n·mean·ε)². A value that is not
// finite is an error.
func FitScaler(x []float64, features int) (*Scaler, error) {
	if features <= 0 || len(x) == 0 || len(x)%features != 0 {
		panic(fmt.Sprintf("probe: %d values are not rows of %d features", len(x), features))
	}
	rows := len(x) / features
	n := float64(rows)
	s := &Scaler{make([]float64, features), make([]float64, features), make([]float64, features)}
	// Sums of fixed pieces of rows, joined in order: the same on any cores.
	pieces := (rows + rowChunk - 1) / rowChunk
	part := make([]float64, pieces*2*features)
	forEach(pieces, func(_, c int) {
		sum := part[c*features : (c+1)*features]
		for r := c * rowChunk; r < min((c+1)*rowChunk, rows); r++ {
			for j, v := range x[r*features : (r+1)*features] {
				sum[j] += v
			}
		}
	})
	for c := range pieces {
		floats.Add(s.Mean, part[c*features:(c+1)*features])
	}
	for j := range s.Mean {
		s.Mean[j] /= n
		if math.IsNaN(s.Mean[j]) || math.IsInf(s.Mean[j], 0) {
			for i := j; i < len(x); i += features {
				if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
					return nil, fmt.Errorf("probe: regressor %d is %v in row %d: finite values expected", j, x[i], i/features)
				}
			}
			return nil, fmt.Errorf("probe: regressor %d overflows: finite values expected", j)
		}
	}
	clear(part)
	forEach(pieces, func(_, c int) {
		rest, square := part[2*c*features:(2*c+1)*features], part[(2*c+1)*features:(2*c+2)*features]
		for r := c * rowChunk; r < min((c+1)*rowChunk, rows); r++ {
			for j, v := range x[r*features : (r+1)*features] {
				d := v - s.Mean[j]
				rest[j] += d
				square[j] += d * d
			}
		}
	})
	rest := make([]float64, features)
	for c := range pieces {
		floats.Add(rest, part[2*c*features:(2*c+1)*features])
		floats.Add(s.Var, part[(2*c+1)*features:(2*c+2)*features])
	}
	const eps = 0x1p-52
	for j, m := range s.Mean {
		v := (s.Var[j] - rest[j]*rest[j]/n) / n // what the mean's rounding left
		s.Var[j] = v
		e := n * m * eps
		if s.Scale[j] = math.Sqrt(v); v <= n*eps*v+e*e || s.Scale[j] == 0 {
			s.Scale[j] = 1
		}
	}
	return s, nil
}

// Transform writes (x−Mean)/Scale to dst, which may be x.
func (s *Scaler) Transform(dst, x []float64) {
	k := len(s.Mean)
	if len(dst) != len(x) || len(x)%k != 0 {
		panic(fmt.Sprintf("probe: %d values of %d features into %d", len(x), k, len(dst)))
	}
	for r := 0; r < len(x); r += k {
		for j, v := range x[r : r+k] {
			dst[r+j] = (v - s.Mean[j]) / s.Scale[j]
		}
	}
}
