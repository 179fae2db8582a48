package matfile

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Bits of the array flags.
const (
	flagComplex = 1 << 11
	flagGlobal  = 1 << 10
	flagLogical = 1 << 9
)

// matrix decodes the body of a matrix element, which fills c.buf. path is the
// path of the array, "" for a variable, which then goes by its own name.
func (c *cursor) matrix(path string, depth int) (string, *Array, error) {
	if err := c.d.spend(arrayCost); err != nil {
		return "", nil, c.fail(path, c.pos, "%w", err)
	}
	if len(c.buf) == 0 { // MATLAB's way to write an empty array in a cell or field
		return "", &Array{Class: Double, Dims: []int{0, 0}, Real: []float64{}}, nil
	}
	if depth > c.d.maxDepth {
		return "", nil, c.fail(path, c.pos, "nested deeper than %d", c.d.maxDepth)
	}
	flags, at, err := c.int32s(path, "array flags")
	if err != nil {
		return "", nil, err
	}
	if len(flags) != 2 {
		return "", nil, c.fail(path, at, "array flags of %d words, expected 2", len(flags))
	}
	a := &Array{
		Class:   Class(flags[0] & 0xff),
		Global:  flags[0]&flagGlobal != 0,
		Logical: flags[0]&flagLogical != 0,
	}
	if a.Class == Opaque {
		return c.opaque(path, a)
	}
	if a.Class < Cell || a.Class > Opaque {
		return "", nil, c.fail(path, at, "array of class %d, expected 1 to 17", a.Class)
	}
	dims, at, err := c.int32s(path, "dimensions")
	if err != nil {
		return "", nil, err
	}
	if len(dims) < 2 || len(dims) > maxDims {
		return "", nil, c.fail(path, at, "%d dimensions, expected 2 to %d", len(dims), maxDims)
	}
	a.Dims = make([]int, len(dims))
	for i, d := range dims {
		if d < 0 {
			return "", nil, c.fail(path, at, "dimension %d is %d", i, d)
		}
		a.Dims[i] = int(d)
	}
	n, ok := length(a.Dims)
	if !ok {
		return "", nil, c.fail(path, at, "dimensions %v overflow", a.Dims)
	}
	name, err := c.text(path, "name")
	if err != nil {
		return "", nil, err
	}
	if path == "" {
		path = name
	}
	switch {
	case a.Class == Cell:
		a.Cells, err = c.cells(path, n, depth)
	case a.Class == Struct || a.Class == Object:
		err = c.fields(path, a, n, depth)
	case a.Class == Char:
		err = c.chars(path, a, n)
	case a.Class == Function:
		// The handle's own description; of no use without MATLAB.
	case a.Class == Sparse:
		err = c.sparse(path, a, flags)
	default:
		err = c.numeric(path, a, n, flags[0]&flagComplex != 0)
	}
	if err != nil {
		return "", nil, err
	}
	return name, a, nil
}

// text returns the next element as a string of 8-bit characters.
func (c *cursor) text(path, what string) (string, error) {
	kind, data, start, err := c.element(path, what)
	if err != nil {
		return "", err
	}
	if kind != miINT8 && kind != miUINT8 && kind != miUTF8 {
		return "", c.fail(path, start, "%s: stored as type %d, expected characters", what, kind)
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		data = data[:i]
	}
	if len(data) > maxName {
		return "", c.fail(path, start, "%s of %d bytes, at most %d expected", what, len(data), maxName)
	}
	if !utf8.Valid(data) {
		return "", c.fail(path, start, "%s: %q is not UTF-8", what, data)
	}
	return string(data), nil
}

// opaque keeps the name and the class of a value that only MATLAB can make sense of.
func (c *cursor) opaque(path string, a *Array) (string, *Array, error) {
	name, err := c.text(path, "name")
	if err != nil {
		return "", nil, err
	}
	if path == "" {
		path = name
	}
	if _, err := c.text(path, "object system"); err != nil {
		return "", nil, err
	}
	a.ClassName, err = c.text(path, "class name")
	if err != nil {
		return "", nil, err
	}
	return name, a, nil
}

