package net

import (
	"fmt"
	"slices"
)

// A Family is the order in which a network treats muscles and time.
type Family string

// The four families of the paper (spec/02 2.3, 2.8).
const (
	SpatialTemporal Family = "spatial_temporal" // layers over muscles, then layers over time
	TemporalSpatial Family = "temporal_spatial" // layers over time, then layers over muscles
	Spatiotemporal  Family = "spatiotemporal"   // layers over both at once
	LSTM            Family = "lstm"             // layers over muscles, then an LSTM over time
)

// Families returns the four families in the order of the paper's figures.
func Families() []Family {
	return []Family{SpatialTemporal, TemporalSpatial, Spatiotemporal, LSTM}
}

// The input of every network of the paper: 39 muscles, 400 samples of 10 ms,
// length (mm) and velocity (mm/s).
const (
	Muscles       = 39
	InputChannels = 2
)

// Arch describes a network's encoder: everything but the head.
//
// A network has Layers spatial and Layers temporal layers, or Layers
// spatiotemporal ones, or Layers spatial ones before an LSTM. Channels are
// listed in the order of the layers.
type Arch struct {
	Family Family
	Layers int // L, of each kind

	SpatialChannels  []int // of the spatial or the spatiotemporal layers
	TemporalChannels []int // of the temporal layers; nil for spatiotemporal and lstm

	SpatialKernel  int // k_s: muscles (and samples, if spatiotemporal) in a kernel
	TemporalKernel int // k_t: samples in a kernel; k_s for spatiotemporal, 0 for lstm

	// Strides, one per layer of a kind. A spatiotemporal layer takes
	// SpatialStride over muscles and TemporalStride over time. A shallow
	// network has the same stride throughout. TemporalStride is nil for lstm.
	SpatialStride, TemporalStride []int

	Units int // LSTM units; 0 elsewhere
}

// Deepest L of the shallow list; deeper networks have a stride per layer.
const shallowLayers = 4

// Limits within which sizes are taken: far above the paper's (channels up to
// 64, kernels up to 9, 12 layers, 256 units), and such that no product of them
// overflows or fills a machine before it is looked at.
const (
	maxLayers   = 64
	maxChannels = 1 << 12
	maxKernel   = 1 << 10
	maxStride   = 1 << 10
	maxUnits    = 1 << 13
	maxInput    = 1 << 20 // muscles, samples or channels of the input
	maxValues   = 1 << 31 // weights of a layer, or values of one sample's layer
)

// Deep tells whether the network belongs to the deep class: five layers of a
// kind or more.
func (a Arch) Deep() bool { return a.Layers > shallowLayers }

// Depth is the number of layers as the paper's figures count it: L for
// spatiotemporal, 2L for the two-stage families, L + 1 with an LSTM.
func (a Arch) Depth() int {
	switch a.Family {
	case Spatiotemporal:
		return a.Layers
	case LSTM:
		return a.Layers + 1
	}
	return 2 * a.Layers
}

// A FieldError says which field of an architecture cannot work, and why.
type FieldError struct {
	Field string
	Why   string
}

func (e *FieldError) Error() string { return fmt.Sprintf("net: %s: %s", e.Field, e.Why) }

func fieldErr(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}

// Validate returns an error that names the first field that cannot work.
func (a Arch) Validate() error {
	if !slices.Contains(Families(), a.Family) {
		return fieldErr("Family", "%q is unknown; want one of %v", a.Family, Families())
	}
	if a.Layers < 1 || a.Layers > maxLayers {
		return fieldErr("Layers", "%d is not in 1 … %d", a.Layers, maxLayers)
	}
	two := a.Family == SpatialTemporal || a.Family == TemporalSpatial
	if err := wantList("SpatialChannels", a.SpatialChannels, a.Layers, maxChannels); err != nil {
		return err
	}
	if err := wantSize("SpatialKernel", a.SpatialKernel, maxKernel); err != nil {
		return err
	}
	if err := wantList("SpatialStride", a.SpatialStride, a.Layers, maxStride); err != nil {
		return err
	}
	if two {
		if err := wantList("TemporalChannels", a.TemporalChannels, a.Layers, maxChannels); err != nil {
			return err
		}
	} else if len(a.TemporalChannels) > 0 {
		return fieldErr("TemporalChannels", "a %s network has none, got %v", a.Family, a.TemporalChannels)
	}
	if a.Family == LSTM {
		if a.TemporalKernel != 0 {
			return fieldErr("TemporalKernel", "an lstm network has none, got %d", a.TemporalKernel)
		}
		if len(a.TemporalStride) > 0 {
			return fieldErr("TemporalStride", "an lstm network has none, got %v", a.TemporalStride)
		}
		return wantSize("Units", a.Units, maxUnits)
	}
	if err := wantSize("TemporalKernel", a.TemporalKernel, maxKernel); err != nil {
		return err
	}
	if a.Family == Spatiotemporal && a.TemporalKernel != a.SpatialKernel {
		return fieldErr("TemporalKernel", "%d differs from SpatialKernel %d, but a spatiotemporal kernel is square", a.TemporalKernel, a.SpatialKernel)
	}
	if err := wantList("TemporalStride", a.TemporalStride, a.Layers, maxStride); err != nil {
		return err
	}
	if a.Units != 0 {
		return fieldErr("Units", "a %s network has none, got %d", a.Family, a.Units)
	}
	return nil
}

func wantSize(field string, v, limit int) error {
	if v < 1 || v > limit {
		return fieldErr(field, "%d is not in 1 … %d", v, limit)
	}
	return nil
}

func wantList(field string, v []int, n, limit int) error {
	if len(v) == 0 {
		return fieldErr(field, "is missing; want a value for each of %d layers", n)
	}
	if len(v) != n {
		return fieldErr(field, "%d values %v for %d layers", len(v), v[:min(len(v), 16)], n)
	}
	for i, x := range v {
		if err := wantSize(fmt.Sprintf("%s[%d]", field, i), x, limit); err != nil {
			return err
		}
	}
	return nil
}

// Shallow returns the architecture of the shallow class with one stride over
// muscles and one over time. For Spatiotemporal the temporal arguments are not
// used: its kernels are square and both strides are ss.
func Shallow(f Family, spatial, temporal []int, ks, ss, kt, st int) Arch {
	a := Arch{Family: f, Layers: len(spatial), SpatialChannels: spatial, TemporalChannels: temporal,
		SpatialKernel: ks, TemporalKernel: kt}
	a.SpatialStride = slices.Repeat([]int{ss}, len(spatial))
	if f == Spatiotemporal {
		a.TemporalChannels, a.TemporalKernel, st = nil, ks, ss
	}
	a.TemporalStride = slices.Repeat([]int{st}, len(spatial))
	return a
}

// Recurrent returns the architecture of the LSTM family: spatial layers with
// the given filters, then units LSTM units.
func Recurrent(filters []int, units, ks, ss int) Arch {
	return Arch{Family: LSTM, Layers: len(filters), SpatialChannels: filters, SpatialKernel: ks,
		SpatialStride: slices.Repeat([]int{ss}, len(filters)), Units: units}
}
