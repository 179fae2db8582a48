// Package stroke holds pen strokes of single letters: the UCI Character
// Trajectories (B. H. Williams, 2008, CC BY 4.0), a model of handwriting fitted
// to them, and the augmentation that makes many movements of one stroke.
//
// A stroke is a pen-tip path in cm in a centred box of 5 cm, one sample for each
// nominal 10 ms (the tablet took one each 5 ms; the paper slows the letters down
// by two without resampling). Each axis is stretched to the box by itself, so
// that every letter fills the square and the aspect ratio is not kept.
//
// Source: Marin Vargas et al., Cell 2024, methods; spec/01, sections 1 and 2.1-2.2.
package stroke

import (
	"fmt"
	"math"
	"strings"

	"github.com/spindle-lab/spindle/lib/run"
)

// Letters are the 20 letters written in one stroke. Label l, from 1 to 20, is
// Letters[l-1].
const Letters = "abcdeghlmnopqrsuvwyz"

// Box is the side of the square that every stroke fills, in cm.
const Box = 5.0

// Step is the nominal time between two samples, in s.
const Step = 0.010

// A Stroke is the path of a pen tip that writes one letter.
type Stroke struct {
	Label int       // 1 to 20
	X, Y  []float64 // cm, shape [time], within ±Box/2
}

// Letter returns the letter of the stroke, or "?" for a label out of range.
func (s Stroke) Letter() string {
	if s.Label < 1 || s.Label > len(Letters) {
		return "?"
	}
	return Letters[s.Label-1 : s.Label]
}

// Len returns the number of samples.
func (s Stroke) Len() int { return len(s.X) }

// PathLength returns the length of the path in cm.
func (s Stroke) PathLength() float64 {
	sum := 0.0
	for i := 1; i < len(s.X); i++ {
		sum += math.Hypot(s.X[i]-s.X[i-1], s.Y[i]-s.Y[i-1])
	}
	return sum
}

// MeanSpeed returns the mean speed along the path in cm/s at the nominal step.
func (s Stroke) MeanSpeed() float64 {
	if len(s.X) < 2 {
		return 0
	}
	return s.PathLength() / (float64(len(s.X)-1) * Step)
}

// A Set is a collection of strokes.
type Set struct {
	Strokes []Stroke
	Source  string // a sentence for captions: where the strokes come from
}

// Of returns the strokes of one label, in their order.
func (s *Set) Of(label int) []Stroke {
	var out []Stroke
	for _, k := range s.Strokes {
		if k.Label == label {
			out = append(out, k)
		}
	}
	return out
}

// PerLetter returns the first n strokes of every letter, ordered by label.
func (s *Set) PerLetter(n int) []Stroke {
	var out []Stroke
	for l := 1; l <= len(Letters); l++ {
		of := s.Of(l)
		out = append(out, of[:min(n, len(of))]...)
	}
	return out
}

// LabelOf returns the label of a letter.
func LabelOf(letter string) (int, error) {
	if i := strings.Index(Letters, letter); i >= 0 && len(letter) == 1 {
		return i + 1, nil
	}
	return 0, fmt.Errorf("stroke: no letter %q: the single-stroke letters are %s", letter, Letters)
}

// FromVelocity makes a stroke of a tablet recording: the samples whose velocity
// is exactly zero in both axes are dropped (the padding that aligned the
// recordings), the rest is summed, and each axis is stretched to the box. The
// scale of the velocity does not matter.
func FromVelocity(label int, vx, vy []float64) (Stroke, error) {
	if len(vx) != len(vy) {
		return Stroke{}, fmt.Errorf("%d x velocities but %d y velocities", len(vx), len(vy))
	}
	s := Stroke{Label: label}
	var x, y float64
	for i := range vx {
		if !finite(vx[i]) || !finite(vy[i]) {
			return Stroke{}, fmt.Errorf("velocity %d is (%v, %v), want finite numbers", i, vx[i], vy[i])
		}
		if math.Hypot(vx[i], vy[i]) == 0 {
			continue
		}
		x += vx[i]
		y += vy[i]
		s.X = append(s.X, x)
		s.Y = append(s.Y, y)
	}
	if len(s.X) < 2 {
		return Stroke{}, fmt.Errorf("%d samples with a velocity, want at least 2", len(s.X))
	}
	if err := fit(s.X); err != nil {
		return Stroke{}, fmt.Errorf("x axis: %w", err)
	}
	if err := fit(s.Y); err != nil {
		return Stroke{}, fmt.Errorf("y axis: %w", err)
	}
	return s, nil
}

// fit stretches one axis to the box.
func fit(p []float64) error {
	lo, hi := p[0], p[0]
	for _, v := range p {
		lo, hi = min(lo, v), max(hi, v)
	}
	span := hi - lo
	if !(span > 0) || !finite(span) {
		return fmt.Errorf("extent %v: a stroke must extend along both axes to fill its box", span)
	}
	for i, v := range p {
		p[i] = ((v-lo)/span - 0.5) * Box
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// PerLetterDrawn is how many strokes of each letter [Load] draws from the model
// where the UCI file is absent: 2860 in all, as the UCI file has 2858.
const PerLetterDrawn = 143

// Load returns the UCI strokes if their file lies in the data folder
// (characters/*.mat), else strokes drawn from the embedded model, always the
// same ones.
func Load() (*Set, error) {
	for _, name := range []string{"mixoutALL_shifted.mat", "mixout_reconstructed.mat"} {
		if path, ok := run.DataPath("characters", name); ok {
			return ReadUCI(path)
		}
	}
	return Embedded().DrawSet(PerLetterDrawn, 1), nil
}
