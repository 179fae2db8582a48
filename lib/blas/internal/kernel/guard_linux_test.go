package kernel

import (
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns slices whose last element is followed by a page that must
// not be touched. Five are valid at a time.
func guarded[T Float](t *testing.T) memory[T] {
	const room = 1 << 18
	page := syscall.Getpagesize()
	pool := make([][]byte, 5)
	for i := range pool {
		b, err := syscall.Mmap(-1, 0, room+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Munmap(b) })
		if err := syscall.Mprotect(b[room:], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
		pool[i] = b[:room]
	}
	next := 0
	return func(n int) []T {
		b := pool[next%len(pool)]
		next++
		size := n * int(unsafe.Sizeof(T(0)))
		if n == 0 {
			return nil
		}
		return unsafe.Slice((*T)(unsafe.Pointer(&b[room-size])), n)
	}
}
