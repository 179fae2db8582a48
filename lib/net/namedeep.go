package net

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parseLSTM reads what follows the filters of an LSTM's name: the units and, in
// the deep form, the kernel and the squared number of strides of 2.
func parseLSTM(a Arch, l Label, filters []int, rest []string) (Arch, Label, error) {
	a.SpatialChannels = filters
	err := wantList("SpatialChannels", filters, a.Layers, maxChannels)
	if err != nil {
		return a, l, err
	}
	if a.Units, err = number("units", rest[0]); err == nil {
		err = wantSize("Units", a.Units, maxUnits)
	}
	if err != nil || len(rest) == 1 {
		return a, l, err
	}
	d := rest[1]
	if len(d) < 2 || d[0] < '1' || d[0] > '9' {
		return a, l, fmt.Errorf("last part %.20q: want the kernel k_s and the squared number of strides of 2", d)
	}
	a.SpatialKernel = int(d[0] - '0')
	if l.Twos[0], err = rootOf(d[1:], a.Layers); err == nil {
		a.SpatialStride = spread(l.Twos[0], a.Layers)
	}
	return a, l, err
}

// parseDeep reads the last part of a deep network's name, d: k_s, n_s², k_t and
// n_t² run together, n being a number of strides of 2. It can be cut in more
// than one way; the paper's kernels, 3, 5, 7 and 9, decide.
func parseDeep(a Arch, l Label, d string) (Arch, Label, error) {
	type reading struct {
		ks, kt int
		twos   [2]int
	}
	var all, paper []reading
	if len(d) <= 20 && strings.Trim(d, "0123456789") == "" {
		for cut := 2; cut+2 <= len(d); cut++ {
			r := reading{ks: int(d[0] - '0'), kt: int(d[cut] - '0')}
			var err1, err2 error
			r.twos[0], err1 = rootOf(d[1:cut], a.Layers)
			r.twos[1], err2 = rootOf(d[cut+1:], a.Layers)
			if err1 != nil || err2 != nil || r.ks == 0 || r.kt == 0 || a.Family == Spatiotemporal && r.kt != r.ks {
				continue
			}
			all = append(all, r)
			if odd := []int{3, 5, 7, 9}; slices.Contains(odd, r.ks) && slices.Contains(odd, r.kt) {
				paper = append(paper, r)
			}
		}
	}
	if len(paper) > 0 {
		all = paper
	}
	switch {
	case len(all) == 0:
		return a, l, fmt.Errorf("last part %.20q: want k_s n_s² k_t n_t² run together, n at most %d strides of 2", d, a.Layers)
	case len(all) > 1:
		return a, l, fmt.Errorf("last part %.20q can be read in %d ways as k_s n_s² k_t n_t²", d, len(all))
	}
	a.SpatialKernel, a.TemporalKernel, l.Twos = all[0].ks, all[0].kt, all[0].twos
	b := a
	b.SpatialStride, b.TemporalStride = slices.Repeat([]int{1}, a.Layers), slices.Repeat([]int{1}, a.Layers)
	if err := b.Validate(); err != nil {
		return a, l, err // of the channels
	}
	a.SpatialStride, a.TemporalStride = spread(l.Twos[0], a.Layers), spread(l.Twos[1], a.Layers)
	return a, l, nil
}

// rootOf returns the number whose square is written, if it is at most limit.
func rootOf(square string, limit int) (int, error) {
	v, err := number("squared number of strides", square)
	if err != nil {
		return 0, err
	}
	for n := range limit + 1 {
		if n*n == v {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%d is not the square of a number of strides up to %d", v, limit)
}

// spread returns the strides of which so many are 2 if that settles them.
func spread(twos, layers int) []int {
	switch twos {
	case 0:
		return slices.Repeat([]int{1}, layers)
	case layers:
		return slices.Repeat([]int{2}, layers)
	}
	return nil
}

// numbers reads numbers joined by hyphens.
func numbers(what, s string) ([]int, error) {
	var v []int
	for f := range strings.SplitSeq(s, "-") {
		x, err := number(what, f)
		if err != nil {
			return nil, err
		}
		v = append(v, x)
	}
	return v, nil
}

// number reads a decimal number without sign or leading zeros, so that writing
// it gives the same text.
func number(what, s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(v) != s || v < 0 {
		return 0, fmt.Errorf("%s: %.20q is not a number", what, s)
	}
	return v, nil
}
