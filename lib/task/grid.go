package task

import "fmt"

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// An Axis is one layer's kernel size and stride along time.
type Axis struct{ Kernel, Stride int }

// OutputLength returns the length of a network's output along time: samples
// divided by each stride in turn, rounded up.
func OutputLength(samples int, strides []int) int {
	for _, s := range strides {
		samples = ceilDiv(samples, s)
	}
	return samples
}

// Skip returns the published distance between target samples for an output of
// frames steps, (samples−1)/(frames−1) rounded down; 0 where frames is 1, for
// which it is not defined.
func Skip(samples, frames int) int {
	if frames <= 1 {
		return 0
	}
	return (samples - 1) / (frames - 1)
}

// TargetGrid returns the sample of the window that is the target of each output
// frame. [GridPublished] takes samples 0, skip, 2·skip…, see [Skip], whatever
// the strides (spec/02, 4.4); it is an error if that does not give one sample
// per frame. [GridCentre] takes the centre of the frame's receptive field,
// held inside the window.
func TargetGrid(samples int, layers []Axis, grid Grid) ([]int, error) {
	strides := make([]int, len(layers))
	for i, l := range layers {
		strides[i] = l.Stride
	}
	frames := OutputLength(samples, strides)
	idx := make([]int, frames)
	switch grid {
	case GridCentre:
		length := make([]int, len(layers)+1) // input length of each layer
		length[0] = samples
		for i, l := range layers {
			length[i+1] = ceilDiv(length[i], l.Stride)
		}
		for i := range idx {
			at := i
			for j := len(layers) - 1; j >= 0; j-- {
				l := layers[j]
				pad := max((length[j+1]-1)*l.Stride+l.Kernel-length[j], 0) / 2
				at = at*l.Stride + (l.Kernel-1)/2 - pad
			}
			idx[i] = min(max(at, 0), samples-1)
		}
	case GridPublished:
		skip := Skip(samples, frames)
		if skip == 0 {
			return nil, fmt.Errorf("task: the published target grid is not defined for an output of one frame (%d samples, strides %v); use target grid %q", samples, strides, GridCentre)
		}
		if n := ceilDiv(samples, skip); n != frames {
			return nil, fmt.Errorf("task: the published target grid gives %d targets for %d frames (%d samples, strides %v); use target grid %q", n, frames, samples, strides, GridCentre)
		}
		for i := range idx {
			idx[i] = i * skip
		}
	default:
		return nil, fmt.Errorf("task: unknown target grid %q, expected %q or %q", grid, GridPublished, GridCentre)
	}
	return idx, nil
}
