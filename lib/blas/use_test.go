package blas_test

import (
	"fmt"
	"testing"

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
