package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// naive is what a Tile asks for, in float64.
func naive[T Float](t *Tile[T], i, j int) float64 {
	var s float64
	for l := range t.K {
		s += float64(t.A[i*t.ARow+l*t.ACol]) * float64(t.B[l*t.BRow+j])
	}
	s *= float64(t.Alpha)
	if t.Beta != 0 {
		s += float64(t.Beta) * float64(t.C[i*t.CRow+j])
	}
	return s
}

// integers are small enough that sums of their products are exact in float32,
// so that results can be compared for equality.
func integers[T Float](rng *rand.Rand, x []T) []T {
	for i := range x {
		x[i] = T(rng.IntN(17) - 8)
	}
	return x
}

// memory hands out slices that end where readable memory does, if the system
// allows it: a read or write beyond is then a fault and not a silent one.
type memory[T Float] func(n int) []T

func sets[T Float]() []Set[T] {
	var s any = Sets32()
	if _, ok := any(T(0)).(float64); ok {
		s = Sets64()
	}
	return s.([]Set[T])
}

// Every number of rows and columns up to two strips and a panel, odd numbers
// of steps, all kinds of strides, operands that end at the end of memory.
func TestGemmTiles(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testTiles[float32](t) })
	t.Run("float64", func(t *testing.T) { testTiles[float64](t) })
}

func testTiles[T Float](t *testing.T) {
	for _, s := range sets[T]() {
		alloc := guarded[T](t)
		rng := rand.New(rand.NewPCG(1, 2))
		for m := 1; m <= 2*s.MR+1; m++ {
			for n := 1; n <= s.NR; n++ {
				k := 1 + rng.IntN(11)
				x := Tile[T]{M: m, N: n, K: k, Alpha: T(rng.IntN(5) - 2), Beta: T(rng.IntN(3) - 1)}
				x.ARow, x.ACol = rng.IntN(k+2), 1
				if rng.IntN(2) == 0 {
					x.ARow, x.ACol = 1, rng.IntN(m+2)
				}
				x.BRow, x.CRow = n+rng.IntN(3), n+rng.IntN(3)
				x.A = integers(rng, alloc((m-1)*x.ARow+(k-1)*x.ACol+1))
				x.B = integers(rng, alloc((k-1)*x.BRow+n))
				x.C = integers(rng, alloc((m-1)*x.CRow+n))
				s.Advance(&x)
				want := make([]T, len(x.C))
				for i := range want {
					want[i] = x.C[i]
					if i%x.CRow < n {
						want[i] = T(naive(&x, i/x.CRow, i%x.CRow))
					}
				}
				y := x
				s.Gemm(&y)
				for i, v := range x.C {
					if v != want[i] {
						t.Fatalf("%s: %d×%d×%d strides %d,%d,%d,%d alpha %v beta %v: element %d is %v, want %v",
							s.Name, m, n, k, x.ARow, x.ACol, x.BRow, x.CRow, x.Alpha, x.Beta, i, v, want[i])
					}
				}
			}
		}
	}
}

func TestRows(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testRows[float32](t) })
	t.Run("float64", func(t *testing.T) { testRows[float64](t) })
}

func testRows[T Float](t *testing.T) {
	for _, s := range sets[T]() {
		alloc := guarded[T](t)
		rng := rand.New(rand.NewPCG(3, 4))
		check := func(what string, m, n int, got, want []T) {
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s %s %d×%d: element %d is %v, want %v", s.Name, what, m, n, i, got[i], want[i])
				}
			}
		}
		for m := 0; m <= 9; m++ {
			for n := 0; n <= 140; n++ {
				row := n + rng.IntN(3)
				a := integers(rng, alloc(max(0, (m-1)*row+n)))
				x, y := integers(rng, alloc(n)), integers(rng, alloc(m))
				dots, axpys, gers := make([]T, m), append([]T(nil), x...), append([]T(nil), a...)
				var dot T
				axpy := append([]T(nil), x...)
				for i := range m {
					for j := range n {
						dots[i] += a[i*row+j] * x[j]
						axpys[j] += y[i] * a[i*row+j]
						gers[i*row+j] += y[i] * x[j]
					}
				}
				for j := range n {
					dot += x[j] * x[j]
					axpy[j] += 3 * x[j]
				}
				out := alloc(m)
				s.Dots(a, row, m, n, x, out)
				check("dots", m, n, out, dots)
				if got := s.Dot(x, x); got != dot {
					t.Fatalf("%s dot of %d: %v, want %v", s.Name, n, got, dot)
				}
				z := alloc(n)
				copy(z, x)
				s.Axpys(a, row, m, n, z, y)
				check("axpys", m, n, z, axpys)
				copy(z, x)
				s.Axpy(3, x, z)
				check("axpy", 1, n, z, axpy)
				s.Gers(a, row, m, n, x, y)
				check("gers", m, n, a, gers)
			}
		}
	}
}

func TestTranspose(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testTranspose[float32](t) })
	t.Run("float64", func(t *testing.T) { testTranspose[float64](t) })
}

func testTranspose[T Float](t *testing.T) {
	for _, s := range sets[T]() {
		if s.Transpose == nil {
			continue
		}
		alloc := guarded[T](t)
		rng := rand.New(rand.NewPCG(5, 6))
		for blocks := 0; blocks < 5; blocks++ {
			n := blocks * s.Square
			srcRow, dstRow := n+rng.IntN(3), s.Square+rng.IntN(3)
			src := alloc(max(0, (s.Square-1)*srcRow+n))
			dst := alloc(max(0, (n-1)*dstRow+s.Square))
			for i := range src {
				src[i] = T(i)
			}
			for i := range dst {
				dst[i] = T(math.NaN())
			}
			s.Transpose(dst, dstRow, src, srcRow, blocks)
			for i, v := range dst {
				l, r := i/dstRow, i%dstRow
				if r < s.Square && v != src[r*srcRow+l] || r >= s.Square && v == v {
					t.Fatalf("%s: %d blocks, element %d,%d is %v", s.Name, blocks, l, r, v)
				}
			}
		}
	}
}
