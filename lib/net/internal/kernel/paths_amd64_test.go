//go:build amd64 && !purego

package kernel

import "testing"

// onEveryPath runs a test with each instruction set that the machine has, and
// with none.
func onEveryPath(t *testing.T, f func(t *testing.T)) {
	oldVectors, oldAVX512 := vectors, avx512
	defer func() { vectors, avx512 = oldVectors, oldAVX512 }()
	if oldAVX512 {
		t.Run("avx512", f)
	}
	if avx512 = false; oldVectors {
		t.Run("avx2", f)
	}
	vectors = false
	t.Run("go", f)
}
