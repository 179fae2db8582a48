package hdf5

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// piece bounds what is read at once from contiguous data.
const piece = 1 << 20

// runs visits the elements of rows i0 to i1: do gets consecutive elements and
// the place of the first among those asked for. With parallel, chunks are read
// by all cores, and do is called by several goroutines at once.
func (st *storage) runs(i0, i1 uint64, parallel bool, do func(at uint64, src []byte) error) error {
	rowLen := uint64(1)
	for _, d := range st.dims[min(1, len(st.dims)):] {
		rowLen *= d
	}
	if i0 == i1 || rowLen == 0 {
		return nil
	}
	if st.layout.class == chunked {
		return st.chunkRuns(i0, i1, parallel, do)
	}
	elem := uint64(st.elem)
	first, n := i0*rowLen*elem, (i1-i0)*rowLen*elem
	if st.layout.class == compact {
		if uint64(len(st.layout.data)) < first+n {
			return fmt.Errorf("data layout: %d bytes of data, expected %d", len(st.layout.data), first+n)
		}
		return do(0, st.layout.data[first:first+n])
	}
	if st.layout.addr == nowhere {
		return st.fillRun(0, (i1-i0)*rowLen, do)
	}
	if st.layout.size > 0 && first+n > st.layout.size {
		return fmt.Errorf("data layout: %d bytes of data, expected %d", st.layout.size, first+n)
	}
	step := max(piece/elem, 1) * elem
	for at := uint64(0); at < n; at += step {
		b, err := st.f.at(st.layout.addr+first+at, min(step, n-at), "data")
		if err != nil {
			return err
		}
		if err := do(at/elem, b); err != nil {
			return err
		}
	}
	return nil
}

// fillRun visits n elements that were never written.
func (st *storage) fillRun(at, n uint64, do func(uint64, []byte) error) error {
	elem := uint64(st.elem)
	step := min(max(piece/elem, 1), n)
	b := make([]byte, step*elem)
	if st.fill != nil {
		for i := uint64(0); i < uint64(len(b)); i += elem {
			copy(b[i:], st.fill)
		}
	}
	for done := uint64(0); done < n; done += step {
		if err := do(at+done, b[:min(step, n-done)*elem]); err != nil {
			return err
		}
	}
	return nil
}

// chunkRuns is runs over chunked data.
func (st *storage) chunkRuns(i0, i1 uint64, parallel bool, do func(uint64, []byte) error) error {
	grid, c0 := st.grid(), st.layout.chunk[0]
	perRow := uint64(1)
	for _, g := range grid[1:] {
		perRow *= g
	}
	lo, hi := i0/c0*perRow, ((i1-1)/c0+1)*perRow
	workers := uint64(1)
	if parallel {
		workers = st.workers(hi - lo)
	}
	var next atomic.Uint64
	next.Store(lo)
	var mu sync.Mutex
	var failed error
	failedAt := hi
	work := func() {
		at := make([]uint64, len(grid))
		for {
			number := next.Add(1) - 1
			if number >= hi {
				return
			}
			rest := number
			for d := len(grid) - 1; d >= 0; d-- {
				at[d] = rest % grid[d]
				rest /= grid[d]
			}
			err := st.chunkRun(number, at, i0, i1, do)
			if err != nil {
				// The error of the first bad chunk is the one that is told,
				// whichever worker comes first.
				mu.Lock()
				if number < failedAt {
					failed, failedAt = err, number
				}
				mu.Unlock()
				next.Store(hi)
				return
			}
		}
	}
	if workers <= 1 {
		work()
		return failed
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			work()
		}()
	}
	wg.Wait()
	return failed
}

// workers returns how many of n chunks to read at once: as many as cores, but
// no more than fit the limit together, and one at a time where there is little.
func (st *storage) workers(n uint64) uint64 {
	size := st.chunkBytes()
	if total, ok := mul(n, size); ok && total <= 1<<18 {
		return 1
	}
	return max(1, min(uint64(runtime.GOMAXPROCS(0)), n, uint64(st.f.max)/max(size, 1)))
}

// chunkRun visits what a chunk holds of rows i0 to i1.
func (st *storage) chunkRun(number uint64, at []uint64, i0, i1 uint64, do func(uint64, []byte) error) error {
	data, err := st.load(number, at)
	if err != nil {
		return err
	}
	rank, shape := len(at), st.layout.chunk
	start, count := make([]uint64, rank), make([]uint64, rank)
	for d := range at {
		start[d] = at[d] * shape[d]
		count[d] = min(shape[d], st.dims[d]-start[d])
	}
	skip := uint64(0) // rows of the chunk before i0
	if start[0] < i0 {
		skip = i0 - start[0]
	}
	count[0] = min(start[0]+count[0], i1) - start[0] - skip
	// Dimensions that the chunk spans in full join the run of the one before them.
	last := rank - 1
	for last > 0 && count[last] == shape[last] && count[last] == st.dims[last] {
		last--
	}
	run := uint64(1)
	for d := last; d < rank; d++ {
		run *= count[d]
	}
	elem := uint64(st.elem)
	idx := make([]uint64, last+1)
	for {
		src, dst := uint64(0), uint64(0)
		for d := range rank {
			x := uint64(0)
			if d < last {
				x = idx[d]
			}
			in, out := x, start[d]+x
			if d == 0 {
				in += skip
				out += skip - i0
			}
			src = src*shape[d] + in
			dst = dst*st.dims[d] + out
		}
		if data == nil {
			err = st.fillRun(dst, run, do)
		} else {
			err = do(dst, data[src*elem:(src+run)*elem])
		}
		if err != nil {
			return err
		}
		d := last - 1
		for ; d >= 0; d-- {
			if idx[d]++; idx[d] < count[d] {
				break
			}
			idx[d] = 0
		}
		if d < 0 {
			return nil
		}
	}
}

