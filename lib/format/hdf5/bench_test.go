package hdf5

import (
	"math"
	"path/filepath"
	"testing"
)

// windows writes n samples of the size of the paper's input, smooth as muscle
// lengths are, deflated.
func windows(b *testing.B, path string, n int) {
	b.Helper()
	w, err := Create(path)
	if err != nil {
		b.Fatal(err)
	}
	a, err := w.Dataset("/spindle_info", Spec{Dtype: "<f4", Row: []int{39, 400, 2}, Gzip: 4})
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float32, n*39*400*2)
	for i := range x {
		x[i] = float32(100 + 20*math.Sin(float64(i)/150))
	}
	if err := a.Append(x); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkWriteWindows(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.h5")
	b.SetBytes(64 * 39 * 400 * 2 * 4)
	for b.Loop() {
		windows(b, path, 64)
	}
}

func BenchmarkReadWindows(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.h5")
	windows(b, path, 256)
	f, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	d, err := f.Dataset("/spindle_info")
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float32, 64*d.RowLen())
	b.SetBytes(int64(4 * len(dst)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := d.ReadFloat32(dst, i, i+64); err != nil {
			b.Fatal(err)
		}
		i = (i + 64) % 256
	}
}
