package recording_test

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/recording"
)

// A session, its trials cut to the movement, and the windows a network sees.
func Example() {
	session, err := recording.Simulate(recording.SimOptions{Seed: 1, Trials: 10, Units: 6})
	if err != nil {
		fmt.Println(err)
		return
	}
	aligned, err := session.Align(context.Background(), recording.AlignOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d units, %d trials to fit and %d to test\n", len(aligned.Units), len(aligned.Train), len(aligned.Test))
	fmt.Println("input:", len(aligned.Input)/aligned.Trials(), "values per trial, 39 muscles × 400 samples × length and velocity")
	// Output:
	// 6 units, 8 trials to fit and 2 to test
	// input: 31200 values per trial, 39 muscles × 400 samples × length and velocity
}
