package movement_test

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/stroke"
)

func Example() {
	g, err := movement.NewGenerator("snap", movement.Options{})
	if err != nil {
		panic(err)
	}
	ms, report, err := g.Generate(context.Background(), stroke.Embedded().DrawSet(1, 1).Strokes, 1, nil)
	if err != nil {
		panic(err)
	}
	m := ms[0]
	fmt.Println(len(ms), "movements,", len(m.Muscles), "muscles, accepted:", report.Accepted)
	fmt.Println("letter", stroke.Letters[m.Label-1:m.Label], "in plane", m.Plane, "traced within 0.01 cm:", m.TracingError <= 0.01)
	// Output:
	// 40 movements, 39 muscles, accepted: 40
	// letter a in plane horizontal traced within 0.01 cm: true
}
