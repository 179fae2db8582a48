package net_test

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
)

// A network of the paper by its name, with fresh weights, and the activations
// of one of its layers for two samples of 40 frames.
func Example() {
	a, err := net.ParseName("spatial_temporal_2_8-8_16-16_7292")
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := net.New(a, run.Stream(1, "weights"))
	if err != nil {
		fmt.Println(err)
		return
	}
	input := make([]float32, 2*net.Muscles*40*net.InputChannels)
	for i := range input {
		input[i] = float32(i % 7)
	}
	err = n.Activations(context.Background(), input, 2, func(_ int, name string, shape [4]int, data []float32) error {
		fmt.Println(name, shape, len(data))
		return nil
	}, "Temporal0")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(a.Depth(), "layers,", a.Params(net.Muscles, net.InputChannels), "parameters")
	// Output:
	// Temporal0 [2 10 20 16] 6400
	// 4 layers, 4112 parameters
}

// The worked example of spec/02 2.6.
func ExampleArch_Table() {
	a, err := net.ParseName("spatial_temporal_4_8-16-16-32_32-32-64-64_7293")
	if err != nil {
		fmt.Println(err)
		return
	}
	table, err := a.Table(39, 400, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(table)
	// Output:
	// layer     | kernel [kh,kw,in,out] | in HxW | out HxWxC | pad before/after | weights | LN  | MFLOP/sample
	// Spatial0  | 7,1,2,8               | 39x400 | 20x400x8  | 3/3              | 112     | 16  | 1.79
	// Spatial1  | 7,1,8,16              | 20x400 | 10x400x16 | 2/3              | 896     | 32  | 7.17
	// Spatial2  | 7,1,16,16             | 10x400 | 5x400x16  | 2/3              | 1792    | 32  | 7.17
	// Spatial3  | 7,1,16,32             | 5x400  | 3x400x32  | 3/3              | 3584    | 64  | 8.60
	// Temporal0 | 1,9,32,32             | 3x400  | 3x134x32  | 4/4              | 9216    | 64  | 7.41
	// Temporal1 | 1,9,32,32             | 3x134  | 3x45x32   | 3/4              | 9216    | 64  | 2.49
	// Temporal2 | 1,9,32,64             | 3x45   | 3x15x64   | 3/3              | 18432   | 128 | 1.66
	// Temporal3 | 1,9,64,64             | 3x15   | 3x5x64    | 3/3              | 36864   | 128 | 1.11
}

// A deep network's name counts its strides of 2 and does not place them.
func ExampleParseLabel() {
	a, l, err := net.ParseLabel("spatial_temporal_5_8-8-8-8-8_8-8-16-16-16_34516")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("kernels", a.SpatialKernel, a.TemporalKernel, "strides of 2:", l.Twos)
	fmt.Println(a.Validate())
	a.SpatialStride, a.TemporalStride = []int{2, 1, 2, 1, 1}, []int{2, 2, 2, 2, 1}
	fmt.Println(a.Validate(), a.Name())
	// Output:
	// kernels 3 5 strides of 2: [2 4]
	// net: SpatialStride: is missing; want a value for each of 5 layers
	// <nil> spatial_temporal_5_8-8-8-8-8_8-8-16-16-16_34516
}

func ExampleArch_Shapes() {
	a, err := net.ParseName("spatiotemporal_4_8-8-32-64_7272")
	if err != nil {
		fmt.Println(err)
		return
	}
	shapes, err := a.Shapes(39, 400, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range shapes {
		fmt.Printf("%s %dx%dx%d\n", s.Name, s.OutH, s.OutT, s.OutC)
	}
	// Output:
	// Spatiotemporal0 20x200x8
	// Spatiotemporal1 10x100x8
	// Spatiotemporal2 5x50x32
	// Spatiotemporal3 3x25x64
}
