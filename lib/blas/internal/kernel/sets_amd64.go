//go:build amd64 && !purego

package kernel

// Sets32 lists the usable sets, the fastest first.
func Sets32() []Set[float32] { return []Set[float32]{Portable32} }

// Sets64 lists the usable sets, the fastest first.
func Sets64() []Set[float64] { return []Set[float64]{Portable64} }
