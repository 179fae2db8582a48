package stroke

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/spindle-lab/spindle/lib/run"
)

// A Model draws new strokes of each letter. Per letter it holds a mean velocity
// profile and its principal variations, both as cosine series over the time of
// the stroke, and the spread of the stroke's duration with them.
//
// With s in [0, 1] the time within the stroke, the velocity per unit of s is
// u(s) = Σ_k c_k cos(πks) for each axis, c = Mean + Σ_j z_j·Modes_j with z_j
// standard normal, and the number of samples is exp(LogLen + Σ_j z_j·LogLenBy_j
// + LogLenSD·ε).
type Model struct {
	Credit  string
	Letters []LetterModel // one for each label, in order
}

// A LetterModel is the model of one letter: a small mixture, since some letters
// are written in more than one way.
type LetterModel struct {
	Letter string
	Ways   []Way
}

// A Way is one way to write a letter. Its coefficients are those of the x axis,
// then those of the y axis, in units of the box.
type Way struct {
	Weight   float64     // share of the strokes written so
	LogLen   float64     // mean natural logarithm of the number of samples
	LogLenBy []float64   // its change by each mode, shape [mode]
	LogLenSD float64     // spread of what the modes leave
	Mean     []float64   // shape [2·terms]
	Modes    [][]float64 // principal variations of one standard deviation, shape [mode][2·terms]
}

//go:embed model.json
var modelJSON []byte

var embedded = sync.OnceValue(func() *Model {
	m := new(Model)
	if err := json.Unmarshal(modelJSON, m); err != nil {
		panic("stroke: the embedded letter model does not parse: " + err.Error())
	}
	if err := m.check(); err != nil {
		panic("stroke: the embedded letter model: " + err.Error())
	}
	return m
})

// Embedded returns the model fitted to the UCI strokes (2858 of one writer). It
// is shared: do not change it.
func Embedded() *Model { return embedded() }

func (m *Model) check() error {
	if len(m.Letters) != len(Letters) {
		return fmt.Errorf("%d letters, want %d", len(m.Letters), len(Letters))
	}
	for i, l := range m.Letters {
		if l.Letter != Letters[i:i+1] || len(l.Ways) == 0 {
			return fmt.Errorf("entry %d is letter %q with %d ways, want %q with at least one", i, l.Letter, len(l.Ways), Letters[i:i+1])
		}
		for _, w := range l.Ways {
			if len(w.Mean) == 0 || len(w.Mean)%2 != 0 || len(w.LogLenBy) != len(w.Modes) {
				return fmt.Errorf("letter %s: mean of %d coefficients, %d modes, %d slopes of the duration", l.Letter, len(w.Mean), len(w.Modes), len(w.LogLenBy))
			}
			for _, mode := range w.Modes {
				if len(mode) != len(w.Mean) {
					return fmt.Errorf("letter %s: mode of %d coefficients, want %d", l.Letter, len(mode), len(w.Mean))
				}
			}
		}
	}
	return nil
}

// maxScore bounds each standard normal score: real strokes of a writer have no
// tails beyond it that read as the letter.
const maxScore = 2.5

// Draw returns a new stroke of the letter with this label (1 to 20).
func (m *Model) Draw(label int, rng *rand.Rand) Stroke {
	if label < 1 || label > len(m.Letters) {
		panic(fmt.Sprintf("stroke: label %d, want 1 to %d", label, len(m.Letters)))
	}
	ways := m.Letters[label-1].Ways
	w := &ways[len(ways)-1]
	u := rng.Float64()
	for i := range ways {
		if u < ways[i].Weight {
			w = &ways[i]
			break
		}
		u -= ways[i].Weight
	}
	c := append([]float64(nil), w.Mean...)
	logLen := w.LogLen
	for j, mode := range w.Modes {
		z := score(rng)
		for k, v := range mode {
			c[k] += z * v
		}
		logLen += z * w.LogLenBy[j]
	}
	logLen += score(rng) * w.LogLenSD
	n := max(minLen, int(math.Round(math.Exp(logLen))))
	terms := len(c) / 2
	s, err := FromVelocity(label, synthesize(c[:terms], n), synthesize(c[terms:], n))
	if err != nil {
		// Only a model without any movement along an axis comes here.
		panic(fmt.Sprintf("stroke: model of letter %s: %v", m.Letters[label-1].Letter, err))
	}
	return s
}

// minLen is far below any real stroke (60 samples): it only keeps a wild draw usable.
const minLen = 16

func score(rng *rand.Rand) float64 {
	for {
		if z := rng.NormFloat64(); math.Abs(z) <= maxScore {
			return z
		}
	}
}

// DrawSet draws n strokes of every letter, ordered by label. The same seed gives
// the same strokes.
func (m *Model) DrawSet(n int, seed uint64) *Set {
	set := &Set{Source: fmt.Sprintf("%d pen strokes drawn from spindle's letter model (seed %d), which was fitted to %s",
		n*len(m.Letters), seed, Credit)}
	for l := range m.Letters {
		rng := run.Stream(seed, "stroke", l+1)
		for range n {
			set.Strokes = append(set.Strokes, m.Draw(l+1, rng))
		}
	}
	return set
}

// analyze returns the first len(c) cosine coefficients of v, a velocity per
// sample, taken as a velocity per unit of the stroke's whole time.
func analyze(v, c []float64) {
	n := float64(len(v))
	for k := range c {
		if k >= len(v) {
			c[k] = 0
			continue
		}
		sum := 0.0
		for i, x := range v {
			sum += x * math.Cos(math.Pi*float64(k)*(float64(i)+0.5)/n)
		}
		if k > 0 {
			sum *= 2
		}
		c[k] = sum // (1/n)·Σ (n·v)·cos
	}
}

// synthesize returns n samples of velocity per sample.
func synthesize(c []float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		s := (float64(i) + 0.5) / float64(n)
		for k, a := range c {
			v[i] += a * math.Cos(math.Pi*float64(k)*s)
		}
		v[i] /= float64(n)
	}
	return v
}
