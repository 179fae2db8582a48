package notebook_test

import (
	"fmt"
	"strings"

	"github.com/spindle-lab/spindle/kernel/notebook"
)

// A parameter is replaced in the cell that is tagged so; its type is checked.
func Example() {
	const file = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
	 {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "seed := 1\ntier := \"smoke\""}]}`
	nb, err := notebook.Decode(strings.NewReader(file), "demo.ipynb")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(nb.SetParameters(map[string]string{"seed": "many"}))
	fmt.Println(nb.SetParameters(map[string]string{"seed": "7", "tier": "laptop"}))
	fmt.Println(nb.Cells[0].Source)
	// Output:
	// parameter seed is of type int: expected a whole number, got "many"
	// <nil>
	// seed := 7
	// tier := "laptop"
}
