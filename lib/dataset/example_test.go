package dataset_test

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/stroke"
)

func Example() {
	g, err := movement.NewGenerator("snap", movement.Options{})
	if err != nil {
		panic(err)
	}
	ms, _, err := g.Generate(context.Background(), stroke.Embedded().DrawSet(1, 1).Strokes, 1, nil)
	if err != nil {
		panic(err)
	}
	d, err := dataset.FromMovements(ms, dataset.Options{Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println("samples:", d.Train.Len()+d.Val.Len()+d.Test.Len() > 20)

	input := make([]float32, dataset.InputLen) // [39 muscles][400 samples][length mm, velocity mm/s]
	if err := d.Test.Input(0, input); err != nil {
		panic(err)
	}
	velocity := make([]float32, d.Test.Rows(dataset.HandVel)*dataset.Window)
	if err := d.Test.Target(0, dataset.HandVel, velocity); err != nil {
		panic(err)
	}
	fmt.Println("values:", len(input), len(velocity), dataset.HandVel.Unit())
	// Output:
	// samples: true
	// values: 31200 1200 cm/s
}
