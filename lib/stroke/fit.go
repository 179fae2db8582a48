package stroke

//go:generate go run ./fitmodel

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/run"
)

// FitOptions are the sizes of a letter model; zero values take the defaults.
type FitOptions struct {
	Terms int     // cosine terms for each axis, default 40
	Modes int     // at most so many principal variations, default 12
	Share float64 // of the variance that the variations keep, default 0.97
	Ways  int     // at most so many ways of writing a letter, default 3
}

func (o FitOptions) withDefaults() FitOptions {
	if o.Terms == 0 {
		o.Terms = 40
	}
	if o.Modes == 0 {
		o.Modes = 12
	}
	if o.Share == 0 {
		o.Share = 0.97
	}
	if o.Ways == 0 {
		o.Ways = 3
	}
	return o
}

// minWay is the least number of strokes that makes a way of writing of its own.
const minWay = 12

// Fit fits a letter model to a set that holds at least 12 strokes of every
// letter. It draws no random numbers: the same set gives the same model.
func Fit(s *Set, opt FitOptions) (*Model, error) {
	opt = opt.withDefaults()
	if opt.Terms < 1 || opt.Modes < 1 || opt.Ways < 1 || !(opt.Share > 0 && opt.Share <= 1) {
		panic(fmt.Sprintf("stroke: fit options %+v: terms, modes and ways must be positive, share in (0, 1]", opt))
	}
	m := &Model{Credit: Credit}
	for l := 1; l <= len(Letters); l++ {
		of := s.Of(l)
		if len(of) < minWay {
			return nil, fmt.Errorf("stroke: %d strokes of letter %s, want at least %d to fit a model", len(of), Letters[l-1:l], minWay)
		}
		rows := make([]row, len(of))
		for i, k := range of {
			rows[i] = rowOf(k, opt.Terms)
		}
		lm := LetterModel{Letter: Letters[l-1 : l]}
		for _, g := range groups(rows, opt.Ways) {
			w, err := fitWay(g, opt)
			if err != nil {
				return nil, fmt.Errorf("stroke: letter %s: %w", lm.Letter, err)
			}
			w.Weight = float64(len(g)) / float64(len(rows))
			lm.Ways = append(lm.Ways, w)
		}
		m.Letters = append(m.Letters, lm)
	}
	return m, nil
}

// A row is one stroke as the fit sees it.
type row struct {
	c      []float64 // cosine coefficients of x, then of y
	logLen float64
}

func rowOf(s Stroke, terms int) row {
	r := row{c: make([]float64, 2*terms), logLen: math.Log(float64(s.Len()))}
	analyze(diff(s.X), r.c[:terms])
	analyze(diff(s.Y), r.c[terms:])
	return r
}

func diff(p []float64) []float64 {
	v := make([]float64, len(p)-1)
	for i := range v {
		v[i] = p[i+1] - p[i]
	}
	return v
}

// groups splits the rows of a letter into ways of writing. A split in two is
// kept while it explains clearly more than a split of one Gaussian cloud would.
func groups(rows []row, most int) [][]row {
	out := [][]row{rows}
	for len(out) < most {
		best, at := 0.0, -1
		var halves [2][]row
		for i, g := range out {
			a, b, gain := split(g)
			if len(a) >= minWay && len(b) >= minWay && gain > splitGain && gain > best {
				best, at, halves = gain, i, [2][]row{a, b}
			}
		}
		if at < 0 {
			break
		}
		out[at] = halves[0]
		out = append(out, halves[1])
	}
	sort.SliceStable(out, func(i, j int) bool { return len(out[i]) > len(out[j]) })
	return out
}

// splitGain: cutting a normal distribution at its mean removes 2/π = 64 % of its
// variance along the cut; two separate clusters lose more.
const splitGain = 0.74

// split cuts the rows in two along their first principal direction by k-means
// and returns the share of the variance along that direction that it removes.
func split(rows []row) (a, b []row, gain float64) {
	if len(rows) < 2*minWay {
		return rows, nil, 0
	}
	p := project(rows)
	order := append([]float64(nil), p...)
	sort.Float64s(order)
	total := scatter(order)
	if total == 0 {
		return rows, nil, 0
	}
	best, cut := total, 0
	for k := minWay; k <= len(order)-minWay; k++ {
		if w := scatter(order[:k]) + scatter(order[k:]); w < best {
			best, cut = w, k
		}
	}
	if cut == 0 {
		return rows, nil, 0
	}
	at := (order[cut-1] + order[cut]) / 2
	for i, r := range rows {
		if p[i] < at {
			a = append(a, r)
		} else {
			b = append(b, r)
		}
	}
	return a, b, 1 - best/total
}

