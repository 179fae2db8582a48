package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

// A room is the memory that the networks of a grid share.
type room struct {
	mu          sync.Mutex
	total, used float64       // bytes
	freed       chan struct{} // told when some is given back
}

// take waits until there is so much room, or nobody else is in it: what is too
// large for the machine is tried alone. It returns false if ctx ends first.
func (r *room) take(ctx context.Context, bytes float64) bool {
	for {
		r.mu.Lock()
		if r.used == 0 || r.used+bytes <= r.total {
			r.used += bytes
			r.mu.Unlock()
			return true
		}
		r.mu.Unlock()
		select {
		case <-r.freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (r *room) give(bytes float64) {
	r.mu.Lock()
	if r.used -= bytes; r.used < 1 {
		r.used = 0 // what rounding has left
	}
	r.mu.Unlock()
	select {
	case r.freed <- struct{}{}:
	default:
	}
}

// workers is the number of networks to train at once at most, and the room
// that they have. Workers that are asked for are not kept waiting for room.
func (g GridConfig) workers() (int, *room) {
	r := &room{total: float64(g.Memory) * 1e6, freed: make(chan struct{}, 1)}
	if g.Workers > 0 && g.Memory == 0 {
		r.total = math.Inf(1)
		return g.Workers, r
	}
	if g.Memory == 0 {
		r.total = 0.7 * freeMemory()
	}
	if g.Workers > 0 {
		return g.Workers, r
	}
	return runtime.GOMAXPROCS(0), r
}

// copies of every weight that a run holds at its largest: the weights, their
// gradient and two moments; the best of them with its moments; the untrained
// twin; and what is being saved.
const copies = 4 + 3 + 1 + 3

// bytes estimates what training a network takes: its activations, which are cut
// to fit, and its weights with all that belongs to them.
func (j job) bytes() float64 {
	activations := float64(j.cfg.Memory) * 1e6
	if activations == 0 {
		activations = defaultMemory * 1e6
	}
	d := task.DimsOf(j.src.Train)
	t, err := task.Lookup(j.cfg.Task)
	if err != nil {
		return activations
	}
	shapes, err := j.cfg.Arch.Shapes(d.Muscles, d.Time, d.Channels)
	if err != nil {
		return activations // its row will say so
	}
	last := shapes[len(shapes)-1]
	weights := j.cfg.Arch.Params(d.Muscles, d.Channels)
	features := last.Values()
	switch t.Head {
	case task.Classifier:
		weights += features * t.Outputs
	case task.Projector:
		weights += features * net.ProjectorUnits
	case task.Decoder:
		weights *= 2
	}
	per := 0
	for _, s := range shapes {
		per += 3 * s.Values()
	}
	if t.Head == task.Projector {
		per *= 2 // views
	}
	p := t.Training(j.cfg.Arch.Family == net.LSTM)
	batch := j.cfg.Batch
	if batch == 0 {
		batch = p.Batch
	}
	return min(activations, 4*float64(batch)*float64(per)) + 4*copies*float64(weights)
}

// freeMemory is what the system says is available, 4 GB where it does not say.
func freeMemory() float64 {
	raw, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		for l := range strings.Lines(string(raw)) {
			var kb float64
			if n, _ := fmt.Sscanf(l, "MemAvailable: %f kB", &kb); n == 1 {
				return kb * 1024
			}
		}
	}
	return 4e9
}
