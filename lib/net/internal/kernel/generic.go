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

func outerGo[T Float](m, n, lines, pixels int, c []T, ldc int, a []T, step, lda, aLine int, b []T, ldb, bLine int) {
	// Sums of their own, as the registers of the vector form are, lose less
	// than adding each product to a large C.
	const width = 64
	var sum [width]T
	for j := 0; j < n; j += width {
		w := min(width, n-j)
		for i := range m {
			clear(sum[:w])
			for l := range lines {
				for p := range pixels {
					axpy(sum[:w], b[l*bLine+p*ldb+j:][:w], a[l*aLine+p*lda+i*step])
				}
			}
			Add(c[i*ldc+j:][:w], sum[:w])
		}
	}
}

func axpy[T Float](y, x []T, a T) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += a * v
	}
}
