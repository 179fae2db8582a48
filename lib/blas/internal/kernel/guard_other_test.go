//go:build !linux

package kernel

import "testing"

func guarded[T Float](*testing.T) memory[T] {
	return func(n int) []T { return make([]T, n) }
}
