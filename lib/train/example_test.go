package train_test

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/train"
)

func Example() {
	ctx := context.Background()
	g, err := movement.NewGenerator("snap", movement.Options{})
	if err != nil {
		panic(err)
	}
	ms, _, err := g.Generate(ctx, stroke.Embedded().DrawSet(3, 1).Strokes, 1, nil)
	if err != nil {
		panic(err)
	}
	data, err := dataset.FromMovements(ms, dataset.Options{Seed: 1})
	if err != nil {
		panic(err)
	}
	arch, err := net.ParseName("spatiotemporal_2_4-8_5353")
	if err != nil {
		panic(err)
	}
	r, err := train.Run(ctx, train.Config{Task: "hand_pos_vel", Arch: arch, Seed: 1, Batch: 8, LR: 5e-3, Steps: 40, ValidateEvery: 20}, data)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Task.MetricName(), "of", r.Name)
	fmt.Println("better than untrained:", r.Test < r.UntrainedTest, "after", r.Steps, "steps,", len(r.History), "validations")
	// Output:
	// mean Euclidean distance (cm, cm/s) of spatiotemporal_r_2_4-8_5353
	// better than untrained: true after 40 steps, 2 validations
}
