package net

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The variables of the soak: SPINDLE_SOAK is the number of steps, in place of
// a few, and SPINDLE_SOAK_NET the network, in place of the shallow list's
// median (spec/02 8.2). `SPINDLE_SOAK=2000 go test -run Soak -v -timeout 0 ./lib/net`
// is the whole of it. soakChild marks a process that the test has started.
const (
	soakSteps = "SPINDLE_SOAK"
	soakNet   = "SPINDLE_SOAK_NET"
	soakChild = "SPINDLE_SOAK_CHILD" // name of a network, batch, steps
)

const medianNet = "spatial_temporal_4_8-8-8-16_16-16-16-32_3172"

// TestSoak trains in a process of its own and looks at its memory: a batch of
// 64 of the median network keeps below 1.5 GiB, and nothing grows from step to step.
func TestSoak(t *testing.T) {
	name, steps := medianNet, 4
	if s := os.Getenv(soakSteps); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("%s is %q, want a number of steps", soakSteps, s)
		}
		steps = n
	}
	if s := os.Getenv(soakNet); s != "" {
		name = s
	}
	r := soak(t, name, 64, steps)
	t.Logf("%s, batch 64, %d steps: %s", name, steps, r)
	const limit, slack = 1536, 8 // MiB
	if r.peak >= limit {
		t.Errorf("peak of memory %d MiB, want below %d", r.peak, limit)
	}
	if r.heap[1] > r.heap[0]+1 {
		t.Errorf("the heap grew from %d to %d MiB", r.heap[0], r.heap[1])
	}
	if r.resident[1] > r.resident[0]+slack {
		t.Errorf("resident memory grew from %d to %d MiB", r.resident[0], r.resident[1])
	}
}

// Two processes at once train to the same bits as one alone, whatever the
// machine's scheduler makes of them.
func TestSecondProcess(t *testing.T) {
	const name, batch, steps = "spatiotemporal_2_8-16_5252", 20, 8
	alone := soak(t, name, batch, steps)
	var both [2]soaked
	var wg sync.WaitGroup
	for i := range both {
		wg.Go(func() { both[i] = soak(t, name, batch, steps) })
	}
	wg.Wait()
	for _, r := range both {
		if r.sum != alone.sum {
			t.Errorf("parameters' checksum %08x beside another process, %08x alone", r.sum, alone.sum)
		}
	}
}

// soaked is what a training process tells: in MiB the heap and the resident
// memory after the first steps and at the end and its greatest resident
// memory, and the checksum of the trained parameters.
type soaked struct {
	heap, resident [2]uint64
	peak           uint64
	sum            uint32
}

func (r soaked) String() string {
	return fmt.Sprintf("heap %d then %d MiB, resident %d then %d MiB, peak %d MiB, parameters %08x",
		r.heap[0], r.heap[1], r.resident[0], r.resident[1], r.peak, r.sum)
}

const soakLine = "soaked: "

// soak runs [TestSoakChild] in a process.
func soak(t *testing.T, name string, batch, steps int) (r soaked) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestSoakChild$", "-test.v", "-test.timeout", "0")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", soakChild, name, batch, steps))
	out, err := cmd.CombinedOutput()
	_, line, found := strings.Cut(string(out), soakLine)
	if err == nil && found {
		_, err = fmt.Sscan(line, &r.heap[0], &r.heap[1], &r.resident[0], &r.resident[1], &r.peak, &r.sum)
	}
	if err != nil || !found {
		t.Errorf("training process: %v\n%s", err, out)
	}
	return r
}

// TestSoakChild is the process's part.
func TestSoakChild(t *testing.T) {
	job := os.Getenv(soakChild)
	if job == "" {
		return // not started by another test
	}
	var name string
	var batch, steps int
	if _, err := fmt.Sscan(job, &name, &batch, &steps); err != nil {
		t.Fatal(err)
	}
	tr := newTrainer(t, parse(t, name), batch)
	var r soaked
	first := max(1, min(10, steps/2))
	for i := range steps {
		tr.step(t)
		if i+1 == first {
			r.heap[0], r.resident[0], _ = memory(t)
		}
	}
	r.heap[1], r.resident[1], r.peak = memory(t)
	sum := crc32.NewIEEE()
	for _, p := range tr.net.Params {
		if err := binary.Write(sum, binary.LittleEndian, p.Data); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println(soakLine, r.heap[0], r.heap[1], r.resident[0], r.resident[1], r.peak, sum.Sum32())
	runtime.KeepAlive(tr)
}

// memory returns the heap and the resident memory after a collection that gives
// back what is garbage, and the greatest resident memory so far, garbage
// included, in MiB. With half a gigabyte in use the collector leaves the few kB
// of a step lie for thousands of steps: over 2,000 they came to 28 MiB. Where the system does not tell of resident
// memory, it is what the Go runtime has taken.
func memory(t *testing.T) (heap, resident, peak uint64) {
	t.Helper()
	var m runtime.MemStats
	debug.FreeOSMemory()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		runtime.ReadMemStats(&m)
		resident, peak = m.Sys>>20, m.Sys>>20
	} else {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			for key, v := range map[string]*uint64{"VmRSS:": &resident, "VmHWM:": &peak} {
				if rest, ok := strings.CutPrefix(s.Text(), key); ok {
					if _, err := fmt.Sscan(rest, v); err != nil {
						t.Fatal(err)
					}
					*v >>= 10
				}
			}
		}
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc >> 20, resident, peak
}
