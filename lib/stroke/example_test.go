package stroke_test

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
)

func Example() {
	label, _ := stroke.LabelOf("a")
	s := stroke.Embedded().Draw(label, run.Stream(1, "example"))
	big := s.Augment(stroke.Latents{Size: 1.3, Speed: 0.8})
	fmt.Printf("%s: larger and slower: %v\n", s.Letter(), big.Len() == int(float64(int(float64(s.Len())*1.3))/0.8))
	// Output: a: larger and slower: true
}
