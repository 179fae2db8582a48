package net

import (
	"fmt"
	"strings"

	"github.com/spindle-lab/spindle/lib/display"
)

// ParseNames returns the architectures of several published names. A name that
// does not say all of its architecture, see [ParseName], is an error.
func ParseNames(names ...string) ([]Arch, error) {
	out := make([]Arch, len(names))
	for i, n := range names {
		a, err := ParseName(n)
		if err != nil {
			return nil, err
		}
		if err := a.Validate(); err != nil {
			return nil, fmt.Errorf("net: name %.100q does not say all: %w", n, err)
		}
		out[i] = a
	}
	return out, nil
}

// ShapeTable lists the layers of an architecture for the paper's input, 39
// muscles × 400 samples × (length, velocity).
func (a Arch) ShapeTable() (display.Table, error) {
	layers, err := a.Shapes(39, 400, 2)
	if err != nil {
		return display.Table{}, err
	}
	t := display.Table{
		Columns: []string{"layer", "kernel", "stride", "output (muscles × time × channels)"},
		Caption: fmt.Sprintf("%s: %d parameters", a.Name(), a.Params(39, 2)),
	}
	for _, l := range layers {
		kernel, stride := pair(l.KernelH, l.KernelT), pair(l.StrideH, l.StrideT)
		if l.Name == recurrentName {
			kernel, stride = "–", "–"
		}
		t.Rows = append(t.Rows, []any{l.Name, kernel, stride,
			strings.Join([]string{fmt.Sprint(l.OutH), fmt.Sprint(l.OutT), fmt.Sprint(l.OutC)}, " × ")})
	}
	return t, nil
}

func pair(a, b int) string { return fmt.Sprintf("%d × %d", a, b) }
