package probe_test

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// An untrained network and a linear model of the hand, on a simulated session.
func Example() {
	ctx := context.Background()
	session, err := recording.Simulate(recording.SimOptions{Seed: 1, Trials: 20, Units: 6, Ceiling: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	aligned, err := session.Align(ctx, recording.AlignOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	arch := net.Shallow(net.Spatiotemporal, []int{4, 8}, nil, 7, 2, 7, 2)
	networks, err := probe.UntrainedNetworks([]net.Arch{arch}, []uint64{1})
	if err != nil {
		fmt.Println(err)
		return
	}
	study := probe.Study{Networks: networks, Linear: probe.LinearOptions{Sets: []string{"pos_vel"}}, NoCeiling: true}
	table, err := study.Run(ctx, aligned)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, best := range table.BestLayers() {
		fmt.Println(best.Task, best.Name, best.LayerName, best.Units, "units")
	}
	// Output:
	// linear pos_vel pos_vel 6 units
	// untrained spatiotemporal_2_4-8_7272 Spatiotemporal0 6 units
}
