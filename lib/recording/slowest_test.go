package recording

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// splitPlainly is splitLong as one would write it first.
func splitPlainly(speed []float64, on, off, least, most int) [][2]int {
	if off-on < least {
		return nil
	}
	if off-on <= most {
		return [][2]int{{on, off}}
	}
	cut := (on + off) / 2
	for b := on + least; b <= off-least; b++ {
		if speed[b] < speed[cut] {
			cut = b
		}
	}
	return append(splitPlainly(speed, on, cut, least, most), splitPlainly(speed, cut, off, least, most)...)
}

func TestSplitLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 2000 {
		speed := make([]float64, 1+rng.IntN(60))
		for i := range speed {
			speed[i] = float64(rng.IntN(8)) // with equal ones
			if rng.IntN(20) == 0 {
				speed[i] = math.NaN()
			}
		}
		least := 1 + rng.IntN(6)
		most := 2*least + rng.IntN(10)
		on := rng.IntN(len(speed))
		want := splitPlainly(speed, on, len(speed), least, most)
		if got := splitLong(speed, on, len(speed), least, most); !slices.Equal(got, want) {
			t.Fatalf("%v from %d, parts of %d to %d: %v, want %v", speed, on, least, most, got, want)
		}
	}
}

// A hand that only slows down for a million bins: some 10^11 comparisons if each
// cut looked at all bins, which no file may ask for.
func TestSplitLongSlowing(t *testing.T) {
	speed := make([]float64, 1<<20)
	for i := range speed {
		speed[i] = float64(len(speed) - i)
	}
	done := make(chan int, 1)
	go func() { done <- len(splitLong(speed, 0, len(speed), 4, 40)) }()
	select {
	case n := <-done:
		if n < len(speed)/40 {
			t.Errorf("%d parts of %d bins", n, len(speed))
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("no end after two minutes")
	}
}
