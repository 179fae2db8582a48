package train

import (
	"context"
	"os"
	"runtime"
	"testing"
)

// longEnv asks for tests at their full length.
const longEnv = "SPINDLE_LONG"

// Memory does not grow with the steps: over 2,000 of them where SPINDLE_LONG is
// set, over 300 otherwise, each with a validation and a checkpoint every 100.
// What may grow is the list of losses, 4 bytes a step, and of validations; the
// bound leaves room for the collector's own bookkeeping. How long the steps
// waited for their data is reported; on a busy machine it says nothing.
func TestMemoryDoesNotGrow(t *testing.T) {
	steps := 300
	if os.Getenv(longEnv) != "" {
		steps = 2000
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for i, k := range []string{"hand_pos", "classification", "bt"} {
		if i > 0 && steps < 2000 {
			break
		}
		var early, late uint64
		cfg := Config{Task: k, Arch: small()[2], Batch: 4, Steps: steps, ValidateEvery: 100, SaveEvery: 100, Dir: t.TempDir()}
		cfg.Patience = 1000 // no plateau
		r, err := RunOn(context.Background(), cfg, toys(32),
			func(e Event) bool {
				switch e.Step {
				case 110: // after a checkpoint
					early = heap()
				case steps:
					late = heap()
				}
				return true
			})
		if err != nil {
			t.Fatal(err)
		}
		grown := int64(late) - int64(early)
		t.Logf("%s: heap grew by %d bytes over %d steps, from %d; %.2g %% of %.3g s spent waiting for data, which took %.2g s to load beside them",
			k, grown, steps-110, early, 100*r.Waited/r.Seconds, r.Seconds, r.Loading)
		if grown > 128<<10 {
			t.Errorf("%s: heap grew by %d bytes over %d steps, from %d", k, grown, steps-110, early)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	for _, a := range small() {
		b.Run(string(a.Family), func(b *testing.B) {
			b.ReportAllocs()
			r, err := RunOn(context.Background(), Config{Task: "hand_pos_vel", Arch: a, Batch: 32, Steps: b.N, ValidateEvery: 1 << 30}, toys(64))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(100*r.Waited/r.Seconds, "%waiting")
		})
	}
}
