package npy_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/format/npy"
)

// Muscle lengths of a trial, mm, [muscle][sample], as a dictionary is exported.
func Example() {
	dir, err := os.MkdirTemp("", "npy")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "Snap_mod.npz")
	w, err := npy.Create(path, true)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Abort() // leaves nothing behind unless Close succeeds
	if err := w.Write("trial_0/muscle_len", []float64{101, 102, 103, 55, 54, 53}, 2, 3); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	arrays, err := npy.ReadNPZ(path)
	if err != nil {
		log.Fatal(err)
	}
	a := arrays["trial_0/muscle_len"]
	v, err := a.Float64s()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Shape, a.Dtype, v)
	// Output: [2 3] <f8 [101 102 103 55 54 53]
}