// read fills dst with the values of rows i0 to i1.
func read[T any](d *Dataset, i0, i1 int, dst []T, parallel bool, convert func(column, []T, []byte) error) error {
	rows := d.Rows()
	if i0 < 0 || i1 < i0 || i1 > rows {
		panic(fmt.Sprintf("hdf5: rows %d to %d of %d", i0, i1, rows))
	}
	if n := (i1 - i0) * d.RowLen(); len(dst) != n {
		panic(fmt.Sprintf("hdf5: room for %d values, rows %d to %d of %s have %d", len(dst), i0, i1, d.path, n))
	}
	if len(dst) == 0 {
		return nil
	}
	per, stride := uint64(max(d.col.per, 1)), uint64(d.col.stride)
	err := d.store.runs(uint64(i0), uint64(i1), parallel, func(at uint64, src []byte) error {
		n := uint64(len(src)) / stride * per
		if err := convert(d.col, dst[at*per:at*per+n], src); err != nil {
			return err
		}
		return nil
	})
	return d.fail(err)
}

// whole makes room for rows i0 to i1 and fills it.
func whole[T any](d *Dataset, i0, i1 int, parallel bool, convert func(column, []T, []byte) error) ([]T, error) {
	if i0 < 0 || i1 < i0 || i1 > d.Rows() {
		panic(fmt.Sprintf("hdf5: rows %d to %d of %d", i0, i1, d.Rows()))
	}
	var zero T
	n := uint64(i1-i0) * uint64(d.RowLen())
	size, ok := mul(n, uint64(unsafe.Sizeof(zero)))
	if !ok || size > uint64(d.f.max) {
		return nil, d.fail(d.f.errMemory(fmt.Sprintf("reading rows %d to %d", i0, i1), size))
	}
	dst := make([]T, n)
	if err := read(d, i0, i1, dst, parallel, convert); err != nil {
		return nil, err
	}
	return dst, nil
}

// ReadFloat64 fills dst with the numbers of rows i0 to i1, i1 not included:
// (i1-i0) × RowLen values in C order.
func (d *Dataset) ReadFloat64(dst []float64, i0, i1 int) error {
	return read(d, i0, i1, dst, true, column.float64s)
}

// ReadFloat32 is ReadFloat64 for float32; wider numbers are rounded.
func (d *Dataset) ReadFloat32(dst []float32, i0, i1 int) error {
	return read(d, i0, i1, dst, true, column.float32s)
}

// ReadInt64 fills dst with the integers of rows i0 to i1, i1 not included.
func (d *Dataset) ReadInt64(dst []int64, i0, i1 int) error {
	return read(d, i0, i1, dst, true, column.int64s)
}

// Float64Rows returns the numbers of rows i0 to i1, i1 not included, in C order.
func (d *Dataset) Float64Rows(i0, i1 int) ([]float64, error) {
	return whole(d, i0, i1, true, column.float64s)
}

// Float32Rows returns the numbers of rows i0 to i1, i1 not included, in C order.
func (d *Dataset) Float32Rows(i0, i1 int) ([]float32, error) {
	return whole(d, i0, i1, true, column.float32s)
}

// Int64Rows returns the integers of rows i0 to i1, i1 not included, in C order.
func (d *Dataset) Int64Rows(i0, i1 int) ([]int64, error) {
	return whole(d, i0, i1, true, column.int64s)
}

// Float64s returns all numbers, in C order. Integers beyond 2^53 are rounded.
func (d *Dataset) Float64s() ([]float64, error) { return d.Float64Rows(0, d.Rows()) }

// Float32s returns all numbers, rounded to float32, in C order.
func (d *Dataset) Float32s() ([]float32, error) { return d.Float32Rows(0, d.Rows()) }

// Int64s returns all integers (booleans as 0 and 1, enumerations by value), in
// C order; a uint64 beyond an int64 is an error.
func (d *Dataset) Int64s() ([]int64, error) { return d.Int64Rows(0, d.Rows()) }

// Uint64s returns all integers, in C order; a negative one is an error.
func (d *Dataset) Uint64s() ([]uint64, error) {
	return whole(d, 0, d.Rows(), true, column.uint64s)
}

// Strings returns all strings, in C order.
func (d *Dataset) Strings() ([]string, error) { return d.StringRows(0, d.Rows()) }

// StringRows returns the strings of rows i0 to i1, i1 not included, in C order.
func (d *Dataset) StringRows(i0, i1 int) ([]string, error) {
	budget := d.f.max
	return whole(d, i0, i1, false, func(c column, dst []string, src []byte) error {
		return c.strings(dst, src, &budget)
	})
}

// Sequences returns all variable-length sequences, each as the bytes of its
// elements as they lie in the file.
func (d *Dataset) Sequences() ([][]byte, error) {
	budget := d.f.max
	return whole(d, 0, d.Rows(), false, func(c column, dst [][]byte, src []byte) error {
		return c.sequences(dst, src, &budget)
	})
}

// Refs returns all object references, in C order.
func (d *Dataset) Refs() ([]Ref, error) {
	return whole(d, 0, d.Rows(), true, column.refs)
}
