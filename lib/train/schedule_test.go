package train

import (
	"reflect"
	"testing"
)

// publishedLoop runs the loop of spec/02, 1.5, as written there, over a list of
// validation losses, and notes what it does. It is the reference for Schedule.
func publishedLoop(s Schedule, lr float64, losses func(i int) float64) (events []string, lrs []float64, last int) {
	best, bad, plateaus := 1e10, 0, 0
	n := 0
	for step := 0; step < s.Steps; step++ {
		last = step
		if step%s.ValidateEvery == 0 {
			l := losses(n)
			n++
			if l < best {
				best = l
				bad = 0
				events = append(events, "save")
			} else {
				bad++
			}
			if float64(bad) >= s.Patience {
				lr /= s.Factor
				bad = 0
				plateaus++
				events = append(events, "restore")
			}
			lrs = append(lrs, lr)
			if plateaus == 2 {
				if step < s.MinEpochs*s.StepsPerEpoch {
					plateaus = 1
					bad = 0
				} else {
					events = append(events, "stop")
					break
				}
			}
		}
	}
	return
}

func TestScheduleIsThePublishedLoop(t *testing.T) {
	for name, losses := range map[string]func(int) float64{
		"falls":     func(i int) float64 { return 100 - float64(i) },
		"flat":      func(int) float64 { return 1 },
		"saw":       func(i int) float64 { return float64((i*7)%11) - float64(i)/20 },
		"late":      func(i int) float64 { return map[bool]float64{true: 5, false: 3}[i < 40] },
		"two rises": func(i int) float64 { return float64(i%17) - float64(i/17) },
	} {
		for _, p := range []float64{1, 5, 40.5} {
			s := Schedule{Steps: 12000, StepsPerEpoch: 300, ValidateEvery: 200, Patience: p, MinEpochs: 20, Plateaus: 2, Factor: 4}
			want, wantLR, wantLast := publishedLoop(s, 5e-4, losses)
			var got []string
			var gotLR []float64
			st := s.Start(5e-4)
			n, last := 0, 0
			for step := 0; step < s.Steps; step++ {
				last = step
				if !s.Due(step) {
					continue
				}
				a := s.Validated(&st, step, losses(n))
				n++
				gotLR = append(gotLR, st.LR)
				for _, e := range []struct {
					on bool
					s  string
				}{{a.Save, "save"}, {a.Restore, "restore"}, {a.Stop, "stop"}} {
					if e.on {
						got = append(got, e.s)
					}
				}
				if a.Stop {
					break
				}
			}
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(gotLR, wantLR) || last != wantLast {
				t.Errorf("%s, patience %g: events %v until step %d, want %v until %d", name, p, got, last, want, wantLast)
			}
		}
	}
}

// Worked by hand: S = 300, so 20 epochs are 6,000 steps; a flat loss plateaus at
// validations 5, 10, 15 …, i.e. steps 1000, 2000 …; the first plateau at or
// after step 6000 with one already counted stops.
func TestScheduleFlatLossStopsAfterTwentyEpochs(t *testing.T) {
	s := Schedule{Steps: 12000, StepsPerEpoch: 300, ValidateEvery: 200, Patience: 5, MinEpochs: 20, Plateaus: 2, Factor: 4}
	st := s.Start(5e-4)
	for step := 0; step < s.Steps; step++ {
		if s.Due(step) && s.Validated(&st, step, 1).Stop {
			if step != 6000 {
				t.Errorf("stopped at step %d, want 6000", step)
			}
			if want := 5e-4 / 4096; st.LR != want { // six plateaus
				t.Errorf("learning rate %g, want %g", st.LR, want)
			}
			return
		}
	}
	t.Error("never stopped")
}
