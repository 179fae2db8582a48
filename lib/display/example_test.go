package display_test

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/display"
)

// Without a notebook values are printed as text; a long table says its shape.
func Example() {
	display.Show(
		display.Table{Columns: []string{"layer", "EV"}, Rows: [][]any{{"Conv0", 0.2512345}, {"Conv1", 0.5}}},
		mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6}),
		make([]float64, 400),
		errors.New("no session has that name"),
	)
	// Output:
	// layer       EV
	// Conv0  0.25123
	// Conv1      0.5
	// matrix 2 × 3
	// 0  1  2
	// 1  2  3
	// 4  5  6
	// [0 0 0 0 0 0 0 0 … 0 0 0 0] (400 values)
	// error: no session has that name
}

func ExampleHTML() {
	b := display.HTML("<b>bold</b>")
	fmt.Println(b.Data[display.MIMEHTML], "or", b.Data[display.MIMEText])
	// Output: <b>bold</b> or bold
}
