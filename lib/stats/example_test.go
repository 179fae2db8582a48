package stats_test

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/stats"
)

// How well networks do their task against how well they predict neurons.
func ExamplePearson() {
	accuracy := []float64{0.42, 0.55, 0.61, 0.78, 0.90}
	ev := []float64{0.051, 0.060, 0.058, 0.079, 0.084}
	c, err := stats.Pearson(accuracy, ev)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("n = %d, r = %.3f, p = %.2g\n", c.N, c.R, c.P)
	// Output: n = 5, r = 0.973, p = 0.0052
}
