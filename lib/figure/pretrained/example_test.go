package pretrained_test

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/figure/pretrained"
)

func ExampleNetworks() {
	networks, err := pretrained.Networks()
	if err != nil {
		panic(err)
	}
	fmt.Println(networks[0].Task, networks[0].Name)
	// Output: regress_joints_pos_vel spatial_temporal_2_8-8_16-32_3292
}
