package blas

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Bad arguments panic with gonum's words: each case is put to both.
func TestGemmPanics(t *testing.T) {
	type args struct {
		tA, tB        blas.Transpose
		m, n, k       int
		lda, ldb, ldc int
		a, b, c       int // lengths
	}
	good := args{blas.NoTrans, blas.NoTrans, 4, 5, 6, 6, 5, 5, 24, 30, 20}
	cases := map[string]func(*args){
		"transpose of A": func(x *args) { x.tA = 'x' },
		"transpose of B": func(x *args) { x.tB = 0 },
		"m":              func(x *args) { x.m = -1 },
		"n":              func(x *args) { x.n = -1 },
		"k":              func(x *args) { x.k = -1 },
		"lda":            func(x *args) { x.lda = 5 },
		"lda trans":      func(x *args) { x.tA = blas.Trans; x.lda = 3 },
		"ldb":            func(x *args) { x.ldb = 4 },
		"ldb trans":      func(x *args) { x.tB = blas.Trans; x.ldb = 5 },
		"ldc":            func(x *args) { x.ldc = 4 },
		"a":              func(x *args) { x.a = 23 },
		"b":              func(x *args) { x.b = 29 },
		"c":              func(x *args) { x.c = 19 },
		"ld 0":           func(x *args) { x.m, x.n, x.k, x.lda, x.ldb, x.ldc = 0, 0, 0, 0, 0, 0 },
		"m 0, ldc":       func(x *args) { x.m, x.ldc = 0, 1 },
		"m 0, short a":   func(x *args) { x.m, x.a = 0, 0 },
		"k 0":            func(x *args) { x.k, x.a, x.b = 0, 0, 0 },
		"k 0, short c":   func(x *args) { x.k, x.c = 0, 3 },
		"fine":           func(x *args) {},
		"fine trans":     func(x *args) { x.tA, x.tB = blas.ConjTrans, blas.Trans; x.ldb = 6 },
	}
	type both interface {
		blas.Float32Level3
		blas.Float64Level3
	}
	outcome := func(impl both, x args) (s, d string) {
		s = recovered(func() {
			impl.Sgemm(x.tA, x.tB, x.m, x.n, x.k, 1, make([]float32, x.a), x.lda, make([]float32, x.b), x.ldb, 0, make([]float32, x.c), x.ldc)
		})
		d = recovered(func() {
			impl.Dgemm(x.tA, x.tB, x.m, x.n, x.k, 1, make([]float64, x.a), x.lda, make([]float64, x.b), x.ldb, 0, make([]float64, x.c), x.ldc)
		})
		return s, d
	}
	for name, change := range cases {
		x := good
		change(&x)
		wantS, wantD := outcome(gonum.Implementation{}, x)
		gotS, gotD := outcome(Implementation{}, x)
		if gotS != wantS || gotD != wantD {
			t.Errorf("%s: panics %q and %q, gonum %q and %q", name, gotS, gotD, wantS, wantD)
		}
	}
}

func recovered(f func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	f()
	return "nothing"
}

// The functions without a gonum counterpart refuse the same things.
func TestOverlapPanics(t *testing.T) {
	a, b, c := make([]float64, 14), make([]float64, 12), make([]float64, 12)
	cases := map[string]struct {
		want string
		f    func()
	}{
		"m":      {mLT0, func() { GemmOverlap64(-1, 3, 4, 1, a, 2, b, 3, 0, c, 3) }},
		"n":      {nLT0, func() { GemmOverlap64(4, -1, 4, 1, a, 2, b, 3, 0, c, 3) }},
		"k":      {kLT0, func() { GemmOverlap64(4, 3, -1, 1, a, 2, b, 3, 0, c, 3) }},
		"lda":    {badLdA, func() { GemmOverlap64(4, 3, 4, 1, a, -1, b, 3, 0, c, 3) }},
		"ldb":    {badLdB, func() { GemmOverlap64(4, 3, 4, 1, a, 2, b, 2, 0, c, 3) }},
		"ldc":    {badLdC, func() { GemmOverlap64(4, 3, 4, 1, a, 2, b, 3, 0, c, 2) }},
		"a":      {shortA, func() { GemmOverlap64(4, 3, 4, 1, a[:9], 2, b, 3, 0, c, 3) }},
		"a ok":   {"nothing", func() { GemmOverlap64(4, 3, 4, 1, a[:10], 2, b, 3, 0, c, 3) }},
		"trans":  {shortA, func() { GemmOverlapTrans64(4, 3, 4, 1, a[:9], 2, b, 3, 0, c, 3) }},
		"b":      {shortB, func() { GemmOverlap64(4, 3, 4, 1, a, 2, b[:11], 3, 0, c, 3) }},
		"c":      {shortC, func() { GemmOverlap64(4, 3, 4, 1, a, 2, b, 3, 0, c[:11], 3) }},
		"pack k": {kLT0, func() { Pack64(blas.NoTrans, -1, 3, b, 3, nil) }},
		"pack n": {nLT0, func() { Pack64(blas.NoTrans, 4, -3, b, 3, nil) }},
		"pack b": {shortB, func() { Pack64(blas.NoTrans, 5, 3, b, 3, nil) }},
		"pack t": {badTranspose, func() { Pack64(3, 4, 3, b, 3, nil) }},
		"pack l": {badLdB, func() { Pack64(blas.Trans, 4, 3, b, 3, nil) }},
		"mul m":  {mLT0, func() { Pack64(blas.NoTrans, 4, 3, b, 3, nil).Mul(-1, 1, a, 2, 0, c, 3) }},
		"mul a":  {shortA, func() { Pack64(blas.NoTrans, 4, 3, b, 3, nil).Mul(4, 1, a[:9], 2, 0, c, 3) }},
		"mul l":  {badLdA, func() { Pack64(blas.NoTrans, 4, 3, b, 3, nil).Mul(4, 1, a, -2, 0, c, 3) }},
		"mul c":  {shortC, func() { Pack64(blas.NoTrans, 4, 3, b, 3, nil).Mul(4, 1, a, 2, 0, c[:11], 3) }},
		"mul lc": {badLdC, func() { Pack64(blas.NoTrans, 4, 3, b, 3, nil).Mul(4, 1, a, 2, 0, c, 2) }},
	}
	for name, x := range cases {
		if got := recovered(x.f); got != x.want {
			t.Errorf("%s: panics %q, want %q", name, got, x.want)
		}
	}
}