func scatter(v []float64) float64 {
	mean := 0.0
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	sum := 0.0
	for _, x := range v {
		sum += (x - mean) * (x - mean)
	}
	return sum
}

// project returns the rows' positions along their first principal direction.
func project(rows []row) []float64 {
	mean, _, v, err := principal(rows)
	p := make([]float64, len(rows))
	if err != nil {
		return p
	}
	for i, r := range rows {
		for k, c := range r.c {
			p[i] += (c - mean[k]) * v.At(k, 0)
		}
	}
	return p
}

// principal returns the mean row, the singular values of the centred rows and
// the principal directions in columns, each with its largest entry positive.
func principal(rows []row) (mean, values []float64, v *mat.Dense, err error) {
	d := len(rows[0].c)
	mean = make([]float64, d)
	for _, r := range rows {
		for k, c := range r.c {
			mean[k] += c / float64(len(rows))
		}
	}
	x := mat.NewDense(len(rows), d, nil)
	for i, r := range rows {
		for k, c := range r.c {
			x.Set(i, k, c-mean[k])
		}
	}
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		return nil, nil, nil, fmt.Errorf("the singular values of %d strokes did not converge", len(rows))
	}
	v = new(mat.Dense)
	svd.VTo(v)
	values = svd.Values(nil)
	for j := range values {
		at := 0
		for k := range d {
			if math.Abs(v.At(k, j)) > math.Abs(v.At(at, j)) {
				at = k
			}
		}
		if v.At(at, j) < 0 {
			for k := range d {
				v.Set(k, j, -v.At(k, j))
			}
		}
	}
	return mean, values, v, nil
}

func fitWay(rows []row, opt FitOptions) (Way, error) {
	mean, values, v, err := principal(rows)
	if err != nil {
		return Way{}, err
	}
	n := float64(len(rows))
	w := Way{Mean: mean}
	total := 0.0
	for _, s := range values {
		total += s * s
	}
	for _, r := range rows {
		w.LogLen += r.logLen / n
	}
	rest := make([]float64, len(rows))
	for i, r := range rows {
		rest[i] = r.logLen - w.LogLen
	}
	kept := 0.0
	for j := 0; j < len(values) && j < opt.Modes && kept < opt.Share*total && values[j] > 0; j++ {
		kept += values[j] * values[j]
		sd := values[j] / math.Sqrt(n-1)
		mode := make([]float64, len(mean))
		for k := range mode {
			mode[k] = sd * v.At(k, j)
		}
		// The scores are uncorrelated, so each slope is a regression of its own.
		z := make([]float64, len(rows))
		slope := 0.0
		for i, r := range rows {
			for k, c := range r.c {
				z[i] += (c - mean[k]) * v.At(k, j) / sd
			}
			slope += z[i] * (r.logLen - w.LogLen) / (n - 1)
		}
		for i := range rest {
			rest[i] -= slope * z[i]
		}
		w.Modes = append(w.Modes, mode)
		w.LogLenBy = append(w.LogLenBy, slope)
	}
	w.LogLenSD = math.Sqrt(scatter(rest) / (n - 1))
	return w, nil
}

// Save writes the model as JSON, its numbers rounded to four digits.
func (m *Model) Save(path string) error {
	return run.WriteFile(path, func(w io.Writer) error {
		raw, err := json.Marshal(m.rounded())
		if err != nil {
			return err
		}
		_, err = w.Write(append(raw, '\n'))
		return err
	})
}

func (m *Model) rounded() *Model {
	out := &Model{Credit: m.Credit}
	for _, l := range m.Letters {
		lm := LetterModel{Letter: l.Letter}
		for _, w := range l.Ways {
			r := Way{Weight: w.Weight, LogLen: round(w.LogLen, 6), LogLenSD: round(w.LogLenSD, 4),
				LogLenBy: roundAll(w.LogLenBy, 4), Mean: roundAll(w.Mean, 4)}
			for _, mode := range w.Modes {
				r.Modes = append(r.Modes, roundAll(mode, 3))
			}
			lm.Ways = append(lm.Ways, r)
		}
		out.Letters = append(out.Letters, lm)
	}
	return out
}

func roundAll(v []float64, digits int) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = round(x, digits)
	}
	return out
}

func round(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil {
		return v
	}
	return r
}