// child decodes the next element, which must be a matrix.
func (c *cursor) child(path string, depth int) (*Array, error) {
	kind, data, start, err := c.element(path, "matrix")
	if err != nil {
		return nil, err
	}
	if kind != miMATRIX {
		return nil, c.fail(path, start, "element of type %d, expected a matrix (14)", kind)
	}
	inner := cursor{d: c.d, buf: data, base: c.base + int64(start) + 8, inflated: c.inflated, outer: c.outer}
	_, a, err := inner.matrix(path, depth+1)
	return a, err
}

// room fails unless n matrix elements, of at least 8 bytes each, can follow.
func (c *cursor) room(path string, n int) error {
	if left := len(c.buf) - c.pos; n > left/8 {
		return c.fail(path, c.pos, "%d elements cannot fit in %d bytes", n, left)
	}
	return nil
}

func (c *cursor) cells(path string, n, depth int) ([]*Array, error) {
	if err := c.room(path, n); err != nil {
		return nil, err
	}
	cells := make([]*Array, n)
	for i := range cells {
		a, err := c.child(path+"{"+strconv.Itoa(i)+"}", depth)
		if err != nil {
			return nil, err
		}
		cells[i] = a
	}
	return cells, nil
}

// fields decodes the fields of a struct array or object of n elements.
func (c *cursor) fields(path string, a *Array, n, depth int) error {
	if a.Class == Object {
		name, err := c.text(path, "class name")
		if err != nil {
			return err
		}
		a.ClassName = name
	}
	width, at, err := c.int32s(path, "field name length")
	if err != nil {
		return err
	}
	if len(width) != 1 || width[0] <= 0 || width[0] > maxName {
		return c.fail(path, at, "field name length %v, expected one number from 1 to %d", width, maxName)
	}
	kind, names, at, err := c.element(path, "field names")
	if err != nil {
		return err
	}
	w := int(width[0])
	if kind != miINT8 && kind != miUINT8 && kind != miUTF8 || len(names)%w != 0 {
		return c.fail(path, at, "field names: %d bytes of type %d, expected characters in multiples of %d", len(names), kind, w)
	}
	count := len(names) / w
	if count > 0 && n > (math.MaxInt/8)/count {
		return c.fail(path, at, "%d elements of %d fields", n, count)
	}
	if err := c.room(path, n*count); err != nil {
		return err
	}
	if err := c.d.spend(int64(count) * fieldCost); err != nil {
		return c.fail(path, at, "%d fields: %w", count, err)
	}
	a.Struct = make(map[string][]*Array, count)
	for i := 0; i < count; i++ {
		name := names[i*w : (i+1)*w]
		if z := bytes.IndexByte(name, 0); z >= 0 {
			name = name[:z]
		}
		f := string(name)
		if _, twice := a.Struct[f]; twice {
			return c.fail(path, at, "field %q stands twice", f)
		}
		a.Fields = append(a.Fields, f)
		a.Struct[f] = make([]*Array, n)
	}
	for i := 0; i < n && count > 0; i++ {
		prefix := path + "."
		if n > 1 {
			prefix = path + "(" + strconv.Itoa(i) + ")."
		}
		for _, f := range a.Fields {
			v, err := c.child(prefix+f, depth)
			if err != nil {
				return err
			}
			a.Struct[f][i] = v
		}
	}
	return nil
}

// numeric decodes the values of a full array of n elements.
func (c *cursor) numeric(path string, a *Array, n int, complexParts bool) error {
	var err error
	if a.Real, err = c.values(path, "values", a, n, true); err != nil {
		return err
	}
	if complexParts {
		a.Imag, err = c.values(path, "imaginary parts", a, n, false)
	}
	return err
}

