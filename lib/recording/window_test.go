package recording_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
	"github.com/spindle-lab/spindle/lib/recording"
)

func TestBoxcarGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/smooth") {
		for _, a := range c.Arrays {
			if n, ok := strings.CutPrefix(a.Name, "x"); ok {
				c.Compare(t, "float64", "y"+n, recording.Boxcar(c.Array(t, a.Name).Data, 5))
			}
		}
	}
}

func TestPadGradientGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/input") {
		var p struct{ A, W, D int }
		c.Decode(t, &p)
		x := c.Array(t, "x")
		k := x.Shape[1]
		length, velocity := make([]float64, p.W*k), make([]float64, p.W*k)
		src, win, vel := make([]float64, p.D), make([]float64, p.W), make([]float64, p.W)
		for j := range k {
			for i := range src {
				src[i] = x.Data[i*k+j]
			}
			recording.PadEdge(win, src, p.A)
			recording.Gradient(vel, win, 0.01)
			for i := range win {
				length[i*k+j], velocity[i*k+j] = win[i], vel[i]
			}
		}
		c.Compare(t, "float64", "length", length)
		c.Compare(t, "float64", "velocity", velocity)
	}
}

// spec/03, section 10.
func TestBoxcarSpecValues(t *testing.T) {
	got := recording.Boxcar([]float64{0, 0, 1, 0, 2, 0, 0, 3}, 5)
	for i, want := range []float64{.2, .2, .6, .6, .6, 1, 1, .6} {
		if math.Abs(got[i]-want) > 1e-15 {
			t.Errorf("sample %d is %v, want %v", i, got[i], want)
		}
	}
}

func ExampleBoxcar() {
	// Counts per 10 ms become mean counts over 50 ms.
	fmt.Println(recording.Boxcar([]float64{0, 0, 5, 0, 0, 0, 0}, 5))
	// Output: [1 1 1 1 1 0 0]
}
