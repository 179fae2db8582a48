package probe_test

import (
	"context"
	"math"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
	"github.com/spindle-lab/spindle/lib/run"
)

// BenchmarkSession probes a whole session, 800 trials of 50 units, with the
// network of eight layers that spec/06 times its peers on, and reports the most
// memory that the process held, to be compared with the 2 GiB that are allowed.
func BenchmarkSession(b *testing.B) {
	const trials, units = 800, 50
	rng := run.Stream(1, "session")
	a := &recording.Aligned{Name: "synthetic", Condition: recording.Reaching, PerBin: 1, Taps: 5, Units: make([]recording.Unit, units),
		Input: make([]float32, trials*recording.NumMuscles*recording.Window*2)}
	for i := range trials {
		d := 60 + rng.IntN(40)
		rates := make([]float64, d*units)
		for j := range rates {
			rates[j] = float64(rng.IntN(6)) / 5
		}
		a.IDs, a.Durations, a.Rates = append(a.IDs, i), append(a.Durations, d), append(a.Rates, rates)
		if i%5 == 0 {
			a.Test = append(a.Test, i)
		} else {
			a.Train = append(a.Train, i)
		}
		for m := range recording.NumMuscles {
			phase, depth := rng.Float64(), 10*rng.NormFloat64()
			for t := range recording.Window {
				at := ((i*recording.NumMuscles+m)*recording.Window + t) * 2
				x := 0.03*float64(min(max(t-recording.Onset, 0), d)) + phase
				a.Input[at], a.Input[at+1] = float32(100+depth*math.Sin(x)), float32(3*depth*math.Cos(x))
			}
		}
	}
	arch, err := net.ParseName("spatial_temporal_4_8-16-16-32_32-32-64-64_7293")
	if err != nil {
		b.Fatal(err)
	}
	n, err := net.New(arch, run.Stream(1))
	if err != nil {
		b.Fatal(err)
	}
	stop, peak := make(chan bool), make(chan uint64)
	go func() {
		s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		var most uint64
		for {
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(2 * time.Millisecond):
				metrics.Read(s)
				most = max(most, s[0].Value.Uint64()-s[1].Value.Uint64())
			}
		}
	}()
	for b.Loop() {
		if _, err := probe.Run(context.Background(), a, []probe.Network{{Task: probe.Untrained, Net: n}}, probe.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	stop <- true
	most := <-peak
	b.ReportMetric(float64(most)/(1<<20), "MiB-peak")
	if most > 2<<30 {
		b.Errorf("%d bytes held, at most 2 GiB expected", most)
	}
}
