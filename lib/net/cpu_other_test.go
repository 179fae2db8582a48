//go:build !unix

package net

func cpuSeconds() float64 { return 0 }
