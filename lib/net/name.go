package net

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Name writes the paper's name of the network (spec/02 2.5), such as
// spatial_temporal_4_8-16-16-32_32-32-64-64_7293: L, the channels in the order
// of the layers, then k_s, s_s, k_t, s_t run together. For deep networks the
// paper puts the squared number of strides of 2 in place of a stride, so that
// two of them can share a name; a ? stands for strides that are not known, see
// [ParseLabel]. The name of an LSTM network leaves out k_s and the stride.
func (a Arch) Name() string { return a.name("") }

// RegressionName is Name with the "_r" that the paper puts after the family
// for tasks of regression type.
func (a Arch) RegressionName() string { return a.name("_r") }

func (a Arch) name(r string) string {
	s := fmt.Sprintf("%s%s_%d_", a.Family, r, a.Layers)
	switch a.Family {
	case SpatialTemporal:
		s += join(a.SpatialChannels) + "_" + join(a.TemporalChannels)
	case TemporalSpatial:
		s += join(a.TemporalChannels) + "_" + join(a.SpatialChannels)
	case LSTM:
		return s + join(a.SpatialChannels) + "_" + strconv.Itoa(a.Units)
	default:
		s += join(a.SpatialChannels)
	}
	return s + "_" + strconv.Itoa(a.SpatialKernel) + a.strideDigits(a.SpatialStride) +
		strconv.Itoa(a.TemporalKernel) + a.strideDigits(a.TemporalStride)
}

func (a Arch) strideDigits(s []int) string {
	if len(s) == 0 {
		return "?"
	}
	if !a.Deep() {
		return strconv.Itoa(s[0])
	}
	twos := 0
	for _, v := range s {
		if v == 2 {
			twos++
		}
	}
	return strconv.Itoa(twos * twos)
}

func join(v []int) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = strconv.Itoa(x)
	}
	return strings.Join(s, "-")
}

// A Label is what a name says beside the architecture.
type Label struct {
	Regression bool // "_r" after the family
	Untrained  bool // "r" at the end (DeepDraw)
	Seed       int  // an LSTM's seed; -1 if none

	// Twos are the numbers of strides of 2 over muscles and over time that the
	// name of a deep network gives; -1 for other networks, and for what an LSTM
	// has not.
	Twos [2]int
}

// ParseName reads a name of the paper. Some names do not say all:
//
//   - that of a deep network has the number of its strides of 2 over muscles and
//     over time, not their places. Where they are neither none nor all,
//     SpatialStride or TemporalStride is returned nil;
//   - that of an LSTM network has neither kernel nor stride, which are returned
//     as 0 and nil. (Its deep form has the kernel.)
//
// These must be set, from the network's config.yaml, before the architecture
// is used: Validate names the field that is missing.
func ParseName(name string) (Arch, error) {
	a, _, err := ParseLabel(name)
	return a, err
}

// ParseLabel is [ParseName] with the name's other parts.
func ParseLabel(name string) (Arch, Label, error) {
	a, l, err := parseName(name)
	if err != nil {
		return Arch{}, noLabel, fmt.Errorf("net: name %.100q: %w", name, err)
	}
	return a, l, nil
}

var noLabel = Label{Seed: -1, Twos: [2]int{-1, -1}}

func parseName(name string) (a Arch, l Label, err error) {
	l = noLabel
	if len(name) > 1000 {
		return a, l, errors.New("longer than 1000 characters")
	}
	i := slices.IndexFunc(Families(), func(f Family) bool { return strings.HasPrefix(name, string(f)+"_") })
	if i < 0 {
		return a, l, fmt.Errorf("family: want it to begin with one of %v and _", Families())
	}
	a.Family = Families()[i]
	rest := strings.TrimPrefix(name, string(a.Family)+"_")
	rest, l.Regression = strings.CutPrefix(rest, "r_")
	parts := strings.Split(rest, "_")
	want := map[Family]int{SpatialTemporal: 4, TemporalSpatial: 4, Spatiotemporal: 3, LSTM: 3}[a.Family]
	deepLSTM := a.Family == LSTM && len(parts) > want+1
	if deepLSTM {
		want = 5
	}
	if len(parts) != want && len(parts) != want+1 {
		return a, l, fmt.Errorf("%d parts after the family, want %d, or one more for a seed", len(parts), want)
	}
	last := &parts[len(parts)-1]
	*last, l.Untrained = strings.CutSuffix(*last, "r")
	if len(parts) == want+1 {
		if l.Seed, err = number("seed", *last); err != nil {
			return a, l, err
		}
		parts = parts[:want]
	}
	if deepLSTM {
		// The number of recurrent layers comes first.
		if parts[0] != "1" {
			return a, l, fmt.Errorf("recurrent layers: %.20q: no published network has other than 1", parts[0])
		}
		parts = parts[1:]
	}
	if a.Layers, err = number("layers", parts[0]); err != nil {
		return a, l, err
	}
	if err = wantSize("Layers", a.Layers, maxLayers); err != nil {
		return a, l, err
	}
	first, err := numbers("channels", parts[1])
	if err != nil {
		return a, l, err
	}
	if a.Family == LSTM {
		return parseLSTM(a, l, first, parts[2:])
	}
	var second []int
	if want == 4 {
		if second, err = numbers("channels", parts[2]); err != nil {
			return a, l, err
		}
	}
	if a.Family == TemporalSpatial {
		first, second = second, first
	}
	d := parts[want-1]
	if a.Deep() {
		a.SpatialChannels, a.TemporalChannels = first, second
		return parseDeep(a, l, d)
	}
	if len(d) != 4 || strings.Trim(d, "0123456789") != "" {
		return a, l, fmt.Errorf("last part %.20q: want four digits k_s s_s k_t s_t", d)
	}
	b := Shallow(a.Family, first, second, int(d[0]-'0'), int(d[1]-'0'), int(d[2]-'0'), int(d[3]-'0'))
	b.Layers = a.Layers
	if a.Family == Spatiotemporal && (d[2] != d[0] || d[3] != d[1]) {
		return a, l, fmt.Errorf("last part %q: a spatiotemporal kernel is square and its strides are alike, want %c%c twice", d, d[0], d[1])
	}
	if len(first) != a.Layers {
		// Shallow makes as many strides as channels; the count is the fault.
		return a, l, wantList("SpatialChannels", first, a.Layers, maxChannels)
	}
	return b, l, b.Validate()
}
