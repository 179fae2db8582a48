package tfbundle

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/internal/half"
)

// A Dtype is TensorFlow's number of an element type.
type Dtype int

// The types that bundles hold.
const (
	Float32  Dtype = 1
	Float64  Dtype = 2
	Int32    Dtype = 3
	Uint8    Dtype = 4
	Int16    Dtype = 5
	Int8     Dtype = 6
	String   Dtype = 7
	Int64    Dtype = 9
	Bool     Dtype = 10
	BFloat16 Dtype = 14
	Uint16   Dtype = 17
	Float16  Dtype = 19
	Uint32   Dtype = 22
	Uint64   Dtype = 23
)

var dtypes = map[Dtype]struct {
	name string
	size int
}{
	Float32: {"float32", 4}, Float64: {"float64", 8}, Int32: {"int32", 4}, Uint8: {"uint8", 1}, Int16: {"int16", 2},
	Int8: {"int8", 1}, String: {"string", 0}, Int64: {"int64", 8}, Bool: {"bool", 1}, BFloat16: {"bfloat16", 2},
	Uint16: {"uint16", 2}, Float16: {"float16", 2}, Uint32: {"uint32", 4}, Uint64: {"uint64", 8},
}

// String returns NumPy's name of the type.
func (d Dtype) String() string {
	if t, ok := dtypes[d]; ok {
		return t.name
	}
	return fmt.Sprintf("dtype %d", int(d))
}

// A Tensor is a named array in C order.
type Tensor struct {
	Name  string
	Dtype Dtype
	Shape []int // nil for a single value

	data    []byte // little-endian
	strings []string
}

// NewFloat32 makes a tensor; the shape must hold as many values.
func NewFloat32(name string, shape []int, v []float32) Tensor {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
	}
	return newTensor(name, Float32, shape, len(v), b)
}

// NewFloat64 makes a tensor; the shape must hold as many values.
func NewFloat64(name string, shape []int, v []float64) Tensor {
	b := make([]byte, 8*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint64(b[8*i:], math.Float64bits(x))
	}
	return newTensor(name, Float64, shape, len(v), b)
}

// NewInt64 makes a tensor; the shape must hold as many values.
func NewInt64(name string, shape []int, v []int64) Tensor {
	b := make([]byte, 8*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint64(b[8*i:], uint64(x))
	}
	return newTensor(name, Int64, shape, len(v), b)
}

// NewString makes a tensor of strings; the shape must hold as many.
func NewString(name string, shape []int, v []string) Tensor {
	t := newTensor(name, String, shape, len(v), nil)
	t.strings = append([]string{}, v...)
	return t
}

func newTensor(name string, d Dtype, shape []int, n int, b []byte) Tensor {
	if m, ok := product(shape); !ok || m != uint64(n) {
		panic(fmt.Sprintf("tfbundle: %d values for tensor %q of shape %v", n, name, shape))
	}
	return Tensor{Name: name, Dtype: d, Shape: append([]int(nil), shape...), data: b}
}

// product is the number of values of a shape.
func product(shape []int) (uint64, bool) {
	n := uint64(1)
	for _, d := range shape {
		if d < 0 || d > 0 && n > 1<<60/uint64(d) {
			return 0, false
		}
		n *= uint64(d)
	}
	return n, true
}

// Len returns the number of values.
func (t *Tensor) Len() int {
	n, _ := product(t.Shape)
	return int(n)
}

// Bytes returns the values as they are stored, little-endian, not copied; nil for strings.
func (t *Tensor) Bytes() []byte { return t.data }

// Float32s returns the values of a float tensor of any width, rounded to float32.
func (t *Tensor) Float32s() ([]float32, error) {
	v := make([]float32, t.Len())
	le := binary.LittleEndian
	switch t.Dtype {
	case Float32:
		for i := range v {
			v[i] = math.Float32frombits(le.Uint32(t.data[4*i:]))
		}
	case Float64:
		for i := range v {
			v[i] = float32(math.Float64frombits(le.Uint64(t.data[8*i:])))
		}
	case BFloat16:
		for i := range v {
			v[i] = math.Float32frombits(uint32(le.Uint16(t.data[2*i:])) << 16)
		}
	case Float16:
		for i := range v {
			v[i] = half.Float32(le.Uint16(t.data[2*i:]))
		}
	default:
		return nil, t.wrong("floats")
	}
	return v, nil
}

// Float64s returns the values of a float or integer tensor; integers beyond 2^53 are rounded.
func (t *Tensor) Float64s() ([]float64, error) {
	v := make([]float64, t.Len())
	switch t.Dtype {
	case Float64:
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.data[8*i:]))
		}
		return v, nil
	case Uint64:
		for i := range v {
			v[i] = float64(binary.LittleEndian.Uint64(t.data[8*i:]))
		}
		return v, nil
	case Float32, BFloat16, Float16:
		f, err := t.Float32s()
		for i, x := range f {
			v[i] = float64(x)
		}
		return v, err
	}
	n, err := t.Int64s()
	if err != nil {
		return nil, t.wrong("numbers")
	}
	for i, x := range n {
		v[i] = float64(x)
	}
	return v, nil
}

// Int64s returns the values of an integer or boolean tensor.
func (t *Tensor) Int64s() ([]int64, error) {
	v := make([]int64, t.Len())
	le := binary.LittleEndian
	for i := range v {
		switch t.Dtype {
		case Int64:
			v[i] = int64(le.Uint64(t.data[8*i:]))
		case Uint64:
			u := le.Uint64(t.data[8*i:])
			if u > math.MaxInt64 {
				return nil, fmt.Errorf("tfbundle: tensor %q: value %d is %d, beyond int64", t.Name, i, u)
			}
			v[i] = int64(u)
		case Int32:
			v[i] = int64(int32(le.Uint32(t.data[4*i:])))
		case Uint32:
			v[i] = int64(le.Uint32(t.data[4*i:]))
		case Int16:
			v[i] = int64(int16(le.Uint16(t.data[2*i:])))
		case Uint16:
			v[i] = int64(le.Uint16(t.data[2*i:]))
		case Int8:
			v[i] = int64(int8(t.data[i]))
		case Uint8, Bool:
			v[i] = int64(t.data[i])
		default:
			return nil, t.wrong("integers")
		}
	}
	return v, nil
}

// Strings returns the values of a string tensor.
func (t *Tensor) Strings() ([]string, error) {
	if t.Dtype != String {
		return nil, t.wrong("strings")
	}
	return append([]string{}, t.strings...), nil
}

func (t *Tensor) wrong(want string) error {
	return fmt.Errorf("tfbundle: tensor %q is %v, expected %s", t.Name, t.Dtype, want)
}

// swap turns big-endian data around.
func swap(b []byte, size int) {
	for ; len(b) >= size && size > 1; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}
