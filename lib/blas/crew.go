package blas

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Waking a sleeping core takes as long as a product of 64×64×1000 (some 100 µs
// on a virtual machine), so a helper that has finished its work stays awake
// for a while and looks for more.
const (
	stayAwake = 150 * time.Microsecond
	spins     = 64 // looks between two offers of the core to other goroutines
)

// crew is the work of one phase, open to helpers: work returns when nothing is
// left to begin. The goroutine that calls run takes part, so that it advances
// when no helper comes.
type crew struct {
	work    func()
	pending atomic.Int32 // helpers that were asked and have not finished
	asleep  atomic.Bool  // the caller waits on wake
	wake    chan struct{}
}

// A helper is a place for one goroutine beside the caller's. A crew is posted
// in its box, from where the goroutine takes it or the poster withdraws it.
type helper struct {
	alive atomic.Bool
	box   atomic.Pointer[crew]
}

// taken lies in the box of a helper at work.
var taken crew

// helpers grows to one less than the number of cores.
var (
	helpers     atomic.Pointer[[]*helper]
	helpersDoor sync.Mutex
)

func helpersFor(n int) []*helper {
	if h := helpers.Load(); h != nil && len(*h) >= n {
		return (*h)[:n]
	}
	helpersDoor.Lock()
	defer helpersDoor.Unlock()
	var h []*helper
	if old := helpers.Load(); old != nil {
		h = append(h, *old...)
	}
	for len(h) < n {
		h = append(h, new(helper))
	}
	helpers.Store(&h)
	return h[:n]
}

// run does c.work on the caller's goroutine and on up to n helpers, and
// returns when all of it is done. A helper that is not awake is called only if
// rouse is set.
func (c *crew) run(n int, rouse bool) {
	if n == 0 {
		c.work()
		return
	}
	hs := helpersFor(n)
	for _, h := range hs {
		if !rouse && !h.alive.Load() {
			continue
		}
		c.pending.Add(1)
		if !h.box.CompareAndSwap(nil, c) {
			c.pending.Add(-1) // it works for another caller
			continue
		}
		if h.alive.CompareAndSwap(false, true) {
			go h.loop()
		}
	}
	c.work()
	for _, h := range hs {
		if h.box.CompareAndSwap(c, nil) {
			c.pending.Add(-1) // too late to be of use
		}
	}
	for i := 0; c.pending.Load() > 0; i++ {
		if i < 32*spins {
			if i%spins == spins-1 {
				runtime.Gosched()
			}
			continue
		}
		// The helper may have lost its core to another process.
		c.asleep.Store(true)
		if c.pending.Load() == 0 && c.asleep.CompareAndSwap(true, false) {
			return
		}
		<-c.wake
	}
}

func (h *helper) loop() {
	for {
		h.serve()
		h.alive.Store(false)
		if h.box.Load() == nil || !h.alive.CompareAndSwap(false, true) {
			return
		}
	}
}

// serve takes crews from the box until none has come for a while.
func (h *helper) serve() {
	last := time.Now()
	for i := 1; ; i++ {
		c := h.box.Load()
		switch {
		case c != nil && c != &taken && h.box.CompareAndSwap(c, &taken):
			c.work()
			// The box first: the caller may post again as soon as it knows.
			h.box.Store(nil)
			if c.pending.Add(-1) == 0 && c.asleep.CompareAndSwap(true, false) {
				c.wake <- struct{}{}
			}
			last, i = time.Now(), 0
		case i%spins == 0:
			if time.Since(last) > stayAwake {
				return
			}
			runtime.Gosched()
		}
	}
}
