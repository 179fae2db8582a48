// Package net holds the networks of the paper: an architecture as data, its
// training graph on gorgonia, its loss heads, and the activations of any layer.
//
// A network is a stack of convolution (SAME, no bias) → layer normalisation
// over all muscles, times and channels of a sample → ReLU, in one of four
// families, below a linear head (spec/02 sections 1 and 2; Marin Vargas et
// al., Cell 2024, STAR Methods). Inputs are muscle lengths in mm and their
// velocities in mm/s, never normalised.
//
// Arrays are float32, channels last, C order: activations
// (sample, muscle, time, channel), kernels [kh][kw][in][out]. A head that reads
// out every time step sees feature h·C + c; one that reads the whole map sees
// it in row-major order.
//
// Training takes its memory in the first step and none after it; results do
// not depend on the number of cores. BenchmarkStep gives the time of a step,
// testdata/beside.py the same beside PyTorch, and with SPINDLE_SOAK=2000
// TestSoak makes as many steps and looks at the memory.
package net
