package train

import (
	"fmt"
	"slices"

	"github.com/spindle-lab/spindle/lib/format/tfbundle"
)

// A bundle is an open TensorFlow bundle, read as float32 arrays.
type bundle struct{ b *tfbundle.Bundle }

func openBundle(prefix string) (*bundle, error) {
	b, err := tfbundle.Open(prefix)
	if err != nil {
		return nil, err
	}
	return &bundle{b}, nil
}

func (b *bundle) names() []string { return b.b.Names() }

// shape returns the shape of a tensor, and whether there is one of that name.
func (b *bundle) shape(name string) ([]int, bool) {
	if !b.b.Has(name) {
		return nil, false
	}
	_, shape, err := b.b.Shape(name)
	return shape, err == nil
}

// is returns an error if a tensor is not float32 of the shape.
func (b *bundle) is(name string, want []int) error {
	dtype, shape, err := b.b.Shape(name)
	if err != nil {
		return err
	}
	if dtype != tfbundle.Float32 {
		return fmt.Errorf("tensor %q is %v, expected %v", name, dtype, tfbundle.Float32)
	}
	if !slices.Equal(shape, want) {
		return fmt.Errorf("tensor %q has shape %v, expected %v", name, shape, want)
	}
	return nil
}

// floats reads a float32 tensor. Its shape is looked at before its values are.
func (b *bundle) floats(name string, want []int) ([]float32, error) {
	if err := b.is(name, want); err != nil {
		return nil, err
	}
	t, err := b.b.Tensor(name)
	if err != nil {
		return nil, err
	}
	return t.Float32s()
}

// writeBundle writes the data, then the index that makes them a bundle.
func writeBundle(prefix string, arrays []array) error {
	ts := make([]tfbundle.Tensor, len(arrays))
	for i, a := range arrays {
		ts[i] = tfbundle.NewFloat32(a.name, a.shape, a.data)
	}
	return tfbundle.Write(prefix, ts)
}
