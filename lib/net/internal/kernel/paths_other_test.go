//go:build !amd64 || purego

package kernel

import "testing"

func onEveryPath(t *testing.T, f func(t *testing.T)) { t.Run("go", f) }
