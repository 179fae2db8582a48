package train

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

// Networks wait for room; one that is too large for the machine goes alone.
func TestRoom(t *testing.T) {
	r := &room{total: 10, freed: make(chan struct{}, 1)}
	var mu sync.Mutex
	used, most, alone := 0.0, 0.0, false
	var wg sync.WaitGroup
	for _, b := range []float64{4, 4, 4, 50, 6, 3, 1, 10} {
		if !r.take(context.Background(), b) {
			t.Fatal("no room")
		}
		wg.Go(func() {
			mu.Lock()
			used += b
			if b <= 10 {
				most = max(most, used)
			} else {
				alone = used == b
			}
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			used -= b
			mu.Unlock()
			r.give(b)
		})
	}
	wg.Wait()
	if most > 10 || !alone || r.used != 0 {
		t.Errorf("%g of 10 used, the large one alone: %v, %g left", most, alone, r.used)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.take(ctx, 10)
	cancel()
	if r.take(ctx, 1) {
		t.Error("room after the end")
	}
}

// spec/02, 8.1: the projector on the largest of the shallow networks has 255.6
// million weights, with gradient and moments 4.1 GB; the activations of the
// smallest network fit where a gigabyte is set aside, and take what they take.
func TestMemoryOfNetworks(t *testing.T) {
	src := toys(64)
	src.Train = paperSized{src.Train.(toy)}
	of := func(k, name string) float64 {
		a, err := net.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		return job{cfg: Config{Task: k, Arch: a}, src: src}.bytes() / 1e9
	}
	if gb := of("bt", "temporal_spatial_1_64_64_3151"); gb < 4.1 || gb > 14 {
		t.Errorf("the largest projector takes %.2f GB", gb)
	}
	// 32,000 activations of a sample, a batch of 512: 61 MiB for one copy (8.2).
	if gb := of("hand_pos", "spatiotemporal_1_8_3232"); gb < 0.065 || gb > 0.3 {
		t.Errorf("the smallest network takes %.3f GB", gb)
	}
	if gb := of("hand_pos", "spatiotemporal_4_8-16-64-64_7171"); gb < 1.02 || gb > 1.1 {
		t.Errorf("activations that are cut to fit take %.3f GB", gb)
	}
}

// paperSized says that its windows have the paper's length.
type paperSized struct{ toy }

func (s paperSized) Dims() (d task.Dims) { d = s.toy.Dims(); d.Time = 400; return }
