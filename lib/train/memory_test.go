package train

import (
	"context"
	"runtime"
	"testing"
)

// Memory does not grow with the steps. What may grow is the list of losses, 4
// bytes a step; the bound leaves room for the collector's own bookkeeping.
func TestMemoryDoesNotGrow(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early, late uint64
	_, err := RunOn(context.Background(), Config{Task: "hand_pos", Arch: small()[2], Batch: 4, Steps: 1200, ValidateEvery: 300}, toys(32),
		func(e Event) bool {
			switch e.Step {
			case 100:
				early = heap()
			case 1200:
				late = heap()
			}
			return true
		})
	if err != nil {
		t.Fatal(err)
	}
	if grown := int64(late) - int64(early); grown > 256<<10 {
		t.Errorf("heap grew by %d bytes over 1,100 steps, from %d", grown, early)
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
