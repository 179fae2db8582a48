package dataset

// Padding is how velocities come about at the ends of a movement.
type Padding int

const (
	// PadThenDifferentiate holds the first and last value and takes the
	// gradient of the whole window: outside the movement it is 0, at its first
	// and last sample half the one-sided difference. So the letters and the
	// aligned recordings are made.
	PadThenDifferentiate Padding = iota
	// DifferentiateThenPad takes the gradient of the movement alone and holds
	// its first and last value. So the reaches with torques and the
	// data-driven recordings are made.
	DifferentiateThenPad
)

// gradient writes the numerical gradient of v at the data step to dst, in
// float32 throughout, as NumPy does with float32 data.
func gradient(dst, v []float32) {
	n := len(v)
	if n < 2 {
		clear(dst[:n])
		return
	}
	const h = float32(Step)
	const two = float32(2 * Step)
	dst[0] = (v[1] - v[0]) / h
	for i := 1; i < n-1; i++ {
		dst[i] = (v[i+1] - v[i-1]) / two
	}
	dst[n-1] = (v[n-1] - v[n-2]) / h
}

// hold writes row to dst at start and holds its first and last value outside.
func hold(dst, row []float32, start int) {
	n := len(row)
	for i := range dst[:start] {
		dst[i] = row[0]
	}
	copy(dst[start:], row)
	for i := start + n; i < len(dst); i++ {
		dst[i] = row[n-1]
	}
}

// scratch is the memory that making one window needs.
type scratch struct {
	a, b, c [Window]float32
}

// row writes the order-th derivative of one row to dst, which has the length of
// the window. The row must not be longer than the window allows from start.
func (s *scratch) row(dst, row []float32, start, order int, pad Padding) {
	switch {
	case order == 0:
		hold(dst, row, start)
	case pad == DifferentiateThenPad:
		a, b := s.a[:len(row)], s.b[:len(row)]
		copy(a, row)
		for range order {
			gradient(b, a)
			a, b = b, a
		}
		hold(dst, a, start)
	default:
		a, b := s.a[:len(dst)], s.b[:len(dst)]
		hold(a, row, start)
		for range order {
			gradient(b, a)
			a, b = b, a
		}
		copy(dst, a)
	}
}

// input writes the lengths and velocities of all muscles, interleaved.
func (s *scratch) input(dst []float32, muscles []float32, t, start int, pad Padding) {
	for m := range Muscles {
		row := muscles[m*t : (m+1)*t]
		out := dst[m*Window*Channels : (m+1)*Window*Channels]
		length, velocity := s.a[:], s.b[:]
		hold(length, row, start)
		if pad == DifferentiateThenPad {
			v := s.c[:t]
			gradient(v, row)
			hold(velocity, v, start)
		} else {
			gradient(velocity, length)
		}
		for i, x := range length {
			out[2*i] = x
			out[2*i+1] = velocity[i]
		}
	}
}
