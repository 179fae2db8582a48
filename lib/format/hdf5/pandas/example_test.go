package pandas_test

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/format/hdf5/pandas"
)

// The published result tables lie under the key "df".
func ExampleRead() {
	results, err := pandas.Read("task_driven_results_active.h5", "df")
	if err != nil {
		fmt.Println("put the published tables here:", err)
		return
	}
	ev, err := results.Float("ev_test")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(results.Rows, "rows, the first EV", ev[0])
	// Output: put the published tables here: open task_driven_results_active.h5: no such file or directory
}
