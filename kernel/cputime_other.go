//go:build !unix

package main

import "time"

var startTime = time.Now()

// cpuTime stands in for processor time where there is no portable way to ask.
func cpuTime() time.Duration { return time.Since(startTime) }
