package train

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/net"
)

// archOf reads an architecture from a config.yaml (spec/02, 5.2).
func archOf(m yamlMap) (net.Arch, error) {
	var a net.Arch
	family, err := m.str("arch_type")
	if err != nil {
		return a, err
	}
	a.Family = net.Family(family)
	if a.Family == net.LSTM {
		return lstmOf(m)
	}
	if a.Layers, err = m.int("nlayers"); err != nil {
		return a, err
	}
	if a.Layers < 1 || a.Layers > 1000 {
		return a, fmt.Errorf("key %q is %d, expected the number of layers of a kind", "nlayers", a.Layers)
	}
	if a.SpatialChannels, err = m.ints("n_skernels"); err != nil {
		return a, err
	}
	if a.SpatialKernel, err = m.int("s_kernelsize"); err != nil {
		return a, err
	}
	if a.SpatialStride, err = strides(m, "s_stride", a.Layers); err != nil {
		return a, err
	}
	if a.TemporalKernel, err = m.int("t_kernelsize"); err != nil {
		return a, err
	}
	if a.TemporalStride, err = strides(m, "t_stride", a.Layers); err != nil {
		return a, err
	}
	// A spatiotemporal file repeats the spatial channels and kernel as temporal ones.
	if a.Family == net.Spatiotemporal {
		a.TemporalKernel = a.SpatialKernel
	} else if a.TemporalChannels, err = m.ints("n_tkernels"); err != nil {
		return a, err
	}
	return a, a.Validate()
}

// strides reads one stride for all layers or a list of one per layer.
func strides(m yamlMap, key string, layers int) ([]int, error) {
	v, err := m.ints(key)
	if err != nil {
		return nil, err
	}
	if len(v) == 1 && layers > 1 {
		out := make([]int, layers)
		for i := range out {
			out[i] = v[0]
		}
		return out, nil
	}
	return v, nil
}

func lstmOf(m yamlMap) (net.Arch, error) {
	var a net.Arch
	if m.has("rec_blocktype") {
		if s, err := m.str("rec_blocktype"); err != nil || s != "lstm" {
			return a, fmt.Errorf("key %q is %q, expected lstm: no other recurrent block is known", "rec_blocktype", s)
		}
	}
	if m.has("n_reclayers") {
		if n, err := m.int("n_reclayers"); err != nil || n != 1 {
			return a, fmt.Errorf("key %q is %d, expected one recurrent layer", "n_reclayers", n)
		}
	}
	filters, err := m.ints("nppfilters")
	if err != nil {
		return a, err
	}
	units, err := m.int("n_recunits")
	if err != nil {
		return a, err
	}
	k, err := m.int("s_kernelsize")
	if err != nil {
		return a, err
	}
	if len(filters) == 0 || len(filters) > 1000 {
		return a, fmt.Errorf("key %q has %d values", "nppfilters", len(filters))
	}
	s, err := strides(m, "s_stride", len(filters))
	if err != nil {
		return a, err
	}
	a = net.Arch{Family: net.LSTM, Layers: len(filters), SpatialChannels: filters, SpatialKernel: k, SpatialStride: s, Units: units}
	if m.has("npplayers") {
		if n, err := m.int("npplayers"); err != nil || n != a.Layers {
			return a, fmt.Errorf("key %q is %d, but %q has %d values", "npplayers", n, "nppfilters", a.Layers)
		}
	}
	return a, a.Validate()
}

// stride is a single number for shallow networks and a list for deep ones.
func stride(a net.Arch, v []int) any {
	if a.Deep() || len(v) == 0 {
		return v
	}
	return v[0]
}
