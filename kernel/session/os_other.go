//go:build !linux

package session

import "os"

// limitMemory does nothing here: the Go runtime's soft limit is all there is.
func limitMemory(int64) {}

func restoreStreams([2]*os.File) {}

func defaultMemory() int64 { return 4 << 30 }

// watch does nothing where there is no /proc.
func (w *worker) watch(stop <-chan struct{}) { <-stop }
