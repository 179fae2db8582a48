// Package op holds the fused operations that the networks are made of, as ops
// of gorgonia's graph with gradients written by hand.
//
// Arrays are channels last: activations (sample, muscle, time, channel),
// kernels [kh][kw][in][out], transposed kernels [kh][kw][out][in]; float32 or
// float64, all inputs of an op alike. Padding is TensorFlow's SAME, layer
// normalisation is over all positions and channels of a sample with
// eps = 1e-12 (spec/02 2.2, 3.1).
//
// An op keeps its buffers from run to run and writes its outputs into them, so
// training does not grow; it also keeps what its gradient needs. Hence a graph
// built with these ops runs on one machine at a time, and a node's value is
// good until the next run. Results do not depend on the number of cores.
package op
