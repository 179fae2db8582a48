package dataset

import "github.com/spindle-lab/spindle/lib/stroke"

// strokes returns n strokes of each letter from the embedded model.
func strokes(n int) []stroke.Stroke { return stroke.Embedded().DrawSet(n, 9).Strokes }
