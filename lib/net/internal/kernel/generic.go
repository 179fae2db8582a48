package kernel

// The plain Go forms: for float64, for machines without vector instructions
// that we know, and as the reference of the assembly's tests.

func gemmGo[T Float](m, n int, c []T, ldc int, a []T, lda, segs, segLen, segStride int, b []T, ldb int, acc bool) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if !acc {
			clear(row)
		}
		k := 0
		for s := range segs {
			seg := a[i*lda+s*segStride:][:segLen]
			for _, av := range seg {
				axpy(row, b[k*ldb:k*ldb+n], av)
				k++
			}
		}
	}
}

func outerGo[T Float](m, n, pixels int, c []T, ldc int, a []T, lda int, b []T, ldb int) {
	for p := range pixels {
		br := b[p*ldb : p*ldb+n]
		for i, av := range a[p*lda : p*lda+m] {
			axpy(c[i*ldc:i*ldc+n], br, av)
		}
	}
}

func axpy[T Float](y, x []T, a T) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += a * v
	}
}
