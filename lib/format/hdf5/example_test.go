package hdf5_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
)

// A data set in the layout of the published ones: a chunk per sample, deflated,
// the first dimension without a limit; then one sample of it.
func Example() {
	dir, err := os.MkdirTemp("", "hdf5")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "dataset_train.hdf5")

	w, err := hdf5.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Abort() // leaves nothing behind unless Close succeeds
	joints, err := w.Dataset("joint_coords", hdf5.Spec{Dtype: "<f4", Row: []int{4, 400}, Gzip: 4})
	if err != nil {
		log.Fatal(err)
	}
	for sample := range 3 { // degrees, [joint][time]
		row := make([]float32, 4*400)
		for i := range row {
			row[i] = float32(sample) + 0.5
		}
		if err := joints.Append(row); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Attr("joint_coords", "unit", "deg"); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	f, err := hdf5.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	d, err := f.Dataset("joint_coords")
	if err != nil {
		log.Fatal(err)
	}
	unit, err := d.Attr("unit")
	if err != nil {
		log.Fatal(err)
	}
	text, err := unit.Text()
	if err != nil {
		log.Fatal(err)
	}
	row := make([]float32, d.RowLen())
	if err := d.ReadFloat32(row, 1, 2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Shape, d.Dtype, "in chunks of", d.Chunk, "in", text)
	fmt.Println("sample 1 begins with", row[:2])
	// Output:
	// [3 4 400] <f4 in chunks of [1 4 400] in deg
	// sample 1 begins with [1.5 1.5]
}
