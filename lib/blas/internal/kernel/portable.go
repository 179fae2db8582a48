package kernel

// Portable32 and Portable64 are the sets that run everywhere.
var (
	Portable32 = portable[float32](4)
	Portable64 = portable[float64](8)
)

func portable[T Float](size int) Set[T] {
	return Set[T]{
		Name: "go", Portable: true, Size: size, MR: 4, NR: 4, Gemm: portableGemm[T],
		Dots: portableDots[T], Axpys: portableAxpys[T], Gers: portableGers[T],
		Dot: portableDot[T], Axpy: portableAxpy[T],
	}
}

// portableGemm walks the panel in tiles of 2×4, the most that sixteen scalar
// registers hold without spilling.
func portableGemm[T Float](t *Tile[T]) {
	i := 0
	if t.N == 4 {
		for ; i+2 <= t.M; i += 2 {
			portable2x4(t, i)
		}
	}
	for ; i < t.M; i++ {
		for j := 0; j < t.N; j++ {
			var s T
			ai, bi := i*t.ARow, j
			for l := 0; l < t.K; l++ {
				s += t.A[ai] * t.B[bi]
				ai += t.ACol
				bi += t.BRow
			}
			c := &t.C[i*t.CRow+j]
			*c = finish(t, s, c)
		}
	}
}

func portable2x4[T Float](t *Tile[T], i int) {
	var c00, c01, c02, c03, c10, c11, c12, c13 T
	a, b := t.A, t.B
	p, q, r := i*t.ARow, (i+1)*t.ARow, 0
	for l := 0; l < t.K; l++ {
		x, y := a[p], a[q]
		v := b[r : r+4 : r+4]
		c00 += x * v[0]
		c01 += x * v[1]
		c02 += x * v[2]
		c03 += x * v[3]
		c10 += y * v[0]
		c11 += y * v[1]
		c12 += y * v[2]
		c13 += y * v[3]
		p += t.ACol
		q += t.ACol
		r += t.BRow
	}
	c := t.C[i*t.CRow:][:4]
	c[0] = finish(t, c00, &c[0])
	c[1] = finish(t, c01, &c[1])
	c[2] = finish(t, c02, &c[2])
	c[3] = finish(t, c03, &c[3])
	c = t.C[(i+1)*t.CRow:][:4]
	c[0] = finish(t, c10, &c[0])
	c[1] = finish(t, c11, &c[1])
	c[2] = finish(t, c12, &c[2])
	c[3] = finish(t, c13, &c[3])
}

// finish scales a sum and adds the old element, which it reads only where
// Beta asks for it, so that a NaN left in C does not spread.
func finish[T Float](t *Tile[T], sum T, c *T) T {
	if t.Beta == 0 {
		return t.Alpha * sum
	}
	return t.Alpha*sum + t.Beta**c
}

func portableDots[T Float](a []T, aRow, m, n int, x, s []T) {
	for i := range s[:m] {
		s[i] = portableDot(a[i*aRow:][:n], x)
	}
}

func portableAxpys[T Float](a []T, aRow, m, n int, x, s []T) {
	for i, v := range s[:m] {
		portableAxpy(v, a[i*aRow:][:n], x)
	}
}

func portableGers[T Float](a []T, aRow, m, n int, x, s []T) {
	for i, v := range s[:m] {
		portableAxpy(v, x[:n], a[i*aRow:])
	}
}

// portableDot keeps four sums, so that one need not wait for the other.
func portableDot[T Float](x, y []T) T {
	y = y[:len(x)]
	var s0, s1, s2, s3 T
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += x[i] * y[i]
		s1 += x[i+1] * y[i+1]
		s2 += x[i+2] * y[i+2]
		s3 += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		s0 += x[i] * y[i]
	}
	return s0 + s1 + (s2 + s3)
}

func portableAxpy[T Float](alpha T, x, y []T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}
