package session

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

// limitMemory bounds the data of this process, for what grows faster than the
// supervisor looks; past it the Go runtime ends the process with a message, and
// the machine stays usable. The margin is for what is mapped and not used.
func limitMemory(n int64) {
	n += n/4 + 256<<20
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: uint64(n), Max: uint64(n)})
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	debug.SetMaxStack(512 << 20)
}

// restoreStreams puts the output streams back where a cell closed or replaced them.
func restoreStreams(streams [2]*os.File) {
	for i, f := range streams {
		fd := 1 + i
		var a, b syscall.Stat_t
		if syscall.Fstat(fd, &a) == nil && syscall.Fstat(int(f.Fd()), &b) == nil && a.Ino == b.Ino && a.Dev == b.Dev {
			continue
		}
		if err := syscall.Dup3(int(f.Fd()), fd, 0); err == nil {
			file := os.NewFile(uintptr(fd), "/dev/std"+[]string{"out", "err"}[i])
			if i == 0 {
				os.Stdout = file
			} else {
				os.Stderr = file
			}
		}
	}
}

// defaultMemory is three quarters of what the machine, or the container, has
// free.
func defaultMemory() int64 {
	free := int64(4 << 30)
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range bytes.Lines(data) {
			var kb int64
			if _, err := fmt.Sscanf(string(line), "MemAvailable: %d kB", &kb); err == nil {
				free = kb << 10
			}
		}
	}
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(data)), 10, 64); err == nil && n < free {
			free = n
		}
	}
	return free / 4 * 3
}

// watch ends the worker when its resident memory passes the limit: what it
// maps in other ways than as data is not under the limit it set itself.
func (w *worker) watch(stop <-chan struct{}) {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	path := fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid)
	page := int64(os.Getpagesize())
	for {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		f := bytes.Fields(data)
		if len(f) < 3 {
			continue
		}
		resident, _ := strconv.ParseInt(string(f[1]), 10, 64)
		shared, _ := strconv.ParseInt(string(f[2]), 10, 64)
		if (resident-shared)*page > w.limit {
			w.kill(fmt.Sprintf("out of memory: it needed more than the %.1f GB that it may use", float64(w.limit)/(1<<30)))
			return
		}
	}
}
