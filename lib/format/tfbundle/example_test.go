package tfbundle_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/format/tfbundle"
)

// A checkpoint under the names of the published ones.
func Example() {
	dir, err := os.MkdirTemp("", "tfbundle")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	prefix := filepath.Join(dir, "model.ckpt")
	err = tfbundle.Write(prefix, []tfbundle.Tensor{
		tfbundle.NewFloat32("Network/Spatial0/LayerNorm/gamma", []int{2}, []float32{1, 0.5}),
		tfbundle.NewFloat32("beta2_power", nil, []float32{0.999}),
	})
	if err != nil {
		log.Fatal(err)
	}
	b, err := tfbundle.Open(prefix)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range b.Names() {
		t, err := b.Tensor(name)
		if err != nil {
			log.Fatal(err)
		}
		v, err := t.Float32s()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, t.Dtype, t.Shape, v)
	}
	// Output:
	// Network/Spatial0/LayerNorm/gamma float32 [2] [1 0.5]
	// beta2_power float32 [] [0.999]
}
