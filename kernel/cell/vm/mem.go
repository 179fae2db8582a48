package vm

import (
	"reflect"
	"unsafe"
)

// A slice is the header of any slice.
type slice struct {
	p        unsafe.Pointer
	len, cap int
}

// alloc returns zeroed memory for a value.
func alloc(rt reflect.Type) unsafe.Pointer { return reflect.New(rt).UnsafePointer() }

// value returns the reflect value that lies at p; it can be set.
func value(rt reflect.Type, p unsafe.Pointer) reflect.Value { return reflect.NewAt(rt, p).Elem() }

// copier returns the function that copies a value in memory.
func copier(rt reflect.Type) func(dst, src unsafe.Pointer) {
	size := rt.Size()
	switch {
	case size == 0:
		return func(dst, src unsafe.Pointer) {}
	case !hasPointers(rt):
		switch size {
		case 8:
			return func(dst, src unsafe.Pointer) { *(*[8]byte)(dst) = *(*[8]byte)(src) }
		case 16:
			return func(dst, src unsafe.Pointer) { *(*[16]byte)(dst) = *(*[16]byte)(src) }
		case 24:
			return func(dst, src unsafe.Pointer) { *(*[24]byte)(dst) = *(*[24]byte)(src) }
		}
		return func(dst, src unsafe.Pointer) {
			copy(unsafe.Slice((*byte)(dst), size), unsafe.Slice((*byte)(src), size))
		}
	}
	return func(dst, src unsafe.Pointer) { value(rt, dst).Set(value(rt, src)) }
}

// hasPointers tells whether values of a type hold pointers, which the garbage
// collector has to see being copied.
func hasPointers(rt reflect.Type) bool {
	switch rt.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Array:
		return rt.Len() > 0 && hasPointers(rt.Elem())
	case reflect.Struct:
		for i := range rt.NumField() {
			if hasPointers(rt.Field(i).Type) {
				return true
			}
		}
		return false
	}
	return true
}
