package blas

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

type overlapFunc[T kernel.Float] func(m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

// Overlapping rows give the bits of the same matrix written out.
func TestGemmOverlap(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) {
			testOverlap(t, GemmOverlap32, GemmOverlapTrans32, Implementation{}.Sgemm)
		})
		t.Run("float64", func(t *testing.T) {
			testOverlap(t, GemmOverlap64, GemmOverlapTrans64, Implementation{}.Dgemm)
		})
	})
}

func testOverlap[T kernel.Float](t *testing.T, plain, trans overlapFunc[T],
	gemm func(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		rows, cols, n := 1+rng.IntN(150), 1+rng.IntN(90), 1+rng.IntN(80)
		lda := rng.IntN(cols + 3)
		a := matrix[T](rng, 1, extent(rows, cols, lda), extent(rows, cols, lda))
		dense := make([]T, rows*cols)
		for i := range rows {
			copy(dense[i*cols:][:cols], a[i*lda:])
		}
		alpha, beta := T(rng.Float32()), T(rng.IntN(2))
		ldb, ldc := n+rng.IntN(3), n+rng.IntN(3)

		b, c := matrix[T](rng, cols, n, ldb), matrix[T](rng, rows, n, ldc)
		want := append([]T(nil), c...)
		plain(rows, n, cols, alpha, a, lda, b, ldb, beta, c, ldc)
		gemm(blas.NoTrans, blas.NoTrans, rows, n, cols, alpha, dense, cols, b, ldb, beta, want, ldc)
		if i := firstDifference(c, want); i >= 0 {
			t.Fatalf("A %d×%d lda %d, n %d: element %d is %v, want %v", rows, cols, lda, n, i, c[i], want[i])
		}

		b, c = matrix[T](rng, rows, n, ldb), matrix[T](rng, cols, n, ldc)
		want = append([]T(nil), c...)
		trans(cols, n, rows, alpha, a, lda, b, ldb, beta, c, ldc)
		gemm(blas.Trans, blas.NoTrans, cols, n, rows, alpha, dense, cols, b, ldb, beta, want, ldc)
		if i := firstDifference(c, want); i >= 0 {
			t.Fatalf("Aᵀ of %d×%d lda %d, n %d: element %d is %v, want %v", rows, cols, lda, n, i, c[i], want[i])
		}
	}
}

// A packed B gives the bits of the unpacked one, on as many goroutines as call.
func TestPacked(t *testing.T) {
	onEveryPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		var p *Packed32
		for range 100 {
			m, n, k := 1+rng.IntN(300), 1+rng.IntN(80), 1+rng.IntN(800)
			lda := 1 + rng.IntN(k)
			a := matrix[float32](rng, 1, extent(m, k, lda), extent(m, k, lda))
			b := matrix[float32](rng, k, n, n)
			alpha, beta := rng.Float32(), float32(rng.IntN(2))
			c := matrix[float32](rng, m, n, n)
			want := append([]float32(nil), c...)
			GemmOverlap32(m, n, k, alpha, a, lda, b, n, beta, want, n)
			if rng.IntN(2) == 0 {
				p = Pack32(blas.NoTrans, k, n, b, n, p)
			} else {
				bt := make([]float32, n*k)
				for i := range b {
					bt[i%n*k+i/n] = b[i]
				}
				p = Pack32(blas.Trans, k, n, bt, k, p)
			}
			half := m / 2
			done := make(chan bool)
			go func() {
				p.Mul(half, alpha, a, lda, beta, c[:extent(half, n, n)], n)
				done <- true
			}()
			p.Mul(m-half, alpha, a[half*lda:], lda, beta, c[half*n:], n)
			<-done
			if i := firstDifference(c, want); i >= 0 {
				t.Fatalf("%d×%d×%d lda %d: element %d is %v, want %v", m, n, k, lda, i, c[i], want[i])
			}
		}
	})
}
