package pandas

import (
	"encoding/binary"
	"fmt"
	"math"
)

// NumPy's own objects inside pickles.

// is tells whether something is a name of NumPy's array module, whose path has
// changed between versions 1 and 2.
func is(v any, name string) bool {
	g, ok := v.(global)
	return ok && g.name == name && (g.module == "numpy.core.multiarray" || g.module == "numpy._core.multiarray" || g.module == "numpy")
}

// dtypeName returns the name of a pickled dtype, "f8" or the like.
func dtypeName(v any) string {
	c, ok := v.(*call)
	if !ok || !is(c.what, "dtype") || len(c.args) == 0 {
		return ""
	}
	s, _ := c.args[0].(string)
	if st, ok := c.state.(tuple); ok && len(st) > 1 && st[1] == ">" {
		return ">" + s
	}
	return s
}

// numeric takes one number of a dtype.
func numeric(dtype string, b []byte) (any, bool) {
	size := map[string]int{"b1": 1, "i1": 1, "u1": 1, "i2": 2, "u2": 2, "i4": 4, "u4": 4, "i8": 8, "u8": 8, "f4": 4, "f8": 8}[dtype]
	if size == 0 || len(b) < size {
		return nil, false
	}
	var u uint64
	switch size {
	case 1:
		u = uint64(b[0])
	case 2:
		u = uint64(binary.LittleEndian.Uint16(b))
	case 4:
		u = uint64(binary.LittleEndian.Uint32(b))
	default:
		u = binary.LittleEndian.Uint64(b)
	}
	switch dtype[0] {
	case 'b':
		return u != 0, true
	case 'i':
		shift := 64 - 8*size
		return int64(u<<shift) >> shift, true
	case 'u':
		return int64(u), u <= math.MaxInt64
	}
	if size == 4 {
		return float64(math.Float32frombits(uint32(u))), true
	}
	return math.Float64frombits(u), true
}

// simple turns NumPy's scalars into plain ones.
func simple(v any) any {
	c, ok := v.(*call)
	if !ok || !is(c.what, "scalar") || len(c.args) != 2 {
		return v
	}
	if b, ok := c.args[1].(string); ok {
		if x, ok := numeric(dtypeName(c.args[0]), []byte(b)); ok {
			return x
		}
	}
	return v
}

// array returns the values of a pickled array, in C order for objects and in the
// order of memory for numbers.
func array(v any) ([]any, error) {
	c, ok := v.(*call)
	if !ok || !is(c.what, "_reconstruct") {
		return nil, fmt.Errorf("the pickle holds no array")
	}
	st, ok := c.state.(tuple)
	if !ok || len(st) != 5 {
		return nil, fmt.Errorf("the pickled array has no values")
	}
	dims, _ := st[1].(tuple)
	n := uint64(1)
	for _, d := range dims {
		k, ok := d.(int64)
		if !ok || k < 0 || k > 1<<31 || n*uint64(k) > 1<<40 {
			return nil, fmt.Errorf("the pickled array has the shape %v", dims)
		}
		n *= uint64(k)
	}
	switch data := st[4].(type) {
	case *list:
		if uint64(len(data.items)) != n {
			return nil, fmt.Errorf("the pickled array has %d values for shape %v", len(data.items), dims)
		}
		return data.items, nil
	case string:
		dtype := dtypeName(st[2])
		if dtype == "" || n == 0 || uint64(len(data))%n != 0 {
			break
		}
		size := len(data) / int(n)
		items := make([]any, n)
		for i := range items {
			x, ok := numeric(dtype, []byte(data[i*size:(i+1)*size]))
			if !ok {
				return nil, fmt.Errorf("the pickled array is of dtype %q", dtype)
			}
			items[i] = x
		}
		return items, nil
	}
	return nil, fmt.Errorf("the pickled array is of dtype %q", dtypeName(st[2]))
}

// shape returns the dimensions of a pickled array.
func shape(v any) []int {
	c, _ := v.(*call)
	if c == nil {
		return nil
	}
	st, _ := c.state.(tuple)
	if len(st) != 5 {
		return nil
	}
	var dims []int
	d, _ := st[1].(tuple)
	for _, x := range d {
		k, _ := x.(int64)
		dims = append(dims, int(k))
	}
	return dims
}

// texts returns a pickled list of strings; numbers as they print.
func texts(v any) ([]string, error) {
	var items []any
	switch x := v.(type) {
	case *list:
		items = x.items
	case tuple:
		items = x
	default:
		return nil, fmt.Errorf("a pickled %T, expected a list of names", v)
	}
	c, err := objects("names", append([]any{""}, items...)) // "" makes it texts
	if err != nil {
		return nil, err
	}
	return c.Texts[1:], nil
}
