package blas_test

import (
	"fmt"
	"testing"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/gorgonia"

	"github.com/spindle-lab/spindle/lib/blas"
)

func TestUse(t *testing.T) {
	blas.Use()
	blas.Use()
	want := blas.Implementation{}
	if blas32.Implementation() != want {
		t.Error("blas32 computes with another implementation")
	}
	if blas64.Implementation() != want {
		t.Error("blas64 computes with another implementation")
	}
	if gorgonia.WhichBLAS() != want {
		t.Error("gorgonia computes with another implementation")
	}
}

// Once installed, gonum/mat computes with this package.
func ExampleUse() {
	blas.Use()
	a := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
	var c mat.Dense
	c.Mul(a, a)
	fmt.Println(mat.Formatted(&c))
	// Output:
	// ⎡ 7  10⎤
	// ⎣15  22⎦
}

// A convolution over time: 6 samples of 2 channels, a kernel of 3 samples at
// stride 1, so 4 windows of 6 numbers whose starts lie 2 apart.
func ExampleGemmOverlap32() {
	x := []float32{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}
	w := []float32{1, 0, 1, 0, 1, 0} // kernel·channels × 1: the sum of the first channel
	y := make([]float32, 4)
	blas.GemmOverlap32(4, 1, 6, 1, x, 2, w, 1, 0, y, 1)
	fmt.Println(y)
	// Output: [6 9 12 15]
}

// The same weights over many sequences: packed once, then used by as many
// goroutines as there are.
func ExamplePack32() {
	w := blas.Pack32(gonumblas.NoTrans, 4, 1, []float32{1, 1, 1, 1}, 1, nil)
	for _, x := range [][]float32{{1, 2, 3, 4, 5, 6}, {0, 0, 0, 0, 0, 9}} {
		y := make([]float32, 3)
		w.Mul(3, 1, x, 1, 0, y, 1) // windows of 4, one sample apart
		fmt.Println(y)
	}
	// Output:
	// [10 14 18]
	// [0 0 9]
}
