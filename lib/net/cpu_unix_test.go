//go:build unix

package net

import "syscall"

// cpuSeconds returns the processor time that this process has used: on a
// machine shared with others, what a step costs shows there and not on the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	s := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)*1e-6 }
	return s(u.Utime) + s(u.Stime)
}
