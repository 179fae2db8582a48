package task_test

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/task"
)

func Example() {
	t, err := task.Lookup("hand_pos_vel")
	if err != nil {
		panic(err)
	}
	fmt.Println(t.Name, t.Keys, t.Outputs, t.MetricName())

	// The targets of a network with two temporal strides of 3 on 400 samples.
	layers := []task.Axis{{Kernel: 9, Stride: 3}, {Kernel: 9, Stride: 3}}
	idx, err := task.TargetGrid(400, layers, task.GridPublished)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(idx), "frames, targets at samples", idx[:4], "…")
	// Output:
	// regress_ee_pos_vel [endeffector_coords endeffector_vel] 6 mean Euclidean distance (cm, cm/s)
	// 45 frames, targets at samples [0 9 18 27] …
}
