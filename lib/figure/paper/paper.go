// Package paper holds the numbers of the original study that are known, and
// sets ours beside them.
//
// values.csv is the one place where they are written: each with its unit, how
// it is known (printed in a stored output, digitised from a picture, stated in a
// legend, recomputed from what is printed) and where. The names of tasks are
// the code names of lib/task; the rest has no unit but its own. Our numbers are
// never typed: [Collect] reads them from the result tables beside the figures.
package paper

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

//go:embed values.csv
var table string

// A Value is one number of the original.
type Value struct {
	Quantity string // such as "correlation_r"
	Task     string // code name, or empty
	Subject  string // an animal, a family of networks, or "all"
	Value    float64
	Printed  string // Value with the digits that it has there
	Unit     string // a remark on the unit; empty: that of the quantity
	Kind     string // "printed", "digitised", "stated" or "recomputed"
	Source   string
}

// Values returns all numbers in their order.
func Values() []Value {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic("paper: values.csv: " + err.Error()) // it is part of the program
	}
	var out []Value
	for i, r := range rows[1:] {
		x, err := strconv.ParseFloat(r[3], 64)
		if err != nil {
			panic(fmt.Sprintf("paper: values.csv: line %d: %v", i+2, err))
		}
		out = append(out, Value{r[0], r[1], r[2], x, r[3], r[4], r[5], r[6]})
	}
	return out
}

// Lookup returns one number.
func Lookup(quantity, task, subject string) (Value, bool) {
	for _, v := range Values() {
		if v.Quantity == quantity && v.Task == task && v.Subject == subject {
			return v, true
		}
	}
	return Value{}, false
}

// Of returns the values of a quantity.
func Of(quantity string) []Value {
	var out []Value
	for _, v := range Values() {
		if v.Quantity == quantity {
			out = append(out, v)
		}
	}
	return out
}