// values returns the next element's n values. With exact, the 64-bit integer
// classes get their integers as well.
func (c *cursor) values(path, what string, a *Array, n int, exact bool) ([]float64, error) {
	kind, data, start, err := c.element(path, what)
	if err != nil {
		return nil, err
	}
	size := storageSize(kind)
	if size == 0 {
		return nil, c.fail(path, start, "%s: stored as type %d, expected numbers", what, kind)
	}
	if len(data)%size != 0 || len(data)/size != n {
		return nil, c.fail(path, start, "%s: %d bytes of type %d, but dimensions %v need %d values of %d bytes",
			what, len(data), kind, a.Dims, n, size)
	}
	need := int64(n) * 8
	wide := exact && (a.Class == Int64 || a.Class == Uint64)
	if wide {
		need *= 2
	}
	if err := c.d.spend(need); err != nil {
		return nil, c.fail(path, start, "%s: %w", what, err)
	}
	v := make([]float64, n)
	widen(v, data, kind, c.d.order)
	if wide {
		if a.Class == Int64 {
			a.Ints = make([]int64, n)
		} else {
			a.Uints = make([]uint64, n)
		}
		integers(a, v, data, kind, c.d.order)
	}
	return v, nil
}

// sparse decodes row indices, column starts and values.
func (c *cursor) sparse(path string, a *Array, flags []int32) error {
	if len(a.Dims) != 2 {
		return c.fail(path, c.pos, "sparse array of dimensions %v, expected 2", a.Dims)
	}
	rows, at, err := c.int32s(path, "row indices")
	if err != nil {
		return err
	}
	starts, at2, err := c.int32s(path, "column starts")
	if err != nil {
		return err
	}
	if len(starts) != a.Dims[1]+1 || starts[0] != 0 {
		return c.fail(path, at2, "%d column starts for %d columns", len(starts), a.Dims[1])
	}
	nnz := int(starts[len(starts)-1])
	if err := c.d.spend(int64(nnz+len(starts)) * 8); err != nil {
		return c.fail(path, at2, "%w", err)
	}
	a.ColStart = make([]int, len(starts))
	for j, s := range starts {
		if j > 0 && s < starts[j-1] || int(s) > len(rows) {
			return c.fail(path, at2, "column start %d is %d", j, s)
		}
		a.ColStart[j] = int(s)
	}
	a.RowIndex = make([]int, nnz)
	for i := range a.RowIndex {
		if rows[i] < 0 || int(rows[i]) >= a.Dims[0] {
			return c.fail(path, at, "row index %d of %d rows", rows[i], a.Dims[0])
		}
		a.RowIndex[i] = int(rows[i])
	}
	if a.Real, err = c.sparseValues(path, nnz, a.Logical); err != nil {
		return err
	}
	if flags[0]&flagComplex != 0 {
		a.Imag, err = c.sparseValues(path, nnz, false)
	}
	return err
}

// sparseValues returns the first n values of an element that may hold room for more.
func (c *cursor) sparseValues(path string, n int, logical bool) ([]float64, error) {
	kind, data, start, err := c.element(path, "values")
	if err != nil {
		return nil, err
	}
	if logical && kind == miDOUBLE && len(data) < 8*n {
		kind = miUINT8 // MATLAB stores these as bytes and calls them doubles
	}
	size := storageSize(kind)
	if size == 0 || len(data)/size < n {
		return nil, c.fail(path, start, "values: %d bytes of type %d, expected %d numbers", len(data), kind, n)
	}
	if err := c.d.spend(int64(n) * 8); err != nil {
		return nil, c.fail(path, start, "values: %w", err)
	}
	v := make([]float64, n)
	widen(v, data[:n*size], kind, c.d.order)
	return v, nil
}

// Dense returns the values of a sparse array as a full one, column-major.
func (a *Array) Dense() ([]float64, error) {
	if a.Class != Sparse {
		return nil, fmt.Errorf("matfile: Dense of an array of class %v", a.Class)
	}
	n, ok := length(a.Dims)
	if !ok || int64(n) > defaultMaxBytes/8 {
		return nil, fmt.Errorf("matfile: a full array of dimensions %v is too large", a.Dims)
	}
	v := make([]float64, n)
	for j := 0; j+1 < len(a.ColStart); j++ {
		for k := a.ColStart[j]; k < a.ColStart[j+1]; k++ {
			v[j*a.Dims[0]+a.RowIndex[k]] += a.Real[k]
		}
	}
	return v, nil
}
